package dev.pumasi.http;

import dev.pumasi.runtime.memory.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * What the fields of a message say about where it ends and what becomes of the connection. They are recognised while the
 * head is parsed, by length and then by eight bytes at a time; all other fields cost one table look-up.
 *
 * <p>The rules are those of RFC 9112 section 6.3, and where they leave a choice, the refusal: a request that could be
 * read in two ways is a weapon against whoever reads it the other way.
 */
final class FramingFields {

    // A set 0x20 bit makes a letter small. No other character of a token becomes one that stands in these names by it.
    private static final long LOWER = 0x2020202020202020L;
    private static final int HOST = (int) RequestLine.word("host");
    private static final int EXPE = (int) RequestLine.word("expe");
    private static final short CT = (short) RequestLine.word("ct");
    private static final long CONTENT_ = RequestLine.word("content-");
    private static final long T_LENGTH = RequestLine.word("t-length");
    private static final long CONNECTI = RequestLine.word("connecti");
    private static final short ON = (short) RequestLine.word("on");
    private static final long TRANSFER = RequestLine.word("transfer");
    private static final long ENCODIN = RequestLine.word("-encodin");

    /** Host and Expect mean something in requests only. */
    private final boolean ofRequests;

    private boolean host;
    private boolean transferEncoding;
    private boolean optionClose;
    private boolean optionKeepAlive;

    /** -1 without a Content-Length. */
    long contentLength;

    boolean chunked;
    boolean expectContinue;

    /** The Host field's line in the index, or -1. */
    int hostLine;

    FramingFields(boolean ofRequests) {
        this.ofRequests = ofRequests;
    }

    void clear() {
        host = false;
        hostLine = -1;
        transferEncoding = false;
        optionClose = false;
        optionKeepAlive = false;
        contentLength = -1;
        chunked = false;
        expectContinue = false;
    }

    /** Takes note of a field line, if it is one of those that matter; a violation if it is wrong. */
    @Nullable
    Violation see(Buffer in, int name, int nameLength, int value, int length, int line) {
        switch (nameLength) {
            case 4:
                if ((in.getInt(name) | (int) LOWER) == HOST && ofRequests) {
                    return host(in, value, length, line);
                }
                break;
            case 6:
                if ((in.getInt(name) | (int) LOWER) == EXPE
                        && (short) (in.getShort(name + 4) | LOWER) == CT
                        && ofRequests) {
                    return expect(in, value, length);
                }
                break;
            case 10:
                if ((in.getLong(name) | LOWER) == CONNECTI && (short) (in.getShort(name + 8) | LOWER) == ON) {
                    connection(in, value, value + length);
                }
                break;
            case 14:
                if ((in.getLong(name) | LOWER) == CONTENT_ && (in.getLong(name + 6) | LOWER) == T_LENGTH) {
                    return contentLength(in, value, length);
                }
                break;
            case 17:
                if ((in.getLong(name) | LOWER) == TRANSFER
                        && (in.getLong(name + 8) | LOWER) == ENCODIN
                        && Octets.lower(in.get(name + 16)) == 'g') {
                    return transferEncoding(in, value, length);
                }
                break;
            default:
                break;
        }
        return null;
    }

    /** Called once all fields have been seen: what only the whole can tell. */
    @Nullable
    Violation conclude(boolean http10) {
        if (!host && !http10 && ofRequests) {
            return Violation.HOST_MISSING;
        }
        if (transferEncoding) {
            if (contentLength >= 0) {
                return Violation.LENGTH_AND_TRANSFER_ENCODING;
            }
            if (http10) {
                return Violation.TRANSFER_ENCODING_HTTP_1_0;
            }
        }
        if (http10) {
            // A client of 1.0 does not know of interim responses (RFC 9110 section 10.1.1).
            expectContinue = false;
        }
        return null;
    }

    /** Whether the connection may live on after the response (RFC 9112 section 9.3). */
    boolean keepsAlive(boolean http10) {
        return !optionClose && (!http10 || optionKeepAlive);
    }

    private @Nullable Violation host(Buffer in, int value, int length, int line) {
        if (host) {
            return Violation.HOST_REPEATED;
        }
        host = true;
        hostLine = line;
        return Host.isValid(in, value, length) ? null : Violation.HOST_MALFORMED;
    }

