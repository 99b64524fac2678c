package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Files for the drivers whose kernel interface cannot wait for them: threads make the calls ({@link FilePool}), and what
 * comes of them goes through the driver's own queue of completions, as if the kernel had sent it.
 *
 * <p>A handle is an index into the table of open files. A file is closed when it was asked for and nothing is in progress
 * on it: its number could otherwise become another file's while a thread still reads from it. Closing may wait, too (for
 * a file server, for the blocks of a file that was deleted), so a thread does it.
 *
 * <p><b>From a file to a socket</b> is {@link ReadinessDriver}'s affair; this class fetches what it sends when the bytes
 * are not in memory already.
 *
 * <p>It will not: keep an order between operations on one file; several threads may take them up at once.
 */
final class PooledFiles implements FileOperations {

    private static final int FILES_FIRST = 64;

    private final ReadinessDriver driver;
    private final FileCalls calls;
    private final CompletionQueue queue;
    private final FilePool pool;
    private final TokenMap<FileTask> started = new TokenMap<>();
    private @Nullable OpenFile[] files = new OpenFile[FILES_FIRST];
    private int[] free = new int[FILES_FIRST];
    private int freeCount;
    private int used;

    PooledFiles(ReadinessDriver driver, FileCalls calls, CompletionQueue queue) {
        this.driver = driver;
        this.calls = calls;
        this.queue = queue;
        pool = new FilePool(calls, driver::wake);
    }

    // ---------------------------------------------------------------------------------------------- the turn

    /** Takes up what threads have finished. */
    void collect() {
        FileTask task = pool.takeFinished();
        while (task != null) {
            FileTask next = task.next;
            finish(task);
            task = next;
        }
    }

    private void finish(FileTask task) {
        int result = task.result;
        boolean isWanted = !task.isCancelled();
        if (isWanted && opens(task) && result >= 0) {
            result = add(result, task.opened);
        }
        OpenFile file = task.file;
        OpenFile target = task.targetFolder;
        Attempt sending = task.sending;
        if (sending != null) {
            driver.fetched(sending, task.token, task.buffer(), result);
        } else if (isWanted && task.token != 0) {
            started.remove(task.token);
            queue.add(task.token, result, 0);
        }
        pool.giveBack(task);
        releaseBoth(file, target);
    }

    private void releaseBoth(@Nullable OpenFile file, @Nullable OpenFile target) {
        if (file != null) {
            release(file);
        }
        if (target != null) {
            release(target);
        }
    }

    private static boolean opens(FileTask task) {
        return task.kind == FileTask.Kind.OPEN || task.kind == FileTask.Kind.OPEN_BENEATH;
    }

    /** Whether there was such an operation and it had not begun, or will end by itself. */
    boolean cancel(long token) {
        FileTask task = started.get(token);
        if (task == null) {
            return false;
        }
        if (task.cancels()) {
            started.remove(token);
            queue.add(token, -Errno.ECANCELED, 0);
        }
        return true;
    }

    /** A task for the operation, or null, and then it has ended for lack of room. */
    private @Nullable FileTask begin(FileTask.Kind kind, long token) {
        FileTask task = pool.take(kind, token);
        if (task == null) {
            queue.add(token, -Errno.EAGAIN, 0);
        }
        return task;
    }

    private @Nullable FileTask begin(FileTask.Kind kind, int handle, long token) {
        OpenFile file = file(handle);
        if (file == null) {
            queue.add(token, -Errno.EBADF, 0);
            return null;
        }
        FileTask task = begin(kind, token);
        if (task != null) {
            task.file = file;
            file.uses++;
        }
        return task;
    }

    private void submit(FileTask task) {
        int refused = calls.prepare(task);
        if (refused < 0) {
            OpenFile file = task.file;
            OpenFile target = task.targetFolder;
            queue.add(task.token, refused, 0);
            pool.giveBack(task);
            releaseBoth(file, target);
            return;
        }
        started.put(task.token, task);
        pool.submit(task);
    }

    // ---------------------------------------------------------------------------------------------- handles

    /** Null if no such file is open. */
    @Nullable
    OpenFile file(int handle) {
        OpenFile file = handle >= 0 && handle < files.length ? files[handle] : null;
        return file == null || file.isClosing ? null : file;
    }

