package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.FileAccess;
import dev.pumasi.runtime.driver.FileAttributes;
import dev.pumasi.runtime.driver.FileOperations;
import dev.pumasi.runtime.driver.FileSpace;
import dev.pumasi.runtime.driver.Listing;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What is done with paths, on one loop: its {@link Loop#files}. What is done with what a file contains is {@link
 * AsyncFile}'s.
 *
 * <p><b>Two styles.</b> A method whose name begins with {@code start} begins one operation of the kernel and returns it;
 * the others are the direct style: they park the calling green thread (a platform thread blocks) until it is done. Some
 * take several operations of the kernel: making folders, listing, reading and writing whole files; their {@code start…} has a
 * green thread carry them out. The disk never holds up the loop, however slow it is.
 *
 * <p><b>Paths</b> are taken as they are; a relative one starts at the process's working folder.
 *
 * <p><b>Errors</b>: {@link OperationException}, which names the path, and says why and what can be done. Any thread may
 * call.
 */
public final class AsyncFiles {

    /** The longest file that {@link #readAll} takes, whatever it is told: arrays end there. */
    public static final int READ_ALL_BYTES_MAX = 1 << 30;

    /** How many names are tried for a temporary file; each step goes twice as far as the last, so all that can be are passed. */
    static final int TEMPORARY_NAMES_MAX = 28;

    /** What others may do in a new folder is decided by the process's mask. */
    static final int FOLDER_MODE = 0777;

    /**
     * How many control buffers are kept for reuse, 4.4 MiB on each loop: as many as files that a burst of requests opens at once.
     * What is not kept stays in memory until the next collection.
     */
    private static final int CONTROLS_KEPT_MAX = 512;

    private final Loop loop;
    private final ArrayDeque<Buffer> controls = new ArrayDeque<>();

    /** The number that the next temporary file gets, if nobody has it. Any thread. */
    private final AtomicInteger nextTemporary = new AtomicInteger();

    /** Which of the driver's handles are open. */
    private final BitSet handles = new BitSet();

    AsyncFiles(Loop loop) {
        this.loop = loop;
    }

    // ------------------------------------------------------------------------------------------- opening

    /** Opens a file; see {@link AsyncFile.Option} for how. */
    public AsyncFile open(Path path, AsyncFile.Option... options) throws IOException {
        return startOpen(path, options).await();
    }

    /** Opens a file; the operation yields it. */
    public Operation<AsyncFile> startOpen(Path path, AsyncFile.Option... options) {
        return startOpen(path, AsyncFile.Option.access(options));
    }

    /** As {@link #startOpen(Path, AsyncFile.Option...)}, with everything that can be said about it. */
    public Operation<AsyncFile> startOpen(Path path, FileAccess access) {
        return opening(path, access, opened -> opened);
    }

    /** Opens a folder. */
    public AsyncFolder openFolder(Path path) throws IOException {
        return startOpenFolder(path).await();
    }

    /** Opens a folder; the operation yields it. */
    public Operation<AsyncFolder> startOpenFolder(Path path) {
        return opening(path, FileAccess.FOLDER, AsyncFolder::new);
    }

    private <T> Operation<T> opening(Path path, FileAccess access, Function<AsyncFile, T> as) {
        return AsyncFile.opening(
                loop,
                null,
                path,
                access,
                as,
                (control, token) -> loop.driver().files().open(path, access, control, token));
    }

    // ------------------------------------------------------------------------------------------- status

    /** What lies at the path, links followed. */
    public FileAttributes status(Path path) throws IOException {
        return startStatus(path).await();
    }

    /** What lies at the path, links followed. */
    public Operation<FileAttributes> startStatus(Path path) {
        return startStatus(path, true);
    }

    /** What lies at the path; a link itself if that is what lies there and {@code follow} is false. */
    public Operation<FileAttributes> startStatus(Path path, boolean follow) {
        return new Controlled<FileAttributes>(loop, "ask for the status of " + path) {
            @Override
            void submit(Buffer control, long token) {
                loop.driver().files().status(path, follow, control, token);
            }

            @Override
            FileAttributes valueOf(Buffer control, int result) {
                return loop.driver().files().attributes(control);
            }
        }.started();
    }

    /** Whether anything lies at the path, links followed. */
    public boolean exists(Path path) throws IOException {
        try {
            status(path);
            return true;
        } catch (OperationException absent) {
            if (absent.failure() == Failure.NOT_FOUND || absent.failure() == Failure.NOT_A_FOLDER) {
                return false;
            }
            throw absent;
        }
    }

    /** How much room there is on the file system that the path lies on. */
    public FileSpace space(Path path) throws IOException {
        return startSpace(path).await();
    }

