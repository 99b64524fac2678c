package dev.pumasi.runtime;

import java.time.Duration;
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

    /**
     * Direct style: waits so long. A green thread parks on the wheel of its loop, and is resumed there; a thread that no loop
     * carries blocks itself. Allocates nothing in the steady state, where {@link Loop#sleep} makes an operation each time.
     *
     * @throws OperationException {@link Failure#CANCELLED} if the thread is interrupted, {@link Failure#TIMED_OUT} if that was a
     *     {@link Scope}'s deadline, both with the interrupt status set; {@link Failure#CLOSED} if the loop stops
     * @throws IllegalStateException on a loop's own thread, outside a green one
     */
    public static void sleep(Duration time) throws OperationException {
        Loop loop = Loop.here();
        if (loop == null) {
            Pause.elsewhere(Loop.nanos(time));
        } else {
            Pause.on(loop, Loop.nanos(time));
        }
    }

    /** Called on the loop's thread when it is due, never early, and once for each start. Must not block. */
    protected abstract void expired();

    /** Whether it has been started and has neither expired nor been cancelled. */
    public final boolean isRunning() {
        return bucket != IDLE;
    }
}
