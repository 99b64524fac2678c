package dev.pumasi.http;

import dev.pumasi.http.ClientException.Reason;
import dev.pumasi.runtime.Connector;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.StreamSocket;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one loop to one origin, and the requests that wait for one. The connection used last is used next, so
 * that those which are not needed grow old and go. Who waits longest is served first, by whichever connection is free or
 * made first: a connection is not made for anybody in particular. Belongs to the loop's thread.
 */
final class OriginPool {

    private final ClientLoop client;
    private final Origin origin;
    // In an order of their own, or a simulated run could not be had again.
    private final Set<ClientConnection> open = new LinkedHashSet<>();
    private final ArrayDeque<ClientConnection> idle = new ArrayDeque<>();
    private final ArrayDeque<ClientExchange> waiting = new ArrayDeque<>();
    private final Set<Operation<StreamSocket>> connecting = new LinkedHashSet<>();

    OriginPool(ClientLoop client, Origin origin) {
        this.client = client;
        this.origin = origin;
    }

    Origin origin() {
        return origin;
    }

    int idleCount() {
        return idle.size();
    }

    int waitingCount() {
        return waiting.size();
    }

    /** Gives the exchange a connection, now or later, or tells it that there will be none. */
    void acquire(ClientExchange exchange) {
        ClientConnection last = idle.pollLast();
        if (last != null) {
            client.counters.reused++;
            exchange.connected(last);
            return;
        }
        boolean connects = connecting.size() <= waiting.size() && roomToConnect();
        if (!connects && waiting.size() - connecting.size() >= client.limits.waitingMax()) {
            exchange.unconnected(Reason.QUEUE_FULL, null);
            tidyUp();
            return;
        }
        waiting.addLast(exchange);
        exchange.waits(this);
        connect();
    }

    /** An exchange waits no longer. */
    void leaves(ClientExchange exchange) {
        waiting.remove(exchange);
        tidyUp();
    }

    private boolean roomToConnect() {
        return open.size() + connecting.size() < client.limits.connectionsPerOriginMax() && client.hasRoom(this);
    }

    /** Makes as many connections as are waited for, within the limits. */
    void connect() {
        while (connecting.size() < waiting.size()) {
            if (!roomToConnect()) {
                return;
            }
            client.counters.connecting++;
            Operation<StreamSocket> attempt = attempt();
            connecting.add(attempt);
            attempt.within(Duration.ofMillis(client.limits.connectTimeoutMillis()));
            attempt.onDone(outcome -> connected(attempt, outcome));
        }
    }

    private Operation<StreamSocket> attempt() {
        Optional<SocketAddress> address = origin.address();
        Connector connector = client.connector;
        return address.isPresent()
                ? StreamSocket.connect(client.loop, address.get())
                : connector.connect(client.loop, origin.host(), origin.port());
    }

    private void connected(Operation<StreamSocket> attempt, Operation.Outcome<StreamSocket> outcome) {
        connecting.remove(attempt);
        client.counters.connecting--;
        switch (outcome) {
            case Operation.Success<StreamSocket>(StreamSocket socket) -> {
                if (client.isClosed()) {
                    socket.close();
                    return;
                }
                ClientConnection connection = new ClientConnection(client, this, socket);
                open.add(connection);
                client.opened();
                connection.begin();
                ClientExchange first = waiting.pollFirst();
                if (first == null) {
                    connection.rest();
                } else {
                    first.connected(connection);
                }
            }
            case Operation.Failed<StreamSocket>(Throwable failure) -> {
                client.counters.connectFailures++;
                ClientExchange first = waiting.pollFirst();
                if (first != null) {
                    first.unconnected(isTimeout(failure) ? Reason.CONNECT_TIMEOUT : Reason.CONNECT_FAILED, failure);
                }
                connect();
                client.roomIsThere();
                tidyUp();
            }
        }
    }

    private static boolean isTimeout(Throwable failure) {
        return failure instanceof OperationException known && known.failure() == Failure.TIMED_OUT;
    }

    /** A connection is ready for the next request. */
    void released(ClientConnection connection) {
        ClientExchange first = waiting.pollFirst();
        if (first != null) {
            client.counters.reused++;
            first.connected(connection);
        } else {
            idle.addLast(connection);
            client.roomIsThere();
        }
    }

    /** A connection has ended. */
    void ended(ClientConnection connection) {
        open.remove(connection);
        idle.remove(connection);
        client.ended();
        connect();
        client.roomIsThere();
        tidyUp();
    }

    /** Ends those that nobody uses. */
    void dropIdle() {
        for (ClientConnection unused : List.copyOf(idle)) {
            unused.close();
        }
    }

    /** Ends the one that has been unused for longest; false if all are in use. */
    boolean dropOldest() {
        ClientConnection oldest = idle.peekFirst();
        if (oldest != null) {
            oldest.close();
        }
        return oldest != null;
    }

    /** The client is being closed. */
    void close() {
        for (Operation<StreamSocket> attempt : List.copyOf(connecting)) {
            attempt.cancel();
        }
        for (@Nullable ClientExchange first = waiting.pollFirst(); first != null; first = waiting.pollFirst()) {
            first.unconnected(Reason.CLOSED, null);
        }
        for (ClientConnection connection : List.copyOf(open)) {
            connection.end();
        }
    }

    private void tidyUp() {
        if (open.isEmpty() && waiting.isEmpty() && connecting.isEmpty()) {
            client.forget(this);
        }
    }
}
