package dev.pumasi.web;

import dev.pumasi.http.MediaType;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * What of the answers is compressed, and how ({@code gzip} and what belongs to it).
 *
 * @param on whether anything is compressed while it is sent
 * @param types media types in lower case without parameters; a star for all
 * @param bytesMin shorter ones are not
 * @param level from 1, fastest, to 9
 * @param vary whether it is said that the answer depends on Accept-Encoding
 * @param proxied whether also for requests that have come through a proxy
 * @param gzipFiles whether {@code file.gz} is sent for {@code file}
 * @param brotliFiles whether {@code file.br} is
 */
record Compression(
        boolean on,
        Set<String> types,
        long bytesMin,
        int level,
        boolean vary,
        boolean proxied,
        Ready gzipFiles,
        Ready brotliFiles) {

    /** Files that have been compressed before. */
    enum Ready {
        OFF,
        /** Sent to those who take them. */
        ON,
        /** Sent to everybody. */
        ALWAYS
    }

    /** Longer ones are sent as they are: they are better compressed once, and kept beside the file. */
    static final long BYTES_MAX = 64L * 1024 * 1024;

    static final Compression NONE = new Compression(false, Set.of(), 20, 1, false, false, Ready.OFF, Ready.OFF);

    /** Whether a body of that type and length is worth it; −1 for a length that is not known. */
    boolean isFor(MediaType type, long length) {
        if (!on || length >= 0 && (length < bytesMin || length > BYTES_MAX)) {
            return false;
        }
        if (types.contains("*")) {
            return true;
        }
        String name = type.name();
        int end = name.indexOf(';');
        return types.contains((end < 0 ? name : name.substring(0, end)).strip().toLowerCase(Locale.ROOT));
    }

    /** Whether the client takes it. */
    boolean isWanted(Request request) {
        return accepts(request, "gzip")
                && request.version().equals("HTTP/1.1")
                && (proxied || !request.hasHeader("Via"));
    }

    /** The same answer, compressed if the client takes that and it is worth it. */
    Response on(Request request, Response response, GzipOutput.Workers workers) {
        int status = response.status();
        if (!on
                || status != 200 && status != 403 && status != 404
                || response.type().isEmpty()) {
            return response;
        }
        if (!isFor(response.type().get(), response.lengthBytes())
                || response.header("Content-Encoding").isPresent()) {
            return response;
        }
        Response varied = vary ? response.withHeader("Vary", "Accept-Encoding") : response;
        if (!isWanted(request) || !workers.begin(response.isStream())) {
            return varied;
        }
        return described(varied.encoded(this::gzip, writer -> new GzipOutput.Writer(writer, level, workers)));
    }

    /** What is said of an answer that has been compressed: it is another representation, and has no ranges. */
    static Response described(Response response) {
        Response described = response.withoutHeader("Accept-Ranges").withHeader("Content-Encoding", "gzip");
        String tag = response.header("ETag").orElse("");
        return tag.isEmpty() || tag.startsWith("W/")
                ? described
                : described.withoutHeader("ETag").withHeader("ETag", "W/" + tag);
    }

    /** RFC 1952. */
    byte[] gzip(byte[] bytes) {
        Deflater deflater = new Deflater(level, true);
        try {
            ByteArrayOutputStream made = new ByteArrayOutputStream(64 + bytes.length / 2);
            made.writeBytes(GzipOutput.HEADER);
            deflater.setInput(bytes);
            deflater.finish();
            byte[] piece = new byte[8192];
            while (!deflater.finished()) {
                made.write(piece, 0, deflater.deflate(piece));
            }
            CRC32 sum = new CRC32();
            sum.update(bytes);
            made.writeBytes(trailer(sum.getValue(), bytes.length));
            return made.toByteArray();
        } finally {
            deflater.end();
        }
    }

    static byte[] trailer(long sum, long length) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt((int) sum)
                .putInt((int) length)
                .array();
    }

    /** Whether the client takes a coding (RFC 9110 section 12.5.3). */
    static boolean accepts(Request request, String coding) {
        if (!request.hasHeader("Accept-Encoding")) {
            return false;
        }
        for (String line : request.headers("Accept-Encoding")) {
            for (String each : line.split(",")) {
                int end = each.indexOf(';');
                String name = (end < 0 ? each : each.substring(0, end)).strip();
                if (name.equalsIgnoreCase(coding)) {
                    return end < 0 || !each.substring(end + 1).strip().matches("[qQ]=0(\\.0*)?");
                }
            }
        }
        return false;
    }
}
