package dev.pumasi.runtime;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** An operation failed: what was tried, on what, why, and what to do. */
public final class OperationException extends IOException implements Rethrown {

    private static final long serialVersionUID = 1L;

    private final Failure failure;
    private final String attempt;

    /** @param attempt what was tried and on what: {@code "listen on 0.0.0.0:80"} */
    public OperationException(String attempt, Failure failure) {
        this(attempt, failure, null);
    }

    public OperationException(String attempt, Failure failure, @Nullable Throwable cause) {
        super("cannot " + attempt + ": " + failure.cause() + " — " + failure.remedy(), cause);
        this.failure = failure;
        this.attempt = attempt;
    }

    static OperationException of(String attempt, int result) {
        Failure failure = Failure.of(result);
        return new OperationException(attempt + (failure == Failure.IO ? " (error " + -result + ")" : ""), failure);
    }

    /** The same failure, thrown where its outcome is asked for; the original, thrown on the loop, is its cause. */
    @Override
    public OperationException here() {
        return new OperationException(attempt, failure, this);
    }

    /** Why. */
    public Failure failure() {
        return failure;
    }
}
