package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An {@code eventfd(2)} by which any thread ends its owner's wait. Whoever signals holds it open for that long: a
 * descriptor closed under a signaller could have become somebody's socket, and the signal would be written into it.
 */
final class WakeDescriptor {

    private static final int EFD_NONBLOCK_CLOEXEC = 0x800 | 0x80000;

    /** Foreign threads share it; they ignore errno. */
    private final Libc libc = new Libc();

    private final int descriptor;
    private final Buffer one = Buffer.allocate(Long.BYTES);
    private final Buffer counter = Buffer.allocate(Long.BYTES);

    /**
     * The owner, and each thread that is signalling; 0 once closed, for good. Its atomic updates order a signaller's
     * write before the close, whoever of them does that.
     */
    private final AtomicInteger holders = new AtomicInteger(1);

    /** @throws DriverUnavailableException if the process has no descriptor left */
    WakeDescriptor(Libc owners) {
        descriptor = (int) owners.call(SystemCall.EVENTFD2, 0, EFD_NONBLOCK_CLOEXEC);
        if (descriptor < 0) {
            throw new DriverUnavailableException(
                    "no descriptor to wake the loop with (errno " + -descriptor + "): raise the limit on open files");
        }
        one.putLong(0, 1);
    }

    int descriptor() {
        return descriptor;
    }

    /** Any thread; never blocks; does nothing once closed. */
    void signal() {
        int seen = holders.get();
        while (seen != 0 && !holders.compareAndSet(seen, seen + 1)) {
            seen = holders.get();
        }
        if (seen == 0) {
            return;
        }
        libc.call(SystemCall.WRITE, descriptor, one.address(), Long.BYTES);
        leave();
    }

    /** Resets it, for level-triggered waits. Owner only. */
    void reset(Libc owners) {
        owners.call(SystemCall.READ, descriptor, counter.address(), Long.BYTES);
    }

    /** Owner only, once. */
    void close() {
        leave();
    }

    private void leave() {
        if (holders.decrementAndGet() == 0) {
            libc.call(SystemCall.CLOSE, descriptor);
        }
    }
}
