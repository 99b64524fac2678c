package dev.pumasi.lab;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/**
 * {@code kitchen}: the notes' dinner (S01) and the two roads to asynchrony (S02) as timelines, by {@code examples/run kitchen} and {@code
 * one-thread}.
 */
final class KitchenScenario implements Scenario {

    private static final List<String> KINDS =
            List.of("busy: needs hands, or a thread", "goes on by itself", "stands and waits: blocked");
    private static final int BUSY = 0;
    private static final int BY_ITSELF = 1;
    private static final int BLOCKED = 2;

    /** Of the figures; the timelines are of the first. */
    private static final int REPETITIONS_MAX = 2;

    static final Quantity TOOK = new Quantity("time_for_all", "ms");
    static final Quantity BLOCKED_TIME = new Quantity("time_cooks_stood_and_waited", "ms");

    @Override
    public String name() {
        return "kitchen";
    }

    @Override
    public String question() {
        return "Why do anything asynchronously? A dinner";
    }

    @Override
    public String explains() {
        return "Soup, rice and spam are to be cooked. Some steps need a cook's hands; in others a pot boils by itself. A cook is a thread: one who"
                + " stands at the pot until it boils is a blocking call. The list of steps is the same every time, a minute takes 20"
                + " milliseconds, and what is drawn was recorded from real threads.";
    }

    @Override
    public List<String> rows() {
        return List.of("S01", "S02");
    }

    /** A step as the example tells it. */
    private record Step(String evening, boolean blocks, String cook, String dish, boolean hands, Plot.Stretch stretch) {

        static Step of(JsonLine line) throws LabException {
            boolean hands = line.flag("hands");
            return new Step(
                    line.text("evening"),
                    line.flag("blocks"),
                    line.text("cook"),
                    line.text("dish"),
                    hands,
                    new Plot.Stretch(
                            line.number("from"),
                            line.number("to"),
                            hands ? BUSY : BY_ITSELF,
                            line.text("dish") + ": " + line.text("step")));
        }
    }

    @Override
    public void run(Bench bench, Findings findings) throws LabException, StoppedException, InterruptedException {
        int repetitions = Math.min(REPETITIONS_MAX, bench.effort().repetitions());
        try {
            for (int repetition = 1; repetition <= repetitions; repetition++) {
                bench.tell("kitchen: the same dinner four ways, evening %d of %d", repetition, repetitions);
                Map<String, List<Step>> evenings = new LinkedHashMap<>();
                for (JsonLine line : bench.linesOf("kitchen", "--json")) {
                    Step step = Step.of(line);
                    evenings.computeIfAbsent(step.evening, _ -> new ArrayList<>())
                            .add(step);
                }
                for (List<Step> evening : evenings.values()) {
                    count(evening, findings);
                    if (repetition == 1) {
                        draw(evening, findings);
                    }
                }
            }
            bench.tell("kitchen: five downloads, by five threads and by one");
            downloads(bench.linesOf("one-thread", "--json"), findings);
        } finally {
            table(findings);
        }
    }

    private static void count(List<Step> evening, Findings findings) {
        String name = evening.getFirst().evening;
        findings.add(TOOK, name, Double.NaN, end(evening));
        findings.add(
                BLOCKED_TIME,
                name,
                Double.NaN,
                evening.stream()
                        .filter(step -> step.blocks && !step.hands)
                        .mapToDouble(step -> step.stretch.millis())
                        .sum());
    }

    private static double end(List<Step> evening) {
        return evening.stream()
                .mapToDouble(step -> step.stretch.toMillis())
                .max()
                .orElse(0);
    }

