package dev.pumasi.lab;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * {@code models}: one handler under every concurrency model, by {@code pumasi serve --model M}; what differs is the model.
 *
 * <p>All servers are up at the same time and take turns, round by round, so that whatever else the machine does meets all of them. Three
 * things are measured: an ordinary handler on connections that are kept; the same with a connection for each request, which is the experiment
 * of Stevens (<i>UNIX Network Programming</i>, volume 1, chapter 30): the processor time of the iterative server, which has no control over
 * processes or threads at all, is subtracted from that of each other one, and what is left is the cost of the model itself; and a handler that
 * waits, as most handlers do.
 */
final class ModelsScenario implements Scenario {

    static final List<String> MODELS = List.of(
            "iterative", "threaded", "prethreaded", "event-loop", "worker-pool", "green", "preforked", "forking");

    private static final String ITERATIVE = "iterative";
    private static final String FORKING = "forking";

    /** A process for each connection, each of them a fresh JVM: a connection that lives for a round is mostly its start. */
    private static final int FORKING_CONNECTIONS = 1;

    private static final int WARMUP_CONNECTIONS = 16;
    private static final int NEW_CONNECTIONS = 4;
    private static final int WAIT_MILLIS = 10;

    /** More than that are not asked of the handler that waits: where one waits for all, the last would wait for longer than a round. */
    private static final int WAIT_CONNECTIONS_MAX = 128;

    /** The waiting sets the rate, so rounds hardly differ, and no test is asked whether two of these figures do. */
    private static final int WAIT_ROUNDS_MAX = 3;

    private static final double MIB = 1024 * 1024;
    private static final double NANOS_PER_MILLI = 1e6;

    static final Quantity RATE = new Quantity("requests_per_second", "requests/s");
    static final Quantity CPU = new Quantity("cpu_per_request", "µs");
    static final Quantity P50 = new Quantity("latency_p50", "ms");
    static final Quantity P99 = new Quantity("latency_p99", "ms");
    static final Quantity MEMORY = new Quantity("resident_memory", "MiB");
    static final Quantity SWITCHES = new Quantity("context_switches_per_request", "");
    static final Quantity CONNECTION_CPU = new Quantity("cpu_per_connection_with_one_request", "µs");
    static final Quantity WAITING_RATE = new Quantity("requests_per_second_of_a_handler_that_waits", "requests/s");

    /** How often the generator was the limit, of all rounds at a place. */
    private final Map<String, Integer> doubtful = new HashMap<>();

    @Override
    public String name() {
        return "models";
    }

    @Override
    public String question() {
        return "What does each concurrency model cost?";
    }

    @Override
    public String explains() {
        return "A server must look after many connections at once. It can give each of them a process or a thread, or look after all of them with"
                + " one thread that never waits (an event loop), with or without green threads on top. Here the same handler runs under"
                + " each of these models, and a load generator asks it as fast as it answers, over more and more connections. What the names mean is said at the"
                + " end of this page.";
    }

    @Override
    public List<String> rows() {
        return List.of("S13", "S14", "S15", "S16", "S17", "S18", "S19", "S20", "S22", "N4");
    }

    @Override
    public void run(Bench bench, Findings findings) throws LabException, StoppedException, InterruptedException {
        bench.processors().keepGenerator(true);
        try {
            try (Servers servers = new Servers(bench, findings, handler(bench), MODELS)) {
                servers.warm(bench.plan().path());
                kept(bench, findings, servers);
                newEach(bench, findings, servers);
            }
            if (bench.plan().application().isEmpty()) {
                waiting(bench, findings);
            }
        } finally {
            bench.processors().keepGenerator(false);
            new ModelsPlots(
                            findings,
                            (subject, at) -> isDoubtful(
                                    subject,
                                    at,
                                    findings.spread(RATE, subject, at).rounds().size()))
                    .draw(bench);
        }
    }

    /** In half of the rounds, or more. */
    private boolean isDoubtful(String subject, double at, int rounds) {
        return 2 * doubtful.getOrDefault(subject + "@" + at, 0) >= Math.max(1, rounds);
    }

