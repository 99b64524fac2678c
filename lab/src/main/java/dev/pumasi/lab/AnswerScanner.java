package dev.pumasi.lab;

import dev.pumasi.runtime.memory.Buffer;
import java.nio.charset.StandardCharsets;

/**
 * Finds where an HTTP/1.1 answer ends, and reads from its head what a load generator must know: status, framing (RFC 9112
 * section 6.3), and whether the connection lives on. Fields are not kept, and nothing is allocated.
 *
 * <pre>
 *   HEAD ──► FIXED ───────────────────────────────► COMPLETE
 *    │  ├──► UNTIL_END ── the connection's end ──────►  ▲
 *    │  └──► CHUNK_SIZE ──► CHUNK ──► CHUNK_END ─┐      │
 *    │         ▲  │ size 0                       │      │
 *    │         │  └──► TRAILERS ─────────────────┼──────┘
 *    │         └──────────────────────────────────┘
 *    └──► MALFORMED, for good; so from anywhere
 * </pre>
 *
 * <p>It takes bytes where they lie, however they are cut; a line that is cut is carried over, its first {@value
 * #CARRIED_MAX} bytes. It is lenient where nothing depends on it: a client that wants to be safe from a hostile server takes
 * the client of module http, whose parser keeps to every rule; this one measures servers of one's own.
 */
final class AnswerScanner {

    /** A head that is longer is none. */
    static final int HEAD_BYTES_MAX = 64 * 1024;

    private static final int CARRIED_MAX = 512;
    private static final int SIZE_DIGITS_MAX = 15;
    private static final long UNKNOWN = -1;

    private static final int STATUS_OFFSET = 9;
    private static final int STATUS_LINE_MIN = 12;
    private static final int NO_CONTENT = 204;
    private static final int NOT_MODIFIED = 304;

    private static final long EACH_BYTE = 0x0101_0101_0101_0101L;
    private static final long HIGH_BITS = 0x8080_8080_8080_8080L;
    private static final long LINE_FEEDS = '\n' * EACH_BYTE;

    private enum Phase {
        HEAD,
        FIXED,
        UNTIL_END,
        CHUNK_SIZE,
        CHUNK,
        CHUNK_END,
        TRAILERS,
        COMPLETE,
        MALFORMED
    }

    private static final byte[] CONTENT_LENGTH = ascii("content-length");
    private static final byte[] CONNECTION = ascii("connection");
    private static final byte[] TRANSFER_ENCODING = ascii("transfer-encoding");
    private static final byte[] CLOSE = ascii("close");
    private static final byte[] KEEP_ALIVE = ascii("keep-alive");
    private static final byte[] CHUNKED = ascii("chunked");
    private static final byte[] VERSION = ascii("http/1.");

    private final Buffer carried = Buffer.allocate(CARRIED_MAX);
    private int carriedLength;

    private Phase phase = Phase.COMPLETE;
    private boolean bodiless;
    private boolean begun;
    private boolean statusSeen;
    private boolean chunked;
    private boolean keepsAlive;
    private int status;
    private int headBytes;
    private int sizeDigits;
    private boolean sizeRead;
    private int trailerLineBytes;

    /** Of the body, or of the chunk. */
    private long remaining;

    /** An answer is expected. {@code toHead}: to a HEAD request, so that it has no body whatever it announces. */
    void begin(boolean toHead) {
        bodiless = toHead;
        begun = false;
        beginHead();
    }

    private void beginHead() {
        phase = Phase.HEAD;
        statusSeen = false;
        chunked = false;
        keepsAlive = false;
        status = 0;
        headBytes = 0;
        carriedLength = 0;
        remaining = UNKNOWN;
    }

    /**
     * Goes on with the bytes in {@code [from, limit)}.
     *
     * @return where it stopped: {@code limit}, or behind the last byte of the answer, or where it is malformed
     */
    int take(Buffer in, int from, int limit) {
        begun |= from < limit;
        int at = from;
        while (at < limit) {
            switch (phase) {
                case HEAD -> at = line(in, at, limit);
                case FIXED, CHUNK -> at = data(at, limit);
                case UNTIL_END -> at = limit;
                case CHUNK_SIZE, CHUNK_END, TRAILERS -> frame(in.get(at++));
                case COMPLETE, MALFORMED -> {
                    return at;
                }
            }
        }
        return at;
    }

