package dev.pumasi.lab;

import dev.pumasi.runtime.RecordedEvent;
import dev.pumasi.runtime.RecordingSocket;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;

/**
 * {@code blocking}: the hazard of green threads and its cures, and what a neighbour on the same loop feels of each (S06, S18, S21), by {@code
 * examples/run neighbours}. The server is recorded while it is asked, as by {@code pumasi trace}.
 */
final class BlockingScenario implements Scenario {

    private static final Map<String, String> WAYS = new LinkedHashMap<>();

    static {
        WAYS.put("blocking", "the handler blocks the loop's thread");
        WAYS.put("offload", "a thread of a pool blocks instead");
        WAYS.put("loop", "an operation of the loop (io_uring)");
    }

    private static final List<String> KINDS = List.of(
            "a neighbour waits for its answer",
            "a green thread waits",
            "the loop's thread is taken",
            "a green thread runs",
            "a thread of the pool is taken");
    private static final int NEIGHBOUR = 0;
    private static final int PARKED = 1;
    private static final int LOOP = 2;
    private static final int GREEN = 3;
    private static final int POOL = 4;
    private static final int GREEN_LANES_MAX = 3;

    private static final long WINDOW_NANOS = 450_000_000;
    private static final long HANDLER_AT_NANOS = 100_000_000;
    private static final long LEAD_NANOS = 50_000_000;

    /** Longer where a recording has to begin first: it is there from the left end of the picture on. */
    private static final long RECORDED_LEAD_NANOS = 200_000_000;

    private static final long NANOS_PER_MILLI = 1_000_000;

    static final Quantity LONGEST = new Quantity("longest_wait_of_a_neighbour", "ms");
    static final Quantity USUAL = new Quantity("median_wait_of_a_neighbour", "ms");
    static final Quantity OWN = new Quantity("answer_of_the_handler_itself", "ms");

    @Override
    public String name() {
        return "blocking";
    }

    @Override
    public String question() {
        return "What do others feel when one green thread blocks?";
    }

    @Override
    public String explains() {
        return "Many green threads share one thread of the system, their loop. If one of them makes a call that blocks in the kernel, all others"
                + " stand still: this is their one hazard. Here a handler asks another program, which takes 200 ms, in three ways; and a neighbour on the same"
                + " loop asks for something that takes no time, every 5 ms.";
    }

    @Override
    public List<String> rows() {
        return List.of("S06", "S18", "S21", "N1");
    }

    /** What one round showed; without events if it was not recorded. */
    private record Round(long beginNanos, List<Neighbour.Asked> asked, double ownMillis, List<RecordedEvent> events) {}

    @Override
    public void run(Bench bench, Findings findings) throws LabException, StoppedException, InterruptedException {
        Child example = bench.example("neighbours", "--json");
        Map<String, Round> recorded = new LinkedHashMap<>();
        try {
            var first = bench.line(example);
            if (first.isEmpty()) {
                bench.goOnWithout(example.ended());
                return;
            }
            int port = (int) first.get().number("port");
            for (String way : WAYS.keySet()) {
                // Loaded and linked now, with what records: the first recording of a server begins some hundred
                // milliseconds late.
                Round _ = round(example, port, way, way.equals("blocking"));
            }
            for (int number = 1; number <= bench.effort().repetitions(); number++) {
                bench.tell(
                        "blocking: three ways to wait, round %d of %d",
                        number, bench.effort().repetitions());
                int recordedNumber = 0;
                for (String way : WAYS.keySet()) {
                    // One of them in each round: the server needs a moment before it can be recorded again.
                    Round round = round(example, port, way, ++recordedNumber == number);
                    bench.goOn();
                    take(round, WAYS.getOrDefault(way, way), findings);
                    if (recordedNumber == number) {
                        recorded.put(way, round);
                    }
                }
            }
        } finally {
            bench.end(example);
            draw(recorded, findings);
        }
    }

    private static Round round(Child server, int port, String way, boolean isRecorded)
            throws LabException, InterruptedException {
        long leadNanos = isRecorded ? RECORDED_LEAD_NANOS : LEAD_NANOS;
        long beginNanos = System.nanoTime() + leadNanos;
        FutureTask<List<Neighbour.Asked>> neighbour =
                new FutureTask<>(new Neighbour(port, beginNanos, beginNanos + WINDOW_NANOS));
        FutureTask<Double> handler = new FutureTask<>(() -> {
            long untilNanos = beginNanos + HANDLER_AT_NANOS;
            for (long left = untilNanos - System.nanoTime(); left > 0; left = untilNanos - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            return Neighbour.askOnceMillis(port, "/" + way);
        });
        FutureTask<List<RecordedEvent>> recording = new FutureTask<>(() -> isRecorded
                ? RecordingSocket.record(server.handle(), Duration.ofNanos(WINDOW_NANOS + leadNanos + LEAD_NANOS))
                        .events()
                : List.of());
        Thread.ofPlatform().daemon().name("pumasi-lab-recording").start(recording);
        Thread.ofPlatform().daemon().name("pumasi-lab-neighbour").start(neighbour);
        Thread.ofPlatform().daemon().name("pumasi-lab-handler").start(handler);
        try {
            return new Round(beginNanos, neighbour.get(), handler.get(), recording.get());
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof IOException refused) {
                throw new LabException(way + ": " + refused.getMessage(), refused);
            }
            throw new IllegalStateException(failed.getCause());
        }
    }

