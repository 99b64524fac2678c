package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Errno;
import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.runtime.memory.ByteQueue;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The direct style of a stream socket: a thread that reads or writes waits here until the loop has what it wants. One
 * thread may read while another writes.
 *
 * <p>What arrives while nobody reads is copied out of the shared buffers and waits in a queue; with {@value
 * #WAITING_BYTES_MAX} bytes waiting, receiving is paused, so that a slow reader makes its peer wait.
 */
final class DirectStyle implements Receiver {

    /** Two provided buffers' worth. */
    private static final int WAITING_BYTES_MAX = 4096;

    private static final VarHandle WRITING;

    static {
        try {
            WRITING = MethodHandles.lookup().findVarHandle(DirectStyle.class, "writing", Gate.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private final StreamSocket socket;
    private final ByteQueue waiting = new ByteQueue();
    private final Gate reading;

    /** Made when first needed, by whoever writes: most connections that wait have never been written to in this style. */
    @SuppressWarnings("unused") // through WRITING
    private volatile @Nullable Gate writing;

    private boolean receiving;
    private boolean ended;
    private boolean inputShut;
    private @Nullable OperationException failure;

    DirectStyle(StreamSocket socket) {
        this.socket = socket;
        reading = new Gate(socket.loop(), "read from", socket);
    }

    void setReadTimeout(long nanos) {
        reading.setTimeout(nanos);
    }

    void setWriteTimeout(long nanos) {
        writing().setTimeout(nanos);
    }

    int read(byte[] to, int offset, int length) throws IOException {
        return reading.pass(() -> take(to, offset, length));
    }

    /** As {@link #read(byte[], int, int)}, with this time limit and no other; 0 is none. */
    int read(byte[] to, int offset, int length, long limitNanos) throws IOException {
        return reading.pass(() -> {
            reading.setTimeout(limitNanos);
            return take(to, offset, length);
        });
    }

    /** How many bytes have arrived and wait. On the loop. */
    int available() {
        if (!inputShut && !socket.isClosed()) {
            receive();
        }
        return waiting.size();
    }

    /** What arrived and what will is discarded; who reads finds the end. On the loop. */
    void shutdownInput() {
        inputShut = true;
        ended = true;
        waiting.clear(socket.loop().buffers());
        socket.pause();
        reading.open();
    }

    /**
     * Writes all bytes and waits until they have been handed to the kernel.
     *
     * @param done one number: how many have been taken over; whoever was interrupted goes on from there
     */
    void writeThrough(byte[] from, int offset, int length, int[] done) throws IOException {
        write(() -> {
            Output output = socket.output();
            output.check();
            if (done[0] < length) {
                done[0] += output.append(from, offset + done[0], length - done[0]);
                output.flush();
            }
            return done[0] == length && output.isDrained() ? length : Gate.WOULD_WAIT;
        });
    }

    /** Runs a step that writes; when it would wait, it waits until the output has drained. */
    int write(Gate.Step step) throws IOException {
        Gate gate = writing();
        return gate.pass(() -> {
            int answer = step.attempt();
            if (answer == Gate.WOULD_WAIT) {
                socket.output().whenDrained(gate::open);
            }
            return answer;
        });
    }

    private int take(byte[] to, int offset, int length) throws IOException {
        if (!ended) {
            receive();
        }
        if (!waiting.isEmpty()) {
            int count = waiting.take(socket.loop().buffers(), to, offset, length);
            if (waiting.size() < WAITING_BYTES_MAX) {
                socket.resume();
            }
            return count;
        }
        if (failure != null) {
            throw failure.here();
        }
        if (socket.isClosed()) {
            throw OperationException.of("read from " + socket, -Errno.EBADF);
        }
        return ended ? -1 : Gate.WOULD_WAIT;
    }

    private void receive() {
        if (!receiving) {
            socket.onReceive(this);
            receiving = true; // only now: it may have been refused
        }
    }

    @Override
    public void received(Buffer data, int length) {
        if (inputShut) {
            return;
        }
        waiting.append(socket.loop().buffers(), data, 0, length);
        if (waiting.size() >= WAITING_BYTES_MAX) {
            socket.pause();
        }
        reading.open();
    }

    @Override
    public void ended() {
        ended = true;
        reading.open();
    }

    @Override
    public void failed(OperationException failure) {
        this.failure = failure;
        reading.open();
    }

    /** The socket has been closed. */
    void stop() {
        waiting.clear(socket.loop().buffers());
        reading.open();
        Gate gate = writing;
        if (gate != null) { // one that is made from now on finds the socket closed
            gate.open();
        }
    }

    /** Any thread; two that come at once get the same one. */
    private Gate writing() {
        Gate known = writing;
        if (known != null) {
            return known;
        }
        Gate made = new Gate(socket.loop(), "write to", socket);
        Gate first = (Gate) WRITING.compareAndExchange(this, (Gate) null, made);
        return first == null ? made : first;
    }
}
