package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Files by io_uring. Most operations are an entry of the ring each, with the caller's own token, and nothing is remembered
 * of them here: the kernel tries at once what needs no wait (bytes in its cache, names it knows) and gives the rest to the
 * disk, or to threads of its own. A handle is a descriptor.
 *
 * <p><b>What is remembered</b> ({@link UringStep}): openings, because a descriptor that nobody hears of would be lost when
 * the driver is closed; a write with its sync, which are two entries, linked, so that the sync begins when the write is over
 * and not at all if it fell short; what is done to names in open folders, because the ring looks the folder's number up only
 * when it comes to it, and it must not be another's by then; and transfers to a socket ({@link UringTransfers}).
 *
 * <p><b>What the ring has not</b> goes to the threads of {@link FilePool}: listing a folder, asking for the room on a disk, and
 * before Linux 6.9 setting a length. <b>What needs no wait</b> is asked directly: the attributes of an open file. The ring would always give that to a
 * thread of the kernel's.
 *
 * <p><b>Registered buffers</b> are not used. Of direct reads of 4 KiB, 32 at a time, they and a registered descriptor together
 * saved between nothing and 0.7 µs of 4.2 to 5.4 µs (four rounds each, from Java; fio: 0.5 of 5.4), and brought no more reads
 * a second, because the disk sets those. For that, everybody's memory would have to come from a slab that the ring knows.
 *
 * <p>Belongs to the thread of its driver.
 */
final class UringFiles implements FileOperations {

    private static final int SECOND = 1;

    /**
     * So many reads and writes started within a turn are handed over without waiting for its end. A loop that takes up a
     * batch of completions, and only then gives the disk as much to do, lets it idle meanwhile: 15 reads in 100 fewer.
     */
    private static final int HANDED_OVER_EARLY = 4;

    private static final int IORING_FSYNC_DATASYNC = 1;

    private final Ring ring;
    private final Libc libc;
    private final CompletionQueue local;
    private final boolean truncates;
    private final UringTransfers transfers;
    private final DescriptorFiles calls;
    private final FilePool pool;
    private final TokenMap<FileTask> pooled = new TokenMap<>();
    private final TokenMap<UringStep> started = new TokenMap<>();
    private final List<UringStep> steps = new ArrayList<>();
    private final ArrayDeque<UringStep> unusedSteps = new ArrayDeque<>();

    /** Since the last time that the kernel was told. */
    private int startedOnDisk;

    /** By descriptor: how many operations that the ring does not hold it for are in progress on it. */
    private int[] uses = new int[64];

    /** Of those, the ones that are to be closed when there is none left. */
    private final BitSet closing = new BitSet();

    /**
     * @param local where what needs no entry of the ring completes
     * @param wake ends the driver's wait, from any thread
     */
    UringFiles(Ring ring, Libc libc, CompletionQueue local, Runnable wake) {
        this.ring = ring;
        this.libc = libc;
        this.local = local;
        truncates = ring.knows(Ring.IORING_OP_FTRUNCATE);
        transfers = new UringTransfers(ring, libc);
        calls = new DescriptorFiles(libc, true);
        pool = new FilePool(calls, wake);
    }

    // ---------------------------------------------------------------------------------------------- the turn

    /** Takes up what threads have finished. */
    void collect() {
        startedOnDisk = 0;
        transfers.turn();
        FileTask task = pool.takeFinished();
        while (task != null) {
            FileTask next = task.next;
            if (!task.isCancelled()) {
                pooled.remove(task.token);
                local.add(task.token, task.result, 0);
            }
            OpenFile file = task.file;
            if (file != null) {
                release(file.descriptor);
            }
            pool.giveBack(task);
            task = next;
        }
    }

    /** An entry of a step has come back; what completes by it is added. */
    void stepped(long entry, int result, Completions completions) {
        int number = (int) (UringStep.FIRST_ENTRY - entry);
        UringStep step = steps.get(number >> 1);
        step.entriesLeft--;
        switch (step.kind) {
            case OPEN -> {
                if (result >= 0) {
                    // Opened so that a pipe does not wait for its other end. But the ring would take the flag, too, for
                    // leave to try every read on the loop's own thread, even where the file system then waits.
                    libc.call(SystemCall.FCNTL, result, OpenFlags.F_SETFL, step.flags);
                }
                end(step, result, completions);
            }
            case IN_FOLDER -> end(step, result, completions);
            case WRITE_AND_SYNC -> {
                if ((number & SECOND) == 0) {
                    step.written = result;
                } else {
                    step.synced = result;
                }
                if (step.entriesLeft == 0) {
                    boolean isWhole = step.written == step.length;
                    end(step, isWhole && step.synced < 0 ? step.synced : step.written, completions);
                }
            }
            case TRANSFER -> {
                int outcome = transfers.proceed(step, result);
                if (step.entriesLeft == 0) {
                    end(step, outcome, completions);
                }
            }
        }
    }