    /** The connection has ended: whether that ends the answer in good order. */
    boolean endOfConnection() {
        if (phase == Phase.UNTIL_END) {
            phase = Phase.COMPLETE;
        }
        return phase == Phase.COMPLETE;
    }

    boolean isComplete() {
        return phase == Phase.COMPLETE;
    }

    boolean isMalformed() {
        return phase == Phase.MALFORMED;
    }

    /** Whether any of its bytes has come. */
    boolean hasBegun() {
        return begun;
    }

    int status() {
        return status;
    }

    /** Whether the server lets the connection live on; known when the answer is complete. */
    boolean keepsAlive() {
        return keepsAlive;
    }

    // ------------------------------------------------------------------------------------------- the head

    private int line(Buffer in, int at, int limit) {
        int feed = indexOfLineFeed(in, at, limit);
        int end = feed < 0 ? limit : feed;
        headBytes += end - at + 1;
        if (headBytes > HEAD_BYTES_MAX) {
            phase = Phase.MALFORMED;
            return at;
        }
        if (feed < 0) {
            carry(in, at, limit);
        } else if (carriedLength > 0) {
            carry(in, at, feed);
            int length = carriedLength;
            carriedLength = 0;
            complete(carried, 0, length);
        } else {
            complete(in, at, feed);
        }
        return feed < 0 ? limit : feed + 1;
    }

    /** Eight bytes at a time: a head is mostly lines that nobody looks at. */
    private static int indexOfLineFeed(Buffer in, int from, int limit) {
        int at = from;
        for (; at + Long.BYTES <= limit; at += Long.BYTES) {
            long differences = in.getLong(at) ^ LINE_FEEDS;
            long zeros = differences - EACH_BYTE & ~differences & HIGH_BITS;
            if (zeros != 0) {
                return at + Long.numberOfTrailingZeros(zeros) / Byte.SIZE;
            }
        }
        for (; at < limit; at++) {
            if (in.get(at) == '\n') {
                return at;
            }
        }
        return -1;
    }

    private void carry(Buffer in, int from, int to) {
        int count = Math.min(to - from, CARRIED_MAX - carriedLength);
        carried.put(carriedLength, in, from, count);
        carriedLength += count;
    }

    /** One line, without its line feed. */
    private void complete(Buffer in, int from, int feed) {
        int end = feed > from && in.get(feed - 1) == '\r' ? feed - 1 : feed;
        if (!statusSeen) {
            statusLine(in, from, end);
        } else if (from == end) {
            endOfHead();
        } else {
            switch (in.get(from) | 0x20) {
                case 'c', 't' -> field(in, from, end);
                default -> {} // none that matters here
            }
        }
    }

    private void statusLine(Buffer in, int from, int end) {
        if (end - from < STATUS_LINE_MIN || !matches(in, from, VERSION) || in.get(from + VERSION.length + 1) != ' ') {
            phase = Phase.MALFORMED;
            return;
        }
        int code = 0;
        for (int i = from + STATUS_OFFSET; i < from + STATUS_LINE_MIN; i++) {
            int digit = in.get(i) - '0';
            if (digit < 0 || digit > 9) {
                phase = Phase.MALFORMED;
                return;
            }
            code = 10 * code + digit;
        }
        status = code;
        keepsAlive = in.get(from + VERSION.length) != '0';
        statusSeen = true;
    }

    private void field(Buffer in, int from, int end) {
        if (isNamed(in, from, end, CONTENT_LENGTH)) {
            contentLength(in, from + CONTENT_LENGTH.length + 1, end);
        } else if (isNamed(in, from, end, CONNECTION)) {
            if (contains(in, from + CONNECTION.length + 1, end, CLOSE)) {
                keepsAlive = false;
            } else if (contains(in, from + CONNECTION.length + 1, end, KEEP_ALIVE)) {
                keepsAlive = true;
            }
        } else if (isNamed(in, from, end, TRANSFER_ENCODING)) {
            chunked = contains(in, from + TRANSFER_ENCODING.length + 1, end, CHUNKED);
        }
    }

