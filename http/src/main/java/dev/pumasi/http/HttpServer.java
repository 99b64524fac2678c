package dev.pumasi.http;

import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.LoopStatus;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.ThreadDump;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/1.1 server: one {@link Endpoint} that answers, on one or more event loops.
 *
 * <pre>{@code
 * try (HttpServer server = HttpServer.builder(request -> Response.text("Hello, World!"))
 *         .port(8080)
 *         .start()) {
 *     server.awaitStop();
 * }
 * }</pre>
 *
 * <p>Each loop has a listening socket of its own on the same port, among which the kernel deals out connections; a
 * connection stays on its loop. See {@link HttpLimits} for what a client may do, and {@link Handler} for where handlers
 * run.
 *
 * <p><b>Stopping</b> ({@link #stop}): accept no more, end idle connections, let requests in progress be answered, until a
 * deadline; then close what is left. Any thread may call any method, except that the loops' own threads must not wait.
 */
public final class HttpServer implements Server {

    private final List<HttpLoop> parts;
    private final @Nullable LoopGroup ownLoops;
    private final @Nullable ServiceLoop service;
    private final SocketAddress address;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private volatile boolean stopping;

    private HttpServer(
            List<HttpLoop> parts, @Nullable LoopGroup ownLoops, @Nullable ServiceLoop service, SocketAddress address) {
        this.parts = List.copyOf(parts);
        this.ownLoops = ownLoops;
        this.service = service;
        this.address = address;
    }

    /** A server that lets {@code endpoint} answer: a {@link Handler}, an {@link AsyncHandler} or a {@link Router}. */
    public static Builder builder(Endpoint endpoint) {
        return new Builder(endpoint);
    }

    /** As {@link #builder(Endpoint)}, for a lambda. */
    public static Builder builder(Handler handler) {
        return new Builder(handler);
    }

    @Override
    public SocketAddress address() {
        return address;
    }

    @Override
    public HttpStatus status() {
        return HttpCounters.sum(parts.stream().map(part -> part.counters).toList());
    }

    @Override
    public List<HttpStatus> statusByLoop() {
        return parts.stream()
                .map(part -> HttpCounters.sum(List.of(part.counters)))
                .toList();
    }

    @Override
    public boolean isStopping() {
        return stopping;
    }

    @Override
    public Capacity capacity() {
        int served = parts.stream().mapToInt(part -> part.connectionsMax).sum();
        int handlers = service == null ? served : parts.size();
        return new Capacity(served, 0, handlers, Capacity.Beyond.IS_TOLD);
    }

    /**
     * Serves a connection that did not come by way of the listening socket. Any thread.
     *
     * @param connection of one of this server's loops; it is the server's from now on
     */
    public void serve(StreamSocket connection) {
        serve(connection, false);
    }

    /** The same, for requests that are told as {@link Request#isWarmUp}: nobody but this program asks them. */
    public void warmUp(StreamSocket connection) {
        serve(connection, true);
    }

    private void serve(StreamSocket connection, boolean warmUp) {
        for (HttpLoop part : parts) {
            if (part.loop.equals(connection.loop())) {
                part.loop.run(() -> part.accepted(connection, warmUp));
                return;
            }
        }
        throw new IllegalArgumentException(connection + " is on no loop of this server");
    }

    /** Begins to accept, if it listens on an inherited socket. Any thread. */
    public void accept() {
        for (HttpLoop part : parts) {
            part.loop.run(part::resume);
        }
    }

    /** Accepts no more; the connections there are go on. {@link #stop} or {@link #retire} must follow. Any thread. */
    public void stopAccepting() {
        for (HttpLoop part : parts) {
            part.loop.run(part::finishAccepting);
        }
    }

    /** Its loops, on which {@link #serve} finds connections. */
    @Override
    public List<Loop> on() {
        return parts.stream().map(part -> part.loop).toList();
    }

    /** Figures of its loops, as of about now. */
    public List<LoopStatus> loops() {
        return parts.stream().map(part -> part.loop.status()).toList();
    }

    /** Every green thread of its loops, and where they hopped; see {@link ThreadDump#of}. */
    public ThreadDump threadDump() {
        return ThreadDump.of(parts.stream().map(part -> part.loop).toList());
    }

    @Override
    public void awaitStop() throws InterruptedException {
        stopped.await();
    }

    @Override
    public void stop(Duration patience) {
        stop(patience, true);
    }

    @Override
    public void retire(Duration patience) {
        stop(patience, false);
    }

    private void stop(Duration patience, boolean endsIdle) {
        if (begin()) {
            CountDownLatch drained = new CountDownLatch(parts.size());
            for (HttpLoop part : parts) {
                part.loop.execute(() -> part.drain(endsIdle, drained::countDown));
            }
            if (!await(drained, patience)) {
                CountDownLatch aborted = new CountDownLatch(parts.size());
                for (HttpLoop part : parts) {
                    part.loop.execute(() -> {
                        part.abort();
                        aborted.countDown();
                    });
                }
                await(aborted, CLOSE_PATIENCE);
            }
            if (service != null) {
                service.close();
            }
            if (ownLoops != null) {
                ownLoops.close();
            }
            stopped.countDown();
        } else {
            if (endsIdle) { // it may be retiring: there is no time for that any more
                parts.forEach(part -> part.loop.execute(part::endIdle));
            }
            await(stopped, patience.plus(CLOSE_PATIENCE));
        }
    }

    /**
     * Begins to stop, without waiting: for servers whose loops are driven by hand. On the loop of each part, {@code
     * drained} is called when its last connection has ended.
     */
    public void beginStop(Runnable drained) {
        begin();
        for (HttpLoop part : parts) {
            part.loop.execute(() -> part.drain(true, drained));
        }
    }

    private synchronized boolean begin() {
        boolean first = !stopping;
        stopping = true;
        return first;
    }

    private static boolean await(CountDownLatch latch, Duration patience) {
        long deadlineNanos = System.nanoTime() + patience.toNanos();
        boolean interrupted = false;
        boolean done = false;
        long leftNanos = patience.toNanos();
        while (!done && leftNanos > 0) {
            try {
                done = latch.await(leftNanos, TimeUnit.NANOSECONDS);
            } catch (InterruptedException hurry) {
                interrupted = true;
            }
            leftNanos = deadlineNanos - System.nanoTime();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return done;
    }

    /** What a server is made of; every setting has a default. Not thread-safe. */
    public static final class Builder {

        final Endpoint endpoint;
        private SocketAddress address = new InetSocketAddress("localhost", 8080);
        HttpLimits limits = HttpLimits.DEFAULTS;
        String name = "pumasi";
        private int loopCount = Runtime.getRuntime().availableProcessors();
        private String driver = Drivers.AUTO;
        private List<Loop> loops = List.of();
        private boolean handlersOnLoop;
        private int inherited = -1;

        private Builder(Endpoint endpoint) {
            this.endpoint = Objects.requireNonNull(endpoint, "endpoint");
        }

        /** Where to listen: TCP or Unix domain. Default: port 8080 of localhost. */
        public Builder address(SocketAddress where) {
            address = Objects.requireNonNull(where, "address");
            return this;
        }

        /** The port, on the host that is set; 0 takes one that is free. */
        public Builder port(int port) {
            address = new InetSocketAddress(
                    address instanceof InetSocketAddress inet ? inet.getHostString() : "localhost", port);
            return this;
        }

        public Builder limits(HttpLimits of) {
            limits = Objects.requireNonNull(of, "limits");
            return this;
        }

        /** The Server field of every response; empty for none. */
        public Builder name(String server) {
            name = Objects.requireNonNull(server, "name");
            return this;
        }

        /** How many event loops of its own. Default: as many as processors. */
        public Builder loops(int count) {
            loopCount = count;
            return this;
        }

        /** The driver of its own loops, by name. Default: {@link Drivers#AUTO}. */
        public Builder driver(String called) {
            driver = Objects.requireNonNull(called, "driver");
            return this;
        }

        /** Runs on these loops, which it does not close, instead of loops of its own. */
        public Builder on(List<Loop> others) {
            loops = List.copyOf(others);
            return this;
        }

        /**
         * Runs every handler on its loop's own thread, without a green thread: everybody else on that loop waits while it runs.
         * The body of its request is collected first, in memory, up to {@link HttpLimits#bodyBytesMax} and 64 MiB. {@link
         * Request#loop} is then a loop beside those that serve, made when first asked for, because a loop cannot wait for
         * itself: awaiting an operation of it stops the loop that serves. Streamed bodies are still written by a green thread.
         */
        public Builder handlersOnLoop() {
            handlersOnLoop = true;
            return this;
        }

        /**
         * Listens on a socket that this process was started with, instead of an address: all loops accept from it, and so may
         * other processes. It accepts from {@link HttpServer#accept} on.
         *
         * @param descriptor the number under which the parent passed it
         */
        public Builder inherit(int descriptor) {
            inherited = descriptor;
            return this;
        }

        /**
         * Starts it. It serves when this returns.
         *
         * @throws OperationException if the address is taken, forbidden or none of this machine's; nothing is left running
         * @throws dev.pumasi.runtime.driver.DriverUnavailableException if the driver does not work here
         */
        public HttpServer start() throws IOException {
            LoopGroup own = loops.isEmpty()
                    ? LoopGroup.start(
                            "pumasi-loop", loopCount, Drivers.choose(driver).factory())
                    : null;
            try {
                return start(own == null ? loops : own.loops(), own);
            } catch (IOException | RuntimeException refused) {
                if (own != null) {
                    own.close();
                }
                throw refused;
            }
        }

        private HttpServer start(List<Loop> on, @Nullable LoopGroup own) throws IOException {
            boolean shared = inherited < 0 && on.size() > 1 && address instanceof InetSocketAddress;
            if (shared) {
                address = probe(on.getFirst(), (InetSocketAddress) address);
            }
            int share = Math.max(1, limits.connectionsMax() / on.size());
            List<HttpLoop> parts = new ArrayList<>();
            List<Listener> listeners = new ArrayList<>();
            SocketAddress bound = address;
            ServiceLoop service = handlersOnLoop ? new ServiceLoop(Drivers.AUTO) : null;
            try {
                for (Loop loop : on) {
                    HttpLoop part = new HttpLoop(loop, endpoint, limits, name, share, service);
                    parts.add(part);
                    if (listeners.isEmpty() || shared || inherited >= 0) {
                        Listener listener = inherited >= 0
                                ? Listener.inherit(loop, inherited, parts.size() < on.size(), part::accepted)
                                : shared
                                        ? Listener.openShared(loop, bound, part::accepted)
                                        : Listener.open(loop, bound, part::accepted);
                        listeners.add(listener);
                        part.listening(listener);
                        bound = listener.address();
                    }
                }
            } catch (IOException | RuntimeException refused) {
                listeners.forEach(Listener::close);
                throw refused;
            }
            return new HttpServer(parts, own, service, bound);
        }

        /**
         * Binds alone for a moment, without listening, so that nobody can connect: sockets that share a port would not
         * notice that another process has it. Returns the address with a port that was free.
         */
        private static SocketAddress probe(Loop loop, InetSocketAddress address) throws IOException {
            if (loop.isCurrent()) {
                return address; // driven by hand: it cannot wait, and a simulated one has no other processes
            }
            try (Socket alone = new Socket()) {
                alone.setReuseAddress(true);
                alone.bind(address);
                return new InetSocketAddress(address.getAddress(), alone.getLocalPort());
            } catch (SocketException refused) {
                Listener.open(loop, address, StreamSocket::close).close(); // says what is wrong
                return address;
            }
        }
    }
}
