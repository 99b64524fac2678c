package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Errno;
import dev.pumasi.runtime.driver.FileAccess;
import dev.pumasi.runtime.driver.FileAttributes;
import dev.pumasi.runtime.driver.FileOperations;
import dev.pumasi.runtime.driver.Gather;
import dev.pumasi.runtime.driver.Listing;
import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.runtime.memory.BufferPool;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An open file that belongs to one loop. Its loop never waits for the disk: with io_uring the kernel does the work and
 * reports it, with the other drivers a small pool of threads behind the driver makes the calls; either way the loop
 * goes on, and who waits is woken by the loop itself.
 *
 * <p><b>Two styles.</b>
 *
 * <ul>
 *   <li><b>direct</b>: {@link #read}, {@link #write}, {@link #append}, {@link #sync} … park the calling green thread until
 *       all of it is done; a short read or write is continued. A platform thread blocks.
 *   <li><b>operations</b>: {@link #startRead(long, Buffer, int, int)} and all that begin with {@code start} begin one
 *       operation of the kernel and return it, so that a thread can compute meanwhile or have many in progress. What they
 *       yield may be less than was asked for. They can be cancelled and given a time limit; what a disk has begun ends by
 *       itself, and the outcome says what came of it.
 * </ul>
 *
 * <p><b>Positions</b> are byte offsets, given with each call: there is no current position, so that operations do not
 * disturb each other. <b>Order</b> between operations in progress at the same time is not promised: wait for the first, or
 * use {@link #startWriteAndSync}, when it matters. <b>Buffers</b> belong to an operation until it is done.
 *
 * <p><b>What is durable.</b> What was written outlives a crash of the machine once a sync that was started after it is
 * done; a new file's name once its folder was synced ({@link AsyncFolder#sync}). A sync that fails has lost something for
 * good, and another one that succeeds does not bring it back: write it again, or give up.
 *
 * <p><b>The end.</b> {@link #close} lets what is in progress end and refuses everything else with {@link Failure#CLOSED}. A
 * loop that stops closes its files.
 *
 * <p><b>Threads.</b> Any thread may call any method. <b>Errors</b>: {@link OperationException} with a cause and a remedy;
 * it names the file.
 */
public final class AsyncFile implements Closeable {

    /** How a file is to be opened. */
    public enum Option {
        /** For reading; also if nothing is said. */
        READ,
        WRITE,
        /** Every write goes to the end, wherever that is by then. */
        APPEND,
        /** Make it if it is not there. */
        CREATE,
        /** Make it, and fail with {@link Failure#ALREADY_EXISTS} if it is there. */
        CREATE_NEW,
        /** Cut it to no bytes. */
        TRUNCATE,
        /**
         * Past the page cache ({@code O_DIRECT}): addresses, positions and lengths must be multiples of {@link
         * #DIRECT_BYTES}, or the operation fails with {@link Failure#INVALID}. See {@link #directBuffer}.
         */
        DIRECT,
        /** Fail if the last name of the path is a symbolic link. */
        NO_FOLLOW;

        static FileAccess access(Option... options) {
            EnumSet<Option> all = EnumSet.noneOf(Option.class);
            all.addAll(List.of(options));
            boolean writes = all.contains(WRITE) || all.contains(APPEND);
            boolean creates = all.contains(CREATE) || all.contains(CREATE_NEW);
            if ((creates || all.contains(TRUNCATE)) && !writes) {
                throw new IllegalArgumentException(all + ": only what is opened for writing is created or cut");
            }
            return new FileAccess(
                    all.contains(READ) || !writes,
                    writes,
                    all.contains(APPEND),
                    creates,
                    all.contains(CREATE_NEW),
                    all.contains(TRUNCATE),
                    all.contains(DIRECT),
                    false,
                    !all.contains(NO_FOLLOW),
                    FileAccess.MODE_DEFAULT);
        }
    }

    /** What addresses, positions and lengths of direct access are multiples of: enough for every device in use. */
    public static final int DIRECT_BYTES = 4096;

    /** What is copied at once between an array and the kernel. */
    private static final int COPIED_BYTES_MAX = 256 * 1024;

    private final Loop loop;
    private final Path path;
    private final int handle;
    private final boolean direct;
    private boolean closed;

    private AsyncFile(Loop loop, Path path, int handle, boolean direct) {
        this.loop = loop;
        this.path = path;
        this.handle = handle;
        this.direct = direct;
        loop.files().opened(handle);
    }

    /**
     * Opens it, by the driver's operation that is handed over.
     *
     * @param above the open folder that it is opened beneath, if it is
     * @param as what is made of the file
     */
    static <T> Operation<T> opening(
            Loop loop,
            @Nullable AsyncFile above,
            Path path,
            FileAccess access,
            Function<AsyncFile, T> as,
            AsyncFiles.Submission submission) {
        return new AsyncFiles.Controlled<T>(loop, "open " + path) {
            @Override
            int refusal() {
                return above == null ? 0 : above.refusal();
            }

            @Override
            void submit(Buffer control, long token) {
                submission.submit(control, token);
            }

            @Override
            T valueOf(Buffer control, int result) {
                return as.apply(new AsyncFile(loop, path, result, access.direct()));
            }
        }.started();
    }

    /** Memory of which every multiple of {@link #DIRECT_BYTES} can be used with {@link Option#DIRECT}. */
    public static Buffer directBuffer(int bytes) {
        return Buffer.allocate(bytes, DIRECT_BYTES);
    }

    /** The path it was opened by. */
    public Path path() {
        return path;
    }

    public Loop loop() {
        return loop;
    }

    // ------------------------------------------------------------------------------------------- reading

    /**
     * Fills the range, unless the file ends before.
     *
     * @return how many bytes were read; less than {@code length} only at the end of the file
     */
    public int read(long position, Buffer into, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, into.capacity());
        int done = 0;
        while (done < length) {
            int asked = length - done;
            int count = startRead(position + done, into, offset + done, asked).await();
            done += count;
            if (count == 0 || direct && count < asked) {
                break; // direct reads are short at the end only, and from there on would be misaligned
            }
        }
        return done;
    }

    /** As {@link #read(long, Buffer, int, int)}, into an array. */
    public int read(long position, byte[] to, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, to.length);
        Buffer buffer = takeCopied(length);
        try {
            int done = 0;
            while (done < length) {
                int asked = Math.min(length - done, buffer.capacity());
                int count = read(position + done, buffer, 0, asked);
                buffer.get(0, to, offset + done, count);
                done += count;
                if (count < asked) {
                    break;
                }
            }
            return done;
        } finally {
            giveBack(buffer);
        }
    }

    /**
     * Everything that is in it.
     *
     * @param bytesMax if there is more it is refused with {@link Failure#FILE_TOO_LARGE}
     */
    public byte[] readAll(int bytesMax) throws IOException {
        int most = Math.min(bytesMax, AsyncFiles.READ_ALL_BYTES_MAX);
        // One byte more than it seems to have shows whether it has grown; some files have a length of 0 and a content.
        byte[] bytes = new byte[(int) Math.min(size(), most) + 1];
        int done = 0;
        while (true) {
            done += read(done, bytes, done, bytes.length - done);
            if (done > most) {
                throw new OperationException("read all of " + path, Failure.FILE_TOO_LARGE);
            }
            if (done < bytes.length) {
                return Arrays.copyOf(bytes, done);
            }
            bytes = Arrays.copyOf(bytes, (int) Math.min(Math.max(2L * done, BufferPool.BUFFER_BYTES), most + 1L));
        }
    }

    /** As {@link #readAll}. */
    public Operation<byte[]> startReadAll(int bytesMax) {
        return Errand.begun(loop, "read all of " + path, () -> readAll(bytesMax));
    }

    /** Reads once: yields how many bytes, at most {@code length}; 0 at the end of the file. */
    public Operation<Integer> startRead(long position, Buffer into, int offset, int length) {
        checkPosition(position);
        Objects.checkFromIndexSize(offset, length, into.capacity());
        return new Counted("read from ") {
            @Override
            void submit(long token) {
                files().read(handle, position, into, offset, length, token);
            }
        }.started();
    }

    /** As one read, scattered over the pieces. */
    public Operation<Integer> startRead(long position, Gather pieces) {
        checkPosition(position);
        return new Counted("read from ") {
            @Override
            void submit(long token) {
                files().read(handle, position, pieces, token);
            }
        }.started();
    }

    // ------------------------------------------------------------------------------------------- writing

    /**
     * Writes the whole range. If it fails, a part of it may have been written, from its beginning on; on a full disk that
     * is what there was room for.
     */
    public void write(long position, Buffer from, int offset, int length) throws IOException {
        checkPosition(position);
        writeFully(position, from, offset, length);
    }

    /** As {@link #write(long, Buffer, int, int)}, from an array. */
    public void write(long position, byte[] from, int offset, int length) throws IOException {
        checkPosition(position);
        copyOut(position, from, offset, length);
    }

    /** Writes the whole range at the end of the file, which was opened for appending. If a write is short, what others append may come between. */
    public void append(Buffer from, int offset, int length) throws IOException {
        writeFully(FileOperations.APPEND, from, offset, length);
    }

    /** As {@link #append(Buffer, int, int)}, from an array. */
    public void append(byte[] from, int offset, int length) throws IOException {
        copyOut(FileOperations.APPEND, from, offset, length);
    }

    private void copyOut(long position, byte[] from, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, from.length);
        Buffer buffer = takeCopied(length);
        try {
            for (int done = 0; done < length; ) {
                int count = Math.min(length - done, buffer.capacity());
                buffer.put(0, from, offset + done, count);
                writeFully(position == FileOperations.APPEND ? position : position + done, buffer, 0, count);
                done += count;
            }
        } finally {
            giveBack(buffer);
        }
    }

    private void writeFully(long position, Buffer from, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, from.capacity());
        int done = 0;
        while (done < length) {
            long at = position == FileOperations.APPEND ? position : position + done;
            int count = writing(at, from, offset + done, length - done).await();
            if (count == 0) {
                throw new OperationException("write to " + path, Failure.IO); // which would be tried without end
            }
            done += count;
        }
    }

    /** Writes once: yields how many bytes, which may be fewer than {@code length}. */
    public Operation<Integer> startWrite(long position, Buffer from, int offset, int length) {
        checkPosition(position);
        return writing(position, from, offset, length);
    }

    /** Writes once at the end of the file, which was opened for appending: yields how many bytes. */
    public Operation<Integer> startAppend(Buffer from, int offset, int length) {
        return writing(FileOperations.APPEND, from, offset, length);
    }

    private Operation<Integer> writing(long position, Buffer from, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, from.capacity());
        return new Counted("write to ") {
            @Override
            void submit(long token) {
                files().write(handle, position, from, offset, length, token);
            }
        }.started();
    }

    /** Writes the pieces as one: yields how many bytes, which may be fewer than their sum. */
    public Operation<Integer> startWrite(long position, Gather pieces) {
        checkPosition(position);
        return gathered(position, pieces);
    }

    /** Writes the pieces as one at the end of the file, which was opened for appending. */
    public Operation<Integer> startAppend(Gather pieces) {
        return gathered(FileOperations.APPEND, pieces);
    }

    private Operation<Integer> gathered(long position, Gather pieces) {
        return new Counted("write to ") {
            @Override
            void submit(long token) {
                files().write(handle, position, pieces, token);
            }
        }.started();
    }

    /**
     * Writes the pieces and then syncs them, as one operation: what a log does for each batch. Yields how many bytes, all of
     * them durable if they are all; after fewer than were given nothing is promised to be.
     */
    public Operation<Integer> startWriteAndSync(long position, Gather pieces) {
        checkPosition(position);
        return writingAndSyncing(position, pieces);
    }

    /** As {@link #startWriteAndSync}, at the end of the file, which was opened for appending. */
    public Operation<Integer> startAppendAndSync(Gather pieces) {
        return writingAndSyncing(FileOperations.APPEND, pieces);
    }

    private Operation<Integer> writingAndSyncing(long position, Gather pieces) {
        return new Counted("write and sync ") {
            @Override
            void submit(long token) {
                files().writeAndSync(handle, position, pieces, token);
            }
        }.started();
    }

    // ------------------------------------------------------------------------------------------- the rest

    /** Returns when everything that was written before is on the device, with what it takes to find it again. */
    public void sync() throws IOException {
        startSync().await();
    }

    /** As {@link #sync}. Yields the file. */
    public Operation<AsyncFile> startSync() {
        return syncing(false);
    }

    /** As {@link #sync}, with all attributes, such as the time of the last write. */
    public void syncAll() throws IOException {
        startSyncAll().await();
    }

    /** As {@link #syncAll}. Yields the file. */
    public Operation<AsyncFile> startSyncAll() {
        return syncing(true);
    }

    private Operation<AsyncFile> syncing(boolean attributesToo) {
        return new Done("sync ") {
            @Override
            void submit(long token) {
                files().sync(handle, attributesToo, token);
            }
        }.started();
    }

    /** Sets the length: cuts off what lies beyond, or adds zeros. */
    public void truncate(long length) throws IOException {
        startTruncate(length).await();
    }

    /** As {@link #truncate}. Yields the file. */
    public Operation<AsyncFile> startTruncate(long length) {
        checkPosition(length);
        return new Done("set the length of ") {
            @Override
            void submit(long token) {
                files().truncate(handle, length, token);
            }
        }.started();
    }

    /**
     * Reserves space, so that writing there cannot fail for want of it; the file becomes longer if need be. Where the file
     * system cannot: {@link Failure#NOT_SUPPORTED}.
     */
    public void allocate(long position, long length) throws IOException {
        startAllocate(position, length).await();
    }

    /** As {@link #allocate}. Yields the file. */
    public Operation<AsyncFile> startAllocate(long position, long length) {
        checkPosition(position);
        checkPosition(length);
        return new Done("reserve space for ") {
            @Override
            void submit(long token) {
                files().allocate(handle, position, length, token);
            }
        }.started();
    }

    /** Its length in bytes. */
    public long size() throws IOException {
        return status().length();
    }

    /** What the file system says about it, whatever lies at its path by now. */
    public FileAttributes status() throws IOException {
        return startStatus().await();
    }

    /** As {@link #status}. */
    public Operation<FileAttributes> startStatus() {
        return new AsyncFiles.Controlled<FileAttributes>(loop, "ask for the status of " + path) {
            @Override
            int refusal() {
                return AsyncFile.this.refusal();
            }

            @Override
            void submit(Buffer control, long token) {
                files().status(handle, control, token);
            }

            @Override
            FileAttributes valueOf(Buffer control, int result) {
                return files().attributes(control);
            }
        }.started();
    }

    /** Closes it: what is in progress is carried out first, nothing else is begun. Any thread; does not wait. */
    @Override
    public void close() {
        if (loop.isCurrent()) {
            closeNow();
        } else {
            loop.execute(this::closeNow);
        }
    }

    private void closeNow() {
        if (!closed && !loop.isOver()) {
            closed = true;
            loop.files().close(handle);
        }
    }

    @Override
    public String toString() {
        return "file " + path + (closed ? " (closed)" : "");
    }

    // ------------------------------------------------------------------------------ for the package

    /** On the loop. */
    int handle() {
        return handle;
    }

    /** Whether it was closed, and no operation may begin. On the loop. */
    boolean isClosed() {
        return closed;
    }

    Operation<Integer> startList(Listing into) {
        return new Counted("list ") {
            @Override
            void submit(long token) {
                files().list(handle, into, token);
            }
        }.started();
    }

    private FileOperations files() {
        return loop.driver().files();
    }

    /** Why no operation may begin, or 0. On the loop. */
    int refusal() {
        return closed ? -Errno.EBADF : 0;
    }

    private static void checkPosition(long position) {
        if (position < 0) {
            throw new IllegalArgumentException("position or length " + position + " is negative");
        }
    }

    /** Memory for what is copied; of the loop's own on the loop, where it must be given back. */
    private Buffer takeCopied(int length) {
        if (direct) {
            return directBuffer(Math.min(length, COPIED_BYTES_MAX));
        }
        return length <= BufferPool.BUFFER_BYTES && loop.isCurrent()
                ? loop.buffers().take()
                : Buffer.allocate(Math.min(length, COPIED_BYTES_MAX));
    }

    private void giveBack(Buffer buffer) {
        if (!direct && buffer.capacity() == BufferPool.BUFFER_BYTES && loop.isCurrent()) {
            loop.buffers().giveBack(buffer);
        }
    }

    /** One operation on this file. */
    private abstract class Work<T> extends IoOperation<T> {

        private final String verb;

        Work(String verb) {
            super(AsyncFile.this.loop);
            this.verb = verb;
        }

        @Override
        final int refusal() {
            return AsyncFile.this.refusal();
        }

        @Override
        String describe() {
            return verb + path;
        }
    }

    /** One that yields how many. */
    private abstract class Counted extends Work<Integer> {

        Counted(String verb) {
            super(verb);
        }

        @Override
        final Integer valueOf(int result) {
            return result;
        }
    }

    /** One that yields the file. */
    private abstract class Done extends Work<AsyncFile> {

        Done(String verb) {
            super(verb);
        }

        @Override
        final AsyncFile valueOf(int result) {
            return AsyncFile.this;
        }
    }
}
