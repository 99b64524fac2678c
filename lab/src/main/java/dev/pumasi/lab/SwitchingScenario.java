package dev.pumasi.lab;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** {@code switching}: what a process, a thread and a green thread cost (S22), by {@code examples/run costs}. */
final class SwitchingScenario implements Scenario {

    static final Quantity MEMORY = new Quantity("memory_of_one_more", "KiB");
    static final Quantity HELD = new Quantity("held_at_the_same_time", "");
    static final Quantity HAND_OVER = new Quantity("hand_over", "ns");
    static final Quantity SWITCHES = new Quantity("kernel_context_switches_per_hand_over", "");

    private static final double KIB = 1024;

    private final Set<String> tasks = new LinkedHashSet<>();
    private final Set<String> games = new LinkedHashSet<>();
    private final List<String> limits = new ArrayList<>();
    private final List<List<String>> rows = new ArrayList<>();

    @Override
    public String name() {
        return "switching";
    }

    @Override
    public String question() {
        return "What does one more process, thread or green thread cost?";
    }

    @Override
    public String explains() {
        return "Whoever does several things at once by having several of something pays for each: with memory while it waits, and with time whenever"
                + " one stops and another goes on. A process is switched by the kernel and has memory of its own; a thread is switched by the kernel; a"
                + " green thread is switched by the program itself.";
    }

    @Override
    public List<String> rows() {
        return List.of("S22");
    }

    @Override
    public void run(Bench bench, Findings findings) throws LabException, StoppedException, InterruptedException {
        bench.tell("switching: processes, threads and green threads are made and switched");
        Child example =
                bench.example("costs", "--json", String.valueOf(bench.effort().repetitions()));
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
        switch (line.text("kind")) {
            case "held" -> {
                String task = line.text("task");
                tasks.add(task);
                findings.add(MEMORY, task, Double.NaN, line.number("bytesEach") / KIB);
                findings.add(HELD, task, Double.NaN, line.number("count"));
                rows.add(List.of(
                        task,
                        PlotTable.shown(line.number("bytesEach") / KIB) + " KiB",
                        String.format(
                                Locale.ROOT,
                                "%,.0f held; stopped by %s",
                                line.number("count"),
                                line.text("stoppedBy"))));
            }
            case "handOver" -> {
                String between = line.text("between");
                games.add(between);
                findings.add(HAND_OVER, between, Double.NaN, line.number("nanos"));
                findings.add(SWITCHES, between, Double.NaN, line.number("kernelSwitches"));
            }
            case "limit" -> limits.add(line.text("of") + ": " + line.text("is"));
            default -> {} // a later version of the example may say more
        }
    }

    private void draw(Findings findings) {
        if (!tasks.isEmpty()) {
            findings.plot(new Plot.Bars(
                    "memory",
                    "Memory of one more that waits",
                    "Lower is better; each step of the axis is ten times as much. A green thread that waits takes about as much as a page of text, a thread"
                            + " twenty times that or more, and a process with a Java machine in it thousands of times.",
                    "KiB each",
                    true,
                    bars(findings, tasks, MEMORY)));
            findings.plot(new Plot.Bars(
                    "held",
                    "How many were held at the same time",
                    "What stopped it is in the table above: its own modest number, or a limit of this machine. Nothing was driven until it breaks.",
                    "held",
                    true,
                    bars(findings, tasks, HELD)));
        }
        if (!games.isEmpty()) {
            findings.plot(new Plot.Bars(
                    "hand-over",
                    "Time to hand over from one to another",
                    "Lower is better; each step of the axis is ten times as much. Two of a kind wake each other in turn, and this is one way of it."
                            + " Between green threads of one loop the kernel is not asked at all.",
                    "nanoseconds",
                    true,
                    bars(findings, games, HAND_OVER)));
            for (String game : games) {
                rows.add(List.of(
                        "hand-over: " + game,
                        PlotTable.shown(findings.spread(HAND_OVER, game, Double.NaN)
                                        .median()) + " ns",
                        String.format(
                                Locale.ROOT,
                                "%.2f context switches of the kernel",
                                findings.spread(SWITCHES, game, Double.NaN).median())));
            }
        }
        findings.table(List.of("one more", "costs", "what was seen"), rows);
        if (!limits.isEmpty()) {
            findings.remark("What would refuse beyond, on this machine: %s.", String.join("; ", limits));
        }
    }

    private static List<Plot.Bar> bars(Findings findings, Set<String> names, Quantity quantity) {
        return names.stream()
                .map(name -> new Plot.Bar(name, findings.spread(quantity, name, Double.NaN)))
                .toList();
    }
}
