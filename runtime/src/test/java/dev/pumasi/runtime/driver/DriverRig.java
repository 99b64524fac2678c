package dev.pumasi.runtime.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.pumasi.runtime.memory.Buffer;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * Drives one driver by hand, as a loop would: starts operations under fresh tokens, polls until a completion or a
 * condition has come, and fails at the deadline with what has come instead. It checks on the way what holds for every
 * completion: the token is one that was given out, and nothing comes after the last of its completions.
 */
final class DriverRig implements AutoCloseable {

    static final SocketAddress LOOPBACK = new InetSocketAddress("127.0.0.1", 0);

    private static final long DEADLINE_NANOS = 30_000_000_000L;
    private static final long STEP_NANOS = 10_000_000;
    private static final int BACKLOG = 128;

    /** One completion, its provided buffer (if any) copied and given back. */
    record Completion(long token, int result, boolean hasMore, byte[] bytes) {

        String text() {
            return new String(bytes, java.nio.charset.StandardCharsets.UTF_8);
        }

        @Override
        public String toString() {
            return "#" + token + " -> " + result + (hasMore ? " and more" : "");
        }
    }

    /** The two ends of a connection within the driver. */
    record Pair(int client, int server) {}

    final Driver driver;
    private final Completions completions;
    private final Map<Long, ArrayDeque<Completion>> arrived = new HashMap<>();
    private final Set<Long> inProgress = new HashSet<>();
    private final List<Integer> held = new ArrayList<>();
    private final Set<Integer> handles = new HashSet<>();
    private long lastToken = 1L << 40;

    /** Whether provided buffers are kept instead of given back. */
    boolean holdsBuffers;

    DriverRig(Driver driver, int completionsPerTurn) {
        this.driver = driver;
        completions = new Completions(completionsPerTurn);
    }

    // ---------------------------------------------------------------------------------------------- the turn

    /** Polls once; returns how many completions came. */
    int poll(long waitNanos) {
        completions.clear();
        driver.poll(waitNanos, completions);
        for (int i = 0; i < completions.size(); i++) {
            take(completions.token(i), completions.result(i), completions.flags(i));
        }
        return completions.size();
    }

    private void take(long token, int result, int flags) {
        assertTrue(inProgress.contains(token), "a completion of nothing in progress: #" + token + " -> " + result);
        boolean hasMore = (flags & Completions.MORE) != 0;
        if (!hasMore) {
            inProgress.remove(token);
        }
        byte[] bytes = {};
        if ((flags & Completions.BUFFER) != 0) {
            int id = Completions.bufferId(flags);
            bytes = driver.provided(id).bytes(0, Math.max(0, result));
            if (holdsBuffers) {
                held.add(id);
            } else {
                driver.release(id);
            }
        }
        arrived.computeIfAbsent(token, _ -> new ArrayDeque<>()).add(new Completion(token, result, hasMore, bytes));
    }

    /**
     * Whether a poll that nothing ends waits its whole time. Tried again: a signal may end any wait, and a ring
     * that an earlier test closed sends some.
     */
    boolean waitsOut(long nanos) {
        for (int i = 0; i < 10; i++) {
            long begin = System.nanoTime();
            if (poll(nanos) == 0 && System.nanoTime() - begin >= nanos) {
                return true;
            }
        }
        return false;
    }

    void releaseHeld() {
        held.forEach(driver::release);
        held.clear();
    }

    int heldCount() {
        return held.size();
    }

