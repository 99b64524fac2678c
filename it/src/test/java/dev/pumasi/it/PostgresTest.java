package dev.pumasi.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.LoopSocketFactory;
import dev.pumasi.runtime.Timer;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LoadedClasses;
import dev.pumasi.testkit.Postgres;
import java.io.StringReader;
import java.io.StringWriter;
import java.net.SocketTimeoutException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.copy.CopyManager;

/**
 * PostgreSQL's own JDBC driver, unchanged, on the loops of green threads: queries overlap on one thread, the loop's timers
 * run meanwhile, and nobody hops.
 */
@ParameterizedClass(name = "{0}")
@MethodSource("drivers")
@ExtendWith({HopsAreToldOnFailure.class, LoadedClasses.class, LeakWatch.class})
@Timeout(value = 180, unit = TimeUnit.SECONDS)
final class PostgresTest {

    private static final String ON_LOOP = "?socketFactory=" + LoopSocketFactory.class.getName();
    private static final int LOOPS = 2;
    private static final int CONNECTIONS = 20;

    private static Postgres postgres;

    @Parameter
    String driver;

    private LoopGroup loops;

    static List<String> drivers() {
        List<String> missing =
                List.of(System.getProperty("pumasi.drivers.missing", "").split(","));
        return Drivers.names().stream().filter(name -> !missing.contains(name)).toList();
    }

    @BeforeAll
    static void startServer() throws Exception {
        postgres = Postgres.start();
    }

    @AfterAll
    static void stopServer() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void startLoops() throws Exception {
        loops = LoopGroup.start("db", LOOPS, driver);
        LoopSocketFactory.setLoopsOfOthers(Optional.of(loops));
        // The first connections load classes, and threads that load the same class meet in a lock of the class
        // loader's.
        for (Loop loop : loops.loops()) {
            Connection connection = open(loop, ON_LOOP);
            get(onGreen(loop, () -> sums(connection, 3)));
        }
    }

    @AfterEach
    void stopLoops() {
        LoopSocketFactory.setLoopsOfOthers(Optional.empty());
        loops.close();
    }

    private static <T> CompletableFuture<T> onGreen(Loop loop, Callable<T> body) {
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

    /** A connection, made on a green thread of that loop. What authenticates it has locks that hop now and then. */
    private static Connection open(Loop loop, String settings) throws Exception {
        return get(onGreen(loop, () -> postgres.connect(settings)));
    }

    private static <T> T get(CompletableFuture<T> answer) throws Exception {
        try {
            return answer.get(60, TimeUnit.SECONDS);
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof Exception cause ? cause : failed;
        }
    }

    private static void until(String what, BooleanSupplier condition) {
        long begin = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - begin > 60_000_000_000L) {
                throw new AssertionError("waited in vain until " + what);
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    private List<Long> hops() {
        return loops.loops().stream().map(loop -> loop.status().hops()).toList();
    }

    private static long number(Connection connection, String query) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(query)) {
            assertTrue(result.next());
            return result.getLong(1);
        }
    }

