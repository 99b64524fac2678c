package dev.pumasi.examples;

import dev.pumasi.http.AsyncHandler;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Request;
import dev.pumasi.http.Responder;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.Operation;
import dev.pumasi.sql.Continuation;
import dev.pumasi.sql.Database;
import dev.pumasi.sql.DatabaseBuilder;
import dev.pumasi.sql.Placement;
import dev.pumasi.sql.Session;
import dev.pumasi.testkit.Postgres;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;

/**
 * A web server with a database thread: a request runs steps A, B, C, asks the database, and then must run D, E, F. But where? The same server
 * three times, with real HTTP and a real database; only {@link Continuation} differs.
 */
final class ThreeWays {

    /** What one way came to. */
    record Measured(
            Continuation how,
            double perSecond,
            double medianMillis,
            double worstMillis,
            double idle,
            List<StepRecorder.Step> steps) {}

    private static final int CLIENTS = 32;
    private static final int DATABASE_THREADS = 12;
    private static final long STEP_NANOS = 60_000;
    private static final int NAP_MILLIS = 5;
    private static final Duration WARM_UP = Duration.ofMillis(700);
    private static final Duration MEASURED = Duration.ofMillis(1500);
    private static final byte[] REQUEST =
            "GET /order HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private record Dish(int id, int price) {}

    private final Database database;
    private final boolean postgres;
    private final Duration warmUp;
    private final Duration measured;

    ThreeWays(Database database, boolean postgres, Duration warmUp, Duration measured) {
        this.database = database;
        this.postgres = postgres;
        this.warmUp = warmUp;
        this.measured = measured;
    }

    /** Arguments: {@code [--svg FILE] [postgresql | URL [USER PASSWORD]]}. */
    public static void main(String[] args) throws Exception {
        if (JsonLines.isAsked(args)) {
            print(JsonLines.rounds(args));
            return;
        }
        List<String> left = new ArrayList<>(List.of(args));
        Optional<Path> picture = Optional.empty();
        if (left.size() > 1 && left.getFirst().equals("--svg")) {
            picture = Optional.of(Path.of(left.get(1)));
            left = left.subList(2, left.size());
        }
        if (left.equals(List.of("postgresql"))) {
            System.out.println("A PostgreSQL of this program's own is unpacked and started; it is gone afterwards.");
            try (Postgres server = Postgres.start()) {
                run(Database.builder(server.url("")).user(Postgres.USER).password(Postgres.PASSWORD), true, picture);
            }
            return;
        }
        if (!left.isEmpty()) {
            DatabaseBuilder builder = Database.builder(left.getFirst());
            if (left.size() > 2) {
                builder.user(left.get(1)).password(left.get(2));
            }
            run(builder, left.getFirst().startsWith("jdbc:postgresql:"), picture);
            return;
        }
        Path folder = Files.createTempDirectory("pumasi-three-ways-");
        try {
            run(Database.embedded(folder, "dishes"), false, picture);
        } finally {
            delete(folder);
        }
    }

    /** For the lab: shorter rounds, in turns. */
    private static void print(int rounds) throws Exception {
        Path folder = Files.createTempDirectory("pumasi-three-ways-");
        try (Database database = Database.embedded(folder, "dishes")
                .placement(Placement.offloaded(DATABASE_THREADS))
                .open()) {
            ThreeWays warm = new ThreeWays(database, false, WARM_UP, Duration.ofMillis(100));
            warm.prepare();
            for (Continuation how : Continuation.values()) {
                warm.measure(how);
            }
            ThreeWays ways = new ThreeWays(database, false, Duration.ofMillis(150), Duration.ofMillis(400));
            for (int round = 1; round <= rounds; round++) {
                for (Continuation how : Continuation.values()) {
                    print(ways.measure(how), round == rounds);
                }
            }
        } finally {
            delete(folder);
        }
    }

    private static void print(Measured measured, boolean steps) {
        String way = measured.how.name().toLowerCase(Locale.ROOT);
        JsonLines.print(
                "way",
                "name",
                way,
                "perSecond",
                measured.perSecond,
                "medianMillis",
                measured.medianMillis,
                "worstMillis",
                measured.worstMillis,
                "idle",
                measured.idle);
        for (StepRecorder.Step step : steps ? measured.steps : List.<StepRecorder.Step>of()) {
            JsonLines.print(
                    "step",
                    "way",
                    way,
                    "thread",
                    step.thread(),
                    "what",
                    String.valueOf(step.what()),
                    "from",
                    step.beginNanos() / 1e6,
                    "to",
                    step.endNanos() / 1e6);
        }
    }