    private int add(int descriptor, @Nullable NioFile nio) {
        int handle = freeCount > 0 ? free[--freeCount] : used++;
        if (handle == files.length) {
            files = Arrays.copyOf(files, 2 * handle);
        }
        files[handle] = new OpenFile(handle, descriptor, nio);
        return handle;
    }

    /** One operation on it less. */
    void release(OpenFile file) {
        file.uses--;
        if (file.uses == 0 && file.isClosing && files[file.handle] == file) {
            giveUp(file);
        }
    }

    @Override
    public void close(int handle) {
        OpenFile file = file(handle);
        if (file != null) {
            file.isClosing = true;
            if (file.uses == 0) {
                giveUp(file);
            }
        }
    }

    @SuppressWarnings("ReferenceEquality") // a file is itself
    private void giveUp(OpenFile file) {
        files[file.handle] = null;
        driver.forget(file);
        if (freeCount == free.length) {
            free = Arrays.copyOf(free, 2 * freeCount);
        }
        free[freeCount++] = file.handle;
        FileTask task = pool.take(FileTask.Kind.CLOSE, 0);
        if (task == null) {
            calls.close(file);
        } else {
            file.uses++;
            task.file = file;
            pool.submit(task);
        }
    }

    // ---------------------------------------------------------------------------------------------- operations

    @Override
    public void open(Path path, FileAccess access, Buffer control, long token) {
        FileTask task = begin(FileTask.Kind.OPEN, token);
        if (task != null) {
            submit(task, path, access, control);
        }
    }

    @Override
    public void openBeneath(int folder, Path path, FileAccess access, Buffer control, long token) {
        FileTask task = begin(FileTask.Kind.OPEN_BENEATH, folder, token);
        if (task != null) {
            submit(task, path, access, control);
        }
    }

    private void submit(FileTask task, Path path, @Nullable FileAccess access, Buffer control) {
        Objects.checkFromIndexSize(0, CONTROL_BYTES, control.capacity());
        task.path = path;
        task.access = access;
        task.control = control;
        submit(task);
    }

    @Override
    public void read(int file, long position, Buffer into, int offset, int length, long token) {
        start(FileTask.Kind.READ, file, position, into, offset, length, token);
    }

    @Override
    public void read(int file, long position, Gather pieces, long token) {
        start(FileTask.Kind.READ_PIECES, file, position, pieces, token);
    }

    @Override
    public void write(int file, long position, Buffer from, int offset, int length, long token) {
        start(FileTask.Kind.WRITE, file, position, from, offset, length, token);
    }

    @Override
    public void write(int file, long position, Gather pieces, long token) {
        start(FileTask.Kind.WRITE_PIECES, file, position, pieces, token);
    }

    @Override
    public void writeAndSync(int file, long position, Gather pieces, long token) {
        start(FileTask.Kind.WRITE_AND_SYNC, file, position, pieces, token);
    }

    private void start(FileTask.Kind kind, int file, long position, Buffer buffer, int offset, int length, long token) {
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
        FileTask task = begin(kind, file, token);
        if (task != null) {
            task.position = position;
            task.buffer = buffer;
            task.offset = offset;
            task.length = length;
            submit(task);
        }
    }

    private void start(FileTask.Kind kind, int file, long position, Gather pieces, long token) {
        FileTask task = begin(kind, file, token);
        if (task != null) {
            task.position = position;
            task.pieces = pieces;
            submit(task);
        }
    }

    private void start(FileTask.Kind kind, int file, long position, long length, long token) {
        FileTask task = begin(kind, file, token);
        if (task != null) {
            task.position = position;
            task.length = length;
            submit(task);
        }
    }

    @Override
    public void sync(int file, boolean attributesToo, long token) {
        start(attributesToo ? FileTask.Kind.SYNC : FileTask.Kind.SYNC_DATA, file, 0, 0, token);
    }

    @Override
    public void truncate(int file, long length, long token) {
        start(FileTask.Kind.TRUNCATE, file, 0, length, token);
    }

    @Override
    public void allocate(int file, long position, long length, long token) {
        start(FileTask.Kind.ALLOCATE, file, position, length, token);
    }

    @Override
    public void status(int handle, Buffer control, long token) {
        Objects.checkFromIndexSize(0, CONTROL_BYTES, control.capacity());
        OpenFile file = file(handle);
        int known = file == null ? -Errno.EBADF : calls.statusNow(file, control);
        if (known != FileCalls.LATER) {
            queue.add(token, known, 0);
            return;
        }
        FileTask task = begin(FileTask.Kind.STATUS, handle, token);
        if (task != null) {
            task.control = control;
            submit(task);
        }
    }

