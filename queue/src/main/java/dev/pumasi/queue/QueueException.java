package dev.pumasi.queue;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A queue did not do what it was asked: what was tried, on what, why, and what to do.
 *
 * <p>Methods in direct style throw it. An operation's outcome holds it; but {@link Operation#await} and {@link
 * Operation#value} throw a plain {@link IOException} with this as its cause, so that the waiting stack can be seen: {@link
 * #in} finds it again.
 */
public final class QueueException extends IOException {

    private static final long serialVersionUID = 1L;

    private final QueueFailure failure;
    private final String attempt;

    /** @param attempt what was tried and on what: {@code "publish to orders"} */
    public QueueException(String attempt, QueueFailure failure) {
        super("cannot " + attempt + ": " + failure.cause() + " — " + failure.remedy());
        this.failure = failure;
        this.attempt = attempt;
    }

    public QueueException(String attempt, QueueFailure failure, Throwable cause) {
        super("cannot " + attempt + ": " + failure.cause() + " — " + failure.remedy(), cause);
        this.failure = failure;
        this.attempt = attempt;
    }

    /** With more to say than the failure's own words. */
    public QueueException(String attempt, QueueFailure failure, String details) {
        super("cannot " + attempt + ": " + details + " — " + failure.remedy());
        this.failure = failure;
        this.attempt = attempt;
    }

    /** Why. */
    public QueueFailure failure() {
        return failure;
    }

    /** What was tried, and on what. */
    public String attempt() {
        return attempt;
    }

    /**
     * The queue's own words for a failure: itself, the one it was made from, or one that says the same. What has nothing to
     * do with queues is {@link QueueFailure#UNAVAILABLE}.
     */
    public static QueueException in(String attempt, Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof QueueException known) {
                return known;
            }
        }
        return new QueueException(
                attempt,
                thrown instanceof OperationException known ? of(known.failure()) : QueueFailure.UNAVAILABLE,
                thrown);
    }

    private static QueueFailure of(Failure failure) {
        return switch (failure) {
            case DISK_FULL, QUOTA_EXCEEDED -> QueueFailure.DISK_FULL;
            case CLOSED, CANCELLED, TIMED_OUT -> QueueFailure.CLOSED;
            case REJECTED -> QueueFailure.FULL;
            default -> QueueFailure.UNAVAILABLE;
        };
    }

    /**
     * Awaits an operation and throws what it failed with as it was, with the waiter's stack beneath. Parks a green thread, blocks a
     * platform thread. For engines, and for whoever awaits what begins with {@code start}.
     */
    public static <T extends @Nullable Object> T await(Operation<T> operation) throws IOException {
        try {
            return operation.await();
        } catch (IOException failed) {
            if (failed.getCause() instanceof QueueException known) {
                throw new QueueException(known, failed);
            }
            throw failed;
        }
    }

    /** The same failure, thrown where its outcome is asked for. */
    private QueueException(QueueException original, IOException here) {
        super(original.getMessage(), here);
        failure = original.failure;
        attempt = original.attempt;
    }
}
