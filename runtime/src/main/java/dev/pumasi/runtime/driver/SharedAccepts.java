package dev.pumasi.runtime.driver;

import java.util.HashMap;
import java.util.Map;

/**
 * Accepting, on a ring, from listening sockets from which other processes accept as well.
 *
 * <p>The ring's own accept is not used for them. It waits <em>exclusively</em>: a new connection wakes one of the processes that
 * wait, and if that one is busy, leaves or is killed before it accepts, nobody else is told, and the connection waits until
 * the next one comes. And an accept that is being cancelled may have taken a connection already. So the ring is only asked
 * to tell of readiness, which every process is told; who comes first takes it, by a plain call that does not wait and leaves
 * nothing under way. The price is one more call per connection, and that idle processes wake for nothing.
 *
 * <p>Few are taken at a time ({@value #ACCEPTS_PER_REPORT_MAX}), so that a process that has just been told does not take what
 * others have time for. Belongs to the driver's thread.
 */
final class SharedAccepts {

    /** Tokens below this one are of this class. */
    static final long ENTRIES_BELOW = Long.MIN_VALUE + (1L << 62);

    private static final int ACCEPTS_PER_REPORT_MAX = 4;
    private static final int POLLIN = 1;
    private static final int SOCK_CLOEXEC = 0x80000;

    /** One listening socket; {@code entry} is the token of the wait in the ring, and new for each. */
    private static final class Shared {
        final int listener;
        long token;
        long entry;
        boolean accepting;

        Shared(int listener) {
            this.listener = listener;
        }
    }

    private final Ring ring;
    private final Libc libc;
    private final CompletionQueue completions;
    private final Map<Integer, Shared> byListener = new HashMap<>();
    private final Map<Long, Shared> byEntry = new HashMap<>();
    private long nextEntry = Long.MIN_VALUE;

    SharedAccepts(Ring ring, Libc libc, CompletionQueue completions) {
        this.ring = ring;
        this.libc = libc;
        this.completions = completions;
    }

    void add(int listener) {
        byListener.put(listener, new Shared(listener));
    }

    /** False if it is none of these. */
    boolean accept(int listener, long token) {
        Shared shared = byListener.get(listener);
        if (shared == null) {
            return false;
        }
        shared.token = token;
        shared.accepting = true;
        await(shared);
        return true;
    }

    /** A wait of the ring has ended. */
    void ended(long entry, int result) {
        Shared shared = byEntry.remove(entry);
        if (shared == null || !shared.accepting || shared.entry != entry) {
            return;
        }
        int outcome = result;
        for (int i = 0; i < ACCEPTS_PER_REPORT_MAX && outcome >= 0; i++) {
            outcome = (int) libc.call(SystemCall.ACCEPT4, shared.listener, 0, 0, SOCK_CLOEXEC);
            if (outcome >= 0) {
                completions.add(shared.token, outcome, Completions.MORE);
            }
        }
        if (outcome >= 0 || outcome == -Errno.EAGAIN || ReadinessDriver.concernsOneConnection(outcome)) {
            await(shared);
        } else {
            shared.accepting = false;
            completions.add(shared.token, outcome, 0);
        }
    }

    /** False if no accept of these has this token. */
    boolean cancel(long token) {
        for (Shared shared : byListener.values()) {
            if (shared.accepting && shared.token == token) {
                end(shared);
                return true;
            }
        }
        return false;
    }

    void close(int listener) {
        Shared shared = byListener.remove(listener);
        if (shared != null && shared.accepting) {
            end(shared);
        }
    }

    private void end(Shared shared) {
        shared.accepting = false;
        ring.prepare(Ring.head(Ring.IORING_OP_ASYNC_CANCEL, 0, 0, -1), 0, shared.entry, 0, 0, Ring.NOBODY);
        completions.add(shared.token, -Errno.ECANCELED, 0);
    }

    private void await(Shared shared) {
        shared.entry = nextEntry++;
        byEntry.put(shared.entry, shared);
        ring.prepare(Ring.head(Ring.IORING_OP_POLL_ADD, 0, 0, shared.listener), 0, 0, 0, POLLIN, shared.entry);
    }
}
