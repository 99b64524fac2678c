package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.runtime.memory.Memory;
import java.util.Arrays;

/**
 * Readiness by {@code poll(2)}: the list of handles is ours, and goes to the kernel whole at every wait. Its cost grows
 * with their number; it works wherever there is a Unix.
 *
 * <p>The table holds one {@code struct pollfd} for each watched handle, without gaps: the last entry moves to where one
 * is removed. The first is the descriptor for waking. Reports are read from where the last turn stopped, so that no
 * handle is nearer to the front than another.
 */
final class PollDriver extends ReadinessDriver {

    static final String NAME = "poll";

    /** {@code int fd; short events; short revents}. */
    private static final int ENTRY_BYTES = 8;

    private static final int EVENTS = 4;
    private static final int REPORTED = 6;
    private static final int ENTRIES_FIRST = 256;

    private final Libc libc;
    private final WakeDescriptor wake;
    private final Timespec timespec = new Timespec();
    private Buffer table = Buffer.allocate(ENTRIES_FIRST * ENTRY_BYTES);
    private int size;
    /** Where in the table each handle is; meaningful while it is registered. */
    private int[] places = new int[ENTRIES_FIRST];

    private int next;

    /** @throws DriverUnavailableException where there are no system calls to be had */
    PollDriver() {
        this(DescriptorSockets.libcFor(NAME));
    }

    private PollDriver(Libc libc) {
        super(new DescriptorSockets(libc, Integer.MAX_VALUE));
        this.libc = libc;
        wake = new WakeDescriptor(libc);
        append(wake.descriptor(), READABLE);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    int watch(Watched watched, int wanted) {
        if (wanted == 0) {
            remove(watched.handle);
        } else if (watched.registered == 0) {
            append(watched.handle, wanted);
        } else {
            Memory.putShort(entry(places[watched.handle]) + EVENTS, (short) wanted);
        }
        return 0;
    }

    @Override
    void unwatch(Watched watched) {
        if (watched.registered != 0) {
            remove(watched.handle);
        }
    }

    private void append(int descriptor, int wanted) {
        if (size * ENTRY_BYTES == table.capacity()) {
            Buffer larger = Buffer.allocate(2 * table.capacity());
            larger.put(0, table, 0, table.capacity());
            table = larger;
        }
        if (descriptor >= places.length) {
            places = Arrays.copyOf(places, Math.max(descriptor + 1, 2 * places.length));
        }
        places[descriptor] = size;
        Memory.putInt(entry(size), descriptor);
        Memory.putShort(entry(size) + EVENTS, (short) wanted);
        size++;
    }

    private void remove(int handle) {
        int place = places[handle];
        size--;
        int moved = Memory.getInt(entry(size));
        Memory.putLong(entry(place), Memory.getLong(entry(size)));
        places[moved] = place;
    }

    @Override
    void await(long waitNanos, int reportsMax) {
        int found = (int) libc.call(SystemCall.PPOLL, table.address(), size, timespec.of(waitNanos), 0);
        if (found <= 0) {
            return;
        }
        if (Memory.getShort(entry(0) + REPORTED) != 0) {
            wake.reset(libc);
            found--;
        }
        int left = Math.min(found, reportsMax);
        for (int seen = 1; seen < size && left > 0; seen++) {
            next = next + 1 < size ? next + 1 : 1;
            long entry = entry(next);
            int reported = Memory.getShort(entry + REPORTED);
            if (reported != 0) {
                ready(watchedOf(Memory.getInt(entry)), reported);
                left--;
            }
        }
    }

    private long entry(int place) {
        return table.address() + (long) place * ENTRY_BYTES;
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
