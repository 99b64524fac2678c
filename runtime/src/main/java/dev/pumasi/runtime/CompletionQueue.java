package dev.pumasi.runtime;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Operations that are done, in the order in which they ended: a notification that waits for you instead of calling you.
 * Hand it to {@link Operation#notify}, go on with other work, and look at it when it suits you: {@link #next} and {@link
 * #drain} never wait, {@link #take} does. It holds as many entries as operations were told to notify it, and no more.
 *
 * <p><b>Threads.</b> Any may call any method, several may wait, and each entry goes to one of them. A green thread is woken
 * by its own loop, whichever loop the operation belongs to.
 *
 * <p><b>Waking.</b> Who offers adds to {@code done}, then looks for a waiter; who waits adds itself to {@code waiters}, then
 * looks at {@code done} again. Both queues are accessed by volatile operations, so one of the two sees the other. A waiter
 * that leaves, whatever for, calls the next one if anything is left: it may have been the one that was called.
 */
public final class CompletionQueue {

    /** One who waits. */
    private static final class Waiter {

        private final Thread thread = Thread.currentThread();

        /** Its loop, if it is a green thread of one: there it is woken, and there its time runs out. */
        private final @Nullable Loop home;

        private final Timer timer = Timer.of(this::runOut);
        private final long beganNanos = System.nanoTime();
        private final long limitNanos;

        /** On its loop. */
        private boolean late;

        /** Written by who calls it, read by it. */
        private volatile boolean called;

        Waiter(long limitNanos) {
            this.limitNanos = limitNanos;
            Loop here = Loop.current().orElse(null);
            if (here != null && !thread.isVirtual()) {
                throw new IllegalStateException(
                        "a loop's own thread cannot wait: take from the queue on a green thread");
            }
            home = here;
            if (here != null && limitNanos != FOREVER) {
                here.start(timer, limitNanos);
            }
        }

        /** False if the time ran out before. */
        boolean waitForCall() throws OperationException {
            while (!called) {
                long leftNanos = FOREVER;
                if (home == null && limitNanos != FOREVER) {
                    leftNanos = limitNanos - (System.nanoTime() - beganNanos);
                }
                if (late || leftNanos <= 0) {
                    return false;
                }
                if (leftNanos == FOREVER) {
                    LockSupport.park(this);
                } else {
                    // Not for a green thread of a loop: the JDK's timed waits end on a thread of its own, which is a
                    // hop.
                    LockSupport.parkNanos(this, leftNanos);
                }
                if (Thread.interrupted()) {
                    thread.interrupt();
                    throw new OperationException("wait for a completion on an interrupted thread", Failure.CANCELLED);
                }
            }
            return true;
        }

        private void runOut() {
            late = true;
            LockSupport.unpark(thread);
        }

        void stop() {
            if (home != null) {
                home.cancel(timer);
            }
        }
    }

    private static final long FOREVER = Long.MAX_VALUE;

    private final ConcurrentLinkedQueue<Operation<?>> done = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Waiter> waiters = new ConcurrentLinkedQueue<>();

    /** The one that has waited longest, or empty if none is done. Never waits. */
    public Optional<Operation<?>> next() {
        return Optional.ofNullable(done.poll());
    }

    /** All that are done by now. Never waits. */
    public List<Operation<?>> drain() {
        List<Operation<?>> all = new ArrayList<>();
        for (@Nullable Operation<?> operation = done.poll(); operation != null; operation = done.poll()) {
            all.add(operation);
        }
        return all;
    }

    /**
     * The next one, as soon as one is done. Parks a green thread, blocks a platform thread.
     *
     * @throws OperationException {@link Failure#CANCELLED} if the thread is interrupted, which stays so
     * @throws IllegalStateException on a loop's own thread, outside a green one
     */
    public Operation<?> take() throws IOException {
        return take(FOREVER).orElseThrow();
    }

    /** As {@link #take()}, but empty if none is done within {@code limit}. */
    public Optional<Operation<?>> take(Duration limit) throws IOException {
        return take(Loop.nanos(limit));
    }

    private Optional<Operation<?>> take(long limitNanos) throws IOException {
        @Nullable Operation<?> first = done.poll();
        return Optional.ofNullable(first == null ? waitForOne(limitNanos) : first);
    }

    private @Nullable Operation<?> waitForOne(long limitNanos) throws IOException {
        Waiter waiter = new Waiter(limitNanos);
        try {
            while (true) {
                waiter.called = false;
                waiters.add(waiter);
                Operation<?> next = done.poll();
                if (next != null || !waiter.waitForCall()) {
                    return next == null ? done.poll() : next;
                }
            }
        } finally {
            waiter.stop();
            waiters.remove(waiter);
            if (!done.isEmpty()) {
                callOne(null);
            }
        }
    }

    void offer(Operation<?> operation) {
        done.add(operation);
        callOne(operation.loop());
    }

    /** @param caller the loop on which it is called, to count the hop of a green thread that has no loop */
    private void callOne(@Nullable Loop caller) {
        Waiter waiter = waiters.poll();
        if (waiter == null) {
            return;
        }
        waiter.called = true;
        if (waiter.home != null) {
            waiter.home.run(() -> LockSupport.unpark(waiter.thread));
        } else if (caller != null) {
            caller.wake(waiter.thread);
        } else {
            LockSupport.unpark(waiter.thread);
        }
    }
}
