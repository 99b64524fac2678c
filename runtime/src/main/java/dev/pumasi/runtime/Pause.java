package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Driver;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A green thread that waits for nothing but time; the inside of {@link Timer#sleep}. It is in the loop's list of interests, so
 * that it is seen there and ends when the loop stops. One that is over is used again, so sleeping allocates nothing once as
 * many have slept at once before. On the loop.
 */
final class Pause extends Pending {

    /** Those of one loop that are not in use. */
    static final class Unused {

        static final int KEPT_MAX = 1024;

        private @Nullable Pause first;
        private int size;
    }

    private final Loop loop;
    private final Timer timer = Timer.of(this::over);

    private @Nullable Thread sleeper;
    private long nanos;
    private long sinceNanos;
    private boolean isOver;
    private boolean stopped;

    private @Nullable Pause next;

    private Pause(Loop loop) {
        this.loop = loop;
    }

    /** Parks the calling green thread of {@code loop}. */
    static void on(Loop loop, long nanos) throws OperationException {
        Thread caller = Thread.currentThread();
        if (!caller.isVirtual()) {
            throw new IllegalStateException(
                    "a loop's own thread cannot wait: sleep on a green thread, or start a timer");
        }
        if (loop.isClosing()) {
            throw new OperationException(describe(nanos), Failure.CLOSED);
        }
        Pause pause = taken(loop);
        Failure failure = pause.begin(caller, nanos);
        pause.giveBack();
        if (failure != null) {
            throw new OperationException(describe(nanos), failure);
        }
    }

    /** Blocks the calling thread, which no loop carries. */
    static void elsewhere(long nanos) throws OperationException {
        long deadlineNanos = System.nanoTime() + nanos;
        for (long left = nanos; left > 0; left = deadlineNanos - System.nanoTime()) {
            LockSupport.parkNanos(left);
            if (Thread.interrupted()) {
                Failure why = Scope.whyInterrupted();
                Thread.currentThread().interrupt();
                throw new OperationException(describe(nanos), why);
            }
        }
    }

    private static Pause taken(Loop loop) {
        Unused unused = loop.unusedPauses();
        Pause pause = unused.first;
        if (pause == null) {
            return new Pause(loop);
        }
        unused.first = pause.next;
        unused.size--;
        pause.next = null;
        return pause;
    }

    private void giveBack() {
        Unused unused = loop.unusedPauses();
        if (unused.size < Unused.KEPT_MAX) {
            next = unused.first;
            unused.first = this;
            unused.size++;
        }
    }

    /** Waits; answers why it ended early, or null. */
    private @Nullable Failure begin(Thread caller, long forNanos) {
        sleeper = caller;
        nanos = forNanos;
        sinceNanos = loop.nowNanos();
        isOver = false;
        stopped = false;
        loop.enter(this);
        loop.start(timer, forNanos);
        Failure failure = null;
        while (!isOver) {
            LockSupport.park(this);
            if (!isOver && Thread.interrupted()) {
                failure = Scope.whyInterrupted();
                caller.interrupt();
                end();
            }
        }
        sleeper = null;
        return stopped ? Failure.CLOSED : failure;
    }

    private void over() {
        Thread asleep = sleeper;
        end();
        if (asleep != null) {
            loop.wake(asleep);
        }
    }

    private void end() {
        isOver = true;
        loop.cancel(timer);
        loop.leave(this);
    }

    @Override
    void stop(Driver driver) {
        stopped = true;
        over();
    }

    @Override
    void completed(int result, int flags) {
        throw new IllegalStateException("no driver works on this: " + describe());
    }

    Loop loop() {
        return loop;
    }

    /** Since when its thread waits, in the loop's time. Any thread; a long is read whole. */
    long waitingSinceNanos() {
        return sinceNanos;
    }

    @Override
    String describe() {
        return describe(nanos);
    }

    private static String describe(long nanos) {
        return "sleep " + Duration.ofNanos(nanos);
    }
}
