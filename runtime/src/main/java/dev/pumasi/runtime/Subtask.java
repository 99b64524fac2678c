package dev.pumasi.runtime;

import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * A task on a green thread of its own, as an operation of whoever waits for it.
 *
 * <p>Two loops take part, often the same. It <i>runs</i> on one; it <i>ends</i> on the other, which is its parent's, and
 * whose green threads wait for it. Whatever one has to say to the other is posted: the start and the wish to end in one
 * direction, the outcome in the other. So both are woken by their own loop.
 *
 * <pre>
 *   parent's loop   start ─┐        requestCancel ─┐            ┌─▶ over: the operation ends, the parent is told
 *   its own loop           └▶ begin ═ run ═════════╪═ body ═════┘
 *                                                  └▶ interrupt
 * </pre>
 *
 * <p>The wish to end comes as an interrupt, which breaks off whatever the thread waits for, or will wait for next: it is not
 * lost between two waits. The thread is fresh and is not used again, so an interrupt that comes too late meets nobody.
 */
final class Subtask<T extends @Nullable Object> extends Operation<T> implements Extent {

    /** How far down the causes of a failure a cancellation is looked for. */
    private static final int CAUSES_MAX = 16;

    /** Who has forked it. On the parent's loop, unless it says otherwise. */
    interface Parent {

        /** Takes it among those that run; or says why not. */
        @Nullable
        Failure admit(Subtask<?> subtask);

        /** It was admitted, and has ended. */
        void ended(Subtask<?> subtask);

        /** The scoped values with which it starts. Any thread. */
        @Nullable
        Object bindings();

        /** Calls the task's body. On its green thread. */
        <V extends @Nullable Object> V call(Callable<? extends V> body) throws Exception;

        /** Until when it must be done. Any thread. */
        @Nullable
        Deadline deadline();
    }

    private final Parent parent;
    private final String what;
    private final Loop at;
    private final Callable<? extends T> body;

    /** Its neighbours among those that run. */
    @Nullable
    Subtask<?> previous;

    @Nullable
    Subtask<?> next;

    private @Nullable Thread thread;
    private @Nullable Presence presence;

    /**
     * Written by the parent's loop before it posts the interrupt; read, on its own loop, by {@link #begin} and by a thread that
     * finds itself interrupted.
     */
    private volatile @Nullable Failure told;

    private volatile boolean failureTaken;
    private boolean over;

    /** Its own loop stops, and not the parent's: so it counts as a failure. */
    private boolean evicted;

    /** It was told to end because of {@link #within}: so does this. */
    private boolean byOwnLimit;

    private boolean obeyed;

    /** @param at where it runs */
    Subtask(Loop parentsLoop, Parent parent, String what, Loop at, Callable<? extends T> body) {
        super(parentsLoop);
        this.parent = parent;
        this.what = what;
        this.at = at;
        this.body = body;
    }

    /** Whether it ended because it was told to. On the parent's loop. */
    boolean hasObeyed() {
        return obeyed;
    }

    boolean isFailureTaken() {
        return failureTaken;
    }

    /** Asks it to end. On the parent's loop; only the first time counts. */
    void tell(Failure why) {
        if (told == null && !over) {
            told = why;
            at.run(this::interrupt);
        }
    }

    // ------------------------------------------------------------------------------------- as an operation

    @Override
    void start() {
        Failure refusal = parent.admit(this);
        if (refusal != null) {
            obeyed = true;
            fail(new OperationException(what, refusal));
            return;
        }
        if (at.isCurrent()) {
            begin();
        } else {
            at.execute(this::begin);
            if (at.isOver()) {
                abandoned(); // the loop may have begun it nevertheless: only the first end counts
            }
        }
    }

    @Override
    void requestCancel() {
        byOwnLimit = deadlineHasPassed() && told == null;
        tell(byOwnLimit ? Failure.TIMED_OUT : Failure.CANCELLED);
    }

    @Override
    void failureTaken() {
        failureTaken = true;
    }

    /** The loop on which it runs is over. */
    @Override
    void abandoned() {
        finish(new Failed<>(new OperationException(what + " on " + at.name(), Failure.CLOSED)));
    }

    @Override
    String describe() {
        return what;
    }

    // ------------------------------------------------------------------------------------- as an extent

    @Override
    public @Nullable Extent outer() {
        return null;
    }

    @Override
    public @Nullable Failure told() {
        return told;
    }

    @Override
    public @Nullable Deadline deadline() {
        return parent.deadline();
    }

    // ------------------------------------------------------------------------------------- on its own loop

    @SuppressWarnings("ReferenceEquality") // a loop is itself
    private void begin() {
        Failure early = told;
        if (early != null) {
            finish(new Failed<>(new OperationException(what, early)));
            return;
        }
        try {
            Thread green = at.unstarted(this::run);
            Bindings.give(green, parent.bindings());
            if (at != loop()) { // the parent's own presence does not keep this loop waiting, nor is it told of its stop
                presence = new Presence(at, () -> what, this::stopWithLoop, this::abandoned);
                presence.started();
            }
            thread = green;
            green.start();
        } catch (Throwable refused) {
            finish(new Failed<>(refused));
        }
    }

    private void stopWithLoop() {
        loop().run(() -> {
            evicted = true;
            tell(Failure.CANCELLED);
        });
    }

    private void interrupt() {
        if (thread != null) { // else begin() will see that it was told, or has never come to run
            thread.interrupt();
        }
    }

    private void run() {
        Extent.enter(this);
        Outcome<T> outcome;
        try {
            outcome = new Success<>(parent.call(body));
        } catch (Throwable failure) {
            outcome = new Failed<>(failure);
        }
        if (Extent.closeInside(this) && outcome instanceof Success) {
            outcome = new Failed<>(new IllegalStateException(what + ": it left a scope open, which was closed for it"));
        }
        finish(outcome);
    }

    /** Takes the outcome to the parent's loop. On its green thread, or on the loop that runs it. */
    private void finish(Outcome<T> outcome) {
        Presence resident = presence;
        if (resident != null) {
            at.run(resident::leave);
        }
        loop().run(() -> over(outcome));
    }

    // ------------------------------------------------------------------------------------- on the parent's loop

    private void over(Outcome<T> outcome) {
        if (over) {
            return;
        }
        over = true;
        switch (outcome) {
            case Success<T>(T value) -> succeed(value);
            case Failed<T>(Throwable failure) -> {
                Failure why = told;
                if (why != null && isCancellation(failure)) {
                    obeyed = !byOwnLimit && !evicted;
                    fail(new OperationException(what, why, failure));
                } else {
                    fail(failure);
                }
            }
        }
        parent.ended(this);
    }

    /** Whether this, or what caused it, is what a thread meets that is interrupted. */
    private static boolean isCancellation(Throwable failure) {
        Throwable cause = failure;
        for (int depth = 0; cause != null && depth < CAUSES_MAX; depth++) {
            boolean is = switch (cause) {
                case OperationException known ->
                    switch (known.failure()) {
                        case CANCELLED, TIMED_OUT, CLOSED -> true; // the last if a loop stops
                        default -> false;
                    };
                case SocketTimeoutException slow -> false;
                case InterruptedException interrupted -> true;
                case InterruptedIOException interrupted -> true;
                case ClosedByInterruptException interrupted -> true;
                case CancellationException cancelled -> true;
                default -> false;
            };
            if (is) {
                return true;
            }
            cause = cause.getCause();
        }
        return false;
    }
}
