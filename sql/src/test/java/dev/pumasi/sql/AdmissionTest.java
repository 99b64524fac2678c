package dev.pumasi.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Figures;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.Scope;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Who is let in, who waits, who is turned away; and how what has begun is ended. */
final class AdmissionTest extends OnEachDatabase {

    private static final int WAITING = 4;

    /** Keeps all connections of a database until it is told to let go. */
    private final class Holders {
        final CompletableFuture<Boolean> enough = new CompletableFuture<>();
        final List<CompletableFuture<Boolean>> all = new ArrayList<>();

        Holders(Database of) throws Exception {
            for (int i = 0; i < CONNECTIONS; i++) {
                CompletableFuture<Boolean> holds = new CompletableFuture<>();
                all.add(begin(
                        loop,
                        () -> of.<Boolean, Exception>transaction(transaction -> {
                            transaction.query("select 1", Integer.class);
                            holds.complete(true);
                            return enough.get();
                        })));
                get(holds);
            }
        }

        void letGo() throws Exception {
            enough.complete(true);
            for (CompletableFuture<Boolean> each : all) {
                get(each);
            }
        }
    }

    @Test
    void soManyWaitAndTheRestIsToldToComeBack() throws Exception {
        try (Database narrow =
                builder().admission(WAITING, Duration.ofSeconds(20)).open()) {
            Holders holders = new Holders(narrow);
            List<CompletableFuture<Integer>> waiting = new ArrayList<>();
            List<Integer> order = Collections.synchronizedList(new ArrayList<>());
            for (int i = 0; i < WAITING; i++) {
                int number = i;
                waiting.add(begin(loop, () -> {
                    int answer = narrow.one("select " + number, Integer.class).orElseThrow();
                    order.add(answer);
                    return answer;
                }));
                until("it waits", () -> narrow.status().waiting() == number + 1);
            }
            RefusedException refused =
                    assertThrows(RefusedException.class, () -> onGreen(() -> narrow.one("select 9", Integer.class)));
            assertEquals(SqlFailure.REFUSED, refused.failure());
            assertTrue(refused.retryAfter().compareTo(Duration.ofSeconds(1)) >= 0);
            assertTrue(refused.failure().isPassing());
            assertEquals(1, narrow.status().refusedAtOnce());
            assertTrue(
                    Figures.all().stream()
                            .anyMatch(row -> row.kind().equals("database")
                                    && row.figures().contains(Figures.Figure.count("refused_at_once", 1))),
                    "the live page would not show it");
            holders.letGo();
            for (int i = 0; i < WAITING; i++) {
                assertEquals(i, get(waiting.get(i)));
            }
            assertEquals(0, narrow.status().waiting());
        }
    }

    @Test
    void whoWaitsInVainIsToldAfterAWhile() throws Exception {
        try (Database narrow =
                builder().admission(WAITING, Duration.ofMillis(100)).open()) {
            Holders holders = new Holders(narrow);
            RefusedException refused =
                    assertThrows(RefusedException.class, () -> onGreen(() -> narrow.one("select 9", Integer.class)));
            assertEquals(SqlFailure.NO_CONNECTION, refused.failure());
            assertEquals(1, narrow.status().refusedLate());
            holders.letGo();
            assertEquals(9, onGreen(() -> narrow.one("select 9", Integer.class)).orElseThrow());
        }
    }

    @Test
    void whoGivesUpWaitingLeavesTheLine() throws Exception {
        Holders holders = new Holders(database);
        Operation<Integer> waits = database.start(
                loop, session -> session.one("select 1", Integer.class).orElseThrow());
        until("it waits", () -> database.status().waiting() == 1);
        waits.cancel();
        OperationException told = assertThrows(OperationException.class, () -> onGreen(waits::await));
        assertEquals(Failure.CANCELLED, told.failure());
        assertEquals(0, database.status().waiting());
        DatabaseException late = assertThrows(
                DatabaseException.class,
                () -> onGreen(() -> {
                    try (Scope scope = Scope.open(Duration.ofMillis(50))) {
                        return scope.isCancelled() ? null : database.one("select 1", Integer.class);
                    }
                }));
        assertEquals(SqlFailure.TIMED_OUT, late.failure(), late.getMessage());
        holders.letGo();
    }

