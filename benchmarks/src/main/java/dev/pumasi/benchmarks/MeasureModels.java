package dev.pumasi.benchmarks;

import dev.pumasi.server.Model;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Measures the concurrency models side by side: the real command, {@code pumasi serve --app hello --model M}, once for each
 * model, with one handler, codec and answer, so that what differs is the model.
 *
 * <p>As {@link Measure} does: each server is pinned to one core and the load generator to another; all are up at the same
 * time and take turns, round by round; a figure is the median of its rounds, with the smallest and the largest. CPU time,
 * memory and context switches are those of all processes of a server together.
 *
 * <p>What the figures mean. The load is closed: each connection asks again as soon as it is answered, so requests per second is
 * what the server gives when it is always asked, and a percentile is of the requests that were answered, not of those that a
 * stalled server prevented. Where a model ends a connection with its answer, the client makes a new one, and that is part of
 * the cost. Memory is what is resident after the rounds, heap included, which a JVM lets grow before it collects.
 */
@Command(
        name = "measure-models",
        mixinStandardHelpOptions = true,
        versionProvider = Measure.Version.class,
        sortOptions = false,
        description = "Measures the concurrency models side by side; prints tables in Markdown.")
public final class MeasureModels implements Callable<Integer> {

    /** A process for each connection: beyond so many it measures how fast this machine starts processes, and little else. */
    private static final Map<String, Integer> CONNECTIONS_MAX = Map.of("forking", 1);

    /** The models with processes, which are no {@link Model}; what the command does not know is left out and told. */
    private static final List<String> PROCESSES = List.of("preforked", "forking");

    private static final int LOOPBACK_HOSTS = 250;
    private static final double MIB = 1024 * 1024;

    private final Path home = Path.of(System.getProperty("pumasi.benchmarks", "benchmarks"));
    private final Path pumasi = home.resolveSibling("pumasi").toAbsolutePath().normalize();
    private final Map<String, Integer> runs = new LinkedHashMap<>();
    private final Map<Integer, Map<String, Series>> results = new LinkedHashMap<>();

    @Option(names = "--models", split = ",", paramLabel = "NAME", description = "Which models (default: all).")
    private List<String> models = List.of();

    @Option(
            names = "--connections",
            split = ",",
            paramLabel = "N",
            defaultValue = "1,16,256,2000",
            description = "How many connections at a time (default: ${DEFAULT-VALUE}).")
    private List<Integer> connections = List.of();

    @Option(names = "--rounds", defaultValue = "5", description = "Rounds of each (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--seconds", defaultValue = "2", description = "Length of a round (default: ${DEFAULT-VALUE}).")
    private int roundSeconds;

    @Option(
            names = "--warmup",
            defaultValue = "6",
            description = "Uncounted load for each model at first, in seconds (default: ${DEFAULT-VALUE}).")
    private int warmupSeconds;

    @Option(names = "--server-core", defaultValue = "0", description = "The servers' core (default: ${DEFAULT-VALUE}).")
    private int serverCore;

    @Option(
            names = "--load-core",
            defaultValue = "1",
            description = "The generator's core (default: ${DEFAULT-VALUE}).")
    private int loadCore;

    @Option(names = "--port", defaultValue = "19200", description = "The first port used (default: ${DEFAULT-VALUE}).")
    private int firstPort;

    private MeasureModels() {}

    /** Runs the command; the exit status is 0, 1 after a failure, 2 for a wrong command line. */
    public static void main(String[] arguments) {
        final var command = new CommandLine(new MeasureModels());
        command.setExecutionExceptionHandler((failure, line, result) -> {
            line.getErr().println("measure-models: " + failure.getMessage());
            return 1;
        });
        System.exit(command.execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        for (final var program : List.of("wrk", "taskset")) {
            if (!Report.installed(program)) {
                throw new IOException(program + " is not installed: apt-get install "
                        + (program.equals("taskset") ? "util-linux" : program));
            }
        }
        if (models.isEmpty()) {
            models = Stream.concat(Model.labels().stream(), PROCESSES.stream()).toList();
        }
        final var beganNanos = System.nanoTime();
        final var servers = new ArrayList<Server>();
        final var stop = new Thread(() -> servers.forEach(Server::close), "stop servers");
        Runtime.getRuntime().addShutdownHook(stop);
        try {
            for (final var model : models) {
                start(model, servers);
            }
            for (final var server : servers) {
                System.err.println("warming " + server.name());
                load(server, Math.min(16, limit(server.name())), warmupSeconds);
            }
            for (final var count : connections) {
                measure(count, servers);
            }
        } finally {
            servers.forEach(Server::close);
            Runtime.getRuntime().removeShutdownHook(stop);
        }
        print(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - beganNanos), System.out);
        return 0;
    }

