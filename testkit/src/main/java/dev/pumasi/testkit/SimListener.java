package dev.pumasi.testkit;

import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** A listening socket: connections that are established and not accepted yet. */
final class SimListener extends SimSocket {

    private final SocketAddress address;
    private final int backlog;
    private final Deque<SimStream> queue = new ArrayDeque<>();

    SimListener(SimNetwork network, SimNode node, SocketAddress address, int backlog) {
        super(network, node, node.nextSocket().dice());
        this.address = address;
        this.backlog = Math.max(1, backlog);
    }

    @Override
    SocketAddress local() {
        return address;
    }

    @Override
    @Nullable
    SocketAddress remote() {
        return null;
    }

    boolean isFull() {
        return queue.size() >= backlog;
    }

    int waiting() {
        return queue.size();
    }

    void offer(SimStream stream) {
        queue.add(stream);
        readable();
    }

    /** The connection that waited longest; null if none waits. */
    @Nullable
    SimStream accept() {
        SimStream stream = queue.poll();
        if (stream != null) {
            note("accepts " + SimNetwork.text(stream.remote()) + " at " + SimNetwork.text(address));
        }
        return stream;
    }

    /** Whoever waits is reset, as Linux does. */
    @Override
    void close() {
        network.unbind(this);
        for (SimStream stream = queue.poll(); stream != null; stream = queue.poll()) {
            stream.reset();
        }
    }
}
