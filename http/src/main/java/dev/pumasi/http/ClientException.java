package dev.pumasi.http;

import dev.pumasi.runtime.OperationException;
import java.io.IOException;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A request got no answer, or not all of it: which request, why, and what to do. */
public final class ClientException extends IOException {

    private static final long serialVersionUID = 1L;

    /** Why. */
    public enum Reason {
        CONNECT_FAILED("no connection could be made", "see the cause; check the address and that the server runs"),
        CONNECT_TIMEOUT(
                "there was no connection in time",
                "check that the server can be reached, or raise connectTimeoutMillis or connectionsPerOriginMax"),
        QUEUE_FULL(
                "too many requests wait for a connection already",
                "ask for less at a time, or raise connectionsPerOriginMax or waitingMax"),
        WRITE_TIMEOUT("the server did not take the request in time", "see why it does not read"),
        FIRST_BYTE_TIMEOUT("no answer came in time", "see why the server is slow, or raise firstByteTimeoutMillis"),
        HEAD_TIMEOUT("the fields of the answer did not come in time", "see why the server is slow"),
        READ_TIMEOUT("the body of the answer did not go on in time", "see why the server is slow"),
        WHOLE_TIMEOUT("it took too long as a whole", "raise wholeTimeoutMillis, or give the request a timeout"),
        CLOSED_BEFORE_ANSWER("the connection ended before an answer came", "see the server's log"),
        CLOSED_WITHIN_ANSWER("the connection ended within the answer", "see the server's log"),
        VIOLATED("the server broke the protocol or a limit", "mend the server, or see the limits of the client"),
        BODY_FAILED("the writer of the request's body failed", "see the cause"),
        CLOSED("the answer, or the client, was closed", "do not read an answer after closing it");

        private final String text;
        private final String remedy;

        Reason(String text, String remedy) {
            this.text = text;
            this.remedy = remedy;
        }

        /** What happened, as part of a sentence. */
        public String text() {
            return text;
        }

        /** What to do about it, as part of a sentence. */
        public String remedy() {
            return remedy;
        }

        /** Whether it is a time limit that has passed. */
        public boolean isTimeout() {
            return switch (this) {
                case CONNECT_TIMEOUT, WRITE_TIMEOUT, FIRST_BYTE_TIMEOUT, HEAD_TIMEOUT, READ_TIMEOUT, WHOLE_TIMEOUT ->
                    true;
                default -> false;
            };
        }
    }

    private final Reason reason;
    private final @Nullable Violation violation;
    private final boolean answered;

    private ClientException(
            String message, Reason reason, @Nullable Violation violation, boolean answered, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
        this.violation = violation;
        this.answered = answered;
    }

    private ClientException(
            ClientRequest request,
            Reason reason,
            @Nullable Violation violation,
            boolean answered,
            @Nullable Throwable cause) {
        this(
                request + ": " + reason.text
                        + (violation == null ? "" : " (" + violation.text() + ", " + violation.source() + ")")
                        + (cause instanceof OperationException why
                                ? " (" + why.failure().cause() + ")"
                                : cause == null ? "" : " (" + cause + ")")
                        + " — " + reason.remedy,
                reason,
                violation,
                answered,
                cause);
    }

    static ClientException of(ClientRequest request, Reason reason, boolean answered, @Nullable Throwable cause) {
        return new ClientException(request, reason, null, answered, cause);
    }

    static ClientException of(ClientRequest request, Violation violation) {
        return new ClientException(request, Reason.VIOLATED, violation, true, null);
    }

    /** The same, thrown where the answer is asked for; the original, made on the loop, is its cause. */
    ClientException here() {
        return new ClientException(Objects.requireNonNull(getMessage()), reason, violation, answered, this);
    }

    /** The one that an operation's failure is, or has for its cause; null if it is another failure. */
    public static @Nullable ClientException in(Throwable failure) {
        return failure instanceof ClientException known
                ? known
                : failure.getCause() instanceof ClientException beneath && !(failure instanceof OperationException)
                        ? beneath
                        : null;
    }

    public Reason reason() {
        return reason;
    }

    /** What rule the server broke, if that is the reason. */
    public Optional<Violation> violation() {
        return Optional.ofNullable(violation);
    }

    /** Whether at least a byte of an answer had come: if not, an idempotent request may be sent again (RFC 9110 9.2.2). */
    public boolean isAnswered() {
        return answered;
    }

    /** Whether the request cannot have reached the server, so that any may be sent again. */
    public boolean isUnsent() {
        return switch (reason) {
            case CONNECT_FAILED, CONNECT_TIMEOUT, QUEUE_FULL -> true;
            default -> false;
        };
    }
}
