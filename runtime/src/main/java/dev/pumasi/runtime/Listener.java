package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Completions;
import dev.pumasi.runtime.driver.Errno;
import java.io.Closeable;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.util.Objects;

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
    private boolean closed;
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

    private static Listener openNow(Loop loop, SocketAddress address, boolean shared, Acceptor acceptor)
            throws OperationException {
        int handle = loop.driver().listen(address, BACKLOG, shared);
        if (handle < 0) {
            throw OperationException.of("listen on " + address, handle);
        }
        SocketAddress bound = Objects.requireNonNullElse(loop.driver().localAddress(handle), address);
        Listener listener = new Listener(loop, handle, bound, acceptor);
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
            forgetPath();
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
