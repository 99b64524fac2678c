package dev.pumasi.lab;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * {@code multiplexers}: select, poll, epoll and io_uring with more and more connections that lie idle (S19). A few are busy; what varies is
 * how many others the kernel must look after meanwhile.
 *
 * <p>The servers share one processor and take turns in an order that is reversed in the second pass, so that a drift of the machine cancels out.
 * Whoever is last in the first pass is first in the second, and keeps his idle connections in between: to open and to end twenty thousand of them takes
 * longer than to measure.
 */
final class MultiplexersScenario implements Scenario {

    private static final List<String> DRIVERS = List.of("select", "poll", "epoll", "io_uring");

    /** {@code FD_SETSIZE} is 1024, and a server has some descriptors besides connections. */
    private static final int SELECT_IDLE_MAX = 900;

    private static final int BUSY = 8;
    private static final int PASSES = 2;

    /** For what servers need besides, when they have grown. */
    private static final int DESCRIPTORS_SPARED = 16;

    private static final long SETTLE_NANOS_MAX = 5_000_000_000L;
    private static final long LOOK_MILLIS = 30;
    private static final double QUIET_MICROS = 1_500;

    static final Quantity CPU = new Quantity("cpu_per_request", "µs");
    static final Quantity RATE = new Quantity("requests_per_second", "requests/s");

    @Override
    public String name() {
        return "multiplexers";
    }

    @Override
    public String question() {
        return "What do idle connections cost an event loop?";
    }

    @Override
    public String explains() {
        return "An event loop asks the kernel which of its connections have something to read. With select and poll it hands over the whole list each"
                + " time, and the kernel walks through it; epoll and io_uring keep the list in the kernel. Here eight connections are busy, and ten to twenty"
                + " thousand others are open and say nothing.";
    }

    @Override
    public List<String> rows() {
        return List.of("S19");
    }

    @Override
    public void run(Bench bench, Findings findings) throws LabException, StoppedException, InterruptedException {
        List<ServerProcess> servers = new ArrayList<>();
        bench.processors().keepGenerator(true);
        try {
            start(bench, findings, servers);
            for (int count : counts(bench, findings, servers)) {
                List<ServerProcess> able = servers.stream()
                        .filter(server -> isAble(server, count, findings))
                        .toList();
                if (able.isEmpty()) {
                    continue;
                }
                int first = Math.ceilDiv(bench.effort().rounds(), PASSES);
                int second = bench.effort().rounds() - first;
                List<ServerProcess> others = new ArrayList<>(able.subList(0, able.size() - 1));
                bench.tell("multiplexers: %,d idle connections, pass 1 of %d", count, PASSES);
                for (ServerProcess server : others) {
                    measure(bench, findings, server, count, first);
                }
                bench.tell("multiplexers: %,d idle connections, pass 2 of %d", count, PASSES);
                measure(bench, findings, able.getLast(), count, first + second);
                Collections.reverse(others);
                for (ServerProcess server : others) {
                    measure(bench, findings, server, count, second);
                }
            }
        } finally {
            ServerProcess.closeAll(servers);
            bench.processors().keepGenerator(false);
            draw(findings);
        }
    }

    private static void start(Bench bench, Findings findings, List<ServerProcess> servers)
            throws LabException, StoppedException, InterruptedException {
        for (String driver : DRIVERS) {
            bench.goOn();
            List<String> words = new ArrayList<>(List.of("--model", "event-loop", "--loops", "1", "--app", "hello"));
            words.addAll(List.of("--driver", driver));
            try {
                servers.add(bench.serve(driver, words));
            } catch (LabException refused) {
                findings.remark("%s is left out: %s", driver, String.valueOf(refused.getMessage()));
            }
        }
        for (ServerProcess server : servers) {
            bench.tell("multiplexers: warming %s", server.name());
            LoadResult _ = load(bench, server, bench.effort().warmup(), new ProcessUsage[2]);
        }
    }

    private static boolean isAble(ServerProcess server, int count, Findings findings) {
        boolean able = !server.name().equals("select") || count <= SELECT_IDLE_MAX;
        if (!able) {
            findings.remark(
                    "select cannot watch a descriptor beyond 1,023, so it takes part up to %,d idle connections.",
                    SELECT_IDLE_MAX);
        }
        return able;
    }

    /** As many as servers have descriptors for: this process has helpers for what it cannot open itself. */
    private static List<Integer> counts(Bench bench, Findings findings, List<ServerProcess> servers) {
        OptionalLong left = servers.stream()
                .map(server -> Descriptors.left(server.pid()))
                .filter(OptionalLong::isPresent)
                .mapToLong(OptionalLong::getAsLong)
                .min();
        int most = left.isPresent()
                ? (int) Math.clamp(left.getAsLong() - BUSY - DESCRIPTORS_SPARED, 1, Integer.MAX_VALUE)
                : Integer.MAX_VALUE;
        List<Integer> counts = new ArrayList<>();
        for (int count : bench.effort().idleConnections()) {
            int possible = Math.min(count, most);
            if (possible < count) {
                findings.remark(
                        "A process may open %,d descriptors here at most (the hard limit of ulimit -n), a connection is one, and a server needs some besides: so"
                                + " there are %,d idle connections at most, and not %,d.",
                        Descriptors.hardLimit().orElse(0), most, count);
            }
            if (!counts.contains(possible)) {
                counts.add(possible);
            }
        }
        return counts;
    }