    // ------------------------------------------------------------------------------------------- the three experiments

    private void kept(Bench bench, Findings findings, Servers servers)
            throws LabException, StoppedException, InterruptedException {
        for (int count : bench.effort().connections()) {
            for (int round = 1; round <= bench.effort().rounds(); round++) {
                bench.tell(
                        "models: %d connection%s, round %d of %d",
                        count, count == 1 ? "" : "s", round, bench.effort().rounds());
                for (ServerProcess server : servers.keeping()) {
                    measureKept(bench, findings, servers, server, count);
                }
            }
        }
    }

    private void measureKept(Bench bench, Findings findings, Servers servers, ServerProcess server, int count)
            throws LabException, StoppedException, InterruptedException {
        Taken taken = servers.take(
                server,
                plan(bench, server, bench.plan().path()).connections(count).build());
        if (!taken.isAnswered()) {
            return;
        }
        LoadResult result = taken.result;
        if (result.isSaturated()) {
            doubtful.merge(server.name() + "@" + (double) count, 1, Integer::sum);
        }
        String name = server.name();
        findings.add(RATE, name, count, result.rate());
        findings.add(CPU, name, count, taken.cpuMicros());
        findings.add(P50, name, count, result.response().p50Nanos() / NANOS_PER_MILLI);
        findings.add(P99, name, count, result.response().p99Nanos() / NANOS_PER_MILLI);
        findings.add(MEMORY, name, count, taken.after.residentBytes() / MIB);
        findings.add(SWITCHES, name, count, (double) taken.used().switches() / result.answered());
    }

    private static void newEach(Bench bench, Findings findings, Servers servers)
            throws LabException, StoppedException, InterruptedException {
        for (int round = 1; round <= bench.effort().rounds(); round++) {
            bench.tell(
                    "models: a connection for each request, round %d of %d",
                    round, bench.effort().rounds());
            for (ServerProcess server : servers.running) {
                boolean forks = server.name().equals(FORKING);
                Taken taken = servers.take(
                        server,
                        plan(bench, server, bench.plan().path())
                                .connections(forks ? FORKING_CONNECTIONS : NEW_CONNECTIONS)
                                .newConnections()
                                .build());
                if (taken.isAnswered()) {
                    findings.add(CONNECTION_CPU, server.name(), Double.NaN, taken.cpuMicros());
                }
            }
        }
    }

    private static void waiting(Bench bench, Findings findings)
            throws LabException, StoppedException, InterruptedException {
        List<String> models =
                MODELS.stream().filter(model -> !model.equals(FORKING)).toList();
        List<String> words = List.of("--app", "wait", "--set", "millis=" + WAIT_MILLIS);
        try (Servers servers = new Servers(bench, findings, words, models)) {
            servers.warm("/");
            for (int count : bench.effort().connections()) {
                if (count > WAIT_CONNECTIONS_MAX) {
                    continue;
                }
                int rounds = Math.min(WAIT_ROUNDS_MAX, bench.effort().rounds());
                for (int round = 1; round <= rounds; round++) {
                    bench.tell(
                            "models: a handler that waits, %d connection%s, round %d of %d",
                            count, count == 1 ? "" : "s", round, rounds);
                    for (ServerProcess server : servers.keeping()) {
                        Taken taken = servers.take(
                                server,
                                plan(bench, server, "/").connections(count).build());
                        if (taken.isAnswered()) {
                            findings.add(WAITING_RATE, server.name(), count, taken.result.rate());
                        }
                    }
                }
            }
        }
    }

    private static List<String> handler(Bench bench) {
        List<String> own = bench.plan().application();
        return own.isEmpty() ? List.of("--app", "hello") : own;
    }

    private static LoadPlan.Builder plan(Bench bench, ServerProcess server, String path) throws LabException {
        return LoadPlan.to(server.target(path))
                .warmup(java.time.Duration.ZERO)
                .duration(bench.effort().round());
    }

    // ------------------------------------------------------------------------------------------- servers and turns

