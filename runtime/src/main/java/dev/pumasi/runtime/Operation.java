package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Errno;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One thing that was started and will be done: the handle which the kernel, a timer or a worker looks after for you.
 *
 * <p>How to learn that it is done is the caller's choice, and several ways can be mixed on one handle:
 *
 * <ul>
 *   <li>ask: {@link #poll} says "not yet" or hands out the outcome, and never waits;
 *   <li>be called back: {@link #onDone} runs a callback on the loop;
 *   <li>be notified: {@link #notify(CompletionQueue)} puts it into a queue that you drain when you like;
 *   <li>wait for it: {@link #await} parks a green thread, or blocks a platform thread;
 *   <li>chain it: {@link #toStage} is a {@link CompletionStage}.
 * </ul>
 *
 * <p>It owns the buffers it was given until it is done; a cancelled operation is done only when the kernel has let go of
 * them, so {@link #cancel} is a request and the outcome tells what came of it.
 *
 * <p><b>Threads.</b> Every method may be called on any thread. Callbacks run on the operation's loop.
 *
 * <p><b>State.</b> One field: null (in progress, nobody waits) → {@link Waiter} (in progress, a stack of those who wait)
 * → {@link Outcome} (done, for good). Waiters push themselves by compare-and-set; completion swaps the outcome in and
 * thereby takes the whole stack. The swap releases what the operation wrote into its buffers, and whoever reads the
 * outcome acquires it.
 *
 * @param <T> what it yields
 */
public abstract class Operation<T extends @Nullable Object> extends Pending {

    /** How an operation ended. */
    public sealed interface Outcome<T extends @Nullable Object> {}

    /** It yielded {@code value}. */
    public record Success<T extends @Nullable Object>(T value) implements Outcome<T> {}

    /** It failed. */
    public record Failed<T extends @Nullable Object>(Throwable failure) implements Outcome<T> {}

    /** One who waits; they form a stack. */
    private static final class Waiter {
        final Object who;

        /** The loop of a thread that waits from another one. */
        final @Nullable Loop home;

        /** The loop's time when it came: for whoever looks from outside. */
        final long sinceNanos;

        @Nullable
        Waiter next;

        Waiter(Object who, @Nullable Loop home, long sinceNanos) {
            this.who = who;
            this.home = home;
            this.sinceNanos = sinceNanos;
        }
    }

    private static final int WAITERS_LOOKED_AT_MAX = 1000;

    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Operation.class, "state", Object.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    /** What the kernel or a thread had not let go of when the loop was over: kept for ever, for it may still be written to. */
    private static final Set<Operation<?>> ABANDONED = ConcurrentHashMap.newKeySet();

    private final Loop loop;

    @SuppressWarnings("unused") // through STATE
    private volatile @Nullable Object state;

    private @Nullable Timer deadline;
    private boolean begun;
    private boolean deadlinePassed;

    Operation(Loop loop) {
        this.loop = loop;
    }

    /** The loop that looks after it. */
    public final Loop loop() {
        return loop;
    }

    /** Whether it has ended, well or not. Never waits. */
    public final boolean isDone() {
        return state instanceof Outcome;
    }

    /** The outcome, or empty for "not yet". Never waits. */
    public final Optional<Outcome<T>> poll() {
        Outcome<T> outcome = outcome();
        if (outcome instanceof Failed) {
            failureTaken();
        }
        return Optional.ofNullable(outcome);
    }

    /**
     * Runs {@code callback} on the loop when this is done; also if it is already. If called on the loop, the callback runs
     * after the caller has returned, never inside this call. On a loop that is over everything is done, and there is no thread
     * to run it: then, and only then, the caller runs it, inside this call. What it throws is counted and reported.
     */
    public final Operation<T> onDone(Consumer<? super Outcome<T>> callback) {
        if (!push(callback)) {
            Outcome<T> outcome = ended();
            loop.deliver(() -> callback.accept(outcome));
        }
        return this;
    }

    /** Puts this operation into {@code queue} when it is done; also if it is already. */
    public final Operation<T> notify(CompletionQueue queue) {
        if (!push(queue)) {
            ended();
            queue.offer(this);
        }
        return this;
    }

    /**
     * Waits until it is done. A green thread parks and is resumed by its own loop; a platform thread blocks. An interrupt
     * cancels the operation; the thread's interrupt status is set again when this returns or throws. So does the deadline of
     * a {@link Scope}; it then fails with {@link Failure#TIMED_OUT}.
     *
     * @return what it yielded
     * @throws OperationException if it failed
     * @throws IllegalStateException on the loop's own thread outside a green thread, which would wait for itself
     */
    public final T await() throws IOException {
        if (!isDone()) {
            waitFor();
        }
        return value();
    }

    /**
     * What it yielded, without waiting.
     *
     * @throws IllegalStateException if it is not done
     * @throws OperationException if it failed
     */
    public final T value() throws IOException {
        Outcome<T> outcome = outcome();
        return switch (outcome) {
            case null -> throw new IllegalStateException("not done yet: " + describe());
            case Success<T>(T value) -> value;
            case Failed<T>(Throwable failure) -> {
                failureTaken();
                throw rethrown(failure);
            }
        };
    }

    /** A stage that completes, on the loop as {@link #onDone} does, with what this yields. Cancelling the stage does not cancel the operation. */
    public final CompletionStage<T> toStage() {
        CompletableFuture<T> stage = new CompletableFuture<>();
        onDone(outcome -> {
            switch (outcome) {
                case Success<? extends T>(var value) -> stage.complete(value);
                case Failed<? extends T>(Throwable failure) -> stage.completeExceptionally(failure);
            }
        });
        return stage.minimalCompletionStage();
    }

    /**
     * Asks that it end. It ends a little later: with {@link Failure#CANCELLED} ({@link Failure#CLOSED} if its loop is being
     * closed), or with what it had come to by then. Asking again, or when it is done, does nothing.
     */
    public final void cancel() {
        if (loop.isCurrent()) {
            cancelOnLoop();
        } else {
            loop.execute(this::cancelOnLoop);
        }
    }

    /**
     * Cancels it when it is not done within {@code limit} from now; it then fails with {@link Failure#TIMED_OUT}. The last
     * call counts.
     */
    public final Operation<T> within(Duration limit) {
        long limitNanos = Loop.nanos(limit);
        loop.run(() -> {
            if (!isDone()) {
                Timer timer = Timer.of(() -> {
                    deadlinePassed = true;
                    cancelOnLoop();
                });
                if (deadline != null) {
                    loop.cancel(deadline);
                }
                deadline = timer;
                loop.start(timer, limitNanos);
            }
        });
        return this;
    }

    // ------------------------------------------------------------------------------ for subclasses, on the loop

    /** Starts it; called once, on the loop. */
    abstract void start();

    /** Passes the wish to end on to whoever works on it. On the loop; called only between its start and its end. */
    abstract void requestCancel();

    /** Somebody has been told that it failed. On any thread, and perhaps more than once. */
    void failureTaken() {}

    /** Runs {@link #start} on the loop: now if that is where we are. On a loop that is over it fails. */
    final Operation<T> started() {
        if (loop.isCurrent()) {
            startNow();
        } else {
            loop.execute(this::startNow);
            if (loop.isOver()) {
                startNow(); // which the loop may be doing too: the first end counts, and it is the same
            }
        }
        return this;
    }

    private void startNow() {
        if (loop.isOver()) {
            end(new Failed<>(new OperationException(describe(), Failure.CLOSED)), false);
        } else if (!isDone()) { // it may have been cancelled before its turn came
            begun = true;
            start();
        }
    }

    final void succeed(T value) {
        end(new Success<>(value), true);
    }

    final void fail(Throwable failure) {
        end(new Failed<>(failure), true);
    }

    /** Fails with what a driver reported. */
    final void failWith(int result) {
        if (Failure.of(result) != Failure.CANCELLED) {
            fail(OperationException.of(describe(), result));
        } else if (deadlinePassed) {
            fail(new OperationException(describe(), Failure.TIMED_OUT));
        } else {
            fail(new OperationException(describe(), loop.isClosing() ? Failure.CLOSED : Failure.CANCELLED));
        }
    }

    @Override
    void abandoned() {
        if (!isDone()) {
            ABANDONED.add(this);
            end(new Failed<>(new OperationException(describe(), Failure.CLOSED)), false);
        }
    }

    @Override
    void completed(int result, int flags) {
        throw new IllegalStateException("no driver works on this: " + describe());
    }

    /**
     * Since when {@code thread} waits for this, in the loop's time; {@link Wait#UNKNOWN} if it does not. Any thread: the stack
     * may be taken and turned round meanwhile, hence the limit.
     */
    @SuppressWarnings("ReferenceEquality") // a thread is itself
    final long waitingSinceNanos(Thread thread) {
        Waiter waiter = state instanceof Waiter top ? top : null;
        for (int left = WAITERS_LOOKED_AT_MAX; waiter != null && left > 0; left--) {
            if (waiter.who == thread) {
                return waiter.sinceNanos;
            }
            waiter = waiter.next;
        }
        return Wait.UNKNOWN;
    }

    @Override
    public String toString() {
        return describe() + (isDone() ? " (done)" : " (in progress)");
    }

    /** @param once whether an earlier end is a mistake */
    private void end(Outcome<T> outcome, boolean once) {
        if (deadline != null) {
            loop.cancel(deadline);
            deadline = null;
        }
        Object before = state;
        while (!(before instanceof Outcome)) {
            if (STATE.compareAndSet(this, before, outcome)) {
                wake((Waiter) before, outcome);
                return;
            }
            before = state;
        }
        if (once) {
            throw new IllegalStateException("ended twice: " + describe());
        }
    }

    /** In the order in which they came: the stack is turned round first. */
    private void wake(@Nullable Waiter top, Outcome<T> outcome) {
        Waiter first = null;
        while (top != null) {
            Waiter below = top.next;
            top.next = first;
            first = top;
            top = below;
        }
        if (first != null && outcome instanceof Failed) {
            failureTaken();
        }
        for (Waiter waiter = first; waiter != null; waiter = waiter.next) {
            switch (waiter.who) {
                case Thread thread -> loop.wake(thread, waiter.home);
                case CompletionQueue queue -> queue.offer(this);
                default -> {
                    @SuppressWarnings("unchecked") // pushed by onDone only
                    Consumer<? super Outcome<T>> callback = (Consumer<? super Outcome<T>>) waiter.who;
                    loop.deliver(() -> callback.accept(outcome));
                }
            }
        }
    }

    /** False if it is done already. */
    private boolean push(Object who) {
        Waiter waiter = new Waiter(who, who instanceof Thread ? loop.homeOfCaller() : null, loop.nowNanos());
        while (true) {
            Object before = state;
            if (before instanceof Outcome) {
                return false;
            }
            waiter.next = (Waiter) before;
            if (STATE.compareAndSet(this, before, waiter)) {
                return true;
            }
        }
    }

    private void waitFor() {
        Thread thread = Thread.currentThread();
        if (loop.isCurrent() && !thread.isVirtual()) {
            throw new IllegalStateException("a loop cannot wait for itself: await " + describe()
                    + " on a green thread, or use onDone on the loop's own thread");
        }
        if (!push(thread)) {
            return;
        }
        boolean interrupted = false;
        while (!isDone()) {
            LoopRecording notes = loop.recordingOfGreenCaller();
            if (notes == null) {
                LockSupport.park(this);
            } else {
                notes.now(RecordedKind.GREEN_PARKED, Labels.of(this), thread.threadId());
                LockSupport.park(this);
                notes.now(RecordedKind.GREEN_WOKEN, 0, thread.threadId());
            }
            if (!isDone() && Thread.interrupted()) {
                interrupted = true;
                cancel(Scope.whyInterrupted());
            }
        }
        if (interrupted) {
            thread.interrupt();
        }
    }

    private void cancel(Failure why) {
        loop.run(() -> {
            deadlinePassed |= why == Failure.TIMED_OUT;
            cancelOnLoop();
        });
    }

    private void cancelOnLoop() {
        if (isDone()) {
            return;
        }
        if (begun) {
            requestCancel();
        } else {
            failWith(-Errno.ECANCELED); // its start is still on the way to the loop
        }
    }

    /** Whether it was cancelled because of {@link #within}. On the loop. */
    final boolean deadlineHasPassed() {
        return deadlinePassed;
    }

    /** As {@link #poll}, for the runtime itself: nobody has taken note of a failure by that. */
    @SuppressWarnings("unchecked") // only end() stores outcomes
    final @Nullable Outcome<T> outcome() {
        return state instanceof Outcome<?> outcome ? (Outcome<T>) outcome : null;
    }

    private Outcome<T> ended() {
        Outcome<T> outcome = outcome();
        if (outcome == null) {
            throw new IllegalStateException("not done yet: " + describe());
        }
        if (outcome instanceof Failed) {
            failureTaken();
        }
        return outcome;
    }

    /** The failure with the waiting thread's stack beneath it, so that both ends can be seen. */
    static IOException rethrown(Throwable failure) {
        return switch (failure) {
            case Rethrown known -> known.here();
            case IOException io -> new IOException(io.getMessage(), io);
            case RuntimeException unchecked -> throw unchecked;
            case Error error -> throw error;
            default -> new IOException(failure.getMessage(), failure);
        };
    }
}
