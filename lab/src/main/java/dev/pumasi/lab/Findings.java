package dev.pumasi.lab;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What one scenario has found until now: figures, plots, a short table, verdicts, and what must be said before any of it is
 * believed. It is filled while the scenario runs, so that what is there when somebody stops it can be reported. Used by one thread.
 */
final class Findings {

    /** A table as it is printed. */
    record Table(List<String> head, List<List<String>> rows) {}

    private record Key(Quantity quantity, String subject, double at) {}

    private final Scenario scenario;
    private final Map<Key, List<Double>> rounds = new LinkedHashMap<>();
    private final List<Plot> plots = new ArrayList<>();
    private final List<String> verdicts = new ArrayList<>();
    private final List<String> remarks = new ArrayList<>();
    private Table table = new Table(List.of(), List.of());
    private double seconds;

    Findings(Scenario scenario) {
        this.scenario = scenario;
    }

    Scenario scenario() {
        return scenario;
    }

    /** The value of one more round. */
    void add(Quantity quantity, String subject, double at, double value) {
        rounds.computeIfAbsent(new Key(quantity, subject, at), _ -> new ArrayList<>())
                .add(value);
    }

    /** All rounds until now; empty if there was none. */
    Spread spread(Quantity quantity, String subject, double at) {
        return new Spread(rounds.getOrDefault(new Key(quantity, subject, at), List.of()));
    }

    /** Where that was measured of somebody, in the order in which it was. */
    List<Double> places(Quantity quantity, String subject) {
        return rounds.keySet().stream()
                .filter(key -> key.quantity.equals(quantity) && key.subject.equals(subject))
                .map(Key::at)
                .toList();
    }

    /** A line through all places where that was measured of somebody. */
    Plot.Curve curve(Quantity quantity, String subject, Doubt doubt) {
        return new Plot.Curve(
                subject,
                places(quantity, subject).stream()
                        .map(at -> new Plot.Point(at, spread(quantity, subject, at), doubt.of(subject, at)))
                        .toList());
    }

    /** Whether something else than the subject was the limit there. */
    @FunctionalInterface
    interface Doubt {
        boolean of(String subject, double at);
    }

    void plot(Plot plot) {
        plots.add(plot);
    }

    /** A comparison, in a sentence. */
    void verdict(String format, Object... values) {
        verdicts.add(String.format(Locale.ROOT, format, values));
    }

    /** Something that must be known before the figures are believed. Said once. */
    void remark(String format, Object... values) {
        String remark = String.format(Locale.ROOT, format, values);
        if (!remarks.contains(remark)) {
            remarks.add(remark);
        }
    }

    void table(List<String> head, List<List<String>> rows) {
        table = new Table(List.copyOf(head), List.copyOf(rows));
    }

    void took(double inSeconds) {
        seconds = inSeconds;
    }

    List<Figure> figures() {
        return rounds.entrySet().stream()
                .map(entry -> new Figure(
                        entry.getKey().quantity,
                        entry.getKey().subject,
                        entry.getKey().at,
                        new Spread(entry.getValue())))
                .toList();
    }

    List<Plot> plots() {
        return List.copyOf(plots);
    }

    List<String> verdicts() {
        return List.copyOf(verdicts);
    }

    List<String> remarks() {
        return List.copyOf(remarks);
    }

    Table table() {
        return table;
    }

    double seconds() {
        return seconds;
    }
}