    private void start(String model, List<Server> servers) throws IOException, InterruptedException {
        final var port = Integer.toString(firstPort + servers.size());
        final var command = List.of(
                pumasi.toString(), "serve", "--model", model, "--app", "hello", "--host", "0.0.0.0", "--port", port);
        try {
            servers.add(Server.start(
                    model,
                    firstPort + servers.size(),
                    serverCore,
                    home,
                    command,
                    Map.of("PUMASI_JAVA_OPTS", "-Xms32m -Xmx512m"),
                    Answer::checkOldVersion));
        } catch (Server.UnavailableException refused) {
            System.err.println(model + " left out: " + refused.getMessage());
        }
    }

    private static int limit(String model) {
        return CONNECTIONS_MAX.getOrDefault(model, Integer.MAX_VALUE);
    }

    private void measure(int count, List<Server> servers) throws IOException, InterruptedException {
        final var able =
                servers.stream().filter(server -> count <= limit(server.name())).toList();
        for (final var server : able) {
            load(server, count, 1); // its connections, threads and processes are there from now on
        }
        for (int round = 1; round <= rounds; round++) {
            System.err.printf("%d connections, round %d of %d%n", count, round, rounds);
            for (final var server : able) {
                results.computeIfAbsent(count, absent -> new LinkedHashMap<>())
                        .computeIfAbsent(server.name(), absent -> new Series())
                        .add(load(server, count, roundSeconds));
            }
        }
    }

    private Map<Figure, Double> load(Server server, int count, int seconds) throws IOException, InterruptedException {
        // A new address for each run, so that no run meets the closed connections another has left behind.
        final var address = "127.0.0." + (2 + runs.merge(server.name(), 1, Integer::sum) % LOOPBACK_HOSTS);
        final var before = server.usage();
        final var load = Load.closedLoop(count, address, server.port(), seconds, loadCore, home);
        if (!server.alive()) {
            throw new IOException(server.name() + " ended under load; see target/results/" + server.name() + ".log");
        }
        final var after = server.usage();
        final var used = after.since(before);
        final var figures = new EnumMap<Figure, Double>(Figure.class);
        figures.put(Figure.CPU, used.totalMicros() / load.requests());
        figures.put(Figure.RATE, load.requestsPerSecond());
        figures.put(Figure.P50, (double) load.p50Micros());
        figures.put(Figure.P99, (double) load.p99Micros());
        figures.put(Figure.RESIDENT, after.residentBytes() / MIB);
        figures.put(Figure.SWITCHES, (double) used.switches() / load.requests());
        figures.put(Figure.ERRORS, (double) load.errors());
        return figures;
    }

    private void print(long seconds, PrintStream out) throws IOException {
        results.forEach((count, servers) -> {
            out.printf("%n**%d connection%s**%n%n", count, count == 1 ? "" : "s");
            out.println("| model | requests/s (min–max) | CPU µs/request (min–max) | p50 ms | p99 ms | memory MiB"
                    + " | switches/request | errors |");
            out.println("|---|---|---|---|---|---|---|---|");
            servers.forEach((model, series) -> out.println(line(model, series)));
        });
        out.printf(
                "%n%d rounds of %d s each, interleaved, median; %d s in all. %s%n",
                rounds, roundSeconds, seconds, Report.machine());
        CONNECTIONS_MAX.forEach((model, most) -> {
            if (models.contains(model)) {
                out.println(model + " is asked by at most " + most + " at a time.");
            }
        });
    }

    private static String line(String model, Series series) {
        return String.format(
                Locale.ROOT,
                "| `%s` | %.0f (%.0f–%.0f) | %.2f (%.2f–%.2f) | %.2f | %.2f | %.0f | %.3f | %.0f |",
                model,
                series.median(Figure.RATE),
                series.min(Figure.RATE),
                series.max(Figure.RATE),
                series.median(Figure.CPU),
                series.min(Figure.CPU),
                series.max(Figure.CPU),
                series.median(Figure.P50) / 1000,
                series.median(Figure.P99) / 1000,
                series.median(Figure.RESIDENT),
                series.median(Figure.SWITCHES),
                series.max(Figure.ERRORS));
    }
}
