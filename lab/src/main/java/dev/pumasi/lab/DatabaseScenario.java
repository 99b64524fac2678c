package dev.pumasi.lab;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** {@code database}: steps A B C, a query, steps D E F in three ways (S26), by {@code examples/run database}. */
final class DatabaseScenario implements Scenario {

    private static final List<String> KINDS =
            List.of("steps A B C", "a query", "waits for the query: blocked", "steps D E F");
    private static final int BEFORE = 0;
    private static final int QUERY = 1;
    private static final int WAITS = 2;
    private static final int AFTER = 3;
    private static final int DATABASE_LANES_MAX = 6;
    private static final String POOL = "pumasi-offload";

    static final Quantity RATE = new Quantity("requests_per_second", "requests/s");
    static final Quantity P50 = new Quantity("latency_p50", "ms");
    static final Quantity P99 = new Quantity("latency_p99", "ms");
    static final Quantity IDLE = new Quantity("main_thread_idle", "%");

    private static final Map<String, String> MEANING = Map.of(
            "synchronous",
            "the main thread waits for each query",
            "callback",
            "D E F go along, and run on the database thread",
            "notification",
            "the database thread says that it is done, and the main thread runs D E F");

    @Override
    public String name() {
        return "database";
    }

    @Override
    public String question() {
        return "Where does a request go on after a database query?";
    }

    @Override
    public String explains() {
        return "A web server's main thread runs steps A, B and C of a request, asks the database, and then D, E and F must run. It can wait for"
                + " the answer itself; or hand D, E and F to the database thread to run them there; or be told when the answer is there and run them"
                + " itself. The server and the database (H2) are real, the query takes 5 ms, 32 clients ask again and again.";
    }

    @Override
    public List<String> rows() {
        return List.of("S26");
    }

    @Override
    public void run(Bench bench, Findings findings) throws LabException, StoppedException, InterruptedException {
        bench.tell(
                "database: a real one, asked in three ways, %d rounds",
                bench.effort().rounds());
        Map<String, List<JsonLine>> steps = new LinkedHashMap<>();
        Child example = bench.example(
                "database", "--json", String.valueOf(bench.effort().rounds()));
        try {
            for (var line = bench.line(example); line.isPresent(); line = bench.line(example)) {
                JsonLine found = line.get();
                switch (found.text("kind")) {
                    case "way" -> {
                        String way = found.text("name");
                        findings.add(RATE, way, Double.NaN, found.number("perSecond"));
                        findings.add(P50, way, Double.NaN, found.number("medianMillis"));
                        findings.add(P99, way, Double.NaN, found.number("worstMillis"));
                        findings.add(IDLE, way, Double.NaN, 100 * found.number("idle"));
                    }
                    case "step" ->
                        steps.computeIfAbsent(found.text("way"), _ -> new ArrayList<>())
                                .add(found);
                    default -> {} // a later version of the example may say more
                }
            }
            if (findings.figures().isEmpty()) {
                bench.goOnWithout(example.ended());
            }
        } finally {
            bench.end(example);
            draw(findings, steps);
        }
    }