    private void end(UringStep step, int result, Completions completions) {
        completions.add(step.token, result, 0);
        forget(step);
    }

    // ---------------------------------------------------------------------------------------------- steps

    private UringStep begin(UringStep.Kind kind, long token) {
        UringStep step;
        if (unusedSteps.isEmpty()) {
            step = new UringStep(steps.size());
            steps.add(step);
        } else {
            step = unusedSteps.pop();
        }
        step.kind = kind;
        step.token = token;
        step.isCancelled = false;
        step.entriesLeft = 0;
        started.put(token, step);
        return step;
    }

    private void forget(UringStep step) {
        started.remove(step.token);
        if (step.kind == UringStep.Kind.TRANSFER) {
            transfers.giveBackBytes(step);
        }
        release(step.file);
        release(step.targetFolder);
        step.file = UringStep.NONE;
        step.targetFolder = UringStep.NONE;
        step.token = 0;
        step.kept = null;
        unusedSteps.push(step);
    }

    /** Whether the operation is one of those that are remembered here. */
    boolean cancel(long token) {
        UringStep step = started.get(token);
        if (step != null) {
            step.isCancelled = true;
            for (int i = 0; i < 2; i++) {
                cancelEntry(UringStep.FIRST_ENTRY - (2L * step.index + i));
            }
            return true;
        }
        FileTask task = pooled.get(token);
        if (task != null && task.cancels()) {
            pooled.remove(token);
            local.add(token, -Errno.ECANCELED, 0);
        }
        return task != null;
    }

    private void cancelEntry(long entry) {
        ring.prepare(Ring.head(Ring.IORING_OP_ASYNC_CANCEL, 0, 0, -1), 0, entry, 0, 0, Ring.NOBODY);
    }

    // ---------------------------------------------------------------------------------------------- opening

    @Override
    public void open(Path path, FileAccess access, Buffer control, long token) {
        if (isWritten(path, control, token)) {
            long head = Ring.head(Ring.IORING_OP_OPENAT, 0, 0, Statx.AT_FDCWD);
            int flags = OpenFlags.of(access) | OpenFlags.O_NONBLOCK;
            UringStep step = begin(UringStep.Kind.OPEN, token);
            step.flags = OpenFlags.lasting(access);
            ring.prepare(head, 0, control.address(), OpenFlags.mode(access), flags, step.entry());
        }
    }

    @Override
    public void openBeneath(int folder, Path path, FileAccess access, Buffer control, long token) {
        if (isWritten(path, control, token)) {
            long head = Ring.head(Ring.IORING_OP_OPENAT2, 0, 0, folder);
            long how = DescriptorFiles.openHow(control, access);
            UringStep step = begin(UringStep.Kind.OPEN, token);
            step.file = use(folder);
            step.flags = OpenFlags.lasting(access);
            ring.prepare(head, how, control.address(), DescriptorFiles.OPEN_HOW_BYTES, 0, step.entry());
        }
    }

    /** Writes the path down; where that fails, the operation has ended. */
    private boolean isWritten(Path path, Buffer control, long token) {
        Objects.checkFromIndexSize(0, CONTROL_BYTES, control.capacity());
        int written = PathBytes.write(path, control, 0);
        if (written < 0) {
            local.add(token, written, 0);
        }
        return written == 0;
    }

    @Override
    public void close(int file) {
        if (file >= 0 && file < uses.length && uses[file] > 0) {
            closing.set(file);
        } else {
            transfers.forget(file);
            ring.prepare(Ring.head(Ring.IORING_OP_CLOSE, 0, 0, file), 0, 0, 0, 0, Ring.NOBODY);
        }
    }

    private int use(int file) {
        if (file < 0) {
            return UringStep.NONE; // the kernel says what it thinks of that
        }
        if (file >= uses.length) {
            uses = Arrays.copyOf(uses, Math.max(file + 1, 2 * uses.length));
        }
        uses[file]++;
        return file;
    }

    private void release(int file) {
        if (file < 0) {
            return;
        }
        uses[file]--;
        if (uses[file] == 0 && closing.get(file)) {
            closing.clear(file);
            close(file);
        }
    }

    // ---------------------------------------------------------------------------------------------- bytes

    @Override
    public void read(int file, long position, Buffer into, int offset, int length, long token) {
        Objects.checkFromIndexSize(offset, length, into.capacity());
        ring.prepare(Ring.head(Ring.IORING_OP_READ, 0, 0, file), position, into.address() + offset, length, 0, token);
        handOverEarly();
    }

    @Override
    public void read(int file, long position, Gather pieces, long token) {
        long head = Ring.head(Ring.IORING_OP_READV, 0, 0, file);
        ring.prepare(head, position, pieces.tableAddress(), pieces.size(), 0, token);
        handOverEarly();
    }

