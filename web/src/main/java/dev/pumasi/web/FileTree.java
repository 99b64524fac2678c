package dev.pumasi.web;

import dev.pumasi.http.MediaType;
import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.AsyncFolder;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.Timer;
import dev.pumasi.runtime.driver.FileAttributes;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The folder that is served, as one loop sees it, and the way from a path to a file in it.
 *
 * <p>A file is opened beneath the folder, by the kernel's own rule that nothing leads out of it, and everything else is
 * asked of what was opened: there is no moment between a check and an opening. Links that stay inside are followed.
 *
 * <p>The folder itself may be a link, and may be switched from one release to the next: it is opened again every second. Until
 * then large files stay open as well, and are asked each time whether they are still of the same version.
 *
 * <p>Used by the green threads of its loop; where they do not run on it, only what is thread-safe here is touched.
 */
final class FileTree {

    /** What is read at once and answered as bytes; of more than that the kernel's own pages cost less than a copy. */
    static final int SMALL_BYTES_MAX = 16 * 1024;

    /** How many large files are kept open. */
    private static final int OPEN_MAX = 256;

    private static final Path ITSELF = Path.of(".");

    /** How often a file is read again that changed meanwhile. */
    private static final int READS_MAX = 3;

    private final Path root;
    private final Loop loop;
    private final FileCache cache;
    private final Function<String, MediaType> types;
    private final boolean keeps;
    private final Timer second = Timer.of(this::closeFolder);
    private @Nullable AsyncFolder folder;

    /** Large files by the path as it was sent; of {@link #folder}. */
    private final Map<String, Found.Large> open = new HashMap<>();

    /**
     * @param types what a file of a name is
     * @param cacheBytesMax for the small files that are kept; 0 to look at the file system each time
     */
    FileTree(Path root, Loop loop, Function<String, MediaType> types, long cacheBytesMax) {
        this.root = root;
        this.loop = loop;
        this.types = types;
        keeps = cacheBytesMax > 0;
        cache = new FileCache(cacheBytesMax);
    }

    FileCache cache() {
        return cache;
    }

    /**
     * What {@code path} leads to. A large file is the caller's to {@linkplain SharedFile#release release}.
     *
     * @param rawPath as it was sent
     * @param index what a folder stands for that is asked for with its slash; null for itself, which is {@link Found.Folder}
     * @param known what it led to before; if the file is still of that version it is not read again
     * @param nowMillis for {@link FileVersion#isSettled}
     */
    Found find(String rawPath, FilePath path, @Nullable Path index, Found.@Nullable Small known, long nowMillis)
            throws IOException {
        Found.Large open = stillOpen(rawPath);
        if (open != null) {
            return open;
        }
        Path wanted;
        try {
            wanted = below(path, index);
        } catch (InvalidPathException unthinkable) {
            return new Found.Missing();
        }
        try {
            Found found = look(open(wanted), path.isFolder(), index != null, known, nowMillis);
            if (found instanceof Found.Large large) {
                keep(rawPath, large);
            }
            return found;
        } catch (OperationException refused) {
            return switch (refused.failure()) {
                case NOT_FOUND, NOT_A_FOLDER, NAME_TOO_LONG -> new Found.Missing();
                case PERMISSION_DENIED, OUTSIDE, TOO_MANY_LINKS -> new Found.Forbidden();
                case REJECTED, TOO_MANY_DESCRIPTORS -> new Found.Unavailable();
                default -> throw refused;
            };
        }
    }

    /** A large file that was opened a moment ago, if it has not changed since. */
    private Found.@Nullable Large stillOpen(String rawPath) throws IOException {
        Found.Large found = loop.isCurrent() ? open.get(rawPath) : null;
        if (found == null) {
            return null;
        }
        SharedFile file = found.file();
        file.use();
        if (file.isFresh(loop.nowNanos())) {
            return found;
        }
        boolean same = false;
        try {
            same = FileVersion.of(file.file().status()).equals(found.version());
            if (same) {
                file.sawSame(loop.nowNanos());
            }
            return same ? found : null;
        } finally {
            if (!same) {
                if (open.remove(rawPath, found)) {
                    file.forget();
                }
                file.release();
            }
        }
    }