    private static void take(Round round, String name, Findings findings) {
        List<Double> waits =
                round.asked.stream().map(Neighbour.Asked::waitedMillis).sorted().toList();
        findings.add(LONGEST, name, Double.NaN, waits.getLast());
        findings.add(USUAL, name, Double.NaN, waits.get(waits.size() / 2));
        findings.add(OWN, name, Double.NaN, round.ownMillis);
    }

    private static void draw(Map<String, Round> recorded, Findings findings) {
        List<Plot.Bar> bars = new ArrayList<>();
        List<List<String>> rows = new ArrayList<>();
        for (String name : WAYS.values()) {
            Spread longest = findings.spread(LONGEST, name, Double.NaN);
            if (!longest.rounds().isEmpty()) {
                bars.add(new Plot.Bar(name, longest));
                rows.add(List.of(
                        name,
                        PlotTable.shown(longest.median()),
                        PlotTable.shown(findings.spread(USUAL, name, Double.NaN).median()),
                        PlotTable.shown(findings.spread(OWN, name, Double.NaN).median())));
            }
        }
        if (bars.isEmpty()) {
            return;
        }
        findings.table(
                List.of(
                        "how the handler waits",
                        "a neighbour waits at most, ms",
                        "as a rule, ms",
                        "the handler's own answer, ms"),
                rows);
        findings.plot(new Plot.Bars(
                "longest-wait",
                "The longest that a neighbour waits",
                String.format(
                        Locale.ROOT,
                        "Lower is better; each step of the axis is ten times as much. When the handler blocks, a neighbour waits for up to %.0f ms, though its"
                                + " own answer takes no time.",
                        bars.getFirst().spread().median()),
                "milliseconds",
                true,
                bars));
        recorded.forEach((way, round) -> findings.plot(lanes(way, round)));
        for (Plot.Bar bar : bars.subList(1, bars.size())) {
            findings.verdict(
                    "Longest wait of a neighbour, \"%s\" against \"%s\": %s.",
                    bars.getFirst().name(),
                    bar.name(),
                    Comparison.of(bars.getFirst().spread(), bar.spread()).inWords());
        }
    }

    private static Plot.Lanes lanes(String way, Round round) {
        List<Plot.Lane> lanes = new ArrayList<>();
        lanes.add(new Plot.Lane(
                "neighbour",
                round.asked.stream()
                        .map(asked -> new Plot.Stretch(
                                millis(round, asked.sentNanos()), millis(round, asked.answeredNanos()), NEIGHBOUR, ""))
                        .toList()));
        int greens = 0;
        for (Timeline.Lane lane : Timeline.of(round.events).lanes()) {
            List<Plot.Stretch> stretches = new ArrayList<>();
            for (Timeline.Span span : lane.spans()) {
                int kind = kind(lane.kind(), span.state());
                double from = Math.max(0, millis(round, span.fromNanos()));
                double to = Math.min(WINDOW_NANOS / (double) NANOS_PER_MILLI, millis(round, span.toNanos()));
                if (kind >= 0 && to > from) {
                    stretches.add(new Plot.Stretch(from, to, kind, kind == PARKED ? "waits: " + span.what() : ""));
                }
            }
            boolean isGreen = lane.kind() == Timeline.Kind.GREEN_THREAD;
            if (!stretches.isEmpty() && (!isGreen || ++greens <= GREEN_LANES_MAX)) {
                lanes.add(new Plot.Lane(named(lane.kind(), greens), List.copyOf(stretches)));
            }
        }
        return new Plot.Lanes(
                "timeline-" + way,
                "As it happened: " + WAYS.get(way),
                switch (way) {
                    case "blocking" ->
                        "The handler begins at 100 ms. From then on the loop's thread is taken, and the neighbour's next request waits until it is free:"
                                + " the long bar in the first line.";
                    case "offload" ->
                        "The handler's green thread waits, and a thread of the pool is taken instead. The neighbour notices nothing; each such wait costs a"
                                + " thread.";
                    default ->
                        "The handler's green thread waits, the kernel tells the loop when there is something to read, and no thread is taken at all.";
                },
                KINDS,
                lanes);
    }

    private static String named(Timeline.Kind lane, int green) {
        return switch (lane) {
            case LOOP -> "the loop's thread";
            case GREEN_THREAD -> green == 1 ? "green thread" : "another green thread";
            case POOL_THREAD -> "thread of the pool";
            case SPAN, OFFLOAD -> "";
        };
    }

    private static double millis(Round round, long nanos) {
        return (nanos - round.beginNanos) / (double) NANOS_PER_MILLI;
    }

    /** Which kind of stretch it is; −1 for what is not drawn: a loop that sleeps, work that queues. */
    private static int kind(Timeline.Kind lane, Timeline.State state) {
        return switch (lane) {
            case LOOP -> state == Timeline.State.RUNNING ? LOOP : -1;
            case GREEN_THREAD -> state == Timeline.State.RUNNING ? GREEN : PARKED;
            case POOL_THREAD -> POOL;
            case SPAN, OFFLOAD -> -1;
        };
    }
}
