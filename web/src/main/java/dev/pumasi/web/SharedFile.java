package dev.pumasi.web;

import dev.pumasi.runtime.AsyncFile;

/**
 * A large file that is open for everybody on one loop who asks for it within a moment, and is closed when nobody will ask
 * any more and the last answer with it is over. Belongs to the loop; where green threads do not run on it, to one answer.
 */
final class SharedFile {

    private final AsyncFile file;
    private int users;
    private boolean kept = true;

    SharedFile(AsyncFile file) {
        this.file = file;
    }

    AsyncFile file() {
        return file;
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
