package dev.pumasi.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Whether two figures differ, or whether their rounds lie so much among each other that chance would do the same.
 *
 * <p>The test of Mann and Whitney (<i>On a test of whether one of two random variables is stochastically larger than the
 * other</i>, 1947), two-sided and exact: of all ways in which so many rounds could have been dealt to the two, it counts those that
 * lie at least as far from the middle as what was seen. It asks nothing of the shape of the noise, and a round that was disturbed counts for
 * one round, however far off it lies. Rounds that are equal share their ranks.
 *
 * <p>Three rounds against three can never be told apart in this way at 5 % (the smallest share is 1 in 10); four can (1 in 35).
 *
 * @param pValue the share of those ways: 0.05 or less is taken for a difference
 * @param ratio the first median divided by the second
 */
public record Comparison(double pValue, double ratio) {

    static final double SIGNIFICANT = 0.05;

    /** The fewest rounds of each with which it can say anything but "no difference". */
    static final int ROUNDS_MIN = 4;

    /** More than that takes long to count and is never needed. */
    private static final int ROUNDS_MAX = 60;

    /** Compares the rounds of both; at most 60 each. */
    public static Comparison of(Spread one, Spread other) {
        if (one.rounds().size() > ROUNDS_MAX || other.rounds().size() > ROUNDS_MAX) {
            throw new IllegalArgumentException("more than " + ROUNDS_MAX + " rounds");
        }
        double ratio = one.median() / other.median();
        if (one.rounds().isEmpty() || other.rounds().isEmpty()) {
            return new Comparison(1, ratio);
        }
        List<Double> all = new ArrayList<>(one.rounds());
        all.addAll(other.rounds());
        int[] ranks = doubledRanks(all);
        int seen = IntStream.range(0, one.rounds().size()).map(i -> ranks[i]).sum();
        return new Comparison(shareAtLeastAsFar(ranks, one.rounds().size(), seen), ratio);
    }

    /** Whether chance is an unlikely reason for what was seen. */
    public boolean isDifferent() {
        return pValue <= SIGNIFICANT;
    }

    /** In words, of a figure of which less is better: "1.8 times as much (p = 0.008)". */
    public String inWords() {
        String p = pValue < 0.001 ? "p < 0.001" : String.format(Locale.ROOT, "p = %.3f", pValue);
        if (!isDifferent()) {
            return "no significant difference (" + p + ")";
        }
        return String.format(Locale.ROOT, "%.2f times as much (%s)", ratio, p);
    }

    /** Twice the rank of each, so that the mean rank of two equal ones is whole. */
    private static int[] doubledRanks(List<Double> all) {
        int[] ranks = new int[all.size()];
        for (int i = 0; i < ranks.length; i++) {
            for (double each : all) {
                int order = Double.compare(each, all.get(i));
                ranks[i] += order < 0 ? 2 : order == 0 ? 1 : 0;
            }
            ranks[i] += 1;
        }
        return ranks;
    }

    /** {@code ways[n][sum]}: in how many ways {@code n} of the ranks add up to {@code sum}. */
    private static double shareAtLeastAsFar(int[] ranks, int chosen, int seen) {
        int total = IntStream.of(ranks).sum();
        double[][] ways = new double[chosen + 1][total + 1];
        ways[0][0] = 1;
        for (int rank : ranks) {
            for (int n = chosen; n >= 1; n--) {
                for (int sum = total; sum >= rank; sum--) {
                    ways[n][sum] += ways[n - 1][sum - rank];
                }
            }
        }
        double middle = (double) total * chosen / ranks.length;
        double far = 0;
        double all = 0;
        for (int sum = 0; sum <= total; sum++) {
            all += ways[chosen][sum];
            if (Math.abs(sum - middle) >= Math.abs(seen - middle) - 1e-9) {
                far += ways[chosen][sum];
            }
        }
        return far / all;
    }
}
