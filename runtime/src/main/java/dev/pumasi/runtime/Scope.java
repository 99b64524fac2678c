package dev.pumasi.runtime;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Structured concurrency on green threads: a block that forks tasks, and that none of them outlives.
 *
 * <pre>{@code
 * try (Scope scope = Scope.open(Duration.ofSeconds(2))) {
 *     Operation<User> user = scope.fork(() -> findUser(id));
 *     Operation<List<Order>> orders = scope.fork(() -> findOrders(id));
 *     scope.join();
 *     return new Page(user.value(), orders.value());
 * }
 * }</pre>
 *
 * <p><b>Subtasks.</b> Each runs on a green thread of its own, on the opener's loop unless {@link ScopeBuilder#on} names
 * others. {@link #fork} hands out an {@link Operation}: awaited, polled or called back like any other, and with a {@link
 * Operation#value} once {@link #join} has returned. It ends on the opener's loop, so who waits is woken there.
 *
 * <p><b>Policies.</b> {@link #open()}: all must succeed; the first failure cancels the rest, and {@code join} throws it, with those
 * that came behind it as suppressed. {@link ScopeBuilder#allEnd}: each for itself; {@code join} throws none of their failures. {@link
 * ScopeBuilder#firstSuccess} and {@link ScopeBuilder#firstEnd}: a {@link Race}. When {@code join} returns or throws, none runs any more.
 *
 * <p><b>Cancellation</b> is an interrupt, given on the subtask's own loop. It breaks off the operation that the subtask awaits, in
 * the kernel too, or the next one that it will await. Code that computes asks {@link Thread#isInterrupted} or, if it never
 * waits, {@link #isCancelled}: an interrupt from its own loop cannot reach it while it keeps that loop busy. The wish is not obeyed
 * by code that ignores interrupts; its scope then waits for it.
 *
 * <p><b>The deadline</b> holds for everything within the block: what subtasks await, what the opener itself awaits, and
 * scopes inside, whose own can only be earlier. What is awaited then fails with {@link Failure#TIMED_OUT}. It is kept by a timer of the scope,
 * so that an operation outside of all scopes pays nothing for it. The opener is interrupted as well, and {@link #close} takes that
 * back. (An interrupt by somebody else between the two goes with it; the JDK has one bit for both.)
 *
 * <p><b>Context.</b> Subtasks see the {@link ScopedValue}s bound where the scope was opened, wherever green threads run on their
 * loop; elsewhere the JDK has no way to hand them on, and they see those given by {@link ScopeBuilder#where}.
 *
 * <p><b>Nothing is lost.</b> {@link #close} cancels and waits; scopes inside that were left open are closed first, and that is
 * an error. A failure that was neither thrown by {@code join} nor asked for is reported by the loop. If a loop stops,
 * what runs there is cancelled, and the opener is told.
 *
 * <p><b>State.</b> It belongs to the opener's loop ("home"), which forks, ends and cancels; an opener that is a platform
 * thread posts and waits for the answer. {@code running}: those admitted; {@code stopped}: why no more are, null at first.
 *
 * <p>Only the opener may call, except {@link #cancel}, {@link #breakOff} and {@link #isCancelled}, which any thread may.
 *
 * <p>After the nurseries of Trio (N. J. Smith, <i>Notes on structured concurrency</i>, 2018) and the JDK's {@code StructuredTaskScope} (JEP 505).
 */
public final class Scope implements AutoCloseable {

    /** What the end of a subtask means for the others. */
    enum Policy {
        ALL_SUCCEED,
        ALL_END,
        FIRST_SUCCESS,
        FIRST_END
    }

    /** How many failures are kept until {@link #join} or {@link #close}; beyond, each is reported as it comes. */
    public static final int FAILURES_KEPT_MAX = 64;

    private static final String SUBTASK = "run a subtask";

    private final Thread owner = Thread.currentThread();
    private final @Nullable Extent outer = Extent.INNERMOST.get();
    private final @Nullable Object bindings = Bindings.current();
    private final Loop home;
    private final Policy policy;
    private final Supplier<Loop> placement;
    private final int runningMax;
    private final @Nullable Deadline deadline;
    private final ScopedValue.@Nullable Carrier given;
    private final Gate gate;
    private final Presence presence;
    private final Timer timer = Timer.of(this::deadlinePassed);
    private final Parent parent = new Parent();
    private final Block block = new Block();

    // Of the home loop.
    private final Subtasks running = new Subtasks();
    private final List<Subtask<?>> failed = new ArrayList<>();
    private @Nullable Subtask<?> winner;
    private boolean incomplete;

    /** The owner has left the block: it must not be told anything any more. */
    private boolean left;

    /** Whether the owner had been interrupted by somebody else when this interrupted it. */
    private boolean ownerWasInterrupted;

    /** The owner waits until fewer than these are running. */
    private int awaitedBelow;

    /** Written by the home loop, read by any thread. */
    private volatile @Nullable Failure stopped;

    /** Written by the home loop before it interrupts the owner, read by the owner. */
    private volatile @Nullable Failure told;

    /** The scope that the owner has opened inside this one; written by the owner, read by the home loop too. */
    private volatile @Nullable Scope inner;

    private boolean closed; // of the owner

    /** As {@link ScopeBuilder#open}, with nothing set. */
    public static Scope open() {
        return new ScopeBuilder().open();
    }

    /** As {@link #open()}, and everything within must be done in {@code limit} from now. */
    public static Scope open(Duration limit) {
        return new ScopeBuilder().within(limit).open();
    }

    /** To say more about a scope before it is opened. */
    public static ScopeBuilder builder() {
        return new ScopeBuilder();
    }

    /**
     * Why the calling thread has been interrupted: {@link Failure#TIMED_OUT} by the deadline of a scope, else {@link
     * Failure#CANCELLED}. For what waits by itself and must say why it was broken off; not asked while nothing is.
     */
    public static Failure whyInterrupted() {
        Failure told = Extent.toldHere();
        return told == Failure.TIMED_OUT ? told : Failure.CANCELLED;
    }

    Scope(
            Loop home,
            Policy policy,
            Supplier<Loop> placement,
            int runningMax,
            @Nullable Deadline own,
            ScopedValue.@Nullable Carrier given) {
        this.home = home;
        this.policy = policy;
        this.placement = placement;
        this.runningMax = runningMax;
        this.given = given;
        deadline = Deadline.earlier(own, outer == null ? null : outer.deadline());
        gate = new Gate(home, "join", this);
        presence = new Presence(home, this::toString, this::stopWithLoop, gate::open);
    }

    // ------------------------------------------------------------------------------------- the owner's side

    /**
     * Starts {@code task} as a subtask. Returns at once; if the limit on how many run at once is reached, parks until one has
     * ended. In a scope that is cancelled, or past its deadline, nothing runs, and the operation has failed already.
     */
    public <T extends @Nullable Object> Operation<T> fork(Callable<? extends T> task) {
        requireOwner("fork");
        requireSameBindings();
        if (runningMax < ScopeBuilder.UNLIMITED) {
            try {
                gate.pass(() -> waitUntilBelow(runningMax));
            } catch (IOException brokenOff) {
                onHome(() -> stop(whyInterrupted())); // so that the subtask is refused, with the reason
            }
        }
        return new Subtask<T>(home, parent, SUBTASK, placement.get(), task).started();
    }

    /** As {@link #fork(Callable)}, for what yields nothing. */
    public Operation<@Nullable Void> fork(Loop.Body task) {
        return this.<@Nullable Void>fork(() -> {
            task.run();
            return null;
        });
    }

    /**
     * Waits until all subtasks have ended. Parks a green thread, blocks a platform thread. More may be forked afterwards, and joined again.
     *
     * @throws IOException what made the first subtask fail, if all had to succeed; an unchecked exception is thrown as it is
     * @throws OperationException {@link Failure#TIMED_OUT} at the deadline, except where every outcome was wanted: what came in time
     *     has its value then; {@link Failure#CANCELLED} if this was cancelled, or the caller interrupted
     */
    public void join() throws IOException {
        awaitEnd();
        if (policy == Policy.ALL_SUCCEED) {
            throwFirstFailure();
        }
        if (stopped == Failure.CANCELLED) {
            throwIfIncomplete();
        }
    }

    /** What {@link Race#join} does. */
    Operation<?> joinRace() throws IOException {
        awaitEnd();
        Subtask<?> first = winner;
        if (first == null) {
            throwFirstFailure();
            throw new IllegalStateException("nobody took part in the race: fork before joining");
        }
        return first;
    }

    /** Asks all subtasks to end; {@link #join} still waits for them. Any thread. */
    public void cancel() {
        home.run(() -> stop(Failure.CANCELLED));
    }

    /**
     * Asks all subtasks to end, and breaks off what the opener itself waits for in this block, now or later: with {@link
     * Failure#CANCELLED}, as a deadline does with {@link Failure#TIMED_OUT}. Does nothing once the scope is closed. Any thread.
     */
    public void breakOff() {
        home.run(() -> {
            if (!left) {
                stopWithLoop();
            }
        });
    }

    /** Whether subtasks have been asked to end, whoever asked. Any thread; never waits. */
    public boolean isCancelled() {
        return stopped != null;
    }

    /**
     * Cancels what still runs and waits until it has ended; an interrupt does not shorten that. Does nothing the second time.
     *
     * @throws IllegalStateException if a scope that was opened inside this one was not closed; both are closed then
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        requireOwner("close");
        closed = true;
        boolean leftOpen = Extent.closeInside(block);
        boolean interrupted = Thread.interrupted();
        onHome(() -> stop(Failure.CANCELLED));
        interrupted |= awaitEndRegardless();
        onHome(this::leave);
        interrupted |= Thread.interrupted(); // the deadline may have passed until just now
        if (outer instanceof Block around) {
            around.setInner(null);
        }
        Extent.enter(outer);
        boolean byOthers = told == null || ownerWasInterrupted || Extent.toldHere() != null;
        if (interrupted && byOthers) {
            owner.interrupt();
        }
        reportUnseen();
        if (leftOpen) {
            throw new IllegalStateException("a scope opened inside this one was left open: use try-with-resources");
        }
    }

    /** Called by the builder, once. */
    Scope begin() {
        onHome(() -> {
            presence.started();
            if (deadline != null) {
                long remainingNanos = deadline.remainingNanos();
                if (remainingNanos == 0) {
                    deadlinePassed();
                } else {
                    home.start(timer, remainingNanos);
                }
            }
        });
        if (home.isOver()) {
            throw new IllegalStateException("cannot open a scope on " + home.name() + ": the loop has stopped");
        }
        if (outer instanceof Block around) {
            around.setInner(this);
        }
        Extent.enter(block);
        return this;
    }

    private void awaitEnd() throws IOException {
        requireOwner("join");
        try {
            gate.pass(() -> waitUntilBelow(1));
        } catch (OperationException brokenOff) {
            Failure why = brokenOff.failure();
            onHome(() -> stop(why));
            boolean again = awaitEndRegardless();
            if (again) {
                owner.interrupt();
            }
            boolean onlyMyDeadline = told == Failure.TIMED_OUT && !ownerWasInterrupted && !isOuterTold();
            if (policy != Policy.ALL_END || !onlyMyDeadline) {
                failed.forEach(subtask -> suppress(brokenOff, subtask));
                throw brokenOff;
            }
        }
    }

    /** Whether an interrupt was swallowed meanwhile. */
    private boolean awaitEndRegardless() {
        boolean interrupted = false;
        while (true) {
            try {
                gate.pass(() -> waitUntilBelow(1));
                return interrupted;
            } catch (IOException brokenOff) {
                if (home.isOver()) {
                    return interrupted; // what ran there is gone, and what ran elsewhere has been told
                }
                interrupted |= Thread.interrupted();
            }
        }
    }

    private boolean isOuterTold() {
        for (Extent extent = outer; extent != null; extent = extent.outer()) {
            if (extent.told() != null) {
                return true;
            }
        }
        return false;
    }

    private void throwFirstFailure() throws IOException {
        if (!failed.isEmpty()) {
            Subtask<?> first = failed.getFirst();
            if (first.outcome() instanceof Operation.Failed<?>(Throwable failure)) {
                first.failureTaken();
                IOException thrown;
                try {
                    thrown = Operation.rethrown(failure);
                } catch (RuntimeException | Error unchecked) {
                    failed.stream().skip(1).forEach(other -> suppress(unchecked, other));
                    throw unchecked;
                }
                failed.stream().skip(1).forEach(other -> suppress(thrown, other));
                throw thrown;
            }
        }
        throwIfIncomplete();
    }

    private void throwIfIncomplete() throws OperationException {
        Failure why = stopped;
        if (incomplete && why != null) {
            throw new OperationException("join " + this, why);
        }
    }

    @SuppressWarnings("ReferenceEquality") // an exception cannot suppress itself
    private static void suppress(Throwable thrown, Subtask<?> subtask) {
        if (subtask.outcome() instanceof Operation.Failed<?>(Throwable failure)) {
            subtask.failureTaken();
            if (failure != thrown) {
                thrown.addSuppressed(failure);
            }
        }
    }

    /** In a race, that some do not reach the goal is part of it; that they contain a mistake is not. */
    private void reportUnseen() {
        boolean race = policy == Policy.FIRST_SUCCESS || policy == Policy.FIRST_END;
        for (Subtask<?> subtask : failed) {
            if (!subtask.isFailureTaken()
                    && subtask.outcome() instanceof Operation.Failed<?>(Throwable failure)
                    && !(race && failure instanceof IOException)) {
                home.report("a subtask for whose outcome nobody asked", failure);
            }
        }
    }

    private void onHome(Runnable step) {
        if (home.isCurrent()) {
            step.run();
            return;
        }
        try {
            new Call<>(home, "reach " + this, () -> {
                        step.run();
                        return true;
                    })
                    .started()
                    .await();
        } catch (IOException over) {
            // The loop has stopped, and has told everybody; there is nothing left to be changed.
        }
    }

    @SuppressWarnings("ReferenceEquality") // a thread is itself
    private void requireOwner(String attempt) {
        if (Thread.currentThread() != owner) {
            throw new IllegalStateException("cannot " + attempt + " " + this + " on " + Thread.currentThread()
                    + ": only the thread that opened it may — open another one here, or use a Background");
        }
        if (closed) {
            throw new IllegalStateException("cannot " + attempt + " " + this + ": it is closed");
        }
    }

    @SuppressWarnings("ReferenceEquality") // bindings are compared as the JDK does
    private void requireSameBindings() {
        if (bindings != Bindings.current()) {
            throw new IllegalStateException(
                    "cannot fork: scoped values were bound after the scope was opened, and would"
                            + " end before the subtask — open the scope inside, or use its builder's where");
        }
    }

    // ------------------------------------------------------------------------------------- the home loop's side

    private int waitUntilBelow(int limit) {
        boolean there = running.size() < limit || limit > 1 && stopped != null;
        awaitedBelow = there ? 0 : limit;
        return there ? 0 : Gate.WOULD_WAIT;
    }

    private void stop(Failure why) {
        if (stopped == null) {
            stopped = why;
            running.tellAll(why);
            if (awaitedBelow > 1) {
                gate.open();
            }
        }
    }

    private void deadlinePassed() {
        if (outer instanceof Block around) {
            around.expire(); // whose timer may be a tick later
        }
        stop(Failure.TIMED_OUT);
        tellOwner(Failure.TIMED_OUT);
    }

    /** The loop stops, and does so again and again until all have ended; or somebody breaks this off. */
    private void stopWithLoop() {
        if (told == null) {
            stop(Failure.CANCELLED);
            tellOwner(Failure.CANCELLED);
        }
    }

    private void tellOwner(Failure why) {
        boolean byOthers = owner.isInterrupted();
        for (Scope within = inner; within != null; within = within.inner) {
            byOthers &= within.told == null || within.ownerWasInterrupted;
        }
        ownerWasInterrupted = byOthers;
        told = why;
        owner.interrupt();
    }

    private void leave() {
        left = true;
        home.cancel(timer);
        presence.leave();
    }

    /** How subtasks see this. A class of its own, because it is no one else's business. */
    private final class Parent implements Subtask.Parent {

        @Override
        public @Nullable Failure admit(Subtask<?> subtask) {
            if (stopped == null) {
                running.add(subtask);
            } else {
                incomplete = true;
            }
            return stopped;
        }

        @Override
        public void ended(Subtask<?> subtask) {
            running.remove(subtask);
            boolean success = subtask.outcome() instanceof Operation.Success;
            if (!success && subtask.hasObeyed()) {
                incomplete |= stopped != null;
            } else if (!success) {
                keep(subtask);
            }
            boolean decides = switch (policy) {
                case ALL_SUCCEED -> !success && !subtask.hasObeyed();
                case ALL_END -> false;
                case FIRST_SUCCESS -> success;
                case FIRST_END -> success || !subtask.hasObeyed();
            };
            if (decides) {
                winner = winner == null ? subtask : winner;
                stop(Failure.CANCELLED);
            }
            if (running.size() < awaitedBelow) {
                gate.open();
            }
        }

        private void keep(Subtask<?> subtask) {
            if (failed.size() < FAILURES_KEPT_MAX) {
                failed.add(subtask);
            } else if (!subtask.isFailureTaken()
                    && subtask.outcome() instanceof Operation.Failed<?>(Throwable failure)) {
                home.report("one of many subtasks", failure);
            }
        }

        @Override
        public @Nullable Object bindings() {
            return bindings;
        }

        @Override
        public <V extends @Nullable Object> V call(Callable<? extends V> body) throws Exception {
            return given == null ? body.call() : given.<V, Exception>call(body::call);
        }

        @Override
        public @Nullable Deadline deadline() {
            return deadline;
        }
    }

    /** What the owner is in, from {@link #begin} to {@link #close}. */
    final class Block implements Extent {

        @Override
        public @Nullable Extent outer() {
            return outer;
        }

        @Override
        public @Nullable Failure told() {
            return told;
        }

        @Override
        public @Nullable Deadline deadline() {
            return deadline;
        }

        @Override
        public Loop loop() {
            return home;
        }

        void setInner(@Nullable Scope opened) {
            inner = opened;
        }

        /** The deadline of a scope inside has passed, which may be the one of this. On the home loop, which is the same. */
        void expire() {
            if (told == null && deadline != null && deadline.hasPassed()) {
                home.cancel(timer);
                deadlinePassed();
            }
        }

        void close() {
            Scope.this.close();
        }
    }

    @Override
    public String toString() {
        return "a scope on " + home.name();
    }
}
