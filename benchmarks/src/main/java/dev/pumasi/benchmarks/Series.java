package dev.pumasi.benchmarks;

import dev.pumasi.lab.Spread;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The figures of one server in one scenario, a value for each round. */
final class Series {
    private final Map<Figure, List<Double>> values = new EnumMap<>(Figure.class);

    void add(Map<Figure, Double> round) {
        round.forEach((figure, value) ->
                values.computeIfAbsent(figure, absent -> new ArrayList<>()).add(value));
    }

    boolean isEmpty() {
        return values.isEmpty();
    }

    Map<Figure, List<Double>> rounds() {
        return Collections.unmodifiableMap(values);
    }

    /** The middle value, or the mean of the two middle ones; NaN without values. */
    double median(Figure figure) {
        return new Spread(sorted(figure)).median();
    }

    /** For what the kernel samples, so that one round has too few samples; NaN without values. */
    double mean(Figure figure) {
        return values.getOrDefault(figure, List.of()).stream()
                .mapToDouble(Double::doubleValue)
                .average()
                .orElse(Double.NaN);
    }

    double min(Figure figure) {
        final var sorted = sorted(figure);
        return sorted.isEmpty() ? Double.NaN : sorted.getFirst();
    }

    double max(Figure figure) {
        final var sorted = sorted(figure);
        return sorted.isEmpty() ? Double.NaN : sorted.getLast();
    }

    private List<Double> sorted(Figure figure) {
        return values.getOrDefault(figure, List.of()).stream().sorted().toList();
    }
}
