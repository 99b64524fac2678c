package dev.pumasi.runtime.sync;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;

/**
 * Opens once a number of things have happened, and stays open.
 *
 * <p>Waits as {@link Mutex} does. What was done before a {@link #countDown} is seen after the {@link #await()} that it
 * lets pass.
 */
public final class Latch {

    private final String name;
    private final String awaitThis;
    private final Waiters waiters;

    /** A latch that waits for so many things, and has no name. */
    public Latch(int count) {
        this("", count);
    }

    /** With a name, for messages and thread dumps. */
    public Latch(String name, int count) {
        if (count < 0) {
            throw new IllegalArgumentException("a count must not be negative: " + count);
        }
        this.name = name;
        waiters = new Waiters(count);
        awaitThis = "wait for " + this;
    }

    /** One of the things has happened. Nothing if it is open. Any thread; never waits. */
    public void countDown() {
        waiters.countDown();
    }

    /** How many are missing. */
    public int count() {
        return waiters.count;
    }

    /**
     * Waits until it is open.
     *
     * @throws OperationException with {@link Failure#CANCELLED} if the thread is interrupted while it waits, {@link
     *     Failure#CLOSED} if its loop stops; {@link Failure#REJECTED} if too many wait
     * @throws IllegalStateException on a loop's own thread, which cannot wait
     */
    public void await() throws OperationException {
        await(Wait.FOREVER);
    }

    /** As {@link #await()}, and fails with {@link Failure#TIMED_OUT} if it is not open within {@code limit}. */
    public void await(Duration limit) throws OperationException {
        await(Wait.nanos(limit));
    }

    private void await(long limitNanos) throws OperationException {
        Wait.requireWaitable(Thread.currentThread(), awaitThis);
        if (waiters.count > 0) {
            new Opening().await(limitNanos);
        }
    }

    /** The operation that is done when it is open. Any thread; never waits. */
    public Operation<Latch> await(Loop loop) {
        return new Opening().on(loop);
    }

    @Override
    public String toString() {
        return name.isEmpty() ? "a latch" : "latch " + name;
    }

    private final class Opening extends Wait.InLine<Latch> {

        Opening() {
            super(awaitThis, waiters, null);
        }

        @Override
        Latch outcome(Place place) {
            return Latch.this;
        }
    }

    private static final class Waiters extends Line {

        private static final VarHandle COUNT;
        private static final VarHandle WAITING;

        static {
            try {
                COUNT = MethodHandles.lookup().findVarHandle(Waiters.class, "count", int.class);
                WAITING = MethodHandles.lookup().findVarHandle(Waiters.class, "waiting", int.class);
            } catch (ReflectiveOperationException impossible) {
                throw new ExceptionInInitializerError(impossible);
            }
        }

        private volatile int count;

        @SuppressWarnings("unused") // through WAITING
        private volatile int waiting;

        Waiters(int count) {
            COUNT.setRelease(this, count);
        }

        /** The count is written before the line is signalled; who arrives is in line before the count is read. */
        void countDown() {
            while (true) {
                int now = count;
                if (now == 0) {
                    return;
                }
                if (COUNT.compareAndSet(this, now, now - 1)) {
                    if (now == 1) {
                        signal();
                    }
                    return;
                }
            }
        }

        @Override
        boolean enlist(boolean surely) {
            int before = (int) WAITING.getAndAdd(this, 1);
            if (before >= WAITING_MAX) {
                WAITING.getAndAdd(this, -1);
                return false;
            }
            return true;
        }

        @Override
        boolean ready(Place place) {
            return count == 0;
        }

        @Override
        void pass(Place place) {
            WAITING.getAndAdd(this, -1);
        }

        @Override
        void gone() {
            WAITING.getAndAdd(this, -1);
        }
    }
}
