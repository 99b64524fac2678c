package dev.pumasi.runtime.sync;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import java.time.Duration;

/**
 * A number of permits, for green threads and any others: at most so many queries at a time, so many uploads.
 *
 * <p>Fair: first come, first served, whatever each wants; so one who wants many holds up those behind him, and is not
 * starved by them. Permits belong to nobody: any thread may release. A permit is never lost: who gives up a wait has none,
 * and who was given one has it, also if he is interrupted at that moment.
 *
 * <p>Waits as {@link Mutex} does. Free, it costs a compare-and-set each way and allocates nothing.
 */
public final class Semaphore {

    private final String name;
    private final String acquireThis;
    private final Permits permits;

    /** A semaphore with so many permits, and no name. */
    public Semaphore(int permits) {
        this("", permits);
    }

    /** With a name, for messages and thread dumps. */
    public Semaphore(String name, int permits) {
        if (permits < 0) {
            throw new IllegalArgumentException("permits must not be negative: " + permits);
        }
        this.name = name;
        this.permits = new Permits(permits, null);
        acquireThis = "acquire " + this;
    }

    /**
     * Takes a permit, and waits for one as long as need be.
     *
     * @throws OperationException with {@link Failure#CANCELLED} if the thread is interrupted while it waits, {@link
     *     Failure#CLOSED} if its loop stops; {@link Failure#REJECTED} if too many wait. It has no permit then
     * @throws IllegalStateException on a loop's own thread, which cannot wait
     */
    public void acquire() throws OperationException {
        acquire(1, Wait.FOREVER);
    }

    /** As {@link #acquire()}, and fails with {@link Failure#TIMED_OUT} when there is none within {@code limit}. */
    public void acquire(Duration limit) throws OperationException {
        acquire(1, Wait.nanos(limit));
    }

    /** As {@link #acquire()}, several at once. */
    public void acquire(int count) throws OperationException {
        acquire(count, Wait.FOREVER);
    }

    /** As {@link #acquire(Duration)}, several at once. */
    public void acquire(int count, Duration limit) throws OperationException {
        acquire(count, Wait.nanos(limit));
    }

    private void acquire(int count, long limitNanos) throws OperationException {
        Wait.requireWaitable(Thread.currentThread(), acquireThis);
        if (!tryAcquire(count)) {
            new Acquire(count).await(limitNanos);
        }
    }

    /** Takes a permit if one is there and nobody waits. Any thread; never waits. */
    public boolean tryAcquire() {
        return tryAcquire(1);
    }

    /** As {@link #tryAcquire()}, all of several or none. */
    public boolean tryAcquire(int count) {
        requirePositive(count);
        return permits.tryTake(count);
    }

    /** The operation that takes a permit. Any thread; never waits. */
    public Operation<Semaphore> acquire(Loop loop) {
        return acquire(loop, 1);
    }

    /** The operation that takes several at once. Any thread; never waits. */
    public Operation<Semaphore> acquire(Loop loop, int count) {
        requirePositive(count);
        return new Acquire(count).on(loop);
    }

    /** Gives a permit. Any thread; never waits. */
    public void release() {
        release(1);
    }

    /**
     * Gives several. Any thread; never waits.
     *
     * @throws IllegalStateException if there would be more than {@link Integer#MAX_VALUE}
     */
    public void release(int count) {
        requirePositive(count);
        if (!permits.give(count)) {
            throw new IllegalStateException("too many permits in " + this);
        }
    }

    /** How many permits there are, as of about now. */
    public int permits() {
        return permits.permits();
    }

    /** How many wait, as of about now. */
    public int waiting() {
        return permits.waiting();
    }

    private static void requirePositive(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("at least one permit, not " + count);
        }
    }

    @Override
    public String toString() {
        return name.isEmpty() ? "a semaphore" : "semaphore " + name;
    }

    private final class Acquire extends Wait.InLine<Semaphore> {

        Acquire(int count) {
            super(acquireThis, permits, count);
        }

        @Override
        Semaphore outcome(Place place) {
            return Semaphore.this;
        }
    }
}