    /** As {@link #space}. */
    public Operation<FileSpace> startSpace(Path path) {
        return new Controlled<FileSpace>(loop, "ask for the room on the disk of " + path) {
            @Override
            void submit(Buffer control, long token) {
                loop.driver().files().space(path, control, token);
            }

            @Override
            FileSpace valueOf(Buffer control, int result) {
                return loop.driver().files().space(control);
            }
        }.started();
    }

    // ------------------------------------------------------------------------------------------- names

    /** Renames; fails with {@link Failure#ALREADY_EXISTS} if something is at {@code to}. */
    public void rename(Path from, Path to) throws IOException {
        startRename(from, to).await();
    }

    /** Renames; fails with {@link Failure#ALREADY_EXISTS} if something is at {@code to}. Yields {@code to}. */
    public Operation<Path> startRename(Path from, Path to) {
        return naming(
                "rename " + from + " to " + to,
                to,
                (control, token) -> loop.driver().files().rename(from, to, false, control, token));
    }

    /** Renames; whatever file was at {@code to} is gone at the same instant: nobody ever finds half a file or none. */
    public void replace(Path from, Path to) throws IOException {
        startReplace(from, to).await();
    }

    /** Renames; whatever file was at {@code to} is gone at the same instant. Yields {@code to}. */
    public Operation<Path> startReplace(Path from, Path to) {
        return naming(
                "rename " + from + " to " + to,
                to,
                (control, token) -> loop.driver().files().rename(from, to, true, control, token));
    }

    /** Removes a file's name; who has it open keeps it. */
    public void delete(Path file) throws IOException {
        startDelete(file).await();
    }

    /** Removes a file's name; who has it open keeps it. Yields the path. */
    public Operation<Path> startDelete(Path file) {
        return naming(
                "delete " + file,
                file,
                (control, token) -> loop.driver().files().delete(file, false, control, token));
    }

    /** Removes a folder, which must be empty. */
    public void deleteFolder(Path folder) throws IOException {
        startDeleteFolder(folder).await();
    }

    /** Removes a folder, which must be empty. Yields the path. */
    public Operation<Path> startDeleteFolder(Path folder) {
        return naming(
                "delete the folder " + folder,
                folder,
                (control, token) -> loop.driver().files().delete(folder, true, control, token));
    }

    /** Makes a folder; the one above it must be there. */
    public void makeFolder(Path folder) throws IOException {
        startMakeFolder(folder).await();
    }

    /** Makes a folder; the one above it must be there. Yields the path. */
    public Operation<Path> startMakeFolder(Path folder) {
        return naming(
                "make the folder " + folder,
                folder,
                (control, token) -> loop.driver().files().makeFolder(folder, FOLDER_MODE, control, token));
    }

    /** Makes a folder and those above it, as far as they are not there. */
    public void makeFolders(Path folder) throws IOException {
        try {
            makeOrFindFolder(folder);
        } catch (OperationException refused) {
            Path above = folder.getParent();
            if (refused.failure() != Failure.NOT_FOUND || above == null) {
                throw refused;
            }
            makeFolders(above);
            makeOrFindFolder(folder); // refused again in a file system like /proc, in which nobody makes folders
        }
    }

    private void makeOrFindFolder(Path folder) throws IOException {
        try {
            makeFolder(folder);
        } catch (OperationException refused) {
            if (refused.failure() != Failure.ALREADY_EXISTS || status(folder).kind() != FileAttributes.Kind.FOLDER) {
                throw refused;
            }
        }
    }

    /** As {@link #makeFolders}. Yields the path. */
    public Operation<Path> startMakeFolders(Path folder) {
        return Errand.begun(loop, "make the folder " + folder + " and those above it", () -> {
            makeFolders(folder);
            return folder;
        });
    }

    /** What is in a folder, in the order of the file system, without "." and "..". */
    public List<Listing.Entry> list(Path folder) throws IOException {
        try (AsyncFolder opened = openFolder(folder)) {
            return opened.list();
        }
    }

    /** As {@link #list}. */
    public Operation<List<Listing.Entry>> startList(Path folder) {
        return Errand.begun(loop, "list " + folder, () -> list(folder));
    }

    // ------------------------------------------------------------------------------------------- whole files

    /**
     * Everything that is in a file, be its length known beforehand or not.
     *
     * @param bytesMax a longer one is refused with {@link Failure#FILE_TOO_LARGE}
     */
    public byte[] readAll(Path path, int bytesMax) throws IOException {
        try (AsyncFile file = open(path, AsyncFile.Option.READ)) {
            return file.readAll(bytesMax);
        }
    }

    /** As {@link #readAll}. */
    public Operation<byte[]> startReadAll(Path path, int bytesMax) {
        return Errand.begun(loop, "read all of " + path, () -> readAll(path, bytesMax));
    }

