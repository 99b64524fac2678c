package dev.pumasi.http;

/**
 * Writes the body of a response while it is sent. It runs where the handler ran: on a green thread, where writing parks
 * when the client is slow. What it throws ends the connection, because the status has been sent already; it is reported
 * once, unless it is the client that went away.
 */
@FunctionalInterface
public interface BodyWriter {

    void writeTo(BodyOutput out) throws Exception;
}
