package dev.pumasi.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Scope;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.testkit.HeldPort;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import dev.pumasi.testkit.Postgres;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What happens to a server whose PostgreSQL is killed, cut off, frozen or not there. */
@ParameterizedClass(name = "{0}")
@EnumSource(DisasterTest.Where.class)
@ExtendWith(LeakWatch.class)
@Timeout(value = 240, unit = TimeUnit.SECONDS)
final class DisasterTest {

    enum Where {
        ON_THREADS(Placement.offloaded(4)),
        ON_LOOPS(Placement.onLoop(2));

        final Placement placement;

        Where(Placement placement) {
            this.placement = placement;
        }
    }

    /** What a connection may take on a slow machine, and what each test waits for that finds nobody there. */
    private static final Duration CONNECT_MAX = Duration.ofSeconds(2);

    private static Postgres postgres;

    @Parameter
    Where where;

    @RegisterExtension
    final LogWatch log = new LogWatch();

    private LoopGroup loops;
    private Loop loop;
    private Database database;

    @BeforeAll
    static void startServer() throws Exception {
        postgres = Postgres.start();
    }

    @AfterAll
    static void stopServer() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void open() {
        log.allow("(?s).*"); // the pool complains about each connection that it loses
        loops = LoopGroup.start("test", 2, Drivers.AUTO);
        loop = loops.loops().getFirst();
        database = builder(postgres.url("")).open();
    }

    private DatabaseBuilder builder(String url) {
        return Database.builder(url)
                .user(Postgres.USER)
                .password(Postgres.PASSWORD)
                .placement(where.placement)
                .connectMax(CONNECT_MAX);
    }

    @AfterEach
    void close() {
        database.close();
        loops.close();
    }

    private <T> T onGreen(java.util.concurrent.Callable<T> body) throws Exception {
        return OnEachDatabase.onGreen(loop, body);
    }

    @Test
    void notThereAtTheStart() throws Exception {
        try (HeldPort nobody = HeldPort.take();
                Database down = builder("jdbc:postgresql://127.0.0.1:" + nobody.number() + "/postgres?secret=x")
                        .open()) {
            RefusedException refused = assertThrows(
                    RefusedException.class,
                    () -> onGreen(() -> {
                        down.check();
                        return true;
                    }));
            assertEquals(SqlFailure.UNREACHABLE, refused.failure(), refused.getMessage());
            assertTrue(
                    refused.getMessage().contains("jdbc:postgresql://127.0.0.1:" + nobody.number() + "/postgres"),
                    refused.getMessage());
            assertTrue(!refused.getMessage().contains("secret"), refused.getMessage());
        }
    }

    @Test
    void aWrongPasswordIsSaid() throws Exception {
        try (Database wrong = builder(postgres.url("")).password("guessed").open()) {
            RefusedException refused = assertThrows(
                    RefusedException.class,
                    () -> onGreen(() -> {
                        wrong.check();
                        return true;
                    }));
            assertEquals(SqlFailure.DENIED, refused.failure(), refused.getMessage());
            assertTrue(!refused.getMessage().contains("guessed"), refused.getMessage());
        }
    }

    @Test
    void aConnectionIsCutInAQuery() throws Exception {
        CompletableFuture<Integer> backend = new CompletableFuture<>();
        CompletableFuture<Boolean> asked = OnEachDatabase.begin(
                loop,
                () -> database.<Boolean, RuntimeException>transaction(transaction -> {
                    backend.complete(transaction
                            .one("select pg_backend_pid()", Integer.class)
                            .orElseThrow());
                    return transaction
                            .query("select 1 from pg_sleep(600)", Integer.class)
                            .isEmpty();
                }));
        int pid = OnEachDatabase.get(backend);
        onGreen(() -> database.query("select pg_terminate_backend(?)", Boolean.class, pid));
        DatabaseException lost = assertThrows(DatabaseException.class, () -> OnEachDatabase.get(asked));
        assertEquals(SqlFailure.CONNECTION_LOST, lost.failure(), lost.getMessage());
        wholeAgain();
    }

    @Test
    void aConnectionIsCutInACommit() throws Exception {
        onGreen(() -> {
            database.update("drop table if exists slow");
            database.update("create table slow (id int)");
            database.update("create or replace function nap() returns trigger language plpgsql as "
                    + "'begin perform pg_sleep(600); return null; end'");
            database.update("create constraint trigger napping after insert on slow initially deferred"
                    + " for each row execute function nap()");
            return true;
        });
        CompletableFuture<Integer> backend = new CompletableFuture<>();
        CompletableFuture<Boolean> asked = OnEachDatabase.begin(
                loop,
                () -> database.<Boolean, RuntimeException>transaction(transaction -> {
                    transaction.update("insert into slow values (1)");
                    backend.complete(transaction
                            .one("select pg_backend_pid()", Integer.class)
                            .orElseThrow());
                    return true;
                }));
        int pid = OnEachDatabase.get(backend);
        OnEachDatabase.until(
                "it commits",
                () -> onGreen(() -> database.one(
                                        "select count(*) from pg_stat_activity where pid = ? and wait_event = 'PgSleep'",
                                        Long.class,
                                        pid))
                                .orElseThrow()
                        == 1);
        onGreen(() -> database.query("select pg_terminate_backend(?)", Boolean.class, pid));
        DatabaseException unknown = assertThrows(DatabaseException.class, () -> OnEachDatabase.get(asked));
        assertEquals(SqlFailure.COMMIT_UNKNOWN, unknown.failure(), unknown.getMessage());
        assertEquals(
                0L,
                onGreen(() -> database.one("select count(*) from slow", Long.class))
                        .orElseThrow());
        wholeAgain();
    }

