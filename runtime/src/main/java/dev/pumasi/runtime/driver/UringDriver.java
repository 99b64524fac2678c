package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.runtime.memory.Memory;
import java.net.SocketAddress;
import java.util.BitSet;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The driver over io_uring (Linux 6.1 and later): the seam's operations are the kernel's own, so this class only writes
 * them down. One system call per turn submits everything, waits, and gathers.
 *
 * <p>Accepting and receiving are <em>multishot</em>: started once, they complete again and again. Receives take their
 * memory from a ring of {@value #PROVIDED_COUNT} provided buffers of {@value #PROVIDED_BYTES} bytes, so an idle connection
 * holds none. The kernel does its share of the work only inside our call ({@code DEFER_TASKRUN}): nothing interrupts the
 * loop. Another thread wakes it through an eventfd that a multishot poll watches; the counter is never read, since every
 * write triggers the poll again.
 *
 * <p>Sockets are blocking here: the kernel takes {@code O_NONBLOCK} as a wish to fail with EAGAIN instead of waiting.
 */
final class UringDriver implements Driver {

    static final String NAME = "io_uring";

    /** Fewer than connections that are readable at once cost a restart of the receive each. */
    private static final int PROVIDED_COUNT = 4096;

    private static final int PROVIDED_BYTES = 2048;
    private static final int PROVIDED_GROUP = 0;

    /** When more is started within a turn, an extra system call hands it over. */
    private static final int SUBMISSIONS = 4096;

    private static final int COMPLETIONS = 16_384;

    private static final int IORING_ACCEPT_MULTISHOT = 1;
    private static final int IORING_RECV_MULTISHOT = 1 << 1;
    private static final int IORING_POLL_ADD_MULTI = 1;
    private static final int POLLIN = 1;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_MORE = 0x8000;
    private static final int MSG_NAME_LENGTH_OFFSET = 8;
    private static final int SOCK_CLOEXEC = 0x80000;

    /** The token of the poll for wakes, which no caller uses. */
    private static final long WAKE = -1;

    /** How long closing waits for what the kernel has begun and cannot break off, as a disk's work. */
    private static final long CLOSE_NANOS_MAX = 5_000_000_000L;

    private static final long CLOSE_STEP_NANOS = 10_000_000;

    /** Where a control buffer holds what: {@code struct msghdr}, {@code struct iovec}, the socket address. */
    private static final int MESSAGE_OFFSET = 0;

    private static final int VECTOR_OFFSET = 64;
    private static final int ADDRESS_OFFSET = 96;

    private final Libc libc = new Libc();
    private final SocketCalls sockets = SocketCalls.blocking(libc);
    private final Ring ring;
    private final ProvidedBuffers provided;
    private final CompletionQueue local = new CompletionQueue();

    /** Its counter is never read; and it takes no lock, in which a green thread of another loop could park. */
    private final WakeDescriptor wakes;

    /** Handles that are pipes, for which the kernel has other operations. */
    private final BitSet pipes = new BitSet();

    private final Arrivals arrivals = new Arrivals();
    private @Nullable DescriptorProcesses processes;

    /** Made when a listening socket is first shared with other processes. */
    private @Nullable SharedAccepts shared;

    private boolean closed;

    /** Made when first asked for. */
    private @Nullable UringFiles files;

    UringDriver() {
        try {
            ring = new Ring(libc, SUBMISSIONS, COMPLETIONS);
        } catch (Ring.RefusedException refused) {
            throw new DriverUnavailableException(explain(refused));
        }
        try {
            provided = new ProvidedBuffers(libc, ring, PROVIDED_GROUP, PROVIDED_COUNT, PROVIDED_BYTES);
        } catch (Ring.RefusedException refused) {
            ring.close();
            throw new DriverUnavailableException(explain(refused));
        }
        try {
            wakes = new WakeDescriptor(libc);
        } catch (DriverUnavailableException noDescriptor) {
            ring.close();
            throw noDescriptor;
        }
        watchWakes();
    }

    /** Why io_uring cannot be used here, or empty if it can: makes a small ring with provided buffers and closes it. */
    static Optional<String> refusal() {
        if (!Libc.isSupported()) {
            return Optional.of(Libc.unsupportedReason());
        }
        Libc libc = new Libc();
        try {
            Ring ring = new Ring(libc, 4, 8);
            try {
                ProvidedBuffers buffers = new ProvidedBuffers(libc, ring, PROVIDED_GROUP, 4, PROVIDED_BYTES);
                ring.prepare(Ring.head(Ring.IORING_OP_NOP, 0, 0, -1), 0, 0, 0, 0, 1);
                int entered = ring.enter(1_000_000_000);
                boolean answered = ring.hasCompletion();
                ring.close();
                buffers.close();
                return answered ? Optional.empty() : Optional.of("io_uring does not answer (error " + -entered + ")");
            } catch (Ring.RefusedException refused) {
                ring.close();
                throw refused;
            }
        } catch (Ring.RefusedException refused) {
            return Optional.of(explain(refused));
        }
    }

    private static String explain(Ring.RefusedException refused) {
        return switch (-refused.error) {
            case Errno.ENOSYS -> "the kernel has no io_uring, or a container's filter (seccomp) hides it";
            case Errno.EPERM ->
                "io_uring is switched off (sysctl kernel.io_uring_disabled) or a container's filter (seccomp) refuses it";
            case Errno.EINVAL -> "the kernel's io_uring is too old (Linux 6.1 is needed)";
            case Errno.ENOMEM -> "no memory may be locked for io_uring's queues (raise ulimit -l)";
            case Errno.EMFILE, Errno.ENFILE -> "no file descriptor is left for io_uring (raise ulimit -n)";
            default -> "io_uring: " + refused.getMessage();
        };
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Clock clock() {
        return Clock.SYSTEM;
    }

    @Override
    public int handlesMax() {
        return Integer.MAX_VALUE;
    }

    // ---------------------------------------------------------------------------------------------- the turn

    @Override
    public void poll(long waitNanos, Completions completions) {
        provided.publish();
        arrivals.run();
        int failed = ring.enter(local.isEmpty() ? waitNanos : 0);
        if (failed < 0) {
            throw new IllegalStateException("io_uring_enter failed with error " + -failed);
        }
        UringFiles started = files;
        if (started != null) {
            started.collect();
        }
        local.moveTo(completions);
        int count = Math.min(ring.completions(), completions.room());
        int ended = 0;
        for (int i = 0; i < count; i++) {
            long entry = ring.completion(i);
            long token = Ring.token(entry);
            int flags = Memory.getInt(entry + 12);
            ended += Ring.ends(entry) ? 1 : 0;
            if (token > Ring.NOBODY) {
                // The kernel's flags for a provided buffer and for "more" are the seam's.
                completions.add(token, result(entry), flags & FLAGS_PASSED_ON);
            } else if (token < SharedAccepts.ENTRIES_BELOW && shared != null) {
                shared.ended(token, result(entry));
            } else if (token < UringStep.ENTRIES_BELOW && started != null) {
                started.stepped(token, result(entry), completions);
            } else if (token == WAKE && (flags & Ring.IORING_CQE_F_MORE) == 0) {
                watchWakes();
            }
        }
        ring.consumed(count, ended);
    }

    /** The kernel interrupts only what was cancelled. */
    private static int result(long completion) {
        int result = Ring.result(completion);
        return result == -Errno.EINTR ? -Errno.ECANCELED : result;
    }

    private static final int FLAGS_PASSED_ON = Ring.IORING_CQE_F_BUFFER | Ring.IORING_CQE_F_MORE | 0xffff_0000;

    @Override
    public void wake() {
        wakes.signal();
    }

    private void watchWakes() {
        int watched = wakes.descriptor();
        ring.prepare(Ring.head(Ring.IORING_OP_POLL_ADD, 0, 0, watched), 0, 0, IORING_POLL_ADD_MULTI, POLLIN, WAKE);
    }

    // ---------------------------------------------------------------------------------------------- sockets

    @Override
    public int listen(SocketAddress address, int backlog, boolean reusePort) {
        return sockets.listen(address, backlog, reusePort);
    }

    @Override
    public int share(int listener) {
        int result = sockets.share(listener);
        if (result >= 0) {
            if (shared == null) {
                shared = new SharedAccepts(ring, libc, local);
            }
            shared.add(listener);
        }
        return result;
    }

    @Override
    public int inherit(int descriptor, boolean keep) {
        int handle = sockets.inherit(descriptor, keep);
        if (handle < 0 || !sockets.isListening(handle)) {
            return handle;
        }
        int result = share(handle);
        return result < 0 ? result : handle;
    }

    @Override
    public long openPair() {
        return sockets.openPair();
    }

    @Override
    public int openStream(SocketAddress peer) {
        return sockets.openStream(peer);
    }

    @Override
    public int openDatagram(SocketAddress local, boolean reusePort) {
        return sockets.openDatagram(local, reusePort);
    }

    @Override
    public @Nullable SocketAddress localAddress(int handle) {
        return sockets.localAddress(handle);
    }

    @Override
    public @Nullable SocketAddress remoteAddress(int handle) {
        return sockets.remoteAddress(handle);
    }

    @Override
    public int setOption(int handle, SocketOption option, int value) {
        return sockets.setOption(handle, option, value);
    }

    @Override
    public int option(int handle, SocketOption option) {
        return sockets.option(handle, option);
    }

    @Override
    public int shutdownOutput(int handle) {
        return sockets.shutdownOutput(handle);
    }

    @Override
    public void close(int handle) {
        pipes.clear(handle);
        if (shared != null) {
            shared.close(handle);
        }
        // Through the ring, so that it comes after what was started before it.
        ring.prepare(Ring.head(Ring.IORING_OP_CLOSE, 0, 0, handle), 0, 0, 0, 0, Ring.NOBODY);
    }

    // ---------------------------------------------------------------------------------------------- operations

    @Override
    public void accept(int listener, long token) {
        if (shared != null && shared.accept(listener, token)) {
            return;
        }
        long head = Ring.head(Ring.IORING_OP_ACCEPT, 0, IORING_ACCEPT_MULTISHOT, listener);
        ring.prepare(head, 0, 0, 0, SOCK_CLOEXEC, token);
    }

    @Override
    public void connect(int handle, SocketAddress peer, Buffer control, long token) {
        long address = control.address();
        int length = SocketAddresses.encode(peer, address);
        if (length < 0) {
            // An address that cannot be written down: let the kernel refuse it, so that the answer comes in its turn.
            length = 0;
        }
        ring.prepare(Ring.head(Ring.IORING_OP_CONNECT, 0, 0, handle), length, address, 0, 0, token);
    }

    @Override
    public void receive(int handle, long token) {
        if (pipes.get(handle)) {
            // Once: the loop starts it again. Its multishot form is younger than the oldest kernel that will do (6.7).
            long read = Ring.head(Ring.IORING_OP_READ, Ring.IOSQE_BUFFER_SELECT, 0, handle);
            ring.prepare(read, 0, 0, PROVIDED_BYTES, 0, token);
            return;
        }
        long head = Ring.head(Ring.IORING_OP_RECV, Ring.IOSQE_BUFFER_SELECT, IORING_RECV_MULTISHOT, handle);
        ring.prepare(head, 0, 0, 0, 0, token); // buf_group 0 is PROVIDED_GROUP
    }

    @Override
    public void receive(int handle, Buffer into, int offset, int length, long token) {
        long head = Ring.head(pipes.get(handle) ? Ring.IORING_OP_READ : Ring.IORING_OP_RECV, 0, 0, handle);
        ring.prepare(head, 0, into.address() + offset, length, 0, token);
    }

    @Override
    public void send(int handle, Buffer from, int offset, int length, long token) {
        send(handle, from, offset, length, MSG_NOSIGNAL, token);
    }

    @Override
    public void sendBeforeFile(int handle, Buffer from, int offset, int length, long token) {
        send(handle, from, offset, length, MSG_NOSIGNAL | MSG_MORE, token);
    }

    private void send(int handle, Buffer from, int offset, int length, int flags, long token) {
        if (pipes.get(handle)) {
            long write = Ring.head(Ring.IORING_OP_WRITE, 0, 0, handle);
            ring.prepare(write, 0, from.address() + offset, length, 0, token);
            return;
        }
        long head = Ring.head(Ring.IORING_OP_SEND, 0, 0, handle);
        ring.prepare(head, 0, from.address() + offset, length, flags, token);
    }

    @Override
    public void send(int handle, Gather pieces, long token) {
        if (pipes.get(handle)) {
            long write = Ring.head(Ring.IORING_OP_WRITEV, 0, 0, handle);
            ring.prepare(write, 0, pieces.tableAddress(), pieces.size(), 0, token);
            return;
        }
        long head = Ring.head(Ring.IORING_OP_SENDMSG, 0, 0, handle);
        ring.prepare(head, 0, pieces.messageAddress(), 1, MSG_NOSIGNAL, token);
    }

    @Override
    public void receiveFrom(int handle, Buffer into, int offset, int length, Buffer control, long token) {
        long message = message(control, into, offset, length, SocketAddresses.BYTES_MAX);
        ring.prepare(Ring.head(Ring.IORING_OP_RECVMSG, 0, 0, handle), 0, message, 1, 0, token);
    }

    @Override
    public SocketAddress sender(Buffer control) {
        long message = control.address() + MESSAGE_OFFSET;
        return SocketAddresses.decode(
                control.address() + ADDRESS_OFFSET, Memory.getInt(message + MSG_NAME_LENGTH_OFFSET));
    }

    @Override
    public void sendTo(int handle, Buffer from, int offset, int length, SocketAddress to, Buffer control, long token) {
        int addressBytes = Math.max(0, SocketAddresses.encode(to, control.address() + ADDRESS_OFFSET));
        long message = message(control, from, offset, length, addressBytes);
        ring.prepare(Ring.head(Ring.IORING_OP_SENDMSG, 0, 0, handle), 0, message, 1, MSG_NOSIGNAL, token);
    }

    /** Writes a {@code struct msghdr} with one piece and an address into {@code control}, and says where it is. */
    private static long message(Buffer control, Buffer data, int offset, int length, int addressBytes) {
        long message = control.address() + MESSAGE_OFFSET;
        long vector = control.address() + VECTOR_OFFSET;
        Memory.fill(message, VECTOR_OFFSET, (byte) 0);
        Memory.putLong(message, addressBytes == 0 ? 0 : control.address() + ADDRESS_OFFSET);
        Memory.putInt(message + MSG_NAME_LENGTH_OFFSET, addressBytes);
        Memory.putLong(message + 16, vector);
        Memory.putLong(message + 24, 1);
        Memory.putLong(vector, data.address() + offset);
        Memory.putLong(vector + Long.BYTES, length);
        return message;
    }

    @Override
    public FileOperations files() {
        UringFiles made = files;
        if (made == null) {
            made = new UringFiles(ring, libc, local, this::wake);
            files = made;
        }
        return made;
    }

    @Override
    public void cancel(long token) {
        if (files != null && files.cancel(token) || shared != null && shared.cancel(token)) {
            return;
        }
        // A token in progress ends with ECANCELED; of one that is over, the kernel's complaint goes to nobody.
        ring.prepare(Ring.head(Ring.IORING_OP_ASYNC_CANCEL, 0, 0, -1), 0, token, 0, 0, Ring.NOBODY);
    }

    // ---------------------------------------------------------------------------------------------- processes

    @Override
    public ProcessOperations processes() {
        if (processes == null) {
            processes = new DescriptorProcesses(libc, new Host(), false);
        }
        return processes;
    }

    private final class Host implements ProcessHost {

        @Override
        public int adopt(int descriptor, boolean isPipe) {
            pipes.set(descriptor, isPipe);
            return descriptor;
        }

        @Override
        public void awaitReadable(int handle, long token) {
            ring.prepare(Ring.head(Ring.IORING_OP_POLL_ADD, 0, 0, handle), 0, 0, 0, POLLIN, token);
        }

        @Override
        public void close(int handle) {
            UringDriver.this.close(handle);
        }

        @Override
        public void complete(long token, int result) {
            local.add(token, result, 0);
        }

        @Override
        public void arrive(Runnable task) {
            arrivals.add(task);
            wake();
        }
    }

    // ---------------------------------------------------------------------------------------------- provided buffers

    @Override
    public Buffer provided(int id) {
        return provided.get(id);
    }

    @Override
    public void release(int id) {
        provided.release(id);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (processes != null) {
            processes.closing();
            arrivals.run();
        }
        if (files != null) {
            files.close();
        }
        endAll();
        ring.close();
        provided.close();
        wakes.close();
    }

    /**
     * Hands over what is left, the closing of handles above all; cancels everything, and sees it to its end: afterwards the
     * kernel writes into nobody's memory, and no file that was being opened is left open.
     */
    private void endAll() {
        long cancel = Ring.head(Ring.IORING_OP_ASYNC_CANCEL, 0, 0, -1);
        ring.prepare(cancel, 0, 0, 0, Ring.IORING_ASYNC_CANCEL_ALL_ANY, Ring.NOBODY);
        long deadlineNanos = System.nanoTime() + CLOSE_NANOS_MAX;
        do {
            ring.enter(CLOSE_STEP_NANOS);
            int count = ring.completions();
            int ended = 0;
            for (int i = 0; i < count; i++) {
                long entry = ring.completion(i);
                ended += Ring.ends(entry) ? 1 : 0;
                if (files != null && Ring.token(entry) > SharedAccepts.ENTRIES_BELOW) {
                    files.dispose(Ring.token(entry), Ring.result(entry));
                }
            }
            ring.consumed(count, ended);
        } while (ring.inProgress() > 0 && System.nanoTime() - deadlineNanos < 0);
    }
}
