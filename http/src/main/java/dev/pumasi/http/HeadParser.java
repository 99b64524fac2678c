package dev.pumasi.http;

import dev.pumasi.runtime.memory.Buffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads the head of a message: its start line and fields, up to and with the empty line. It keeps no bytes, only offsets
 * into the buffer it was shown, relative to the first byte of the head; so the bytes may be moved between two calls, and
 * after the last one too ({@link #moved}).
 *
 * <pre>
 *              parse                       parse                    reset
 *   (new) ---------------> NEED_MORE ----------------> HEAD ----------------> (new)
 *              |               |  ^ |                     lookups are allowed here
 *              |               +--+ +----> VIOLATION
 *              +-------------------------> VIOLATION
 * </pre>
 *
 * <p>A {@link RequestParser} knows what a request line is and what the fields of a request mean, a {@link ResponseParser}
 * the same of a response; lines, limits and strictness are the same for both and are here.
 *
 * <p><b>One pass.</b> A line is checked and indexed while its end is looked for. When the bytes run out within a line,
 * the parser remembers which line it was in and how far it has looked for that line's end; the next call looks for the
 * end only, and parses the line again once it is there. Thus a head that comes whole is read once, and one that comes
 * byte by byte is read three times, however long it is.
 *
 * <p><b>How the bytes are cut makes no difference.</b> What is wrong with a line is reported when the line is complete, or
 * has become too long, and not before; being too long goes before everything else. The one exception can be decided by a
 * single byte: a start line whose first byte is in no token is refused at once, so that a client that speaks TLS to
 * this port need not wait for a timeout.
 *
 * <p><b>Strictness.</b> Where RFC 9112 lets a recipient choose between repair and refusal, this one refuses: two parties
 * that repair differently disagree about where a message ends, and that is request smuggling. A line ends with CR LF, a
 * field line is {@code name:value}, there is one Content-Length or one Transfer-Encoding, and the only transfer
 * coding is {@code chunked}. What it will not do: fold lines, join repeated fields, change the case or the order of
 * anything.
 *
 * <p>Not thread-safe. No call allocates, except that the field index grows when a message has more fields than any
 * before.
 */
abstract sealed class HeadParser permits RequestParser, ResponseParser {

    /** The head goes on after what is there. */
    static final int NEED_MORE = 0;

    /** The head is complete: {@link #headLength} bytes. */
    static final int HEAD = 1;

    /** The other end has broken the protocol: {@link #violation}. */
    static final int VIOLATION = 2;

    static final int INCOMPLETE = RequestLine.INCOMPLETE;
    private static final Violation[] VIOLATIONS = Violation.values();
    private static final Buffer NO_BYTES = Buffer.allocate(0);

    private final int startLineBytesMax;
    private final int fieldLineBytesMax;
    private final int headBytesMax;
    private final int fieldsMax;

    final FieldIndex fields = new FieldIndex(NO_BYTES);
    final FramingFields framing;

    /** Where the head lies. */
    Buffer in = NO_BYTES;

    int base;

    /** Whether the start line is behind us. */
    private boolean inFields;

    /** Where the line begins that comes next, relative to base. */
    private int line;

    /** Up to where that line is known to have no end, relative to base; or 0. */
    private int searched;

    private int headLength;
    private @Nullable Violation violation;

    HeadParser(HttpLimits limits, boolean ofRequests) {
        framing = new FramingFields(ofRequests);
        startLineBytesMax = limits.requestLineBytesMax();
        fieldLineBytesMax = limits.fieldLineBytesMax();
        headBytesMax = limits.headBytesMax();
        fieldsMax = limits.fieldsMax();
    }

    /** The start line, from {@code at} on: the index after it, or {@link #INCOMPLETE}, or {@link RequestLine#bad}. */
    abstract int startLine(Buffer in, int base, int at, int limit);

    /** What only the whole head can tell. */
    abstract @Nullable Violation conclude();

    /** The start line is longer than its limit. */
    abstract Violation startLineTooLong();

    /** Ready for the next head. Lookups of the last one are over. */
    void reset() {
        inFields = false;
        line = 0;
        searched = 0;
        headLength = 0;
        violation = null;
        in = NO_BYTES;
        fields.clear();
        framing.clear();
    }

    /**
     * Parses what is in {@code [base, limit)}, of which {@code base} is the first byte of the head in every call until
     * {@link #reset}, wherever that byte now lies.
     *
     * @return {@link #NEED_MORE}, {@link #HEAD} or {@link #VIOLATION}; after the last two, reset before the next call
     */
    final int parse(Buffer in, int base, int limit) {
        if (searched > line) {
            int outcome = searchOn(in, base, limit);
            if (outcome != HEAD) {
                return outcome;
            }
        }
        int at = base + line;
        if (!inFields) {
            at = startLine(in, base, at, limit);
            if (at > base + lineEnd()) {
                at = RequestLine.bad(startLineTooLong());
            }
            if (at < 0) {
                return stopped(at, in, base, limit);
            }
            inFields = true;
            line = at - base;
        }
        at = fieldLines(in, base, at, limit);
        if (at < 0) {
            return stopped(at, in, base, limit);
        }
        Violation wrong = conclude();
        if (wrong != null) {
            violation = wrong;
            return VIOLATION;
        }
        headLength = at - base;
        moved(in, base);
        return HEAD;
    }

    /** Why {@link #parse} has answered {@link #VIOLATION}. */
    final Violation violation() {
        return Objects.requireNonNull(violation, "no violation");
    }

    /** How many bytes the head has, with empty lines before it and the one after it. */
    final int headLength() {
        return headLength;
    }

    /** Whether a byte of a message has been seen since {@link #reset}; empty lines before it do not count. */
    final boolean hasBegun() {
        return inFields || searched > line;
    }

    /** The bytes of the head begin at {@code base} of {@code in} now. */
    final void moved(Buffer in, int base) {
        this.in = in;
        this.base = base;
        fields.at(in, base);
    }

    /** The start line begins there and not before: what came before it is used up. */
    final void beginsAt(int at) {
        line = at;
    }

    final boolean isChunked() {
        return framing.chunked;
    }

    final String text(int offset, int length) {
        return in.latin1(base + offset, length);
    }

    /** The field lines and the empty line after them. */
    private int fieldLines(Buffer in, int base, int from, int limit) {
        int at = from;
        while (true) {
            int p = at;
            while (p < limit && Octets.is(Octets.TOKEN, in.get(p))) {
                p++;
            }
            if (p == limit) {
                return INCOMPLETE;
            }
            if (p == at || in.get(p) != ':') {
                return noName(in, base, at, p, limit);
            }
            int nameLength = p - at;
            do {
                p++;
                if (p == limit) {
                    return INCOMPLETE;
                }
            } while (isBlank(in.get(p)));
            int value = p;
            p = valueEnd(in, p, limit);
            if (p < 0) {
                return p;
            }
            int next = p + 2;
            if (next > base + lineEnd()) {
                // stopped() finds out which of the two limits it is.
                return RequestLine.bad(Violation.FIELD_TOO_LONG);
            }
            while (p > value && isBlank(in.get(p - 1))) {
                p--;
            }
            int count = fields.count();
            if (count == fieldsMax) {
                return RequestLine.bad(Violation.FIELDS_TOO_MANY);
            }
            Violation wrong = framing.see(in, at, nameLength, value, p - value, count);
            if (wrong != null) {
                return RequestLine.bad(wrong);
            }
            fields.add(at - base, nameLength, value - base, p - value);
            at = next;
            line = next - base;
        }
    }

    /** The index of the CR LF that ends a value. */
    static int valueEnd(Buffer in, int from, int limit) {
        int p = from;
        while (true) {
            // Words may reach beyond the limit, into bytes that mean nothing: only what is found below it counts.
            int words = in.capacity() - 8;
            while (p <= words && p < limit) {
                long marks = Octets.controls(in.getLong(p));
                if (marks != 0) {
                    p += Octets.first(marks);
                    break;
                }
                p += 8;
            }
            if (p > words) {
                while (p < limit && Octets.is(Octets.VALUE, in.get(p))) {
                    p++;
                }
            }
            if (p >= limit) {
                return INCOMPLETE;
            }
            byte octet = in.get(p);
            if (octet == '\r') {
                if (p + 1 == limit) {
                    return INCOMPLETE;
                }
                return in.get(p + 1) == '\n' ? p : RequestLine.bad(Violation.BARE_CR);
            }
            if (octet == '\n') {
                return RequestLine.bad(Violation.BARE_LF);
            }
            if (octet != '\t') {
                return RequestLine.bad(Violation.FIELD_VALUE_CONTROL);
            }
            p++;
        }
    }

    /** A line that does not begin with {@code name:}, which is right only for the empty one. */
    private int noName(Buffer in, int base, int at, int p, int limit) {
        byte octet = in.get(p);
        if (octet == '\r') {
            if (p + 1 == limit) {
                return INCOMPLETE;
            }
            if (in.get(p + 1) != '\n') {
                return RequestLine.bad(Violation.BARE_CR);
            }
            if (p > at) {
                return RequestLine.bad(Violation.FIELD_NAME_MALFORMED);
            }
            return p + 2 > base + headBytesMax ? RequestLine.bad(Violation.HEAD_TOO_LARGE) : p + 2;
        }
        if (octet == '\n') {
            return RequestLine.bad(Violation.BARE_LF);
        }
        if (isBlank(octet)) {
            return RequestLine.bad(
                    p > at
                            ? Violation.FIELD_NAME_SPACE
                            : fields.count() == 0 ? Violation.SPACE_BEFORE_FIELDS : Violation.OBS_FOLD);
        }
        return RequestLine.bad(Violation.FIELD_NAME_MALFORMED);
    }

    /** The line could not be parsed to its end: is it wrong, too long, or only not all there yet? */
    private int stopped(int code, Buffer in, int base, int limit) {
        if (code != INCOMPLETE) {
            violation = VIOLATIONS[-2 - code];
            if (!inFields && !Octets.is(Octets.TOKEN, in.get(base + line)) && in.get(base + line) != '\r') {
                return VIOLATION;
            }
        }
        searched = line;
        int outcome = searchOn(in, base, limit);
        if (outcome == NEED_MORE) {
            violation = null;
        }
        return outcome == HEAD ? VIOLATION : outcome;
    }

    /** Looks for the end of the line from where the last search ended; {@link #HEAD} means that it is there. */
    private int searchOn(Buffer in, int base, int limit) {
        int end = base + lineEnd();
        int to = Math.min(limit, end);
        if (Octets.indexOfLineFeed(in, Math.max(base + searched, base + line), to) >= 0) {
            searched = 0;
            return HEAD;
        }
        if (limit >= end) {
            violation = tooLong();
            return VIOLATION;
        }
        searched = limit - base;
        return NEED_MORE;
    }

    /** Where the line that is being parsed must have ended, relative to base. */
    private int lineEnd() {
        return Math.min(line + (inFields ? fieldLineBytesMax : startLineBytesMax), headBytesMax);
    }

    private Violation tooLong() {
        if (!inFields) {
            return startLineTooLong();
        }
        return line + fieldLineBytesMax <= headBytesMax ? Violation.FIELD_TOO_LONG : Violation.HEAD_TOO_LARGE;
    }

    private static boolean isBlank(byte octet) {
        return octet == ' ' || octet == '\t';
    }
}
