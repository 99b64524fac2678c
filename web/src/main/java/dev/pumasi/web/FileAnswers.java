package dev.pumasi.web;

import dev.pumasi.http.MediaType;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a request for a file that was found: all of it, parts of it, or that the client has it already (RFC 9110 sections 13 and
 * 14). Immutable.
 */
final class FileAnswers {

    /** What makes a request ask for something else than the whole file. */
    private static final String[] PARTICULARS = {
        "Range", "If-Range", "If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since"
    };

    private static final byte[] NO_BYTES = {};

    private static final Response PRECONDITION_FAILED = StaticFiles.error(412, "Precondition Failed");
    private static final Response NOT_SATISFIABLE =
            StaticFiles.error(416, "Range Not Satisfiable").withHeader("Accept-Ranges", "bytes");

    private final boolean nosniff;

    /** @param nosniff whether browsers are told not to guess the type */
    FileAnswers(boolean nosniff) {
        this.nosniff = nosniff;
    }

    /** @param whole what to answer if neither conditions nor ranges say otherwise, if that has been made already */
    Response answer(Request request, Found.File file, @Nullable Response whole, long nowMillis) {
        return answer(request, file, whole, true, nowMillis);
    }

    /** @param parts whether ranges may be asked for: of what is compressed on its way they may not */
    Response answer(Request request, Found.File file, @Nullable Response whole, boolean parts, long nowMillis) {
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
        Optional<List<ByteRange>> ranges = parts ? rangesOf(request, conditions, size) : Optional.empty();
        if (ranges.isEmpty()) {
            return whole != null ? whole : whole(file, nowMillis);
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
    static boolean isParticular(Request request) {
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

    static Response body(Found.File file, MediaType type, List<FileBody.Part> parts, byte[] tail) {
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

    /** All of it. */
    Response whole(Found.File file, long nowMillis) {
        Response plain = switch (file) {
            case Found.Small small -> Response.bytes(small.type(), small.bytes());
            case Found.Large large ->
                body(large, large.type(), wholeOf(large.version().sizeBytes()), NO_BYTES);
        };
        return described(plain, file.version(), nowMillis);
    }

    private static List<FileBody.Part> wholeOf(long size) {
        return List.of(new FileBody.Part(NO_BYTES, new ByteRange(0, size)));
    }

    private Response described(Response response, FileVersion version, long nowMillis) {
        Response described = response.withHeader("ETag", version.entityTag(nowMillis))
                .withHeader("Last-Modified", HttpDate.format(version.modifiedSecond(nowMillis)))
                .withHeader("Accept-Ranges", "bytes");
        return nosniff ? described.withHeader("X-Content-Type-Options", "nosniff") : described;
    }
}
