package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

final class EchoTest extends EachDriver {

    /** More than all the kernel's buffers between two ends of a loopback connection hold. */
    private static final int BYTES = 64 << 20;

    private static final int PIECE_BYTES = 64 * 1024;
    private static final long STILL_NANOS = 300_000_000;
    private static final long SEED = 42;

    @Test
    void aPeerThatDoesNotReadIsMadeToWaitAndLosesNothing() throws Exception {
        InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (LoopGroup loops = LoopGroup.start("loop", 1, Drivers.choose(driver).factory());
                Listener listener = Listener.open(loops.next(), anyPort, socket -> socket.onReceive(new Echo(socket)));
                Socket client = new Socket()) {
            client.connect(listener.address());
            AtomicLong written = new AtomicLong();
            Thread writer = Thread.ofPlatform().daemon().start(() -> write(client, written));

            waitUntilStill(written);
            assertTrue(written.get() < BYTES, "all " + BYTES + " bytes were taken, though nobody read one");

            Random expected = new Random(SEED);
            byte[] piece = new byte[PIECE_BYTES];
            for (int read = 0; read < BYTES; read += PIECE_BYTES) {
                expected.nextBytes(piece);
                assertArrayEquals(piece, client.getInputStream().readNBytes(PIECE_BYTES), "from byte " + read);
            }
            writer.join();
        }
    }

    private static void write(Socket client, AtomicLong written) {
        Random random = new Random(SEED);
        byte[] piece = new byte[PIECE_BYTES];
        try {
            for (int sent = 0; sent < BYTES; sent += PIECE_BYTES) {
                random.nextBytes(piece);
                client.getOutputStream().write(piece);
                written.addAndGet(PIECE_BYTES);
            }
            client.shutdownOutput();
        } catch (IOException broken) {
            // The reader notices.
        }
    }

    /** Until a while has passed in which nothing more was taken. */
    private static void waitUntilStill(AtomicLong written) {
        long last = -1;
        long since = System.nanoTime();
        while (System.nanoTime() - since < STILL_NANOS && written.get() < BYTES) {
            if (written.get() != last) {
                last = written.get();
                since = System.nanoTime();
            }
            LockSupport.parkNanos(5_000_000);
        }
    }
}