    /** Polls until the condition holds. */
    void until(String what, BooleanSupplier condition) {
        long deadlineNanos = System.nanoTime() + DEADLINE_NANOS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadlineNanos > 0) {
                fail("waited too long for " + what + "; in progress " + inProgress + ", not asked for " + arrived);
            }
            poll(STEP_NANOS);
        }
    }

    /** The next completion of that operation. */
    Completion await(long token) {
        until("a completion of #" + token, () -> hasArrived(token));
        return Objects.requireNonNull(arrived.get(token)).remove();
    }

    boolean hasArrived(long token) {
        return !arrived.getOrDefault(token, new ArrayDeque<>()).isEmpty();
    }

    /** Waits for the next completion, which must be the last one. */
    int result(long token) {
        Completion completion = await(token);
        assertTrue(!completion.hasMore(), () -> "there must be no more after " + completion);
        return completion.result();
    }

    /** Polls a few times without waiting, and then once more for a moment: whatever is under way comes. */
    void settle() {
        for (int i = 0; i < 20; i++) {
            poll(0);
        }
        poll(1_000_000);
    }

    /**
     * Whether it waits: it does not complete while everything under way comes. That includes what the peer's kernel says of the
     * bytes it has, which makes room for more.
     */
    boolean isWaiting(long token) {
        settle();
        if (!hasArrived(token)) {
            poll(STEP_NANOS);
        }
        return !hasArrived(token);
    }

    /** Fails if that operation completes while everything under way comes. */
    void assertNothingFrom(long token) {
        settle();
        assertTrue(!hasArrived(token), () -> "unexpected: " + arrived.get(token));
    }

    // ---------------------------------------------------------------------------------------------- operations

    long token() {
        inProgress.add(++lastToken);
        return lastToken;
    }

    long accept(int listener) {
        long token = token();
        driver.accept(listener, token);
        return token;
    }

    long connect(int handle, SocketAddress peer) {
        long token = token();
        driver.connect(handle, peer, Buffer.allocate(Driver.CONTROL_BYTES), token);
        return token;
    }

    long receive(int handle) {
        long token = token();
        driver.receive(handle, token);
        return token;
    }

    long receive(int handle, Buffer into) {
        long token = token();
        driver.receive(handle, into, 0, into.capacity(), token);
        return token;
    }

    long send(int handle, Buffer from) {
        long token = token();
        driver.send(handle, from, 0, from.capacity(), token);
        return token;
    }

    long sendBeforeFile(int handle, Buffer from) {
        long token = token();
        driver.sendBeforeFile(handle, from, 0, from.capacity(), token);
        return token;
    }

    long send(int handle, String text) {
        return send(handle, Buffer.of(text));
    }

    long send(int handle, Gather pieces) {
        long token = token();
        driver.send(handle, pieces, token);
        return token;
    }

    /** Sends all of the text and waits until the kernel has it. */
    void sendAll(int handle, String text) {
        assertEquals(Buffer.of(text).capacity(), result(send(handle, text)));
    }

    /** Cancels, and waits for the end; completions before that are left to be asked for. */
    int cancelAndEnd(long token) {
        driver.cancel(token);
        until("the end of #" + token, () -> !inProgress.contains(token));
        return Objects.requireNonNull(arrived.get(token)).removeLast().result();
    }

    /** What comes from a multishot receive until that many bytes are there. */
    String text(long receive, int length) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        while (bytes.size() < length) {
            Completion completion = await(receive);
            assertTrue(completion.result() > 0 && completion.hasMore(), () -> "bytes, and more, but " + completion);
            bytes.writeBytes(completion.bytes());
        }
        return bytes.toString(java.nio.charset.StandardCharsets.UTF_8);
    }

    // ---------------------------------------------------------------------------------------------- sockets

    int listen() {
        return listen(LOOPBACK);
    }

    int listen(SocketAddress address) {
        return opened(driver.listen(address, BACKLOG, false));
    }

    SocketAddress addressOf(int handle) {
        return Objects.requireNonNull(driver.localAddress(handle));
    }

    /** Takes note of a handle, so that it is closed in the end. */
    int opened(int handle) {
        assertTrue(handle >= 0, () -> "not opened: error " + -handle);
        handles.add(handle);
        return handle;
    }

    void close(int handle) {
        handles.remove(handle);
        driver.close(handle);
    }

    Pair pair() {
        return pair(listen());
    }

    /** A connection through that listener, which is closed afterwards. */
    Pair pair(int listener) {
        long accepting = accept(listener);
        Pair pair = pair(listener, accepting);
        cancelAndEnd(accepting);
        close(listener);
        return pair;
    }

    /** A connection through a listener that is accepting already. */
    Pair pair(int listener, long accepting) {
        SocketAddress address = addressOf(listener);
        int client = opened(driver.openStream(address));
        long connecting = connect(client, address);
        Completion accepted = await(accepting);
        assertTrue(accepted.hasMore(), () -> "accepting goes on, but " + accepted);
        assertEquals(0, result(connecting));
        return new Pair(client, opened(accepted.result()));
    }

    void close(Pair pair) {
        close(pair.client);
        close(pair.server);
    }

    /** Closes both ends with what is in progress on them, as a loop does: cancel, then close, in one breath. */
    void endAndClose(Pair pair) {
        inProgress.forEach(driver::cancel);
        close(pair);
    }

    /** Ends everything, and closes the handles, but not the driver. */
    void cancelAll() {
        inProgress.forEach(driver::cancel);
        until("the end of everything", inProgress::isEmpty);
        handles.forEach(driver::close);
        handles.clear();
    }

    /** As a loop leaves: cancels what is in progress, waits for its end, closes. */
    @Override
    public void close() {
        cancelAll();
        driver.close();
    }
}