    /** It does not even hear the cancellation: the connection is cut after a while, and the caller told. */
    @Test
    void theDatabaseFreezes() throws Exception {
        try (Database impatient =
                builder(postgres.url("")).cancelMax(Duration.ofMillis(300)).open()) {
            onGreen(() -> {
                impatient.check();
                return true;
            });
            postgres.freeze();
            try {
                DatabaseException late = assertThrows(
                        DatabaseException.class,
                        () -> onGreen(() -> {
                            try (Scope scope = Scope.open(Duration.ofMillis(200))) {
                                return scope.isCancelled() ? null : impatient.one("select 1", Integer.class);
                            }
                        }));
                assertEquals(SqlFailure.TIMED_OUT, late.failure(), late.getMessage());
            } finally {
                postgres.thaw();
            }
            OnEachDatabase.until(
                    "it answers again",
                    () -> onGreen(() -> {
                        try {
                            impatient.check();
                            return true;
                        } catch (DatabaseException notYet) {
                            return false;
                        }
                    }));
        }
    }

    /** Money is moved between accounts all the time; whatever is killed, none is made and none is lost. */
    @Test
    void killedAndStartedAgainUnderLoad() throws Exception {
        try (Postgres mortal = Postgres.start();
                Database accounts = builder(mortal.url("")).open()) {
            killedAndStartedAgain(mortal, accounts);
        }
    }

    private void killedAndStartedAgain(Postgres mortal, Database accounts) throws Exception {
        onGreen(() -> {
            accounts.update("create table accounts (id int primary key, amount bigint not null)");
            accounts.update("insert into accounts select i, 1000 from generate_series(1, 10) i");
            return true;
        });
        AtomicInteger moved = new AtomicInteger();
        Map<SqlFailure, AtomicInteger> failures = new EnumMap<>(SqlFailure.class);
        for (SqlFailure failure : SqlFailure.values()) {
            failures.put(failure, new AtomicInteger());
        }
        ConcurrentLinkedQueue<Throwable> others = new ConcurrentLinkedQueue<>();
        CompletableFuture<Boolean> enough = new CompletableFuture<>();
        List<CompletableFuture<Boolean>> clients = new java.util.ArrayList<>();
        for (int i = 0; i < 20; i++) {
            int seed = i;
            clients.add(OnEachDatabase.begin(loops.next(), () -> {
                for (int turn = seed; !enough.isDone(); turn++) {
                    int from = turn % 10 + 1;
                    int to = (turn * 7 + 3) % 10 + 1;
                    try {
                        accounts.transaction(transaction -> {
                            transaction.update("update accounts set amount = amount - 1 where id = ?", from);
                            return transaction.update("update accounts set amount = amount + 1 where id = ?", to);
                        });
                        moved.incrementAndGet();
                    } catch (DatabaseException failure) {
                        failures.get(failure.failure()).incrementAndGet();
                        switch (failure.failure()) {
                            case UNREACHABLE, CONNECTION_LOST, DEADLOCK, COMMIT_UNKNOWN, NO_CONNECTION -> {}
                            default -> others.add(failure);
                        }
                    } catch (Throwable wrong) {
                        others.add(wrong);
                    }
                }
                return true;
            }));
        }
        int before = moved.get();
        OnEachDatabase.until("some is moved", () -> moved.get() > before + 200);
        mortal.kill();
        OnEachDatabase.until(
                "clients are told",
                () -> failures.get(SqlFailure.UNREACHABLE).get() > 0
                        && failures.get(SqlFailure.CONNECTION_LOST).get() > 0);
        mortal.restart();
        int after = moved.get();
        OnEachDatabase.until("some is moved again", () -> moved.get() > after + 200);
        enough.complete(true);
        for (CompletableFuture<Boolean> client : clients) {
            OnEachDatabase.get(client);
        }
        for (Throwable other : others) {
            throw new AssertionError(others.size() + " that should not be", other);
        }
        assertEquals(
                10_000L,
                onGreen(() -> accounts.one("select cast(sum(amount) as bigint) from accounts", Long.class))
                        .orElseThrow());
        wholeAgain(accounts);
    }

    private void wholeAgain() throws Exception {
        wholeAgain(database);
    }

    private void wholeAgain(Database whole) throws Exception {
        OnEachDatabase.until("all connections are back", () -> whole.status().inUse() == 0);
        for (int i = 0; i < 8; i++) {
            int number = i;
            OnEachDatabase.until(
                    "answers",
                    () -> onGreen(() -> {
                        try {
                            return whole.one("select cast(? as int)", Integer.class, number)
                                            .orElseThrow()
                                    == number;
                        } catch (DatabaseException stale) {
                            return false; // one that the pool has not looked at yet
                        }
                    }));
        }
    }
}