    private static void run(DatabaseBuilder builder, boolean postgres, Optional<Path> picture) throws Exception {
        try (Database database =
                builder.placement(Placement.offloaded(DATABASE_THREADS)).open()) {
            List<Measured> all = new ThreeWays(database, postgres, WARM_UP, MEASURED).run();
            if (picture.isPresent()) {
                Files.writeString(picture.get(), picture(postgres ? "PostgreSQL" : "H2", all));
                System.out.println("The timelines are drawn in " + picture.get());
            }
        }
    }

    private List<Measured> run() throws Exception {
        database.check();
        prepare();
        System.out.printf(Locale.ROOT, """

                One main thread and %d database threads on %s; %d clients ask again and again.
                Steps A B C and D E F compute for %d µs each, the query takes %d ms.
                """, DATABASE_THREADS, database, CLIENTS, STEP_NANOS / 1000, NAP_MILLIS);
        List<Measured> all = new ArrayList<>();
        for (Continuation how : Continuation.values()) {
            Measured measured = measure(how);
            all.add(measured);
            System.out.println();
            System.out.println(title(how));
            StepRecorder.draw(measured.steps, System.out);
        }
        table(all);
        return all;
    }

    private static String title(Continuation how) {
        return how.name().toLowerCase(Locale.ROOT)
                + switch (how) {
                    case SYNCHRONOUS -> ": the main thread waits for each query";
                    case CALLBACK -> ": D E F go along, and run on the database threads";
                    case NOTIFICATION -> ": the database thread says that it is done; D E F run on the main thread";
                };
    }

    static String picture(String database, List<Measured> all) {
        TimelineSvg timelines = new TimelineSvg();
        for (Measured each : all) {
            timelines.add(
                    title(each.how),
                    String.format(
                            Locale.ROOT,
                            "%s · %.0f requests/s, %.1f times synchronous · main thread idle %.0f %% · p50 %.1f ms, p99 %.1f ms",
                            database,
                            each.perSecond,
                            each.perSecond / all.getFirst().perSecond,
                            each.idle * 100,
                            each.medianMillis,
                            each.worstMillis),
                    each.steps,
                    StepRecorder.WINDOW_NANOS);
        }
        return timelines.picture("Three ways to go on after a query, on " + database);
    }

    void prepare() throws IOException {
        database.update("drop table if exists dishes");
        database.update("create table dishes (id int primary key, price int not null)");
        database.update("insert into dishes values (1, 450)");
        if (!postgres) {
            database.update("create alias if not exists nap for 'java.lang.Thread.sleep(long)'");
        }
    }

    /** The database takes its time, as it does when it waits for a disk. */
    private Dish query(Session session) throws IOException {
        if (postgres) {
            return session.one(
                            "select id, price from dishes, pg_sleep(?) where id = ?",
                            Dish.class,
                            NAP_MILLIS / 1000.0,
                            1)
                    .orElseThrow();
        }
        session.update("call nap(?)", NAP_MILLIS);
        return session.one("select id, price from dishes where id = ?", Dish.class, 1)
                .orElseThrow();
    }

    Measured measure(Continuation how) throws Exception {
        StepRecorder steps = new StepRecorder(STEP_NANOS);
        AsyncHandler handler = (request, responder) -> answer(how, steps, request, responder);
        HttpServer server = HttpServer.builder(handler).port(0).loops(1).start();
        try {
            load(server, warmUp);
            steps.clear();
            Thread main = mainThread(server);
            var threads = ManagementFactory.getThreadMXBean();
            long cpuBefore = threads.getThreadCpuTime(main.threadId());
            long begin = System.nanoTime();
            long[] latencies = load(server, measured);
            long elapsed = System.nanoTime() - begin;
            double busy = (double) (threads.getThreadCpuTime(main.threadId()) - cpuBefore) / elapsed;
            Arrays.sort(latencies);
            return new Measured(
                    how,
                    latencies.length * 1e9 / elapsed,
                    latencies[latencies.length / 2] / 1e6,
                    latencies[latencies.length * 99 / 100] / 1e6,
                    1 - busy,
                    steps.window());
        } finally {
            server.stop(Duration.ofSeconds(5));
        }
    }

