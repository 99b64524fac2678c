package dev.pumasi.runtime.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.runtime.memory.Memory;
import java.io.ByteArrayOutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** From a file to a socket: whole, slow, shrinking, cold, and to nobody. */
final class DriverTransferTest extends EachDriversFiles {

    private static final int LENGTH = 3_000_000;

    private final long seed = Long.getLong("pumasi.seed", System.nanoTime());

    private byte[] written(String name, int length) throws Exception {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        Files.write(at(name), bytes);
        return bytes;
    }

    /** Sends and receives in turn until {@code length} bytes have gone, and says what came. */
    private byte[] carry(int file, DriverRig.Pair pair, int position, int length) {
        return carryOn(file, pair, position, 0, length);
    }

    /** As {@link #carry}, after {@code sentBefore} bytes, which come as well. */
    private byte[] carryOn(int file, DriverRig.Pair pair, int position, int sentBefore, int length) {
        ByteArrayOutputStream came = new ByteArrayOutputStream();
        long receiving = rig.receive(pair.client());
        int sent = sentBefore;
        while (sent < length) {
            long sending = transfer(file, position + sent, pair.server(), length - sent);
            while (!rig.hasArrived(sending)) {
                receiving = drain(pair, receiving, came);
                rig.poll(1_000_000);
            }
            int count = rig.result(sending);
            assertTrue(count > 0, () -> "sent " + count);
            sent += count;
        }
        while (came.size() < length) {
            receiving = drain(pair, receiving, came);
            rig.poll(1_000_000);
        }
        rig.cancelAndEnd(receiving);
        return came.toByteArray();
    }

    private long drain(DriverRig.Pair pair, long receiving, ByteArrayOutputStream came) {
        long now = receiving;
        while (rig.hasArrived(now)) {
            DriverRig.Completion completion = rig.await(now);
            came.writeBytes(completion.bytes());
            if (!completion.hasMore()) {
                now = rig.receive(pair.client());
            }
        }
        return now;
    }

    @Test
    void aFileArrivesWhole() throws Exception {
        byte[] bytes = written("a", LENGTH);
        int file = good(open(at("a"), FileAccess.READ));
        DriverRig.Pair pair = rig.pair();

        assertArrayEquals(bytes, carry(file, pair, 0, LENGTH), () -> "pumasi.seed=" + seed);
        files.close(file);
    }

    @Test
    void aPartOfAFileArrives() throws Exception {
        byte[] bytes = written("a", 100_000);
        int file = good(open(at("a"), FileAccess.READ));
        DriverRig.Pair pair = rig.pair();

        byte[] part = java.util.Arrays.copyOfRange(bytes, 4_095, 4_095 + 70_001);
        assertArrayEquals(part, carry(file, pair, 4_095, 70_001), () -> "pumasi.seed=" + seed);
        files.close(file);
    }

    @Test
    void aFileThatIsNotInMemoryArrivesToo() throws Exception {
        byte[] bytes = written("a", LENGTH);
        dropFromMemory("a");
        int file = good(open(at("a"), FileAccess.READ));
        DriverRig.Pair pair = rig.pair();

        assertArrayEquals(bytes, carry(file, pair, 0, LENGTH), () -> "pumasi.seed=" + seed);
        files.close(file);
    }

    /** Thousands of clients may ask for a cold file at once: they must not hold a large buffer each. */
    @Test
    void whatManyReadOfAColdFileIsBounded() throws Exception {
        byte[] bytes = written("a", 200_000);
        DriverRig.Pair[] pairs = new DriverRig.Pair[UringTransfers.BUFFERS_LENT_MAX + 30];
        for (int i = 0; i < pairs.length; i++) {
            pairs[i] = rig.pair();
        }
        int file = good(open(at("a"), FileAccess.READ));
        dropFromMemory("a");
        boolean isCold = pagesInMemory(at("a")) == 0; // not in a file system that is memory only

        long[] sending = new long[pairs.length];
        for (int i = 0; i < pairs.length; i++) {
            sending[i] = transfer(file, 0, pairs[i].server(), bytes.length);
        }
        int large = 0;
        int[] sent = new int[pairs.length];
        for (int i = 0; i < pairs.length; i++) {
            sent[i] = rig.result(sending[i]);
            assertTrue(sent[i] > 0);
            large += sent[i] > UringTransfers.SMALL_BYTES ? 1 : 0;
        }
        if (isCold && kind == DriverUnderTest.IO_URING) {
            assertEquals(UringTransfers.BUFFERS_LENT_MAX, large);
        }
        int last = pairs.length - 1;
        byte[] whole = carryOn(file, pairs[last], 0, sent[last], bytes.length);
        assertArrayEquals(bytes, whole, () -> "pumasi.seed=" + seed);
        files.close(file);
    }

