package dev.pumasi.web;

import dev.pumasi.http.BodyOutput;
import dev.pumasi.http.BodyWriter;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.ChildProcess;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.Timer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One run of a script, from its start until nothing of it is left. Three green threads of the connection's loop: one feeds it with
 * the body, one reads its complaints, and the request's own reads its answer, first in {@link #answer} and then, as the body's
 * writer, in {@link #writeTo}. Each parks when the other end is not as fast, so there is back-pressure both ways.
 *
 * <p><b>The end of the answer</b> is the end of its output. A grandchild may hold that pipe for as long as it likes; so once the script
 * itself has ended, and its group with it, what is in the pipe is read, and {@link #AFTERMATH} without more counts as the end.
 *
 * <p><b>The end of the run.</b> An answer that was read to its end lets the script go on until it ends by itself or its time is over.
 * In every other case, a client that has gone, a limit, a head that is none, it is asked to end at once (SIGTERM to its group) and killed when its
 * patience is over.
 */
final class CgiRun implements BodyWriter {

    private static final System.Logger LOG = System.getLogger("dev.pumasi.web");

    /** How long a pipe may stay open, with nothing in it, after the script has ended. */
    private static final Duration AFTERMATH = Duration.ofMillis(500);

    private static final int PIECE_BYTES = 16 * 1024;

    private final ChildProcess child;
    private final CgiLimits limits;
    private final boolean parsed;
    private final ScriptBody body;
    private final Loop loop;
    private final Timer aftermath = Timer.of(this::afterItsEnd);
    private final byte[] piece = new byte[PIECE_BYTES];
    private int pieceFrom;
    private int pieceTo;
    private long lengthBytes = -1;
    private @Nullable Thread feeder;

    // Written on the loop or by its green threads; volatile for the fall-back scheduler, where green threads run
    // elsewhere.
    private volatile boolean ended;
    private volatile boolean reading;
    private volatile boolean over;
    private volatile @Nullable IOException bodyFailure;

    CgiRun(ChildProcess child, CgiLimits limits, boolean parsed, ScriptBody body) {
        this.child = child;
        this.limits = limits;
        this.parsed = parsed;
        this.body = body;
        loop = child.loop();
    }

    /** Begins to feed it. @param whenEnded called on the loop when the process has ended */
    void begin(Runnable whenEnded) {
        child.exit().onDone(_ -> {
            ended = true;
            child.input().close();
            whenEnded.run();
            loop.start(aftermath, AFTERMATH.toNanos());
        });
        loop.spawn(this::readComplaints);
        if (body.length() == 0) {
            child.input().close();
            body.close();
        } else {
            feeder = loop.spawn(this::feed);
        }
    }

    // ------------------------------------------------------------------------------------------- what goes in

    private void feed() {
        byte[] bytes = new byte[PIECE_BYTES];
        StreamSocket input = child.input();
        try (body) {
            for (int count = body.read(bytes, 0, bytes.length); count >= 0; count = body.read(bytes, 0, bytes.length)) {
                try {
                    input.write(bytes, 0, count);
                    input.flush();
                } catch (OperationException doesNotWantMore) {
                    input.close(); // it has closed the other end or has ended; the server discards the rest
                    return;
                }
            }
            input.shutdownOutput();
        } catch (IOException failure) {
            if (!over) {
                bodyFailure = failure;
                child.close();
            }
        } catch (IllegalStateException answered) {
            // the answer was complete before the body: what is left of it is no longer ours to read
        }
    }

    /** Into the log, line by line, up to the limit; the rest is read too, lest the script wait for somebody to do so. */
    private void readComplaints() {
        byte[] bytes = new byte[1024];
        byte[] line = new byte[Printable.CHARS_MAX];
        int length = 0;
        long logged = 0;
        long dropped = 0;
        StreamSocket errors = child.error();
        try (errors) {
            for (int count = errors.read(bytes, 0, bytes.length);
                    count >= 0;
                    count = errors.read(bytes, 0, bytes.length)) {
                for (int i = 0; i < count; i++) {
                    if (logged >= limits.errorBytesMax()) {
                        dropped++;
                    } else if (bytes[i] == '\n' || length == line.length) {
                        complain(line, length);
                        logged += length + 1;
                        length = 0;
                    } else {
                        line[length++] = bytes[i];
                    }
                }
            }
        } catch (IOException closed) {
            // as if it had ended
        }
        if (length > 0) {
            complain(line, length);
        }
        if (dropped > 0) {
            LOG.log(System.Logger.Level.WARNING, "{0}: {1} more bytes of complaints were not logged", child, dropped);
        }
    }

    private void complain(byte[] line, int length) {
        if (length > 0) {
            String text = new String(line, 0, length, StandardCharsets.UTF_8);
            LOG.log(System.Logger.Level.WARNING, "{0} says: {1}", child, Printable.of(text));
        }
    }

    // ------------------------------------------------------------------------------------------- what comes out

    /**
     * Reads the head of the answer. Parks.
     *
     * @return the head, or null if there is none; then {@link #failure} says what to answer
     */
    @Nullable
    CgiHead head() throws IOException {
        CgiHeadReader reader = new CgiHeadReader(parsed);
        long deadlineNanos = System.nanoTime() + limits.firstByte().toNanos();
        try {
            while (true) {
                long leftNanos = deadlineNanos - System.nanoTime();
                int count = leftNanos <= 0 ? 0 : read(Duration.ofNanos(leftNanos));
                if (count == 0) {
                    return refused(504, "was silent for " + limits.firstByte());
                }
                if (count < 0) {
                    IOException broken = bodyFailure;
                    if (broken != null) {
                        throw broken;
                    }
                    return child.isOverdue()
                            ? refused(504, "took longer than " + limits.whole())
                            : refused(502, reader.isEmpty() ? "said nothing" : "ended before its head did");
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
            return refused(502, String.valueOf(malformed.getMessage()));
        }
    }

    private int refusal;

    private @Nullable CgiHead refused(int status, String why) {
        refusal = status;
        LOG.log(System.Logger.Level.WARNING, "{0}: {1}", child, Printable.of(why));
        return null;
    }

    /** There is a body, and nobody has said what it is (RFC 3875 section 6.3.1). */
    void untyped() {
        refused(502, "a body without a Content-Type");
    }

    Response failure() {
        return Response.text(refusal == 504 ? "504 the script was too late\n" : "502 the script gave no answer\n")
                .withStatus(refusal);
    }

    /** Whether there is nothing behind the head. Parks until that is clear. */
    boolean hasNoBody() throws IOException {
        return pieceFrom == pieceTo && !more();
    }

    /** Reads all that comes, and keeps nothing: of an answer that has no body for the client. */
    void drain() throws IOException {
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
                            child,
                            lengthBytes);
                    count = (int) (lengthBytes - written);
                }
                if (written + count > limits.outputBytesMax()) {
                    throw new IOException(child + " has written more than " + limits.outputBytesMax() + " bytes");
                }
                out.write(piece, pieceFrom, count);
                out.flush();
                written += count;
                pieceFrom = pieceTo;
            } while (written != lengthBytes && more());
            if (child.isOverdue()) {
                throw new IOException(child + " took longer than " + limits.whole());
            }
            if (written < lengthBytes) {
                throw new IOException(child + " has announced " + lengthBytes + " bytes and written " + written);
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

    /** @return −1 at the end; 0 if nothing came within {@code limit} */
    private int read(Duration limit) throws IOException {
        StreamSocket output = child.output();
        boolean after = ended;
        output.setReadTimeout(after ? AFTERMATH : limit);
        reading = true;
        try {
            return output.read(piece, 0, piece.length);
        } catch (OperationException failure) {
            if (ended && (failure.failure() == Failure.TIMED_OUT || failure.failure() == Failure.CLOSED)) {
                return -1; // somebody who has left the script's group holds the pipe
            }
            if (failure.failure() == Failure.TIMED_OUT) {
                return 0;
            }
            IOException broken = bodyFailure;
            if (broken != null) {
                throw broken;
            }
            throw failure;
        } finally {
            reading = false;
        }
    }

    /** The script has ended a while ago. On the loop. */
    private void afterItsEnd() {
        if (reading) {
            child.output().close();
        }
        child.error().close();
    }

    // ------------------------------------------------------------------------------------------- the end

    /** The answer is there; the script may go on in its time. */
    void finish() {
        over = true;
        child.output().close();
        stopFeeding();
    }

    /** Nobody wants it any more. */
    void end() {
        over = true;
        child.close();
        stopFeeding();
    }

    /** The client has gone, and with it the reason for all this. On the loop. */
    void abandoned() {
        child.close();
    }

    private void stopFeeding() {
        Thread feeding = feeder;
        if (feeding != null && !ended) {
            feeding.interrupt();
        }
    }
}