    private @Nullable Violation contentLength(Buffer in, int value, int length) {
        if (contentLength >= 0) {
            return Violation.CONTENT_LENGTH_REPEATED;
        }
        if (length == 0) {
            return Violation.CONTENT_LENGTH_MALFORMED;
        }
        long number = 0;
        boolean overflow = false;
        for (int p = value; p < value + length; p++) {
            int digit = in.get(p) - '0';
            if (digit < 0 || digit > 9) {
                return Violation.CONTENT_LENGTH_MALFORMED;
            }
            overflow |= number > (Long.MAX_VALUE - digit) / 10;
            number = 10 * number + digit;
        }
        if (overflow) {
            return Violation.CONTENT_LENGTH_OVERFLOW;
        }
        contentLength = number;
        return null;
    }

    private @Nullable Violation transferEncoding(Buffer in, int value, int length) {
        if (transferEncoding) {
            return Violation.TRANSFER_ENCODING_REPEATED;
        }
        transferEncoding = true;
        if (length == 7 && Octets.equalsIgnoreCase(in, value, "chunked")) {
            chunked = true;
            return null;
        }
        // What is refused either way is only told apart: codings before a final chunked, or a single other one, might
        // be
        // known elsewhere (501); anything else leaves the end of the body unknown (400).
        int last = lastMember(in, value, length);
        int lastLength = value + length - last;
        boolean lastChunked = lastLength == 7 && Octets.equalsIgnoreCase(in, last, "chunked");
        boolean namesChunked = contains(in, value, length, "chunked");
        boolean tokens = isTokenList(in, value, length);
        if (!tokens || namesChunked && (!lastChunked || contains(in, value, last - value, "chunked"))) {
            return Violation.TRANSFER_ENCODING_MALFORMED;
        }
        return Violation.TRANSFER_ENCODING_UNKNOWN;
    }

    private @Nullable Violation expect(Buffer in, int value, int length) {
        if (length == 12 && Octets.equalsIgnoreCase(in, value, "100-continue")) {
            expectContinue = true;
            return null;
        }
        return Violation.EXPECTATION_UNKNOWN;
    }

    private void connection(Buffer in, int from, int end) {
        int p = from;
        while (p < end) {
            int member = p;
            while (p < end && in.get(p) != ',') {
                p++;
            }
            int memberEnd = p;
            while (memberEnd > member && isBlank(in.get(memberEnd - 1))) {
                memberEnd--;
            }
            while (member < memberEnd && isBlank(in.get(member))) {
                member++;
            }
            int length = memberEnd - member;
            if (length == 10 && Octets.equalsIgnoreCase(in, member, "keep-alive")) {
                optionKeepAlive = true;
            } else if (length == 5 && Octets.equalsIgnoreCase(in, member, "close")) {
                optionClose = true;
            }
            p++;
        }
    }

    private static int lastMember(Buffer in, int value, int length) {
        int p = value + length;
        while (p > value && in.get(p - 1) != ',' && !isBlank(in.get(p - 1))) {
            p--;
        }
        return p;
    }

    private static boolean contains(Buffer in, int value, int length, String word) {
        for (int p = value; p <= value + length - word.length(); p++) {
            if (Octets.equalsIgnoreCase(in, p, word)
                    && (p == value || !Octets.is(Octets.TOKEN, in.get(p - 1)))
                    && (p + word.length() == value + length || !Octets.is(Octets.TOKEN, in.get(p + word.length())))) {
                return true;
            }
        }
        return false;
    }

    /** Tokens with commas between them; parameters of codings are not told apart from other rubbish. */
    private static boolean isTokenList(Buffer in, int value, int length) {
        boolean token = false;
        boolean blankAfterToken = false;
        for (int p = value; p < value + length; p++) {
            byte octet = in.get(p);
            if (octet == ',') {
                if (!token) {
                    return false;
                }
                token = false;
                blankAfterToken = false;
            } else if (isBlank(octet)) {
                blankAfterToken = token;
            } else if (!Octets.is(Octets.TOKEN, octet) || blankAfterToken) {
                return false;
            } else {
                token = true;
            }
        }
        return token;
    }

    private static boolean isBlank(byte octet) {
        return octet == ' ' || octet == '\t';
    }
}
