package dev.pumasi.runtime;

import org.jspecify.annotations.Nullable;

/**
 * Something that is due at a time. It is its own entry in the loop's {@link TimerWheel}, so that starting and stopping
 * one allocates nothing; a subclass says what happens when it is due.
 *
 * <p>Belongs to one loop and is used on that loop's thread only. It can be started again once it has expired or was
 * cancelled.
 */
public abstract class Timer {

    /** In no list. */
    static final int IDLE = -1;

    /** The tick at which it is due. */
    long tick;

    @Nullable
    Timer previous;

    @Nullable
    Timer next;

    int bucket = IDLE;

    /** A timer that runs {@code action}. */
    public static Timer of(Runnable action) {
        return new Timer() {
            @Override
            protected void expired() {
                action.run();
            }
        };
    }

    /** Called on the loop's thread when it is due, never early, and once for each start. Must not block. */
    protected abstract void expired();

    /** Whether it has been started and has neither expired nor been cancelled. */
    public final boolean isRunning() {
        return bucket != IDLE;
    }
}
