package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.runtime.memory.Memory;
import java.lang.ref.Reference;

/**
 * Files that are descriptors: one system call each, made by whichever thread is told to.
 *
 * <p>Nothing is opened that could wait for somebody else: with {@code O_NONBLOCK} a pipe is opened at once or not at all,
 * and a thread is never lost to one. To regular files the flag means nothing.
 */
final class DescriptorFiles implements FileCalls {

    private static final int RENAME_NOREPLACE = 1;
    private static final int AT_REMOVEDIR = 0x200;

    /** {@code struct open_how}: flags, mode, resolve; lies where the attributes would. */
    static final int OPEN_HOW_BYTES = 24;

    private static final int RESOLVE_NO_MAGICLINKS = 2;
    private static final int RESOLVE_BENEATH = 8;

    /** {@code openat2} says EAGAIN when a folder on its way was moved meanwhile. */
    private static final int OPENS_MAX = 16;

    private static final int DIRENT_LENGTH = 16;
    private static final int DIRENT_TYPE = 18;
    private static final int DIRENT_NAME = 19;
    private static final int DT_DIR = 4;
    private static final int DT_REG = 8;
    private static final int DT_LNK = 10;

    /** Where a second path lies in a control buffer. */
    static final int TARGET_OFFSET = FileOperations.PATH_BYTES_MAX;

    private static final long EMPTY_PATH = Memory.allocateForever(1, 1);

    private final Libc owners;

    /** Learnt at the first refusal, by any thread; the worst a late reader does is to be refused as well. */
    private volatile boolean opensBeneath;

    /**
     * @param owners of the driver's thread
     * @param mayOpenBeneath false as on kernels before Linux 5.6
     */
    DescriptorFiles(Libc owners, boolean mayOpenBeneath) {
        this.owners = owners;
        opensBeneath = mayOpenBeneath;
    }

    @Override
    public int prepare(FileTask task) {
        return switch (task.kind) {
            case OPEN, OPEN_BENEATH, STATUS_OF_PATH, SPACE_OF_PATH, DELETE, DELETE_IN, MAKE_FOLDER, MAKE_FOLDER_IN ->
                PathBytes.write(task.path(), task.control(), 0);
            case RENAME, RENAME_IN -> {
                int written = PathBytes.write(task.path(), task.control(), 0);
                yield written < 0 ? written : PathBytes.write(task.target(), task.control(), TARGET_OFFSET);
            }
            default -> 0;
        };
    }

    @Override
    public int make(FileTask task, FileThread thread) {
        Libc libc = thread.libc();
        int result;
        do {
            result = task.kind == FileTask.Kind.LIST ? list(task, thread) : call(task, libc);
        } while (result == -Errno.EINTR);
        Reference.reachabilityFence(task.buffer);
        Reference.reachabilityFence(task.pieces);
        Reference.reachabilityFence(task.control);
        return result;
    }

    private int call(FileTask task, Libc libc) {
        return switch (task.kind) {
            case OPEN -> open(task, libc);
            case OPEN_BENEATH -> openBeneath(task, libc);
            case CLOSE -> (int) libc.call(SystemCall.CLOSE, task.file().descriptor);
            case READ, FETCH, WRITE -> moveOne(task, libc);
            case READ_PIECES, WRITE_PIECES -> moveMany(task, libc);
            case WRITE_AND_SYNC -> writeAndSync(task, libc);
            case SYNC -> (int) libc.call(SystemCall.FSYNC, task.file().descriptor);
            case SYNC_DATA -> (int) libc.call(SystemCall.FDATASYNC, task.file().descriptor);
            case TRUNCATE -> (int) libc.call(SystemCall.FTRUNCATE, task.file().descriptor, task.length);
            case ALLOCATE ->
                (int) libc.call(SystemCall.FALLOCATE, task.file().descriptor, 0, task.position, task.length);
            case STATUS -> status(libc, task.file().descriptor, task.control());
            case STATUS_OF_PATH ->
                (int) libc.call(
                        SystemCall.STATX,
                        Statx.AT_FDCWD,
                        task.control().address(),
                        task.detail,
                        Statx.WANTED,
                        Statx.address(task.control()),
                        0);
            case RENAME ->
                (int) libc.call(
                        SystemCall.RENAMEAT2,
                        Statx.AT_FDCWD,
                        task.control().address(),
                        Statx.AT_FDCWD,
                        task.control().address() + TARGET_OFFSET,
                        task.detail,
                        0);
            case DELETE ->
                (int) libc.call(
                        SystemCall.UNLINKAT, Statx.AT_FDCWD, task.control().address(), task.detail);
            case MAKE_FOLDER ->
                (int) libc.call(
                        SystemCall.MKDIRAT, Statx.AT_FDCWD, task.control().address(), task.detail);
            case RENAME_IN ->
                (int) libc.call(
                        SystemCall.RENAMEAT2,
                        task.file().descriptor,
                        task.control().address(),
                        task.targetFolder().descriptor,
                        task.control().address() + TARGET_OFFSET,
                        task.detail,
                        0);
            case DELETE_IN ->
                (int) libc.call(
                        SystemCall.UNLINKAT,
                        task.file().descriptor,
                        task.control().address(),
                        task.detail);
            case MAKE_FOLDER_IN ->
                (int) libc.call(
                        SystemCall.MKDIRAT,
                        task.file().descriptor,
                        task.control().address(),
                        task.detail);
            case SPACE -> (int) libc.call(SystemCall.FSTATFS, task.file().descriptor, Statfs.address(task.control()));
            case SPACE_OF_PATH ->
                (int) libc.call(SystemCall.STATFS, task.control().address(), Statfs.address(task.control()));
            case LIST -> throw new AssertionError("listed elsewhere");
        };
    }

