package dev.pumasi.lab;

import java.util.EnumMap;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * What was counted in some time. It belongs to one thread at a time: a share of a load fills one on its loop and hands it
 * over whole, by a message, and takes a new one; so counting needs no atomics.
 */
final class Tally {

    /** From when a request was due until its answer was complete, or it was given up. */
    final Histogram response = Latency.histogram();

    /** The same from when it was begun: what a generator would see that waits for the server before it goes on. */
    final Histogram service = Latency.histogram();

    /** How late the generator itself was. */
    final Histogram lateness = Latency.histogram();

    long answered;
    long answerBytes;
    private final long[] errors = new long[LoadError.values().length];

    void count(LoadError error) {
        errors[error.ordinal()]++;
    }

    void count(LoadError error, long times) {
        errors[error.ordinal()] += times;
    }

    void add(Tally other) {
        response.add(other.response);
        service.add(other.service);
        lateness.add(other.lateness);
        answered += other.answered;
        answerBytes += other.answerBytes;
        for (int i = 0; i < errors.length; i++) {
            errors[i] += other.errors[i];
        }
    }

    /** Those that happened. */
    Map<LoadError, Long> errors() {
        Map<LoadError, Long> happened = new EnumMap<>(LoadError.class);
        for (LoadError error : LoadError.values()) {
            if (errors[error.ordinal()] > 0) {
                happened.put(error, errors[error.ordinal()]);
            }
        }
        return happened;
    }

    long errorCount() {
        long sum = 0;
        for (long count : errors) {
            sum += count;
        }
        return sum;
    }
}
