package dev.pumasi.runtime.sync;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Something that those who hold a {@link Mutex} wait for and others, who hold it too, announce. As always: wait in a loop
 * that looks again.
 *
 * <pre>{@code
 * mutex.lock();
 * try {
 *     while (orders.isEmpty()) {
 *         ordered.await();
 *     }
 *     …
 * } finally {
 *     mutex.unlock();
 * }
 * }</pre>
 *
 * <p>Whoever waits is first come, first served; a signal moves him into the mutex's line without waking him, so nobody is
 * woken only to wait again. A signal is never lost: it goes to one who still waits, and whoever it went to has it, also if
 * he is interrupted at that moment. There are no spurious wake-ups; but others may have been in between.
 *
 * <p>However a wait ends, well or not, the mutex is held again.
 */
public final class Condition {

    private final Mutex mutex;

    /** Guarded by the mutex. Who gives up takes himself out, once he has the mutex again. */
    private final Set<Waiting<?>> waiting = new LinkedHashSet<>();

    Condition(Mutex mutex) {
        this.mutex = mutex;
    }

    /**
     * Lets go of the mutex, waits for a signal, and takes the mutex again.
     *
     * @throws OperationException with {@link Failure#CANCELLED} if the thread is interrupted, {@link Failure#CLOSED}
     *     if its loop stops. The mutex is held again all the same
     * @throws IllegalStateException if the caller does not hold the mutex
     */
    public void await() throws OperationException {
        await(Wait.FOREVER);
    }

    /** As {@link #await()}, and fails with {@link Failure#TIMED_OUT} if there is no signal within {@code limit}. */
    public void await(Duration limit) throws OperationException {
        await(Wait.nanos(limit));
    }

    private void await(long limitNanos) throws OperationException {
        Thread caller = Thread.currentThread();
        Wait.requireWaitable(caller, "wait for " + this);
        mutex.requireHeldBy(caller, "wait for " + this);
        new Waiting<>(caller, mutex).await(limitNanos);
    }

    /**
     * The operation that does the same for a hold that no thread has: it lets go of the mutex, and when it is done, well
     * or not, {@code hold} holds it again. On the hold's loop.
     *
     * @throws IllegalStateException if it does not hold the mutex
     */
    public Operation<Mutex.Hold> await(Mutex.Hold hold) {
        mutex.requireHeldBy(hold, "wait for " + this);
        if (!hold.loop().isCurrent()) {
            throw new IllegalStateException("cannot wait for " + this + " on " + Thread.currentThread()
                    + ": the hold belongs to " + hold.loop() + " — hand it to the loop's run or execute");
        }
        return new Waiting<>(hold, hold).on(hold.loop());
    }

    /**
     * Lets the first of those who wait go on, once the caller has released the mutex. Nothing if nobody waits.
     *
     * @throws IllegalStateException if the calling thread does not hold the mutex
     */
    public void signal() {
        signal(Thread.currentThread(), false);
    }

    /** Lets all that wait go on, one after another. */
    public void signalAll() {
        signal(Thread.currentThread(), true);
    }

    /** As {@link #signal()}, by one who has a hold. Any thread. */
    public void signal(Mutex.Hold hold) {
        signal(hold, false);
    }

    /** As {@link #signalAll()}, by one who has a hold. Any thread. */
    public void signalAll(Mutex.Hold hold) {
        signal(hold, true);
    }

    private void signal(Object who, boolean all) {
        mutex.requireHeldBy(who, "signal " + this);
        while (!waiting.isEmpty()) {
            Waiting<?> first = waiting.iterator().next();
            waiting.remove(first);
            if (first.signalled() && !all) {
                return;
            }
        }
    }

    @Override
    public String toString() {
        return "a condition of " + mutex;
    }

    /** One who waits: first for a signal, then, whatever came, for the mutex. */
    private final class Waiting<R> extends Wait<R> {

        private final Object who;
        private final R outcome;
        private @Nullable Claim claim;

        Waiting(Object who, R outcome) {
            super("wait for " + Condition.this);
            this.who = who;
            this.outcome = outcome;
        }

        @Override
        void enter(Claim claim) {
            this.claim = claim;
            waiting.add(this);
            mutex.release(who);
        }

        /** False if he has given up. */
        boolean signalled() {
            Claim mine = claim;
            if (mine == null || !mine.tryClaim()) {
                return false;
            }
            mutex.enterAgain(mine, who);
            return true;
        }

        @Override
        boolean leave() {
            Claim mine = claim;
            if (mine != null) {
                mutex.enterAgain(mine, who);
            }
            return false;
        }

        @Override
        void cleanUp() {
            waiting.remove(this);
        }

        @Override
        R outcome(Place place) {
            return outcome;
        }
    }
}