    @Test
    void thousandsAtOnceShareThreeConnections() throws Exception {
        AtomicInteger most = new AtomicInteger();
        AtomicInteger now = new AtomicInteger();
        List<CompletableFuture<Integer>> all = new ArrayList<>();
        untilAllConnectionsAreMade();
        List<Long> hops = hops();
        for (int i = 0; i < 3000; i++) {
            int number = i;
            all.add(begin(
                    loop,
                    () -> database.start(loop, session -> {
                                most.accumulateAndGet(now.incrementAndGet(), Math::max);
                                int answer = session.one("select cast(? as int)", Integer.class, number)
                                        .orElseThrow();
                                now.decrementAndGet();
                                return answer;
                            })
                            .await()));
        }
        for (int i = 0; i < all.size(); i++) {
            assertEquals(i, get(all.get(i)));
        }
        assertTrue(most.get() <= CONNECTIONS, most + " at once");
        assertEquals(hops, hops());
    }

    // ------------------------------------------------------------------------------------------- what has begun

    private long backend() throws Exception {
        return place.isPostgres()
                ? onGreen(() -> database.one("select pg_backend_pid()", Long.class))
                        .orElseThrow()
                : 0;
    }

    private void wholeAgain() throws Exception {
        until("the connection is back", () -> database.status().inUse() == 0);
        for (int i = 0; i < 2 * CONNECTIONS; i++) {
            int number = i;
            assertEquals(
                    number,
                    onGreen(() -> database.one("select cast(? as int)", Integer.class, number))
                            .orElseThrow());
        }
    }

    @Test
    void aDeadlineCancelsTheStatement() throws Exception {
        untilAllConnectionsAreMade();
        List<Long> hops = hops();
        DatabaseException late = assertThrows(
                DatabaseException.class,
                () -> onGreen(() -> {
                    try (Scope scope = Scope.open(Duration.ofMillis(150))) {
                        return scope.isCancelled() ? null : database.query(endless(), Long.class);
                    }
                }));
        assertEquals(SqlFailure.TIMED_OUT, late.failure(), late.getMessage());
        wholeAgain();
        assertEquals(hops, hops());
        assertNobodyAsksForEver();
    }

    @Test
    void aCancelledOperationCancelsTheStatement() throws Exception {
        Operation<List<Long>> asked = database.start(loop, session -> session.query(endless(), Long.class));
        until("it runs", () -> database.status().inUse() == 1);
        asked.cancel();
        OperationException told = assertThrows(OperationException.class, () -> onGreen(asked::await));
        assertEquals(Failure.CANCELLED, told.failure());
        wholeAgain();
        assertNobodyAsksForEver();
    }

    @Test
    void aStatementHasATimeLimit() throws Exception {
        try (Database strict = builder().statementMax(Duration.ofMillis(150)).open()) {
            DatabaseException late =
                    assertThrows(DatabaseException.class, () -> onGreen(() -> strict.query(endless(), Long.class)));
            assertEquals(SqlFailure.TIMED_OUT, late.failure(), late.getMessage());
            assertEquals(1, onGreen(() -> strict.one("select 1", Integer.class)).orElseThrow());
        }
        assertNobodyAsksForEver();
    }

    @Test
    void aStreamIsCancelledBetweenItsRowsToo() throws Exception {
        DatabaseException late = assertThrows(
                DatabaseException.class,
                () -> onGreen(() -> {
                    try (Scope scope = Scope.open(Duration.ofMillis(300))) {
                        String forEver = place.isPostgres()
                                ? "select a from generate_series(1, 1000000000) a"
                                : "select a.x from system_range(1, 3000000) a";
                        long seen = 0;
                        while (!scope.isCancelled()) {
                            seen += database.stream(Query.of(forEver), Long.class, _ -> {});
                        }
                        return seen;
                    }
                }));
        assertEquals(SqlFailure.TIMED_OUT, late.failure(), late.getMessage());
        wholeAgain();
    }

    @Test
    void aStatementWhoseClientIsGoneEndsInTheDatabaseToo() throws Exception {
        if (place.isPostgres()) {
            log.allow(
                    "marked as broken|closes with operations in progress|Attempt to remove an object|Timed-out waiting");
            CompletableFuture<Long> never;
            try (Database gone = builder().open()) {
                never = begin(loop, () -> gone.query(endless(), Long.class).getFirst());
                until("it runs", () -> sleepers() == 1);
            } // it closes without asking the server to stop
            assertThrows(Exception.class, () -> get(never));
        }
        assertNobodyAsksForEver();
    }

    private long sleepers() throws Exception {
        return onGreen(() -> database.one(
                        "select count(*) from pg_stat_activity where state = 'active' and query like '%from pg_sleep%'"
                                + " and pid <> pg_backend_pid()",
                        Long.class))
                .orElseThrow();
    }

    private void assertNobodyAsksForEver() throws Exception {
        if (place.isPostgres()) {
            until("the database has given up", () -> sleepers() == 0);
        }
        assertTrue(backend() >= 0);
    }
}
