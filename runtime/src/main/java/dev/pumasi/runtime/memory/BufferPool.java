package dev.pumasi.runtime.memory;

import java.util.ArrayList;

/**
 * Buffers for what is sent and for what is received in part, shared by all sockets of a loop: a socket holds one only
 * while it has bytes in it. Last returned, first taken, so that the warmest is used. Belongs to the loop's thread.
 *
 * <p>There are three sizes. A request's head is a few hundred bytes as a rule, and must be kept for as long as its answer takes: of
 * clients that read slowly, or send slowly, there may be thousands. A large one holds the longest head that servers take by default; few
 * are kept, and none is lent for long but to clients that mean harm.
 */
public final class BufferPool {

    /** The size of a buffer. */
    public static final int BUFFER_BYTES = 8 * 1024;

    /** The size of a small one. */
    public static final int SMALL_BYTES = 1024;

    /** The size of a large one. */
    public static final int LARGE_BYTES = 32 * 1024;

    /**
     * Neighbours in a slab begin this much further than a power of two apart: bytes at the head of every buffer would
     * otherwise compete for the same few cache sets.
     */
    private static final int STAGGER_BYTES = 192;

    private static final int SLAB_BUFFERS = 32;

    /** What is kept of the first two sizes for reuse; beyond it memory goes back. */
    private static final int KEPT_MAX = 4096;

    /** What is kept of the large ones, 2 MiB. */
    private static final int LARGE_KEPT_MAX = 64;

    private final ArrayList<Buffer> free = new ArrayList<>();
    private final ArrayList<Buffer> freeSmall = new ArrayList<>();
    private final ArrayList<Buffer> freeLarge = new ArrayList<>();

    /** One of {@value #BUFFER_BYTES} bytes. */
    public Buffer take() {
        return taken(free, BUFFER_BYTES);
    }

    /** One for so many bytes: of the least size that has them, or, if none has, one that is not of the pool. */
    public Buffer take(int bytes) {
        if (bytes > LARGE_BYTES) {
            return Buffer.allocate(bytes);
        }
        if (bytes > BUFFER_BYTES) {
            return freeLarge.isEmpty() ? Buffer.allocate(LARGE_BYTES) : freeLarge.removeLast();
        }
        return bytes > SMALL_BYTES ? take() : taken(freeSmall, SMALL_BYTES);
    }

    /** Takes a buffer back; one that is not of the pool is left alone. */
    public void giveBack(Buffer buffer) {
        switch (buffer.capacity()) {
            case BUFFER_BYTES -> keep(free, buffer, KEPT_MAX);
            case SMALL_BYTES -> keep(freeSmall, buffer, KEPT_MAX);
            case LARGE_BYTES -> keep(freeLarge, buffer, LARGE_KEPT_MAX);
            default -> {}
        }
    }

    private static Buffer taken(ArrayList<Buffer> from, int bytes) {
        if (from.isEmpty()) {
            int stride = bytes + STAGGER_BYTES;
            Buffer slab = Buffer.allocate(stride * SLAB_BUFFERS);
            for (int i = SLAB_BUFFERS - 1; i >= 0; i--) {
                from.add(slab.slice(i * stride, bytes));
            }
        }
        return from.removeLast();
    }

    private static void keep(ArrayList<Buffer> to, Buffer buffer, int most) {
        if (to.size() < most) {
            to.add(buffer);
        }
    }
}
