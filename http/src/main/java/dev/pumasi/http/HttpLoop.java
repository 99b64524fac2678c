package dev.pumasi.http;

import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.StreamSocket;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * A server's share of one loop: what its connections there have in common. Parsers, decoders and large buffers are lent
 * to a connection for as long as it is in a request. Belongs to the loop's thread.
 */
final class HttpLoop {

    /** How many of each are kept for reuse. */
    private static final int KEPT_MAX = 1024;

    final Loop loop;
    final Endpoint endpoint;
    final HttpLimits limits;
    final HeadBlock head;
    final HttpCounters counters = new HttpCounters();
    final int connectionsMax;

    /** For handlers that run on the loop's own thread; if there is none, they get green threads. */
    final @Nullable ServiceLoop service;

    private final ArrayDeque<RequestParser> parsers = new ArrayDeque<>();
    private final ArrayDeque<BodyDecoder> decoders = new ArrayDeque<>();
    final LargeBuffers large = new LargeBuffers();
    private @Nullable HttpConnection first;
    private @Nullable Listener listener;
    private @Nullable Runnable whenEmpty;
    private boolean draining;
    private boolean endsIdle;

    /** Whether the listener, though it has been told to finish, may still hand over what the kernel has accepted. */
    private boolean accepting;

    HttpLoop(
            Loop loop,
            Endpoint endpoint,
            HttpLimits limits,
            String serverName,
            int connectionsMax,
            @Nullable ServiceLoop service) {
        this.service = service;
        this.loop = loop;
        this.endpoint = endpoint;
        this.limits = limits;
        this.connectionsMax = connectionsMax;
        head = new HeadBlock(serverName);
    }

    void listening(Listener opened) {
        listener = opened;
    }

    void resume() {
        if (listener != null && !draining) {
            listener.resume();
        }
    }

    /** The {@link dev.pumasi.runtime.Acceptor}. */
    void accepted(StreamSocket socket) {
        accepted(socket, false);
    }

    /** @param warmUp whether its client is the server itself */
    void accepted(StreamSocket socket, boolean warmUp) {
        counters.connections++;
        HttpConnection connection = new HttpConnection(this, socket, warmUp);
        link(connection);
        connection.begin(counters.open > connectionsMax || endsIdle);
    }

    RequestParser takeParser() {
        RequestParser parser = parsers.pollLast();
        return parser != null ? parser : new RequestParser(limits);
    }

    void giveBack(RequestParser parser) {
        parser.reset();
        if (parsers.size() < KEPT_MAX) {
            parsers.addLast(parser);
        }
    }

    BodyDecoder takeDecoder() {
        BodyDecoder decoder = decoders.pollLast();
        return decoder != null ? decoder : new BodyDecoder(limits);
    }

    void giveBack(BodyDecoder decoder) {
        if (decoders.size() < KEPT_MAX) {
            decoders.addLast(decoder);
        }
    }

    /** Whether every answer is the last one of its connection. */
    boolean isDraining() {
        return draining;
    }

    /** Whether connections that wait for a request are ended. */
    boolean endsIdle() {
        return endsIdle;
    }

    /**
     * Accepts no more, and ends each connection with its next answer; tells {@code done} when none is left, and nothing more
     * can come.
     *
     * @param endsIdle whether those that wait for a request end now; else they are given the chance to send one, so
     *     that none is cut off which is on its way
     */
    void drain(boolean endsIdle, Runnable done) {
        draining = true;
        whenEmpty = done;
        finishAccepting();
        if (endsIdle) {
            endIdle();
        }
        tellIfEmpty();
    }

    void finishAccepting() {
        if (listener != null) {
            accepting = true;
            listener.finish(() -> {
                accepting = false;
                tellIfEmpty();
            });
        }
    }

    /** From now on, no connection waits for a request. */
    void endIdle() {
        endsIdle = true;
        HttpConnection connection = first;
        while (connection != null) {
            HttpConnection following = connection.next;
            connection.drain();
            connection = following;
        }
    }

    /** Ends all connections, whatever they are doing. */
    void abort() {
        while (first != null) {
            first.close();
        }
    }

    /** A connection has ended. */
    void ended(HttpConnection connection) {
        HttpConnection before = connection.previous;
        HttpConnection after = connection.next;
        if (before == null) {
            first = after;
        } else {
            before.next = after;
        }
        if (after != null) {
            after.previous = before;
        }
        connection.previous = null;
        connection.next = null;
        counters.open--;
        tellIfEmpty();
    }

    private void link(HttpConnection connection) {
        counters.open++;
        connection.next = first;
        if (first != null) {
            first.previous = connection;
        }
        first = connection;
    }

    private void tellIfEmpty() {
        Runnable told = whenEmpty;
        if (told != null && first == null && !accepting) {
            whenEmpty = null;
            told.run();
        }
    }
}
