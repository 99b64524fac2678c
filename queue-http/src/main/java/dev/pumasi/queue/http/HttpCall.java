package dev.pumasi.queue.http;

import dev.pumasi.http.ClientException;
import dev.pumasi.http.ClientRequest;
import dev.pumasi.http.ClientResponse;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Promise;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One request to the other process, and what its answer means. */
final class HttpCall<T> extends Promise<T> {

    /** What a successful answer means. */
    interface Reading<T> {
        T read(ClientResponse answer) throws IOException;
    }

    private final HttpQueue queue;
    private final String what;
    private final ClientRequest request;
    private final Reading<T> reading;
    private final boolean takesProblems;
    private @Nullable Operation<ClientResponse> exchange;
    private boolean givenUp;

    private HttpCall(HttpQueue queue, String what, ClientRequest request, Reading<T> reading, boolean takesProblems) {
        super(queue.loop());
        this.takesProblems = takesProblems;
        this.queue = queue;
        this.what = what;
        this.request = request;
        this.reading = reading;
    }

    /** Sends it. Any thread; does not wait. */
    static <T> Operation<T> start(HttpQueue queue, String what, ClientRequest request, Reading<T> reading) {
        return new HttpCall<>(queue, what, request, reading, false).begun();
    }

    /** As {@link #start}, but what is read may be an answer that tells of a problem. */
    static <T> Operation<T> startTakingProblems(
            HttpQueue queue, String what, ClientRequest request, Reading<T> reading) {
        return new HttpCall<>(queue, what, request, reading, true).begun();
    }

    @Override
    protected void begin() {
        if (queue.isClosed()) {
            broken(new QueueException(what, QueueFailure.CLOSED));
            return;
        }
        exchange = queue.client().fetch(loop(), request).onDone(this::answered);
    }

    private void answered(Operation.Outcome<? extends ClientResponse> outcome) {
        if (givenUp) {
            cancelled();
            return;
        }
        T read;
        try {
            read = switch (outcome) {
                case Operation.Success<? extends ClientResponse>(ClientResponse answer) -> {
                    if (!answer.isSuccessful() && !takesProblems) {
                        throw refused(
                                queue, what, answer.status(), answer.body().text());
                    }
                    yield reading.read(answer);
                }
                case Operation.Failed<? extends ClientResponse>(Throwable failure) -> throw unanswered(failure);
            };
        } catch (QueueException known) {
            broken(known);
            return;
        } catch (IOException | IllegalArgumentException unreadable) {
            broken(new QueueException(
                    what,
                    QueueFailure.UNAVAILABLE,
                    "what " + queue.place() + " answered is not understood (" + unreadable.getMessage() + ")"));
            return;
        }
        kept(read);
    }

    /** No answer, or not all of it. */
    private QueueException unanswered(Throwable failure) {
        ClientException known = ClientException.in(failure);
        String details = queue.place() + " does not answer"
                + (known == null
                        ? " (" + failure.getMessage() + ")"
                        : ": " + known.reason().text());
        if (known != null) {
            switch (known.reason()) {
                case QUEUE_FULL -> {
                    return new QueueException(
                            what, QueueFailure.FULL, "too many requests to " + queue.place() + " wait already");
                }
                case CLOSED -> {
                    return new QueueException(what, QueueFailure.CLOSED);
                }
                default -> {}
            }
        }
        return new QueueException(what, queue.isClosed() ? QueueFailure.CLOSED : QueueFailure.UNAVAILABLE, details);
    }

    /** What it says of itself (RFC 9457), or, where somebody else has answered, what there is to say about that. */
    static QueueException refused(HttpQueue queue, String what, int status, String body) {
        try {
            Map<String, @Nullable Object> problem = Json.object(body);
            QueueFailure failure = QueueFailure.valueOf(MessageJson.text(problem, "failure"));
            String why = MessageJson.text(problem, "why");
            return why.isEmpty() ? new QueueException(what, failure) : new QueueException(what, failure, why);
        } catch (IllegalArgumentException notOurs) {
            return new QueueException(
                    what,
                    switch (status) {
                        case 401, 403 -> QueueFailure.INVALID;
                        case 413 -> QueueFailure.TOO_LARGE;
                        default -> QueueFailure.UNAVAILABLE;
                    },
                    queue.place() + " answered " + status
                            + switch (status) {
                                case 401 -> ": it wants a token (option token), and another one if this has one";
                                case 403 -> ": this process may not ask it";
                                default -> "";
                            });
        }
    }

    @Override
    protected boolean abandon() {
        Operation<ClientResponse> running = exchange;
        if (running != null && !givenUp) {
            givenUp = true;
            running.cancel();
        }
        return false; // it ends when its connection has let go of it
    }

    @Override
    protected String what() {
        return what;
    }
}
