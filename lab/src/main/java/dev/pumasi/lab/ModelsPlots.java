package dev.pumasi.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The plots, the table and the verdicts of {@link ModelsScenario}, from whatever it has measured until it ended. */
final class ModelsPlots {

    private static final String ACROSS = "connections";
    private static final int COMPARED_AT_MOST = 128;

    private final Findings findings;
    private final Findings.Doubt doubt;

    ModelsPlots(Findings findings, Findings.Doubt doubt) {
        this.findings = findings;
        this.doubt = doubt;
    }

    void draw(Bench bench) {
        Optional<Double> place = place();
        if (place.isPresent()) {
            double at = place.get();
            rate(at);
            cpu(at);
            waits(bench, at);
            memory(at);
            switches(at);
            verdicts(at);
            table(at);
        }
        cost();
        handlerThatWaits();
        if (!bench.processors().areApart()) {
            findings.remark(
                    "Servers and load generator share the same processors here: throughput is what both together could do.");
        }
    }

    /** Where models are compared: as many connections as a busy server has, if so many were measured. */
    private Optional<Double> place() {
        return ModelsScenario.MODELS.stream()
                .filter(model -> !ModelsScenario.isForking(model))
                .flatMap(model -> findings.places(ModelsScenario.CPU, model).stream())
                .filter(at -> at <= COMPARED_AT_MOST)
                .max(Double::compare);
    }

    private List<Plot.Curve> curves(Quantity quantity) {
        return ModelsScenario.MODELS.stream()
                .filter(model -> !ModelsScenario.isForking(model)) // one point, far off every scale: it is in the table
                .map(model -> findings.curve(quantity, model, doubt))
                .filter(curve -> !curve.points().isEmpty())
                .toList();
    }

    private void rate(double at) {
        Map<String, Double> ranking = ModelsScenario.ranking(findings, ModelsScenario.RATE, at);
        String best = last(ranking);
        findings.plot(new Plot.Curves(
                "throughput",
                "Throughput: how many requests a second",
                say(
                        "Higher is better. Each server has one processor to itself; with %.0f connections %s answers most, %,.0f requests a second."
                                + " A hollow point means that the load generator was at its limit there, or was held up: the server can do more.",
                        at, best, ranking.getOrDefault(best, Double.NaN)),
                ACROSS,
                "requests per second",
                false,
                curves(ModelsScenario.RATE)));
    }

    private void cpu(double at) {
        Map<String, Double> ranking = ModelsScenario.ranking(findings, ModelsScenario.CPU, at);
        String best = first(ranking);
        String worst = last(ranking);
        findings.plot(new Plot.Curves(
                "processor-time",
                "Processor time for one request",
                say(
                        "Lower is better. With %.0f connections a request takes %.1f µs of processor time under %s and %.1f µs under %s."
                                + " Event loops get cheaper with more connections, because they serve several each time they wake up.",
                        at,
                        ranking.getOrDefault(best, Double.NaN),
                        best,
                        ranking.getOrDefault(worst, Double.NaN),
                        worst),
                ACROSS,
                "processor time per request, µs",
                true,
                curves(ModelsScenario.CPU)));
    }

    private void waits(Bench bench, double at) {
        Map<String, Double> ranking = ModelsScenario.ranking(findings, ModelsScenario.P99, at);
        findings.plot(new Plot.Curves(
                "the-unlucky",
                "How long the unlucky wait: 99 of 100 requests are answered within this time",
                say(
                        "Lower is better. With %.0f connections this is %.2f ms under %s and %.1f ms under %s. The server is asked as fast as it"
                                + " answers, so a queue is part of it; a round lasts %d ms, and who waits longer than that is not seen.",
                        at,
                        ranking.getOrDefault(first(ranking), Double.NaN),
                        first(ranking),
                        ranking.getOrDefault(last(ranking), Double.NaN),
                        last(ranking),
                        bench.effort().round().toMillis()),
                ACROSS,
                "99th percentile of the latency, ms",
                true,
                curves(ModelsScenario.P99)));
    }

    private void memory(double at) {
        Map<String, Double> ranking = ModelsScenario.ranking(findings, ModelsScenario.MEMORY, at);
        findings.plot(new Plot.Curves(
                "memory",
                "Memory of the whole server",
                say(
                        "Lower is better. Most of it is the Java machine itself; what grows to the right is what connections cost."
                                + " With %.0f connections %s has least (%.0f MiB) and %s most (%.0f MiB).",
                        at,
                        first(ranking),
                        ranking.getOrDefault(first(ranking), Double.NaN),
                        last(ranking),
                        ranking.getOrDefault(last(ranking), Double.NaN)),
                ACROSS,
                "resident memory, MiB",
                false,
                curves(ModelsScenario.MEMORY)));
    }

    private void switches(double at) {
        Map<String, Double> ranking = ModelsScenario.ranking(findings, ModelsScenario.SWITCHES, at);
        findings.plot(new Plot.Curves(
                "context-switches",
                "Context switches for one request",
                say(
                        "Each time the kernel puts one thread aside for another, both lose time. With %.0f connections %s needs %.2f switches for"
                                + " a request and %s %.2f: a loop that always finds somebody to serve hardly ever stops.",
                        at,
                        last(ranking),
                        ranking.getOrDefault(last(ranking), Double.NaN),
                        first(ranking),
                        ranking.getOrDefault(first(ranking), Double.NaN)),
                ACROSS,
                "context switches per request",
                false,
                curves(ModelsScenario.SWITCHES)));
    }

