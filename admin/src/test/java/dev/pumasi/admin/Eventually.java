package dev.pumasi.admin;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Waits until something is so. */
final class Eventually {

    private static final long PATIENCE_NANOS = 60_000_000_000L;
    private static final long LOOK_NANOS = 5_000_000;

    private Eventually() {}

    static void is(String what, Callable<Boolean> condition) throws Exception {
        long deadlineNanos = System.nanoTime() + PATIENCE_NANOS;
        while (!condition.call()) {
            if (System.nanoTime() - deadlineNanos > 0) {
                fail("waited in vain for " + what);
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }
}
