package dev.pumasi.http;

import dev.pumasi.runtime.memory.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads the head of a response: see {@link HeadParser} for how. The status line is {@code version SP 3DIGIT SP reason CRLF}
 * (RFC 9112 section 4); the space before a reason that is not there may be missing too, because many leave it out and nothing
 * depends on it. Nothing may stand before it.
 *
 * <p>What the head says of the body also depends on the request; {@link #framing} puts the two together.
 */
final class ResponseParser extends HeadParser {

    private static final long HTTP_1_1 = RequestLine.word("HTTP/1.1");
    private static final long HTTP_1_0 = RequestLine.word("HTTP/1.0");
    private static final String VERSION = "HTTP/1.";
    private static final int STATUS_MIN = 100;
    private static final int STATUS_MAX = 599;

    private int status;
    private boolean http10;
    private int reasonAt;
    private int reasonLength;

    ResponseParser(HttpLimits limits) {
        super(limits, false);
        reset();
    }

    int status() {
        return status;
    }

    boolean isHttp10() {
        return http10;
    }

    String reason() {
        return text(reasonAt, reasonLength);
    }

    /** Whether it only says that the answer is still to come (RFC 9110 section 15.2). */
    boolean isInterim() {
        return status < 200 && status != 101;
    }

    /** Whether the connection may live on after it, if its end can be found (RFC 9112 section 9.3). */
    boolean keepsAlive() {
        return framing.keepsAlive(http10);
    }

    /** Where its body ends (RFC 9112 section 6.3). */
    BodyFraming bodyFraming(boolean toHead) {
        if (toHead || status < 200 || Status.isBodiless(status)) {
            return BodyFraming.NONE;
        }
        if (framing.chunked) {
            return BodyFraming.CHUNKED;
        }
        return framing.contentLength >= 0 ? BodyFraming.LENGTH : BodyFraming.UNTIL_CLOSE;
    }

    /** As the head says, whatever the framing; -1 if it does not. */
    long contentLength() {
        return framing.contentLength;
    }

    @Override
    int startLine(Buffer in, int base, int at, int limit) {
        int p = version(in, at, limit);
        if (p < 0) {
            return p;
        }
        if (p == limit) {
            return INCOMPLETE;
        }
        if (in.get(p) != ' ') {
            return malformed(in, p, limit);
        }
        p++;
        status = 0;
        for (int digits = 0; digits < 3; digits++, p++) {
            if (p == limit) {
                return INCOMPLETE;
            }
            int digit = in.get(p) - '0';
            if (digit < 0 || digit > 9) {
                return malformed(in, p, limit);
            }
            status = 10 * status + digit;
        }
        if (p == limit) {
            return INCOMPLETE;
        }
        if (in.get(p) == ' ') {
            p++;
        } else if (in.get(p) != '\r') {
            return malformed(in, p, limit);
        }
        int reason = p;
        p = valueEnd(in, p, limit);
        if (p < 0) {
            return p;
        }
        reasonAt = reason - base;
        reasonLength = p - reason;
        return status < STATUS_MIN || status > STATUS_MAX ? RequestLine.bad(Violation.STATUS_OUT_OF_RANGE) : p + 2;
    }

    /** The index after the version. */
    private int version(Buffer in, int at, int limit) {
        if (limit - at >= 8) {
            long word = in.getLong(at);
            if (word == HTTP_1_1 || word == HTTP_1_0) {
                http10 = word == HTTP_1_0;
                return at + 8;
            }
        }
        for (int i = 0; i < 8; i++) {
            if (at + i == limit) {
                return INCOMPLETE;
            }
            byte octet = in.get(at + i);
            boolean right = i < VERSION.length() ? octet == VERSION.charAt(i) : octet >= '0' && octet <= '9';
            if (!right) {
                boolean otherMajor = i == 5 && octet >= '0' && octet <= '9';
                return otherMajor ? RequestLine.bad(Violation.VERSION_UNSUPPORTED) : malformed(in, at + i, limit);
            }
        }
        // A later minor version is to be read as the highest that is known (RFC 9110 section 2.5).
        http10 = in.get(at + 7) == '0';
        return at + 8;
    }

    private static int malformed(Buffer in, int at, int limit) {
        byte octet = in.get(at);
        if (octet == '\n') {
            return RequestLine.bad(Violation.BARE_LF);
        }
        if (octet == '\r') {
            if (at + 1 == limit) {
                return INCOMPLETE;
            }
            return RequestLine.bad(in.get(at + 1) == '\n' ? Violation.STATUS_LINE_MALFORMED : Violation.BARE_CR);
        }
        return RequestLine.bad(Violation.STATUS_LINE_MALFORMED);
    }

    @Override
    @Nullable
    Violation conclude() {
        return framing.conclude(http10);
    }

    @Override
    Violation startLineTooLong() {
        return Violation.STATUS_LINE_TOO_LONG;
    }
}
