package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The calls on sockets that a {@link ReadinessDriver} tries, apart from how it learns that they are worth trying. None
 * waits. Results are zero or positive, or a negated {@link Errno}; {@link Errno#EAGAIN} (for {@link #connect},
 * {@link Errno#EINPROGRESS}) means: try again when the handle is ready. Belongs to one thread.
 */
sealed interface Sockets permits DescriptorSockets, NioSockets {

    /** {@link #sendFile} answers this when it might have to wait for the disk. */
    int NOT_IN_MEMORY = Integer.MIN_VALUE;

    /** The calls on files that belong with these sockets. */
    FileCalls files();

    /**
     * Sends from a file as much as is in memory and the socket takes; 0 at the end of the file, {@link #NOT_IN_MEMORY} if
     * that is not known to be possible without a wait.
     */
    int sendFile(int handle, OpenFile file, long position, int length);

    /** Whether the last {@link #sendFile} filled the handle up, so that the next one is to wait for room; asked once. */
    boolean wasFilled(int handle);

    /** A turn of the loop begins: what one may send from files is counted anew. */
    void turn();

    /** The file is about to be closed, and its descriptor may become another's. */
    void forget(OpenFile file);

    /** The driver passes only handles that these calls opened and that are not closed. */
    int listen(SocketAddress address, int backlog, boolean reusePort);

    int openStream(SocketAddress peer);

    int openDatagram(SocketAddress local, boolean reusePort);

    @Nullable
    SocketAddress localAddress(int handle);

    @Nullable
    SocketAddress remoteAddress(int handle);

    int setOption(int handle, SocketOption option, int value);

    int option(int handle, SocketOption option);

    int shutdownOutput(int handle);

    void close(int handle);

    /** Takes over what is no socket but is read or written like one: its handle; or an error, and it is closed. */
    int adopt(int handle);

    /** As {@link Driver#share}, {@link Driver#inherit} and {@link Driver#openPair}: only where handles are descriptors. */
    default int share(int listener) {
        return -Errno.ENOSYS;
    }

    default int inherit(int descriptor, boolean keep) {
        return -Errno.ENOSYS;
    }

    default long openPair() {
        return -Errno.ENOSYS;
    }

    /** Processes whose pipes these calls read and write. */
    Processes processes(ProcessHost host);

    /** The accepted connection's handle. */
    int accept(int listener);

    /** Begins, or asks again after {@link Errno#EINPROGRESS}, with the same arguments. */
    int connect(int handle, SocketAddress peer, Buffer control);

    int receive(int handle, Buffer into, int offset, int length);

    int receiveFrom(int handle, Buffer into, int offset, int length, Buffer control);

    /** The sender that {@link #receiveFrom} left in the control buffer. */
    default SocketAddress sender(Buffer control) {
        return SocketAddresses.decode(control.address(), control.getInt(SocketAddresses.BYTES_MAX));
    }

    int send(int handle, Buffer from, int offset, int length);

    /** What does not fill a packet may wait for the file. */
    default int sendBeforeFile(int handle, Buffer from, int offset, int length) {
        return send(handle, from, offset, length);
    }

    int send(int handle, Gather pieces);

    int sendTo(int handle, Buffer from, int offset, int length, SocketAddress to, Buffer control);
}
