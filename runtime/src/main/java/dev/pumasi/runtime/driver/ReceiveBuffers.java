package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;

/**
 * The buffers of a driver into which connections receive without owning one. The last one given back is the next one
 * used: its memory is still in the cache. Belongs to one thread.
 */
final class ReceiveBuffers {

    /** What a typical request fits into. */
    static final int BUFFER_BYTES = 2048;

    /** For a full turn of completions and as much again held back by consumers: 2 MiB, touched only when used. */
    static final int COUNT = 1024;

    static final int NONE = -1;

    private final Buffer[] buffers = new Buffer[COUNT];
    private final boolean[] isTaken = new boolean[COUNT];
    private final int[] free = new int[COUNT];
    private int freeCount = COUNT;

    ReceiveBuffers() {
        Buffer slab = Buffer.allocate(COUNT * BUFFER_BYTES);
        for (int id = 0; id < COUNT; id++) {
            buffers[id] = slab.slice(id * BUFFER_BYTES, BUFFER_BYTES);
            free[id] = COUNT - 1 - id;
        }
    }

    Buffer get(int id) {
        return buffers[id];
    }

    /** The buffer that {@link #take} would take, or {@link #NONE}. */
    int next() {
        return freeCount == 0 ? NONE : free[freeCount - 1];
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
}
