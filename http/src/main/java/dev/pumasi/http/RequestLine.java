package dev.pumasi.http;

import dev.pumasi.runtime.memory.Buffer;

/**
 * The first line of a request (RFC 9112 section 3): {@code method SP target SP version CRLF}, one space each. Offsets are
 * relative to the first byte of the head.
 *
 * <p>The target is checked byte by byte against what browsers send (see {@link Octets#PATH}). Of its four forms,
 * origin-form ({@code /path?query}), absolute-form ({@code http://host/path}) and asterisk-form ({@code OPTIONS *}) are
 * taken; authority-form goes with CONNECT only, which is refused.
 */
final class RequestLine {

    /** The bytes ran out before the end of the line. */
    static final int INCOMPLETE = -1;

    /** Names of the methods that are recognised by their bytes; others are tokens that become strings when asked for. */
    private static final String[] METHODS = {"", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"};

    /** The same as eight bytes with the space after them, and the masks that cut the eight bytes to that length. */
    private static final long[] METHOD_WORDS = new long[METHODS.length];

    private static final long[] METHOD_MASKS = new long[METHODS.length];

    static final int OTHER = 0;
    static final int GET = 1;
    static final int HEAD = 2;
    private static final int OPTIONS = 6;

    private static final int METHOD_BYTES_MAX = 32;

    private static final long HTTP_1_1 = word("HTTP/1.1");
    private static final long HTTP_1_0 = word("HTTP/1.0");
    private static final int GET_SPACE = (int) word("GET ");
    private static final short CRLF = (short) word("\r\n");

    static {
        for (int i = 1; i < METHODS.length; i++) {
            METHOD_WORDS[i] = word(METHODS[i] + " ");
            METHOD_MASKS[i] = -1L >>> 8 * (7 - METHODS[i].length());
        }
    }

    /** An index into the names, or {@link #OTHER}. */
    int method;

    int methodAt;
    int methodLength;

    int targetAt;
    int targetLength;

    /** The path within the target; of length 0 where an absolute-form has none, which means {@code /}. */
    int pathAt;

    int pathLength;

    /** Behind the question mark; of length 0 where there is no query. */
    int queryAt;

    int queryLength;

    /** The host and port of an absolute-form, which take the place of the Host field; of length 0 where there is none. */
    int authorityAt;

    int authorityLength;

    /** The path has neither percent signs nor segments that begin with a dot: it can be compared as it is. */
    boolean plainPath;

    boolean http10;

    /** {@code text} of at most eight characters as a little-endian word. */
    static long word(String text) {
        long word = 0;
        for (int i = text.length() - 1; i >= 0; i--) {
            word = word << 8 | text.charAt(i);
        }
        return word;
    }

    static int bad(Violation violation) {
        return -2 - violation.ordinal();
    }

    /** The method's name, without allocation where it is a known one. */
    String methodName(Buffer in, int base) {
        return method == OTHER ? in.latin1(base + methodAt, methodLength) : METHODS[method];
    }

    /** The index after the line, or {@link #INCOMPLETE}, or what {@link #bad} makes of a violation. */
    int parse(Buffer in, int base, int at, int limit) {
        queryLength = 0;
        authorityLength = 0;
        plainPath = true;
        int p = method(in, base, at, limit);
        if (p < 0) {
            return p;
        }
        if (p == limit) {
            return INCOMPLETE;
        }
        targetAt = p - base;
        if (in.get(p) == '/') {
            pathAt = targetAt;
            p = path(in, base, p, limit);
        } else {
            p = otherForm(in, base, p, limit);
        }
        if (p < 0) {
            return p;
        }
        targetLength = p - base - targetAt;
        return version(in, p + 1, limit);
    }

    /** The index after the space after the method. */
    private int method(Buffer in, int base, int at, int limit) {
        methodAt = at - base;
        if (limit - at >= 8) {
            long word = in.getLong(at);
            if ((int) word == GET_SPACE) {
                method = GET;
                methodLength = 3;
                return at + 4;
            }
            for (int i = HEAD; i < METHODS.length; i++) {
                if ((word & METHOD_MASKS[i]) == METHOD_WORDS[i]) {
                    method = i;
                    methodLength = METHODS[i].length();
                    return at + methodLength + 1;
                }
            }
        }
        int p = at;
        while (p < limit && Octets.is(Octets.TOKEN, in.get(p))) {
            p++;
        }
        if (p == limit) {
            return INCOMPLETE;
        }
        if (in.get(p) != ' ') {
            return unexpected(in, p, limit, Violation.METHOD_MALFORMED);
        }
        if (p == at) {
            return bad(Violation.REQUEST_LINE_MALFORMED);
        }
        methodLength = p - at;
        if (methodLength > METHOD_BYTES_MAX) {
            return bad(Violation.METHOD_TOO_LONG);
        }
        method = known(in, at, methodLength);
        if (methodLength == 7 && in.getLong(at) == word("CONNECT ")) {
            return bad(Violation.METHOD_CONNECT);
        }
        return p + 1;
    }

    /** For a line that came in pieces, of which the first eight bytes were not there at once. */
    private static int known(Buffer in, int at, int length) {
        for (int i = 1; i < METHODS.length; i++) {
            String name = METHODS[i];
            if (name.length() == length) {
                int same = 0;
                while (same < length && in.get(at + same) == name.charAt(same)) {
                    same++;
                }
                if (same == length) {
                    return i;
                }
            }
        }
        return OTHER;
    }

    /** From the first slash of a path on; the index of the space after the target. */
    private int path(Buffer in, int base, int from, int limit) {
        int p = from;
        while (true) {
            while (p < limit && Octets.is(Octets.PATH, in.get(p))) {
                p++;
            }
            if (p == limit) {
                return INCOMPLETE;
            }
            byte octet = in.get(p);
            if (octet == '.') {
                // Only a segment that begins with a dot can be "." or "..".
                plainPath &= in.get(p - 1) != '/';
                p++;
            } else if (octet == '%') {
                plainPath = false;
                p = percent(in, p, limit, 1);
                if (p < 0) {
                    return p;
                }
            } else {
                pathLength = p - base - pathAt;
                if (octet == ' ') {
                    return p;
                }
                return octet == '?'
                        ? query(in, base, p + 1, limit)
                        : unexpected(in, p, limit, Violation.TARGET_MALFORMED);
            }
        }
    }

    private int query(Buffer in, int base, int from, int limit) {
        int p = from;
        queryAt = from - base;
        while (true) {
            while (p < limit && Octets.is(Octets.QUERY, in.get(p))) {
                p++;
            }
            if (p == limit) {
                return INCOMPLETE;
            }
            byte octet = in.get(p);
            if (octet == ' ') {
                queryLength = p - from;
                return p;
            }
            if (octet != '%') {
                return unexpected(in, p, limit, Violation.TARGET_MALFORMED);
            }
            p = percent(in, p, limit, 0);
            if (p < 0) {
                return p;
            }
        }
    }

    /** The index after {@code %XX}, where XX is {@code least} or more. */
    private static int percent(Buffer in, int at, int limit, int least) {
        int value = 0;
        for (int p = at + 1; p < at + 3; p++) {
            if (p == limit) {
                return INCOMPLETE;
            }
            int digit = Octets.hex(in.get(p));
            if (digit < 0) {
                return bad(Violation.TARGET_PERCENT);
            }
            value = 16 * value + digit;
        }
        return value < least ? bad(Violation.TARGET_PERCENT) : at + 3;
    }

    /** A target that does not begin with a slash: {@code *} or {@code scheme://authority...}. */
    private int otherForm(Buffer in, int base, int from, int limit) {
        byte first = in.get(from);
        if (first == '*') {
            if (from + 1 == limit) {
                return INCOMPLETE;
            }
            if (in.get(from + 1) != ' ') {
                return unexpected(in, from + 1, limit, Violation.TARGET_FORM);
            }
            pathAt = from - base;
            pathLength = 1;
            return method == OPTIONS ? from + 1 : bad(Violation.TARGET_FORM);
        }
        int p = from;
        while (p < limit && p - from < "https:".length() && in.get(p) != '/') {
            byte octet = in.get(p);
            if (octet == ' ') {
                return bad(p == from ? Violation.REQUEST_LINE_MALFORMED : Violation.TARGET_FORM);
            }
            if (!Octets.is(Octets.QUERY, octet)) {
                return unexpected(in, p, limit, Violation.TARGET_MALFORMED);
            }
            p++;
        }
        if (p == limit) {
            return INCOMPLETE;
        }
        if (in.get(p) != '/') {
            return unexpected(in, p, limit, Violation.TARGET_FORM);
        }
        boolean http = p - from == 5 && Octets.equalsIgnoreCase(in, from, "http:")
                || p - from == 6 && Octets.equalsIgnoreCase(in, from, "https:");
        if (http && p + 1 == limit) {
            return INCOMPLETE;
        }
        if (!http || in.get(p + 1) != '/') {
            return bad(Violation.TARGET_FORM);
        }
        p += 2;
        authorityAt = p - base;
        while (p < limit && in.get(p) != '/' && in.get(p) != '?' && in.get(p) != ' ') {
            if (in.get(p) == '\r' || in.get(p) == '\n') {
                return unexpected(in, p, limit, Violation.TARGET_MALFORMED);
            }
            p++;
        }
        if (p == limit) {
            return INCOMPLETE;
        }
        authorityLength = p - base - authorityAt;
        if (authorityLength == 0 || !Host.isValid(in, base + authorityAt, authorityLength)) {
            return bad(Violation.TARGET_MALFORMED);
        }
        pathAt = p - base;
        pathLength = 0;
        return switch (in.get(p)) {
            case '/' -> path(in, base, p, limit);
            case '?' -> query(in, base, p + 1, limit);
            default -> p;
        };
    }

    private int version(Buffer in, int at, int limit) {
        if (limit - at >= 10 && in.getShort(at + 8) == CRLF) {
            long word = in.getLong(at);
            if (word == HTTP_1_1) {
                http10 = false;
                return at + 10;
            }
            if (word == HTTP_1_0) {
                http10 = true;
                return at + 10;
            }
        }
        return otherVersion(in, at, limit);
    }

    private int otherVersion(Buffer in, int at, int limit) {
        String form = "HTTP/d.d\r\n";
        for (int i = 0; i < form.length(); i++) {
            if (at + i == limit) {
                return INCOMPLETE;
            }
            byte octet = in.get(at + i);
            char expected = form.charAt(i);
            if (expected == 'd' ? octet < '0' || octet > '9' : octet != expected) {
                if (octet == ' ' || i < 5) {
                    return unexpected(in, at + i, limit, Violation.REQUEST_LINE_MALFORMED);
                }
                return i == 9 ? bad(Violation.BARE_CR) : unexpected(in, at + i, limit, Violation.VERSION_MALFORMED);
            }
        }
        if (in.get(at + 5) != '1') {
            return bad(Violation.VERSION_UNSUPPORTED);
        }
        // A later minor version is to be read as the highest that is known (RFC 9110 section 2.5).
        http10 = in.get(at + 7) == '0';
        return at + 10;
    }

    /** What to call a byte that should not be where it is: line ends are named first. */
    private static int unexpected(Buffer in, int at, int limit, Violation otherwise) {
        byte octet = in.get(at);
        if (octet == '\n') {
            return bad(Violation.BARE_LF);
        }
        if (octet == '\r') {
            if (at + 1 == limit) {
                return INCOMPLETE;
            }
            return bad(in.get(at + 1) == '\n' ? Violation.REQUEST_LINE_MALFORMED : Violation.BARE_CR);
        }
        return bad(otherwise);
    }
}
