package dev.pumasi.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.runtime.driver.Completions;
import dev.pumasi.runtime.memory.Buffer;
import java.util.ArrayDeque;
import java.util.Deque;

/** Polls a driver by hand, for tests of the driver itself. */
final class Hand {

    record Done(long token, int result, int flags) {
        boolean goesOn() {
            return (flags & Completions.MORE) != 0;
        }
    }

    private static final long LIMIT_NANOS = 120_000_000_000L;

    final SimDriver driver;
    private final SimClock clock;
    private final Completions completions = new Completions(16);
    private final Deque<Done> done = new ArrayDeque<>();
    private long tokens = 100;

    Hand(Simulation simulation, SimDriver driver) {
        this.driver = driver;
        clock = simulation.clock();
    }

    long token() {
        return tokens++;
    }

    Buffer control() {
        return Buffer.allocate(SimDriver.CONTROL_BYTES);
    }

    /** The next completion of the operation; others are kept for later. */
    Done next(long token) {
        long deadline = clock.elapsedNanos() + LIMIT_NANOS;
        while (true) {
            for (Done one : done) {
                if (one.token == token) {
                    done.remove(one);
                    return one;
                }
            }
            if (clock.elapsedNanos() >= deadline) {
                throw new AssertionError(
                        driver.owner() + " waits in vain for token " + token + ": " + driver.waitingFor());
            }
            poll(1_000_000_000L);
        }
    }

    /** One poll; how many completions it brought. */
    int poll(long waitNanos) {
        driver.poll(waitNanos, completions);
        int count = completions.size();
        for (int i = 0; i < count; i++) {
            done.add(new Done(completions.token(i), completions.result(i), completions.flags(i)));
        }
        completions.clear();
        return count;
    }

    /** Sends all of it. */
    void send(int handle, String text) {
        Buffer buffer = Buffer.of(text);
        int sent = 0;
        while (sent < buffer.capacity()) {
            long token = token();
            driver.send(handle, buffer, sent, buffer.capacity() - sent, token);
            Done one = next(token);
            if (one.result <= 0) {
                throw new AssertionError("send: " + SimOperation.result(one.result));
            }
            sent += one.result;
        }
    }

    /** Receives once: the text, or the error's name; empty at the end of the stream. */
    String receive(int handle, int length) {
        Buffer buffer = Buffer.allocate(length);
        long token = token();
        driver.receive(handle, buffer, 0, length, token);
        Done one = next(token);
        assertEquals(0, one.flags);
        return one.result < 0 ? SimOperation.result(one.result) : buffer.latin1(0, one.result);
    }

    /** Receives exactly so much. */
    String receiveAll(int handle, int length) {
        StringBuilder text = new StringBuilder();
        while (text.length() < length) {
            String more = receive(handle, length - text.length());
            if (more.isEmpty()) {
                throw new AssertionError("the stream ends after " + text);
            }
            text.append(more);
        }
        return text.toString();
    }
}
