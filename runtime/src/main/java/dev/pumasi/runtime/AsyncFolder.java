package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.FileAccess;
import dev.pumasi.runtime.driver.FileAttributes;
import dev.pumasi.runtime.driver.Listing;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * An open folder, which belongs to one loop: to list it, to open files below it and nowhere else, and to make durable what
 * was done to the names in it. Threads, styles and errors are as with {@link AsyncFile}.
 */
public final class AsyncFolder implements Closeable {

    /** How many entries are taken on at most; a folder with more is refused with {@link Failure#FILE_TOO_LARGE}. */
    public static final int ENTRIES_MAX = 1 << 22;

    private final AsyncFile folder;

    AsyncFolder(AsyncFile folder) {
        this.folder = folder;
    }

    /** The path it was opened by. */
    public Path path() {
        return folder.path();
    }

    public Loop loop() {
        return folder.loop();
    }

    /** What is in it, in the order of the file system, without "." and "..". One thread at a time. */
    public List<Listing.Entry> list() throws IOException {
        Listing listing = new Listing();
        int count = 0;
        int more;
        do {
            more = folder.startList(listing).await();
            count += more;
            if (count > ENTRIES_MAX) {
                throw new OperationException("list " + path(), Failure.FILE_TOO_LARGE);
            }
        } while (more > 0);
        return listing.entries();
    }

    /**
     * Opens what lies at a path below this folder. No name in it, no link and no change made meanwhile leads out of the
     * folder: what would fails with {@link Failure#OUTSIDE}. Where the kernel cannot promise that (Linux before 5.6, and
     * the NIO driver), links are not followed at all: {@link Failure#TOO_MANY_LINKS}.
     *
     * @param path a relative one
     */
    public AsyncFile openBeneath(Path path, AsyncFile.Option... options) throws IOException {
        return startOpenBeneath(path, options).await();
    }

    /** As {@link #openBeneath}; the operation yields the file. */
    public Operation<AsyncFile> startOpenBeneath(Path path, AsyncFile.Option... options) {
        FileAccess access = AsyncFile.Option.access(options);
        return folder.openingBeneath(path, access);
    }

    /** Makes durable what was created, renamed and deleted in it. */
    public void sync() throws IOException {
        folder.syncAll();
    }

    /** What the file system says about it. */
    public FileAttributes status() throws IOException {
        return folder.status();
    }

    /** Closes it; what is in progress is carried out first. Any thread. */
    @Override
    public void close() {
        folder.close();
    }

    @Override
    public String toString() {
        return "folder " + path();
    }
}
