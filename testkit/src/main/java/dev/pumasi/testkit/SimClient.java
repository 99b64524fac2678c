package dev.pumasi.testkit;

import dev.pumasi.runtime.driver.Errno;
import java.io.ByteArrayOutputStream;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A client that follows a script on a simulated stream connection: connect, send these bytes, expect those, expect the
 * end. It has no loop and no driver. It reads only where the script expects something, so a script that pauses is a slow
 * reader.
 *
 * <p>Each method adds a line to the script and returns the client. What comes otherwise than expected ends the
 * simulation as a failure; after {@link #tolerant} a broken connection merely ends the script, and {@link #broken} tells
 * why, while wrong bytes remain a failure.
 */
public final class SimClient implements Participant {

    /** Looks at what has been received and not been consumed. */
    @FunctionalInterface
    public interface Reader {

        /** How many of these bytes make up what was expected; −1 if more are needed. Wrong bytes: an exception. */
        int consume(byte[] bytes);
    }

    private record Line(String what, BooleanSupplier attempt) {}

    private static final int SHOWN_MAX = 60;

    private final SimNetwork network;
    private final SimNode node;
    private final Deque<Line> script = new ArrayDeque<>();
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();

    private @Nullable SimStream stream;
    private byte[] unread = new byte[0];
    private long pauseUntilNanos;
    private boolean pausing;
    private long patienceNanos = NEVER;
    private long patientUntilNanos = NEVER;
    private boolean runnable = true;
    private boolean tolerant;
    private @Nullable String broken;

    SimClient(SimNetwork network, SimNode node) {
        this.network = network;
        this.node = node;
    }

    // ------------------------------------------------------------------------------------------ the script

    /**
     * Connections may break: refused, reset, lost.
     *
     * @param patience how long nothing may happen before the connection is taken for lost
     */
    public SimClient tolerant(Duration patience) {
        tolerant = true;
        patienceNanos = patience.toNanos();
        advanced();
        return this;
    }

    public SimClient connect(SocketAddress server) {
        return line("the connection to " + SimNetwork.text(server), () -> {
            SimStream connecting = stream;
            int result;
            if (connecting == null) {
                connecting = new SimStream(network, node, node.nextSocket());
                connecting.reader = this::changed;
                connecting.writer = this::changed;
                stream = connecting;
                result = connecting.connect(server);
                return result < 0 && breaks(result);
            }
            result = connecting.connected();
            return result == 0 || (result != -Errno.EAGAIN && breaks(result));
        });
    }

    /** Sends the text as UTF-8. */
    public SimClient send(String text) {
        return send(text.getBytes(StandardCharsets.UTF_8));
    }

    public SimClient send(byte[] bytes) {
        return send(bytes, Math.max(1, bytes.length), Duration.ZERO);
    }

    /** Sends in pieces with a pause after each. */
    public SimClient send(byte[] bytes, int pieceBytes, Duration pause) {
        byte[] copy = bytes.clone();
        int[] sent = new int[1];
        return line("room to send " + copy.length + " bytes", () -> {
            while (sent[0] < copy.length) {
                if (isPausing()) {
                    return false;
                }
                int room = connection().writeRoom();
                if (room < 0) {
                    return room != -Errno.EAGAIN && breaks(room);
                }
                int count = Math.min(Math.min(room, pieceBytes), copy.length - sent[0]);
                connection().write(Arrays.copyOfRange(copy, sent[0], sent[0] + count));
                sent[0] += count;
                advanced();
                pauseUntilNanos = network.nowNanos() + pause.toNanos();
            }
            return !isPausing();
        });
    }

    /** Expects exactly these bytes next. */
    public SimClient expect(String text) {
        return expect(text.getBytes(StandardCharsets.UTF_8));
    }

    public SimClient expect(byte[] bytes) {
        byte[] copy = bytes.clone();
        return expect(shown(copy), found -> {
            int same = Arrays.mismatch(found, copy);
            if (same >= 0 && same < Math.min(found.length, copy.length)) {
                throw new AssertionError("at byte " + same + " of " + copy.length + ": expected "
                        + shown(Arrays.copyOfRange(copy, same, copy.length)) + ", got "
                        + shown(Arrays.copyOfRange(found, same, found.length)));
            }
            return found.length >= copy.length ? copy.length : -1;
        });
    }

    /** Expects whatever the reader takes. */
    public SimClient expect(String what, Reader reader) {
        return line(what, () -> {
            int count = reader.consume(unread);
            while (count < 0) {
                byte[] more = read(Integer.MAX_VALUE);
                if (more == null) {
                    return broken != null;
                }
                if (more.length == 0) {
                    return breaks("the end of the stream, after " + shown(unread));
                }
                byte[] joined = Arrays.copyOf(unread, unread.length + more.length);
                System.arraycopy(more, 0, joined, unread.length, more.length);
                unread = joined;
                count = reader.consume(unread);
            }
            unread = Arrays.copyOfRange(unread, count, unread.length);
            return true;
        });
    }

    /** Takes {@code count} bytes whatever they are, in pieces, with a pause after each: a slow reader. */
    public SimClient readSlowly(int count, int pieceBytes, Duration pause) {
        int[] taken = new int[1];
        return line(count + " bytes, slowly", () -> {
            while (taken[0] < count) {
                if (isPausing()) {
                    return false;
                }
                if (unread.length == 0) {
                    byte[] more = read(Math.min(pieceBytes, count - taken[0]));
                    if (more == null) {
                        return broken != null;
                    }
                    if (more.length == 0) {
                        return breaks("the end of the stream after " + taken[0] + " of " + count + " bytes");
                    }
                    unread = more;
                }
                int piece = Math.min(Math.min(pieceBytes, count - taken[0]), unread.length);
                unread = Arrays.copyOfRange(unread, piece, unread.length);
                taken[0] += piece;
                pauseUntilNanos = network.nowNanos() + pause.toNanos();
            }
            return true;
        });
    }

    /** Expects that nothing more comes, and that the other end says so in good order. */
    public SimClient expectEnd() {
        return line("the end of the stream", () -> {
            byte[] more = unread.length > 0 ? unread : read(Integer.MAX_VALUE);
            if (more != null && more.length > 0) {
                throw new AssertionError("expected the end of the stream, got " + shown(more));
            }
            return more != null || broken != null;
        });
    }

    /** Expects that the other end resets the connection; what comes before that is ignored. */
    public SimClient expectReset() {
        return line("a reset", () -> {
            int room = connection().readRoom();
            while (room > 0) {
                received.writeBytes(connection().read(room));
                room = connection().readRoom();
            }
            if (room == 0) {
                throw new AssertionError("expected a reset, got the end of the stream");
            }
            return room == -Errno.ECONNRESET || room == -Errno.EPIPE;
        });
    }

    /** Says that it sends no more, and goes on receiving. */
    public SimClient shutdownOutput() {
        return line("the end of its output", () -> {
            int result = connection().shutdownOutput();
            return result == 0 || breaks(result);
        });
    }

    /** Closes; unread bytes make it a reset, as with every socket. A new connection may follow. */
    public SimClient close() {
        return line("its close", () -> {
            leave();
            return true;
        });
    }

    /** Closes with a reset. A new connection may follow. */
    public SimClient reset() {
        return line("its reset", () -> {
            connection().reset();
            stream = null;
            unread = new byte[0];
            return true;
        });
    }

    public SimClient pause(Duration time) {
        boolean[] begun = new boolean[1];
        return line("a pause of " + time, () -> {
            if (!begun[0]) {
                begun[0] = true;
                pauseUntilNanos = network.nowNanos() + time.toNanos();
            }
            return !isPausing();
        });
    }

    /** Runs something of the test's own at this point. */
    public SimClient then(Runnable action) {
        return line("an action", () -> {
            action.run();
            return true;
        });
    }

    private SimClient line(String what, BooleanSupplier attempt) {
        if (script.isEmpty()) {
            advanced();
        }
        script.add(new Line(what, attempt));
        runnable = true;
        return this;
    }

    // ------------------------------------------------------------------------------------------ the outcome

    /** Whether the script has been followed to its end, or was ended by a broken connection. */
    public boolean isDone() {
        return script.isEmpty();
    }

    /** How the connection broke, of a tolerant client. */
    public Optional<String> broken() {
        return Optional.ofNullable(broken);
    }

    /** All bytes that were read so far. */
    public byte[] received() {
        return received.toByteArray();
    }

    // ------------------------------------------------------------------------------------------ taking part

    @Override
    public String name() {
        return node.name();
    }

    @Override
    public void step() {
        runnable = false;
        while (!script.isEmpty()) {
            boolean done = script.element().attempt.getAsBoolean();
            if (!done && !pausing && network.nowNanos() >= patientUntilNanos) {
                done = breaks("silence");
            }
            if (broken != null) {
                script.clear();
                leave();
            } else if (done) {
                script.remove();
                advanced();
            } else {
                return;
            }
        }
    }

    @Override
    public boolean isRunnable() {
        return runnable && !script.isEmpty();
    }

    @Override
    public long wakeNanos() {
        return script.isEmpty() ? NEVER : pausing ? pauseUntilNanos : patientUntilNanos;
    }

    @Override
    public List<String> waitingFor() {
        return script.isEmpty() ? List.of() : List.of(script.element().what);
    }

    void leave() {
        SimStream leaving = stream;
        if (leaving != null) {
            leaving.close();
        }
        stream = null;
        unread = new byte[0];
    }

    private void changed() {
        runnable = true;
    }

    /** Something happened: patience begins anew. */
    private void advanced() {
        patientUntilNanos = tolerant ? network.nowNanos() + patienceNanos : NEVER;
    }

    private boolean isPausing() {
        pausing = network.nowNanos() < pauseUntilNanos;
        return pausing;
    }

    private SimStream connection() {
        SimStream connected = stream;
        if (connected == null) {
            throw new IllegalStateException("the script of " + node.name() + " does not connect before it goes on");
        }
        return connected;
    }

    /** What has come, empty at the end of the stream; null if nothing has, or the connection is broken. */
    private byte @Nullable [] read(int bytesMax) {
        int room = connection().readRoom();
        if (room > 0) {
            byte[] bytes = connection().read(Math.min(room, bytesMax));
            received.writeBytes(bytes);
            advanced();
            return bytes;
        }
        if (room < 0 && room != -Errno.EAGAIN) {
            breaks(room);
        }
        return room == 0 ? new byte[0] : null;
    }

    private boolean breaks(int error) {
        return breaks(SimNetwork.errorText(-error));
    }

    /** True if the script tolerates it, and is over. */
    private boolean breaks(String how) {
        if (!tolerant) {
            throw new AssertionError("expected " + script.element().what + ", got " + how);
        }
        network.note(node.name(), "ends its script: " + how);
        broken = how;
        return true;
    }

    private static String shown(byte[] bytes) {
        String text = new String(bytes, 0, Math.min(bytes.length, SHOWN_MAX), StandardCharsets.ISO_8859_1)
                .replace("\r", "\\r")
                .replace("\n", "\\n");
        return '"' + text + (bytes.length > SHOWN_MAX ? "… (" + bytes.length + " bytes)" : "") + '"';
    }
}
