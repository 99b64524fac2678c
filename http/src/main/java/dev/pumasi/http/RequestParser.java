package dev.pumasi.http;

import dev.pumasi.runtime.memory.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads the head of a request: see {@link HeadParser} for how, and {@link RequestLine} and {@link FramingFields} for what
 * there may be in it. Before the request line it takes a few empty lines, which some clients send after a body (RFC 9112
 * section 2.2).
 */
final class RequestParser extends HeadParser {

    private static final byte[] NO_PATH = {};

    private final HttpLimits limits;
    final RequestLine requestLine = new RequestLine();
    private int emptyLines;
    private byte[] path = NO_PATH;
    private int pathLength;

    RequestParser(HttpLimits limits) {
        super(limits, true);
        this.limits = limits;
        reset();
    }

    @Override
    void reset() {
        super.reset();
        emptyLines = 0;
        pathLength = 0;
    }

    boolean isHttp10() {
        return requestLine.http10;
    }

    boolean isHead() {
        return requestLine.method == RequestLine.HEAD;
    }

    /** Whether the connection may live on after the response (RFC 9112 section 9.3). */
    boolean keepsAlive() {
        return framing.keepsAlive(requestLine.http10);
    }

    /** As the client says; -1 for a chunked body, 0 for none. */
    long contentLength() {
        return framing.chunked ? -1 : Math.max(framing.contentLength, 0);
    }

    /** Whether the client waits for {@code 100 Continue} before it sends its body. */
    boolean expectsContinue() {
        return framing.expectContinue && (framing.chunked || framing.contentLength > 0);
    }

    String method() {
        return requestLine.methodName(in, base);
    }

    /**
     * The path in canonical form: see {@link CanonicalPath}. The array belongs to the parser and is longer than the path.
     */
    byte[] path() {
        if (pathLength == 0) {
            RequestLine at = requestLine;
            if (path.length < at.pathLength + 1) {
                path = new byte[Math.max(64, at.pathLength + 1)];
            }
            if (at.pathLength == 0) {
                path[0] = '/';
                pathLength = 1;
            } else {
                in.get(base + at.pathAt, path, 0, at.pathLength);
                pathLength = at.plainPath ? at.pathLength : CanonicalPath.canonicalise(path, at.pathLength);
            }
        }
        return path;
    }

    /** The length of what {@link #path} has answered. */
    int pathLength() {
        return pathLength;
    }

    /** Empty lines, then the request line. */
    @Override
    int startLine(Buffer in, int base, int from, int limit) {
        int at = from;
        while (at < limit && in.get(at) == '\r') {
            if (at + 1 == limit) {
                return INCOMPLETE;
            }
            if (in.get(at + 1) != '\n') {
                return RequestLine.bad(Violation.BARE_CR);
            }
            if (emptyLines == limits.emptyLinesMax()) {
                return RequestLine.bad(Violation.EMPTY_LINES);
            }
            emptyLines++;
            at += 2;
            beginsAt(at - base);
        }
        return at == limit ? INCOMPLETE : requestLine.parse(in, base, at, limit);
    }

    @Override
    @Nullable
    Violation conclude() {
        return framing.conclude(requestLine.http10);
    }

    @Override
    Violation startLineTooLong() {
        return Violation.TARGET_TOO_LONG;
    }
}
