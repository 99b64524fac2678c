package dev.pumasi.lab;

import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;

/**
 * How long something took, over many times: exact to three digits (HdrHistogram). All times in nanoseconds; all 0 when
 * nothing was measured.
 *
 * @param curve how many took at most so long, from short to long, for plots; at most some hundred points
 */
public record Latency(
        long count,
        double meanNanos,
        long minNanos,
        long p50Nanos,
        long p90Nanos,
        long p99Nanos,
        long p999Nanos,
        long p9999Nanos,
        long maxNanos,
        List<Point> curve) {

    /** As long as this, or longer: what is counted as the longest. */
    static final long NANOS_MAX = 3_600_000_000_000L;

    private static final long NANOS_MIN = 100;
    private static final int DIGITS = 3;
    private static final int POINTS_PER_HALVING = 5;

    private static final Latency NOTHING = new Latency(0, 0, 0, 0, 0, 0, 0, 0, 0, List.of());

    /** {@code share} of all, from 0 to 1, took {@code nanos} or less. */
    public record Point(double share, long nanos) {}

    static Histogram histogram() {
        return new Histogram(NANOS_MIN, NANOS_MAX, DIGITS);
    }

    static void record(Histogram in, long nanos) {
        in.recordValue(Math.clamp(nanos, 0, NANOS_MAX));
    }

    static Latency of(Histogram measured) {
        if (measured.getTotalCount() == 0) {
            return NOTHING;
        }
        List<Point> curve = new ArrayList<>();
        for (HistogramIterationValue value : measured.percentiles(POINTS_PER_HALVING)) {
            curve.add(new Point(value.getPercentileLevelIteratedTo() / 100, value.getValueIteratedTo()));
        }
        return new Latency(
                measured.getTotalCount(),
                measured.getMean(),
                measured.getMinValue(),
                measured.getValueAtPercentile(50),
                measured.getValueAtPercentile(90),
                measured.getValueAtPercentile(99),
                measured.getValueAtPercentile(99.9),
                measured.getValueAtPercentile(99.99),
                measured.getMaxValue(),
                List.copyOf(curve));
    }
}
