package dev.pumasi.web.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.HttpServer;
import dev.pumasi.runtime.Loop;
import dev.pumasi.sql.Database;
import dev.pumasi.sql.DatabaseException;
import dev.pumasi.sql.Placement;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import dev.pumasi.testkit.Postgres;
import dev.pumasi.web.CookieKeys;
import dev.pumasi.web.SessionStore.Stored;
import dev.pumasi.web.Sessions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** Sessions in H2, and in PostgreSQL on the loop. */
@ParameterizedClass
@ValueSource(strings = {"H2", "PostgreSQL"})
@ExtendWith({LeakWatch.class, LogWatch.class})
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class SqlSessionsTest {

    private static final long NOW = 1_800_000_000_000L;
    private static final long LATER = NOW + 1_000_000;

    private static Postgres postgres;

    @Parameter
    String name;

    @TempDir
    Path folder;

    private Database database;
    private SqlSessions store;

    @BeforeAll
    static void startPostgres() throws Exception {
        postgres = Postgres.start();
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void open() throws Exception {
        database = name.equals("H2")
                ? Database.embedded(folder, "sessions").open()
                : Database.builder(postgres.url(""))
                        .user(Postgres.USER)
                        .password(Postgres.PASSWORD)
                        .placement(Placement.onLoop(3))
                        .open();
        database.update("drop table if exists " + SqlSessions.TABLE);
        store = SqlSessions.open(database);
    }

    @AfterEach
    void close() {
        database.close();
    }

    private static String key(int number) {
        return "k".repeat(40) + (100 + number);
    }

    private static Stored stored(String dish, long seenMillis) {
        return new Stored(Map.of("dish", dish), NOW, seenMillis);
    }

    private long rows() throws DatabaseException {
        return database.one("select count(*) from " + SqlSessions.TABLE, Long.class)
                .orElseThrow();
    }

    @Test
    void whatIsSavedIsLoadedReplacedAndDeleted() throws Exception {
        assertNull(store.load(key(1)));
        store.save(key(1), stored("soup", NOW + 1), LATER);
        assertEquals(stored("soup", NOW + 1), store.load(key(1)));
        String awkward = "a=b\\\n\0' or 1=1 --\ud83c\udf5a\ud83c";
        store.save(key(1), stored(awkward, NOW + 2), LATER);
        assertEquals(stored(awkward, NOW + 2), store.load(key(1)));
        assertNull(store.load(key(2)));
        store.delete(key(1));
        store.delete(key(1));
        assertNull(store.load(key(1)));
        assertEquals(0, rows());
    }

    @Test
    void aSessionMayBeAsLargeAsOneMayBe() throws Exception {
        Stored large = new Stored(Map.of("large", "\\".repeat(16_379)), NOW, NOW);
        store.save(key(1), large, LATER);
        assertEquals(large, store.load(key(1)));
    }

    @Test
    void theTableIsMadeOnceAndOutlivesTheStore() throws Exception {
        store.save(key(1), stored("soup", NOW), LATER);
        assertNotNull(SqlSessions.open(database).load(key(1)));
    }

    @Test
    void severalMakeTheTableAndTheSameSessionAtOnce() throws Exception {
        database.update("drop table " + SqlSessions.TABLE);
        atOnce(4, () -> SqlSessions.open(database));
        for (int round = 0; round < 20; round++) {
            String key = key(round);
            atOnce(4, () -> {
                store.save(key, stored("soup", NOW), LATER);
                return true;
            });
            assertEquals(stored("soup", NOW), store.load(key));
        }
        assertEquals(20, rows());
    }

    private static <T> void atOnce(int count, Callable<T> what) throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(count)) {
            List<Future<T>> all = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                all.add(threads.submit(what));
            }
            for (Future<T> each : all) {
                each.get();
            }
        }
    }

    @Test
    void whatHasExpiredIsDeletedByThoseThatSave() throws Exception {
        store.save(key(1), stored("old", NOW), NOW + 10);
        store.save(key(2), stored("new", NOW), LATER);
        long next = NOW + SqlSessions.SWEEP_EVERY_MILLIS;
        store.save(key(3), stored("other", next - 1), LATER);
        assertEquals(3, rows(), "it is not looked for all the time");
        store.save(key(3), stored("other", next), LATER);
        assertNull(store.load(key(1)));
        assertEquals(2, rows());
        assertEquals(1, store.swept());
    }

    @Test
    void manyExpiredOnesGoALimitedNumberAtATime() throws Exception {
        int count = SqlSessions.SWEPT_AT_ONCE_MAX + 10;
        store.save(key(0), stored("first", NOW), LATER);
        List<List<Object>> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            rows.add(List.of("old" + i, "", NOW, NOW, NOW + 1));
        }
        database.batch("insert into " + SqlSessions.TABLE + " values (?, ?, ?, ?, ?)", rows);
        long next = NOW + SqlSessions.SWEEP_EVERY_MILLIS;
        store.save(key(0), stored("first", next), LATER);
        assertEquals(SqlSessions.SWEPT_AT_ONCE_MAX, store.swept());
        store.save(key(0), stored("first", next + 1), LATER);
        assertEquals(count, store.swept());
        assertEquals(1, rows());
        assertEquals(0, store.sweepFailures());
    }

    @Test
    void aDatabaseThatIsGoneIsTold() throws Exception {
        store.save(key(1), stored("soup", NOW), LATER);
        database.update("drop table " + SqlSessions.TABLE);
        assertThrows(DatabaseException.class, () -> store.load(key(1)));
        assertThrows(DatabaseException.class, () -> store.save(key(1), stored("soup", NOW), LATER));
    }

    /** With a cookie, from end to end; and nothing hops where no second thread takes part. */
    @Test
    void aClientIsRemembered() throws Exception {
        try (Sessions sessions =
                        Sessions.builder(CookieKeys.of(new byte[32]), store).build();
                HttpServer server = HttpServer.builder(SessionProcess.routes(sessions))
                        .port(0)
                        .loops(2)
                        .start()) {
            String cookie =
                    SessionProcess.ask(server.port(), "/put?dish=soup", "").split(" ")[0];
            assertEquals("soup", SessionProcess.ask(server.port(), "/get", cookie));
            String renewed = SessionProcess.ask(server.port(), "/login", cookie).split(" ")[0];
            assertNotEquals(cookie, renewed);
            assertEquals("none", SessionProcess.ask(server.port(), "/get", cookie));
            assertEquals("soup", SessionProcess.ask(server.port(), "/get", renewed));
            assertTrue(SessionProcess.ask(server.port(), "/logout", renewed).endsWith("out"));
            assertEquals("none", SessionProcess.ask(server.port(), "/get", renewed));
            assertEquals(0, rows());
            if (Loop.greenThreadsRunOnLoop()) {
                assertEquals(
                        0,
                        server.loops().stream().mapToLong(loop -> loop.hops()).sum(),
                        "hops");
            }
        }
    }
}
