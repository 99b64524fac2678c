package dev.pumasi.runtime;

/** The event handler of a {@link Listener}: called on its loop for each connection. Must not block. */
@FunctionalInterface
public interface Acceptor {

    /** A connection has arrived; whoever gets it closes it. An exception closes it and is reported. */
    void accepted(StreamSocket socket);
}
