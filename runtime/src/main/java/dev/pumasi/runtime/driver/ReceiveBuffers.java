package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;

/**
 * The buffers of a readiness driver into which connections receive without owning one. The last one given back is the
 * next one used, since its memory is still in the cache; so they are made only as far as they are ever needed at once,
 * {@value #SLAB_COUNT} at a time. Belongs to one thread.
 */
final class ReceiveBuffers {

    /** What a typical request fits into. */
    static final int BUFFER_BYTES = 2048;

    /** As many as a loop's turn gathers completions: 2 MiB at most. */
    static final int COUNT_MAX = 1024;

    static final int NONE = -1;

    private static final int SLAB_COUNT = 32;

    private final Buffer[] buffers = new Buffer[COUNT_MAX];
    private final boolean[] isTaken = new boolean[COUNT_MAX];
    private final int[] free = new int[COUNT_MAX];
    private int freeCount;
    private int madeCount;

    Buffer get(int id) {
        return buffers[id];
    }

    /** The buffer that {@link #take} would take, or {@link #NONE}. */
    int next() {
        if (freeCount == 0) {
            if (madeCount == COUNT_MAX) {
                return NONE;
            }
            makeSlab();
        }
        return free[freeCount - 1];
    }

    /** Takes the buffer that {@link #next} named. */
    void take() {
        isTaken[free[--freeCount]] = true;
    }

    void release(int id) {
        if (!isTaken[id]) {
            throw new IllegalStateException("provided buffer " + id + " was given back already");
        }
        isTaken[id] = false;
        free[freeCount++] = id;
    }

    private void makeSlab() {
        Buffer slab = Buffer.allocate(SLAB_COUNT * BUFFER_BYTES);
        for (int i = 0; i < SLAB_COUNT; i++) {
            buffers[madeCount] = slab.slice(i * BUFFER_BYTES, BUFFER_BYTES);
            free[freeCount++] = madeCount++;
        }
    }
}
