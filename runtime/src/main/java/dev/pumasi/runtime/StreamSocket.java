package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Driver;
import dev.pumasi.runtime.driver.Errno;
import dev.pumasi.runtime.driver.Gather;
import dev.pumasi.runtime.driver.SocketOption;
import dev.pumasi.runtime.memory.Buffer;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A connected socket, TCP or Unix domain, that belongs to one loop; or one end of a pipe to a child process, which has one direction. There are three ways to use it; for its input choose
 * one, since two readers of one stream would each get a part:
 *
 * <ul>
 *   <li><b>operations</b>: {@link #receive(Buffer, int, int)} and {@link #send(Buffer, int, int)} return an {@link
 *       Operation} each;
 *   <li><b>events</b>: {@link #onReceive} registers a {@link Receiver}; {@link #output} collects what is to be sent;
 *   <li><b>direct style</b>: {@link #read}, {@link #write} and {@link #flush} park the calling green thread.
 * </ul>
 *
 * <p><b>Threads.</b> Operations and the direct style: any thread (a platform thread blocks where a green thread parks).
 * {@link #onReceive}, {@link #output}, {@link #pause}, {@link #resume}, {@link #hold}: on the loop. {@link #close}: any.
 *
 * <p>It is long because it offers the same few things in three styles; what they do lies in {@link Inbound}, {@link Output} and {@link
 * DirectStyle}.
 */
public final class StreamSocket implements Closeable {

    private final Loop loop;
    private final int handle;
    private final Output output;

    /** What a pipe is called; null for a socket. */
    private final @Nullable String pipe;

    private @Nullable Inbound inbound;
    private @Nullable DirectStyle direct;
    private @Nullable Transfer receiving;
    private @Nullable Transfer sending;
    private boolean operationsReceive;
    private boolean closed;

    StreamSocket(Loop loop, int handle) {
        this(loop, handle, null);
    }

    private StreamSocket(Loop loop, int handle, @Nullable String pipe) {
        this.loop = loop;
        this.handle = handle;
        this.pipe = pipe;
        output = new Output(this);
        loop.opened(handle);
    }

    /** One end of a pipe. */
    static StreamSocket ofPipe(Loop loop, int handle, String name) {
        return new StreamSocket(loop, handle, name);
    }

    /** Two sockets of one loop that are connected with each other. */
    public record Pair(StreamSocket first, StreamSocket second) {}

    /**
     * A pair of connected sockets, one of which may be passed to a child process ({@link Command#pass(StreamSocket, int)}).
     * Any thread; from elsewhere than the loop it waits for it.
     *
     * @throws OperationException if no descriptor is left, or the driver has none ({@link Failure#NOT_SUPPORTED})
     */
    public static Pair pair(Loop loop) throws IOException {
        return made(loop, "open a pair of sockets", () -> {
            long pair = loop.driver().openPair();
            if (pair < 0) {
                throw OperationException.of("open a pair of sockets", (int) pair);
            }
            return new Pair(new StreamSocket(loop, Driver.first(pair)), new StreamSocket(loop, Driver.second(pair)));
        });
    }

    /**
     * A connection that this process was started with. Any thread; from elsewhere than the loop it waits for it.
     *
     * @param descriptor the number under which the parent passed it, which is closed
     * @throws OperationException if there is no stream socket under that number, or the driver cannot
     */
    public static StreamSocket inherit(Loop loop, int descriptor) throws IOException {
        return made(loop, "inherit the connection " + descriptor, () -> {
            int handle = loop.driver().inherit(descriptor, false);
            if (handle < 0) {
                throw OperationException.of("inherit the connection " + descriptor, handle);
            }
            return new StreamSocket(loop, handle);
        });
    }

    private static <T> T made(Loop loop, String attempt, Question<T> making) throws IOException {
        return Objects.requireNonNull(
                loop.isCurrent()
                        ? making.ask()
                        : new Call<@Nullable T>(loop, attempt, making::ask)
                                .started()
                                .await());
    }

    /** Connects on {@code loop}; the operation yields the socket. Any thread. */
    public static Operation<StreamSocket> connect(Loop loop, SocketAddress peer) {
        return new Connect(loop, peer, Map.of()).started();
    }

    /**
     * Connects on {@code loop} to a host by its name, or by an address written out, trying its addresses in turn: {@link
     * Connector#shared}. Any thread; never blocks.
     */
    public static Operation<StreamSocket> connect(Loop loop, String host, int port) {
        return Connector.shared().connect(loop, host, port);
    }

    /** As {@link #connect(Loop, SocketAddress)}; the options are set before, as those of buffers must be. */
    static Operation<StreamSocket> connect(Loop loop, SocketAddress peer, Map<SocketOption, Integer> options) {
        return new Connect(loop, peer, options).started();
    }

    public Loop loop() {
        return loop;
    }

    /** This end's address. Any thread; from elsewhere than the loop it waits for it. */
    public SocketAddress localAddress() throws IOException {
        return onLoop(
                "ask for the local address of " + this, () -> loop.driver().localAddress(handle));
    }

    /** The other end's address. Any thread; from elsewhere than the loop it waits for it. */
    public SocketAddress remoteAddress() throws IOException {
        return onLoop(
                "ask for the remote address of " + this, () -> loop.driver().remoteAddress(handle));
    }

    /** Sets an option. On the loop. */
    public void setOption(SocketOption option, int value) throws OperationException {
        check(loop.driver().setOption(usable(), option, value), "set " + option + " on " + this);
    }

    /** An option's value. On the loop. */
    public int option(SocketOption option) throws OperationException {
        int value = loop.driver().option(usable(), option);
        return option == SocketOption.LINGER ? value : check(value, "read " + option + " of " + this);
    }

    // ------------------------------------------------------------------------------------------- operations

    /** Receives once: yields how many bytes, at least 1, or 0 at the end of the stream. */
    public Operation<Integer> receive(Buffer into, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, into.capacity());
        return new Transfer("receive on ") {
            @Override
            int refusal() {
                if (inbound != null) {
                    throw new IllegalStateException(StreamSocket.this + " is read in another way already");
                }
                operationsReceive = true;
                receiving = only(receiving);
                return super.refusal();
            }

            @Override
            void submit(long token) {
                loop.driver().receive(handle, into, offset, length, token);
            }
        }.started();
    }

    /** Sends once: yields how many bytes, which may be fewer than {@code length}. Not mixed with {@link #output}. */
    public Operation<Integer> send(Buffer from, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, from.capacity());
        return new Transfer("send to ") {
            @Override
            int refusal() {
                sending = onlySending(sending);
                return super.refusal();
            }

            @Override
            void submit(long token) {
                loop.driver().send(handle, from, offset, length, token);
            }

            @Override
            void completed(int result, int flags) {
                super.completed(result, flags);
                if (result < 0) {
                    sendFailed(result);
                }
            }
        }.started();
    }

    /** Sends the pieces as one: yields how many bytes, which may be fewer than their sum. */
    public Operation<Integer> send(Gather pieces) {
        return new Transfer("gathered send to ") {
            @Override
            int refusal() {
                sending = onlySending(sending);
                return super.refusal();
            }

            @Override
            void submit(long token) {
                loop.driver().send(handle, pieces, token);
            }

            @Override
            void completed(int result, int flags) {
                super.completed(result, flags);
                if (result < 0) {
                    sendFailed(result);
                }
            }
        }.started();
    }

    /**
     * Sends bytes of a file of the same loop once, past this process's memory where the kernel can do so: yields how many,
     * which may be fewer than {@code length}; 0 at the end of the file.
     */
    public Operation<Integer> send(AsyncFile file, long position, int length) {
        checkSameLoop(file);
        return new Transfer("send " + file.path() + " to ") {
            @Override
            int refusal() {
                sending = onlySending(sending);
                return file.isClosed() ? -Errno.EBADF : super.refusal();
            }

            @Override
            void submit(long token) {
                loop.driver().files().transfer(file.handle(), position, handle, length, token);
            }

            @Override
            void completed(int result, int flags) {
                super.completed(result, flags);
                if (result < 0) {
                    sendFailed(result);
                }
            }
        }.started();
    }

    // ------------------------------------------------------------------------------------------- events

    /** Registers who handles what arrives, and begins to receive. Once. On the loop. */
    public void onReceive(Receiver receiver) {
        loop.requireCurrent("register a receiver");
        if (inbound != null || operationsReceive) {
            throw new IllegalStateException(this + " is read in another way already");
        }
        Inbound started = new Inbound(this, receiver);
        inbound = started;
        if (!closed) {
            started.resume();
        }
    }

    /**
     * Stops receiving until {@link #resume}, so that the other end is made to wait. What has arrived is still delivered.
     * On the loop.
     */
    public void pause() {
        loop.requireCurrent("pause a socket");
        if (inbound != null) {
            inbound.pause();
        }
    }

    /** Receives again. On the loop. */
    public void resume() {
        loop.requireCurrent("resume a socket");
        if (inbound != null && !closed) {
            inbound.resume();
        }
    }

    /**
     * Called by a {@link Receiver} during {@link Receiver#received}: keeps the delivered memory from being reused until
     * {@link #giveBack}, which must be called within the same turn of the loop. Returns the id to give back.
     */
    public int hold() {
        return Objects.requireNonNull(inbound, "nothing is received").hold();
    }

    /** Gives memory back that {@link #hold} kept. On the loop. */
    public void giveBack(int held) {
        loop.driver().release(held);
    }

    /** What collects and sends this socket's output. On the loop. */
    public Output output() {
        return output;
    }

    // ------------------------------------------------------------------------------------------- direct style

    /**
     * Reads at least one byte, waiting for it if need be.
     *
     * @return how many, or −1 at the end of the stream
     * @throws OperationException if the connection is broken or closed, the time limit passed, or the thread was
     *     interrupted
     */
    public int read(byte[] to, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, to.length);
        return directStyle().read(to, offset, length);
    }

    /** How long {@link #read} and {@link #write} wait at most, each; zero, the default, is without limit. */
    public void setTimeout(Duration limit) throws IOException {
        setReadTimeout(limit);
        setWriteTimeout(limit);
    }

    /** How long {@link #read} waits at most; zero is without limit. What arrives later is there for the next read. */
    public void setReadTimeout(Duration limit) throws IOException {
        directStyle().setReadTimeout(Loop.nanos(limit));
    }

    /** How long {@link #write} waits at most; zero is without limit. How much of it was sent is then unknown. */
    public void setWriteTimeout(Duration limit) throws IOException {
        directStyle().setWriteTimeout(Loop.nanos(limit));
    }

    /** {@link #read} as a stream. Its end is the connection's end of input; closing it closes the socket. */
    public InputStream inputStream() throws IOException {
        return new SocketStreams.Input(this, directStyle());
    }

    /** {@link #write} and {@link #flush} as a stream. Closing it flushes, and closes the socket. */
    public OutputStream outputStream() {
        return new SocketStreams.Output(this);
    }

    /** Writes all bytes to the output buffer, waiting whenever it is full; {@link #flush} sends them. */
    public void write(byte[] from, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, from.length);
        DirectStyle waiting = directStyle();
        int done = 0;
        while (done < length) {
            int from0 = offset + done;
            int rest = length - done;
            done += waiting.write(() -> {
                output.check();
                int count = output.append(from, from0, rest);
                if (count == 0) {
                    output.flush();
                }
                return count == 0 ? Gate.WOULD_WAIT : count;
            });
        }
    }

    /** {@link #write(byte[], int, int)} of the whole array. */
    public void write(byte[] from) throws IOException {
        write(from, 0, from.length);
    }

    /** Writes all bytes of the buffer's range and returns when they have been handed to the kernel; nothing is copied. */
    public void write(Buffer from, int offset, int length) throws IOException {
        DirectStyle waiting = directStyle();
        writeOut();
        waiting.write(() -> {
            output.sendDirectly(from, offset, length);
            return 0;
        });
        waiting.write(() -> {
            output.check();
            return output.isDrained() ? 0 : Gate.WOULD_WAIT;
        });
    }

    /**
     * Writes a range of a file of the same loop, past this process's memory where the kernel can do so, and returns when it
     * has been handed to the kernel.
     *
     * @throws OperationException {@link Failure#FILE_ENDED} if the file is shorter; what there was has been sent
     */
    public void write(AsyncFile file, long position, long length) throws IOException {
        checkSameLoop(file);
        DirectStyle waiting = directStyle();
        waiting.write(() -> {
            output.check();
            return output.isDrained() ? 0 : flushAndWait();
        });
        waiting.write(() -> {
            output.sendFile(file, position, length);
            return 0;
        });
        waiting.write(() -> {
            output.check();
            return output.isDrained() ? 0 : Gate.WOULD_WAIT;
        });
    }

    private void checkSameLoop(AsyncFile file) {
        if (file.loop() != loop) {
            throw new IllegalArgumentException(
                    file + " belongs to " + file.loop().name() + ", and " + this + " to " + loop.name()
                            + ": open the file on the socket's loop");
        }
    }

    /** Hands what was written to the kernel, without waiting for it to be taken. */
    public void flush() throws IOException {
        directStyle().write(() -> {
            output.check();
            output.flush();
            return 0;
        });
    }

    /** Hands what was written to the kernel, and waits until it has been taken. */
    void writeOut() throws IOException {
        directStyle().write(() -> {
            output.check();
            return output.isDrained() ? 0 : flushAndWait();
        });
    }

    private int flushAndWait() {
        output.flush();
        return output.isDrained() ? 0 : Gate.WOULD_WAIT;
    }

    DirectStyle directStyle() throws IOException {
        DirectStyle known = direct;
        return known != null
                ? known
                : onLoop("read from " + this, () -> {
                    if (direct == null) {
                        direct = new DirectStyle(this);
                    }
                    return direct;
                });
    }

    // ------------------------------------------------------------------------------------------- the end

    /** Says that no more will be sent, after what was written; receiving goes on. Any thread. */
    public void shutdownOutput() {
        loop.run(output::halfClose);
    }

    /** Closes it: what was not yet handed to the kernel is discarded, and operations in progress end. Any thread. */
    @Override
    public void close() {
        if (loop.isCurrent()) {
            closeNow();
        } else {
            loop.execute(this::closeNow);
        }
    }

    /** Whether it was closed here. On the loop. */
    public boolean isClosed() {
        return closed;
    }

    private void closeNow() {
        if (closed || loop.isOver()) {
            return;
        }
        closed = true;
        if (inbound != null) {
            inbound.stop();
        }
        output.stop();
        cancel(receiving);
        cancel(sending);
        if (direct != null) {
            direct.stop();
        }
        loop.close(handle);
    }

    /**
     * The kernel reports once that a connection broke. If a send was told, a receive may wait without end: io_uring's does.
     * So it is ended here, with the same failure. (Other failures of a send say nothing about the other direction.)
     */
    void sendFailed(int result) {
        if (closed || result != -Errno.ECONNRESET && result != -Errno.ETIMEDOUT) {
            return;
        }
        if (inbound != null) {
            inbound.breakOff(result);
        }
        Transfer waiting = receiving;
        if (waiting != null && waiting.isInProgress()) {
            waiting.broken = result;
            cancel(waiting);
        }
    }

    private void cancel(@Nullable Transfer transfer) {
        if (transfer != null && transfer.isInProgress()) {
            loop.driver().cancel(transfer.token);
        }
    }

    int handle() {
        return handle;
    }

    /** Its handle, on the loop; −1 when it is closed. */
    int openHandle() {
        return closed ? -1 : handle;
    }

    /** All is sent, and no more will be. A pipe has only this direction. */
    void endOutput() {
        if (pipe != null) {
            closeNow();
        } else {
            loop.driver().shutdownOutput(handle);
        }
    }

    private int usable() throws OperationException {
        loop.requireCurrent("use an option of a socket");
        if (closed) {
            throw new OperationException("use " + this, Failure.CLOSED);
        }
        return handle;
    }

    private static int check(int result, String attempt) throws OperationException {
        if (result < 0) {
            throw OperationException.of(attempt, result);
        }
        return result;
    }

    /** What is asked on the loop. */
    interface Question<T> {
        @Nullable
        T ask() throws IOException;
    }

    /** The answer, given on the loop; from elsewhere it waits for it. */
    <T> T onLoop(String attempt, Question<T> question) throws IOException {
        T answer = loop.isCurrent()
                ? closed ? null : question.ask()
                : new Call<@Nullable T>(loop, attempt, () -> closed ? null : question.ask())
                        .started()
                        .await();
        if (answer == null) {
            throw new OperationException(attempt, closed ? Failure.CLOSED : Failure.NOT_CONNECTED);
        }
        return answer;
    }

    @Override
    public String toString() {
        if (pipe != null) {
            return pipe + (closed ? " (closed)" : "");
        }
        if (closed || !loop.isCurrent()) {
            return "socket " + handle + " of " + loop.name() + (closed ? " (closed)" : "");
        }
        SocketAddress local = loop.driver().localAddress(handle);
        SocketAddress remote = loop.driver().remoteAddress(handle);
        return "socket " + (local == null ? "?" : local) + " — " + (remote == null ? "?" : remote);
    }

    /** One receive or send. */
    private abstract class Transfer extends IoOperation<Integer> {

        private final String attempt;

        /** The failure of a send, if that is why this receive was ended. */
        private int broken;

        Transfer(String attempt) {
            super(StreamSocket.this.loop);
            this.attempt = attempt;
        }

        @Override
        int refusal() {
            return closed ? -Errno.EBADF : 0;
        }

        @Override
        Integer valueOf(int result) {
            return result;
        }

        /** This one, if the one before it in its direction is over. */
        final Transfer only(@Nullable Transfer before) {
            if (before != null && before.isInProgress()) {
                throw new IllegalStateException("in progress already: " + before.describe());
            }
            return this;
        }

        @Override
        void completed(int result, int flags) {
            boolean ended = result == -Errno.ECANCELED || result == 0;
            super.completed(ended && broken != 0 ? broken : result, flags);
        }

        /** As {@link #only}; the output sends too. */
        final Transfer onlySending(@Nullable Transfer before) {
            if (output.isSending()) {
                throw new IllegalStateException("in progress already: " + output.describe());
            }
            return only(before);
        }

        @Override
        String describe() {
            return attempt + StreamSocket.this;
        }
    }

    private static final class Connect extends IoOperation<StreamSocket> {

        private final SocketAddress peer;
        private final Map<SocketOption, Integer> options;
        private final Buffer control = Buffer.allocate(Driver.CONTROL_BYTES);
        private int handle = -1;

        Connect(Loop loop, SocketAddress peer, Map<SocketOption, Integer> options) {
            super(loop);
            this.peer = peer;
            this.options = options;
        }

        @Override
        int refusal() {
            handle = loop().driver().openStream(peer);
            if (handle >= 0) {
                options.forEach((option, value) -> loop().driver().setOption(handle, option, value));
            }
            return Math.min(handle, 0);
        }

        @Override
        void submit(long token) {
            loop().driver().connect(handle, peer, control, token);
        }

        @Override
        void completed(int result, int flags) {
            if (result < 0) {
                loop().driver().close(handle);
            }
            super.completed(result, flags);
        }

        @Override
        StreamSocket valueOf(int result) {
            return new StreamSocket(loop(), handle);
        }

        @Override
        String describe() {
            return "connect to " + peer;
        }
    }
}
