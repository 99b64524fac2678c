package dev.pumasi.http;

import dev.pumasi.runtime.memory.Buffer;
import java.util.ArrayDeque;

/** The buffers by which long bodies are sent on one loop, lent for as long as one is. Belongs to the loop's thread. */
final class LargeBuffers {

    static final int BYTES = 64 * 1024;

    private static final int KEPT_MAX = 16;

    private final ArrayDeque<Buffer> kept = new ArrayDeque<>();

    Buffer take() {
        Buffer buffer = kept.pollLast();
        return buffer != null ? buffer : Buffer.allocate(BYTES);
    }

    void giveBack(Buffer buffer) {
        if (kept.size() < KEPT_MAX) {
            kept.addLast(buffer);
        }
    }
}
