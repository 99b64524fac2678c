package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.FileAccess;
import dev.pumasi.runtime.driver.FileAttributes;
import dev.pumasi.runtime.driver.FileOperations;
import dev.pumasi.runtime.driver.FileSpace;
import dev.pumasi.runtime.driver.Listing;
import dev.pumasi.runtime.memory.Buffer;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/**
 * An open folder, which belongs to one loop: to list it, to do things below it and nowhere else, and to make durable what
 * was done to the names in it. Threads, styles and errors are as with {@link AsyncFile}.
 *
 * <p><b>Beneath.</b> A path given to a method whose name ends so is a relative one, and may come from a stranger. No name in it,
 * no link and no change made meanwhile leads out of the folder: what would fails with {@link Failure#OUTSIDE}. The folder that
 * the last name stands in is found by the kernel's own rule ({@code openat2}, {@code RESOLVE_BENEATH}), and the last name is
 * then looked up in that very folder, as an entry of it: a link is renamed or deleted itself. Where the kernel has no such rule
 * (Linux before 5.6, and the NIO driver), links on the way are not followed at all: {@link Failure#TOO_MANY_LINKS}.
 *
 * <p>{@link #makeFolderBeneath} fails with {@link Failure#NOT_SUPPORTED} on the NIO driver: the JDK can make a folder only by its
 * whole path, which may lead elsewhere by then.
 */
public final class AsyncFolder implements Closeable {

    /** How many entries are taken on at most; a folder with more is refused with {@link Failure#FILE_TOO_LARGE}. */
    public static final int ENTRIES_MAX = 1 << 22;

    private final AsyncFile folder;

    AsyncFolder(AsyncFile folder) {
        this.folder = folder;
    }

    /** The path it was opened by. */
    public Path path() {
        return folder.path();
    }

    public Loop loop() {
        return folder.loop();
    }

    // ------------------------------------------------------------------------------------------- what is in it

    /** What is in it, in the order of the file system, without "." and "..". One thread at a time. */
    public List<Listing.Entry> list() throws IOException {
        Listing listing = new Listing();
        int count = 0;
        int more;
        do {
            more = folder.startList(listing).await();
            count += more;
            if (count > ENTRIES_MAX) {
                throw new OperationException("list " + path(), Failure.FILE_TOO_LARGE);
            }
        } while (more > 0);
        return listing.entries();
    }

    /** As {@link #list}. */
    public Operation<List<Listing.Entry>> startList() {
        return Errand.begun(loop(), "list " + path(), this::list);
    }

    // ------------------------------------------------------------------------------------------- opening

    /** Opens what lies at a path beneath. */
    public AsyncFile openBeneath(Path path, AsyncFile.Option... options) throws IOException {
        return startOpenBeneath(path, options).await();
    }

    /** As {@link #openBeneath}; the operation yields the file. */
    public Operation<AsyncFile> startOpenBeneath(Path path, AsyncFile.Option... options) {
        FileAccess access = AsyncFile.Option.access(options);
        return openingBeneath(path, access, opened -> opened);
    }

    /** Opens a folder beneath. */
    public AsyncFolder openFolderBeneath(Path path) throws IOException {
        return startOpenFolderBeneath(path).await();
    }

    /** As {@link #openFolderBeneath}; the operation yields the folder. */
    public Operation<AsyncFolder> startOpenFolderBeneath(Path path) {
        return openingBeneath(path, FileAccess.FOLDER, AsyncFolder::new);
    }

    private <T> Operation<T> openingBeneath(Path below, FileAccess access, Function<AsyncFile, T> as) {
        return AsyncFile.opening(
                loop(),
                folder,
                path().resolve(below),
                access,
                as,
                (control, token) -> files().openBeneath(folder.handle(), below, access, control, token));
    }

