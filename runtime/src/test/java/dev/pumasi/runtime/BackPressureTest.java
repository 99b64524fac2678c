package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import java.net.Socket;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Much goes through, and who is slow makes the other wait, not memory grow. */
@Tag("fall-back")
final class BackPressureTest extends OnEachDriver {

    private static final byte[] MESSAGE = "the quick brown fox".getBytes();

    private static final int LARGE = 64 << 20;

    private static long checksum(byte[] block, long length) {
        CRC32 sum = new CRC32();
        for (long done = 0; done < length; done += block.length) {
            sum.update(block, 0, block.length);
        }
        return sum.getValue();
    }

    private static byte[] block() {
        byte[] block = new byte[1 << 16];
        new Random(7).nextBytes(block);
        return block;
    }

    private static CompletableFuture<Long> readAll(Socket peer, long length) {
        return elsewhere(() -> {
            CRC32 sum = new CRC32();
            byte[] bytes = new byte[1 << 16];
            long done = 0;
            while (done < length) {
                int count = peer.getInputStream().read(bytes);
                assertTrue(count > 0, "ended after " + done);
                sum.update(bytes, 0, count);
                done += count;
            }
            return sum.getValue();
        });
    }

    @Test
    void largeTransfersInDirectStyle() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        byte[] block = block();
        CompletableFuture<Long> there = readAll(connection.peer(), LARGE);
        onGreen(loop, () -> {
            Buffer buffer = Buffer.of(block);
            for (int done = 0; done < LARGE; done += 2 * block.length) {
                connection.socket().write(block, 0, block.length); // copied
                connection.socket().write(buffer, 0, block.length); // not copied
            }
            connection.socket().flush();
            return null;
        });
        assertEquals(checksum(block, LARGE), get(there));

        CompletableFuture<Integer> back = elsewhere(() -> {
            for (int done = 0; done < LARGE; done += block.length) {
                connection.peerSends(block);
            }
            return LARGE;
        });
        long sum = onGreen(loop, () -> {
            CRC32 crc = new CRC32();
            byte[] bytes = new byte[10_000];
            for (int done = 0; done < LARGE; ) {
                int count = connection.socket().read(bytes, 0, bytes.length);
                crc.update(bytes, 0, count);
                done += count;
            }
            return crc.getValue();
        });
        assertEquals(checksum(block, LARGE), sum);
        assertEquals(LARGE, get(back));
    }

    @Test
    void largeTransfersByOperations() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        byte[] block = block();
        Buffer buffer = Buffer.of(block);
        CompletableFuture<Long> there = readAll(connection.peer(), LARGE);
        for (int done = 0; done < LARGE; done += block.length) {
            for (int sent = 0; sent < block.length; ) {
                sent += connection
                        .socket()
                        .send(buffer, sent, block.length - sent)
                        .await();
            }
        }
        assertEquals(checksum(block, LARGE), get(there));
    }

    @Test
    void aPeerThatDoesNotReadMakesTheWriterWaitAndMemoryDoesNotGrow() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        AtomicLong written = new AtomicLong();
        CompletableFuture<Void> writer = new CompletableFuture<>();
        int length = 32 << 20;
        loop.spawn(() -> complete(writer, () -> {
            byte[] bytes = new byte[1 << 14];
            while (written.get() < length) {
                connection.socket().write(bytes, 0, bytes.length);
                written.addAndGet(bytes.length);
            }
            connection.socket().flush();
            return null;
        }));
        Output output = connection.socket().output();
        stopsMoving("its one buffer is full", written::get, () -> output.isSending() && output.room() == 0, loop);
        assertTrue(written.get() < 16 << 20, () -> "the kernel's buffers take that much? " + written);
        assertEquals(length, connection.peerReads(length).length);
        get(writer);
        assertTrue(onLoop(loop, () -> connection.socket().output().isDrained()));
    }

    @Test
    void aReaderThatDoesNotReadMakesThePeerWaitAndMemoryDoesNotGrow() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        byte[] one = new byte[1];
        connection.peerSends((byte) 1);
        assertEquals(1, onGreen(loop, () -> connection.socket().read(one, 0, 1)), "receiving has begun");
        AtomicLong sent = new AtomicLong();
        int length = 32 << 20;
        CompletableFuture<Void> peer = elsewhere(() -> {
            byte[] bytes = new byte[1 << 16];
            while (sent.get() < length) {
                connection.peerSends(bytes);
                sent.addAndGet(bytes.length);
            }
            return null;
        });
        // Nothing is received meanwhile, either.
        stopsMoving("it stops", () -> sent.get() + loop.status().completions(), () -> sent.get() > 0, loop);
        assertTrue(sent.get() < 16 << 20, () -> "the kernel's buffers take that much? " + sent);
        onGreen(loop, () -> {
            byte[] bytes = new byte[1 << 16];
            for (int done = 0; done < length; ) {
                done += connection.socket().read(bytes, 0, bytes.length);
            }
            return null;
        });
        get(peer);
        assertEquals(length, sent.get());
    }

    /** Until a count stays for a while, and on the loop the condition holds: a thread that only stands still is waited for. */
    private static void stopsMoving(String what, LongSupplier count, Callable<Boolean> stopped, Loop loop) {
        long[] seen = {0};
        int[] times = {0};
        Eventually.until(what, () -> {
            Eventually.pass(40_000_000);
            long now = count.getAsLong();
            times[0] = now == seen[0] && holds(loop, stopped) ? times[0] + 1 : 0;
            seen[0] = now;
            return times[0] == 3;
        });
    }

    private static boolean holds(Loop loop, Callable<Boolean> condition) {
        try {
            return onLoop(loop, condition);
        } catch (Exception failed) {
            throw new AssertionError(failed);
        }
    }

    @Test
    void pausedReceivingDeliversLittleMoreAndGoesOnWhereItWas() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        AtomicLong received = new AtomicLong();
        onLoop(loop, () -> {
            connection.socket().onReceive(OnBytes.counting(received));
            connection.socket().pause();
            connection.socket().resume(); // before the kernel has let go
            return null;
        });
        connection.peerSends(MESSAGE);
        Eventually.until("it is received", () -> received.get() == MESSAGE.length);
        onLoop(loop, () -> {
            connection.socket().pause();
            return null;
        });
        Eventually.until("nothing is in progress", () -> loop.status().interests() == 0);
        int length = 4 << 20;
        CompletableFuture<Void> peer = elsewhere(() -> {
            connection.peerSends(new byte[length]);
            return null;
        });
        Eventually.pass(20_000_000);
        assertEquals(MESSAGE.length, received.get());
        onLoop(loop, () -> {
            connection.socket().resume();
            connection.socket().resume();
            return null;
        });
        Eventually.until("all is received", () -> received.get() == MESSAGE.length + length);
        get(peer);
    }
}
