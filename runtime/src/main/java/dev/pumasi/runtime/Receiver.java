package dev.pumasi.runtime;

import dev.pumasi.runtime.memory.Buffer;

/**
 * The event handler of a stream socket's input: it is called on the socket's loop whenever something has arrived, and
 * never blocks. An exception closes the socket and is reported.
 */
public interface Receiver {

    /**
     * Bytes have arrived. They lie in memory that all sockets of the loop share and are gone when this returns, unless
     * {@link StreamSocket#hold} is called: copy what must stay.
     *
     * @param data where they are
     * @param length how many, from index 0
     */
    void received(Buffer data, int length);

    /** The other end has said that it sends no more. Sending is still possible. Called once, and last. */
    void ended();

    /** The connection is broken. Called once, and last. */
    void failed(OperationException failure);
}