    private void answer(Continuation how, StepRecorder steps, Request request, Responder responder) {
        String target = request.target();
        steps.run('A');
        steps.run('B');
        steps.run('C');
        long asked = System.nanoTime();
        database.<Dish>then(
                how,
                session -> {
                    long begin = System.nanoTime();
                    Dish dish = query(session);
                    steps.took('q', begin);
                    return dish;
                },
                outcome -> {
                    if (how == Continuation.SYNCHRONOUS) {
                        steps.took('░', asked);
                    }
                    steps.run('D');
                    steps.run('E');
                    steps.run('F');
                    responder.respond(Response.text(
                            switch (outcome) {
                                case Operation.Success<Dish>(Dish dish) -> target + " costs " + dish.price + "\n";
                                case Operation.Failed<Dish>(Throwable failure) -> failure.getMessage() + "\n";
                            }));
                });
    }

    /** The thread that runs handlers: whoever answers tells. */
    private static Thread mainThread(HttpServer server) {
        String loop = server.loops().getFirst().name();
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(loop))
                .findFirst()
                .orElseThrow();
    }

    /** Clients that ask one after another; gives how long each answer took. */
    private static long[] load(HttpServer server, Duration duration) throws Exception {
        long endNanos = System.nanoTime() + duration.toNanos();
        List<CompletableFuture<long[]>> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            CompletableFuture<long[]> client = new CompletableFuture<>();
            clients.add(client);
            Thread.ofPlatform().name("client-" + i).start(() -> {
                try {
                    client.complete(ask(server, endNanos));
                } catch (IOException | RuntimeException failure) {
                    client.completeExceptionally(failure);
                }
            });
        }
        List<long[]> all = new ArrayList<>();
        for (CompletableFuture<long[]> client : clients) {
            try {
                all.add(client.get());
            } catch (ExecutionException failed) {
                throw new IOException("a client failed", failed.getCause());
            }
        }
        return all.stream().flatMapToLong(Arrays::stream).toArray();
    }

    private static long[] ask(HttpServer server, long endNanos) throws IOException {
        long[] latencies = new long[100_000];
        int count = 0;
        try (Socket socket = new Socket()) {
            socket.setTcpNoDelay(true);
            socket.connect((InetSocketAddress) server.address());
            InputStream in = new BufferedInputStream(socket.getInputStream());
            while (System.nanoTime() < endNanos && count < latencies.length) {
                long begin = System.nanoTime();
                socket.getOutputStream().write(REQUEST);
                readAnswer(in);
                latencies[count++] = System.nanoTime() - begin;
            }
        }
        return Arrays.copyOf(latencies, count);
    }

    private static void readAnswer(InputStream in) throws IOException {
        int length = 0;
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
                length = Integer.parseInt(line.substring(line.indexOf(':') + 1).strip());
            }
        }
        in.skipNBytes(length);
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new IOException("the server closed the connection");
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }

    private static void table(List<Measured> all) {
        Measured synchronous = all.getFirst();
        double factor = 1 / (1 - synchronous.idle);
        System.out.printf(Locale.ROOT, """

                %-14s %12s %10s %10s %18s %8s
                """, "", "requests/s", "p50", "p99", "main thread idle", "times");
        for (Measured each : all) {
            System.out.printf(
                    Locale.ROOT,
                    "%-14s %12.0f %7.1f ms %7.1f ms %16.0f %% %8.1f%n",
                    each.how.name().toLowerCase(Locale.ROOT),
                    each.perSecond,
                    each.medianMillis,
                    each.worstMillis,
                    each.idle * 100,
                    each.perSecond / synchronous.perSecond);
        }
        System.out.printf(Locale.ROOT, """

                A main thread that is idle for %.0f %% of its time could do %.1f times as much: that is what the others make of it, unless
                the database threads (%d, one query each at a time) or the processors are the next limit.
                In direct style on green threads, the third way is simply the next line.
                """, synchronous.idle * 100, factor, DATABASE_THREADS);
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted((one, other) -> other.compareTo(one)).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
