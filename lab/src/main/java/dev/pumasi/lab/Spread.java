package dev.pumasi.lab;

import java.util.List;

/**
 * One figure, measured in several rounds: what it was in the middle, and how far the rounds lie apart.
 *
 * @param rounds the figure of each round, in any order; empty if there was none
 */
public record Spread(List<Double> rounds) {

    public Spread {
        rounds = List.copyOf(rounds);
    }

    /** Of these rounds. */
    public static Spread of(Double... rounds) {
        return new Spread(List.of(rounds));
    }

    /** The middle value, or the mean of the two middle ones; NaN without any. */
    public double median() {
        List<Double> sorted = rounds.stream().sorted().toList();
        int middle = sorted.size() / 2;
        if (sorted.isEmpty()) {
            return Double.NaN;
        }
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    /** The smallest; NaN without any. */
    public double lowest() {
        return rounds.stream().mapToDouble(Double::doubleValue).min().orElse(Double.NaN);
    }

    /** The largest; NaN without any. */
    public double highest() {
        return rounds.stream().mapToDouble(Double::doubleValue).max().orElse(Double.NaN);
    }

    /** Each round less {@code amount}. */
    Spread less(double amount) {
        return new Spread(rounds.stream().map(round -> round - amount).toList());
    }
}
