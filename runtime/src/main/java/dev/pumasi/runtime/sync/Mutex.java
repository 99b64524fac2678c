package dev.pumasi.runtime.sync;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Mutual exclusion between green threads, of one loop or of several, and any other threads.
 *
 * <pre>{@code
 * mutex.lock();
 * try {
 *     …
 * } finally {
 *     mutex.unlock();
 * }
 * }</pre>
 *
 * <p>A green thread that waits parks, and is resumed by its own loop; a platform thread blocks. A loop's own thread cannot
 * wait, and {@link #lock()} fails there at once, even when the mutex is free; it may {@link #tryLock}, or take the
 * operation: {@link #lock(Loop)}.
 *
 * <p>Fair: handed over in the order of arrival, and {@code tryLock} does not overtake. Not reentrant: a thread that locks
 * what it holds fails at once. What was done before an {@code unlock} is seen after the next {@code lock}. Free, it costs a
 * compare-and-set each way and allocates nothing.
 */
public final class Mutex {

    /** The right to what the mutex guards, in the hands of no thread: of whoever takes the operation's outcome. */
    public final class Hold {

        private final Loop loop;

        private Hold(Loop loop) {
            this.loop = loop;
        }

        /**
         * Lets the next one in. Any thread; never waits.
         *
         * @throws IllegalStateException if this does not hold the mutex (any more)
         */
        public void unlock() {
            release(this);
        }

        Mutex mutex() {
            return Mutex.this;
        }

        /** Of whom it waits on. */
        Loop loop() {
            return loop;
        }

        @Override
        public String toString() {
            return "hold of " + Mutex.this;
        }
    }

    private final String name;
    private final String lockThis;
    private final Permits permits = new Permits(1, this::passes);

    /**
     * A {@link Thread}, a {@link Hold}, or null. Written by who has just got the mutex, or for him by who hands it over, and
     * by who is about to release it: always under the mutex. A thread that asks whether it is the owner reads without;
     * only writes by itself, or for itself before it was let pass, can make the answer yes.
     */
    private @Nullable Object owner;

    /** A mutex without a name. */
    public Mutex() {
        this("");
    }

    /** With a name, for messages and thread dumps. */
    public Mutex(String name) {
        this.name = name;
        lockThis = "lock " + this;
    }

    /**
     * Takes the mutex, and waits for it as long as need be.
     *
     * @throws OperationException with {@link Failure#CANCELLED} if the thread is interrupted while it waits, {@link
     *     Failure#CLOSED} if its loop stops; {@link Failure#REJECTED} if too many wait. It does not hold the mutex then
     * @throws IllegalStateException if it holds it already, or is a loop's own thread
     */
    public void lock() throws OperationException {
        lock(Wait.FOREVER);
    }

    /** As {@link #lock()}, and fails with {@link Failure#TIMED_OUT} when it is not free within {@code limit}. */
    public void lock(Duration limit) throws OperationException {
        lock(Wait.nanos(limit));
    }

    private void lock(long limitNanos) throws OperationException {
        Thread caller = Thread.currentThread();
        Wait.requireWaitable(caller, lockThis);
        if (!tryLock()) {
            new Lock(caller).await(limitNanos);
        }
    }

    /**
     * Takes the mutex if it is free and nobody waits for it. Any thread; never waits.
     *
     * @throws IllegalStateException if the caller holds it already
     */
    @SuppressWarnings("ReferenceEquality") // a thread is itself
    public boolean tryLock() {
        Thread caller = Thread.currentThread();
        if (owner == caller) {
            throw new IllegalStateException("cannot " + lockThis + " twice: " + caller + " holds it");
        }
        if (permits.tryTake(1)) {
            owner = caller;
            return true;
        }
        return false;
    }

    /** The operation that takes the mutex, and yields the right to it. Any thread; never waits. */
    public Operation<Hold> lock(Loop loop) {
        return new Taking(new Hold(loop)).on(loop);
    }

    /**
     * Lets the next one in. Never waits.
     *
     * @throws IllegalStateException if the calling thread does not hold it
     */
    public void unlock() {
        release(Thread.currentThread());
    }

    /** What those who hold this mutex can wait for. */
    public Condition condition() {
        return new Condition(this);
    }

    /** Whether somebody holds it, as of about now. */
    public boolean isLocked() {
        return permits.permits() == 0;
    }

    /** How many wait for it, as of about now. */
    public int waiting() {
        return permits.waiting();
    }

    /** Whether the calling thread holds it. */
    public boolean isHeldByCaller() {
        return isHeldBy(Thread.currentThread());
    }

    boolean isHeldBy(Object who) {
        return owner == who;
    }

    void requireHeldBy(Object who, String attempt) {
        if (!isHeldBy(who)) {
            throw new IllegalStateException("cannot " + attempt + ": " + who + " does not hold it");
        }
    }

    void release(Object who) {
        requireHeldBy(who, "unlock " + this);
        owner = null;
        permits.give(1);
    }

    /** Back into the line, for one who waited for a condition and whose claim is decided. */
    void enterAgain(Claim claim, Object ownerToBe) {
        permits.enterDecided(new Place(claim, ownerToBe, true));
    }

    /** It is his from now on; before he is told, so that he finds it so. */
    private void passes(Place place) {
        owner = place.brought;
    }

    @Override
    public String toString() {
        return name.isEmpty() ? "a mutex" : "mutex " + name;
    }

    private final class Lock extends Wait.InLine<Mutex> {

        Lock(Thread caller) {
            super(lockThis, permits, caller);
        }

        @Override
        Mutex outcome(Place place) {
            return Mutex.this;
        }
    }

    private final class Taking extends Wait.InLine<Hold> {

        private final Hold hold;

        Taking(Hold hold) {
            super(lockThis, permits, hold);
            this.hold = hold;
        }

        @Override
        Hold outcome(Place place) {
            return hold;
        }
    }
}
