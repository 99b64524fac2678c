package dev.pumasi.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LoadedClasses;
import dev.pumasi.testkit.LogWatch;
import dev.pumasi.testkit.Postgres;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs a test class on H2 and PostgreSQL, on database threads and on loops, there with each driver. After each test, connections are
 * back in their pool, and there is no thread, descriptor, process or complaint in the log left.
 */
@ParameterizedClass(name = "{0}")
@MethodSource("dev.pumasi.sql.OnEachDatabase#places")
@ExtendWith({LoadedClasses.class, PostgresServer.class, LeakWatch.class})
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class OnEachDatabase {

    static final int CONNECTIONS = 3;

    /** Which database, and where its queries run. */
    record Place(String database, String where, String driver) {

        boolean isPostgres() {
            return database.equals("PostgreSQL");
        }

        boolean isOnLoop() {
            return where.equals("on the loop");
        }

        @Override
        public String toString() {
            return database + " " + where + ", " + driver;
        }
    }

    @Parameter
    Place place;

    @TempDir
    Path folder;

    @RegisterExtension
    final LogWatch log = new LogWatch();

    LoopGroup loops;
    Loop loop;
    Database database;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    static List<Place> places() {
        List<String> missing =
                List.of(System.getProperty("pumasi.drivers.missing", "").split(","));
        List<Place> places = new ArrayList<>();
        places.add(new Place("H2", "on threads", Drivers.AUTO));
        places.add(new Place("PostgreSQL", "on threads", Drivers.AUTO));
        Drivers.names().stream()
                .filter(name -> !missing.contains(name))
                .forEach(name -> places.add(new Place("PostgreSQL", "on the loop", name)));
        return places;
    }

    @BeforeEach
    final void open() throws Exception {
        loops = closing(LoopGroup.start("test", 2, place.driver()));
        loop = loops.loops().getFirst();
        database = closing(builder().open());
        for (Loop each : loops.loops()) {
            onGreen(
                    each,
                    () -> { // classes are loaded, and loading has locks
                        database.check();
                        return true;
                    });
        }
    }

    @AfterEach
    final void closeAll() throws Exception {
        until("all connections are back", () -> database.status().inUse() == 0);
        assertEquals(0, database.status().waiting(), "somebody waits for a connection");
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
    }

    final <T extends AutoCloseable> T closing(T what) {
        opened.push(what);
        return what;
    }

    final DatabaseBuilder builder() {
        return builder(PostgresServer.running());
    }

    final DatabaseBuilder builder(Postgres postgres) {
        DatabaseBuilder builder = place.isPostgres()
                ? Database.builder(postgres.url("")).user(Postgres.USER).password(Postgres.PASSWORD)
                : Database.embedded(folder, "test");
        return builder.placement(place.isOnLoop() ? Placement.onLoop(CONNECTIONS) : Placement.offloaded(CONNECTIONS));
    }

    /** Creates tables; those of an earlier test go. */
    final void create(String... tables) throws Exception {
        onGreen(() -> {
            for (String table : tables) {
                String name = table.split(" ")[0];
                database.update("drop table if exists " + name + " cascade");
                database.update("create table " + table);
            }
            return true;
        });
    }

    /** A statement that takes far longer than a test. */
    final Query endless() {
        return Query.of(
                place.isPostgres()
                        ? "select 1 from pg_sleep(600)"
                        : "select count(*) from system_range(1, 10000000) a, system_range(1, 10000000) b");
    }

    static <T> CompletableFuture<T> begin(Loop loop, Callable<T> body) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        loop.spawn(() -> {
            try {
                answer.complete(body.call());
            } catch (Throwable failure) {
                answer.completeExceptionally(failure);
            }
        });
        return answer;
    }

    final <T> T onGreen(Callable<T> body) throws Exception {
        return onGreen(loop, body);
    }

    static <T> T onGreen(Loop loop, Callable<T> body) throws Exception {
        return get(begin(loop, body));
    }

    static <T> T get(CompletableFuture<T> answer) throws Exception {
        try {
            return answer.get(60, TimeUnit.SECONDS);
        } catch (ExecutionException failed) {
            switch (failed.getCause()) {
                case Exception cause -> throw cause;
                case Error error -> throw error;
                case null, default -> throw failed;
            }
        }
    }

    static void until(String what, Callable<Boolean> condition) throws Exception {
        long begin = System.nanoTime();
        while (!condition.call()) {
            if (System.nanoTime() - begin > 60_000_000_000L) {
                throw new AssertionError("waited in vain until " + what);
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    /**
     * The pools have made all connections that they ever will. Before hops are counted: what authenticates a connection has locks
     * of the JDK's, which hop now and then.
     */
    final void untilAllConnectionsAreMade() throws Exception {
        int all = place.isOnLoop() ? CONNECTIONS * loops.loops().size() : CONNECTIONS;
        until("all connections are made", () -> database.status().connections() == all);
    }

    final List<Long> hops() {
        return loops.loops().stream().map(each -> each.status().hops()).toList();
    }
}
