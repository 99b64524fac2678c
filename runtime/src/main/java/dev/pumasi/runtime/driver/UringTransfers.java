package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import java.util.ArrayDeque;
import java.util.Objects;

/**
 * From a file to a socket, under io_uring: {@code sendfile} carries what is in the kernel's cache; {@link FileSending} says
 * why not {@code splice}. The socket is told not to block for the moment of the call. What is not in the cache is read by
 * the ring, and sent from there as far as the socket takes it. When the socket is full, the ring waits for room; if the
 * transfer before has left it full, that comes first.
 *
 * <pre>
 *   begin ── left full ─────────────────────── wait for room ───┐
 *     └► try ── in the cache: sendfile ── some went ────────────┼► over
 *        ▲ │                          └─ no room ───────────────┤
 *        │ └─ not in the cache: read ── send ── some went ──────┼► over
 *        │                                 └─ no room ──────────┤
 *        └──────────────────────────────────────────────────────┘
 * </pre>
 *
 * <p><b>Memory.</b> When many ask at once for a file that is not in the cache, the first {@value #BUFFERS_LENT_MAX} of them read a large
 * piece, and the others a page: what those have read is in the cache for all when the next piece is due.
 *
 * <p>At most one entry of a transfer is in the ring. Once it is cancelled, its socket is left alone: the number may be
 * another's by then.
 */
final class UringTransfers {

    /** So many transfers at once read large pieces, 4 MiB in all. */
    static final int BUFFERS_LENT_MAX = 64;

    /** Large buffers that are kept while they are not in use, 1 MiB. */
    private static final int BUFFERS_KEPT_MAX = 16;

    /** What the others read. */
    static final int SMALL_BYTES = FilePool.FETCH_ALIGNMENT;

    /** Small buffers that are kept, 1 MiB as well. */
    private static final int SMALL_KEPT_MAX = 256;

    private static final int POLLOUT = 4;
    private static final int MSG_NOSIGNAL_DONTWAIT = 0x4000 | 0x40;

    private final Ring ring;
    private final Libc libc;
    private final FileSending sending;
    private final ArrayDeque<Buffer> unusedBuffers = new ArrayDeque<>();
    private final ArrayDeque<Buffer> unusedSmall = new ArrayDeque<>();

    /** Large buffers in use. */
    private int lent;

    UringTransfers(Ring ring, Libc libc) {
        this.ring = ring;
        this.libc = libc;
        sending = new FileSending(libc);
    }

    /** Sends, or does what must come before; if that leaves no entry in the ring, the answer is the operation's result. */
    int begin(UringStep step) {
        if (sending.wasFilled(step.socket)) {
            waitForRoom(step);
            return 0;
        }
        return trySending(step);
    }

    private int trySending(UringStep step) {
        libc.call(SystemCall.FCNTL, step.socket, OpenFlags.F_SETFL, OpenFlags.O_NONBLOCK);
        int sent = sending.send(step.socket, step.file, step.position, (int) step.length);
        // Back at once: the ring takes the flag for a wish to fail instead of waiting.
        libc.call(SystemCall.FCNTL, step.socket, OpenFlags.F_SETFL, 0);
        if (sent == -Errno.EAGAIN || sent == -Errno.EINTR) {
            waitForRoom(step);
        } else if (sent == Sockets.NOT_IN_MEMORY) {
            Buffer bytes = takeBytes();
            step.bytes = bytes;
            step.doing = UringStep.Doing.READING;
            int length = (int) Math.min(step.length, bytes.capacity());
            long head = Ring.head(Ring.IORING_OP_READ, 0, 0, step.file);
            ring.prepare(head, step.position, bytes.address(), length, 0, step.entry());
        }
        return sent;
    }

    /** Goes on after an entry; if that leaves none in the ring, the answer is the operation's result. */
    int proceed(UringStep step, int result) {
        if (step.isCancelled) {
            boolean hasSent = step.doing == UringStep.Doing.SENDING && result != -Errno.EAGAIN;
            return hasSent ? result : -Errno.ECANCELED;
        }
        return switch (step.doing) {
            case WAITING_FOR_ROOM -> result < 0 ? result : trySending(step);
            case READING -> {
                if (result > 0) {
                    Buffer bytes = Objects.requireNonNull(step.bytes);
                    step.doing = UringStep.Doing.SENDING;
                    long head = Ring.head(Ring.IORING_OP_SEND, 0, 0, step.socket);
                    ring.prepare(head, 0, bytes.address(), result, MSG_NOSIGNAL_DONTWAIT, step.entry());
                }
                yield result;
            }
            case SENDING -> {
                // A slow peer holds no memory: what it does not take is read again when there is room.
                giveBackBytes(step);
                if (result == -Errno.EAGAIN) {
                    waitForRoom(step);
                }
                yield result;
            }
        };
    }

    private void waitForRoom(UringStep step) {
        step.doing = UringStep.Doing.WAITING_FOR_ROOM;
        ring.prepare(Ring.head(Ring.IORING_OP_POLL_ADD, 0, 0, step.socket), 0, 0, 0, POLLOUT, step.entry());
    }

    /** A turn of the loop begins. */
    void turn() {
        sending.turn();
    }

    /** The file is about to be closed. */
    void forget(int file) {
        sending.forget(file);
    }

    private Buffer takeBytes() {
        if (lent >= BUFFERS_LENT_MAX) {
            return unusedSmall.isEmpty() ? Buffer.allocate(SMALL_BYTES, FilePool.FETCH_ALIGNMENT) : unusedSmall.pop();
        }
        lent++;
        return unusedBuffers.isEmpty()
                ? Buffer.allocate(FilePool.FETCH_BYTES, FilePool.FETCH_ALIGNMENT)
                : unusedBuffers.pop();
    }

    /** Its buffer, if it holds one, is free for others. */
    void giveBackBytes(UringStep step) {
        Buffer bytes = step.bytes;
        step.bytes = null;
        if (bytes == null) {
            return;
        }
        boolean isSmall = bytes.capacity() == SMALL_BYTES;
        if (!isSmall) {
            lent--;
        }
        ArrayDeque<Buffer> unused = isSmall ? unusedSmall : unusedBuffers;
        if (unused.size() < (isSmall ? SMALL_KEPT_MAX : BUFFERS_KEPT_MAX)) {
            unused.push(bytes);
        }
    }
}