    /** What one server did in one round. */
    private record Taken(LoadResult result, ProcessUsage before, ProcessUsage after) {

        boolean isAnswered() {
            return result.answered() > 0;
        }

        ProcessUsage.Interval used() {
            return after.since(before);
        }

        double cpuMicros() {
            return used().totalMicros() / result.answered();
        }
    }

    /** One server for each model that can serve this; who fails is told and left out, and the others go on. */
    private static final class Servers implements AutoCloseable {

        private final Bench bench;
        private final Findings findings;
        private final List<ServerProcess> running = new ArrayList<>();

        Servers(Bench bench, Findings findings, List<String> words, List<String> models)
                throws LabException, StoppedException, InterruptedException {
            this.bench = bench;
            this.findings = findings;
            try {
                for (String model : models) {
                    bench.goOn();
                    start(model, words);
                }
            } catch (StoppedException | InterruptedException | RuntimeException ended) {
                close();
                throw ended;
            }
            if (running.isEmpty()) {
                throw new LabException("no model could serve it; " + String.join(" ", findings.remarks()));
            }
        }

        private void start(String model, List<String> words) throws InterruptedException {
            List<String> all = new ArrayList<>(List.of("--model", model));
            if (model.equals("preforked") && bench.processors().areApart()) {
                all.addAll(List.of("--workers", "1"));
            }
            all.addAll(words);
            try {
                running.add(bench.serve(model, all));
            } catch (LabException refused) {
                findings.remark("%s is left out: %s", model, String.valueOf(refused.getMessage()));
            }
        }

        /** Those that can be asked on connections that are kept. */
        List<ServerProcess> keeping() {
            return running.stream()
                    .filter(server -> !server.name().equals(FORKING))
                    .toList();
        }

        void warm(String path) throws LabException, StoppedException, InterruptedException {
            for (ServerProcess server : keeping()) {
                bench.tell("models: warming %s", server.name());
                take(
                        server,
                        LoadPlan.to(server.target(path))
                                .connections(WARMUP_CONNECTIONS)
                                .warmup(java.time.Duration.ZERO)
                                .duration(bench.effort().warmup())
                                .build());
            }
        }

        Taken take(ServerProcess server, LoadPlan plan) throws LabException, StoppedException, InterruptedException {
            ProcessUsage[] used = new ProcessUsage[2];
            try {
                LoadResult result = bench.load(plan, () -> used[0] = server.usage(), () -> used[1] = server.usage());
                tellErrors(server, result);
                return new Taken(result, used[0], used[1]);
            } catch (LoadException refused) {
                bench.goOn();
                throw new LabException(server.name() + ": " + refused.getMessage(), refused);
            } catch (LabException ended) {
                bench.goOnWithout(ended);
                throw ended;
            }
        }

        private void tellErrors(ServerProcess server, LoadResult result) {
            if (result.errorCount() > 0) {
                String kinds = new TreeMap<>(result.errors())
                        .entrySet().stream()
                                .filter(entry -> entry.getValue() > 0)
                                .map(entry -> entry.getKey().label())
                                .collect(Collectors.joining(", "));
                findings.remark(
                        "%s: in some rounds requests failed (%s); only right answers are counted",
                        server.name(), kinds);
            }
        }

        @Override
        public void close() {
            ServerProcess.closeAll(running);
        }
    }

    /** The medians of everybody there, from the smallest. */
    static Map<String, Double> ranking(Findings findings, Quantity quantity, double at) {
        Map<String, Double> medians = new LinkedHashMap<>();
        MODELS.stream()
                .filter(model -> !findings.spread(quantity, model, at).rounds().isEmpty())
                .sorted((one, other) -> Double.compare(
                        findings.spread(quantity, one, at).median(),
                        findings.spread(quantity, other, at).median()))
                .forEach(model ->
                        medians.put(model, findings.spread(quantity, model, at).median()));
        return medians;
    }

    static boolean isBaseline(String model) {
        return model.equals(ITERATIVE);
    }

    static boolean isForking(String model) {
        return model.equals(FORKING);
    }
}