    private static void draw(Findings findings, Map<String, List<JsonLine>> steps) throws LabException {
        List<Plot.Bar> rates = new ArrayList<>();
        List<Plot.Bar> idle = new ArrayList<>();
        List<List<String>> rows = new ArrayList<>();
        for (String way : List.of("synchronous", "callback", "notification")) {
            Spread rate = findings.spread(RATE, way, Double.NaN);
            if (rate.rounds().isEmpty()) {
                continue;
            }
            rates.add(new Plot.Bar(way, rate));
            idle.add(new Plot.Bar(way, findings.spread(IDLE, way, Double.NaN)));
            rows.add(List.of(
                    way,
                    PlotTable.shown(rate.median()),
                    PlotTable.shown(findings.spread(P50, way, Double.NaN).median()),
                    PlotTable.shown(findings.spread(P99, way, Double.NaN).median()),
                    PlotTable.shown(findings.spread(IDLE, way, Double.NaN).median())));
        }
        if (rates.isEmpty()) {
            return;
        }
        findings.table(List.of("way", "requests/s", "p50 ms", "p99 ms", "main thread idle %"), rows);
        double waits = idle.getFirst().spread().median();
        findings.plot(new Plot.Bars(
                "throughput",
                "How many requests a second",
                String.format(
                        Locale.ROOT,
                        "Higher is better. The synchronous main thread is idle for %.0f %% of its time; that alone lets us expect about %.0f times as"
                                + " much from whoever uses it.",
                        waits,
                        100 / Math.max(1, 100 - waits)),
                "requests per second",
                false,
                rates));
        findings.plot(new Plot.Bars(
                "idle",
                "How much of its time the main thread is idle",
                "What is idle here is a thread that has nothing to do, or may not do it: in the synchronous way it waits for one query while"
                        + " 31 other clients wait for it.",
                "% of the time",
                false,
                idle));
        for (var way : steps.entrySet()) {
            lanes(way.getKey(), way.getValue(), findings);
        }
        Spread first = rates.getFirst().spread();
        for (Plot.Bar bar : rates.subList(1, rates.size())) {
            findings.verdict(
                    "Requests per second, %s against %s: %s.",
                    bar.name(),
                    rates.getFirst().name(),
                    Comparison.of(bar.spread(), first).inWords());
        }
        if (rates.size() == 3) {
            findings.verdict(
                    "Requests per second, notification against callback: %s.",
                    Comparison.of(rates.get(2).spread(), rates.get(1).spread()).inWords());
        }
    }

    private static void lanes(String way, List<JsonLine> steps, Findings findings) throws LabException {
        Map<String, List<Plot.Stretch>> main = new LinkedHashMap<>();
        Map<String, List<Plot.Stretch>> pool = new LinkedHashMap<>();
        for (JsonLine step : steps) {
            String what = step.text("what");
            int kind = "ABC".contains(what) ? BEFORE : "DEF".contains(what) ? AFTER : what.equals("q") ? QUERY : WAITS;
            String thread = step.text("thread");
            (thread.startsWith(POOL) ? pool : main)
                    .computeIfAbsent(thread, _ -> new ArrayList<>())
                    .add(new Plot.Stretch(
                            Math.max(0, step.number("from")),
                            step.number("to"),
                            kind,
                            kind == BEFORE || kind == AFTER ? "step " + what : ""));
        }
        List<Plot.Lane> lanes = new ArrayList<>();
        main.values().forEach(stretches -> lanes.add(new Plot.Lane("main thread", List.copyOf(stretches))));
        int number = 0;
        for (List<Plot.Stretch> stretches : pool.values()) {
            if (++number <= DATABASE_LANES_MAX) {
                lanes.add(new Plot.Lane("database thread " + number, List.copyOf(stretches)));
            }
        }
        findings.plot(new Plot.Lanes(
                "timeline-" + way,
                capital(way) + ": " + MEANING.getOrDefault(way, ""),
                (pool.size() > DATABASE_LANES_MAX
                                ? String.format(
                                        Locale.ROOT,
                                        "The main thread and %d of %d database threads that had something to do, for some milliseconds. ",
                                        DATABASE_LANES_MAX,
                                        pool.size())
                                : "All threads that had something to do, for some milliseconds. ")
                        + switch (way) {
                            case "synchronous" ->
                                "One query at a time, because nobody asks for the next one until it is answered.";
                            case "callback" ->
                                "Many queries at once; the main thread only begins requests, and the end of each runs elsewhere.";
                            default ->
                                "Many queries at once; all steps stay on the main thread, so that they need no locks.";
                        },
                KINDS,
                lanes));
    }

    private static String capital(String text) {
        return Character.toUpperCase(text.charAt(0)) + text.substring(1);
    }
}