    @Override
    public void status(Path path, boolean follow, Buffer control, long token) {
        FileTask task = begin(FileTask.Kind.STATUS_OF_PATH, token);
        if (task != null) {
            task.detail = DescriptorFiles.statusFlags(follow);
            submit(task, path, null, control);
        }
    }

    @Override
    public FileAttributes attributes(Buffer control) {
        return Statx.decode(control);
    }

    @Override
    public void rename(Path from, Path to, boolean replace, Buffer control, long token) {
        FileTask task = begin(FileTask.Kind.RENAME, token);
        if (task != null) {
            task.target = to;
            task.detail = DescriptorFiles.renameFlags(replace);
            submit(task, from, null, control);
        }
    }

    @Override
    public void delete(Path path, boolean folder, Buffer control, long token) {
        FileTask task = begin(FileTask.Kind.DELETE, token);
        if (task != null) {
            task.detail = DescriptorFiles.deleteFlags(folder);
            submit(task, path, null, control);
        }
    }

    @Override
    public void makeFolder(Path path, int mode, Buffer control, long token) {
        FileTask task = begin(FileTask.Kind.MAKE_FOLDER, token);
        if (task != null) {
            task.detail = mode;
            submit(task, path, null, control);
        }
    }

    @Override
    public void rename(int from, Path name, int to, Path newName, boolean replace, Buffer control, long token) {
        OpenFile target = file(to);
        if (target == null) {
            queue.add(token, -Errno.EBADF, 0);
            return;
        }
        FileTask task = begin(FileTask.Kind.RENAME_IN, from, token);
        if (task != null) {
            task.targetFolder = target;
            target.uses++;
            task.target = newName;
            task.detail = DescriptorFiles.renameFlags(replace);
            submit(task, name, null, control);
        }
    }

    @Override
    public void delete(int in, Path name, boolean folder, Buffer control, long token) {
        FileTask task = begin(FileTask.Kind.DELETE_IN, in, token);
        if (task != null) {
            task.detail = DescriptorFiles.deleteFlags(folder);
            submit(task, name, null, control);
        }
    }

    @Override
    public void makeFolder(int in, Path name, int mode, Buffer control, long token) {
        FileTask task = begin(FileTask.Kind.MAKE_FOLDER_IN, in, token);
        if (task != null) {
            task.detail = mode;
            submit(task, name, null, control);
        }
    }

    @Override
    public void space(int file, Buffer control, long token) {
        FileTask task = begin(FileTask.Kind.SPACE, file, token);
        if (task != null) {
            task.control = control;
            submit(task);
        }
    }

    @Override
    public void space(Path path, Buffer control, long token) {
        FileTask task = begin(FileTask.Kind.SPACE_OF_PATH, token);
        if (task != null) {
            submit(task, path, null, control);
        }
    }

    @Override
    public FileSpace space(Buffer control) {
        return Statfs.decode(control);
    }

    @Override
    public void list(int folder, Listing into, long token) {
        FileTask task = begin(FileTask.Kind.LIST, folder, token);
        if (task != null) {
            task.listing = into;
            submit(task);
        }
    }

    @Override
    public void transfer(int file, long position, int socket, int length, long token) {
        driver.transfer(file(file), position, socket, length, token);
    }

    // ---------------------------------------------------------------------------------------------- for sockets

    /** Reads for a transfer; {@link ReadinessDriver#fetched} hears of it. There is at most one for each socket. */
    void fetch(OpenFile file, long position, int length, Attempt sending) {
        FileTask task = pool.takeAnyway(FileTask.Kind.FETCH, sending.token);
        file.uses++;
        task.file = file;
        task.position = position;
        task.offset = 0;
        task.length = Math.min(length, FilePool.FETCH_BYTES);
        task.sending = sending;
        pool.submit(task);
    }

    // ---------------------------------------------------------------------------------------------- the end

    /** What has not begun is dropped, what has is waited for, and everything is closed. */
    void close() {
        started.forEach(FileTask::cancels);
        pool.close(task -> {
            if (opens(task) && !task.isCancelled() && task.result >= 0) {
                add(task.result, task.opened);
            }
        });
        for (OpenFile file : files) {
            // What a disk still keeps a thread in is left open: its number must not become another file's under it.
            if (file != null && file.calls == 0) {
                calls.close(file);
            }
        }
    }
}
