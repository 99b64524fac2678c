package dev.pumasi.runtime.memory;

import java.util.ArrayList;

/**
 * Buffers for what is sent and for what is received in part, shared by all sockets of a loop: a socket holds one only
 * while it has bytes in it. Last returned, first taken, so that the warmest is used. Belongs to the loop's thread.
 */
public final class BufferPool {

    /** The size of a buffer. */
    public static final int BUFFER_BYTES = 8 * 1024;

    /**
     * Neighbours in a slab begin this much further than a power of two apart: bytes at the head of every buffer would
     * otherwise compete for the same few cache sets.
     */
    private static final int STAGGER_BYTES = 192;

    private static final int SLAB_BUFFERS = 32;

    /** What is kept for reuse; beyond it memory goes back. */
    private static final int KEPT_MAX = 4096;

    private final ArrayList<Buffer> free = new ArrayList<>();

    public Buffer take() {
        if (free.isEmpty()) {
            int stride = BUFFER_BYTES + STAGGER_BYTES;
            Buffer slab = Buffer.allocate(stride * SLAB_BUFFERS);
            for (int i = SLAB_BUFFERS - 1; i >= 0; i--) {
                free.add(slab.slice(i * stride, BUFFER_BYTES));
            }
        }
        return free.removeLast();
    }

    public void giveBack(Buffer buffer) {
        if (free.size() < KEPT_MAX) {
            free.add(buffer);
        }
    }
}
