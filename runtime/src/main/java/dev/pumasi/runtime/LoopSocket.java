package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.SocketOption;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketImpl;
import java.net.SocketOptions;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What is behind a {@link java.net.Socket} of {@link LoopSocketFactory}: a {@link StreamSocket}, with the manners that
 * users of {@code java.net} know.
 *
 * <pre>
 *   unconnected ── connect ──► connecting ──► connected ── close ──► closed
 *        └──────────── close ──────┴────────────────────────────────────▲
 * </pre>
 *
 * <p><b>Manners.</b> One thread reads and one writes at a time, others wait for their turn. A write returns when the kernel
 * has taken the bytes, so closing loses none of them. A read has the time limit of {@code SO_TIMEOUT} and loses nothing
 * when it passes. Closing wakes who reads, writes or connects. An interrupt closes the socket under a green thread and is
 * kept for later on a platform thread; both as the JDK does it.
 *
 * <p><b>Locks.</b> The two of the JDK's own implementation. Who waits for one is woken by who gave it up: a hop, if those
 * are green threads of two loops which read one socket at the same time.
 */
final class LoopSocket extends SocketImpl {

    private enum State {
        UNCONNECTED,
        CONNECTING,
        CONNECTED,
        CLOSED
    }

    /** A connection, and its direct style. */
    private record Connection(StreamSocket socket, DirectStyle direct) {}

    private final LoopSocketFactory factory;
    private final ReentrantLock readLock = new ReentrantLock();
    private final ReentrantLock writeLock = new ReentrantLock();
    private final AtomicReference<State> state = new AtomicReference<>(State.UNCONNECTED);
    private final LoopSocketOptions options = new LoopSocketOptions();
    private volatile @Nullable Operation<StreamSocket> connecting;
    private volatile @Nullable Connection connection;
    private volatile InetAddress localAddress = new InetSocketAddress(0).getAddress();
    private volatile boolean inputShut;

    /** Whether a read has found the end; guarded by {@link #readLock}. */
    private boolean ended;

    LoopSocket(LoopSocketFactory factory) {
        this.factory = factory;
    }

    // ------------------------------------------------------------------------------------------- connecting

    @Override
    protected void create(boolean stream) throws IOException {
        if (!stream) {
            throw new IOException("Datagram socket creation not supported");
        }
    }

    @Override
    protected void connect(String host, int port) throws IOException {
        connect(InetSocketAddress.createUnresolved(host, port), 0);
    }

    @Override
    protected void connect(InetAddress address, int port) throws IOException {
        connect(new InetSocketAddress(address, port), 0);
    }

    @Override
    protected void connect(SocketAddress remote, int timeoutMillis) throws IOException {
        if (!(remote instanceof InetSocketAddress peer)) {
            throw new IOException("Unsupported address type");
        }
        refuseOnLoopItself("connect");
        if (!state.compareAndSet(State.UNCONNECTED, State.CONNECTING)) {
            throw new SocketException(
                    switch (state.get()) {
                        case UNCONNECTED, CONNECTING -> "Connection in progress";
                        case CONNECTED -> "Already connected";
                        case CLOSED -> "Socket closed";
                    });
        }
        try {
            connected(peer, await(start(peer, timeoutMillis)));
        } catch (OperationException failure) {
            close();
            if (isInterrupt(failure)) {
                throw new SocketException("Closed by interrupt", failure);
            }
            throw SocketFailures.ofConnect(failure, peer.getHostString(), timeoutMillis > 0);
        } catch (IOException | RuntimeException failure) {
            close();
            throw failure;
        } finally {
            connecting = null;
        }
    }

    private Operation<StreamSocket> start(InetSocketAddress peer, int timeoutMillis) throws SocketException {
        Loop loop = factory.chooseLoop();
        Operation<StreamSocket> operation = peer.isUnresolved()
                ? factory.connector().connect(loop, peer.getHostString(), peer.getPort(), options.told())
                : StreamSocket.connect(loop, peer, options.told());
        if (timeoutMillis > 0) {
            operation.within(Duration.ofMillis(timeoutMillis));
        }
        connecting = operation;
        if (state.get() == State.CLOSED) { // looked at after the write, as close() reads it after it has closed
            operation.cancel();
        }
        return operation;
    }

