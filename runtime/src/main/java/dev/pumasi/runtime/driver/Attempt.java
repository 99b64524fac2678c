package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import java.net.SocketAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The one operation that a handle may have in one direction while it waits to be ready. The object belongs to the
 * handle and is used again for each of its operations, so that starting one allocates nothing; it keeps the
 * operation's buffers reachable.
 */
final class Attempt {

    enum Kind {
        NONE,
        ACCEPT,
        /** Into provided buffers, again and again. */
        RECEIVE_PROVIDED,
        RECEIVE,
        RECEIVE_FROM,
        CONNECT,
        SEND,
        SEND_BEFORE_FILE,
        SEND_PIECES,
        SEND_TO,
        /** From a file whose bytes are in memory. */
        SEND_FILE,
        /** Bytes of a file are on their way to memory; only then the socket matters. */
        FETCH,
        /** Nothing is done: that it could be is the result. */
        READABLE
    }

    final Watched owner;
    Kind kind = Kind.NONE;
    long token;

    @Nullable
    Buffer buffer;

    int offset;
    int length;

    @Nullable
    Gather pieces;

    @Nullable
    Buffer control;

    @Nullable
    SocketAddress address;

    @Nullable
    OpenFile file;

    /** Where in the file. */
    long position;

    Attempt(Watched owner) {
        this.owner = owner;
    }

    boolean isIdle() {
        return kind == Kind.NONE;
    }

    /** Whether it is the socket that it waits for. */
    boolean isWaiting() {
        return kind != Kind.NONE && kind != Kind.FETCH;
    }

    /** The fields that the operation's kind has set. */
    Buffer buffer() {
        return Objects.requireNonNull(buffer);
    }

    Gather pieces() {
        return Objects.requireNonNull(pieces);
    }

    Buffer control() {
        return Objects.requireNonNull(control);
    }

    SocketAddress address() {
        return Objects.requireNonNull(address);
    }

    OpenFile file() {
        return Objects.requireNonNull(file);
    }

    void end() {
        kind = Kind.NONE;
        file = null;
        buffer = null;
        pieces = null;
        control = null;
        address = null;
    }
}