    /**
     * A new file for writing and reading, in the same folder as {@code target} and under a name of its own, {@code
     * .NAME.tmp-NUMBER}: what is to be at {@code target} once it is all there. {@link #temporaryOf} says where it is; rename it
     * with {@link #replaceBeneath} or {@link #renameBeneath}, or delete it.
     *
     * @throws OperationException {@link Failure#ALREADY_EXISTS} if {@value AsyncFiles#TEMPORARY_NAMES_MAX} of them that were tried are there
     */
    public AsyncFile openTemporaryBeneath(Path target) throws IOException {
        Path name = target.getFileName();
        if (name == null || isNoName(name.toString())) {
            throw new OperationException("make a temporary file for " + path().resolve(target), Failure.OUTSIDE);
        }
        return loop().files()
                .openTemporary(
                        target,
                        temporary -> openBeneath(
                                temporary, AsyncFile.Option.READ, AsyncFile.Option.WRITE, AsyncFile.Option.CREATE_NEW));
    }

    /** As {@link #openTemporaryBeneath}; the operation yields the file. */
    public Operation<AsyncFile> startOpenTemporaryBeneath(Path target) {
        return Errand.begun(
                loop(), "make a temporary file for " + path().resolve(target), () -> openTemporaryBeneath(target));
    }

    /** The path beneath this folder of a file that {@link #openTemporaryBeneath} made. */
    public Path temporaryOf(AsyncFile temporary) {
        return path().relativize(temporary.path());
    }

    // ------------------------------------------------------------------------------------------- names

    /** Renames, within this folder and those beneath; fails with {@link Failure#ALREADY_EXISTS} if something is at {@code to}. */
    public void renameBeneath(Path from, Path to) throws IOException {
        startRenameBeneath(from, to).await();
    }

    /** As {@link #renameBeneath}. Yields {@code to}. */
    public Operation<Path> startRenameBeneath(Path from, Path to) {
        return renaming(from, to, false);
    }

    /** Renames; whatever file was at {@code to} is gone at the same instant: nobody ever finds half a file or none. */
    public void replaceBeneath(Path from, Path to) throws IOException {
        startReplaceBeneath(from, to).await();
    }

    /** As {@link #replaceBeneath}. Yields {@code to}. */
    public Operation<Path> startReplaceBeneath(Path from, Path to) {
        return renaming(from, to, true);
    }

    /** Removes a file's name; who has it open keeps it. */
    public void deleteBeneath(Path file) throws IOException {
        startDeleteBeneath(file).await();
    }

    /** As {@link #deleteBeneath}. Yields the path. */
    public Operation<Path> startDeleteBeneath(Path file) {
        String attempt = "delete " + path().resolve(file);
        return inFolderOf(file, attempt, (in, name) -> in.deleting(name, false, attempt, file));
    }

    /** Removes a folder, which must be empty. */
    public void deleteFolderBeneath(Path empty) throws IOException {
        startDeleteFolderBeneath(empty).await();
    }

    /** As {@link #deleteFolderBeneath}. Yields the path. */
    public Operation<Path> startDeleteFolderBeneath(Path empty) {
        String attempt = "delete the folder " + path().resolve(empty);
        return inFolderOf(empty, attempt, (in, name) -> in.deleting(name, true, attempt, empty));
    }

    /** Makes a folder; the one above it must be there. */
    public void makeFolderBeneath(Path made) throws IOException {
        startMakeFolderBeneath(made).await();
    }

    /** As {@link #makeFolderBeneath}. Yields the path. */
    public Operation<Path> startMakeFolderBeneath(Path made) {
        String attempt = "make the folder " + path().resolve(made);
        return inFolderOf(made, attempt, (in, name) -> in.makingFolder(name, attempt, made));
    }

    private Operation<Path> renaming(Path from, Path to, boolean replace) {
        String attempt = "rename " + path().resolve(from) + " to " + path().resolve(to);
        return inFolderOf(
                from,
                attempt,
                (source, name) -> inFolderOf(
                        to,
                        attempt,
                        (target, newName) -> source.renaming(name, target, newName, replace, attempt, to)));
    }

    private Operation<Path> deleting(Path name, boolean isFolder, String attempt, Path value) {
        return new OnNames(
                        attempt,
                        this,
                        value,
                        (control, token) -> files().delete(folder.handle(), name, isFolder, control, token))
                .started();
    }

