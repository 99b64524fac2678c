package dev.pumasi.runtime.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.pumasi.runtime.memory.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Many streams at once, each driven at random: sends of all sizes, whole or in pieces; receives of both kinds, cancelled
 * at any moment and started again; provided buffers held back; short turns. Every byte says which stream and which
 * position it belongs to, so a byte that is lost, doubled, or delivered to somebody else is seen. Repeat a failure with
 * {@code -Dpumasi.seed=…}.
 */
final class DriverSoakTest extends EachDriver {

    private static final int PAIRS = 12;
    private static final int STREAM_BYTES_MAX = 400_000;
    private static final int CHUNK_BYTES_MAX = 90_000;
    private static final int HELD_MAX = 100;
    private static final long DEADLINE_NANOS = 40_000_000_000L;

    private Random random = new Random();
    private final List<Integer> held = new ArrayList<>();
    private final List<Stream> streams = new ArrayList<>();

    @Test
    void everyByteOfEveryStreamArrivesOnceAndInOrder() {
        long seed = Long.getLong("pumasi.seed", System.nanoTime());
        random = new Random(seed);
        try {
            soak();
        } catch (Throwable failure) {
            throw new AssertionError("pumasi.seed=" + seed + ": " + failure.getMessage(), failure);
        }
    }

    private void soak() {
        for (int i = 0; i < PAIRS; i++) {
            DriverRig.Pair pair = rig.pair();
            streams.add(new Stream(streams.size(), pair.client(), pair.server()));
            streams.add(new Stream(streams.size(), pair.server(), pair.client()));
        }
        long deadlineNanos = System.nanoTime() + DEADLINE_NANOS;
        while (!streams.stream().allMatch(stream -> stream.isOver)) {
            if (System.nanoTime() - deadlineNanos > 0) {
                fail("stalled: " + streams);
            }
            streams.forEach(Stream::step);
            turn();
        }
        held.forEach(driver::release);
    }

    private void turn() {
        if (random.nextInt(50) == 0) {
            driver.wake();
        }
        Completions completions = new Completions(1 + random.nextInt(40));
        driver.poll(random.nextInt(4) == 0 ? random.nextInt(200_000) : 0, completions);
        for (int i = 0; i < completions.size(); i++) {
            long token = completions.token(i);
            Stream stream = streams.get((int) (token & 0xff));
            stream.completed(token, completions.result(i), completions.flags(i));
        }
        while (!held.isEmpty() && (held.size() > HELD_MAX || random.nextInt(3) == 0)) {
            driver.release(held.remove(random.nextInt(held.size())));
        }
    }

    /** One direction of a connection. Tokens carry its number in their lowest byte. */
    private final class Stream {

        private final int number;
        private final int from;
        private final int to;
        private final int total;
        private final Buffer into = Buffer.allocate(CHUNK_BYTES_MAX);
        private int sent;
        private int received;
        private long sending;
        private int sendingBytes;
        private long receiving;
        private boolean isCancelled;
        private boolean isProvided;
        private boolean isOver;
        private int lastSerial;

        Stream(int number, int from, int to) {
            this.number = number;
            this.from = from;
            this.to = to;
            total = 1 + random.nextInt(STREAM_BYTES_MAX);
        }

        private long token() {
            return (long) ++lastSerial << 8 | number;
        }

        private byte at(int position) {
            return (byte) ((position + number) * 0x9E3779B9 >>> 24);
        }

        void step() {
            if (sending == 0 && sent < total && random.nextInt(3) != 0) {
                send();
            }
            if (receiving == 0 && !isOver && random.nextInt(3) != 0) {
                receive();
            } else if (receiving != 0 && !isCancelled && random.nextInt(12) == 0) {
                isCancelled = true;
                driver.cancel(receiving);
            }
        }

        private void send() {
            sendingBytes = Math.min(total - sent, 1 + random.nextInt(random.nextInt(CHUNK_BYTES_MAX) + 1));
            Buffer chunk = Buffer.allocate(sendingBytes);
            for (int i = 0; i < sendingBytes; i++) {
                chunk.put(i, at(sent + i));
            }
            sending = token();
            if (random.nextBoolean()) {
                driver.send(from, chunk, 0, sendingBytes, sending);
            } else {
                int cut = random.nextInt(sendingBytes + 1);
                driver.send(from, new Gather(2).add(chunk, 0, cut).add(chunk, cut, sendingBytes - cut), sending);
            }
        }

        private void receive() {
            receiving = token();
            isCancelled = false;
            isProvided = random.nextBoolean();
            if (isProvided) {
                driver.receive(to, receiving);
            } else {
                driver.receive(to, into, 0, 1 + random.nextInt(CHUNK_BYTES_MAX), receiving);
            }
        }

        void completed(long token, int result, int flags) {
            if (token == sending) {
                sendCompleted(result, flags);
            } else if (token == receiving) {
                receiveCompleted(result, flags);
            } else {
                fail("a completion of nothing in progress: " + result + " for " + this);
            }
        }

        private void sendCompleted(int result, int flags) {
            assertTrue(result > 0 && result <= sendingBytes && flags == 0, () -> "sent " + result + ": " + this);
            sent += result;
            sending = 0;
            if (sent == total) {
                assertEquals(0, driver.shutdownOutput(from));
            }
        }

        private void receiveCompleted(int result, int flags) {
            if ((flags & Completions.MORE) == 0) {
                receiving = 0;
            }
            if (result > 0) {
                if ((flags & Completions.BUFFER) != 0) {
                    assertTrue(isProvided);
                    check(driver.provided(Completions.bufferId(flags)), result);
                    held.add(Completions.bufferId(flags));
                } else {
                    check(into, result);
                }
            } else if (result == 0) {
                assertEquals(total, received, () -> "the stream ends early: " + this);
                isOver = true;
            } else {
                boolean isExpected = isCancelled && result == -Errno.ECANCELED || result == -Errno.ENOBUFS;
                assertTrue(isExpected, () -> "received " + result + ": " + this);
            }
        }

        private void check(Buffer bytes, int length) {
            for (int i = 0; i < length; i++) {
                int position = received + i;
                assertEquals(at(position), bytes.get(i), () -> "a wrong byte at " + position + ": " + this);
            }
            received += length;
        }

        @Override
        public String toString() {
            return "stream " + number + " (sent " + sent + ", received " + received + " of " + total
                    + (receiving == 0 ? "" : isProvided ? ", receiving provided" : ", receiving once")
                    + (isCancelled ? ", cancelled)" : ")");
        }
    }
}
