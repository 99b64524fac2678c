package dev.pumasi.sql;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.sync.Semaphore;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * In front of a pool of connections: as many are let in as there are connections, so many wait, so long, and the rest is told at once to
 * come back later. Who has been let in finds a connection: nobody waits inside the pool, where thousands would, and would hop.
 *
 * <p>First come, first served. Those who wait cost a few small objects each, no thread, and none of them runs.
 */
final class Admission {

    /** Weight of the latest in the running mean of how long a connection is kept: an eighth, as TCP does with its round trips. */
    private static final int MEAN_SHIFT = 3;

    private static final Duration RETRY_MIN = Duration.ofSeconds(1);
    private static final Duration RETRY_MAX = Duration.ofSeconds(60);

    private final Semaphore connections;
    private final int connectionCount;
    private final int waitingMax;
    private final Duration waitMax;

    /** Those who wait; counted before they stand in line, so that the limit is never passed. */
    private final AtomicInteger waiting = new AtomicInteger();

    private final LongAdder admitted = new LongAdder();
    private final LongAdder refusedAtOnce = new LongAdder();
    private final LongAdder refusedLate = new LongAdder();

    /** Racy on purpose: it is an estimate, and a lost update does no harm. */
    private volatile long meanHeldNanos;

    Admission(String name, Settings settings) {
        connectionCount = settings.placement().connections();
        connections = new Semaphore("connections to " + name, connectionCount);
        waitingMax = settings.waitingMax();
        waitMax = settings.waitMax();
    }

    /** Who asks to be let in. */
    interface Guest {
        /** He is in, and must {@link #leave} some time. On the loop. */
        void admitted();

        /** He is not. On the loop. */
        void turnedAway(Throwable why);

        String attempt();
    }

    /**
     * Lets him in: inside this call if there is a connection, or later, or not. On {@code loop}.
     *
     * @return what he waits for, which can be cancelled; null if he does not wait
     */
    @Nullable
    Operation<?> enter(Loop loop, Guest guest) {
        if (connections.tryAcquire()) {
            admitted.increment();
            guest.admitted();
            return null;
        }
        if (waiting.incrementAndGet() > waitingMax) {
            waiting.decrementAndGet();
            refusedAtOnce.increment();
            guest.turnedAway(refusal(guest, SqlFailure.REFUSED, waitingMax + " do"));
            return null;
        }
        Operation<Semaphore> place = connections.acquire(loop).within(waitMax);
        place.onDone(outcome -> {
            waiting.decrementAndGet();
            switch (outcome) {
                case Operation.Success<Semaphore> _ -> {
                    admitted.increment();
                    guest.admitted();
                }
                case Operation.Failed<Semaphore>(Throwable failure) -> guest.turnedAway(known(guest, failure));
            }
        });
        return place;
    }

    private Throwable known(Guest guest, Throwable failure) {
        if (failure instanceof OperationException known && known.failure() == Failure.TIMED_OUT) {
            refusedLate.increment();
            return refusal(guest, SqlFailure.NO_CONNECTION, "waited for " + waitMax.toMillis() + " ms");
        }
        return failure;
    }

    RefusedException refusal(Guest guest, SqlFailure why, String detail) {
        return new RefusedException(guest.attempt(), why, detail, retryAfter(), null);
    }

    /** When those who wait now will have had their turn, roughly. */
    Duration retryAfter() {
        Duration queue = Duration.ofNanos(meanHeldNanos * waiting.get() / connectionCount);
        Duration rounded = Duration.ofSeconds(queue.plusNanos(999_999_999).toSeconds());
        return rounded.compareTo(RETRY_MIN) < 0 ? RETRY_MIN : rounded.compareTo(RETRY_MAX) > 0 ? RETRY_MAX : rounded;
    }

    /** Any thread. */
    void leave(long heldNanos) {
        long mean = meanHeldNanos;
        meanHeldNanos = mean + (heldNanos - mean >> MEAN_SHIFT);
        connections.release();
    }

    int waiting() {
        return waiting.get();
    }

    long admissions() {
        return admitted.sum();
    }

    long refusedAtOnce() {
        return refusedAtOnce.sum();
    }

    long refusedLate() {
        return refusedLate.sum();
    }
}