    private static void draw(List<Step> evening, Findings findings) {
        Step first = evening.getFirst();
        List<Plot.Lane> lanes = new ArrayList<>();
        for (String dish : evening.stream().map(Step::dish).distinct().toList()) {
            lanes.add(new Plot.Lane(
                    dish,
                    evening.stream()
                            .filter(step -> step.dish.equals(dish))
                            .map(Step::stretch)
                            .toList()));
        }
        TreeSet<String> cooks = new TreeSet<>(evening.stream().map(Step::cook).toList());
        for (String cook : cooks) {
            lanes.add(new Plot.Lane(
                    "thread " + cook,
                    evening.stream()
                            .filter(step -> step.cook.equals(cook) && (step.hands || step.blocks))
                            .map(step -> new Plot.Stretch(
                                    step.stretch.fromMillis(),
                                    step.stretch.toMillis(),
                                    step.hands ? BUSY : BLOCKED,
                                    step.stretch.what()))
                            .toList()));
        }
        findings.plot(new Plot.Lanes(
                name(first.blocks, cooks.size()),
                capital(first.evening),
                String.format(
                        Locale.ROOT,
                        "%,.0f ms in all, with %d thread%s. %s",
                        end(evening),
                        cooks.size(),
                        cooks.size() == 1 ? "" : "s",
                        moral(first.blocks, cooks.size())),
                KINDS,
                lanes));
    }

    private static String name(boolean blocks, int cooks) {
        if (blocks) {
            return cooks == 1 ? "in-turn" : "a-cook-for-each";
        }
        return cooks == 1 ? "overlapped" : "overlapped-by-" + cooks;
    }

    private static String moral(boolean blocks, int cooks) {
        if (blocks && cooks == 1) {
            return "The cook stands at each pot until it is done, and nothing else happens meanwhile: this is synchronous.";
        }
        if (blocks) {
            return "A thread for each dish: as fast as the slowest dish, but all of them stand and wait most of the time.";
        }
        return cooks == 1
                ? "The same one cook, who leaves what goes on by itself and turns to the next dish: this is what an event loop does."
                : "Two who do not stand and wait: there is hardly more to gain, because hands are not what is short.";
    }

    private static void downloads(List<JsonLine> lines, Findings findings) throws LabException {
        Map<String, List<JsonLine>> roads = new LinkedHashMap<>();
        for (JsonLine line : lines) {
            roads.computeIfAbsent(line.text("road"), _ -> new ArrayList<>()).add(line);
        }
        List<Plot.Lane> lanes = new ArrayList<>();
        StringBuilder says = new StringBuilder();
        for (var road : roads.entrySet()) {
            double end = 0;
            for (JsonLine line : road.getValue()) {
                end = Math.max(end, line.number("to"));
                lanes.add(new Plot.Lane(
                        line.text("name") + (line.number("threads") > 1 ? ", own thread" : ", one thread"),
                        List.of(new Plot.Stretch(
                                line.number("from"),
                                line.number("to"),
                                line.number("threads") > 1 ? BLOCKED : BY_ITSELF,
                                road.getKey()))));
            }
            findings.add(TOOK, "five downloads, " + road.getKey(), Double.NaN, end);
            says.append(String.format(
                    Locale.ROOT,
                    "%s: %.0f ms with %.0f thread%s. ",
                    capital(road.getKey()),
                    end,
                    road.getValue().getFirst().number("threads"),
                    road.getValue().getFirst().number("threads") == 1 ? "" : "s"));
        }
        findings.plot(new Plot.Lanes(
                "two-roads",
                "Two roads to asynchrony: several threads that block, or one that never does",
                says + "Both overlap all five; a server that is slow to answer takes 200 ms for each.",
                KINDS,
                lanes));
    }

    private static void table(Findings findings) {
        List<List<String>> rows = new ArrayList<>();
        for (Figure figure : findings.figures()) {
            if (figure.quantity().equals(TOOK)) {
                Spread blocked = findings.spread(BLOCKED_TIME, figure.subject(), Double.NaN);
                rows.add(List.of(
                        figure.subject(),
                        PlotTable.shown(figure.spread().median()),
                        blocked.rounds().isEmpty() ? "–" : PlotTable.shown(blocked.median())));
            }
        }
        findings.table(List.of("way", "ms in all", "ms blocked"), rows);
    }

    private static String capital(String text) {
        return Character.toUpperCase(text.charAt(0)) + text.substring(1);
    }
}
