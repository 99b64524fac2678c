package dev.pumasi.web;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.Timer;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * One loop's connections to a FastCGI application that nobody uses at the moment. The one used last is taken first; whoever has not been used for a
 * while is closed. Used by the green threads of its loop; elsewhere (the fall-back scheduler) nothing is kept.
 */
final class FastCgiConnections {

    static final int IDLE_MAX = 64;

    private record Idle(StreamSocket socket, long sinceNanos) {}

    private final Loop loop;
    private final SocketAddress peer;
    private final Duration connectLimit;
    private final long idleNanos;
    private final Deque<Idle> idle = new ArrayDeque<>();
    private final Timer timer = Timer.of(this::sweep);

    FastCgiConnections(Loop loop, SocketAddress peer, Duration connectLimit, Duration idle) {
        this.loop = loop;
        this.peer = peer;
        this.connectLimit = connectLimit;
        idleNanos = idle.toNanos();
    }

    /** One that has been used before; null if none is there. */
    @Nullable
    StreamSocket used() {
        Idle last = loop.isCurrent() ? idle.pollLast() : null;
        return last == null ? null : last.socket;
    }

    /** A new one. Parks. */
    StreamSocket fresh() throws IOException {
        return StreamSocket.connect(loop, peer).within(connectLimit).await();
    }

    /** Takes one back that can be used again. */
    void keep(StreamSocket socket) {
        if (!loop.isCurrent() || idle.size() == IDLE_MAX || idleNanos == 0) {
            socket.close();
            return;
        }
        idle.addLast(new Idle(socket, loop.nowNanos()));
        if (!timer.isRunning()) {
            loop.start(timer, idleNanos);
        }
    }

    private void sweep() {
        long nowNanos = loop.nowNanos();
        while (!idle.isEmpty() && nowNanos - idle.getFirst().sinceNanos >= idleNanos) {
            idle.removeFirst().socket.close();
        }
        if (!idle.isEmpty()) {
            loop.start(timer, Math.max(1, idleNanos - (nowNanos - idle.getFirst().sinceNanos)));
        }
    }

    /** Closes all. On the loop. */
    void close() {
        loop.cancel(timer);
        idle.forEach(one -> one.socket.close());
        idle.clear();
    }
}
