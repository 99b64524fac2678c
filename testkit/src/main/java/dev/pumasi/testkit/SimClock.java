package dev.pumasi.testkit;

import dev.pumasi.runtime.driver.Clock;

/**
 * Virtual time. It stands still while code runs, and is moved by the {@link Simulation} alone: by a seeded bit for each
 * step, and to the next event when everybody waits. Never backwards. A year takes no longer than an instant.
 *
 * <p>Read by any thread; a foreign one may see a time that is over.
 */
public final class SimClock implements Clock {

    /** 2026-01-01T00:00:00Z, when every simulation begins. */
    public static final long ORIGIN_MILLIS = 1_767_225_600_000L;

    /** Not zero, so that code which takes 0 for "never" is found out. */
    private static final long ORIGIN_NANOS = 1_000_000_000L;

    // Written by the simulation's thread only; volatile for what foreign threads read.
    private volatile long elapsedNanos;

    SimClock() {}

    @Override
    public long nanoTime() {
        return ORIGIN_NANOS + elapsedNanos;
    }

    @Override
    public long currentTimeMillis() {
        return ORIGIN_MILLIS + elapsedNanos / 1_000_000;
    }

    /** Since the beginning of the simulation. */
    public long elapsedNanos() {
        return elapsedNanos;
    }

    void advanceTo(long toNanos) {
        if (toNanos < elapsedNanos) {
            throw new IllegalStateException("time cannot run back from " + elapsedNanos + " ns to " + toNanos + " ns");
        }
        elapsedNanos = toNanos;
    }
}
