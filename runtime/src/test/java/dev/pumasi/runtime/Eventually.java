package dev.pumasi.runtime;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waiting for a condition, with a deadline. */
final class Eventually {

    private static final long DEADLINE_NANOS = 30_000_000_000L;
    private static final long STEP_NANOS = 100_000;

    private Eventually() {}

    static void until(String what, BooleanSupplier condition) {
        long begin = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - begin > DEADLINE_NANOS) {
                throw new AssertionError("waited in vain until " + what);
            }
            LockSupport.parkNanos(STEP_NANOS);
        }
    }

    /** Lets real time pass, where what is to be shown is that nothing happens meanwhile. */
    static void pass(long nanos) {
        long begin = System.nanoTime();
        while (System.nanoTime() - begin < nanos) {
            LockSupport.parkNanos(nanos - (System.nanoTime() - begin));
        }
    }
}
