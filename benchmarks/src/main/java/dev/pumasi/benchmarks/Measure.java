package dev.pumasi.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Measures servers side by side in one run.
 *
 * <p>Each server is a whole process on one core, the load generator has another core to itself. All servers of a run are
 * up at the same time and take turns, round by round (A B C, A B C, …), so that whatever disturbs the machine for a
 * while disturbs all of them; a server whose turn it is not has nothing to do. Before a scenario's first round each
 * server gets the same load, uncounted, until its cost per request has settled. A figure is the median of its rounds and is
 * given with the smallest and the largest.
 *
 * <p>The primary figure is CPU time per request: user and system time of the server's process (and its children), all
 * threads included, so also garbage collection and compilation, divided by the requests the load generator saw
 * answered. It stays meaningful when the load generator is the bottleneck, as a generator that uses one core against a
 * server that uses one core often is; requests per second is then the generator's figure, not the server's.
 *
 * <p>What it will not do: measure over a network, measure several cores, or search the highest rate with a latency limit.
 */
@Command(
        name = "measure",
        mixinStandardHelpOptions = true,
        versionProvider = Measure.Version.class,
        sortOptions = false,
        description = "Measures servers side by side: CPU time per request, requests per second, memory.",
        footer = {
            "",
            "Servers are the folders of benchmarks/servers that have an executable `start PORT`.",
            "Results: tables here, and JSON in benchmarks/target/results/."
        })
public final class Measure implements Callable<Integer> {
    private static final int IDLE_WARMUP_SECONDS = 2;
    private static final int IDLE_ROUNDS_MAX = 3;
    private static final int WARM_ROUND_SECONDS = 2;
    private static final int WARM_ROUNDS = 2;
    private static final double SETTLED_SHARE = 0.03;
    private static final int LOOPBACK_HOSTS = 250;
    private static final double MIB = 1024 * 1024;

    private final Path home = Path.of(System.getProperty("pumasi.benchmarks", "benchmarks"));
    private final Map<String, Integer> runs = new LinkedHashMap<>();

    @Option(names = "--servers", split = ",", paramLabel = "NAME", description = "Which servers (default: all).")
    private List<String> serverNames = List.of();

    @Option(
            names = "--scenarios",
            split = ",",
            paramLabel = "NAME",
            defaultValue = "keepalive,pipelined,connect,idle",
            description =
                    "keepalive[-16|-256|-2000], pipelined, connect, idle, file[-1k|-64k|-10m] (default: ${DEFAULT-VALUE}).")
    private List<String> scenarioNames = List.of();

    @Option(names = "--rounds", defaultValue = "5", description = "Rounds per scenario (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--seconds", defaultValue = "3", description = "Length of a round (default: ${DEFAULT-VALUE}).")
    private int roundSeconds;

    @Option(
            names = "--warmup",
            defaultValue = "20",
            description = "Longest warm-up of a server in a scenario, in seconds (default: ${DEFAULT-VALUE}).")
    private int warmupSeconds;

    @Option(names = "--server-core", defaultValue = "0", description = "The servers' core (default: ${DEFAULT-VALUE}).")
    private int serverCore;

    @Option(
            names = "--load-core",
            defaultValue = "1",
            description = "The generator's core (default: ${DEFAULT-VALUE}).")
    private int loadCore;

    @Option(names = "--port", defaultValue = "19100", description = "The first port used (default: ${DEFAULT-VALUE}).")
    private int firstPort;

    @Option(names = "--markdown", description = "Print all results as one table in Markdown, too.")
    private boolean markdown;

    private Measure() {}

