package dev.pumasi.runtime.sync;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.Promise;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One wait, for whoever waits: where to stand in line, what to do when giving up, what it comes to. {@link #await} waits
 * on the calling thread, {@link #on} gives the operation.
 *
 * @param <R> what it yields
 */
abstract class Wait<R> {

    /** For as long as it takes. */
    static final long FOREVER = Long.MAX_VALUE;

    /** The longest limit that is taken literally: a century. */
    private static final Duration LIMIT_MAX = Duration.ofDays(36_500);

    /** What is tried, and on what. */
    private final String what;

    Wait(String what) {
        this.what = what;
    }

    /** Stands in line; {@code claim} may be DONE when this returns. */
    abstract void enter(Claim claim) throws OperationException;

    /**
     * He who waits has given up: leaves the line. True if that is the end of it; false if something must be waited for all
     * the same, and the claim will be DONE.
     */
    abstract boolean leave();

    /** What it has come to: of one who was let pass at that place. */
    abstract R outcome(Place place) throws IOException;

    /** Whether {@link #outcome} runs code of the user's, which must not happen while somebody hands over. */
    boolean callsUser() {
        return false;
    }

    /** Gave up, and was let pass all the same because {@link #leave} has said so. */
    void cleanUp() {}

    @Override
    public final String toString() {
        return what;
    }

    static long nanos(Duration limit) {
        return limit.isNegative() ? 0 : limit.compareTo(LIMIT_MAX) > 0 ? LIMIT_MAX.toNanos() : limit.toNanos();
    }

    /** The operation, on {@code loop}. */
    final Promise<R> on(Loop loop) {
        return new Awaited<>(loop, this).begunOnLoop();
    }

    /**
     * Waits on the calling thread: a green thread by an operation of its loop, any other by itself.
     *
     * @param limitNanos at most; {@link #FOREVER} without limit
     */
    final R await(long limitNanos) throws OperationException {
        Loop loop = Loop.current().orElse(null);
        if (loop == null) {
            return awaitHere(limitNanos);
        }
        Promise<R> promise = on(loop);
        if (limitNanos != FOREVER && !promise.isDone()) {
            promise.within(Duration.ofNanos(limitNanos));
        }
        try {
            return promise.await();
        } catch (IOException failure) {
            throw known(failure);
        }
    }

    /** What a wait of ours fails with; only code of the user's fails otherwise, and that is not run in here. */
    private static OperationException known(IOException failure) {
        if (failure instanceof OperationException known) {
            return known;
        }
        throw new AssertionError(failure);
    }

    /** Fails on a loop's own thread, also where nothing would have to be waited for: a mistake shows at the first try. */
    static void requireWaitable(Thread caller, Object what) {
        if (!caller.isVirtual() && Loop.current().isPresent()) {
            throw new IllegalStateException("a loop's own thread cannot wait: " + what
                    + " on a green thread, or give the loop to the same method and take the operation");
        }
    }

    private R awaitHere(long limitNanos) throws OperationException {
        Parked parked = new Parked(Thread.currentThread());
        long deadlineNanos = limitNanos == FOREVER ? 0 : System.nanoTime() + limitNanos;
        boolean mayGiveUp = true;
        boolean interrupted = false;
        Failure failure = null;
        enter(parked);
        while (!parked.isDone()) {
            Failure reason = null;
            if (!mayGiveUp || limitNanos == FOREVER) {
                LockSupport.park(this);
            } else {
                long leftNanos = deadlineNanos - System.nanoTime();
                if (leftNanos > 0) {
                    LockSupport.parkNanos(this, leftNanos);
                } else {
                    reason = Failure.TIMED_OUT;
                }
            }
            if (Thread.interrupted()) {
                interrupted = true;
                reason = Failure.CANCELLED;
            }
            if (mayGiveUp && reason != null) {
                mayGiveUp = false; // now, or never: it is claimed already
                if (parked.tryGiveUp()) {
                    failure = reason;
                    if (leave()) {
                        break;
                    }
                }
            }
        }
        if (interrupted) {
            parked.thread.interrupt();
        }
        if (failure != null) {
            if (parked.isDone()) {
                cleanUp();
            }
            throw new OperationException(what, failure);
        }
        try {
            return outcome(parked.passed());
        } catch (IOException broken) {
            throw known(broken);
        }
    }

    /** A thread outside loops. */
    private static final class Parked extends Claim {

        final Thread thread;

        Parked(Thread thread) {
            this.thread = thread;
        }

        @Override
        void wake() {
            LockSupport.unpark(thread);
        }
    }

    /** An operation, on which a green thread may wait, or a callback. */
    private static final class Awaited<R> extends Promise<R> {

        private final Wait<R> wait;

        private final Claim claim = new Claim() {
            @Override
            void wake() {
                if (loop().isCurrent() && !wait.callsUser()) {
                    settle();
                } else {
                    loop().execute(Awaited.this::settle);
                }
            }
        };

        /** On the loop. */
        private boolean givenUp;

        Awaited(Loop loop, Wait<R> wait) {
            super(loop);
            this.wait = wait;
        }

        Promise<R> begunOnLoop() {
            return begun();
        }

        @Override
        protected void begin() throws OperationException {
            wait.enter(claim);
        }

        @Override
        protected boolean abandon() {
            if (claim.tryGiveUp()) {
                givenUp = true;
                return wait.leave();
            }
            return false;
        }

        private void settle() {
            if (givenUp) {
                wait.cleanUp();
                cancelled();
                return;
            }
            R outcome;
            try {
                outcome = wait.outcome(claim.passed());
            } catch (Throwable failure) {
                broken(failure);
                return;
            }
            kept(outcome);
        }

        @Override
        protected String what() {
            return wait.toString();
        }
    }

    /** At one line. */
    abstract static class InLine<R> extends Wait<R> {

        private final Line line;
        private final @Nullable Object brought;
        private @Nullable Place place;

        InLine(String what, Line line, @Nullable Object brought) {
            super(what);
            this.line = line;
            this.brought = brought;
        }

        @Override
        final void enter(Claim claim) throws OperationException {
            Place mine = new Place(claim, brought);
            place = mine;
            line.enter(mine, this);
        }

        @Override
        final boolean leave() {
            Place mine = place;
            if (mine != null) {
                line.depart(mine);
            }
            return true;
        }
    }
}
