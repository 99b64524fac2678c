package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One blocking call on its way through a {@link FilePool}: filled in by the driver's thread, made by a thread of the pool,
 * and read by the driver's thread again. Between the two it belongs to one of them at a time: the pool's queue orders
 * what the driver wrote before what the thread reads, and the list of finished tasks the other way round. It is used
 * again for later calls.
 */
final class FileTask {

    enum Kind {
        OPEN,
        OPEN_BENEATH,
        CLOSE,
        READ,
        /** As READ, into a buffer of the pool's, for a socket. */
        FETCH,
        READ_PIECES,
        WRITE,
        WRITE_PIECES,
        WRITE_AND_SYNC,
        SYNC,
        SYNC_DATA,
        TRUNCATE,
        ALLOCATE,
        STATUS,
        STATUS_OF_PATH,
        RENAME,
        DELETE,
        MAKE_FOLDER,
        /** Of a name in an open folder. */
        RENAME_IN,
        DELETE_IN,
        MAKE_FOLDER_IN,
        SPACE,
        SPACE_OF_PATH,
        LIST
    }

    private static final int WAITING = 0;
    private static final int BEGUN = 1;
    private static final int CANCELLED = 2;
    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(FileTask.class, "state", int.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    final FilePool pool;
    Kind kind = Kind.CLOSE;
    long token;
    long position;
    long length;
    int offset;

    /** Permissions, or a yes or no, as the kind has it. */
    int detail;

    @Nullable
    OpenFile file;

    /** Where a RENAME_IN goes to. */
    @Nullable
    OpenFile targetFolder;

    @Nullable
    Buffer buffer;

    @Nullable
    Gather pieces;

    @Nullable
    Buffer control;

    @Nullable
    Path path;

    @Nullable
    Path target;

    @Nullable
    FileAccess access;

    @Nullable
    Listing listing;

    /** What a FETCH is for. */
    @Nullable
    Attempt sending;

    /** What was opened, where a descriptor does not say it all. */
    @Nullable
    NioFile opened;

    int result;

    /** Whether the pool has had it; what is refused before is only given back. */
    boolean isSubmitted;

    /** Of the pool's list of finished tasks. */
    @Nullable
    FileTask next;

    /** Whoever moves it away from WAITING, the thread that makes the call or the one that cancels it, may go on. */
    @SuppressWarnings("unused") // through STATE
    private volatile int state;

    FileTask(FilePool pool) {
        this.pool = pool;
    }

    void waits() {
        STATE.setOpaque(this, WAITING); // published by the queue
    }

    boolean begins() {
        return STATE.compareAndSet(this, WAITING, BEGUN);
    }

    boolean cancels() {
        return STATE.compareAndSet(this, WAITING, CANCELLED);
    }

    boolean isCancelled() {
        return (int) STATE.getOpaque(this) == CANCELLED;
    }

    /** The fields that the operation's kind has set. */
    OpenFile file() {
        return Objects.requireNonNull(file);
    }

    OpenFile targetFolder() {
        return Objects.requireNonNull(targetFolder);
    }

    Buffer buffer() {
        return Objects.requireNonNull(buffer);
    }

    Gather pieces() {
        return Objects.requireNonNull(pieces);
    }

    Buffer control() {
        return Objects.requireNonNull(control);
    }

    Path path() {
        return Objects.requireNonNull(path);
    }

    Path target() {
        return Objects.requireNonNull(target);
    }

    FileAccess access() {
        return Objects.requireNonNull(access);
    }

    Listing listing() {
        return Objects.requireNonNull(listing);
    }

    /** Lets go of what belongs to the caller. */
    void clear() {
        token = 0;
        isSubmitted = false;
        file = null;
        targetFolder = null;
        buffer = null;
        pieces = null;
        control = null;
        path = null;
        target = null;
        access = null;
        listing = null;
        sending = null;
        opened = null;
        next = null;
    }
}