    /** Runs the command; the exit status is 0, 1 after a failure, 2 for a wrong command line. */
    public static void main(String[] arguments) {
        final var command = new CommandLine(new Measure());
        command.setExecutionExceptionHandler((failure, line, result) -> {
            line.getErr().println("measure: " + failure.getMessage());
            return 1;
        });
        System.exit(command.execute(arguments));
    }

    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"JDK " + Runtime.version()};
        }
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        final var scenarios = new ArrayList<>(Scenario.named(scenarioNames));
        scenarios.removeIf(scenario -> !possible(scenario));
        final var report = new Report(Report.machine());
        final var loads = scenarios.stream()
                .filter(scenario -> scenario.kind != Scenario.Kind.IDLE)
                .toList();
        if (!loads.isEmpty()) {
            measureLoads(loads, report);
        }
        if (scenarios.contains(Scenario.IDLE)) {
            measureIdle(report);
        }
        final var file =
                home.resolve("target/results").resolve(Instant.now().toString().replaceAll("[:.]", "-") + ".json");
        report.write(file);
        if (markdown) {
            report.printMarkdown(System.out);
        }
        System.out.println("\nresults: " + file);
        return 0;
    }

    private static boolean possible(Scenario scenario) {
        final var tool = switch (scenario.kind) {
            case KEEPALIVE, PIPELINED, IDLE, FILE -> "wrk";
            case CONNECT -> "ab";
        };
        for (final var program : List.of(tool, "taskset")) {
            if (!Report.installed(program)) {
                final var debianPackage = switch (program) {
                    case "ab" -> "apache2-utils";
                    case "taskset" -> "util-linux";
                    default -> program;
                };
                System.err.println(
                        program + " not installed, " + scenario.label + " left out: apt-get install " + debianPackage);
                return false;
            }
        }
        return true;
    }

    private List<String> chosen() throws IOException {
        final var all = Server.names(home);
        for (final var name : serverNames) {
            if (!all.contains(name)) {
                throw new IllegalArgumentException("no server " + name + "; there are " + all);
            }
        }
        return serverNames.isEmpty() ? all : serverNames;
    }

    private void measureLoads(List<Scenario> scenarios, Report report) throws IOException, InterruptedException {
        makeFiles(scenarios);
        final var servers = new ArrayList<Server>();
        final var stop = new Thread(() -> servers.forEach(Server::close), "stop servers");
        Runtime.getRuntime().addShutdownHook(stop);
        try {
            for (final var name : chosen()) {
                try {
                    servers.add(Server.start(name, firstPort + servers.size(), serverCore, home));
                } catch (Server.UnavailableException missing) {
                    System.err.println(name + " left out: " + missing.getMessage());
                }
            }
            for (final var scenario : scenarios) {
                final var able = able(servers, scenario);
                for (final var server : able) {
                    warm(server, scenario);
                }
                for (int round = 1; round <= rounds; round++) {
                    System.err.printf("%s, round %d of %d%n", scenario.label, round, rounds);
                    for (final var server : able) {
                        report.series(scenario, server.name()).add(measure(server, scenario, roundSeconds));
                    }
                }
                report.print(scenario, System.out);
            }
        } finally {
            servers.forEach(Server::close);
            Runtime.getRuntime().removeShutdownHook(stop);
        }
    }

    /** The files that are asked for, below {@code target}, where the servers that serve files look for them. */
    private void makeFiles(List<Scenario> scenarios) throws IOException {
        for (final var scenario : scenarios) {
            if (scenario.kind == Scenario.Kind.FILE) {
                final var file = home.resolve("target" + scenario.path);
                Files.createDirectories(file.getParent());
                final var bytes = new byte[scenario.fileBytes];
                new Random(scenario.fileBytes).nextBytes(bytes);
                Files.write(file, bytes);
            }
        }
    }

    private static List<Server> able(List<Server> servers, Scenario scenario) throws IOException {
        if (scenario.kind != Scenario.Kind.CONNECT && scenario.kind != Scenario.Kind.FILE) {
            return servers;
        }
        final var able = new ArrayList<Server>();
        for (final var server : servers) {
            final var fault = scenario.kind == Scenario.Kind.FILE
                    ? Answer.checkFile(server.address(), scenario.path, scenario.fileBytes)
                    : Answer.checkOldVersion(server.address());
            if (fault.isPresent()) {
                System.err.println(server.name() + " left out of " + scenario.label + ": " + fault.get());
            } else {
                able.add(server);
            }
        }
        return able;
    }

    /** Loads a server until its cost no longer moves: a JVM compiles for longer the slower its core is. */
    private void warm(Server server, Scenario scenario) throws IOException, InterruptedException {
        final var endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(warmupSeconds);
        var before = cpuMicros(server, scenario);
        var settled = 0;
        while (settled < WARM_ROUNDS && System.nanoTime() < endNanos) {
            final var now = cpuMicros(server, scenario);
            settled = Math.abs(now - before) <= SETTLED_SHARE * before ? settled + 1 : 0;
            before = now;
        }
    }

    private double cpuMicros(Server server, Scenario scenario) throws IOException, InterruptedException {
        return measure(server, scenario, WARM_ROUND_SECONDS).getOrDefault(Figure.CPU, Double.MAX_VALUE);
    }

    /** A new address for each run, so that no run meets the closed connections another has left behind. */
    private String nextAddress(Server server) {
        return "127.0.0." + (2 + runs.merge(server.name(), 1, Integer::sum) % LOOPBACK_HOSTS);
    }

    private Map<Figure, Double> measure(Server server, Scenario scenario, int seconds)
            throws IOException, InterruptedException {
        final var address = nextAddress(server);
        final var before = server.usage();
        final var load = Load.run(scenario, address, server.port(), seconds, loadCore, home);
        if (!server.alive()) {
            throw new IOException(server.name() + " ended under load; see target/results/" + server.name() + ".log");
        }
        final var after = server.usage();
        final var used = after.since(before);
        final var figures = new EnumMap<Figure, Double>(Figure.class);
        figures.put(Figure.CPU, used.totalMicros() / load.requests());
        figures.put(Figure.USER, used.userMicros() / load.requests());
        figures.put(Figure.SYSTEM, used.systemMicros() / load.requests());
        figures.put(Figure.RATE, load.requestsPerSecond());
        figures.put(Figure.P50, (double) load.p50Micros());
        figures.put(Figure.P99, (double) load.p99Micros());
        figures.put(Figure.RESIDENT, after.residentBytes() / MIB);
        figures.put(Figure.ERRORS, (double) load.errors());
        figures.put(Figure.SERVER_SHARE, used.totalMicros() / 1e6 / load.seconds());
        figures.put(Figure.GENERATOR_SHARE, load.generatorShare());
        return figures;
    }

    private void measureIdle(Report report) throws IOException, InterruptedException {
        for (int round = 1; round <= Math.min(rounds, IDLE_ROUNDS_MAX); round++) {
            System.err.printf("%s, round %d of %d%n", Scenario.IDLE.label, round, Math.min(rounds, IDLE_ROUNDS_MAX));
            final var names = chosen();
            for (final var name : names) {
                final var port = firstPort + names.indexOf(name);
                try (var server = Server.start(name, port, serverCore, home)) {
                    final var warm = Scenario.KEEPALIVE_256;
                    Load.run(warm, "127.0.0.1", server.port(), IDLE_WARMUP_SECONDS, loadCore, home);
                    report.series(Scenario.IDLE, name).add(idle(server));
                } catch (Server.UnavailableException missing) {
                    System.err.println(name + " left out: " + missing.getMessage());
                }
            }
        }
        report.print(Scenario.IDLE, System.out);
    }

    private static Map<Figure, Double> idle(Server server) throws IOException, InterruptedException {
        final double count = Scenario.IDLE.connections;
        final var before = Footprint.of(server);
        try (var connections = IdleConnections.open(server.port(), Scenario.IDLE.connections)) {
            final var after = Footprint.of(server);
            final var heap = (after.heapBytes() - before.heapBytes()) / count;
            final var outside = (after.nativeBytes() - before.nativeBytes()) / count;
            final var figures = new EnumMap<Figure, Double>(Figure.class);
            figures.put(Figure.CONNECTION, heap + outside);
            figures.put(Figure.CONNECTION_HEAP, heap);
            figures.put(Figure.CONNECTION_NATIVE, outside);
            figures.put(Figure.RESIDENT, server.usage().residentBytes() / MIB);
            return figures;
        }
    }
}
