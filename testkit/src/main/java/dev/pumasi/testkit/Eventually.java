package dev.pumasi.testkit;

import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Waits until something is so, and never for a time. */
public final class Eventually {

    /** For machines that do much else. */
    private static final long PATIENCE_NANOS = 60_000_000_000L;

    private static final long LOOK_NANOS = 5_000_000;

    private Eventually() {}

    /**
     * Blocks until {@code condition} is true, and asks every few milliseconds.
     *
     * @param what for whoever reads that it was waited for in vain
     * @throws AssertionError after a minute
     * @throws Exception what the condition throws
     */
    public static void is(String what, Callable<Boolean> condition) throws Exception {
        long deadlineNanos = System.nanoTime() + PATIENCE_NANOS;
        while (!condition.call()) {
            if (System.nanoTime() - deadlineNanos > 0) {
                throw new AssertionError("waited in vain for " + what);
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }
}