    /** A green thread's interrupt ends the wait, a platform thread's does not. */
    private static StreamSocket await(Operation<StreamSocket> operation) throws IOException {
        if (Thread.currentThread().isVirtual()) {
            return operation.await();
        }
        try {
            return operation.toStage().toCompletableFuture().join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof OperationException failure) {
                throw failure.here();
            }
            throw failed;
        }
    }

    private void connected(InetSocketAddress peer, StreamSocket socket) throws IOException {
        try {
            connection = new Connection(socket, socket.directStyle());
            if (socket.localAddress() instanceof InetSocketAddress local) {
                localAddress = local.getAddress();
                localport = local.getPort();
            }
            address = peer.getAddress() != null ? peer.getAddress() : named(peer.getHostString(), socket);
            port = peer.getPort();
        } catch (IOException | RuntimeException failure) {
            socket.close();
            throw failure;
        }
        if (!state.compareAndSet(State.CONNECTING, State.CONNECTED)) { // closed meanwhile
            socket.close();
            throw new SocketException("Socket closed");
        }
    }

    private static InetAddress named(String host, StreamSocket socket) throws IOException {
        InetSocketAddress remote = (InetSocketAddress) socket.remoteAddress();
        return InetAddress.getByAddress(host, remote.getAddress().getAddress());
    }

    /** Only to where the kernel would put it anyway: drivers choose no local end. */
    @Override
    protected void bind(InetAddress host, int port) throws IOException {
        if (!host.isAnyLocalAddress() || port != 0) {
            throw new SocketException("a socket on a loop cannot choose its own end, " + host + ":" + port
                    + " — leave out the local address");
        }
    }

    @Override
    protected void listen(int backlog) throws IOException {
        throw new SocketException("a socket of this factory connects only — listen with Listener");
    }

    @Override
    protected void accept(SocketImpl socket) throws IOException {
        listen(0);
    }

    // ------------------------------------------------------------------------------------------- reading and writing

    @Override
    protected InputStream getInputStream() {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] to, int offset, int length) throws IOException {
                return LoopSocket.this.read(to, offset, length);
            }

            @Override
            public int available() throws IOException {
                return LoopSocket.this.available();
            }

            @Override
            public void close() {
                LoopSocket.this.close();
            }
        };
    }

    @Override
    protected OutputStream getOutputStream() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] from, int offset, int length) throws IOException {
                LoopSocket.this.write(from, offset, length);
            }

            @Override
            public void close() {
                LoopSocket.this.close();
            }
        };
    }

    private int read(byte[] to, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, to.length);
        if (length == 0) {
            return 0;
        }
        refuseOnLoopItself("read");
        long leftNanos = lockForReading(TimeUnit.MILLISECONDS.toNanos(options.timeoutMillis()));
        try {
            if (ended) {
                return -1;
            }
            DirectStyle direct = connection().direct;
            int count = inputShut ? -1 : Transfer.run(leftNanos, nanos -> direct.read(to, offset, length, nanos));
            ended = count < 0;
            return count;
        } finally {
            readLock.unlock();
        }
    }

    /** How much of the time is left; 0 without limit. */
    private long lockForReading(long limitNanos) throws IOException {
        if (limitNanos == 0 || readLock.tryLock()) {
            if (limitNanos == 0) {
                readLock.lock();
            }
            return limitNanos;
        }
        long began = System.nanoTime();
        boolean interrupted = false;
        try {
            while (true) {
                long leftNanos = limitNanos - (System.nanoTime() - began);
                try {
                    if (leftNanos <= 0 || !readLock.tryLock(leftNanos, TimeUnit.NANOSECONDS)) {
                        throw new SocketTimeoutException("Read timed out");
                    }
                    return Math.max(1, limitNanos - (System.nanoTime() - began));
                } catch (InterruptedException later) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void write(byte[] from, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, from.length);
        if (length == 0) {
            return;
        }
        refuseOnLoopItself("write");
        writeLock.lock();
        try {
            DirectStyle direct = connection().direct;
            int[] done = {0};
            Transfer.run(0, nanos -> {
                direct.writeThrough(from, offset, length, done);
                return length;
            });
        } finally {
            writeLock.unlock();
        }
    }

    /** One read or write, tried again when a platform thread is interrupted in it. */
    @FunctionalInterface
    private interface Transfer {

        int tryFor(long nanos) throws IOException;

        /** @param limitNanos of the whole; 0 without limit */
        static int run(long limitNanos, Transfer transfer) throws IOException {
            long began = System.nanoTime();
            long leftNanos = limitNanos;
            boolean interrupted = false;
            try {
                while (true) {
                    interrupted |= !Thread.currentThread().isVirtual() && Thread.interrupted();
                    try {
                        return transfer.tryFor(leftNanos);
                    } catch (OperationException failure) {
                        if (isInterrupt(failure)) {
                            throw new InterruptedIOException(); // java.net.Socket then closes, and says so
                        }
                        if (!Thread.currentThread().isInterrupted()) {
                            throw SocketFailures.ofTransfer(failure);
                        }
                        if (limitNanos > 0) {
                            leftNanos = Math.max(1, limitNanos - (System.nanoTime() - began));
                        }
                    }
                }
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    @Override
    protected int available() throws IOException {
        Connection open = connection();
        return inputShut ? 0 : SocketStreams.availableOf(open.socket, open.direct);
    }

    @Override
    protected boolean supportsUrgentData() {
        return false;
    }

    @Override
    protected void sendUrgentData(int data) throws IOException {
        throw new SocketException("Urgent data not supported");
    }

    // ------------------------------------------------------------------------------------------- the end

    @Override
    protected void shutdownInput() throws IOException {
        Connection open = connection();
        inputShut = true;
        asked(() -> open.socket.onLoop("shut a socket's input down", () -> {
            open.direct.shutdownInput();
            return true;
        }));
    }

    @Override
    protected void shutdownOutput() throws IOException {
        connection().socket.shutdownOutput();
    }

    @Override
    protected void close() {
        if (state.getAndSet(State.CLOSED) == State.CLOSED) {
            return;
        }
        Operation<StreamSocket> begun = connecting;
        if (begun != null) {
            begun.cancel();
        }
        Connection open = connection;
        if (open != null) {
            open.socket.close();
        }
    }

    // ------------------------------------------------------------------------------------------- options

    @Override
    public void setOption(int id, Object value) throws SocketException {
        ensureOpen();
        SocketOption option = options.set(id, value);
        Connection open = connection;
        if (option != null && open != null) {
            asked(() -> open.socket.onLoop("set an option of a socket", () -> {
                open.socket.setOption(option, options.told(option));
                return true;
            }));
        }
    }

    @Override
    public Object getOption(int id) throws SocketException {
        ensureOpen();
        if (id == SocketOptions.SO_BINDADDR) {
            return localAddress;
        }
        SocketOption option = LoopSocketOptions.known(id);
        Connection open = connection;
        if (option == null || open == null) {
            return options.get(id);
        }
        return LoopSocketOptions.value(
                id, asked(() -> open.socket.onLoop("read an option of a socket", () -> open.socket.option(option))));
    }

    @Override
    protected Set<java.net.SocketOption<?>> supportedOptions() {
        return LoopSocketOptions.SUPPORTED;
    }

    @Override
    protected <T> void setOption(java.net.SocketOption<T> option, T value) throws IOException {
        int id = LoopSocketOptions.id(option);
        if (!option.type().isInstance(value)) {
            throw new IllegalArgumentException("Invalid value '" + value + "'");
        }
        boolean off = id == SocketOptions.SO_LINGER && (Integer) value < 0;
        setOption(id, off ? Boolean.FALSE : value);
    }

    @Override
    protected <T> T getOption(java.net.SocketOption<T> option) throws IOException {
        Object value = getOption(LoopSocketOptions.id(option));
        return option.type()
                .cast(Boolean.FALSE.equals(value) && option.type() == Integer.class ? (Object) (-1) : value);
    }

    // ------------------------------------------------------------------------------------------- inside

    private interface Asked<T> {
        T ask() throws IOException;
    }

    /** Something that is asked on the loop, with failures in the words of {@code java.net}. */
    private static <T> T asked(Asked<T> question) throws SocketException {
        try {
            return question.ask();
        } catch (OperationException failure) {
            throw (SocketException)
                    new SocketException(failure.failure() == Failure.CLOSED ? "Socket closed" : failure.getMessage())
                            .initCause(failure);
        } catch (SocketException known) {
            throw known;
        } catch (IOException other) {
            throw (SocketException) new SocketException(other.getMessage()).initCause(other);
        }
    }

    private Connection connection() throws SocketException {
        Connection open = connection;
        return switch (state.get()) {
            case UNCONNECTED, CONNECTING -> throw new SocketException("Not connected");
            case CONNECTED -> Objects.requireNonNull(open);
            case CLOSED -> throw new SocketException("Socket closed");
        };
    }

    private void ensureOpen() throws SocketException {
        if (state.get() == State.CLOSED) {
            throw new SocketException("Socket closed");
        }
    }

    /** By anybody, or by a scope whose time is over: its threads stay interrupted, so there is no sense in trying again. */
    private static boolean isInterrupt(OperationException failure) {
        Thread thread = Thread.currentThread();
        boolean brokenOff = failure.failure() == Failure.CANCELLED || failure.failure() == Failure.TIMED_OUT;
        return brokenOff && thread.isVirtual() && thread.isInterrupted();
    }

    /** Before a lock is taken that a parked green thread of this very loop may hold. */
    private static void refuseOnLoopItself(String verb) {
        if (!Thread.currentThread().isVirtual() && Loop.current().isPresent()) {
            throw new IllegalStateException(
                    "a loop's own thread cannot wait: " + verb + " through a socket of java.net on a green thread");
        }
    }
}