    @Override
    public void write(int file, long position, Buffer from, int offset, int length, long token) {
        Objects.checkFromIndexSize(offset, length, from.capacity());
        ring.prepare(Ring.head(Ring.IORING_OP_WRITE, 0, 0, file), position, from.address() + offset, length, 0, token);
        handOverEarly();
    }

    @Override
    public void write(int file, long position, Gather pieces, long token) {
        long head = Ring.head(Ring.IORING_OP_WRITEV, 0, 0, file);
        ring.prepare(head, position, pieces.tableAddress(), pieces.size(), 0, token);
        handOverEarly();
    }

    private void handOverEarly() {
        startedOnDisk++;
        if (startedOnDisk == HANDED_OVER_EARLY) {
            startedOnDisk = 0;
            ring.submit();
        }
    }

    @Override
    public void writeAndSync(int file, long position, Gather pieces, long token) {
        UringStep step = begin(UringStep.Kind.WRITE_AND_SYNC, token);
        step.length = pieces.length();
        step.kept = pieces;
        ring.reserve(2); // a link ends where a submission does
        long write = Ring.head(Ring.IORING_OP_WRITEV, Ring.IOSQE_IO_LINK, 0, file);
        ring.prepare(write, position, pieces.tableAddress(), pieces.size(), 0, step.entry());
        long sync = Ring.head(Ring.IORING_OP_FSYNC, 0, 0, file);
        ring.prepare(sync, 0, 0, 0, IORING_FSYNC_DATASYNC, step.entry());
    }

    @Override
    public void sync(int file, boolean attributesToo, long token) {
        int flags = attributesToo ? 0 : IORING_FSYNC_DATASYNC;
        ring.prepare(Ring.head(Ring.IORING_OP_FSYNC, 0, 0, file), 0, 0, 0, flags, token);
    }

    @Override
    public void truncate(int file, long length, long token) {
        if (truncates) {
            ring.prepare(Ring.head(Ring.IORING_OP_FTRUNCATE, 0, 0, file), length, 0, 0, 0, token);
        } else {
            FileTask task = pooled(FileTask.Kind.TRUNCATE, file, token);
            if (task != null) {
                task.length = length;
                submit(task);
            }
        }
    }

    @Override
    public void allocate(int file, long position, long length, long token) {
        // The entry's length field is the mode: 0, space that reads as zeros and lengthens the file.
        ring.prepare(Ring.head(Ring.IORING_OP_FALLOCATE, 0, 0, file), position, length, 0, 0, token);
    }

    // ---------------------------------------------------------------------------------------------- to a socket

    @Override
    public void transfer(int file, long position, int socket, int length, long token) {
        if (file < 0 || socket < 0 || length < 0) {
            local.add(token, file < 0 || socket < 0 ? -Errno.EBADF : -Errno.EINVAL, 0);
            return;
        }
        UringStep step = begin(UringStep.Kind.TRANSFER, token);
        step.file = use(file);
        step.socket = socket;
        step.position = position;
        step.length = length;
        int outcome = transfers.begin(step);
        if (step.entriesLeft == 0) {
            local.add(token, outcome, 0);
            forget(step);
        }
    }

    // ---------------------------------------------------------------------------------------------- names

    @Override
    public void status(int file, Buffer control, long token) {
        Objects.checkFromIndexSize(0, CONTROL_BYTES, control.capacity());
        local.add(token, DescriptorFiles.status(libc, file, control), 0);
    }

    @Override
    public void status(Path path, boolean follow, Buffer control, long token) {
        if (isWritten(path, control, token)) {
            long head = Ring.head(Ring.IORING_OP_STATX, 0, 0, Statx.AT_FDCWD);
            int flags = DescriptorFiles.statusFlags(follow);
            ring.prepare(head, Statx.address(control), control.address(), Statx.WANTED, flags, token);
        }
    }

    @Override
    public FileAttributes attributes(Buffer control) {
        return Statx.decode(control);
    }

    @Override
    public void rename(Path from, Path to, boolean replace, Buffer control, long token) {
        if (!areWritten(from, to, control, token)) {
            return;
        }
        long head = Ring.head(Ring.IORING_OP_RENAMEAT, 0, 0, Statx.AT_FDCWD);
        long target = control.address() + DescriptorFiles.TARGET_OFFSET;
        int flags = DescriptorFiles.renameFlags(replace);
        ring.prepare(head, target, control.address(), Statx.AT_FDCWD, flags, token);
    }

    private boolean areWritten(Path from, Path to, Buffer control, long token) {
        if (!isWritten(from, control, token)) {
            return false;
        }
        int written = PathBytes.write(to, control, DescriptorFiles.TARGET_OFFSET);
        if (written < 0) {
            local.add(token, written, 0);
        }
        return written == 0;
    }

