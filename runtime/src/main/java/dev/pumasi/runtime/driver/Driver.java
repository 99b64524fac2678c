package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The seam between a loop and whatever does its I/O.
 *
 * <p>It is completion-based, because the best kernel interface is: an operation goes in with a token that the loop
 * chose, and comes out of a later {@link #poll} as (token, result, flags). io_uring works so by itself. The readiness
 * drivers (epoll, poll, select, NIO) try the call, wait for the descriptor when it would block, try again, and report
 * what came of it in the same words. The simulated driver has no kernel at all. Nobody above can tell them apart, and
 * every I/O test runs on each of them.
 *
 * <p><b>Handles.</b> A socket is a small non-negative number: a descriptor where there are descriptors, an index
 * elsewhere; so is this end of a pipe to a child process, which counts as a
 * stream socket of one direction. It stays valid from the call that returned it until {@link #close}.
 *
 * <p><b>Results.</b> Zero or positive on success, a negated {@link Errno} on failure, whatever the operating system. No
 * method throws for what a kernel or a peer does; an exception from a driver is a bug.
 *
 * <p><b>Tokens.</b> Any value but 0, unique among the operations in progress. An operation without
 * {@link Completions#MORE} in its last flags completes exactly once, cancelled or not. Several may be in progress on
 * one handle, but at most one that receives or accepts and one that sends or connects.
 *
 * <p><b>Buffers.</b> An operation owns the buffers given to it from the call until its completion; the caller keeps
 * them reachable. Bytes that arrive by {@link #receive(int, long)} lie in the driver's own <em>provided</em> buffers,
 * named by an id in the flags, and must be given back with {@link #release}, soon: they are what all connections
 * share.
 *
 * <p><b>Order.</b> Operations on one handle and in one direction complete in the order in which they were started.
 * Nothing is promised across handles. A completion is never delivered inside the call that started its operation.
 *
 * <p><b>Threads.</b> Every method belongs to the one thread that opened the driver, except {@link #wake}. None blocks
 * but {@link #poll}. On the hot path no method allocates.
 */
public interface Driver extends AutoCloseable {

    /** For {@link #poll}: wait until something happens. */
    long FOREVER = Long.MAX_VALUE;

    /** What a control buffer must hold at least: the native structures of one operation with an address. */
    int CONTROL_BYTES = 256;

    /** As the user names it: {@code io_uring}, {@code epoll}, … */
    String name();

    /** The time that this driver's waits are measured in. */
    Clock clock();

    /** How many handles may be open at once, as far as the driver itself limits them. */
    int handlesMax();

    // ---------------------------------------------------------------------------------------------- the turn

    /**
     * Hands the started operations to the kernel, waits for something to happen, and gathers what has completed, as many
     * as {@code completions} has room for; the rest stays for the next call. Returns early when {@link #wake} was called
     * since the last poll, and whenever it likes.
     *
     * @param waitNanos at most this long; 0 not at all, {@link #FOREVER} without end
     */
    void poll(long waitNanos, Completions completions);

    /** Ends a wait in {@link #poll}, or the next one if none is in progress. Any thread; never blocks. */
    void wake();

    /** Whether {@link #wake} takes a lock for a moment: a green thread that met it would come back by a foreign thread. */
    default boolean wakesUnderLock() {
        return false;
    }

    // ---------------------------------------------------------------------------------------------- sockets

    /**
     * A listening socket on a TCP or Unix domain address.
     *
     * @param backlog how many connections the kernel may queue
     * @param reusePort whether several sockets share the port, the kernel dealing out connections ({@code SO_REUSEPORT})
     * @return its handle
     */
    int listen(SocketAddress address, int backlog, boolean reusePort);

    /**
     * Makes a listening socket fit for several processes that accept from it. Before anything is accepted from it.
     *
     * @return 0 or an error; {@link Errno#ENOSYS} where sockets cannot be passed on
     */
    default int share(int listener) {
        return -Errno.ENOSYS;
    }

    /**
     * Takes over a socket that this process was started with: a connection, or a listening socket that other processes
     * may have as well.
     *
     * @param descriptor the number under which the parent passed it
     * @param keep whether the number stays open, for another handle of the same socket; otherwise it is closed
     * @return its handle; {@link Errno#EBADF} if there is nothing under that number, {@link Errno#ENOTSOCK} if it is no stream
     *     socket
     */
    default int inherit(int descriptor, boolean keep) {
        return -Errno.ENOSYS;
    }

    /**
     * Two stream sockets that are connected with each other.
     *
     * @return both handles, to be taken apart by {@link #first} and {@link #second}; or an error
     */
    default long openPair() {
        return -Errno.ENOSYS;
    }

    /** One handle of a pair. */
    static int first(long pair) {
        return (int) (pair >>> Integer.SIZE);
    }

    /** The other handle of a pair. */
    static int second(long pair) {
        return (int) pair;
    }

    /** An unconnected stream socket of the family of {@code peer}, for {@link #connect}; returns its handle. */
    int openStream(SocketAddress peer);

    /** A datagram socket bound to {@code local}; returns its handle. */
    int openDatagram(SocketAddress local, boolean reusePort);

    /** Where the socket is bound, with the port that was chosen if 0 was asked for; null if it has none. */
    @Nullable
    SocketAddress localAddress(int handle);

    /** The other end; null if there is none (any more). */
    @Nullable
    SocketAddress remoteAddress(int handle);

    /** Sets an option: 0 or an error. Times in milliseconds, sizes in bytes, switches 0 or 1. */
    int setOption(int handle, SocketOption option, int value);

    /** The option's value, or an error. */
    int option(int handle, SocketOption option);

    /** Says that no more will be sent (half-close); what was sent before still arrives. 0 or an error. */
    int shutdownOutput(int handle);

    /**
     * Gives the handle back. The caller has cancelled the operations in progress on it; what they leave unsent is sent by
     * the kernel. The handle's number may be returned again by any later call.
     */
    void close(int handle);

    // ---------------------------------------------------------------------------------------------- operations

    /** Accepts connections one after another: each is a completion with its handle, and {@code MORE}. */
    void accept(int listener, long token);

    /** Connects; result 0. {@code control} has {@link #CONTROL_BYTES} and belongs to the operation. */
    void connect(int handle, SocketAddress peer, Buffer control, long token);

    /**
     * Receives again and again: each completion holds bytes in a provided buffer, and {@code MORE}. It ends, without
     * {@code MORE}, with 0 at the end of the stream, with an error, with {@link Errno#ENOBUFS} when the provided buffers
     * ran out (start it again after giving some back), or at the kernel's whim with bytes and no {@code MORE} (start it
     * again).
     */
    void receive(int handle, long token);

    /** Receives once, between 1 and {@code length} bytes, or 0 at the end of the stream. */
    void receive(int handle, Buffer into, int offset, int length, long token);

    /** Sends once; the result may be less than {@code length}. A broken connection is an error, never a signal. */
    void send(int handle, Buffer from, int offset, int length, long token);

    /**
     * As {@link #send(int, Buffer, int, int, long)}, before a {@linkplain FileOperations#transfer transfer} on the same socket:
     * the kernel may keep what does not fill a packet until that comes ({@code MSG_MORE}, {@code send(2)}).
     */
    default void sendBeforeFile(int handle, Buffer from, int offset, int length, long token) {
        send(handle, from, offset, length, token);
    }

    /** Sends the pieces as one; the result may be less than their sum. */
    void send(int handle, Gather pieces, long token);

    /**
     * Receives one datagram; the result is its length, cut to {@code length}. {@code control} has
     * {@link #CONTROL_BYTES}; afterwards {@link #sender} reads from it who sent.
     */
    void receiveFrom(int handle, Buffer into, int offset, int length, Buffer control, long token);

    /** The sender of the datagram whose {@link #receiveFrom} completed with this control buffer. */
    SocketAddress sender(Buffer control);

    /** Sends one datagram, whole or not at all. */
    void sendTo(int handle, Buffer from, int offset, int length, SocketAddress to, Buffer control, long token);

    /**
     * Asks that the operation with this token ends. It completes all the same: with {@link Errno#ECANCELED}, or with what
     * it had come to. An unknown token is ignored.
     */
    void cancel(long token);

    /** Files, through the same turn. */
    default FileOperations files() {
        throw new UnsupportedOperationException(name() + " has no files yet");
    }

    /** Child processes, through the same turn. */
    default ProcessOperations processes() {
        throw new UnsupportedOperationException("the driver " + name() + " runs no processes");
    }

    // ---------------------------------------------------------------------------------------------- provided buffers

    /** The provided buffer of this id; always the same object. */
    Buffer provided(int id);

    /** Gives a provided buffer back. */
    void release(int id);

    /** Ends all operations without completing them and gives everything back to the system. */
    @Override
    void close();
}
