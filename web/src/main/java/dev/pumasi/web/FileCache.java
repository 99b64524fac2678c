package dev.pumasi.web;

import dev.pumasi.http.Response;
import java.util.Iterator;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Small files that were asked for a moment ago, by the path as it was sent. For {@value #FRESH_NANOS} ns they are answered
 * without a look at the file system; after that the file is looked at, and read again unless it is of the same version.
 *
 * <p>Each loop has its own, so that nobody waits for anybody: the monitor that writers take is always free, except where green threads
 * do not run on their loop. Readers take none.
 */
final class FileCache {

    /** How old an answer may be: after a change the old file is seen for that long at most. */
    static final long FRESH_NANOS = 1_000_000_000L;

    /** What an entry costs beside its bytes and its path, roughly. */
    private static final int ENTRY_BYTES = 1024;

    /** A file as it was at one time. */
    static final class Entry {

        private final Found.Small file;
        private final Response whole;
        private final long checkedNanos;

        /** The same compressed, once somebody has asked for it. A race makes it twice, and nothing worse. */
        private volatile @Nullable Response compressed;

        /**
         * @param whole the answer to a request for all of it, ready to be sent
         * @param checkedNanos not later than the file was looked at
         */
        Entry(Found.Small file, Response whole, long checkedNanos) {
            this.file = file;
            this.whole = whole;
            this.checkedNanos = checkedNanos;
        }

        Found.Small file() {
            return file;
        }

        Response whole() {
            return whole;
        }

        @Nullable
        Response compressed() {
            return compressed;
        }

        void compressed(Response made) {
            compressed = made;
        }

        boolean isFresh(long nowNanos) {
            return nowNanos - checkedNanos < FRESH_NANOS;
        }
    }

    private final long bytesMax;
    private final ConcurrentHashMap<String, Entry> entries = new ConcurrentHashMap<>();
    private long bytes;

    /** @param bytesMax what all entries may cost; 0 to keep nothing */
    FileCache(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    @Nullable
    Entry get(String path) {
        return entries.get(path);
    }

    synchronized void put(String path, Entry entry) {
        remove(path);
        long cost = cost(path, entry);
        if (cost > bytesMax) {
            return;
        }
        // Whichever come first: what is still wanted is back after one read.
        Iterator<String> others = entries.keySet().iterator();
        while (bytes + cost > bytesMax && others.hasNext()) {
            remove(others.next());
        }
        entries.put(path, entry);
        bytes += cost;
    }

    synchronized void remove(String path) {
        Entry entry = entries.remove(path);
        if (entry != null) {
            bytes -= cost(path, entry);
        }
    }

    synchronized void clear() {
        entries.clear();
        bytes = 0;
    }

    synchronized long bytes() {
        return bytes;
    }

    private static long cost(String path, Entry entry) {
        return ENTRY_BYTES + 2L * path.length() + entry.file.bytes().capacity();
    }
}
