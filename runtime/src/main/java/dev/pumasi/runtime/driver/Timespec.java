package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;

/** A {@code struct timespec} for the waits of {@code ppoll(2)} and its kin. */
final class Timespec {

    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private final Buffer memory = Buffer.allocate(2 * Long.BYTES);

    /** The address of a timespec of that length, or 0, which means without end to the kernel. */
    long of(long nanos) {
        if (nanos == Driver.FOREVER) {
            return 0;
        }
        memory.putLong(0, nanos / NANOS_PER_SECOND);
        memory.putLong(Long.BYTES, nanos % NANOS_PER_SECOND);
        return memory.address();
    }
}
