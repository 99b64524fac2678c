package dev.pumasi.http;

import dev.pumasi.runtime.Connector;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * An HTTP/1.1 client on event loops: a request is sent, and its answer read, on the loop of whoever asks.
 *
 * <pre>{@code
 * HttpClient client = HttpClient.open();
 * try (ClientResponse answer = client.send(ClientRequest.get("http://soup.example/today"))) {
 *     return answer.body().text();
 * }
 * }</pre>
 *
 * <p><b>Whose connections.</b> Each loop has its own, in a pool for each {@link Origin}: no lock, and nobody hops. A green
 * thread that asks is served by its own loop; code on other threads says which loop is to work for it.
 *
 * <p><b>Three ways to ask</b>: {@link #send} in direct style; {@link #start}, whose operation yields the answer when its head
 * has come, and the body is read as it arrives; {@link #fetch}, whose operation yields it when all of it has come, for
 * callbacks and stages. Cancelling an operation ends its connection.
 *
 * <p><b>Sent again</b> is a request when its connection ended before it said anything, the method is idempotent and the body is
 * not a stream (RFC 9110 section 9.2.2). Nothing else is: an error status, a time limit and a half answer are the caller's.
 *
 * <p><b>What a server may do</b> is bounded by {@link ClientLimits}, and by the same strict reading that the server side has: see
 * {@link Violation}.
 *
 * <p><b>What it will not do</b>: TLS, HTTP/2, proxies, cookies, caches; decompress; send two requests on one connection before
 * the first is answered. Any thread may call any method.
 */
public final class HttpClient implements AutoCloseable {

    private static final ClientLoop[] NONE = {};

    private final ClientLimits limits;
    private final Connector connector;
    private final List<Loop> homes;
    private final AtomicInteger turn = new AtomicInteger();

    /** Copied on write, because a green thread that met a lock would be woken from elsewhere. */
    private final AtomicReference<ClientLoop[]> parts = new AtomicReference<>(NONE);

    private volatile boolean closed;

    private HttpClient(Builder builder) {
        limits = builder.limits;
        connector = builder.connector;
        homes = builder.homes;
    }

    /** A client with {@link ClientLimits#DEFAULTS}, for green threads. */
    public static HttpClient open() {
        return builder().open();
    }

    public static Builder builder() {
        return new Builder();
    }

    /**
     * Sends a request and waits until the head of its answer has come. On the caller's loop; for callers that are on none,
     * on one of those that the client was given. Parks a green thread, blocks a platform thread.
     *
     * @throws ClientException if there is no answer: why, and whether the request may be sent again
     * @throws OperationException if the thread was interrupted, or the deadline of a {@link dev.pumasi.runtime.Scope} passed
     * @throws IllegalStateException on a loop's own thread, outside a green one, and on threads without a loop if the
     *     client was given none
     */
    public ClientResponse send(ClientRequest request) throws IOException {
        Operation<ClientResponse> sent = start(home(), request);
        try {
            return sent.await();
        } catch (OperationException interrupted) {
            throw interrupted;
        } catch (IOException failure) {
            throw failure.getCause() instanceof ClientException known ? known.here() : failure;
        }
    }

    /** Sends a request on {@code loop}; yields the answer when its head has come. Never blocks. */
    public Operation<ClientResponse> start(Loop loop, ClientRequest request) {
        return new ClientExchange(part(loop), Objects.requireNonNull(request, "request"), false).start();
    }

    /**
     * Sends a request on {@code loop}; yields the answer when all of it has come, to read which then never waits. Never
     * blocks. Fails if the body is larger than {@link ClientLimits#bodyBytesMax}.
     */
    public Operation<ClientResponse> fetch(Loop loop, ClientRequest request) {
        return new ClientExchange(part(loop), Objects.requireNonNull(request, "request"), true).start();
    }

    private Loop home() {
        return Loop.current().orElseGet(() -> {
            if (homes.isEmpty()) {
                throw new IllegalStateException(
                        "this thread has no loop, and the client was given none: send on a green"
                                + " thread of a loop, or make the client with HttpClient.builder().on(loops)");
            }
            return homes.get(Math.floorMod(turn.getAndIncrement(), homes.size()));
        });
    }

    private ClientLoop part(Loop loop) {
        while (true) {
            ClientLoop[] known = parts.get();
            for (ClientLoop part : known) {
                if (part.loop == loop) {
                    return part;
                }
            }
            if (closed) {
                throw new IllegalStateException("this client is closed");
            }
            ClientLoop[] more = Arrays.copyOf(known, known.length + 1);
            more[known.length] = new ClientLoop(loop, limits, connector);
            if (parts.compareAndSet(known, more)) {
                if (closed) { // it may have looked before this was there
                    loop.run(more[known.length]::close);
                }
                return more[known.length];
            }
        }
    }

    public ClientLimits limits() {
        return limits;
    }

    /** Figures of all its loops together. */
    public ClientStatus status() {
        ClientStatus sum = ClientStatus.NONE;
        for (ClientLoop part : parts.get()) {
            sum = sum.plus(part.status());
        }
        return sum;
    }

    /** Ends all connections and fails what is in progress, soon. Does not wait; more than once does nothing. */
    @Override
    public void close() {
        closed = true;
        for (ClientLoop part : parts.get()) {
            part.loop.run(part::close);
        }
    }

    /** What a client is made of; every setting has a default. Not thread-safe. */
    public static final class Builder {

        private ClientLimits limits = ClientLimits.DEFAULTS;
        private Connector connector = Connector.shared();
        private List<Loop> homes = List.of();

        private Builder() {}

        public Builder limits(ClientLimits of) {
            limits = Objects.requireNonNull(of, "limits");
            return this;
        }

        /** How hosts are found by name. Default: {@link Connector#shared}. */
        public Builder connector(Connector by) {
            connector = Objects.requireNonNull(by, "connector");
            return this;
        }

        /** The loops that work for threads which have none. */
        public Builder on(List<Loop> loops) {
            homes = List.copyOf(loops);
            return this;
        }

        public HttpClient open() {
            return new HttpClient(this);
        }
    }
}
