package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import org.jspecify.annotations.Nullable;

/** What a thread that makes blocking calls has of its own. */
final class FileThread {

    /** What one {@code getdents64} brings at most. */
    static final int ENTRIES_BYTES = 32 * 1024;

    private @Nullable Libc libc;
    private @Nullable Buffer entries;

    /** Errors are captured into its memory, so each thread has its own. */
    Libc libc() {
        Libc made = libc;
        if (made == null) {
            made = new Libc();
            libc = made;
        }
        return made;
    }

    Buffer entries() {
        Buffer made = entries;
        if (made == null) {
            made = Buffer.allocate(ENTRIES_BYTES);
            entries = made;
        }
        return made;
    }
}
