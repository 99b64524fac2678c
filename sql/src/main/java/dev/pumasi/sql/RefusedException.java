package dev.pumasi.sql;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Not even tried, because there was no connection for it: {@link SqlFailure#REFUSED}, {@code NO_CONNECTION} or {@code UNREACHABLE}. In HTTP that
 * is 503 with {@code Retry-After}.
 */
public final class RefusedException extends DatabaseException {

    private static final long serialVersionUID = 1L;

    private final Duration retryAfter;

    RefusedException(
            String attempt, SqlFailure failure, String detail, Duration retryAfter, @Nullable Throwable cause) {
        super(attempt, failure, detail, cause);
        this.retryAfter = retryAfter;
    }

    private RefusedException(RefusedException original) {
        super(original);
        this.retryAfter = original.retryAfter;
    }

    /** When it is worth trying again, by how long things take at present: whole seconds, at least one. */
    public Duration retryAfter() {
        return retryAfter;
    }

    @Override
    public RefusedException here() {
        return new RefusedException(this);
    }
}
