package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.runtime.memory.Memory;

/**
 * Readiness by {@code epoll(7)}: the kernel keeps the list of handles and tells which are ready, at a cost that does not
 * depend on how many there are. Level-triggered, for the reasons given in {@link ReadinessDriver}; only the descriptor
 * for waking is edge-triggered, so that nobody has to read it.
 */
final class EpollDriver extends ReadinessDriver {

    static final String NAME = "epoll";

    /** What one wait reports at most. */
    private static final int EVENTS_MAX = 1024;

    private static final int EPOLL_CLOEXEC = 0x80000;
    private static final int EPOLL_CTL_ADD = 1;
    private static final int EPOLL_CTL_DEL = 2;
    private static final int EPOLL_CTL_MOD = 3;
    private static final int EPOLLET = 1 << 31;
    private static final int EVENT_BYTES = SystemCall.isEpollEventPacked() ? 12 : 16;
    private static final int EVENT_DATA = EVENT_BYTES - Long.BYTES;

    /** The data of the descriptor for waking: no handle is negative. */
    private static final long WAKE = -1;

    private static final int NANOS_PER_MILLI = 1_000_000;

    private final Libc libc;
    private final int epoll;
    private final WakeDescriptor wake;
    private final boolean waitsInNanos;
    private final Timespec timespec = new Timespec();
    private final Buffer event = Buffer.allocate(EVENT_BYTES);
    private final Buffer events = Buffer.allocate(EVENTS_MAX * EVENT_BYTES);

    /** @throws DriverUnavailableException where there is no epoll */
    EpollDriver() {
        this(DescriptorSockets.libcFor(NAME), true);
    }

    /** As on old kernels: no wait in nanoseconds, no opening beneath a folder, no telling what of a file is in memory. */
    static EpollDriver inMillis() {
        return new EpollDriver(DescriptorSockets.libcFor(NAME), false);
    }

    private EpollDriver(Libc libc, boolean isModern) {
        super(new DescriptorSockets(libc, Integer.MAX_VALUE, isModern));
        this.libc = libc;
        wake = new WakeDescriptor(libc);
        epoll = (int) libc.call(SystemCall.EPOLL_CREATE1, EPOLL_CLOEXEC);
        if (epoll < 0) {
            wake.close();
            throw new DriverUnavailableException("the kernel refuses epoll (errno " + -epoll + ")");
        }
        control(EPOLL_CTL_ADD, wake.descriptor(), READABLE | EPOLLET, WAKE);
        // Older kernels do not have it, and containers' filters may hide it.
        waitsInNanos = isModern && libc.call(SystemCall.EPOLL_PWAIT2, epoll, events.address(), 1, timespec.of(0)) >= 0;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    int watch(Watched watched, int wanted) {
        int operation = wanted == 0 ? EPOLL_CTL_DEL : watched.registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
        // The generation makes a report on an earlier socket of this number recognisable.
        long data = (long) watched.generation << Integer.SIZE | watched.handle;
        return control(operation, watched.handle, wanted, data);
    }

    /** The kernel takes a closed descriptor from its list by itself. */
    @Override
    void unwatch(Watched watched) {}

    private int control(int operation, int descriptor, int wanted, long data) {
        Memory.putInt(event.address(), wanted);
        Memory.putLong(event.address() + EVENT_DATA, data);
        return (int) libc.call(SystemCall.EPOLL_CTL, epoll, operation, descriptor, event.address());
    }

    @Override
    void await(long waitNanos, int reportsMax) {
        int count = waitForEvents(waitNanos, Math.min(reportsMax, EVENTS_MAX));
        long at = events.address();
        for (int i = 0; i < count; i++, at += EVENT_BYTES) {
            long data = Memory.getLong(at + EVENT_DATA);
            Watched watched = watched((int) data);
            if (watched != null && watched.generation == (int) (data >>> Integer.SIZE)) {
                ready(watched, Memory.getInt(at));
            }
        }
    }

    /** How many; none, too, when a signal interrupts. */
    private int waitForEvents(long waitNanos, int max) {
        if (waitsInNanos) {
            return (int) libc.call(SystemCall.EPOLL_PWAIT2, epoll, events.address(), max, timespec.of(waitNanos));
        }
        // A timer must not fire early: up to the next millisecond.
        long millis = waitNanos == FOREVER ? -1 : Math.min(Math.ceilDiv(waitNanos, NANOS_PER_MILLI), Integer.MAX_VALUE);
        return (int) libc.call(SystemCall.EPOLL_PWAIT, epoll, events.address(), max, millis);
    }

    @Override
    public void wake() {
        wake.signal();
    }

    @Override
    void closeWait() {
        libc.call(SystemCall.CLOSE, epoll);
        wake.close();
    }
}
