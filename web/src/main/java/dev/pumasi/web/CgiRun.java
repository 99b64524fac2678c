package dev.pumasi.web;

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
 * the body, one reads its complaints, and the request's own reads its answer, first in {@link ScriptAnswer#answer} and then, as the body's
 * writer, in {@link #writeTo}. Each parks when the other end is not as fast, so there is back-pressure both ways.
 *
 * <p><b>The end of the answer</b> is the end of its output. A grandchild may hold that pipe for as long as it likes; so once the script
 * itself has ended, and its group with it, what is in the pipe is read, and {@link #AFTERMATH} without more counts as the end.
 *
 * <p><b>The end of the run.</b> An answer that was read to its end lets the script go on until it ends by itself or its time is over.
 * In every other case, a client that has gone, a limit, a head that is none, it is asked to end at once (SIGTERM to its group) and killed when its
 * patience is over.
 */
final class CgiRun extends ScriptAnswer {

    /** How long a pipe may stay open, with nothing in it, after the script has ended. */
    private static final Duration AFTERMATH = Duration.ofMillis(500);

    private static final int PIECE_BYTES = 16 * 1024;

    private final ChildProcess child;
    private final CgiLimits limits;
    private final ScriptBody body;
    private final Loop loop;
    private final Timer aftermath = Timer.of(this::afterItsEnd);
    private @Nullable Thread feeder;

    // Written on the loop or by its green threads; volatile for the fall-back scheduler, where green threads run
    // elsewhere.
    private volatile boolean ended;
    private volatile boolean reading;
    private volatile boolean over;
    private volatile @Nullable IOException bodyFailure;

    CgiRun(ChildProcess child, CgiLimits limits, boolean parsed, ScriptBody body) {
        super(limits, parsed);
        this.child = child;
        this.limits = limits;
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

    @Override
    int read(Duration limit) throws IOException {
        StreamSocket output = child.output();
        boolean after = ended;
        output.setReadTimeout(after ? AFTERMATH : limit);
        reading = true;
        try {
            int count = output.read(piece, 0, piece.length);
            IOException broken = bodyFailure;
            if (count < 0 && broken != null) {
                throw broken;
            }
            return count;
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

    @Override
    boolean isOverdue() {
        return child.isOverdue();
    }

    @Override
    void finish() {
        over = true;
        child.output().close();
        stopFeeding();
    }

    @Override
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

    @Override
    public String toString() {
        return child.toString();
    }
}
