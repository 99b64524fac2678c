package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Completions;
import dev.pumasi.runtime.driver.Errno;
import java.io.Closeable;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * A listening socket, TCP or Unix domain, of one loop: one multishot accept that hands each connection to an {@link
 * Acceptor}.
 *
 * <p>When file descriptors run out, accepting pauses for {@value #PAUSE_MILLIS} ms and is tried again, for as long as it
 * takes: connections wait in the kernel's queue meanwhile, nothing spins, and the log says so once per incident.
 */
public final class Listener implements Closeable {

    /** How many connections the kernel queues, unless its own limit ({@code net.core.somaxconn}) is lower. */
    public static final int BACKLOG = 4096;

    static final long PAUSE_MILLIS = 100;

    private static final System.Logger LOG = System.getLogger("dev.pumasi.runtime");

    private final Loop loop;
    private final int handle;
    private final SocketAddress address;
    private final Acceptor acceptor;
    private final Accept accept = new Accept();
    private final Timer retry = Timer.of(this::resumeNow);
    private boolean wanted;
    private @Nullable Runnable finished;
    private boolean closed;

    /** Whether the path of a Unix domain socket is removed when this is closed. */
    private boolean ownsPath = true;

    private boolean starved;
    private long accepted;
    private long pauses;

    private Listener(Loop loop, int handle, SocketAddress address, Acceptor acceptor) {
        this.loop = loop;
        this.handle = handle;
        this.address = address;
        this.acceptor = acceptor;
        loop.opened(handle);
    }

    /**
     * Listens on {@code address} (port 0: one that is free) and begins to accept. Any thread; from elsewhere than the loop
     * it waits for it.
     *
     * @throws OperationException if the address is taken, forbidden or none of this machine's
     */
    public static Listener open(Loop loop, SocketAddress address, Acceptor acceptor) throws IOException {
        return open(loop, address, false, acceptor);
    }

    /**
     * As {@link #open}, on a port that it shares with other listeners which were opened so: one for each loop, and the
     * kernel deals out connections ({@code SO_REUSEPORT}). A process of another user cannot join; one of the same user can.
     */
    public static Listener openShared(Loop loop, SocketAddress address, Acceptor acceptor) throws IOException {
        return open(loop, address, true, acceptor);
    }

    private static Listener open(Loop loop, SocketAddress address, boolean shared, Acceptor acceptor)
            throws IOException {
        return loop.isCurrent()
                ? openNow(loop, address, shared, acceptor)
                : new Call<>(loop, "listen on " + address, () -> openNow(loop, address, shared, acceptor))
                        .started()
                        .await();
    }

    /**
     * As {@link #open}, but accepts nothing: the socket is for child processes ({@link Command#pass(Listener, int)}), all of
     * which accept from it. What is queued stays queued while they come and go.
     *
     * @throws OperationException also {@link Failure#NOT_SUPPORTED} if the driver cannot pass sockets on
     */
    public static Listener hold(Loop loop, SocketAddress address) throws IOException {
        return onLoop(loop, "listen on " + address, () -> holdNow(loop, address));
    }

    private static Listener holdNow(Loop loop, SocketAddress address) throws OperationException {
        int handle = loop.driver().listen(address, BACKLOG, false);
        int result = handle < 0 ? handle : loop.driver().share(handle);
        if (result < 0) {
            if (handle >= 0) {
                loop.driver().close(handle);
            }
            throw OperationException.of("listen on " + address, result);
        }
        return new Listener(loop, handle, bound(loop, handle, address), StreamSocket::close);
    }

    /**
     * A listening socket that this process was started with ({@link Command#pass(Listener, int)}), and that other processes
     * may have as well. It accepts from {@link #resume} on. Any thread; from elsewhere than the loop it waits for it.
     *
     * @param descriptor the number under which it was passed
     * @param keep whether to leave the number open, for the next loop to inherit; the last one takes it
     * @throws OperationException if there is no such socket, or the driver cannot
     */
    public static Listener inherit(Loop loop, int descriptor, boolean keep, Acceptor acceptor) throws IOException {
        return onLoop(
                loop, "inherit the listening socket " + descriptor, () -> inheritNow(loop, descriptor, keep, acceptor));
    }

    private static Listener inheritNow(Loop loop, int descriptor, boolean keep, Acceptor acceptor)
            throws OperationException {
        int handle = loop.driver().inherit(descriptor, keep);
        if (handle < 0) {
            throw OperationException.of("inherit the listening socket " + descriptor, handle);
        }
        SocketAddress address = loop.driver().localAddress(handle);
        if (address == null) {
            loop.driver().close(handle);
            throw new OperationException("inherit the listening socket " + descriptor, Failure.NOT_CONNECTED);
        }
        Listener listener = new Listener(loop, handle, address, acceptor);
        listener.ownsPath = false;
        return listener;
    }

    private static Listener onLoop(Loop loop, String attempt, Callable<Listener> opening) throws IOException {
        if (!loop.isCurrent()) {
            return new Call<>(loop, attempt, opening).started().await();
        }
        try {
            return opening.call();
        } catch (IOException | RuntimeException refused) {
            throw refused;
        } catch (Exception impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static SocketAddress bound(Loop loop, int handle, SocketAddress asked) {
        return Objects.requireNonNullElse(loop.driver().localAddress(handle), asked);
    }

    private static Listener openNow(Loop loop, SocketAddress address, boolean shared, Acceptor acceptor)
            throws OperationException {
        int handle = loop.driver().listen(address, BACKLOG, shared);
        if (handle < 0) {
            throw OperationException.of("listen on " + address, handle);
        }
        Listener listener = new Listener(loop, handle, bound(loop, handle, address), acceptor);
        listener.resume();
        return listener;
    }

    Loop loop() {
        return loop;
    }

    /** Its handle, on the loop; −1 when it is closed. */
    int openHandle() {
        return closed ? -1 : handle;
    }

    /** Where it listens, with the port that was chosen. Any thread. */
    public SocketAddress address() {
        return address;
    }

    /** Stops accepting until {@link #resume}; connections wait in the kernel's queue. On the loop. */
    public void pause() {
        loop.requireCurrent("pause a listener");
        wanted = false;
        if (accept.isInProgress()) {
            loop.driver().cancel(accept.token);
        }
    }

    /** Accepts again. On the loop. */
    public void resume() {
        loop.requireCurrent("resume a listener");
        wanted = true;
        resumeNow();
    }

    /** How many connections were accepted, as of about now. Any thread. */
    public long accepted() {
        return accepted;
    }

    /** How often accepting paused because descriptors ran out, as of about now. Any thread. */
    public long pauses() {
        return pauses;
    }

    /**
     * Stops accepting, and closes when the kernel has nothing more to hand over: a connection that it had accepted for this
     * listener by then still comes to the {@link Acceptor}. Those that nobody has accepted stay queued if other processes
     * have the socket; otherwise they are reset. Any thread.
     *
     * @param done called on the loop when it is closed, and nothing more comes
     */
    public void finish(Runnable done) {
        loop.run(() -> {
            if (closed || loop.isOver()) {
                done.run();
                return;
            }
            finished = done;
            pause();
            if (!accept.isInProgress()) {
                closeNow();
            }
        });
    }

    /**
     * Whether closing this removes the path of a Unix domain socket, as it does unless the socket was inherited. On the
     * loop.
     */
    public void ownPath(boolean owns) {
        ownsPath = owns;
    }

    /**
     * Stops listening; connections that were not yet accepted are reset by the kernel, and the path of a Unix domain socket
     * is removed. Any thread.
     */
    @Override
    public void close() {
        loop.run(this::closeNow);
    }

    private void closeNow() {
        if (!closed && !loop.isOver()) {
            pause();
            closed = true;
            loop.cancel(retry);
            loop.close(handle);
            if (ownsPath) {
                forgetPath();
            }
            Runnable told = finished;
            if (told != null) {
                told.run();
            }
        }
    }

    /** A Unix domain socket leaves its path behind, on which nobody could listen again. */
    private void forgetPath() {
        if (address instanceof UnixDomainSocketAddress unix) {
            try {
                Files.deleteIfExists(unix.getPath());
            } catch (IOException kept) {
                LOG.log(System.Logger.Level.WARNING, "the path of {0} stays behind: {1}", address, kept.getMessage());
            }
        }
    }

    private void resumeNow() {
        if (wanted && !closed && !accept.isInProgress() && !retry.isRunning() && !loop.isClosing()) {
            loop.driver().accept(handle, loop.enter(accept));
        }
    }

    private void hand(int connection) {
        StreamSocket socket = new StreamSocket(loop, connection);
        if (closed) {
            socket.close();
            return;
        }
        accepted++;
        starved = false;
        try {
            acceptor.accepted(socket);
        } catch (Throwable failure) {
            loop.report("acceptor of " + address, failure);
            socket.close();
        }
    }

    private void refused(int result) {
        switch (-result) {
            case Errno.ECANCELED, Errno.ECONNABORTED -> {}
            case Errno.EMFILE, Errno.ENFILE, Errno.ENOBUFS, Errno.ENOMEM -> {
                pauses++;
                if (!starved) {
                    starved = true;
                    LOG.log(
                            System.Logger.Level.WARNING,
                            "accepting on {0} pauses: {1} — {2}",
                            address,
                            Failure.of(result).cause(),
                            Failure.of(result).remedy());
                }
                loop.start(retry, PAUSE_MILLIS * 1_000_000);
            }
            default -> {
                loop.report("accepting on " + address, OperationException.of("accept on " + address, result));
                loop.start(retry, PAUSE_MILLIS * 1_000_000);
            }
        }
    }

    private final class Accept extends Pending {

        @Override
        void completed(int result, int flags) {
            if (result >= 0) {
                hand(result);
            } else if (!closed) {
                refused(result);
            }
            if ((flags & Completions.MORE) == 0) {
                if (finished != null) {
                    closeNow();
                }
                resumeNow();
            }
        }

        @Override
        String describe() {
            return "accept on " + address;
        }
    }

    @Override
    public String toString() {
        return "listener on " + address;
    }
}
