package dev.pumasi.web;

import dev.pumasi.http.Handler;
import dev.pumasi.http.MediaType;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.Loop;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

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

    /** What makes a request ask for something else than the whole file. */
    private static final String[] PARTICULARS = {
        "Range", "If-Range", "If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since"
    };

    private static final byte[] NO_BYTES = {};

    private static final Response NOT_FOUND = error(404, "Not Found");
    private static final Response FORBIDDEN = error(403, "Forbidden");
    private static final Response PRECONDITION_FAILED = error(412, "Precondition Failed");
    private static final Response NOT_SATISFIABLE =
            error(416, "Range Not Satisfiable").withHeader("Accept-Ranges", "bytes");
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
            return answer(request, known.file(), known.whole(), nowMillis);
        }
        Optional<FilePath> path = FilePath.of(rawPath);
        Optional<FilePath> below = path.flatMap(names -> names.below(mount));
        if (path.isEmpty() || below.isEmpty()) {
            return NOT_FOUND;
        }
        Found found = tree.find(rawPath, below.get(), known == null ? null : known.file(), nowMillis);
        if (known != null && !(found instanceof Found.Small)) {
            tree.cache().remove(rawPath);
        }
        return switch (found) {
            case Found.Small small -> {
                Response whole = whole(small, nowMillis);
                tree.cache().put(rawPath, new FileCache.Entry(small, whole, nowNanos));
                yield answer(request, small, whole, nowMillis);
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
        FileTree tree = new FileTree(root, loop, cacheBytesMax);
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
            response = answer(request, file, null, nowMillis);
            return response;
        } finally {
            if (response == null || !response.isStream()) {
                file.file().release();
            }
        }
    }

    /** @param whole what to answer if neither conditions nor ranges say otherwise, if that has been made already */
    private Response answer(Request request, Found.File file, @Nullable Response whole, long nowMillis) {
        if (whole != null && !isParticular(request)) {
            return whole;
        }
        FileVersion version = file.version();
        Preconditions conditions = new Preconditions(
                version.entityTag(nowMillis),
                version.modifiedSecond(nowMillis),
                version.isSettled(nowMillis),
                Math.floorDiv(nowMillis, 1000L));
        Preconditions.Verdict verdict = conditions.of(request);
        if (verdict == Preconditions.Verdict.FAILED) {
            return PRECONDITION_FAILED;
        }
        if (verdict == Preconditions.Verdict.NOT_MODIFIED) {
            return described(Response.of(304), version, nowMillis);
        }
        long size = version.sizeBytes();
        Optional<List<ByteRange>> ranges = rangesOf(request, conditions, size);
        if (ranges.isEmpty()) {
            return whole != null
                    ? whole
                    : described(body(file, file.type(), wholeOf(size), NO_BYTES), version, nowMillis);
        }
        return switch (ranges.get().size()) {
            case 0 -> NOT_SATISFIABLE.withHeader("Content-Range", "bytes */" + size);
            case 1 -> {
                ByteRange range = ranges.get().getFirst();
                List<FileBody.Part> part = List.of(new FileBody.Part(NO_BYTES, range));
                yield described(
                        body(file, file.type(), part, NO_BYTES)
                                .withStatus(206)
                                .withHeader("Content-Range", range.of(size)),
                        version,
                        nowMillis);
            }
            default -> described(multipart(file, ranges.get()), version, nowMillis);
        };
    }

    /** Whether it has conditions or ranges. */
    private static boolean isParticular(Request request) {
        for (String name : PARTICULARS) {
            if (request.hasHeader(name)) {
                return true;
            }
        }
        return false;
    }

    /** Ranges mean something with GET alone (RFC 9110 section 14.2), and are no list of lines. */
    private static Optional<List<ByteRange>> rangesOf(Request request, Preconditions conditions, long size) {
        List<String> lines = request.headers("Range");
        return lines.size() == 1 && request.method().equals("GET") && conditions.allowRange(request)
                ? ByteRange.parse(lines.getFirst(), size)
                : Optional.empty();
    }

    /** RFC 9110 section 14.6. */
    private static Response multipart(Found.File file, List<ByteRange> ranges) {
        // Which bytes a part has is said by its Content-Range; that the boundary is in none of them, by chance alone.
        ThreadLocalRandom random = ThreadLocalRandom.current();
        String boundary = Long.toHexString(random.nextLong()) + Long.toHexString(random.nextLong());
        List<FileBody.Part> parts = new ArrayList<>();
        for (ByteRange range : ranges) {
            parts.add(new FileBody.Part(
                    ((parts.isEmpty() ? "--" : "\r\n--") + boundary + "\r\nContent-Type: "
                                    + file.type().name() + "\r\nContent-Range: "
                                    + range.of(file.version().sizeBytes()) + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII),
                    range));
        }
        byte[] tail = ("\r\n--" + boundary + "--\r\n").getBytes(StandardCharsets.US_ASCII);
        return body(file, MediaType.of("multipart/byteranges; boundary=" + boundary), parts, tail)
                .withStatus(206);
    }

    private static Response body(Found.File file, MediaType type, List<FileBody.Part> parts, byte[] tail) {
        long length = tail.length;
        for (FileBody.Part part : parts) {
            length += part.head().length + part.range().length();
        }
        return switch (file) {
            case Found.Small small -> {
                ByteArrayOutputStream bytes = new ByteArrayOutputStream((int) length);
                for (FileBody.Part part : parts) {
                    bytes.writeBytes(part.head());
                    bytes.writeBytes(small.bytes()
                            .bytes((int) part.range().from(), (int) part.range().length()));
                }
                bytes.writeBytes(tail);
                yield Response.bytes(type, bytes.toByteArray());
            }
            case Found.Large large -> Response.stream(type, length, new FileBody(large.file(), parts, tail));
        };
    }

    private static Response whole(Found.Small file, long nowMillis) {
        return described(Response.bytes(file.type(), file.bytes()), file.version(), nowMillis);
    }

    private static List<FileBody.Part> wholeOf(long size) {
        return List.of(new FileBody.Part(NO_BYTES, new ByteRange(0, size)));
    }

    private static Response described(Response response, FileVersion version, long nowMillis) {
        return response.withHeader("ETag", version.entityTag(nowMillis))
                .withHeader("Last-Modified", HttpDate.format(version.modifiedSecond(nowMillis)))
                .withHeader("Accept-Ranges", "bytes")
                .withHeader("X-Content-Type-Options", "nosniff");
    }

    private static Response toFolder(FilePath path, String query) {
        return Response.redirect(path.asFolder() + (query.isEmpty() ? "" : "?" + query))
                .withStatus(301);
    }

    private static Response error(int status, String reason) {
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