    /** {@code cachestat(2)}; -1 if the kernel does not say. */
    private static long pagesInMemory(Path file) throws Exception {
        Libc libc = new Libc();
        Buffer memory = Buffer.allocate(16 + 40);
        Memory.putLong(memory.address(), 0);
        Memory.putLong(memory.address() + 8, Files.size(file));
        Buffer path = Buffer.of(file + "\0");
        int descriptor = (int) libc.call(SystemCall.OPENAT, Statx.AT_FDCWD, path.address(), 0, 0);
        try {
            long asked = libc.call(SystemCall.CACHESTAT, descriptor, memory.address(), memory.address() + 16, 0);
            return asked < 0 ? -1 : Memory.getLong(memory.address() + 16);
        } finally {
            libc.call(SystemCall.CLOSE, descriptor);
        }
    }

    /** Direct reads push a file's clean pages out of the kernel's cache. */
    private void dropFromMemory(String name) throws Exception {
        try (FileChannel channel = FileChannel.open(at(name), StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Process dropped = new ProcessBuilder(
                        "dd", "of=" + at(name), "oflag=nocache", "conv=notrunc,fdatasync", "count=0")
                .redirectErrorStream(true)
                .start();
        assertEquals(0, dropped.waitFor(), () -> "dd: " + output(dropped));
    }

    private static String output(Process process) {
        try {
            return new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        } catch (java.io.IOException gone) {
            return gone.toString();
        }
    }

    /** A packet for the head alone is dear: for the kernel, and for who reads it. */
    @Test
    void aHeadThatIsSentBeforeAFileLeavesWithIt() throws Exception {
        Files.writeString(at("a"), "x".repeat(1_000));
        int file = good(open(at("a"), FileAccess.READ));

        int packets = 2;
        for (int attempt = 0; attempt < 20 && packets == 2; attempt++) { // 200 ms apart they leave on their own: tcp(7)
            DriverRig.Pair pair = rig.pair();
            long receiving = rig.receive(pair.client());
            assertEquals(4, rig.result(rig.sendBeforeFile(pair.server(), Buffer.of("head"))));
            assertEquals(1_000, rig.result(transfer(file, 0, pair.server(), 1_000)));
            assertEquals(1_004, rig.text(receiving, 1_004).length());
            packets = kind == DriverUnderTest.NIO ? 1 : dataPackets(pair.server()); // the JDK's channels cannot say it
        }

        assertEquals(1, packets);
        files.close(file);
    }

    /** {@code tcpi_data_segs_out} of {@code struct tcp_info}, linux/tcp.h. */
    private static int dataPackets(int socket) {
        int tcp = 6;
        int tcpInfo = 11;
        int offset = 156;
        Buffer info = Buffer.allocate(256 + Integer.BYTES);
        Memory.putInt(info.address() + 256, 256);
        long result =
                new Libc().call(SystemCall.GETSOCKOPT, socket, tcp, tcpInfo, info.address(), info.address() + 256, 0);
        assertEquals(0, result);
        return Memory.getInt(info.address() + offset);
    }

    @Test
    void theEndOfTheFileIsZero() throws Exception {
        written("a", 1000);
        int file = good(open(at("a"), FileAccess.READ));
        DriverRig.Pair pair = rig.pair();

        assertEquals(0, rig.result(transfer(file, 1000, pair.server(), 10)));
        assertEquals(0, rig.result(transfer(file, 1 << 20, pair.server(), 10)));
        files.close(file);
    }

    @Test
    void aFileThatShrinksEndsEarly() throws Exception {
        written("a", 10_000);
        int file = good(open(at("a"), FileAccess.READ));
        DriverRig.Pair pair = rig.pair();
        long receiving = rig.receive(pair.client());

        try (FileChannel channel = FileChannel.open(at("a"), StandardOpenOption.WRITE)) {
            channel.truncate(3_000);
        }
        int sent = rig.result(transfer(file, 0, pair.server(), 10_000));
        assertEquals(3_000, sent);
        assertEquals(0, rig.result(transfer(file, sent, pair.server(), 10_000 - sent)));
        assertEquals(3_000, rig.text(receiving, 3_000).length() > 0 ? 3_000 : 0);
        files.close(file);
    }

    /** What is known of a file's pages must not outlive them. */
    @Test
    void aFileThatIsCutBetweenTwoPiecesEndsThere() throws Exception {
        byte[] bytes = written("a", 100_000);
        int file = good(open(at("a"), FileAccess.READ));
        DriverRig.Pair pair = rig.pair();

        byte[] first = java.util.Arrays.copyOf(bytes, 40_000);
        assertArrayEquals(first, carry(file, pair, 0, 40_000), () -> "pumasi.seed=" + seed);
        try (FileChannel channel = FileChannel.open(at("a"), StandardOpenOption.WRITE)) {
            channel.truncate(50_000);
        }
        byte[] second = java.util.Arrays.copyOfRange(bytes, 40_000, 50_000);
        assertArrayEquals(second, carry(file, pair, 40_000, 10_000), () -> "pumasi.seed=" + seed);
        assertEquals(0, rig.result(transfer(file, 50_000, pair.server(), 50_000)));
        files.close(file);
    }

    @Test
    void manyTransfersInOneTurnAreBoundedAndAllGoOn() throws Exception {
        written("a", 8 << 20);
        int file = good(open(at("a"), FileAccess.READ));
        DriverRig.Pair[] pairs = new DriverRig.Pair[8];
        for (int i = 0; i < pairs.length; i++) {
            pairs[i] = rig.pair();
            assertEquals(0, driver.setOption(pairs[i].server(), SocketOption.SEND_BUFFER_BYTES, 4 << 20));
        }
        rig.settle();

        long[] sending = new long[pairs.length];
        for (int i = 0; i < pairs.length; i++) {
            sending[i] = transfer(file, 0, pairs[i].server(), 8 << 20);
        }
        long sum = 0;
        for (long each : sending) {
            int sent = rig.result(each);
            assertTrue(sent > 0, () -> "sent " + sent);
            sum += sent;
        }

        long all = sum;
        assertTrue(
                sum <= FileSending.TURN_BYTES + (long) pairs.length * FileSending.SHARE_BYTES,
                () -> all + " bytes in a turn");
        files.close(file);
    }

    @Test
    void aSlowPeerStopsTheTransferAndNothingElse() throws Exception {
        written("a", 8 << 20);
        int file = good(open(at("a"), FileAccess.READ));
        DriverRig.Pair slow = rig.pair();
        int sent = 0;
        long sending = transfer(file, 0, slow.server(), 8 << 20);
        // Until the kernel's buffers are full.
        while (true) {
            if (rig.isWaiting(sending)) {
                break;
            }
            sent += good(rig.result(sending));
            assertTrue(sent < 8 << 20, "everything went into the kernel's buffers");
            sending = transfer(file, sent, slow.server(), (8 << 20) - sent);
        }
        assertTrue(rig.waitsOut(20_000_000), "a transfer that waits for room costs no turns");

        DriverRig.Pair other = rig.pair();
        assertEquals(8, carry(file, other, 0, 8).length);

        long receiving = rig.receive(slow.client());
        ByteArrayOutputStream came = new ByteArrayOutputStream();
        while (!rig.hasArrived(sending)) {
            receiving = drain(slow, receiving, came);
            rig.poll(1_000_000);
        }
        assertTrue(rig.result(sending) > 0, "it goes on when there is room");
        files.close(file);
    }

    @Test
    void aTransferThatWaitsForRoomIsCancelled() throws Exception {
        written("a", 8 << 20);
        int file = good(open(at("a"), FileAccess.READ));
        DriverRig.Pair pair = rig.pair();
        long sending = transfer(file, 0, pair.server(), 8 << 20);
        while (!rig.isWaiting(sending)) {
            good(rig.result(sending));
            sending = transfer(file, 0, pair.server(), 8 << 20);
        }

        files.close(file);
        assertEquals(-Errno.ECANCELED, rig.cancelAndEnd(sending));
    }

    @Test
    void aPeerThatIsGoneIsAnError() throws Exception {
        written("a", LENGTH);
        int file = good(open(at("a"), FileAccess.READ));
        DriverRig.Pair pair = rig.pair();
        rig.close(pair.client());

        int result = 1;
        for (int i = 0; i < 100 && result > 0; i++) {
            result = rig.result(transfer(file, 0, pair.server(), LENGTH));
        }

        assertTrue(result == -Errno.EPIPE || result == -Errno.ECONNRESET, "result " + result);
        assertEquals(
                "still here", rig.text(rig.receive(rigPairThatSays("still here").client()), 10));
        files.close(file);
    }

    private DriverRig.Pair rigPairThatSays(String text) {
        DriverRig.Pair pair = rig.pair();
        rig.sendAll(pair.server(), text);
        return pair;
    }

    @Test
    void whatIsNoFileOrNoSocketIsRefused() throws Exception {
        written("a", 10);
        int file = good(open(at("a"), FileAccess.READ));
        DriverRig.Pair pair = rig.pair();

        assertEquals(-Errno.EBADF, rig.result(transfer(-1, 0, pair.server(), 10)));
        assertEquals(-Errno.EBADF, rig.result(transfer(file, 0, -1, 10)));
        files.close(file);
    }

    @Test
    void sendingGoesOnAfterATransfer() throws Exception {
        written("a", 4);
        Files.writeString(at("a"), "body");
        int file = good(open(at("a"), FileAccess.READ));
        DriverRig.Pair pair = rig.pair();
        long receiving = rig.receive(pair.client());

        rig.sendAll(pair.server(), "head ");
        assertEquals(4, rig.result(transfer(file, 0, pair.server(), 4)));
        rig.sendAll(pair.server(), " tail");
        assertEquals("head body tail", rig.text(receiving, 14));

        Buffer back = Buffer.allocate(8);
        long question = rig.receive(pair.server(), back);
        rig.settle();
        rig.sendAll(pair.client(), "question");
        assertEquals(8, rig.result(question), "the socket still waits as before");
        files.close(file);
    }
}
