package dev.pumasi.web;

import dev.pumasi.http.MediaType;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.AsyncFolder;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.driver.Listing;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The files below one folder, for all locations that have them from there: a {@link FileTree} on each loop, which opens them
 * beneath the folder and keeps small ones for a second, unless {@link #changed} is called.
 */
final class FileStore {

    /** How many names that lead to nothing are kept on each loop. */
    private static final int ABSENT_MAX = 4_096;

    private static final FileAnswers ANSWERS = new FileAnswers(false);

    private static final Found MISSING = new Found.Missing();

    /**
     * What was found.
     *
     * @param entry of a small file: its answer is there already
     */
    record Looked(Found found, FileCache.@Nullable Entry entry) {}

    private static final Looked NOTHING = new Looked(MISSING, null);

    /** One loop's part. */
    private static final class Part {
        final FileTree tree;
        final Map<String, Long> absent = new ConcurrentHashMap<>();

        /** Up to which change everything is forgotten; several threads use a part where none runs on its loop. */
        volatile int forgotten;

        Part(FileTree tree, int forgotten) {
            this.tree = tree;
            this.forgotten = forgotten;
        }
    }

    private final Path base;
    private final TypeTable types;
    private final LongSupplier cacheBytesMax;

    /** Copied on write, so that no two threads wait for each other; as many as there are loops. */
    private final AtomicReference<Map<Loop, Part>> parts = new AtomicReference<>(Map.of());

    /** How often something below was changed by this server itself. */
    private final AtomicInteger changes = new AtomicInteger();

    FileStore(Path base, TypeTable types, LongSupplier cacheBytesMax) {
        this.base = base;
        this.types = types;
        this.cacheBytesMax = cacheBytesMax;
    }

    Path base() {
        return base;
    }

    /** What lies below was changed just now: who asks from here on sees it. Any thread. */
    void changed() {
        changes.incrementAndGet();
    }

    /** What a file of that path is. */
    MediaType type(String path) {
        return types.of(path.substring(path.lastIndexOf('/') + 1));
    }

    /** What a decoded path leads to. A large file is the caller's to release. */
    Looked find(Loop loop, String path, long nowNanos, long nowMillis) throws IOException {
        Part part = part(loop);
        int before = changes.get();
        forgetWhatChanged(part, before, loop);
        FileCache cache = part.tree.cache();
        FileCache.Entry known = cache.get(path);
        if (known != null && known.isFresh(nowNanos)) {
            return new Looked(known.file(), known);
        }
        Optional<FilePath> names = FilePath.ofDecoded(path);
        if (names.isEmpty()) {
            return NOTHING;
        }
        Found found = part.tree.find(path, names.get(), null, known == null ? null : known.file(), nowMillis);
        if (found instanceof Found.Small small) {
            Response whole = known != null
                            && known.file().equals(small)
                            && small.version().isSettled(nowMillis)
                    ? known.whole()
                    : ANSWERS.whole(small, nowMillis);
            FileCache.Entry entry = new FileCache.Entry(small, whole, nowNanos);
            if (known != null && known.whole().equals(whole)) {
                Response compressed = known.compressed();
                if (compressed != null) {
                    entry.compressed(compressed);
                }
            }
            if (changes.get() == before) { // else it may have been looked at before the change
                cache.put(path, entry);
            }
            return new Looked(small, entry);
        }
        if (known != null) {
            cache.remove(path);
        }
        return found instanceof Found.Missing ? NOTHING : new Looked(found, null);
    }

    /** As {@link #find}, for files that are as a rule not there: that they were not is believed for a second. */
    Looked findRare(Loop loop, String path, long nowNanos, long nowMillis) throws IOException {
        Part part = part(loop);
        forgetWhatChanged(part, changes.get(), loop);
        Map<String, Long> absent = part.absent;
        Long since = absent.get(path);
        if (since != null && nowNanos - since < FileCache.FRESH_NANOS) {
            return NOTHING;
        }
        Looked looked = find(loop, path, nowNanos, nowMillis);
        if (looked.found() instanceof Found.Missing) {
            if (absent.size() >= ABSENT_MAX) {
                absent.clear();
            }
            absent.put(path, nowNanos);
        } else if (since != null) {
            absent.remove(path);
        }
        return looked;
    }

    private static void forgetWhatChanged(Part part, int change, Loop loop) {
        if (part.forgotten != change) {
            part.forgotten = change;
            part.tree.cache().clear();
            part.absent.clear();
            if (loop.isCurrent()) { // elsewhere no file is kept open
                part.tree.closeKept();
            }
        }
    }

    /** What is in a folder; empty if it is none that may be read. */
    Optional<FolderPage> list(Loop loop, String path) throws IOException {
        Optional<FilePath> names = FilePath.ofDecoded(path);
        if (names.isEmpty()) {
            return Optional.empty();
        }
        Path wanted = Path.of(".");
        try {
            for (String name : names.get().names()) {
                wanted = wanted.resolve(name);
            }
        } catch (InvalidPathException unthinkable) {
            return Optional.empty();
        }
        try (AsyncFolder folder = part(loop).tree.openFolder(wanted)) {
            List<FolderPage.Entry> entries = new ArrayList<>();
            boolean cut = false;
            for (Listing.Entry each : folder.list()) {
                String name = each.name().toString();
                if (FilePath.isHidden(name)) {
                    continue;
                }
                if (entries.size() == FolderPage.ENTRIES_MAX) {
                    cut = true;
                    break;
                }
                FolderPage.entry(loop, folder.path(), name).ifPresent(entries::add);
            }
            return Optional.of(new FolderPage(entries, cut));
        } catch (OperationException refused) {
            if (refused.failure() == Failure.PERMISSION_DENIED
                    || refused.failure() == Failure.NOT_FOUND
                    || refused.failure() == Failure.NOT_A_FOLDER
                    || refused.failure() == Failure.OUTSIDE) {
                return Optional.empty();
            }
            throw refused;
        }
    }

    private Part part(Loop loop) {
        Part known = parts.get().get(loop);
        if (known != null) {
            return known;
        }
        Part made = new Part(new FileTree(base, loop, types::of, cacheBytesMax.getAsLong()), changes.get());
        return parts.updateAndGet(before -> {
                    Map<Loop, Part> after = new HashMap<>(before);
                    after.putIfAbsent(loop, made);
                    return Map.copyOf(after);
                })
                .getOrDefault(loop, made);
    }
}
