package dev.pumasi.runtime;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Work whose result nobody waits for, in good order: fire and forget, except that nothing is forgotten. It lives as long as a
 * loop, a server or a request, whatever it is closed with.
 *
 * <pre>{@code
 * Background background = Background.open(loop, 100);
 * background.start("send the receipt", () -> mail.send(receipt));   // and go on
 * }</pre>
 *
 * <p><b>Failures</b> are reported by the loop, once per kind with the stack, and counted. Who does want to know takes the
 * operation that {@link #start} hands out, and is told like of any other; a failure that finds somebody waiting is not reported.
 *
 * <p><b>The limit.</b> At most so many run at once; what comes on top is refused with {@link Failure#REJECTED}, reported and
 * counted. Nothing queues, and {@code start} never waits: it may be called from any thread, callbacks included.
 *
 * <p><b>The end</b> has an order: {@link #stop} takes no more; lets what runs come to its end; cancels it when patience is over; and names
 * what does not obey. If the loop itself stops, all is cancelled at once.
 *
 * <p>It inherits nothing from who starts it, neither scoped values nor deadlines: it outlives them. State belongs to the first of its
 * loops.
 */
public final class Background implements AutoCloseable {

    /** How long {@link #close} lets what runs take. */
    public static final Duration CLOSE_PATIENCE = Duration.ofSeconds(5);

    /** How long what was cancelled has to end. */
    public static final Duration OBEDIENCE_MAX = Duration.ofSeconds(5);

    private final Loop home;
    private final Supplier<Loop> placement;
    private final int runningMax;
    private final Duration obedience;
    private final Presence presence;
    private final Parent parent = new Parent();

    // Of the home loop, which alone writes; the counters are read from anywhere, now or a little later.
    private final Subtasks running = new Subtasks();
    private final Timer patience = Timer.of(this::lostPatience);
    private boolean stopped;
    private volatile boolean cancelled;
    private long started;
    private long succeeded;
    private long failed;
    private long obeyed;
    private long refused;

    private Background(Loop home, Supplier<Loop> placement, int runningMax, Duration obedience) {
        if (runningMax < 1) {
            throw new IllegalArgumentException("at least one must be able to run, not " + runningMax);
        }
        this.home = home;
        this.placement = placement;
        this.runningMax = runningMax;
        this.obedience = obedience;
        presence = new Presence(home, this::toString, this::cancelAll, this::end);
        presence.started();
    }

    /** Opens one whose work runs on this loop, at most so many at once. Any thread. */
    public static Background open(Loop loop, int runningMax) {
        return open(loop, runningMax, OBEDIENCE_MAX);
    }

    /** As {@link #open(Loop, int)}; what was cancelled has so long to end. */
    static Background open(Loop loop, int runningMax, Duration obedience) {
        return new Background(loop, () -> loop, runningMax, obedience);
    }

    /** Opens one whose work runs on the loops of this group in turn, at most so many at once. Any thread. */
    public static Background open(LoopGroup group, int runningMax) {
        return new Background(group.next(), group::next, runningMax, OBEDIENCE_MAX);
    }

    /**
     * Runs {@code task} on a green thread and returns at once. Any thread; never waits.
     *
     * @param what it is, for messages: {@code "send the receipt"}
     * @return what it comes to, for who does want to know: fails with {@link Failure#REJECTED} at the limit, with {@link
     *     Failure#CLOSED} after the end has begun
     */
    public <T extends @Nullable Object> Operation<T> start(String what, Callable<? extends T> task) {
        return new Subtask<T>(home, parent, what, placement.get(), task).started();
    }

    /** As {@link #start(String, Callable)}, for what yields nothing. */
    public Operation<@Nullable Void> start(String what, Loop.Body task) {
        return this.<@Nullable Void>start(what, () -> {
            task.run();
            return null;
        });
    }

    /**
     * Whether its end has begun, by {@link #stop} or because its loop stops: it takes no more. For who has something to do that
     * can as well be left undone, and is no failure then. On its loop, or the first of its loops.
     */
    public boolean isStopped() {
        home.requireCurrent("ask the background");
        return stopped;
    }

    /** Figures, as of about now. Any thread. */
    public BackgroundStatus status() {
        return new BackgroundStatus(running.size(), runningMax, started, succeeded, failed, obeyed, refused);
    }

    /**
     * Takes no more, and waits until all has ended: for {@code patience} by itself; then it is cancelled, and has {@link #OBEDIENCE_MAX} to obey.
     * What still runs then is reported, and not waited for. Parks a green thread, blocks a platform thread; several may
     * call, and the last one's patience counts. An interrupt ends the patience.
     *
     * @return whether all came to its end without being cancelled
     * @throws IllegalStateException on the loop's own thread outside a green one
     */
    public boolean stop(Duration patience) {
        long patienceNanos = Loop.nanos(patience);
        home.run(() -> beginStop(patienceNanos));
        try {
            presence.await();
        } catch (IOException over) {
            // The loop had stopped before this was opened: there was never anything to wait for.
        }
        return !cancelled;
    }

    /** {@link #stop} with {@link #CLOSE_PATIENCE}. */
    @Override
    public void close() {
        stop(CLOSE_PATIENCE);
    }

    // ------------------------------------------------------------------------------------- on the home loop

    private void beginStop(long patienceNanos) {
        stopped = true;
        if (running.size() == 0) {
            end();
        } else if (!cancelled) {
            home.start(patience, patienceNanos);
        }
    }

    private void lostPatience() {
        if (cancelled) {
            home.report(
                    this + " at its end",
                    new OperationException("cancel " + running.size() + " tasks that ignore it", Failure.TIMED_OUT));
            end();
        } else {
            cancelAll();
        }
    }

    /** Also what a loop that stops calls, again and again until all have ended. */
    private void cancelAll() {
        stopped = true;
        if (running.size() == 0) {
            end();
        } else if (!cancelled) {
            cancelled = true;
            running.tellAll(Failure.CANCELLED);
            home.start(patience, obedience.toNanos());
        }
    }

    private void end() {
        home.cancel(patience);
        presence.leave();
    }

    /** How its subtasks see it. */
    private final class Parent implements Subtask.Parent {

        @Override
        public @Nullable Failure admit(Subtask<?> subtask) {
            Failure why = stopped ? Failure.CLOSED : running.size() >= runningMax ? Failure.REJECTED : null;
            if (why == null) {
                started++;
                running.add(subtask);
            } else {
                refused++;
                home.report("a background task that was refused", new OperationException(subtask.describe(), why));
            }
            return why;
        }

        @Override
        public void ended(Subtask<?> subtask) {
            running.remove(subtask);
            if (subtask.outcome() instanceof Operation.Failed<?>(Throwable failure)) {
                if (subtask.hasObeyed()) {
                    obeyed++;
                } else {
                    failed++;
                    if (!subtask.isFailureTaken()) {
                        home.report(subtask.describe(), failure);
                    }
                }
            } else {
                succeeded++;
            }
            if (stopped && running.size() == 0) {
                end();
            }
        }

        @Override
        public @Nullable Object bindings() {
            return null;
        }

        @Override
        public <V extends @Nullable Object> V call(Callable<? extends V> body) throws Exception {
            return body.call();
        }

        @Override
        public @Nullable Deadline deadline() {
            return null;
        }
    }

    @Override
    public String toString() {
        return running.size() + " tasks in the background of " + home.name();
    }
}