    private void contentLength(Buffer in, int from, int end) {
        long length = 0;
        int digits = 0;
        for (int i = from; i < end; i++) {
            int octet = in.get(i);
            if (octet >= '0' && octet <= '9' && digits < SIZE_DIGITS_MAX) {
                length = 10 * length + octet - '0';
                digits++;
            } else if (octet != ' ' && octet != '\t') {
                digits = 0;
                break;
            }
        }
        if (digits == 0 || remaining != UNKNOWN && remaining != length) {
            phase = Phase.MALFORMED;
        }
        remaining = length;
    }

    private void endOfHead() {
        if (status < 200) {
            beginHead(); // an interim answer: the one that counts follows
        } else if (bodiless || status == NO_CONTENT || status == NOT_MODIFIED) {
            phase = Phase.COMPLETE;
        } else if (chunked) {
            beginChunkSize();
        } else if (remaining == UNKNOWN) {
            keepsAlive = false;
            phase = Phase.UNTIL_END;
        } else {
            phase = remaining == 0 ? Phase.COMPLETE : Phase.FIXED;
        }
    }

    private static boolean isNamed(Buffer in, int from, int end, byte[] name) {
        return end - from > name.length && in.get(from + name.length) == ':' && matches(in, from, name);
    }

    /** Letters of either case; the caller has seen that there are as many bytes. */
    private static boolean matches(Buffer in, int from, byte[] lowerCase) {
        for (int i = 0; i < lowerCase.length; i++) {
            int octet = in.get(from + i);
            if (octet != lowerCase[i] && (octet < 'A' || octet > 'Z' || octet + 0x20 != lowerCase[i])) {
                return false;
            }
        }
        return true;
    }

    private static boolean contains(Buffer in, int from, int end, byte[] lowerCase) {
        for (int at = from; at + lowerCase.length <= end; at++) {
            if (matches(in, at, lowerCase)) {
                return true;
            }
        }
        return false;
    }

    // ------------------------------------------------------------------------------------------- the body

    private int data(int at, int limit) {
        int count = (int) Math.min(remaining, limit - at);
        remaining -= count;
        if (remaining == 0) {
            phase = phase == Phase.FIXED ? Phase.COMPLETE : Phase.CHUNK_END;
        }
        return at + count;
    }

    private void beginChunkSize() {
        phase = Phase.CHUNK_SIZE;
        remaining = 0;
        sizeDigits = 0;
        sizeRead = false;
    }

    private void frame(byte octet) {
        switch (phase) {
            case CHUNK_SIZE -> chunkSize(octet);
            case CHUNK_END -> {
                if (octet == '\n') {
                    beginChunkSize();
                } else if (octet != '\r') {
                    phase = Phase.MALFORMED;
                }
            }
            default -> trailer(octet);
        }
    }

    private void chunkSize(byte octet) {
        int digit = Character.digit(octet, 16);
        if (octet == '\n') {
            if (sizeDigits == 0) {
                phase = Phase.MALFORMED;
            } else if (remaining == 0) {
                phase = Phase.TRAILERS;
                trailerLineBytes = 0;
            } else {
                phase = Phase.CHUNK;
            }
        } else if (digit < 0 || sizeRead) {
            sizeRead = true; // an extension, or the carriage return
        } else if (++sizeDigits > SIZE_DIGITS_MAX) {
            phase = Phase.MALFORMED;
        } else {
            remaining = 16 * remaining + digit;
        }
    }

    private void trailer(byte octet) {
        if (octet == '\n') {
            if (trailerLineBytes == 0) {
                phase = Phase.COMPLETE;
            }
            trailerLineBytes = 0;
        } else if (octet != '\r') {
            trailerLineBytes++;
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
