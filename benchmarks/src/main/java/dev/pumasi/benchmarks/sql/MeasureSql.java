package dev.pumasi.benchmarks.sql;

import dev.pumasi.testkit.Postgres;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Measures a query for one row by its key behind HTTP, side by side: whole servers, each a process on one core, in turn, round by round. The
 * load generator and PostgreSQL share the other cores, and PostgreSQL is usually the first to be at its limit; so the primary figure is the
 * processor time of the server's process per request, all of its threads, and requests per second come second.
 *
 * <p>What it will not do: measure writes, large results, a database on another machine, or several cores.
 */
@Command(
        name = "measure-sql",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Measures a one-row query by key on PostgreSQL behind HTTP: processor time per request, requests per second.")
public final class MeasureSql implements Callable<Integer> {

    private record Round(
            double micros, double perSecond, double p50Millis, double p99Millis, double residentMib, double errors) {}

    private record Running(String name, Process process, int port, List<Round> rounds) {}

    private static final Pattern REPORT =
            Pattern.compile("REPORT requests=(\\d+) micros=(\\d+) p50=(\\d+) p99=(\\d+) errors=(\\d+)");
    private static final long START_NANOS_MAX = 30_000_000_000L;

    /** Libraries of its own: see its pom. */
    private static final String VERTX = "dev.pumasi.benchmarks.vertx.VertxSqlServer";

    private static final String VERTX_HOME = "vertx-sql/target";

    /** Main class, and what follows the common arguments. */
    private static final Map<String, List<String>> SERVERS = new LinkedHashMap<>();

    static {
        SERVERS.put("pumasi-loop", List.of(PumasiSqlServer.class.getName(), "loop"));
        SERVERS.put("pumasi-threads", List.of(PumasiSqlServer.class.getName(), "threads"));
        SERVERS.put("virtual-threads-jdbc", List.of(HelidonSqlServer.class.getName()));
        SERVERS.put("vertx-pooled", List.of(VERTX, "pooled"));
        SERVERS.put("vertx-pipelined", List.of(VERTX, "pipelined"));
    }

    private final Path home = Path.of(System.getProperty("pumasi.benchmarks", "benchmarks"));

    @Option(
            names = "--servers",
            split = ",",
            defaultValue = "pumasi-loop,pumasi-threads,virtual-threads-jdbc,vertx-pooled,vertx-pipelined",
            description = "Which (default: ${DEFAULT-VALUE}).")
    private List<String> chosen = List.of();

    @Option(names = "--http", defaultValue = "256", description = "HTTP connections (default: ${DEFAULT-VALUE}).")
    private int http;

    @Option(names = "--pool", defaultValue = "10", description = "Database connections (default: ${DEFAULT-VALUE}).")
    private int pool;

    @Option(names = "--rounds", defaultValue = "5", description = "Rounds (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--seconds", defaultValue = "3", description = "Length of a round (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(
            names = "--warmup",
            defaultValue = "8",
            description = "Uncounted seconds before it (default: ${DEFAULT-VALUE}).")
    private int warmup;

    @Option(names = "--server-core", defaultValue = "0", description = "The servers' core (default: ${DEFAULT-VALUE}).")
    private int serverCore;

    @Option(names = "--port", defaultValue = "19200", description = "The first port used (default: ${DEFAULT-VALUE}).")
    private int firstPort;

    private MeasureSql() {}

    /** Runs the command; the exit status is 0, 1 after a failure, 2 for a wrong command line. */
    public static void main(String[] arguments) {
        CommandLine command = new CommandLine(new MeasureSql());
        command.setExecutionExceptionHandler((failure, line, _) -> {
            line.getErr().println("measure-sql: " + failure.getMessage());
            return 1;
        });
        System.exit(command.execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        List<Running> servers = new ArrayList<>();
        Postgres postgres = Postgres.start();
        Thread stop = new Thread(() -> stop(servers, postgres), "stop servers");
        Runtime.getRuntime().addShutdownHook(stop);
        try {
            fill(postgres);
            for (String name : chosen) {
                servers.add(start(name, firstPort + servers.size(), postgres));
            }
            for (Running server : servers) {
                load(server, warmup);
            }
            for (int round = 1; round <= rounds; round++) {
                System.err.printf("round %d of %d%n", round, rounds);
                for (Running server : servers) {
                    server.rounds.add(load(server, seconds));
                }
            }
            print(servers);
        } finally {
            Runtime.getRuntime().removeShutdownHook(stop);
            stop(servers, postgres);
        }
        return 0;
    }

    private static void stop(List<Running> servers, Postgres postgres) {
        servers.forEach(MeasureSql::stop);
        try {
            postgres.close();
        } catch (IOException failure) {
            System.err.println("measure-sql: PostgreSQL was left behind: " + failure.getMessage());
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
        }
    }

    private static void fill(Postgres postgres) throws SQLException {
        try (Connection connection = postgres.connect("");
                Statement statement = connection.createStatement()) {
            statement.execute("create table dishes (id int primary key, name text not null, price int not null)");
            statement.execute("insert into dishes select i, 'dish ' || i, i % 1000 from generate_series(1, "
                    + Arguments.ROWS + ") i");
            statement.execute("vacuum analyze dishes");
        }
    }

    private Running start(String name, int port, Postgres postgres) throws IOException, InterruptedException {
        List<String> server = SERVERS.get(name);
        if (server == null) {
            throw new IllegalArgumentException("no server " + name + "; there are " + SERVERS.keySet());
        }
        Path log = Files.createDirectories(home.resolve("target/results")).resolve("sql-" + name + ".log");
        List<String> command = new ArrayList<>(List.of(
                "taskset",
                "-c",
                Integer.toString(serverCore),
                home.resolve("java-server").toString()));
        command.add(server.getFirst());
        command.addAll(List.of(
                Integer.toString(port),
                Integer.toString(postgres.port()),
                Postgres.USER,
                Postgres.PASSWORD,
                Integer.toString(pool)));
        command.addAll(server.subList(1, server.size()));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        if (server.getFirst().equals(VERTX)) {
            Path own = home.resolve(VERTX_HOME);
            builder.environment().put("CLASS_PATH", own.resolve("classes") + ":" + own.resolve("lib") + "/*");
        }
        Process process = builder.start();
        long begin = System.nanoTime();
        while (!answers(port)) {
            if (!process.isAlive() || System.nanoTime() - begin > START_NANOS_MAX) {
                process.destroyForcibly();
                throw new IOException(name + " does not answer; see " + log + "\n" + Files.readString(log));
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
        return new Running(name, process, port, new ArrayList<>());
    }

    private static boolean answers(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", port), 1000);
            socket.setSoTimeout(5_000);
            socket.getOutputStream()
                    .write(("GET " + Arguments.PATH + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            String said = "";
            byte[] some = new byte[4096];
            while (!said.contains("\"name\":\"dish ")) {
                int read = socket.getInputStream().read(some);
                if (read < 0) {
                    return false;
                }
                said += new String(some, 0, read, StandardCharsets.UTF_8);
            }
            return said.startsWith("HTTP/1.1 200");
        } catch (IOException notYet) {
            return false;
        }
    }

    private Round load(Running server, int forSeconds) throws IOException, InterruptedException {
        long before = cpuMicros(server.process);
        Process wrk = new ProcessBuilder(
                        "wrk",
                        "-t1",
                        "-c" + http,
                        "-d" + forSeconds + "s",
                        "--timeout",
                        "10s",
                        "-s",
                        home.resolve("wrk/report.lua").toString(),
                        "http://127.0.0.1:" + server.port + Arguments.PATH)
                .redirectErrorStream(true)
                .start();
        String said = new String(wrk.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        wrk.waitFor();
        Matcher report = REPORT.matcher(said);
        if (!report.find()) {
            throw new IOException("wrk said: " + said.strip());
        }
        double requests = Long.parseLong(report.group(1));
        return new Round(
                (cpuMicros(server.process) - before) / requests,
                requests * 1e6 / Long.parseLong(report.group(2)),
                Long.parseLong(report.group(3)) / 1e3,
                Long.parseLong(report.group(4)) / 1e3,
                residentMib(server.process),
                Long.parseLong(report.group(5)));
    }

    /** All threads, living and ended; the kernel counts in ticks of 10 ms. */
    private static long cpuMicros(Process process) throws IOException {
        String line = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
        String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * 10_000;
    }

    private static double residentMib(Process process) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
            }
        }
        return 0;
    }

    private void print(List<Running> servers) {
        System.out.printf(
                Locale.ROOT,
                "%n%d HTTP connections, %d database connections, %d rounds of %d s; median (smallest–largest)%n%n",
                http,
                pool,
                rounds,
                seconds);
        System.out.println("| server | CPU µs per request | requests/s | p50 ms | p99 ms | resident MiB | errors |");
        System.out.println("|---|---|---|---|---|---|---|");
        for (Running server : servers) {
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %s | %s | %s | %s | %s | %.0f |%n",
                    server.name,
                    figure(server, Round::micros, "%.1f"),
                    figure(server, Round::perSecond, "%.0f"),
                    figure(server, Round::p50Millis, "%.1f"),
                    figure(server, Round::p99Millis, "%.1f"),
                    figure(server, Round::residentMib, "%.0f"),
                    server.rounds.stream().mapToDouble(Round::errors).sum());
        }
    }

    private static String figure(Running server, java.util.function.ToDoubleFunction<Round> which, String format) {
        List<Double> sorted =
                new ArrayList<>(server.rounds.stream().map(which::applyAsDouble).toList());
        Collections.sort(sorted);
        return String.format(Locale.ROOT, format, sorted.get(sorted.size() / 2)) + " ("
                + String.format(Locale.ROOT, format, sorted.getFirst()) + "–"
                + String.format(Locale.ROOT, format, sorted.getLast()) + ")";
    }

    private static void stop(Running server) {
        server.process.destroy();
        try {
            if (server.process.waitFor(5, TimeUnit.SECONDS)) {
                return;
            }
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
        }
        server.process.destroyForcibly();
    }
}
