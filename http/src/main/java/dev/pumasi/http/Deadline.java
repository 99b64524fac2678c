package dev.pumasi.http;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Timer;

/**
 * The one time limit that a connection has at a moment. It is set anew for every request, so setting it must cost next to
 * nothing: the timer is left where it is, if it is due before, and looks again when it expires. Belongs to the loop's
 * thread.
 */
final class Deadline extends Timer {

    private static final long NONE = Long.MAX_VALUE;
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final Loop loop;
    private final Runnable passed;
    private long nanos = NONE;
    private long timerNanos = NONE;

    /** @param passed what to do when it has passed */
    Deadline(Loop loop, Runnable passed) {
        this.loop = loop;
        this.passed = passed;
    }

    /** So long from now, instead of what was set before. */
    void set(int millis) {
        long now = loop.nowNanos();
        nanos = now + millis * NANOS_PER_MILLI;
        if (!isRunning() || timerNanos - nanos > 0) {
            timerNanos = nanos;
            loop.start(this, nanos - now);
        }
    }

    /** No limit, until the next is set. */
    void clear() {
        nanos = NONE;
    }

    /** No limit any more. */
    void stop() {
        nanos = NONE;
        loop.cancel(this);
    }

    @Override
    protected void expired() {
        if (nanos == NONE) {
            return; // whoever sets one starts the timer again
        }
        long left = nanos - loop.nowNanos();
        if (left > 0) {
            timerNanos = nanos;
            loop.start(this, left);
        } else {
            passed.run();
        }
    }
}