    private Operation<Path> makingFolder(Path name, String attempt, Path value) {
        return new OnNames(
                        attempt,
                        this,
                        value,
                        (control, token) ->
                                files().makeFolder(folder.handle(), name, AsyncFiles.FOLDER_MODE, control, token))
                .started();
    }

    private Operation<Path> renaming(
            Path name, AsyncFolder target, Path newName, boolean replace, String attempt, Path value) {
        return new OnNames(
                        attempt,
                        target,
                        value,
                        (control, token) -> files().rename(
                                        folder.handle(),
                                        name,
                                        target.folder.handle(),
                                        newName,
                                        replace,
                                        control,
                                        token))
                .started();
    }

    /** What is done to one name in one folder. */
    private interface Step {
        Operation<Path> begun(AsyncFolder in, Path name);
    }

    /** Does it in the folder that the path's last name stands in, which is opened first if it is not this one. */
    private Operation<Path> inFolderOf(Path path, String attempt, Step step) {
        Path name = path.getFileName();
        Path above = path.getParent();
        if (path.isAbsolute() || name == null || isNoName(name.toString())) {
            return Errand.begun(loop(), attempt, () -> {
                throw new OperationException(attempt, Failure.OUTSIDE);
            });
        }
        if (above == null) {
            return step.begun(this, name);
        }
        return Errand.begun(loop(), attempt, () -> {
            try (AsyncFolder in = openFolderBeneath(above)) {
                return step.begun(in, name).await();
            }
        });
    }

    /** What stands for a folder that is there already, or for the one above. */
    private static boolean isNoName(String name) {
        return name.isEmpty() || name.equals(".") || name.equals("..");
    }

    // ------------------------------------------------------------------------------------------- the rest

    /** Makes durable what was created, renamed and deleted in it, though not beneath the folders in it. */
    public void sync() throws IOException {
        folder.syncAll();
    }

    /** As {@link #sync}. Yields the folder. */
    public Operation<AsyncFolder> startSync() {
        return new IoOperation<AsyncFolder>(loop()) {
            @Override
            int refusal() {
                return folder.refusal();
            }

            @Override
            void submit(long token) {
                files().sync(folder.handle(), true, token);
            }

            @Override
            AsyncFolder valueOf(int result) {
                return AsyncFolder.this;
            }

            @Override
            String describe() {
                return "sync " + path();
            }
        }.started();
    }

    /** What the file system says about it. */
    public FileAttributes status() throws IOException {
        return folder.status();
    }

    /** As {@link #status}. */
    public Operation<FileAttributes> startStatus() {
        return folder.startStatus();
    }

    /** How much room there is on its file system. */
    public FileSpace space() throws IOException {
        return startSpace().await();
    }

    /** As {@link #space}. */
    public Operation<FileSpace> startSpace() {
        return new AsyncFiles.Controlled<FileSpace>(loop(), "ask for the room on the disk of " + path()) {
            @Override
            int refusal() {
                return folder.refusal();
            }

            @Override
            void submit(Buffer control, long token) {
                files().space(folder.handle(), control, token);
            }

            @Override
            FileSpace valueOf(Buffer control, int result) {
                return files().space(control);
            }
        }.started();
    }

    /** Closes it; what is in progress is carried out first. Any thread. */
    @Override
    public void close() {
        folder.close();
    }

    @Override
    public String toString() {
        return "folder " + path();
    }

    private FileOperations files() {
        return loop().driver().files();
    }

    /** One operation on a name in this folder, and perhaps on one in another. */
    private final class OnNames extends AsyncFiles.Controlled<Path> {

        private final AsyncFolder other;
        private final Path value;
        private final AsyncFiles.Submission submission;

        OnNames(String attempt, AsyncFolder other, Path value, AsyncFiles.Submission submission) {
            super(AsyncFolder.this.loop(), attempt);
            this.other = other;
            this.value = value;
            this.submission = submission;
        }

        @Override
        int refusal() {
            return Math.min(folder.refusal(), other.folder.refusal());
        }

        @Override
        void submit(Buffer control, long token) {
            submission.submit(control, token);
        }

        @Override
        Path valueOf(Buffer control, int result) {
            return value;
        }
    }
}