    /** Prepared statements (the server's own kind after five), a transaction, a large result; and the end. */
    private static long sums(Connection connection, int rounds) throws SQLException {
        long sum = 0;
        try (connection;
                PreparedStatement plus = connection.prepareStatement("select ?::bigint + ?")) {
            for (int i = 0; i < rounds; i++) {
                plus.setLong(1, i);
                plus.setLong(2, 1);
                try (ResultSet result = plus.executeQuery()) {
                    assertTrue(result.next());
                    sum += result.getLong(1);
                }
            }
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                statement.execute("create temporary table things (id int primary key, name text)");
                statement.execute("insert into things select i, repeat('x', 100) from generate_series(1, 2000) i");
                statement.setFetchSize(300);
                try (ResultSet result = statement.executeQuery("select id, name from things order by id")) {
                    while (result.next()) {
                        assertEquals(100, result.getString(2).length());
                        sum += result.getInt(1);
                    }
                }
            }
            connection.rollback();
        }
        return sum;
    }

    private static long expectedSum(int rounds) {
        return rounds * (rounds + 1L) / 2 + 2000 * 2001 / 2;
    }

    @Test
    void manyGreenThreadsQueryAtOnceAndNobodyHops() throws Exception {
        List<Connection> connections = connections();
        List<Long> hops = hops();
        List<CompletableFuture<Long>> all = new ArrayList<>();
        for (Connection connection : connections) {
            all.add(onGreen(loops.next(), () -> sums(connection, 20)));
        }
        for (CompletableFuture<Long> one : all) {
            assertEquals(expectedSum(20), get(one));
        }
        assertEquals(hops, hops());
        for (Loop loop : loops.loops()) {
            until("nothing goes on", () -> loop.status().interests() == 0);
        }
    }

    /** Made by the loops in turn, and to be used by them in the same order. */
    private List<Connection> connections() throws Exception {
        List<CompletableFuture<Connection>> opening = new ArrayList<>();
        for (int i = 0; i < LOOPS * CONNECTIONS; i++) {
            opening.add(onGreen(loops.next(), () -> postgres.connect(ON_LOOP)));
        }
        List<Connection> connections = new ArrayList<>();
        for (CompletableFuture<Connection> one : opening) {
            connections.add(get(one));
        }
        return connections;
    }

    /** All of them wait in the database for one lock, two threads carry them, and these go on turning. */
    @Test
    void whileQueriesWaitTheLoopsTimersRun() throws Exception {
        List<Connection> connections = connections();
        List<Long> hops = hops();
        List<Ticker> tickers = new ArrayList<>();
        for (Loop loop : loops.loops()) {
            Ticker ticker = new Ticker(loop);
            tickers.add(ticker);
            loop.execute(ticker::expired);
        }
        List<CompletableFuture<Long>> all = new ArrayList<>();
        try (Connection observer = postgres.connect("")) {
            number(observer, "select 1 from pg_advisory_lock(7)");
            for (Connection opened : connections) {
                int number = all.size();
                all.add(onGreen(loops.next(), () -> {
                    try (Connection connection = opened) {
                        return number(connection, "select " + number + " from pg_advisory_lock_shared(7)");
                    }
                }));
            }
            until("all wait in the database", () -> waiting(observer) == LOOPS * CONNECTIONS);
            for (Ticker ticker : tickers) {
                long before = ticker.ticks.get();
                until("timers run meanwhile", () -> ticker.ticks.get() >= before + 5);
            }
            assertEquals(LOOPS * CONNECTIONS, waiting(observer), "and they waited all the time");
            number(observer, "select 1 from pg_advisory_unlock(7)");
        }
        for (int i = 0; i < all.size(); i++) {
            assertEquals(i, get(all.get(i)));
        }
        tickers.forEach(ticker -> ticker.stopped = true);
        assertEquals(hops, hops());
    }

    private static long waiting(Connection observer) {
        try {
            return number(observer, "select count(*) from pg_locks where locktype = 'advisory' and not granted");
        } catch (SQLException broken) {
            throw new AssertionError(broken);
        }
    }

    /** A timer that starts itself again. */
    private static final class Ticker extends Timer {

        private static final long MILLISECOND = 1_000_000;

        private final Loop loop;
        final AtomicLong ticks = new AtomicLong();
        volatile boolean stopped;

        Ticker(Loop loop) {
            this.loop = loop;
        }

        @Override
        protected void expired() {
            ticks.incrementAndGet();
            if (!stopped) {
                loop.start(this, MILLISECOND);
            }
        }
    }

    @Test
    void muchIsCopiedInAndOut() throws Exception {
        Loop loop = loops.next();
        Connection opened = open(loop, ON_LOOP);
        List<Long> hops = hops();
        int rows = 100_000;
        String copied = get(onGreen(loop, () -> {
            try (Connection connection = opened;
                    Statement statement = connection.createStatement()) {
                statement.execute("create temporary table numbers (n int)");
                StringBuilder in = new StringBuilder();
                for (int i = 0; i < rows; i++) {
                    in.append(i).append('\n');
                }
                CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
                assertEquals(rows, copy.copyIn("copy numbers from stdin", new StringReader(in.toString())));
                StringWriter out = new StringWriter();
                assertEquals(rows, copy.copyOut("copy (select n from numbers order by n) to stdout", out));
                assertEquals(in.toString(), out.toString());
                return "unchanged";
            }
        }));
        assertEquals("unchanged", copied);
        assertEquals(hops, hops());
    }

    /**
     * The driver's clock for this is a thread of its own, which cancels through a connection of its own and holds a lock
     * meanwhile. That the query's thread may meet: one hop for a query that took too long.
     */
    @Test
    void aQueryHasATimeLimit() throws Exception {
        Loop loop = loops.next();
        Connection opened = open(loop, ON_LOOP);
        long hops = loop.status().hops();
        SQLException ended = get(onGreen(loop, () -> {
            try (Connection connection = opened;
                    Statement statement = connection.createStatement()) {
                statement.setQueryTimeout(1);
                SQLException cancelled =
                        assertThrows(SQLException.class, () -> statement.execute("select pg_sleep(30)"));
                assertEquals(7, number(connection, "select 7"), "and the connection is still good");
                return cancelled;
            }
        }));
        assertEquals("57014", ended.getSQLState());
        assertTrue(loop.status().hops() - hops <= 1, () -> loop.status().hops() + " hops");
    }

    @Test
    void anAnswerThatDoesNotComeEndsTheConnection() throws Exception {
        CompletableFuture<Long> backend = new CompletableFuture<>();
        SQLException ended = get(onGreen(loops.next(), () -> {
            try (Connection connection = postgres.connect(ON_LOOP + "&socketTimeout=3");
                    Statement statement = connection.createStatement()) {
                backend.complete(number(connection, "select pg_backend_pid()"));
                SQLException late = assertThrows(SQLException.class, () -> statement.execute("select pg_sleep(30)"));
                assertTrue(connection.isClosed());
                return late;
            }
        }));
        assertInstanceOf(SocketTimeoutException.class, ended.getCause());
        terminate(get(backend));
    }

    @Test
    void aServerThatHangsUpIsAnSqlException() throws Exception {
        Loop loop = loops.next();
        CompletableFuture<Long> backend = new CompletableFuture<>();
        CompletableFuture<SQLException> ended = onGreen(loop, () -> {
            try (Connection connection = postgres.connect(ON_LOOP);
                    Statement statement = connection.createStatement()) {
                backend.complete(number(connection, "select pg_backend_pid()"));
                return assertThrows(SQLException.class, () -> statement.execute("select pg_sleep(30)"));
            }
        });
        terminate(get(backend));
        assertEquals("57P01", get(ended).getSQLState());
        until("the socket is gone", () -> loop.status().interests() == 0);
    }

    /** The server itself does not notice that a client has gone while it sleeps. */
    private static void terminate(long backend) throws SQLException {
        try (Connection other = postgres.connect("")) {
            number(other, "select pg_terminate_backend(" + backend + ")::int");
        }
    }

    @Test
    void notificationsAreWaitedForOnTheLoop() throws Exception {
        Loop loop = loops.next();
        Connection listening = open(loop, ON_LOOP);
        Connection notifying = open(loop, ON_LOOP);
        List<Long> hops = hops();
        CompletableFuture<Boolean> listens = new CompletableFuture<>();
        CompletableFuture<String> heard = onGreen(loop, () -> {
            try (Connection connection = listening;
                    Statement statement = connection.createStatement()) {
                statement.execute("listen news");
                listens.complete(true);
                PGNotification[] notifications =
                        connection.unwrap(PGConnection.class).getNotifications(0);
                return notifications[0].getParameter();
            }
        });
        get(listens);
        get(onGreen(loop, () -> {
            try (Connection connection = notifying;
                    Statement statement = connection.createStatement()) {
                return statement.execute("notify news, 'good ones'");
            }
        }));
        assertEquals("good ones", get(heard));
        assertEquals(hops, hops());
    }

    /**
     * HikariCP connects on threads of its own; its connections then go from hand to hand, between the loops too. Who waits
     * for a free one is woken by who gives it back: a hop, if that is on the other loop.
     */
    @Test
    void aPoolsConnectionsAreUsedByGreenThreadsOfBothLoops() throws Exception {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(postgres.url(ON_LOOP));
        config.setUsername(Postgres.USER);
        config.setPassword(Postgres.PASSWORD);
        config.setMaximumPoolSize(6);
        config.setConnectionTimeout(50_000);
        try (HikariDataSource pool = new HikariDataSource(config)) {
            List<CompletableFuture<Long>> all = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                int number = i;
                all.add(onGreen(loops.next(), () -> {
                    long sum = 0;
                    for (int round = 0; round < 10; round++) {
                        try (Connection connection = pool.getConnection()) {
                            sum += number(connection, "select " + number);
                        }
                    }
                    return sum;
                }));
            }
            for (int i = 0; i < all.size(); i++) {
                assertEquals(10L * i, get(all.get(i)));
            }
        }
    }
}
