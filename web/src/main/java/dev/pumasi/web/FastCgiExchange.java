package dev.pumasi.web;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.Timer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One request to a FastCGI application, on a connection that is its own meanwhile. A green thread of its own sends the body, if there is one;
 * the request's reads the answer. When that was read to its end, and all that was to be sent has been, the connection is kept; in every
 * other case it is closed, which is how the application learns that nobody waits any more.
 */
final class FastCgiExchange extends ScriptAnswer implements FastCgiRecords.Decoder.Receiver {

    private static final int OVERLOADED = 2;
    private static final int RECORD_BYTES = 16 * 1024;

    private final StreamSocket socket;
    private final FastCgiConnections connections;
    private final Loop loop;
    private final ScriptBody body;
    private final CgiLimits limits;
    private final Duration silence;
    private final String name;
    private final Runnable whenOver;
    private final FastCgiRecords.Decoder decoder = new FastCgiRecords.Decoder(this);
    private final byte[] received = new byte[RECORD_BYTES];
    private final Timer whole = Timer.of(this::outOfTime);
    private final byte[] line = new byte[Printable.CHARS_MAX];
    private int receivedFrom;
    private int receivedTo;
    private int filled;
    private int lineLength;
    private int complaintBytes;
    private boolean silent;
    private @Nullable Thread sender;

    // Of several green threads of the loop; volatile for the fall-back scheduler.
    private volatile boolean sent;
    private volatile boolean closed;
    private volatile boolean overdue;
    private volatile boolean gone;
    private volatile @Nullable IOException bodyFailure;

    FastCgiExchange(
            StreamSocket socket,
            FastCgiConnections connections,
            ScriptBody body,
            CgiLimits limits,
            Duration silence,
            String name,
            Runnable whenOver) {
        super(limits, true);
        this.socket = socket;
        this.connections = connections;
        this.body = body;
        this.limits = limits;
        this.silence = silence;
        this.name = name;
        this.whenOver = whenOver;
        loop = socket.loop();
    }

    /** Sends what opens the request, and begins to send its body. */
    void begin(byte[] opening) throws IOException {
        loop.run(() -> loop.start(whole, limits.whole().toNanos()));
        socket.setWriteTimeout(limits.firstByte());
        socket.write(opening);
        if (body.length() == 0) {
            byte[] end = new byte[FastCgiRecords.HEADER_BYTES];
            FastCgiRecords.header(end, FastCgiRecords.STDIN, 0);
            socket.write(end);
            socket.flush();
            sent = true;
        } else {
            socket.flush();
            sender = loop.spawn(this::send);
        }
    }

    private void send() {
        byte[] record = new byte[FastCgiRecords.HEADER_BYTES + RECORD_BYTES];
        try (body) {
            int count;
            do {
                count = Math.max(0, body.read(record, FastCgiRecords.HEADER_BYTES, RECORD_BYTES));
                FastCgiRecords.header(record, FastCgiRecords.STDIN, count);
                try {
                    socket.write(record, 0, FastCgiRecords.HEADER_BYTES + count);
                    socket.flush();
                } catch (OperationException doesNotWantMore) {
                    return; // whether there is an answer will be seen
                }
            } while (count > 0);
            sent = true;
        } catch (IOException failure) {
            if (!closed && !decoder.isOver()) {
                bodyFailure = failure;
                socket.close();
            }
        } catch (IllegalStateException answered) {
            // the answer was complete before the body: what is left of it is no longer ours to read
        }
    }

    // ------------------------------------------------------------------------------------------- what comes

    /**
     * Begins on a connection that was used before, and waits for the first bytes of the answer: false if it was closed meanwhile. There is no body.
     */
    boolean isHeardOn(byte[] opening) {
        try {
            begin(opening);
            socket.setReadTimeout(limits.firstByte());
            int count = socket.read(received, 0, received.length);
            receivedTo = Math.max(0, count);
            if (count < 0) {
                loop.run(() -> loop.cancel(whole));
            }
            return count >= 0;
        } catch (IOException failure) {
            boolean late = failure instanceof OperationException why && why.failure() == Failure.TIMED_OUT;
            silent = late;
            if (!late) {
                loop.run(() -> loop.cancel(whole));
            }
            return late;
        }
    }

