package dev.pumasi.lab;

import java.util.Map;

/**
 * What a load came to in one stretch of time, a second as a rule.
 *
 * @param atSeconds when it ended, from the beginning of the warm-up
 * @param seconds how long it was
 * @param isWarmup whether it was before measuring began; then nothing is counted
 * @param answered right answers
 * @param errors what went wrong, and how often
 * @param response from due to answered
 * @param connections how many were open when it ended
 */
public record LoadSecond(
        double atSeconds,
        double seconds,
        boolean isWarmup,
        long answered,
        Map<LoadError, Long> errors,
        Latency response,
        int connections) {

    /** How many requests went wrong. */
    public long errorCount() {
        return errors.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Right answers per second. */
    public double rate() {
        return seconds > 0 ? answered / seconds : 0;
    }
}