    @Override
    public void rename(int from, Path name, int to, Path newName, boolean replace, Buffer control, long token) {
        if (areOpen(from, to, token) && areWritten(name, newName, control, token)) {
            UringStep step = inFolders(from, to, token);
            long head = Ring.head(Ring.IORING_OP_RENAMEAT, 0, 0, from);
            long target = control.address() + DescriptorFiles.TARGET_OFFSET;
            ring.prepare(head, target, control.address(), to, DescriptorFiles.renameFlags(replace), step.entry());
        }
    }

    @Override
    public void delete(int in, Path name, boolean folder, Buffer control, long token) {
        if (areOpen(in, in, token) && isWritten(name, control, token)) {
            UringStep step = inFolders(in, UringStep.NONE, token);
            long head = Ring.head(Ring.IORING_OP_UNLINKAT, 0, 0, in);
            ring.prepare(head, 0, control.address(), 0, DescriptorFiles.deleteFlags(folder), step.entry());
        }
    }

    @Override
    public void makeFolder(int in, Path name, int mode, Buffer control, long token) {
        if (areOpen(in, in, token) && isWritten(name, control, token)) {
            UringStep step = inFolders(in, UringStep.NONE, token);
            long head = Ring.head(Ring.IORING_OP_MKDIRAT, 0, 0, in);
            ring.prepare(head, 0, control.address(), mode, 0, step.entry());
        }
    }

    /** A negative number is none; the kernel would take some for the working folder. */
    private boolean areOpen(int folder, int other, long token) {
        boolean areOpen = folder >= 0 && other >= 0;
        if (!areOpen) {
            local.add(token, -Errno.EBADF, 0);
        }
        return areOpen;
    }

    private UringStep inFolders(int folder, int other, long token) {
        UringStep step = begin(UringStep.Kind.IN_FOLDER, token);
        step.file = use(folder);
        step.targetFolder = use(other);
        return step;
    }

    @Override
    public void delete(Path path, boolean folder, Buffer control, long token) {
        if (isWritten(path, control, token)) {
            long head = Ring.head(Ring.IORING_OP_UNLINKAT, 0, 0, Statx.AT_FDCWD);
            ring.prepare(head, 0, control.address(), 0, DescriptorFiles.deleteFlags(folder), token);
        }
    }

    @Override
    public void makeFolder(Path path, int mode, Buffer control, long token) {
        if (isWritten(path, control, token)) {
            long head = Ring.head(Ring.IORING_OP_MKDIRAT, 0, 0, Statx.AT_FDCWD);
            ring.prepare(head, 0, control.address(), mode, 0, token);
        }
    }

    // ---------------------------------------------------------------------------------------------- on threads

    @Override
    public void list(int folder, Listing into, long token) {
        FileTask task = pooled(FileTask.Kind.LIST, folder, token);
        if (task != null) {
            task.listing = into;
            submit(task);
        }
    }

    @Override
    public void space(int file, Buffer control, long token) {
        FileTask task = pooled(FileTask.Kind.SPACE, file, token);
        if (task != null) {
            task.control = control;
            submit(task);
        }
    }

    @Override
    public void space(Path path, Buffer control, long token) {
        if (!isWritten(path, control, token)) {
            return;
        }
        FileTask task = pool.take(FileTask.Kind.SPACE_OF_PATH, token);
        if (task == null) {
            local.add(token, -Errno.EAGAIN, 0);
        } else {
            task.path = path;
            task.control = control;
            submit(task);
        }
    }

    @Override
    public FileSpace space(Buffer control) {
        return Statfs.decode(control);
    }

    private @Nullable FileTask pooled(FileTask.Kind kind, int file, long token) {
        FileTask task = file < 0 ? null : pool.take(kind, token);
        if (task == null) {
            local.add(token, file < 0 ? -Errno.EBADF : -Errno.EAGAIN, 0);
            return null;
        }
        use(file);
        task.file = OpenFile.borrowed(file);
        return task;
    }

    private void submit(FileTask task) {
        pooled.put(task.token, task);
        pool.submit(task);
    }

    // ---------------------------------------------------------------------------------------------- the end

    /** Before the ring is emptied: no thread is left. */
    void close() {
        pooled.forEach(FileTask::cancels);
        pool.close(_ -> {});
    }

    /** An entry came back while the driver is being closed: what was opened is closed, for nobody hears of it. */
    void dispose(long entry, int result) {
        if (entry <= UringStep.FIRST_ENTRY
                && result >= 0
                && steps.get((int) (UringStep.FIRST_ENTRY - entry) >> 1).kind == UringStep.Kind.OPEN) {
            libc.call(SystemCall.CLOSE, result);
        }
    }
}
