package dev.pumasi.lab;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** {@code io-matrix}: the four quadrants (S07) and the ways to learn of completion (S08), by {@code examples/run quadrants}. */
final class IoMatrixScenario implements Scenario {

    static final Quantity CALLS = new Quantity("calls_of_the_kernel", "calls");
    static final Quantity CPU = new Quantity("cpu", "ms");
    static final Quantity IDLE = new Quantity("idle", "ms");
    static final Quantity UNREAD = new Quantity("data_lay_unread", "ms");
    static final Quantity WORK = new Quantity("other_work_done", "pieces");
    static final Quantity LATE = new Quantity("learnt_late_by", "ms");

    private final Set<String> quadrants = new LinkedHashSet<>();
    private final Set<String> ways = new LinkedHashSet<>();

    @Override
    public String name() {
        return "io-matrix";
    }

    @Override
    public String question() {
        return "Synchronous or not, blocking or not: what does one thread pay to receive?";
    }

    @Override
    public String explains() {
        return "One thread receives from three peers that speak at different times. Blocking or non-blocking says whether a call returns at once;"
                + " synchronous or asynchronous says who sees to it that it gets done: the caller, or somebody who then tells the caller. All four"
                + " combinations receive the same twelve messages.";
    }

    @Override
    public List<String> rows() {
        return List.of("S07", "S08");
    }

    @Override
    public void run(Bench bench, Findings findings) throws LabException, StoppedException, InterruptedException {
        bench.tell("io-matrix: four quadrants, %d rounds", bench.effort().repetitions());
        Child example = bench.example(
                "quadrants", "--json", String.valueOf(bench.effort().repetitions()));
        try {
            for (var line = bench.line(example); line.isPresent(); line = bench.line(example)) {
                take(line.get(), findings);
            }
            if (findings.figures().isEmpty()) {
                bench.goOnWithout(example.ended());
            }
        } finally {
            bench.end(example);
            draw(findings);
        }
    }

    private void take(JsonLine line, Findings findings) throws LabException {
        String name = line.text("name");
        boolean isQuadrant = line.text("kind").equals("quadrant");
        (isQuadrant ? quadrants : ways).add(name);
        findings.add(CALLS, name, Double.NaN, line.number("kernelCalls"));
        findings.add(CPU, name, Double.NaN, line.number("cpuMillis"));
        findings.add(IDLE, name, Double.NaN, line.number("idleMillis"));
        if (isQuadrant) {
            findings.add(UNREAD, name, Double.NaN, line.number("unreadMillis"));
            findings.add(WORK, name, Double.NaN, line.number("workPieces"));
        } else {
            findings.add(LATE, name, Double.NaN, line.number("lateMillis"));
        }
    }

    private void draw(Findings findings) {
        if (quadrants.isEmpty()) {
            return;
        }
        bars(
                findings,
                quadrants,
                "processor-time",
                "Processor time that the thread used",
                "Lower is better, unless it is used for something. Asking again and again keeps a processor busy with questions; the asynchronous,"
                        + " non-blocking thread is as busy, but with other work (next plot but one).",
                CPU,
                "milliseconds of processor time",
                false);
        bars(
                findings,
                quadrants,
                "unread",
                "How long a message lay unread",
                "Lower is better. Who blocks for the first peer does not hear the others, though they have spoken long before.",
                UNREAD,
                "milliseconds, in the mean",
                false);
        bars(
                findings,
                quadrants,
                "other-work",
                "Other work done meanwhile",
                "Higher is better. Only the asynchronous, non-blocking thread turns waiting into something useful: this is what it is all for.",
                WORK,
                "pieces of work",
                false);
        bars(
                findings,
                quadrants,
                "kernel-calls",
                "Calls of the kernel",
                "Each call costs a fraction of a microsecond. Twelve messages need about twelve; asking again and again needs very many.",
                CALLS,
                "calls (turns of the loop)",
                true);
        if (!ways.isEmpty()) {
            bars(
                    findings,
                    ways,
                    "ways-processor-time",
                    "Ways to learn that a non-blocking receive is done: processor time",
                    "Lower is better. A check function that is asked all the time burns a processor; asked now and then it is cheap, and late; a"
                            + " notification or a callback costs next to nothing.",
                    CPU,
                    "milliseconds of processor time",
                    false);
            bars(
                    findings,
                    ways,
                    "ways-lateness",
                    "Ways to learn that it is done: how late one learns of it",
                    "Lower is better. Who looks every 4 ms learns of it up to that much later.",
                    LATE,
                    "milliseconds, in the mean",
                    false);
        }
        table(findings);
    }

    private static void bars(
            Findings findings,
            Set<String> names,
            String name,
            String title,
            String says,
            Quantity quantity,
            String unit,
            boolean isLogarithmic) {
        findings.plot(new Plot.Bars(
                name,
                title,
                says,
                unit,
                isLogarithmic,
                names.stream()
                        .map(who -> new Plot.Bar(who, findings.spread(quantity, who, Double.NaN)))
                        .toList()));
    }

    private void table(Findings findings) {
        List<List<String>> rows = new ArrayList<>();
        List<String> all = new ArrayList<>(quadrants);
        all.addAll(ways);
        for (String name : all) {
            rows.add(List.of(
                    name,
                    shown(findings, CALLS, name),
                    shown(findings, CPU, name),
                    shown(findings, IDLE, name),
                    shown(findings, UNREAD, name),
                    shown(findings, WORK, name)));
        }
        findings.table(List.of("way", "kernel calls", "CPU ms", "idle ms", "unread ms", "other work"), rows);
        findings.remark(
                "A call of the kernel is a turn of the loop, which with io_uring is one system call; with other drivers the receive itself comes on top.");
    }

    private static String shown(Findings findings, Quantity quantity, String name) {
        Spread spread = findings.spread(quantity, name, Double.NaN);
        return spread.rounds().isEmpty() ? "–" : String.format(Locale.ROOT, "%s", PlotTable.shown(spread.median()));
    }
}
