package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.runtime.memory.Memory;
import java.util.BitSet;

/**
 * {@code sendfile(2)} that does not wait for a disk. The call takes the pages of the file as they lie in the kernel's
 * cache, so nothing is copied on this side; but it reads what is not there, and the thread stands still meanwhile. So
 * {@code cachestat(2)} (Linux 6.5) is asked first whether all of the piece is in the cache. The waits that are left are for
 * a page that is dropped between the two calls, or while the answer still counts ({@link KnownPages}).
 *
 * <p>The kernel answers only who owns the file or may write to it. For others, on older kernels, and where a filter hides
 * the call, the answer is "not known", and the caller sends what it has read.
 *
 * <p><b>How much at once.</b> As much as the socket takes, so that a file of 10 MiB is a handful of calls; but all sockets
 * together {@value #TURN_BYTES} bytes in a turn of the loop, which is half a millisecond or so, and {@value #SHARE_BYTES}
 * each beyond that: what is due meanwhile waits no longer. A socket that took less than it was offered is full, so the next
 * piece is not even tried before the kernel says that there is room.
 *
 * <p><b>Why not otherwise.</b> Measured from C over loopback, Linux 6.18, 10 MiB from the cache to 16 connections, processor
 * time of the sender, congestion control {@code reno}: {@code sendfile} of 512 KiB at a time 706 µs, of what the socket takes
 * 655 µs; {@code splice} through a pipe of 1 MiB 630 to 650 µs. Those few hundredths would cost each slow peer a pipe full of
 * memory and two descriptors, and the ring's own {@code splice} always goes to threads of the kernel's (64 KiB: 57–80 µs
 * against 30 µs). With {@code bbr}, whose pacing blurs such figures by half: {@code sendfile} 1054 to 1259 µs, zero-copy
 * sends from a mapping 1586 µs (over loopback the receiver then copies), a send buffer of 256 KiB 1417 µs, a low-water mark
 * of as much ({@code TCP_NOTSENT_LOWAT}) 2016 µs, a plain send from a mapping 2352 µs, read and send 3451 µs.
 *
 * <p>A peer that is gone makes the kernel send SIGPIPE besides the error, and there is no flag against it here; the JVM
 * ignores the signal.
 */
final class FileSending {

    /** What may be sent in a turn before everybody is down to a share: what one socket holds by Linux's default at most. */
    static final int TURN_BYTES = 4 * 1024 * 1024;

    /** What each socket may be given in every turn, however many there are. */
    static final int SHARE_BYTES = 256 * 1024;

    private static final int PAGE_BYTES = 4096;
    private static final int RANGE_BYTES = 16;
    private static final int ANSWER_BYTES = 40;

    private final Libc libc;

    /** {@code struct cachestat_range}, {@code struct cachestat} (of which the first word is the pages in the cache), the offset. */
    private final Buffer memory = Buffer.allocate(RANGE_BYTES + ANSWER_BYTES + Long.BYTES);

    private final KnownPages known = new KnownPages();

    /** Sockets that took less than they were offered. A number that is another's by now costs that one a look at its room. */
    private final BitSet filled = new BitSet();

    private int leftInTurn = TURN_BYTES;
    private boolean canAsk = true;

    FileSending(Libc libc) {
        this.libc = libc;
    }

    /** A turn of the loop begins. */
    void turn() {
        leftInTurn = TURN_BYTES;
    }

    /** Whether the last piece filled the socket, so that the next one is to wait for room; asked once. */
    boolean wasFilled(int socket) {
        boolean was = filled.get(socket);
        filled.clear(socket);
        return was;
    }

    /** The file is about to be closed, and its number may become another's. */
    void forget(int file) {
        known.forget(file);
    }

    /**
     * Sends to a socket that does not block.
     *
     * @return how many bytes, 0 at the end of the file, a negated {@link Errno}, or {@link Sockets#NOT_IN_MEMORY}
     */
    int send(int socket, int file, long position, int length) {
        int piece = Math.min(length, Math.max(SHARE_BYTES, leftInTurn));
        long nowNanos = System.nanoTime();
        if (!isInMemory(file, position, position + piece, nowNanos)) {
            return Sockets.NOT_IN_MEMORY;
        }
        long offset = memory.address() + RANGE_BYTES + ANSWER_BYTES;
        Memory.putLong(offset, position);
        int sent = (int) libc.call(SystemCall.SENDFILE, socket, file, offset, piece);
        if (sent > 0) {
            leftInTurn -= sent;
            known.see(file, position, position + sent, nowNanos);
        }
        filled.set(socket, sent > 0 && sent < piece);
        return sent;
    }

    /** Whether all of the range can be sent without a wait; false if that is not known. */
    private boolean isInMemory(int file, long start, long end, long nowNanos) {
        if (!canAsk) {
            return false;
        }
        long unknown = known.knownUntil(file, start, end, nowNanos);
        if (unknown == end) {
            return true;
        }
        long range = memory.address();
        long answer = range + RANGE_BYTES;
        Memory.putLong(range, unknown);
        Memory.putLong(range + Long.BYTES, end - unknown);
        int asked = (int) libc.call(SystemCall.CACHESTAT, file, range, answer, 0);
        if (asked < 0) {
            canAsk = asked != -Errno.ENOSYS;
            return false;
        }
        if (Memory.getLong(answer) < pages(unknown, end)) {
            return false;
        }
        known.see(file, unknown, end, nowNanos);
        return true;
    }

    private static long pages(long start, long end) {
        return (end - 1) / PAGE_BYTES - start / PAGE_BYTES + 1;
    }
}
