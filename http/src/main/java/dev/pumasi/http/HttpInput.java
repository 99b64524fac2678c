package dev.pumasi.http;

import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.runtime.memory.ByteQueue;
import org.jspecify.annotations.Nullable;

/**
 * The bytes that have arrived on a connection and are not used up yet. They lie either where they were received, in
 * memory shared by the whole loop, or in a queue of the connection's own, never in both.
 *
 * <p>A request's head stays where it was parsed for as long as that memory is held; {@link #detach} copies it, and what
 * follows it, and gives the shared memory back. It is due before anything of the user's waits.
 */
final class HttpInput implements Runnable {

    private static final int NOT_HELD = -1;

    private final StreamSocket socket;
    private final ByteQueue waiting = new ByteQueue();
    private @Nullable Buffer delivered;
    private int at;
    private int limit;
    private int held = NOT_HELD;

    /** The head of the current request, while it lies in {@link #delivered}. */
    private @Nullable HeadParser head;

    private int headAt;
    private @Nullable Buffer headCopy;

    HttpInput(StreamSocket socket) {
        this.socket = socket;
    }

    /** Bytes have been delivered: they can be used in place until {@link #endOfDelivery}, or longer if held. */
    void arrived(Buffer data, int length) {
        if (waiting.isEmpty()) {
            delivered = data;
            at = 0;
            limit = length;
        } else {
            append(data, length);
        }
    }

    /** Bytes have been delivered that wait behind others. */
    void append(Buffer data, int length) {
        waiting.append(socket.loop().buffers(), data, 0, length);
    }

    boolean isEmpty() {
        return delivered != null ? at == limit : waiting.isEmpty();
    }

    int size() {
        return delivered != null ? limit - at : waiting.size();
    }

    Buffer buffer() {
        return delivered != null ? delivered : waiting.buffer();
    }

    int start() {
        return delivered != null ? at : waiting.start();
    }

    int end() {
        return delivered != null ? limit : waiting.end();
    }

    void consume(int count) {
        if (delivered != null) {
            at += count;
        } else {
            waiting.consume(socket.loop().buffers(), count);
        }
    }

    /** The head that was just parsed at {@link #start} is used up; its bytes stay readable until {@link #endRequest}. */
    void beginRequest(HeadParser parsed) {
        int length = parsed.headLength();
        if (delivered != null) {
            head = parsed;
            headAt = at;
            at += length;
        } else {
            copyHead(parsed, waiting.buffer(), waiting.start());
            waiting.consume(socket.loop().buffers(), length);
        }
    }

    /** Keeps what is being delivered beyond {@link #endOfDelivery}, but not beyond this turn. */
    void hold() {
        if (delivered != null && held == NOT_HELD) {
            held = socket.hold();
        }
    }

    /** Whether nothing lies in shared memory. */
    boolean isDetached() {
        return delivered == null;
    }

    /** Moves everything out of the shared memory and gives that back. */
    void detach() {
        Buffer shared = delivered;
        if (shared == null) {
            return;
        }
        if (head != null) {
            copyHead(head, shared, headAt);
            head = null;
        }
        delivered = null;
        if (at < limit) {
            waiting.append(socket.loop().buffers(), shared, at, limit - at);
        }
        if (held != NOT_HELD) {
            socket.giveBack(held);
            held = NOT_HELD;
        }
    }

    /** The delivery is over: what it brought goes out of the shared memory, unless that is held. */
    void endOfDelivery() {
        if (held == NOT_HELD) {
            detach();
        }
    }

    /** Runs when a green thread has run for the first time: if it has parked, its request must not stay where it is. */
    @Override
    public void run() {
        detach();
        socket.output().flush();
    }

    /** The bytes of the current request's head are no longer needed. */
    void endRequest() {
        head = null;
        Buffer copy = headCopy;
        if (copy != null) {
            headCopy = null;
            socket.loop().buffers().giveBack(copy);
        }
    }

    /** Nobody will look at what has arrived and is not used up. */
    void drop() {
        if (delivered != null) {
            at = limit;
        }
        waiting.clear(socket.loop().buffers());
    }

    /** Forgets everything. */
    void clear() {
        detach();
        waiting.clear(socket.loop().buffers());
    }

    private void copyHead(HeadParser parsed, Buffer from, int offset) {
        int length = parsed.headLength();
        Buffer copy = socket.loop().buffers().take(length);
        copy.put(0, from, offset, length);
        parsed.moved(copy, 0);
        headCopy = copy;
    }
}
