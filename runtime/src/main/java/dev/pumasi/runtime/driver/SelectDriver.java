package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.runtime.memory.Memory;

/**
 * Readiness by {@code select(2)}, the oldest form: a bit for each descriptor, one set for reading and one for writing,
 * which the kernel overwrites with its answer; so each wait begins with a copy. A set has {@value #DESCRIPTORS_MAX}
 * bits. A connection whose descriptor lies beyond is closed and reported as "no more descriptors", which makes the
 * listener pause.
 *
 * <p>Reports are read from where the last turn stopped, so that a low number is no advantage.
 */
final class SelectDriver extends ReadinessDriver {

    static final String NAME = "select";

    /** {@code FD_SETSIZE}. */
    private static final int DESCRIPTORS_MAX = 1024;

    private static final int SET_BYTES = DESCRIPTORS_MAX / Byte.SIZE;

    private final Libc libc;
    private final WakeDescriptor wake;
    private final Timespec timespec = new Timespec();
    /** For reading, then for writing. */
    private final Buffer watchedSets = Buffer.allocate(2 * SET_BYTES);

    private final Buffer readySets = Buffer.allocate(2 * SET_BYTES);
    /** One more than the highest descriptor that was ever watched. */
    private int end;

    private int next;

    /** @throws DriverUnavailableException where there are no system calls to be had */
    SelectDriver() {
        this(DescriptorSockets.libcFor(NAME));
    }

    private SelectDriver(Libc libc) {
        super(new DescriptorSockets(libc, DESCRIPTORS_MAX));
        this.libc = libc;
        wake = new WakeDescriptor(libc);
        if (wake.descriptor() >= DESCRIPTORS_MAX) {
            wake.close();
            throw new DriverUnavailableException("select takes descriptors below " + DESCRIPTORS_MAX
                    + " only, and the process has more open already: use epoll or poll");
        }
        set(wake.descriptor(), READABLE);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int handlesMax() {
        return DESCRIPTORS_MAX;
    }

    @Override
    int watch(Watched watched, int wanted) {
        set(watched.handle, wanted);
        return 0;
    }

    @Override
    void unwatch(Watched watched) {
        set(watched.handle, 0);
    }

    private void set(int descriptor, int wanted) {
        setBit(descriptor, 0, (wanted & READABLE) != 0);
        setBit(descriptor, SET_BYTES, (wanted & WRITABLE) != 0);
        end = Math.max(end, descriptor + 1);
    }

    private void setBit(int descriptor, int set, boolean on) {
        long word = watchedSets.address() + set + wordOffset(descriptor);
        long bit = 1L << descriptor;
        Memory.putLong(word, on ? Memory.getLong(word) | bit : Memory.getLong(word) & ~bit);
    }

    @Override
    void await(long waitNanos, int reportsMax) {
        readySets.put(0, watchedSets, 0, 2 * SET_BYTES);
        long reading = readySets.address();
        int found =
                (int) libc.call(SystemCall.PSELECT6, end, reading, reading + SET_BYTES, 0, timespec.of(waitNanos), 0);
        if (found == -Errno.EBADF) {
            // Somebody closed a descriptor of ours behind our back. Its own call will say so, and ends its operation.
            readySets.put(0, watchedSets, 0, 2 * SET_BYTES);
        } else if (found <= 0) {
            return;
        }
        if (events(wake.descriptor()) != 0) {
            wake.reset(libc);
        }
        int left = reportsMax;
        for (int seen = 0; seen < end && left > 0; seen++) {
            next = next + 1 < end ? next + 1 : 0;
            int events = events(next);
            if (events != 0 && next != wake.descriptor()) {
                ready(watchedOf(next), events);
                left--;
            }
        }
    }

    private int events(int descriptor) {
        long word = readySets.address() + wordOffset(descriptor);
        int readable = (int) (Memory.getLong(word) >>> descriptor & 1) * READABLE;
        int writable = (int) (Memory.getLong(word + SET_BYTES) >>> descriptor & 1) * WRITABLE;
        return readable | writable;
    }

    private static int wordOffset(int descriptor) {
        return descriptor / Long.SIZE * Long.BYTES;
    }

    @Override
    public void wake() {
        wake.signal();
    }

    @Override
    void closeWait() {
        wake.close();
    }
}
