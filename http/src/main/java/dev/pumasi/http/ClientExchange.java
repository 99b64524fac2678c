package dev.pumasi.http;

import dev.pumasi.http.ClientException.Reason;
import dev.pumasi.runtime.Promise;
import dev.pumasi.runtime.Timer;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way to an answer: through the wait for a connection, and again if a connection ended before it said
 * anything (RFC 9110 section 9.2.2) or the server sends us elsewhere (section 15.4). Belongs to its loop's thread.
 */
final class ClientExchange extends Promise<ClientResponse> {

    private static final long NANOS_PER_MILLI = 1_000_000;

    private final ClientLoop client;
    private final boolean collects;
    private ClientRequest request;
    private long endNanos;
    private int retries;
    private int redirects;

    /** Whose connections it waits for. */
    private @Nullable OriginPool waitingAt;

    private @Nullable Timer waitLimit;
    private @Nullable ClientConnection connection;

    /** @param collects whether the body is to be received as a whole before this is done */
    ClientExchange(ClientLoop client, ClientRequest request, boolean collects) {
        super(client.loop);
        this.client = client;
        this.request = request;
        this.collects = collects;
    }

    ClientExchange start() {
        begun();
        return this;
    }

    ClientRequest request() {
        return request;
    }

    boolean collects() {
        return collects;
    }

    /** How long it may still take as a whole; not above 0 if that is over. */
    long leftMillis() {
        return (endNanos - loop().nowNanos() + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI;
    }

    @Override
    protected void begin() {
        client.counters.requests++;
        Duration timeout = request.timeout();
        long millis = timeout == null
                ? client.limits.wholeTimeoutMillis()
                : Math.clamp(timeout.toMillis(), 0, Integer.MAX_VALUE);
        endNanos = loop().nowNanos() + millis * NANOS_PER_MILLI;
        acquire();
    }

    private void acquire() {
        if (client.isClosed()) {
            failed(ClientException.of(request, Reason.CLOSED, false, null));
        } else {
            client.pool(request.origin()).acquire(this);
        }
    }

    /** There is no connection yet. */
    void waits(OriginPool pool) {
        waitingAt = pool;
        Timer timer = waitLimit;
        if (timer == null) {
            timer = Timer.of(this::waitedTooLong);
            waitLimit = timer;
        }
        long millis = Math.min(client.limits.connectTimeoutMillis(), Math.max(0, leftMillis()));
        loop().start(timer, millis * NANOS_PER_MILLI);
    }

    private void waitedTooLong() {
        leaveQueue();
        boolean whole = leftMillis() <= 0;
        failed(ClientException.of(request, whole ? Reason.WHOLE_TIMEOUT : Reason.CONNECT_TIMEOUT, false, null));
    }

    private void leaveQueue() {
        OriginPool pool = waitingAt;
        waitingAt = null;
        if (waitLimit != null) {
            loop().cancel(waitLimit);
        }
        if (pool != null) {
            pool.leaves(this);
        }
    }

    /** The pool has taken it out of its queue for this connection. */
    void connected(ClientConnection by) {
        waitingAt = null;
        if (waitLimit != null) {
            loop().cancel(waitLimit);
        }
        connection = by;
        by.send(this);
    }

    /** The pool has taken it out of its queue, since none can be made. */
    void unconnected(Reason reason, @Nullable Throwable cause) {
        waitingAt = null;
        leaveQueue();
        failed(ClientException.of(request, reason, false, cause));
    }

    /** The connection works for it no more. */
    void leaves() {
        connection = null;
    }

    void failed(ClientException why) {
        if (isDone()) {
            return;
        }
        boolean safe = why.reason() == Reason.CLOSED_BEFORE_ANSWER && request.isIdempotent() && request.isRepeatable();
        if (safe && retries < client.limits.retriesMax() && leftMillis() > 0) {
            retries++;
            client.counters.retries++;
            client.pool(request.origin()).dropIdle(); // they are as old as the one that has just proved dead
            acquire();
        } else {
            client.counters.failures++;
            broken(why);
        }
    }

    void answered(ClientResponse response) {
        if (isDone()) {
            response.close();
            return;
        }
        Optional<ClientRequest> next = next(response);
        if (next.isPresent()) {
            response.close();
            request = next.get();
            acquire();
        } else {
            kept(response);
        }
    }

    /** What to ask next instead of handing this answer over, if anything. */
    private Optional<ClientRequest> next(ClientResponse response) {
        int status = response.status();
        if (status == 417 && request.expectsContinue() && request.isRepeatable()) {
            return Optional.of(request.withoutExpectContinue());
        }
        boolean known = status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
        if (!known || redirects >= request.redirectsMax(client.limits.redirectsMax())) {
            return Optional.empty();
        }
        boolean asGet = status == 303 || status < 303 && request.method().equals("POST");
        if (!asGet && !request.isRepeatable()) {
            return Optional.empty();
        }
        return response.header("Location")
                .flatMap(new Uri(request.origin(), request.target())::resolve)
                .map(to -> {
                    redirects++;
                    client.counters.redirects++;
                    return request.redirected(to.origin(), to.target(), asGet);
                });
    }

    @Override
    protected boolean abandon() {
        leaveQueue();
        ClientConnection busy = connection;
        if (busy != null) {
            Objects.requireNonNull(busy).close();
        }
        return true;
    }

    @Override
    protected String what() {
        return "send " + request;
    }
}
