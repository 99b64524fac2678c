package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * An operation on a file that takes the kernel more than one entry of the ring, or whose result must not be lost when the
 * driver is closed. Its entries carry its index instead of the caller's token. Used again for later operations.
 */
final class UringStep {

    enum Kind {
        /** Kept account of only because a descriptor comes of it. */
        OPEN,
        /** Kept account of only because the ring looks its folders up when it comes to it, and not before. */
        IN_FOLDER,
        /** Two entries, linked. */
        WRITE_AND_SYNC,
        /** One entry at a time, or none while {@code sendfile} does it all. */
        TRANSFER
    }

    /** What the entry of a transfer that is under way does. */
    enum Doing {
        WAITING_FOR_ROOM,
        READING,
        SENDING
    }

    static final int NONE = -1;

    /** Tokens below this one are entries of steps: two numbers for each. */
    static final long ENTRIES_BELOW = -1;

    static final long FIRST_ENTRY = ENTRIES_BELOW - 1;

    final int index;
    Kind kind = Kind.OPEN;
    long token;
    boolean isCancelled;

    /** How many entries have not come back. */
    int entriesLeft;

    /** Of an opening: those that the file keeps. */
    int flags;

    /** Of the write: how much it is to write, and what has come of it. */
    long length;

    int written;
    int synced;

    /** What must stay open until it is over: a file, or one or two folders. */
    int file = NONE;

    int targetFolder = NONE;
    int socket;
    long position;
    Doing doing = Doing.READING;

    /** Held between a read and its send. */
    @Nullable
    Buffer bytes;

    /** What is written must stay reachable. */
    @Nullable
    Object kept;

    UringStep(int index) {
        this.index = index;
    }

    /** The token of its next entry. */
    long entry() {
        return FIRST_ENTRY - (2L * index + entriesLeft++);
    }
}
