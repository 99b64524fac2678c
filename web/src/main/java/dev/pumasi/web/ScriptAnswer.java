package dev.pumasi.web;

import dev.pumasi.http.BodyOutput;
import dev.pumasi.http.BodyWriter;
import dev.pumasi.http.Handler;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The answer of a script, from wherever it comes: its head is read and judged, its body passed on as it comes. Each piece is sent before the
 * next one is read, so a client that is slow holds up the script and nobody else.
 *
 * <p>What can go wrong before the head is passed on becomes a status. Afterwards all that can be done is to end the connection, because an
 * answer that was cut must not look complete.
 */
abstract class ScriptAnswer implements BodyWriter {

    static final System.Logger LOG = System.getLogger("dev.pumasi.web");

    private static final int PIECE_BYTES = 16 * 1024;

    private final CgiLimits limits;
    private final boolean parsed;
    final byte[] piece = new byte[PIECE_BYTES];
    private int pieceFrom;
    private int pieceTo;
    private long lengthBytes = -1;
    private int refusal;

    /** @param parsed whether its head is one of CGI, and not of HTTP */
    ScriptAnswer(CgiLimits limits, boolean parsed) {
        this.limits = limits;
        this.parsed = parsed;
    }

    /**
     * Reads some of the answer into {@link #piece}. Parks.
     *
     * @param limit how long to wait; zero for as long as the whole may take
     * @return how many bytes; −1 at the end, 0 if nothing came in time
     */
    abstract int read(Duration limit) throws IOException;

    /** Whether its time is over. */
    abstract boolean isOverdue();

    /** The answer is there; whoever gives it may go on in his time. */
    abstract void finish();

    /** Nobody wants it any more. */
    abstract void end();

    /** Whose answer it is, for the log. */
    @Override
    public abstract String toString();

    /** Whether there is an answer that can be passed on. */
    boolean isRefused() {
        return refusal != 0;
    }

    /**
     * The answer to {@code request}; where it is a stream, this writes it. Parks until that is clear.
     *
     * @param redirects who follows a local redirect (RFC 3875 section 6.2.2)
     */
    Response answer(Request request, Handler redirects) throws Exception {
        boolean handedOver = false;
        try {
            CgiHead head = head();
            if (head == null) {
                return failure();
            }
            if (!head.localTarget().isEmpty()) {
                return redirected(request, head.localTarget(), redirects);
            }
            Response answer = Response.of(head.status()).withFields(head.fields());
            if (request.method().equals("HEAD") || head.isBodiless()) {
                drain();
                handedOver = true;
                return request.method().equals("HEAD") ? answer.withStream(head.lengthBytes(), out -> {}) : answer;
            }
            if (head.lengthBytes() <= 0 && pieceFrom == pieceTo && !more()) {
                finish();
                handedOver = true;
                return answer;
            }
            if (!head.isTyped()) {
                refuse(502, "a body without a Content-Type"); // RFC 3875 section 6.3.1
                return failure();
            }
            handedOver = true;
            return answer.withStream(head.lengthBytes(), this);
        } finally {
            if (!handedOver) {
                end();
            }
        }
    }

    private Response redirected(Request request, String target, Handler redirects) throws Exception {
        try {
            return redirects.handle(request.redirectedTo(target));
        } catch (IllegalArgumentException | IllegalStateException wrong) {
            refuse(502, String.valueOf(wrong.getMessage()));
            return failure();
        }
    }

    /** Reads the head; null if there is none, and {@link #failure} says what to answer. */
    private @Nullable CgiHead head() throws IOException {
        CgiHeadReader reader = new CgiHeadReader(parsed);
        long deadlineNanos = System.nanoTime() + limits.firstByte().toNanos();
        try {
            while (true) {
                long leftNanos = deadlineNanos - System.nanoTime();
                int count = leftNanos <= 0 ? 0 : read(Duration.ofNanos(leftNanos));
                if (count == 0) {
                    refuse(504, "was silent for " + limits.firstByte());
                    return null;
                }
                if (count < 0) {
                    if (isOverdue()) {
                        refuse(504, "took longer than " + limits.whole());
                    } else if (!isRefused()) {
                        refuse(502, reader.isEmpty() ? "said nothing" : "ended before its head did");
                    }
                    return null;
                }
                int bodyAt = reader.feed(piece, 0, count);
                if (bodyAt >= 0) {
                    pieceFrom = bodyAt;
                    pieceTo = count;
                    CgiHead head = reader.head();
                    lengthBytes = head.lengthBytes();
                    return head;
                }
            }
        } catch (CgiHeadReader.MalformedException malformed) {
            refuse(502, String.valueOf(malformed.getMessage()));
            return null;
        }
    }

    /** There will be no answer of its own. */
    final void refuse(int status, String why) {
        refusal = status;
        LOG.log(System.Logger.Level.WARNING, "{0}: {1}", this, Printable.of(why));
    }

    private Response failure() {
        return switch (refusal) {
            case 503 -> Turns.refusal();
            case 504 -> Cgi.error(504, "the script was too late");
            default -> Cgi.error(502, "the script gave no answer");
        };
    }

    /** Reads all that comes, and keeps nothing: of an answer that has no body for the client. */
    private void drain() throws IOException {
        long drained = 0;
        do {
            drained += pieceTo - pieceFrom;
            pieceFrom = pieceTo;
        } while (drained <= limits.outputBytesMax() && more());
        finish();
    }

    @Override
    public void writeTo(BodyOutput out) throws IOException {
        boolean complete = false;
        try {
            long written = 0;
            do {
                int count = pieceTo - pieceFrom;
                if (lengthBytes >= 0 && written + count > lengthBytes) {
                    LOG.log(
                            System.Logger.Level.WARNING,
                            "{0}: more than the {1} bytes it had announced",
                            this,
                            lengthBytes);
                    count = (int) (lengthBytes - written);
                }
                if (written + count > limits.outputBytesMax()) {
                    throw new IOException(this + " has written more than " + limits.outputBytesMax() + " bytes");
                }
                out.write(piece, pieceFrom, count);
                out.flush();
                written += count;
                pieceFrom = pieceTo;
            } while (written != lengthBytes && more());
            if (isOverdue()) {
                throw new IOException(this + " took longer than " + limits.whole());
            }
            if (written < lengthBytes) {
                throw new IOException(this + " has announced " + lengthBytes + " bytes and written " + written);
            }
            complete = true;
        } finally {
            if (complete) {
                finish();
            } else {
                end();
            }
        }
    }

    @Override
    public void discard() {
        end();
    }

    private boolean more() throws IOException {
        int count = read(Duration.ZERO);
        pieceFrom = 0;
        pieceTo = Math.max(0, count);
        return count >= 0;
    }
}