    /** Keeps it open for who comes next, as long as the folder is. */
    private void keep(String rawPath, Found.Large large) {
        large.file().use();
        boolean kept = loop.isCurrent() && folder != null && open.size() < OPEN_MAX;
        if (!kept || open.putIfAbsent(rawPath, large) != null) {
            large.file().forget();
        }
    }

    private static Path below(FilePath path, @Nullable Path index) {
        Path wanted = Path.of("");
        for (String name : path.names()) {
            wanted = wanted.resolve(name);
        }
        if (path.isFolder() && index != null) {
            return wanted.resolve(index);
        }
        return path.names().isEmpty() ? ITSELF : wanted;
    }

    private AsyncFile open(Path wanted) throws IOException {
        return beneath(opened -> opened.startOpenBeneath(wanted, AsyncFile.Option.READ));
    }

    /** A folder beneath, to be listed and closed. */
    AsyncFolder openFolder(Path wanted) throws IOException {
        return beneath(opened -> opened.startOpenFolderBeneath(wanted));
    }

    private <T> T beneath(Function<AsyncFolder, Operation<T>> opening) throws IOException {
        if (!keeps || !loop.isCurrent()) {
            try (AsyncFolder once = loop.files().openFolder(root)) {
                return opening.apply(once).await();
            }
        }
        AsyncFolder known = folder;
        if (known == null) {
            AsyncFolder opened = loop.files().openFolder(root);
            known = folder; // another green thread may have been faster
            if (known == null) {
                known = opened;
                folder = opened;
                loop.start(second, FileCache.FRESH_NANOS);
            } else {
                opened.close();
            }
        }
        return opening.apply(known).await();
    }

    /** Lets go of the large files that are open for whoever asks next. On its loop. */
    void closeKept() {
        open.values().forEach(large -> large.file().forget());
        open.clear();
    }

    private void closeFolder() {
        AsyncFolder opened = folder;
        folder = null;
        if (opened != null) {
            opened.close();
        }
        closeKept();
    }

    /** Closes the file unless it is large. */
    private Found look(AsyncFile file, boolean asFolder, boolean hasIndex, Found.@Nullable Small known, long nowMillis)
            throws IOException {
        Found found = null;
        try {
            FileAttributes attributes = file.status();
            found = switch (attributes.kind()) {
                case FILE -> asFolder && !hasIndex ? new Found.Missing() : read(file, attributes, known, nowMillis);
                case FOLDER -> asFolder && hasIndex ? new Found.Missing() : new Found.Folder();
                case SYMBOLIC_LINK, OTHER -> new Found.Forbidden();
            };
            return found;
        } finally {
            if (!(found instanceof Found.Large)) {
                file.close();
            }
        }
    }

    private Found read(AsyncFile file, FileAttributes first, Found.@Nullable Small known, long nowMillis)
            throws IOException {
        MediaType type = types.apply(String.valueOf(file.path().getFileName()));
        FileVersion version = FileVersion.of(first);
        if (known != null && version.equals(known.version()) && version.isSettled(nowMillis)) {
            return known;
        }
        for (int reads = 0; reads < READS_MAX; reads++) {
            if (version.sizeBytes() > SMALL_BYTES_MAX) {
                return new Found.Large(
                        version, type, new SharedFile(file, loop.isCurrent() ? loop.nowNanos() : System.nanoTime()));
            }
            int length = (int) version.sizeBytes();
            Buffer bytes = Buffer.allocate(length);
            boolean complete = file.read(0, bytes, 0, length) == length;
            FileVersion after = FileVersion.of(file.status());
            if (complete && after.equals(version)) {
                return new Found.Small(version, type, bytes);
            }
            version = after;
        }
        return new Found.Unavailable();
    }
}