    private static void measure(Bench bench, Findings findings, ServerProcess server, int count, int rounds)
            throws LabException, StoppedException, InterruptedException {
        if (rounds == 0) {
            return; // of a trial's single round
        }
        bench.goOn();
        try (IdleConnections _ = IdleConnections.open(server.port(), count)) {
            settle(bench, server);
            for (int round = 0; round < rounds; round++) {
                ProcessUsage[] used = new ProcessUsage[2];
                LoadResult result = load(bench, server, bench.effort().round(), used);
                if (result.answered() > 0) {
                    findings.add(
                            CPU, server.name(), count, used[1].since(used[0]).totalMicros() / result.answered());
                    findings.add(RATE, server.name(), count, result.rate());
                }
            }
        } catch (LabException refused) {
            if (!server.isAlive()) {
                bench.goOnWithout(refused);
            }
            findings.remark("%s, %,d idle connections: %s", server.name(), count, String.valueOf(refused.getMessage()));
        }
        settle(bench, server);
    }

    private static LoadResult load(Bench bench, ServerProcess server, Duration time, ProcessUsage[] used)
            throws LabException, StoppedException, InterruptedException {
        LoadPlan plan = LoadPlan.to(server.target("/"))
                .connections(BUSY)
                .warmup(Duration.ZERO)
                .duration(time)
                .build();
        try {
            return bench.load(plan, () -> used[0] = server.usage(), () -> used[1] = server.usage());
        } catch (LoadException refused) {
            bench.goOn();
            throw new LabException(server.name() + ": " + refused.getMessage(), refused);
        }
    }

    /** Waits until it has taken in, or let go of, all connections: its processor is that of the others too. */
    private static void settle(Bench bench, ServerProcess server)
            throws LabException, StoppedException, InterruptedException {
        long deadlineNanos = System.nanoTime() + SETTLE_NANOS_MAX;
        double micros = Double.MAX_VALUE;
        while (micros > QUIET_MICROS && System.nanoTime() - deadlineNanos < 0) {
            bench.goOn();
            ProcessUsage before = server.usage();
            Thread.sleep(LOOK_MILLIS);
            micros = server.usage().since(before).totalMicros();
        }
    }

    private static void draw(Findings findings) {
        List<Plot.Curve> cpu = curves(findings, CPU);
        if (cpu.isEmpty()) {
            return;
        }
        double most = cpu.stream()
                .flatMap(curve -> curve.points().stream())
                .mapToDouble(Plot.Point::at)
                .max()
                .orElse(0);
        Spread poll = findings.spread(CPU, "poll", most);
        Spread epoll = findings.spread(CPU, "epoll", most);
        Spread uring = findings.spread(CPU, "io_uring", most);
        findings.plot(new Plot.Curves(
                "processor-time",
                "Processor time for one request, with more and more connections that lie idle",
                String.format(
                        Locale.ROOT,
                        "Lower is better. With %,.0f idle connections a request costs %,.0f µs with poll, %.1f µs with epoll and %.1f µs with io_uring: only where the"
                                + " kernel keeps the list are idle connections free.",
                        most,
                        poll.median(),
                        epoll.median(),
                        uring.median()),
                "idle connections",
                "processor time per request, µs",
                true,
                cpu));
        findings.plot(new Plot.Curves(
                "throughput",
                "Throughput of eight busy connections beside them",
                "Higher is better. The same seen from the other side: what poll spends on its list is missing for answers.",
                "idle connections",
                "requests per second",
                false,
                curves(findings, RATE)));
        if (!epoll.rounds().isEmpty() && !uring.rounds().isEmpty()) {
            findings.verdict(
                    "Processor time per request with %,.0f idle connections, epoll against io_uring: %s.",
                    most, Comparison.of(epoll, uring).inWords());
        }
        table(findings, cpu);
    }

    private static void table(Findings findings, List<Plot.Curve> curves) {
        List<Double> places = curves.stream()
                .flatMap(curve -> curve.points().stream())
                .map(Plot.Point::at)
                .distinct()
                .sorted()
                .toList();
        List<String> head = new ArrayList<>(List.of("CPU µs/request, idle connections"));
        places.forEach(at -> head.add(String.format(Locale.ROOT, "%,.0f", at)));
        List<List<String>> rows = new ArrayList<>();
        for (Plot.Curve curve : curves) {
            List<String> row = new ArrayList<>(List.of(curve.name()));
            for (double at : places) {
                Spread spread = findings.spread(CPU, curve.name(), at);
                row.add(spread.rounds().isEmpty() ? "–" : PlotTable.shown(spread.median()));
            }
            rows.add(row);
        }
        findings.table(head, rows);
    }

    private static List<Plot.Curve> curves(Findings findings, Quantity quantity) {
        return DRIVERS.stream()
                .map(driver -> findings.curve(quantity, driver, (_, _) -> false))
                .filter(curve -> !curve.points().isEmpty())
                .toList();
    }
}
