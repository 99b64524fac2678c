package dev.pumasi.web;

import dev.pumasi.http.Handler;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.Loop;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Answers with the files of a folder: GET and HEAD, conditional requests and ranges by RFC 9110 sections 13 and 14.
 *
 * <p><b>The way of a request.</b> {@link FilePath} turns the path into names that cannot climb. A small file that was
 * looked at within the last second comes out of the loop's {@link FileCache}, without a wait. Else {@link FileTree} opens
 * it beneath the folder, asks for its status and reads it if it is small, all through the loop's driver. Then {@link Preconditions} and {@link
 * ByteRange} decide what of it is sent. A large file goes from disk to socket by {@link FileBody}, past this process's
 * memory where the kernel can do so. No loop ever waits for a disk.
 *
 * <p><b>Versions.</b> An entity tag is made of size and time of the last write, in nanoseconds. It is strong once that time
 * is old enough that another write would show; until then it is weak, and the file is read again at each look.
 *
 * <p><b>What is refused.</b> Names that begin with a dot (404; but {@code .well-known}), everything that leads out of the
 * folder, is no ordinary file, or may not be read by this process (403), other methods (405). A folder is answered with its
 * {@code index.html}, and never with a list of what is in it.
 *
 * <p><b>What it will not do.</b> It compresses nothing, and writes nothing.
 */
public final class StaticFiles implements Handler {

    /** What the small files that are kept may cost on each loop, unless another limit is given. */
    public static final long CACHE_BYTES_DEFAULT = 16L * 1024 * 1024;

    private static final System.Logger LOG = System.getLogger("dev.pumasi.web");

    private static final String RETRY_SECONDS = "1";

    private static final Path INDEX = Path.of("index.html");

    private static final FileAnswers ANSWERS = new FileAnswers(true);

    private static final Response NOT_FOUND = error(404, "Not Found");
    private static final Response FORBIDDEN = error(403, "Forbidden");
    private static final Response NOT_ALLOWED = error(405, "Method Not Allowed").withHeader("Allow", "GET, HEAD");
    private static final Response UNAVAILABLE =
            error(503, "Service Unavailable").withHeader("Retry-After", RETRY_SECONDS);

    private final Path root;
    private final FilePath mount;
    private final long cacheBytesMax;

    /**
     * What is kept is kept for each loop, so that no two threads meet; as many as there are loops. A map that is replaced, not
     * one with locks inside: two loops that began at once would wait for each other, which is a hop.
     */
    private final AtomicReference<Map<Loop, FileTree>> trees = new AtomicReference<>(Map.of());

    private StaticFiles(Path root, FilePath mount, long cacheBytesMax) {
        this.root = root;
        this.mount = mount;
        this.cacheBytesMax = cacheBytesMax;
    }

    /** Files of the folder {@code root}. */
    public static Builder builder(Path root) {
        return new Builder(root);
    }

    @Override
    public Response handle(Request request) throws IOException {
        String method = request.method();
        if (!method.equals("GET") && !method.equals("HEAD")) {
            return NOT_ALLOWED;
        }
        Loop loop = request.loop();
        long nowNanos = loop.isCurrent() ? loop.nowNanos() : System.nanoTime();
        long nowMillis = loop.isCurrent() ? loop.wallMillis() : System.currentTimeMillis();
        String rawPath = request.rawPath();
        FileTree tree = tree(loop);
        FileCache.Entry known = tree.cache().get(rawPath);
        if (known != null && known.isFresh(nowNanos)) {
            return ANSWERS.answer(request, known.file(), known.whole(), nowMillis);
        }
        Optional<FilePath> path = FilePath.of(rawPath);
        Optional<FilePath> below = path.flatMap(names -> names.below(mount));
        if (path.isEmpty() || below.isEmpty()) {
            return NOT_FOUND;
        }
        Found found = tree.find(rawPath, below.get(), INDEX, known == null ? null : known.file(), nowMillis);
        if (known != null && !(found instanceof Found.Small)) {
            tree.cache().remove(rawPath);
        }
        return switch (found) {
            case Found.Small small -> {
                Response whole = ANSWERS.whole(small, nowMillis);
                tree.cache().put(rawPath, new FileCache.Entry(small, whole, nowNanos));
                yield ANSWERS.answer(request, small, whole, nowMillis);
            }
            case Found.Large large -> answerLarge(request, large, nowMillis);
            case Found.Folder _ -> toFolder(path.get(), request.query());
            case Found.Missing _ -> NOT_FOUND;
            case Found.Forbidden _ -> FORBIDDEN;
            case Found.Unavailable _ -> UNAVAILABLE;
        };
    }

    private FileTree tree(Loop loop) {
        FileTree known = trees.get().get(loop);
        if (known != null) {
            return known;
        }
        FileTree tree = new FileTree(root, loop, MediaTypes::of, cacheBytesMax);
        return trees.updateAndGet(before -> with(before, loop, tree)).getOrDefault(loop, tree);
    }

    private static Map<Loop, FileTree> with(Map<Loop, FileTree> before, Loop loop, FileTree tree) {
        Map<Loop, FileTree> after = new HashMap<>(before);
        after.putIfAbsent(loop, tree);
        return Map.copyOf(after);
    }

    /** Whoever sends the file releases it; if nobody will, that is done here. */
    private Response answerLarge(Request request, Found.Large file, long nowMillis) {
        Response response = null;
        try {
            response = ANSWERS.answer(request, file, null, nowMillis);
            return response;
        } finally {
            if (response == null || !response.isStream()) {
                file.file().release();
            }
        }
    }

    private static Response toFolder(FilePath path, String query) {
        return Response.redirect(path.asFolder() + (query.isEmpty() ? "" : "?" + query))
                .withStatus(301);
    }

    static Response error(int status, String reason) {
        return Response.text(status + " " + reason + "\n")
                .withStatus(status)
                .withHeader("X-Content-Type-Options", "nosniff");
    }

    /** Settings, each with a default. Not thread-safe. */
    public static final class Builder {

        private final Path root;
        private FilePath mount = new FilePath(List.of(), true);
        private long cacheBytesMax = CACHE_BYTES_DEFAULT;

        private Builder(Path root) {
            this.root = Objects.requireNonNull(root, "root");
        }

        /** The folder stands for this path, of which its files are asked for below. Default: {@code /}. */
        public Builder under(String path) {
            mount = FilePath.of(path).orElseThrow(() -> new IllegalArgumentException("no path for files: " + path));
            return this;
        }

        /** What small files that are kept in memory may cost on each loop, in bytes; 0 to look at the file for each request. */
        public Builder cacheBytes(long max) {
            if (max < 0) {
                throw new IllegalArgumentException(max + " bytes is negative");
            }
            cacheBytesMax = max;
            return this;
        }

        /**
         * The handler. Blocks a moment.
         *
         * @throws IOException if there is no such folder, or it may not be entered
         */
        public StaticFiles build() throws IOException {
            if (!Files.isDirectory(root.toRealPath())) {
                throw new NotDirectoryException(root.toString());
            }
            warnOfLocale();
            return new StaticFiles(root.toAbsolutePath(), mount, cacheBytesMax);
        }

        /** Where the locale is ASCII the JDK cannot even name a file like 품앗이.html. */
        private static void warnOfLocale() {
            String encoding = System.getProperty("sun.jnu.encoding", "UTF-8");
            if (!Charset.forName(encoding).newEncoder().canEncode('품')) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "names of files are read as {0} in this locale, so that some files will not be found; set LC_ALL=C.UTF-8",
                        encoding);
            }
        }
    }
}
