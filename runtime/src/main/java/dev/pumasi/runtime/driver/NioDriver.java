package dev.pumasi.runtime.driver;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * Readiness by {@code java.nio}, for systems whose calls Pumasi does not make itself: works wherever Java does. Waits are
 * measured in milliseconds, rounded up.
 *
 * <p>A channel that is closed while it is registered keeps its descriptor, and a listener its port, until the selector has
 * selected once more; so its registration is ended first, by a selection that does not wait. That one may swallow a
 * wake-up, which is why wake-ups are noted here as well.
 */
final class NioDriver extends ReadinessDriver {

    static final String NAME = "nio";

    private static final int NANOS_PER_MILLI = 1_000_000;

    private final NioSockets sockets;
    private final Selector selector;

    /**
     * Set by any thread before it wakes the selector; read and cleared by the owner before it waits. One that is set
     * between these two is not lost: its thread wakes the selector after that, and nothing swallows it before the wait.
     */
    private volatile boolean isWoken;

    /** @throws DriverUnavailableException if no selector can be opened */
    NioDriver() {
        this(new NioSockets());
    }

    private NioDriver(NioSockets sockets) {
        super(sockets);
        this.sockets = sockets;
        // What translates errors is loaded now: once the descriptors have run out, a class can no longer be read.
        NioErrno.of(new IOException());
        try {
            selector = Selector.open();
        } catch (IOException refused) {
            throw new DriverUnavailableException("java.nio opens no selector (" + refused.getMessage() + ")");
        }
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    int watch(Watched watched, int wanted) {
        SelectableChannel channel = sockets.channel(watched.handle);
        SelectionKey key = channel.keyFor(selector);
        if (key != null && !key.isValid()) {
            // The channel closed itself when it failed to connect: there is nothing to watch, and nothing to forget.
            return wanted == 0 ? 0 : -Errno.EBADF;
        }
        try {
            if (key == null) {
                channel.register(selector, interest(channel, wanted), watched);
            } else {
                key.interestOps(interest(channel, wanted));
            }
            return 0;
        } catch (ClosedChannelException closed) {
            return -Errno.EBADF;
        }
    }

    private static int interest(SelectableChannel channel, int wanted) {
        int input = channel instanceof ServerSocketChannel ? SelectionKey.OP_ACCEPT : SelectionKey.OP_READ;
        int output = isConnecting(channel) ? SelectionKey.OP_CONNECT : SelectionKey.OP_WRITE;
        // A pipe has one direction; what is wanted of the other fails when it is tried.
        return (((wanted & READABLE) != 0 ? input : 0) | ((wanted & WRITABLE) != 0 ? output : 0)) & channel.validOps();
    }

    private static boolean isConnecting(SelectableChannel channel) {
        return channel instanceof SocketChannel stream && stream.isConnectionPending();
    }

    @Override
    void unwatch(Watched watched) {
        SelectionKey key = sockets.channel(watched.handle).keyFor(selector);
        if (key != null) {
            key.cancel();
            try {
                selector.selectNow(_ -> {});
            } catch (IOException broken) {
                throw new UncheckedIOException("the selector does not select", broken);
            }
        }
    }

    /** The selector reports what it likes, in an order of its own; more than there is room for waits in the queue. */
    @Override
    void await(long waitNanos, int reportsMax) {
        boolean staysAwake = isWoken || waitNanos == 0;
        isWoken = false;
        try {
            if (staysAwake) {
                selector.selectNow(this::report);
            } else {
                // 0 is for ever here; a timer must not fire early.
                selector.select(this::report, waitNanos == FOREVER ? 0 : Math.ceilDiv(waitNanos, NANOS_PER_MILLI));
            }
        } catch (IOException broken) {
            throw new UncheckedIOException("the selector does not select", broken);
        }
    }

    private void report(SelectionKey key) {
        int ready = key.readyOps();
        int input = ready & (SelectionKey.OP_READ | SelectionKey.OP_ACCEPT);
        int output = ready & (SelectionKey.OP_WRITE | SelectionKey.OP_CONNECT);
        Watched watched = (Watched) key.attachment();
        ready(watched, (input != 0 ? READABLE : 0) | (output != 0 ? WRITABLE : 0));
        // A channel that fails to connect closes itself.
        if ((output & SelectionKey.OP_CONNECT) != 0 && key.isValid()) {
            // Both are "writable" to the driver, which has no reason to register again for a send.
            key.interestOps(interest(key.channel(), watched.registered));
        }
    }

    @Override
    public void wake() {
        isWoken = true;
        selector.wakeup();
    }

    /** That of the selector, which its owner takes as well whenever it has been woken. */
    @Override
    public boolean wakesUnderLock() {
        return true;
    }

    @Override
    void closeWait() {
        try {
            selector.close();
        } catch (IOException broken) {
            throw new UncheckedIOException("the selector does not close", broken);
        }
    }
}
