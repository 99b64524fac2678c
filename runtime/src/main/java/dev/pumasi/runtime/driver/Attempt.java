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
        SEND_PIECES,
        SEND_TO
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

    Attempt(Watched owner) {
        this.owner = owner;
    }

    boolean isIdle() {
        return kind == Kind.NONE;
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

    void end() {
        kind = Kind.NONE;
        buffer = null;
        pieces = null;
        control = null;
        address = null;
    }
}
