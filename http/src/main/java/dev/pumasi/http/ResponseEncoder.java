package dev.pumasi.http;

import dev.pumasi.runtime.memory.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Writes the head of responses with its framing, and the last chunk of streamed bodies. It writes into a buffer at an
 * index and answers the index after it, or -1 if that might not fit: then nothing has been written.
 *
 * <p>What the head says about the body and the connection follows from {@link BodyFraming} and from the request's version
 * (RFC 9112 sections 6 and 9.3): a Content-Length wherever one is known, also in answer to HEAD, but never with 204 or
 * 304; {@code Transfer-Encoding: chunked} never to HTTP/1.0; {@code Connection} wherever the version's own rule does not
 * say it already.
 */
final class ResponseEncoder {

    /** The interim response that lets a client send its body. */
    static final byte[] CONTINUE = ascii("HTTP/1.1 100 Continue\r\n\r\n");

    /** In the registry of status codes, by RFC 2518 section 10.1: the request is being worked on. */
    static final byte[] PROCESSING = ascii("HTTP/1.1 102 Processing\r\n\r\n");

    private static final byte[] CONTENT_LENGTH = ascii("Content-Length: ");
    private static final byte[] CHUNKED = ascii("Transfer-Encoding: chunked\r\n");
    private static final byte[] CLOSE = ascii("Connection: close\r\n");
    private static final byte[] KEEP_ALIVE = ascii("Connection: keep-alive\r\n");
    private static final byte[] DIGITS = ascii("0123456789abcdef");
    private static final short CRLF = '\r' | '\n' << 8;

    /** Longer than the longest status line, and than all fields that are added but those of the block. */
    private static final int ADDED_BYTES_MAX = 64 + 16 + 22 + 28 + 24 + 2;

    private ResponseEncoder() {}

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Enough room for the head of that response, whatever its framing. */
    static int headBytesMax(Response response, HeadBlock block) {
        byte[] type = response.typeLine();
        return block.length() + ADDED_BYTES_MAX + response.fieldBytes().length + (type == null ? 0 : type.length);
    }

    /** Whether the connection lives on after that response. */
    static boolean keepsAlive(Response response, BodyFraming framing, boolean requestKeepsAlive) {
        return requestKeepsAlive && !response.closes() && framing != BodyFraming.UNTIL_CLOSE;
    }

    /**
     * Writes the head, with the empty line after it.
     *
     * @param http10 the request's version
     * @param keepAlive what {@link #keepsAlive} has answered
     */
    static int head(
            Response response,
            BodyFraming framing,
            boolean http10,
            boolean keepAlive,
            HeadBlock block,
            Buffer out,
            int from,
            int limit) {
        if (limit - from < headBytesMax(response, block)) {
            return -1;
        }
        int at = block.copyTo(out, from, response.status());
        byte[] type = response.typeLine();
        if (type != null) {
            at = put(type, out, at);
        }
        byte[] fields = response.fieldBytes();
        if (fields.length > 0) {
            at = put(fields, out, at);
        }
        if (keepAlive == http10) {
            at = put(keepAlive ? KEEP_ALIVE : CLOSE, out, at);
        }
        if (framing == BodyFraming.CHUNKED) {
            at = put(CHUNKED, out, at);
        } else if (response.lengthBytes() >= 0 && !Status.isBodiless(response.status())) {
            at = put(CONTENT_LENGTH, out, at);
            at = decimal(response.lengthBytes(), out, at);
            out.putShort(at, CRLF);
            at += 2;
        }
        out.putShort(at, CRLF);
        return at + 2;
    }

    /** How many bytes {@link #head} writes, if there is room. */
    static int headBytes(Response response, BodyFraming framing, boolean http10, boolean keepAlive, HeadBlock block) {
        byte[] type = response.typeLine();
        int bytes =
                block.length(response.status()) + (type == null ? 0 : type.length) + response.fieldBytes().length + 2;
        if (keepAlive == http10) {
            bytes += keepAlive ? KEEP_ALIVE.length : CLOSE.length;
        }
        if (framing == BodyFraming.CHUNKED) {
            bytes += CHUNKED.length;
        } else if (response.lengthBytes() >= 0 && !Status.isBodiless(response.status())) {
            bytes += CONTENT_LENGTH.length + digits(response.lengthBytes()) + 2;
        }
        return bytes;
    }

    /** Enough room for the last chunk with these trailers. */
    static int lastChunkBytes(List<Field> trailers) {
        int bytes = 5;
        for (Field field : trailers) {
            bytes += field.name().length() + field.value().length() + 4;
        }
        return bytes;
    }

    /**
     * The chunk of no bytes, trailers, and the empty line. Fails with {@link IllegalArgumentException} for a field that
     * must not be a trailer.
     */
    static int lastChunk(List<Field> trailers, Buffer out, int from, int limit) {
        for (Field field : trailers) {
            if (Field.isForbiddenInTrailers(field.name())) {
                throw new IllegalArgumentException("the field " + field.name() + " must not be a trailer");
            }
        }
        if (limit - from < lastChunkBytes(trailers)) {
            return -1;
        }
        int at = from;
        out.put(at, (byte) '0');
        out.putShort(at + 1, CRLF);
        at += 3;
        for (Field field : trailers) {
            at = put(Response.encode(field), out, at);
        }
        out.putShort(at, CRLF);
        return at + 2;
    }

    private static int put(byte[] bytes, Buffer out, int at) {
        out.put(at, bytes, 0, bytes.length);
        return at + bytes.length;
    }

    private static int digits(long number) {
        int digits = 1;
        for (long rest = number / 10; rest > 0; rest /= 10) {
            digits++;
        }
        return digits;
    }

    private static int decimal(long number, Buffer out, int from) {
        int digits = digits(number);
        long rest = number;
        for (int at = from + digits - 1; at >= from; at--) {
            out.put(at, DIGITS[(int) (rest % 10)]);
            rest /= 10;
        }
        return from + digits;
    }
}
