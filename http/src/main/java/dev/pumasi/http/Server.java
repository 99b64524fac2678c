package dev.pumasi.http;

import dev.pumasi.runtime.Loop;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;

/**
 * A server that runs, whatever its concurrency model. Any thread may call any method; those that wait block their thread,
 * so a loop's own thread must not call them.
 */
public interface Server extends AutoCloseable {

    /** How long {@link #close} lets requests in progress take. */
    Duration CLOSE_PATIENCE = Duration.ofSeconds(5);

    /** Where it listens, with the port that was chosen. */
    SocketAddress address();

    /** The port, or 0 for a Unix domain socket. */
    default int port() {
        return address() instanceof InetSocketAddress inet ? inet.getPort() : 0;
    }

    /** What its connections have done, as of about now. */
    HttpStatus status();

    /** How many connections it holds. Always the same. */
    Capacity capacity();

    /** What its connections have done on each of its loops, in the loops' order; empty where it has none. As of about now. */
    default List<HttpStatus> statusByLoop() {
        return List.of();
    }

    /** Its loops; empty where it has none. */
    default List<Loop> on() {
        return List.of();
    }

    /** Whether it has been told to stop, and accepts no more. */
    default boolean isStopping() {
        return false;
    }

    /** Waits until it has stopped. */
    void awaitStop() throws InterruptedException;

    /**
     * Stops it, and waits until it has: no new connections from now on; those without a request end; the others end with
     * their answer, or after {@code patience}. Called again, it only waits.
     */
    void stop(Duration patience);

    /**
     * Stops it for a successor that has the same listening socket, and waits until it has stopped: it accepts no more, but
     * unlike {@link #stop} it ends no connection because that has no request. Each gets the chance to send one, whose answer
     * says that it is the last ({@code Connection: close}); so no request is lost that was on its way. A connection that
     * is silent ends with its idle time, or after {@code patience}.
     */
    default void retire(Duration patience) {
        stop(patience);
    }

    /** {@link #stop} with {@link #CLOSE_PATIENCE}. */
    @Override
    default void close() {
        stop(CLOSE_PATIENCE);
    }
}
