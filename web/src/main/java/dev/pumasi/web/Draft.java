package dev.pumasi.web;

import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.AsyncFolder;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A file on its way to its name: what has come of it lies under a temporary name beside it, which begins with a dot and is gone
 * when this is closed, unless it was put in place. Used by one green thread.
 */
final class Draft implements AutoCloseable {

    private final AsyncFolder folder;
    private final AsyncFile file;
    private final Path target;
    private long length;
    private boolean placed;

    /** Opens one in the folder of {@code target}, which is beneath {@code folder}. */
    Draft(AsyncFolder folder, Path target) throws IOException {
        this.folder = folder;
        this.target = target;
        file = folder.openTemporaryBeneath(target);
    }

    /** Of a file that is complete already, and lies beside its place under another name. */
    Draft(AsyncFolder folder, Path target, AsyncFile complete) {
        this.folder = folder;
        this.target = target;
        file = complete;
    }

    Path target() {
        return target;
    }

    long length() {
        return length;
    }

    void write(byte[] bytes, int count) throws IOException {
        file.write(length, bytes, 0, count);
        length += count;
    }

    /** Its bytes are on the disk when this returns. */
    void sync() throws IOException {
        file.sync();
    }

    /** What it will be in its place. */
    FileVersion version() throws IOException {
        return FileVersion.of(file.status());
    }

    /** Puts it in place, of what is there or only where nothing is. */
    void place(boolean replaces) throws IOException {
        if (replaces) {
            folder.replaceBeneath(folder.temporaryOf(file), target);
        } else {
            folder.renameBeneath(folder.temporaryOf(file), target);
        }
        placed = true;
    }

    @Override
    public void close() {
        Path temporary = folder.temporaryOf(file);
        file.close();
        if (!placed) {
            Cleared.whatever(() -> folder.deleteBeneath(temporary));
        }
    }
}
