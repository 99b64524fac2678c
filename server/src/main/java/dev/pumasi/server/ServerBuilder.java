package dev.pumasi.server;

import dev.pumasi.http.Endpoint;
import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpLimits;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Server;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.ServiceManager;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.Objects;

/**
 * A server of any {@link Model} from one and the same endpoint: what is set here beside the model has the same meaning in
 * each, as far as the model has such a thing.
 *
 * <pre>{@code
 * try (Server server = ServerBuilder.of(request -> Response.text("Hello, World!"))
 *         .model(Model.PRETHREADED)
 *         .port(8080)
 *         .start()) {
 *     server.awaitStop();
 * }
 * }</pre>
 *
 * <p><b>What is common.</b> All models share the codec, the limits and the answers; a handler is called in the same way and finds
 * the same request. What differs is where it runs, and so what it does to the others when it waits:
 *
 * <table>
 * <caption>Where a handler runs</caption>
 * <tr><th>model</th><th>the handler's thread</th><th>while it waits</th></tr>
 * <tr><td>iterative</td><td>the only one</td><td>everybody waits</td></tr>
 * <tr><td>threaded, prethreaded</td><td>the connection's</td><td>nobody else waits, until the threads are used up</td></tr>
 * <tr><td>event-loop</td><td>the loop's</td><td>all connections of that loop wait</td></tr>
 * <tr><td>worker-pool</td><td>one of the pool</td><td>the loop goes on; other handlers wait for a thread</td></tr>
 * <tr><td>green</td><td>a green thread of the loop</td><td>nobody waits, unless it blocks in a native call</td></tr>
 * </table>
 *
 * <p>Not thread-safe; {@link #start} may be called once.
 */
public final class ServerBuilder {

    /** As many as Node.js has. */
    public static final int WORKERS_DEFAULT = 4;

    public static final int THREADS_DEFAULT = 200;
    public static final int THREADS_MAX = 20_000;

    final Endpoint endpoint;
    Model model = Model.GREEN;
    SocketAddress address = new InetSocketAddress("localhost", 8080);
    HttpLimits limits = HttpLimits.DEFAULTS;
    String name = "pumasi";
    int loops = Runtime.getRuntime().availableProcessors();
    int threads;
    String driver = Drivers.AUTO;
    List<Loop> on = List.of();

    /** The descriptor of a listening socket that this process was started with; negative for none. */
    int inherited = -1;

    private boolean acceptsAtOnce;

    private ServerBuilder(Endpoint endpoint) {
        this.endpoint = Objects.requireNonNull(endpoint, "endpoint");
    }

    /** A server that lets {@code endpoint} answer. */
    public static ServerBuilder of(Endpoint endpoint) {
        return new ServerBuilder(endpoint);
    }

    /** As {@link #of(Endpoint)}, for a lambda. */
    public static ServerBuilder of(Handler handler) {
        return new ServerBuilder(handler);
    }

    /** Default: {@link Model#GREEN}. */
    public ServerBuilder model(Model chosen) {
        model = Objects.requireNonNull(chosen, "model");
        return this;
    }

    /** Where to listen: TCP or Unix domain. Default: port 8080 of localhost. */
    public ServerBuilder address(SocketAddress where) {
        address = Objects.requireNonNull(where, "address");
        return this;
    }

    /** The port, on the host that is set; 0 takes one that is free. */
    public ServerBuilder port(int port) {
        address = new InetSocketAddress(
                address instanceof InetSocketAddress inet ? inet.getHostString() : "localhost", port);
        return this;
    }

    public ServerBuilder limits(HttpLimits of) {
        limits = Objects.requireNonNull(of, "limits");
        return this;
    }

    /** The Server field of every response; empty for none. */
    public ServerBuilder name(String server) {
        name = Objects.requireNonNull(server, "name");
        return this;
    }