    /** As Stevens did: what the iterative server uses is what the work itself costs. */
    private void cost() {
        Spread baseline = findings.spread(ModelsScenario.CONNECTION_CPU, "iterative", Double.NaN);
        if (baseline.rounds().isEmpty()) {
            return;
        }
        List<Plot.Bar> bars = new ArrayList<>();
        String forking = "";
        for (String model : ModelsScenario.MODELS) {
            Spread all = findings.spread(ModelsScenario.CONNECTION_CPU, model, Double.NaN);
            if (all.rounds().isEmpty() || ModelsScenario.isBaseline(model)) {
                continue;
            }
            Spread own = all.less(baseline.median());
            if (ModelsScenario.isForking(model)) {
                forking = String.format(
                        Locale.ROOT,
                        " Forking is off the scale, at %,.0f ms: each connection gets a Java machine of its own.",
                        own.median() / 1e3);
            } else {
                bars.add(new Plot.Bar(model, own));
            }
        }
        findings.plot(new Plot.Bars(
                "own-cost",
                "What the model itself costs, for a connection with one request",
                say(
                        "The iterative server does nothing but the work: %.0f µs of processor time for a connection, a request and its answer. That"
                                + " is subtracted here (as in Stevens' book), so each bar is the cost of being able to serve several at once.%s",
                        baseline.median(), forking),
                "processor time beyond that of the iterative server, µs",
                false,
                bars));
    }

    private void handlerThatWaits() {
        List<Plot.Curve> curves = curves(ModelsScenario.WAITING_RATE);
        Optional<Double> most = curves.stream()
                .flatMap(curve -> curve.points().stream())
                .map(Plot.Point::at)
                .max(Double::compare);
        if (most.isEmpty()) {
            return;
        }
        Map<String, Double> ranking = ModelsScenario.ranking(findings, ModelsScenario.WAITING_RATE, most.get());
        findings.plot(new Plot.Curves(
                "handler-that-waits",
                "The same with a handler that waits 10 ms for somebody else",
                say(
                        "Higher is better. Most handlers wait: for a database, for another service. With %.0f connections %s answers %,.0f requests a second"
                                + " and %s %,.0f. Where one wait stops everybody (iterative, event-loop) it stays at 100; four workers do 400; a thread or a green"
                                + " thread for each request lets all of them wait at once.",
                        most.get(),
                        last(ranking),
                        ranking.getOrDefault(last(ranking), Double.NaN),
                        first(ranking),
                        ranking.getOrDefault(first(ranking), Double.NaN)),
                ACROSS,
                "requests per second",
                true,
                curves));
    }

    private void verdicts(double at) {
        Map<String, Double> ranking = ModelsScenario.ranking(findings, ModelsScenario.CPU, at);
        String cheapest = first(ranking);
        for (String model : ranking.keySet()) {
            if (!model.equals(cheapest)) {
                Comparison comparison = Comparison.of(
                        findings.spread(ModelsScenario.CPU, model, at),
                        findings.spread(ModelsScenario.CPU, cheapest, at));
                findings.verdict(
                        "Processor time per request at %.0f connections, %s against %s: %s.",
                        at, model, cheapest, comparison.inWords());
            }
        }
    }

    private void table(double at) {
        List<List<String>> rows = new ArrayList<>();
        for (String model : ModelsScenario.MODELS) {
            Spread connection = findings.spread(ModelsScenario.CONNECTION_CPU, model, Double.NaN);
            if (connection.rounds().isEmpty()
                    && findings.spread(ModelsScenario.CPU, model, at).rounds().isEmpty()) {
                continue;
            }
            rows.add(List.of(
                    model,
                    number("%,.0f", ModelsScenario.RATE, model, at),
                    number("%.1f", ModelsScenario.CPU, model, at),
                    number("%.2f", ModelsScenario.P99, model, at),
                    number("%.0f", ModelsScenario.MEMORY, model, at),
                    number("%.3f", ModelsScenario.SWITCHES, model, at),
                    number("%,.0f", ModelsScenario.CONNECTION_CPU, model, Double.NaN)));
        }
        findings.table(
                List.of(
                        say("model, %.0f connections", at),
                        "requests/s",
                        "CPU µs/request",
                        "p99 ms",
                        "memory MiB",
                        "switches/request",
                        "CPU µs/connection"),
                rows);
    }

    private String number(String format, Quantity quantity, String model, double at) {
        Spread spread = findings.spread(quantity, model, at);
        return spread.rounds().isEmpty() ? "–" : say(format, spread.median());
    }

    private static String say(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    private static String first(Map<String, Double> ranking) {
        return ranking.keySet().stream().findFirst().orElse("nobody");
    }

    private static String last(Map<String, Double> ranking) {
        return ranking.keySet().stream().reduce((_, later) -> later).orElse("nobody");
    }
}