    /**
     * Makes these bytes the content of the file, all of them or none: they are written under a temporary name in the same
     * folder and synced, then that is renamed, and the folder synced. When this returns, a crash does not undo it; whoever
     * reads the path at any time finds the old content or the new one. The file is a new one, with the permissions of a
     * new file.
     *
     * <p>If it fails the old content is still there and the temporary file is deleted; a crash may leave it behind, as
     * {@code .NAME.tmp-NUMBER}. If only the last step fails, the sync of the folder, the new content is there, and whether
     * it outlives a crash is not known.
     */
    public void writeAll(Path path, byte[] bytes) throws IOException {
        try (AsyncFile file =
                openTemporary(path, free -> open(free, AsyncFile.Option.WRITE, AsyncFile.Option.CREATE_NEW))) {
            Path temporary = file.path();
            try {
                file.write(0, bytes, 0, bytes.length);
                file.syncAll();
                replace(temporary, path);
            } catch (IOException | RuntimeException failure) {
                dropTemporary(temporary, failure);
                throw failure;
            }
        }
        Path above = path.getParent();
        try (AsyncFolder folder = openFolder(above == null ? Path.of("") : above)) {
            folder.sync();
        }
    }

    /** As {@link #writeAll}; the bytes stay as they are until it is done. Yields the path. */
    public Operation<Path> startWriteAll(Path path, byte[] bytes) {
        return Errand.begun(loop, "replace " + path, () -> {
            writeAll(path, bytes);
            return path;
        });
    }

    /** Makes a file under a name that nothing has yet. */
    interface Making {
        AsyncFile made(Path free) throws IOException;
    }

    /**
     * A new file beside {@code path}, under a free one of the names that are meant for that.
     *
     * <p>Numbers are given out once, so that thousands of writers of one file do not each try the names of all the others: a
     * thousand slow uploads to one name were half a million refused opens. Where another loop or process gives out the same
     * numbers, it is overtaken in steps that double.
     */
    AsyncFile openTemporary(Path path, Making making) throws IOException {
        Path name = path.getFileName();
        if (name == null) {
            throw new IllegalArgumentException(path + " names no file");
        }
        for (int tried = 1, step = 1; ; tried++, step *= 2) {
            int number = nextTemporary.getAndAdd(step) & Integer.MAX_VALUE;
            try {
                return making.made(path.resolveSibling("." + name + ".tmp-" + number));
            } catch (OperationException taken) {
                // By another writer, or left behind by one that did not live to delete it.
                if (taken.failure() != Failure.ALREADY_EXISTS || tried == TEMPORARY_NAMES_MAX) {
                    throw taken;
                }
            }
        }
    }

    /** An interrupt, if that is why, must not keep it from being deleted, too. */
    private void dropTemporary(Path temporary, Exception failure) {
        boolean interrupted = Thread.interrupted();
        try {
            delete(temporary);
        } catch (IOException left) {
            failure.addSuppressed(left);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    // ------------------------------------------------------------------------------ for the package, on the loop

    /** Hands a started operation with a control buffer to the driver. */
    interface Submission {
        void submit(Buffer control, long token);
    }

    Buffer takeControl() {
        Buffer control = controls.pollLast();
        return control != null ? control : Buffer.allocate(FileOperations.CONTROL_BYTES);
    }

    void giveBack(Buffer control) {
        if (controls.size() < CONTROLS_KEPT_MAX) {
            controls.addLast(control);
        }
    }

    /** Remembers a handle, so that it does not stay open when the loop ends. */
    void opened(int handle) {
        handles.set(handle);
    }

    void close(int handle) {
        handles.clear(handle);
        loop.driver().files().close(handle);
    }

    /** The loop ends. */
    void closeAll() {
        handles.stream().forEach(handle -> loop.driver().files().close(handle));
        handles.clear();
    }

    private <T> Operation<T> naming(String attempt, T value, Submission submission) {
        return new Controlled<T>(loop, attempt) {
            @Override
            void submit(Buffer control, long token) {
                submission.submit(control, token);
            }

            @Override
            T valueOf(Buffer control, int result) {
                return value;
            }
        }.started();
    }

    /** An operation with a control buffer, which is lent to it from its start to its end. */
    abstract static class Controlled<T> extends IoOperation<T> {

        private final String attempt;
        private @Nullable Buffer control;

        Controlled(Loop loop, String attempt) {
            super(loop);
            this.attempt = attempt;
        }

        abstract void submit(Buffer control, long token);

        abstract T valueOf(Buffer control, int result);

        @Override
        final void submit(long token) {
            Buffer lent = loop().files().takeControl();
            control = lent;
            submit(lent, token);
        }

        @Override
        final T valueOf(int result) {
            Buffer lent = control;
            if (lent == null) {
                throw new IllegalStateException("completed without having been started: " + attempt);
            }
            return valueOf(lent, result);
        }

        @Override
        void completed(int result, int flags) {
            super.completed(result, flags);
            if (control != null) {
                loop().files().giveBack(control);
                control = null;
            }
        }

        @Override
        String describe() {
            return attempt;
        }
    }

    @Override
    public String toString() {
        return "files of " + loop.name();
    }
}