    /** How many event loops, in {@link Model#EVENT_LOOP} and {@link Model#GREEN}. Default: as many as processors. */
    public ServerBuilder loops(int count) {
        if (count < 1 || count > LoopGroup.LOOPS_MAX) {
            throw new IllegalArgumentException("between 1 and " + LoopGroup.LOOPS_MAX + " loops, not " + count);
        }
        loops = count;
        return this;
    }

    /**
     * How many threads: in {@link Model#THREADED} at most, and beyond that connections wait in the kernel's queue; in {@link
     * Model#PRETHREADED} always; in {@link Model#WORKER_POOL} for handlers. Default: {@value #THREADS_DEFAULT}, for handlers
     * {@value #WORKERS_DEFAULT}; {@link Model#THREADED} as many as {@link HttpLimits#connectionsMax}, but no more than {@value
     * #THREADS_MAX}.
     */
    public ServerBuilder threads(int count) {
        if (count < 1 || count > THREADS_MAX) {
            throw new IllegalArgumentException("between 1 and " + THREADS_MAX + " threads, not " + count);
        }
        threads = count;
        return this;
    }

    /** The driver of the loops, by name. Default: {@link Drivers#AUTO}. */
    public ServerBuilder driver(String called) {
        driver = Objects.requireNonNull(called, "driver");
        return this;
    }

    /**
     * Takes over a listening socket that a service manager has passed to this process, instead of opening one at an address.
     * For models with loops; the others accept through the JDK, which takes over no socket.
     */
    public ServerBuilder socket(ServiceManager.PassedSocket passed) {
        acceptsAtOnce = true;
        return inherit(passed.descriptor());
    }

    /**
     * Listens on a socket that this process was started with; it accepts when {@link HttpServer#accept} or {@link
     * BlockingServer#accept} is called. A model without loops can have 0 and no other.
     */
    ServerBuilder inherit(int descriptor) {
        inherited = descriptor;
        return this;
    }

    /**
     * Runs on these loops, which it does not close, instead of loops of its own; without a meaning for a model that has none.
     * {@link Model#WORKER_POOL} takes one.
     */
    public ServerBuilder on(List<Loop> others) {
        on = List.copyOf(others);
        return this;
    }

    /**
     * Starts it. It serves when this returns.
     *
     * @throws TooManyThreadsException if the system does not give the model its threads; nothing is left running
     * @throws IOException if the address is taken, forbidden or none of this machine's; nothing is left running
     * @throws dev.pumasi.runtime.driver.DriverUnavailableException if the driver does not work here
     */
    public Server start() throws IOException {
        if (model == Model.WORKER_POOL && on.size() > 1) {
            throw new IllegalArgumentException("the model " + model.label() + " has one loop, not " + on.size());
        }
        if (threads > model.threadsMax()) {
            throw new IllegalArgumentException(
                    "the model " + model.label() + " has at most " + model.threadsMax() + " threads, not " + threads);
        }
        if (inherited > 0 && !model.hasLoops()) {
            throw new IllegalArgumentException("the model " + model.label()
                    + " accepts through the JDK, which takes over no socket but standard input");
        }
        Server server = startModel();
        if (acceptsAtOnce) {
            (server instanceof WorkerPoolServer pooled ? pooled.server : (HttpServer) server).accept();
        }
        return server;
    }

    private Server startModel() throws IOException {
        return switch (model) {
            case ITERATIVE -> BlockingServer.iterative(this);
            case THREADED -> BlockingServer.threaded(this);
            case PRETHREADED -> BlockingServer.prethreaded(this);
            case EVENT_LOOP -> looped(endpoint).handlersOnLoop().loops(loops).start();
            case WORKER_POOL -> WorkerPoolServer.start(this);
            case GREEN -> looped(endpoint).loops(loops).start();
        };
    }

    HttpServer.Builder looped(Endpoint through) {
        HttpServer.Builder looped = HttpServer.builder(through)
                .address(address)
                .limits(limits)
                .name(name)
                .driver(driver)
                .on(on);
        return inherited < 0 ? looped : looped.inherit(inherited);
    }

    int threadsOr(int otherwise) {
        return threads == 0 ? otherwise : threads;
    }
}
