package dev.pumasi.http;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Gate;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.Output;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.memory.Buffer;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A connection that has left HTTP (status 101, RFC 9110 section 7.8): bytes both ways, beginning with those that had come
 * behind the head. Whoever got it must {@linkplain #close close} it.
 *
 * <p>One thread may read while another writes. On a green thread both park; a slow reader makes the other end wait, and
 * nothing grows. Any thread may call any method; away from its loop each call asks the loop.
 */
public final class Tunnel implements Closeable {

    /** What may wait for the reader; then receiving pauses. */
    private static final int WAITING_BYTES_MAX = 16 * 1024;

    /** How long the other end may take for the last bytes. */
    private static final int LINGER_MILLIS = 2_000;

    private final StreamSocket socket;
    private final HttpInput input;
    private final Runnable whenClosed;
    private final Gate reading;
    private final Gate writing;
    private boolean inputEnded;

    /** No more is taken, but what was is still being sent. */
    private boolean closing;

    private boolean closed;
    private @Nullable OperationException failure;

    /** @param whenClosed called once, on the loop */
    Tunnel(StreamSocket socket, HttpInput input, Runnable whenClosed) {
        this.socket = socket;
        this.input = input;
        this.whenClosed = whenClosed;
        reading = new Gate(socket.loop(), "read from", socket);
        writing = new Gate(socket.loop(), "write to", socket);
    }

    public Loop loop() {
        return socket.loop();
    }

    /** How long {@link #read} and {@link #write} wait at most, each; zero, the default, is without limit. */
    public void setTimeout(Duration limit) {
        socket.loop().run(() -> {
            reading.setTimeout(limit.toNanos());
            writing.setTimeout(limit.toNanos());
        });
    }

    /** Reads at least one byte, waiting for it if need be; −1 when the other end sends no more. */
    public int read(byte[] to, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, to.length);
        return length == 0 ? 0 : reading.pass(() -> take(to, offset, length));
    }

    private int take(byte[] to, int offset, int length) throws IOException {
        if (!input.isEmpty()) {
            int count = Math.min(length, input.size());
            input.buffer().get(input.start(), to, offset, count);
            input.consume(count);
            if (input.size() < WAITING_BYTES_MAX / 2 && !closed) {
                socket.resume();
            }
            return count;
        }
        if (closed || closing) {
            throw new OperationException("read from " + socket, Failure.CLOSED);
        }
        if (failure != null) {
            throw failure;
        }
        return inputEnded ? -1 : Gate.WOULD_WAIT;
    }

    /** Writes all bytes, waiting while the other end takes none; they go out when there are many, or at {@link #flush}. */
    public void write(byte[] from, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, from.length);
        int done = 0;
        while (done < length) {
            int at = offset + done;
            int rest = length - done;
            done += writing.pass(() -> append(from, at, rest));
        }
    }

    private int append(byte[] from, int offset, int length) throws IOException {
        Output output = open();
        int count = output.append(from, offset, length);
        if (count == 0) {
            output.whenDrained(writing::open);
            output.flush();
            return Gate.WOULD_WAIT;
        }
        return count;
    }

    /** Hands what was written to the kernel, without waiting for it to be taken. */
    public void flush() throws IOException {
        writing.pass(() -> {
            open().flush();
            return 0;
        });
    }

    private Output open() throws IOException {
        if (closed || closing) {
            throw new OperationException("write to " + socket, Failure.CLOSED);
        }
        socket.output().check();
        return socket.output();
    }

    /** Says that no more will be written; reading goes on. Any thread. */
    public void endOutput() {
        socket.loop().run(() -> {
            if (!closed) {
                socket.shutdownOutput();
            }
        });
    }

    /**
     * Ends it. What was written is still sent, for {@value #LINGER_MILLIS} ms at most. Any thread; more than once does
     * nothing.
     */
    @Override
    public void close() {
        socket.loop().run(() -> {
            Output output = socket.output();
            if (closed || closing) {
                return;
            }
            if (output.hasFailed() || output.isDrained()) {
                abort();
                return;
            }
            closing = true;
            Deadline limit = new Deadline(socket.loop(), this::abort);
            limit.set(LINGER_MILLIS);
            output.whenDrained(() -> {
                limit.stop();
                abort();
            });
            output.flush();
            reading.open();
        });
    }

    /** Ends it at once. On the loop. */
    void abort() {
        if (!closed) {
            closed = true;
            socket.close();
            input.clear();
            reading.open();
            writing.open();
            whenClosed.run();
        }
    }

    // ------------------------------------------------------------------------------------- events, on the loop

    void received(Buffer data, int length) {
        if (closing) {
            return;
        }
        input.append(data, length);
        if (input.size() >= WAITING_BYTES_MAX) {
            socket.pause();
        }
        reading.open();
    }

    void ended() {
        inputEnded = true;
        reading.open();
    }

    void failed(OperationException why) {
        failure = why;
        reading.open();
        writing.open();
    }

    @Override
    public String toString() {
        return "tunnel by " + socket;
    }
}
