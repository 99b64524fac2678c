package dev.pumasi.web;

import dev.pumasi.runtime.AsyncFile;

/**
 * A large file that is open for everybody on one loop who asks for it within a moment, and is closed when nobody will ask
 * any more and the last answer with it is over. Belongs to the loop; where green threads do not run on it, to one answer.
 */
final class SharedFile {

    /**
     * A file that many ask for at once is looked at once. So long, an answer may announce the length of before: that a file is
     * cut short between its head and its end must be borne anyway.
     */
    private static final long FRESH_NANOS = 5_000_000;

    private final AsyncFile file;
    private int users;
    private long lookedAtNanos;
    private boolean kept = true;

    /** @param nowNanos when its version was looked up */
    SharedFile(AsyncFile file, long nowNanos) {
        this.file = file;
        lookedAtNanos = nowNanos;
    }

    AsyncFile file() {
        return file;
    }

    /** Whether its version was looked up so lately that it need not be again. */
    boolean isFresh(long nowNanos) {
        return nowNanos - lookedAtNanos < FRESH_NANOS;
    }

    /** Its version was looked up, and is still the same. */
    void sawSame(long nowNanos) {
        lookedAtNanos = nowNanos;
    }

    /** For an answer, which must {@link #release} it. */
    void use() {
        users++;
    }

    void release() {
        users--;
        closeIfOver();
    }

    /** Nobody will ask for it any more. */
    void forget() {
        kept = false;
        closeIfOver();
    }

    private void closeIfOver() {
        if (!kept && users == 0) {
            file.close();
        }
    }
}
