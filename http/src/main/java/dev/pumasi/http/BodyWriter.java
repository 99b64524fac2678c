package dev.pumasi.http;

/**
 * Writes the body of a response while it is sent. It runs where the handler ran: on a green thread, where writing parks
 * when the client is slow. What it throws ends the connection, because the status has been sent already; it is reported
 * once, unless it is the client that went away.
 */
@FunctionalInterface
public interface BodyWriter {

    void writeTo(BodyOutput out) throws Exception;

    /**
     * Called instead of {@link #writeTo} when the server writes no body after all: the answer was to a HEAD, or the client
     * has gone. Gives back what the body holds, an open file for example. On the loop; must not wait.
     */
    default void discard() {}
}