    @Override
    int read(Duration limit) throws IOException {
        filled = 0;
        while (filled == 0 && !decoder.isOver()) {
            if (receivedFrom == receivedTo) {
                if (silent) {
                    return 0;
                }
                boolean inBody = limit.isZero();
                socket.setReadTimeout(inBody ? silence : limit);
                int count;
                try {
                    count = socket.read(received, 0, received.length);
                } catch (OperationException failure) {
                    IOException broken = bodyFailure;
                    if (broken != null) {
                        throw broken;
                    }
                    if (overdue) {
                        return -1;
                    }
                    if (gone) {
                        throw failure;
                    }
                    if (failure.failure() == Failure.TIMED_OUT && inBody) {
                        throw new IOException(this + " was silent for " + silence + " in the middle of its answer");
                    }
                    if (failure.failure() == Failure.TIMED_OUT) {
                        return 0;
                    }
                    throw new FastCgiRecords.BrokenException(
                            "broke off: " + failure.failure().cause());
                }
                if (count < 0) {
                    throw new FastCgiRecords.BrokenException("closed the connection in the middle of an answer");
                }
                receivedFrom = 0;
                receivedTo = count;
            }
            // No more at once than the piece holds; what is left is decoded next time.
            int count = Math.min(receivedTo - receivedFrom, piece.length);
            decoder.feed(received, receivedFrom, count);
            receivedFrom += count;
        }
        return filled > 0 ? filled : -1;
    }

    @Override
    public void output(byte[] bytes, int offset, int length) {
        System.arraycopy(bytes, offset, piece, filled, length);
        filled += length;
    }

    @Override
    public void complaint(byte[] bytes, int offset, int length) {
        for (int i = offset; i < offset + length && complaintBytes < limits.errorBytesMax(); i++) {
            if (bytes[i] != '\n') {
                line[lineLength++] = bytes[i];
            }
            if (bytes[i] == '\n' || lineLength == line.length) {
                complain();
            }
            complaintBytes++;
        }
    }

    private void complain() {
        if (lineLength > 0) {
            String text = new String(Arrays.copyOf(line, lineLength), StandardCharsets.UTF_8);
            LOG.log(System.Logger.Level.WARNING, "{0} says: {1}", this, Printable.of(text));
            lineLength = 0;
        }
    }

    @Override
    public void ended(int protocolStatus) {
        complain();
        if (protocolStatus == OVERLOADED) {
            refuse(503, "is overloaded");
        } else if (protocolStatus != 0) {
            refuse(502, "does not take such a request (protocol status " + protocolStatus + ")");
        }
    }

    // ------------------------------------------------------------------------------------------- the end

    private void outOfTime() {
        overdue = true;
        socket.close();
    }

    @Override
    boolean isOverdue() {
        return overdue;
    }

    @Override
    void finish() {
        release(sent && decoder.isOver() && receivedFrom == receivedTo && !overdue);
    }

    @Override
    void end() {
        release(false);
    }

    /** It could not be begun. What is to be done when it is over is not done: there was none. */
    void cancel() {
        closed = true;
        loop.run(() -> loop.cancel(whole));
        socket.close();
    }

    /** The client has gone. On the loop. */
    void abandoned() {
        gone = true;
        socket.close();
    }

    private void release(boolean reusable) {
        if (closed) {
            return;
        }
        closed = true;
        loop.run(() -> loop.cancel(whole));
        if (reusable) {
            connections.keep(socket);
        } else {
            socket.close();
        }
        Thread sending = sender;
        if (sending != null && !sent) {
            sending.interrupt();
        }
        whenOver.run();
    }

    @Override
    public String toString() {
        return name;
    }
}
