package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Errno;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Several operations of the kernel, as one of the program: a green thread carries them out in direct style, and what it comes
 * to is the outcome. So what takes several steps has the form of an operation as well, to be called back by, or to have many of
 * in progress.
 *
 * <p>Cancelled or out of time, the green thread is interrupted: the step in which it is then ends as cancelled, and what was
 * begun is cleared away as in direct style.
 */
final class Errand<T extends @Nullable Object> extends Operation<T> {

    private final String attempt;
    private final Callable<T> body;
    private @Nullable Thread thread;
    private boolean isCancelled;

    private Errand(Loop loop, String attempt, Callable<T> body) {
        super(loop);
        this.attempt = attempt;
        this.body = body;
    }

    /** Begins it. Any thread. */
    static <T extends @Nullable Object> Operation<T> begun(Loop loop, String attempt, Callable<T> body) {
        return new Errand<>(loop, attempt, body).started();
    }

    @Override
    void start() {
        loop().enter(this); // so that a loop which stops cancels it, and waits for its end
        thread = loop().spawn(this::carryOut);
    }

    private void carryOut() {
        Outcome<T> outcome;
        try {
            outcome = new Success<>(body.call());
        } catch (Throwable failure) {
            outcome = new Failed<>(failure);
        }
        Outcome<T> end = outcome;
        loop().run(() -> end(end));
    }

    private void end(Outcome<T> outcome) {
        loop().leave(this);
        switch (outcome) {
            case Success<T>(T value) -> succeed(value);
            case Failed<T>(Throwable failure) when isCancelled && isCancellation(failure) -> failWith(-Errno.ECANCELED);
            case Failed<T>(Throwable failure) -> fail(failure);
        }
    }

    /** Of the step that was interrupted; any other failure has come before, and says more. */
    private static boolean isCancellation(Throwable failure) {
        return failure instanceof OperationException known
                && (known.failure() == Failure.CANCELLED || known.failure() == Failure.CLOSED);
    }

    @Override
    void requestCancel() {
        isCancelled = true;
        Thread running = thread;
        if (running != null) {
            running.interrupt();
        }
    }

    @Override
    String describe() {
        return attempt;
    }
}
