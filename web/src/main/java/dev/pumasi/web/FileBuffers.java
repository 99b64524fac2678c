package dev.pumasi.web;

import dev.pumasi.runtime.memory.Buffer;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Memory through which large files pass. Up to {@value #LARGE_MAX} buffers are large; who comes when all are in use gets
 * small ones, so that ten thousand slow downloads make files slower and not memory scarce. Any thread may call.
 */
final class FileBuffers {

    static final int LARGE_BYTES = 64 * 1024;
    static final int SMALL_BYTES = 8 * 1024;

    /** 64 MiB in all. */
    static final int LARGE_MAX = 1024;

    /** How many large ones are kept when nobody needs them. */
    private static final int KEPT_MAX = 64;

    private final ConcurrentLinkedQueue<Buffer> kept = new ConcurrentLinkedQueue<>();
    private final AtomicInteger keptCount = new AtomicInteger();
    private final AtomicInteger lent = new AtomicInteger();

    Buffer take() {
        if (lent.incrementAndGet() > LARGE_MAX) {
            lent.decrementAndGet();
            return Buffer.allocate(SMALL_BYTES);
        }
        @Nullable Buffer buffer = kept.poll();
        if (buffer == null) {
            return Buffer.allocate(LARGE_BYTES);
        }
        keptCount.decrementAndGet();
        return buffer;
    }

    /**
     * Returns one that nobody uses any more.
     *
     * @param isReusable false if the kernel may still be reading it: then it is left to the garbage collector
     */
    void giveBack(Buffer buffer, boolean isReusable) {
        if (buffer.capacity() != LARGE_BYTES) {
            return;
        }
        lent.decrementAndGet();
        if (isReusable) {
            if (keptCount.incrementAndGet() <= KEPT_MAX) {
                kept.add(buffer);
            } else {
                keptCount.decrementAndGet();
            }
        }
    }
}
