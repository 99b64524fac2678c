package dev.pumasi.web;

import dev.pumasi.runtime.AsyncFolder;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The room on the disk of a folder, and what of it is spoken for: lengths that clients have announced and not sent yet. All loops
 * together; other processes are seen by what they have used already.
 */
final class DiskRoom {

    private final long keptFreeBytes;
    private final AtomicLong announced = new AtomicLong();

    DiskRoom(long keptFreeBytes) {
        this.keptFreeBytes = keptFreeBytes;
    }

    /** Whether {@code bytes} more would leave what is to be kept free. */
    boolean fits(AsyncFolder folder, long bytes) throws IOException {
        return folder.space().usableBytes() - announced.get() - bytes >= keptFreeBytes;
    }

    void announce(long bytes) {
        announced.addAndGet(bytes);
    }

    void arrived(long bytes) {
        announced.addAndGet(-bytes);
    }
}
