package dev.pumasi.runtime;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.util.Optional;
import javax.net.SocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * Makes {@link Socket}s whose implementation is a {@link StreamSocket}, so that a library which takes a socket factory (JDBC
 * drivers do) waits on a loop instead of blocking a thread, without a change to it.
 *
 * <p><b>On which loop</b> a socket lives is decided when it connects, and for good: the one whose green thread connects it.
 * Then reading and writing from green threads of that loop parks them and nothing else, and nobody hops. A platform
 * thread, such as one of a connection pool's, has no loop of its own; it gets the next one of the group that this factory
 * was given, or of {@link #setLoopsOfOthers}.
 *
 * <p><b>From elsewhere</b>, green threads of other loops and platform threads, the sockets work as well: each call is
 * handed to the socket's loop and its answer back, two messages between threads.
 *
 * <p><b>What differs</b> from the JDK's sockets is listed in {@code docs/other-sockets.md}; the rest is compared, call by
 * call, in a test.
 *
 * <p>Any thread may call any method.
 */
public final class LoopSocketFactory extends SocketFactory {

    private static volatile @Nullable LoopGroup loopsOfOthers;

    private final @Nullable LoopGroup loops;
    private final Connector connector;

    /** For libraries that are given the name of a class. */
    public LoopSocketFactory() {
        this(null, Connector.shared());
    }

    /** A factory whose sockets, when they are connected by a thread that has no loop, live on {@code loops} in turn. */
    public LoopSocketFactory(LoopGroup loops) {
        this(loops, Connector.shared());
    }

    /** As {@link #LoopSocketFactory(LoopGroup)}; names are connected to by {@code connector}. */
    public LoopSocketFactory(@Nullable LoopGroup loops, Connector connector) {
        this.loops = loops;
        this.connector = connector;
    }

    /** For libraries that look for this method by its name. */
    public static SocketFactory getDefault() {
        return new LoopSocketFactory();
    }

    /**
     * Says on which loops sockets live that are connected by threads without a loop, through a factory that was given none.
     * For the whole JVM; the last call counts, and empty takes it back.
     */
    public static void setLoopsOfOthers(Optional<LoopGroup> loops) {
        loopsOfOthers = loops.orElse(null);
    }

    @Override
    public Socket createSocket() throws SocketException {
        return new OnLoop(new LoopSocket(this));
    }

    /** Connects to a host by its name, as {@link Connector} does; the look-up does not block the loop. */
    @Override
    public Socket createSocket(@Nullable String host, int port) throws IOException {
        return connected(remote(host, port), null);
    }

    @Override
    public Socket createSocket(@Nullable String host, int port, InetAddress localHost, int localPort)
            throws IOException {
        return connected(remote(host, port), new InetSocketAddress(localHost, localPort));
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
        return connected(new InetSocketAddress(host, port), null);
    }

    @Override
    public Socket createSocket(InetAddress address, int port, InetAddress localAddress, int localPort)
            throws IOException {
        return connected(new InetSocketAddress(address, port), new InetSocketAddress(localAddress, localPort));
    }

    private static InetSocketAddress remote(@Nullable String host, int port) {
        return host == null
                ? new InetSocketAddress(InetAddress.getLoopbackAddress(), port)
                : InetSocketAddress.createUnresolved(host, port);
    }

    private Socket connected(InetSocketAddress remote, @Nullable SocketAddress local) throws IOException {
        Socket socket = createSocket();
        try {
            if (local != null) {
                socket.bind(local);
            }
            socket.connect(remote);
            return socket;
        } catch (IOException | RuntimeException failure) {
            socket.close();
            throw failure;
        }
    }

    /** Where a socket that the caller connects now shall live. */
    Loop chooseLoop() throws SocketException {
        Optional<Loop> callers = Loop.current();
        if (callers.isPresent()) {
            return callers.get();
        }
        LoopGroup group = loops != null ? loops : loopsOfOthers;
        if (group == null) {
            throw new SocketException("no loop for a socket that " + Thread.currentThread()
                    + " connects — connect on a green thread, or give the factory a group of loops"
                    + " (LoopSocketFactory.setLoopsOfOthers, if it is known by its class's name only)");
        }
        return group.next();
    }

    Connector connector() {
        return connector;
    }

    /** The constructor that takes an implementation is for subclasses. */
    private static final class OnLoop extends Socket {
        OnLoop(LoopSocket implementation) throws SocketException {
            super(implementation);
        }
    }
}
