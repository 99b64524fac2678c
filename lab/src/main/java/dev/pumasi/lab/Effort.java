package dev.pumasi.lab;

import java.time.Duration;
import java.util.List;

/**
 * How much is measured: more rounds make smaller differences visible, and take longer.
 *
 * @param rounds of each measurement, taken in turns
 * @param round how long one is
 * @param warmup the load, of which nothing counts, that each server has before
 * @param connections how many at a time
 * @param idleConnections how many connections lie idle, where that is what is varied
 * @param repetitions of the programs that are run whole and bring no rounds of their own
 * @param act how long an act of a story takes, of those that are told once
 */
public record Effort(
        int rounds,
        Duration round,
        Duration warmup,
        List<Integer> connections,
        List<Integer> idleConnections,
        int repetitions,
        Duration act) {

    /** What a whole lab takes by default: under five minutes on two processors. */
    public static Effort usual() {
        return new Effort(
                5,
                Duration.ofMillis(250),
                Duration.ofMillis(1000),
                List.of(1, 16, 128, 1000),
                List.of(10, 900, 5000, 20_000),
                4,
                Duration.ofMillis(1500));
    }

    /** The same in about a minute and a half: enough to see the large differences. */
    public static Effort quick() {
        return new Effort(
                Comparison.ROUNDS_MIN,
                Duration.ofMillis(150),
                Duration.ofMillis(600),
                List.of(1, 16, 128),
                List.of(10, 900, 5000),
                Comparison.ROUNDS_MIN,
                Duration.ofMillis(1000));
    }

    /** One short round of everything, to see that it works here: its figures mean nothing. */
    public static Effort trial() {
        return new Effort(
                1,
                Duration.ofMillis(100),
                Duration.ofMillis(100),
                List.of(1, 16),
                List.of(10, 500),
                1,
                Duration.ofMillis(600));
    }

    /** Whether differences can be seen at all. */
    boolean canCompare() {
        return rounds >= Comparison.ROUNDS_MIN;
    }
}