    static int renameFlags(boolean replace) {
        return replace ? 0 : RENAME_NOREPLACE;
    }

    static int deleteFlags(boolean folder) {
        return folder ? AT_REMOVEDIR : 0;
    }

    static int statusFlags(boolean follow) {
        return follow ? 0 : Statx.AT_SYMLINK_NOFOLLOW;
    }

    // ---------------------------------------------------------------------------------------------- opening

    private static int open(FileTask task, Libc libc) {
        return (int) libc.call(
                SystemCall.OPENAT,
                Statx.AT_FDCWD,
                task.control().address(),
                OpenFlags.of(task.access()) | OpenFlags.O_NONBLOCK,
                OpenFlags.mode(task.access()));
    }

    private int openBeneath(FileTask task, Libc libc) {
        int folder = task.file().descriptor;
        if (opensBeneath) {
            long how = openHow(task.control(), task.access());
            int result = -Errno.EAGAIN;
            for (int i = 0; i < OPENS_MAX && result == -Errno.EAGAIN; i++) {
                result = (int)
                        libc.call(SystemCall.OPENAT2, folder, task.control().address(), how, OPEN_HOW_BYTES);
            }
            if (result != -Errno.ENOSYS) {
                return result;
            }
            opensBeneath = false;
        }
        return OpenBeneath.byNames(
                libc, folder, task.path(), task.control(), OpenFlags.of(task.access()), OpenFlags.mode(task.access()));
    }

    /** Writes a {@code struct open_how} that keeps to the folder, and says where it is. */
    static long openHow(Buffer control, FileAccess access) {
        long how = Statx.address(control);
        Memory.putLong(how, OpenFlags.of(access) | OpenFlags.O_NONBLOCK);
        Memory.putLong(how + 8, OpenFlags.mode(access));
        Memory.putLong(how + 16, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
        return how;
    }

    // ---------------------------------------------------------------------------------------------- bytes

    private static int moveOne(FileTask task, Libc libc) {
        int descriptor = task.file().descriptor;
        long address = task.buffer().address() + task.offset;
        boolean reads = task.kind != FileTask.Kind.WRITE;
        if (task.position == FileOperations.APPEND) {
            return (int) libc.call(reads ? SystemCall.READ : SystemCall.WRITE, descriptor, address, task.length);
        }
        long number = reads ? SystemCall.PREAD64 : SystemCall.PWRITE64;
        return (int) libc.call(number, descriptor, address, task.length, task.position);
    }

    private static int moveMany(FileTask task, Libc libc) {
        int descriptor = task.file().descriptor;
        long table = task.pieces().tableAddress();
        int count = task.pieces().size();
        boolean reads = task.kind == FileTask.Kind.READ_PIECES;
        if (task.position == FileOperations.APPEND) {
            return (int) libc.call(reads ? SystemCall.READV : SystemCall.WRITEV, descriptor, table, count);
        }
        long number = reads ? SystemCall.PREADV : SystemCall.PWRITEV;
        return (int) libc.call(number, descriptor, table, count, task.position);
    }

    private static int writeAndSync(FileTask task, Libc libc) {
        int written = moveMany(task, libc);
        if (written < task.pieces().length()) {
            return written;
        }
        int synced;
        do {
            // Only the sync is repeated when a signal interrupts it: the bytes are written.
            synced = (int) libc.call(SystemCall.FDATASYNC, task.file().descriptor);
        } while (synced == -Errno.EINTR);
        return synced < 0 ? synced : written;
    }

    // ---------------------------------------------------------------------------------------------- the rest

    @Override
    public int statusNow(OpenFile file, Buffer control) {
        return status(owners, file.descriptor, control);
    }

    /** What this machine knows of an open file; a file server was asked when it was opened. Never waits. */
    static int status(Libc libc, int descriptor, Buffer control) {
        int result = (int) libc.call(
                SystemCall.STATX,
                descriptor,
                EMPTY_PATH,
                Statx.AT_EMPTY_PATH | Statx.AT_STATX_DONT_SYNC,
                Statx.WANTED,
                Statx.address(control),
                0);
        Reference.reachabilityFence(control);
        return result;
    }

    /** Goes on until there is an entry besides the two that every folder has, or the end. */
    private static int list(FileTask task, FileThread thread) {
        long entries = thread.entries().address();
        int taken = 0;
        while (taken == 0) {
            int bytes = (int) thread.libc()
                    .call(SystemCall.GETDENTS64, task.file().descriptor, entries, FileThread.ENTRIES_BYTES);
            if (bytes <= 0) {
                return bytes;
            }
            for (long at = entries;
                    at < entries + bytes;
                    at += Short.toUnsignedInt(Memory.getShort(at + DIRENT_LENGTH))) {
                if (!isDots(at + DIRENT_NAME)) {
                    task.listing().add(new Listing.Entry(PathBytes.name(at + DIRENT_NAME), kind(at)));
                    taken++;
                }
            }
        }
        return taken;
    }

    private static boolean isDots(long name) {
        if (Memory.getByte(name) != '.') {
            return false;
        }
        byte second = Memory.getByte(name + 1);
        return second == 0 || second == '.' && Memory.getByte(name + 2) == 0;
    }

    private static FileAttributes.Kind kind(long entry) {
        return switch (Memory.getByte(entry + DIRENT_TYPE)) {
            case DT_REG -> FileAttributes.Kind.FILE;
            case DT_DIR -> FileAttributes.Kind.FOLDER;
            case DT_LNK -> FileAttributes.Kind.SYMBOLIC_LINK;
            default -> FileAttributes.Kind.OTHER;
        };
    }

    @Override
    public void close(OpenFile file) {
        owners.call(SystemCall.CLOSE, file.descriptor);
    }
}
