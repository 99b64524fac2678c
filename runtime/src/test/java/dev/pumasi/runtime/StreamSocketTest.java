package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.driver.Gather;
import dev.pumasi.runtime.driver.SocketOption;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Connected sockets in their three styles, and what happens to them. */
final class StreamSocketTest extends OnEachDriver {

    private static final byte[] MESSAGE = "the quick brown fox".getBytes();

    /** What an event style receiver has seen. */
    private static final class Seen implements Receiver {
        final StringBuilder text = new StringBuilder();
        final AtomicInteger ended = new AtomicInteger();
        final List<Failure> failures = new ArrayList<>();

        @Override
        public void received(Buffer data, int length) {
            text.append(data.latin1(0, length));
        }

        @Override
        public void ended() {
            ended.incrementAndGet();
        }

        @Override
        public void failed(OperationException failure) {
            failures.add(failure.failure());
        }
    }

    // ------------------------------------------------------------------------------------------- echo, three times

    private void echoes(Acceptor server) throws Exception {
        Loop loop = loop();
        try (Listener listener = Listener.open(loop, LOOPBACK, false, server)) {
            for (int client = 0; client < 3; client++) {
                Socket peer = peer(listener);
                for (int round = 0; round < 20; round++) {
                    peer.getOutputStream().write(MESSAGE);
                    assertArrayEquals(MESSAGE, peer.getInputStream().readNBytes(MESSAGE.length));
                }
                peer.shutdownOutput();
                assertEquals(-1, peer.getInputStream().read(), "and the end is echoed too");
            }
        }
        Eventually.until("all is over", () -> loop.status().interests() == 0);
        assertEquals(0, loop.status().failures());
        assertEquals(0, loop.status().hops());
    }

    @Test
    void echoByOperations() throws Exception {
        echoes(socket -> echoNext(socket, Buffer.allocate(1000)));
    }

    private static void echoNext(StreamSocket socket, Buffer buffer) {
        socket.receive(buffer, 0, buffer.capacity()).onDone(received -> {
            if (received instanceof Operation.Success<? extends Integer>(Integer count) && count > 0) {
                socket.send(buffer, 0, count).onDone(sent -> echoNext(socket, buffer));
            } else {
                socket.close();
            }
        });
    }

    @Test
    void echoByEvents() throws Exception {
        echoes(socket -> socket.onReceive(new Receiver() {
            @Override
            public void received(Buffer data, int length) {
                socket.output().append(data, 0, length);
                socket.output().flush();
            }

            @Override
            public void ended() {
                socket.close();
            }

            @Override
            public void failed(OperationException failure) {
                socket.close();
            }
        }));
    }

    @Test
    void echoInDirectStyle() throws Exception {
        echoes(socket -> socket.loop().spawn(() -> {
            try (socket) {
                byte[] bytes = new byte[1000];
                for (int count = socket.read(bytes, 0, 1000); count >= 0; count = socket.read(bytes, 0, 1000)) {
                    socket.write(bytes, 0, count);
                    socket.flush();
                }
            } catch (IOException broken) {
                throw new java.io.UncheckedIOException(broken);
            }
        }));
    }

    /** S02: one thread, many clients at once. All of them are in the midst of their request before the first is answered. */
    @Test
    void oneThreadServesManyClientsOverlapped() throws Exception {
        Loop loop = byHand();
        int clients = 50;
        List<Connection> connections = connections(loop, clients);
        AtomicInteger halfway = new AtomicInteger();
        AtomicInteger answered = new AtomicInteger();
        int threadsBefore = Thread.activeCount();
        for (Connection connection : connections) {
            StreamSocket socket = connection.socket();
            loop.spawn(() -> {
                byte[] two = new byte[2];
                try (socket) {
                    assertEquals(1, socket.read(two, 0, 1));
                    halfway.incrementAndGet();
                    assertEquals(1, socket.read(two, 1, 1));
                    socket.write(two, 0, 2);
                    socket.flush();
                    answered.incrementAndGet();
                    assertEquals(-1, socket.read(two, 0, 1));
                } catch (IOException broken) {
                    throw new java.io.UncheckedIOException(broken);
                }
            });
            connection.peerSends((byte) 'a');
        }
        turnUntil(loop, "all are halfway", () -> halfway.get() == clients);
        assertEquals(0, answered.get());
        for (Connection connection : connections) {
            connection.peerSends((byte) 'b');
        }
        turnUntil(loop, "all are answered", () -> answered.get() == clients);
        for (Connection connection : connections) {
            turnUntil(
                    loop,
                    "it has arrived",
                    () -> connection.peer().getInputStream().available() >= 2);
            assertEquals("ab", new String(connection.peerReads(2)));
            connection.peer().shutdownOutput();
        }
        turnUntil(loop, "all are over", () -> loop.status().interests() == 0);
        assertEquals(0, loop.status().hops());
        assertEquals(0, loop.status().failures());
        assertEquals(threadsBefore, Thread.activeCount(), "and no other thread took part");
    }

    // ------------------------------------------------------------------------------------------- connecting

    @Test
    void connectReachesWhoListens() throws Exception {
        Loop loop = loop();
        try (ServerSocket server = new ServerSocket(0, 10, loopback())) {
            StreamSocket socket =
                    StreamSocket.connect(loop, server.getLocalSocketAddress()).await();
            try (Socket accepted = server.accept()) {
                assertEquals(accepted.getLocalSocketAddress(), socket.remoteAddress());
                assertEquals(accepted.getRemoteSocketAddress(), socket.localAddress());
                String name = onLoop(loop, socket::toString);
                assertTrue(name.contains(":" + accepted.getPort()), name);
                socket.close();
                assertEquals(-1, accepted.getInputStream().read());
            }
            OperationException closed = assertThrows(OperationException.class, socket::localAddress);
            assertEquals(Failure.CLOSED, closed.failure());
        }
    }

    @Test
    void connectThatIsRefusedOrCancelledLeavesNothing() throws Exception {
        Loop loop = loop();
        SocketAddress nobody;
        try (ServerSocket gone = new ServerSocket(0, 1, loopback())) {
            nobody = gone.getLocalSocketAddress();
        }
        int before = LeftBehind.descriptors();
        for (int i = 0; i < 10; i++) {
            Operation<StreamSocket> refused = StreamSocket.connect(loop, nobody);
            assertEquals(
                    Failure.CONNECTION_REFUSED,
                    assertThrows(OperationException.class, refused::await).failure());
        }
        Operation<StreamSocket> nowhere = StreamSocket.connect(loop, new InetSocketAddress("255.255.255.255", 9));
        assertEquals(
                Failure.UNREACHABLE,
                assertThrows(OperationException.class, nowhere::await).failure());
        // A listener whose queue is full answers nothing.
        try (ServerSocket busy = new ServerSocket(0, 1, loopback());
                Socket one = new Socket(loopback(), busy.getLocalPort());
                Socket two = new Socket(loopback(), busy.getLocalPort())) {
            assertTrue(one.isConnected() && two.isConnected());
            Operation<StreamSocket> late =
                    StreamSocket.connect(loop, busy.getLocalSocketAddress()).within(Duration.ofMillis(20));
            assertEquals(
                    Failure.TIMED_OUT,
                    assertThrows(OperationException.class, late::await).failure());
            Operation<StreamSocket> cancelled = StreamSocket.connect(loop, busy.getLocalSocketAddress());
            cancelled.cancel();
            assertEquals(
                    Failure.CANCELLED,
                    assertThrows(OperationException.class, cancelled::await).failure());
        }
        Eventually.until("no descriptor is left", () -> LeftBehind.descriptors() == before);
    }

    @Test
    void unixDomainSocketsCarryTheSame(@TempDir Path folder) throws Exception {
        Loop loop = loop();
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("s"));
        try (Listener listener =
                Listener.open(loop, address, false, socket -> echoNext(socket, Buffer.allocate(1000)))) {
            assertEquals(address, listener.address());
            StreamSocket client = StreamSocket.connect(loop, listener.address()).await();
            String echoed = onGreen(loop, () -> {
                client.write(MESSAGE, 0, MESSAGE.length);
                client.flush();
                byte[] answer = new byte[MESSAGE.length];
                int count = 0;
                while (count < answer.length) {
                    count += client.read(answer, count, answer.length - count);
                }
                return new String(answer);
            });
            assertEquals(new String(MESSAGE), echoed);
            client.close();
        }
        OperationException absent = assertThrows(
                OperationException.class,
                StreamSocket.connect(loop, UnixDomainSocketAddress.of(folder.resolve("none")))::await);
        assertEquals(Failure.NOT_FOUND, absent.failure());
    }

    // ------------------------------------------------------------------------------------------- both directions

    @Test
    void halfClosingKeepsTheOtherDirectionOpen() throws Exception {
        Loop loop = loop();
        Connection ours = connection(loop);
        onGreen(loop, () -> {
            ours.socket().write(MESSAGE, 0, MESSAGE.length);
            ours.socket().shutdownOutput();
            return null;
        });
        assertArrayEquals(MESSAGE, ours.peerReads(1000), "what was written, and then the end");
        ours.peerSends(MESSAGE);
        byte[] bytes = new byte[100];
        assertEquals(MESSAGE.length, onGreen(loop, () -> ours.socket().read(bytes, 0, 100)));
        assertEquals(
                Failure.PEER_CLOSED,
                assertThrows(
                                OperationException.class,
                                () -> ours.socket()
                                        .send(Buffer.allocate(1), 0, 1)
                                        .await())
                        .failure());

        Connection theirs = connection(loop);
        theirs.peerSends(MESSAGE);
        theirs.peer().shutdownOutput();
        assertEquals(MESSAGE.length, onGreen(loop, () -> theirs.socket().read(bytes, 0, 100)));
        assertEquals(-1, onGreen(loop, () -> theirs.socket().read(bytes, 0, 100)));
        assertEquals(-1, onGreen(loop, () -> theirs.socket().read(bytes, 0, 100)), "and it stays so");
        onGreen(loop, () -> {
            theirs.socket().write(MESSAGE, 0, MESSAGE.length);
            theirs.socket().flush();
            return null;
        });
        assertArrayEquals(MESSAGE, theirs.peerReads(MESSAGE.length));
    }

    @Test
    void piecesAreSentAsOneAndInOrder() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        Gather pieces = new Gather(3)
                .add(Buffer.of("--one"), 2, 3)
                .add(Buffer.of(", two"), 0, 5)
                .add(Buffer.of(", three--"), 0, 7);
        assertEquals(15, connection.socket().send(pieces).await());
        assertEquals("one, two, three", new String(connection.peerReads(15)));
    }

    @Test
    void optionsAreSetAndRead() throws Exception {
        Loop loop = loop();
        StreamSocket socket = connection(loop).socket();
        onLoop(loop, () -> {
            assertEquals(1, socket.option(SocketOption.NO_DELAY), "the default");
            for (SocketOption one : List.of(SocketOption.NO_DELAY, SocketOption.KEEP_ALIVE)) {
                for (int value : new int[] {0, 1}) {
                    socket.setOption(one, value);
                    assertEquals(value, socket.option(one), one.name());
                }
            }
            socket.setOption(SocketOption.RECEIVE_BUFFER_BYTES, 30_000);
            assertTrue(socket.option(SocketOption.RECEIVE_BUFFER_BYTES) >= 30_000);
            socket.setOption(SocketOption.LINGER, 0);
            assertEquals(0, socket.option(SocketOption.LINGER));
            socket.setOption(SocketOption.LINGER, -1);
            assertEquals(-1, socket.option(SocketOption.LINGER));
            socket.close();
            OperationException closed =
                    assertThrows(OperationException.class, () -> socket.option(SocketOption.NO_DELAY));
            assertEquals(Failure.CLOSED, closed.failure());
            return null;
        });
    }

    @Test
    void oneGreenThreadReadsWhileAnotherWrites() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        StreamSocket socket = connection.socket();
        int length = 2_000_000;
        CompletableFuture<Long> read = new CompletableFuture<>();
        CompletableFuture<Long> written = new CompletableFuture<>();
        loop.spawn(() -> complete(read, () -> {
            byte[] bytes = new byte[5000];
            long sum = 0;
            while (sum < length) {
                sum += socket.read(bytes, 0, bytes.length);
            }
            return sum;
        }));
        loop.spawn(() -> complete(written, () -> {
            byte[] bytes = new byte[5000];
            for (int i = 0; i < length; i += bytes.length) {
                socket.write(bytes, 0, bytes.length);
            }
            socket.flush();
            return (long) length;
        }));
        CompletableFuture<Integer> peerWrites = elsewhere(() -> {
            connection.peerSends(new byte[length]);
            return length;
        });
        assertEquals(length, connection.peerReads(length).length);
        assertEquals(length, get(read));
        assertEquals(length, get(written));
        assertEquals(length, get(peerWrites));
        assertEquals(0, loop.status().hops());
    }

    // ------------------------------------------------------------------------------------------- much, and slowly

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
        long stoppedAt = stopsMoving(written);
        assertTrue(stoppedAt < 16 << 20, () -> "the kernel's buffers take that much? " + stoppedAt);
        assertTrue(onLoop(loop, () -> connection.socket().output().isSending()));
        assertEquals(0, onLoop(loop, () -> connection.socket().output().room()), "its one buffer is full");
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
        long stoppedAt = stopsMoving(sent);
        assertTrue(stoppedAt < 16 << 20, () -> "the kernel's buffers take that much? " + stoppedAt);
        long completions = loop.status().completions();
        Eventually.pass(20_000_000);
        assertEquals(completions, loop.status().completions(), "nothing is received meanwhile");
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

    /** Where a count stays for a while. */
    private static long stopsMoving(AtomicLong count) {
        long[] before = {-1};
        Eventually.until("it stops", () -> {
            long seen = before[0];
            Eventually.pass(60_000_000);
            before[0] = count.get();
            return before[0] == seen && seen > 0;
        });
        return before[0];
    }

    @Test
    void pausedReceivingDeliversLittleMoreAndGoesOnWhereItWas() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        AtomicLong received = new AtomicLong();
        onLoop(loop, () -> {
            connection.socket().onReceive(LoopTest.counting(received));
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

    // ------------------------------------------------------------------------------------------- time limits

    @Test
    void readsAndWritesHaveATimeLimit() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        StreamSocket socket = connection.socket();
        socket.setTimeout(Duration.ofMillis(20));
        byte[] bytes = new byte[1 << 16];
        for (int i = 0; i < 2; i++) {
            assertTimesOut(() -> onGreen(loop, () -> socket.read(bytes, 0, bytes.length)));
            assertTimesOut(() -> socket.read(bytes, 0, bytes.length)); // a platform thread
        }
        connection.peerSends(MESSAGE);
        assertEquals(MESSAGE.length, socket.read(bytes, 0, bytes.length), "and it can still be read from");
        assertTimesOut(() -> onGreen(loop, () -> {
            while (true) {
                socket.write(bytes, 0, bytes.length);
            }
        }));
        assertEquals(0, loop.status().timers());
    }

    private static void assertTimesOut(org.junit.jupiter.api.function.Executable body) {
        long begin = System.nanoTime();
        OperationException late = assertThrows(OperationException.class, body);
        assertEquals(Failure.TIMED_OUT, late.failure());
        assertTrue(System.nanoTime() - begin >= 20_000_000, "early");
        assertTrue(late.getMessage().contains("socket"), late::getMessage);
    }

    @Test
    void anInterruptEndsAReadAndTheNextOneHasItsWholeTime() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        StreamSocket socket = connection.socket();
        socket.setTimeout(Duration.ofMillis(200));
        CompletableFuture<Failure> first = new CompletableFuture<>();
        Thread reader = loop.spawn(() -> complete(
                first,
                () -> assertThrows(OperationException.class, () -> socket.read(new byte[1], 0, 1))
                        .failure()));
        Eventually.until("it waits", () -> loop.status().timers() == 1);
        Eventually.pass(150_000_000);
        reader.interrupt();
        assertEquals(Failure.CANCELLED, get(first));
        Eventually.until("its timer is gone", () -> loop.status().timers() == 0);
        CompletableFuture<Integer> second = new CompletableFuture<>();
        loop.spawn(() -> complete(second, () -> socket.read(new byte[1], 0, 1)));
        Eventually.pass(100_000_000);
        assertFalse(second.isDone());
        connection.peerSends((byte) 1);
        assertEquals(1, get(second));
    }

    // ------------------------------------------------------------------------------------------- the end

    @Test
    void aPeerThatResetsIsAFailureInEveryStyle() throws Exception {
        Loop loop = loop();
        List<Connection> three = connections(loop, 3);
        Seen seen = new Seen();
        onLoop(loop, () -> {
            three.get(0).socket().onReceive(seen);
            return null;
        });
        Operation<Integer> operation = three.get(1).socket().receive(Buffer.allocate(1), 0, 1);
        CompletableFuture<Integer> direct = new CompletableFuture<>();
        loop.spawn(() -> complete(direct, () -> three.get(2).socket().read(new byte[1], 0, 1)));
        Eventually.until("all wait", () -> loop.status().interests() == 3);
        for (Connection connection : three) {
            connection.peer().setSoLinger(true, 0);
            connection.peer().close();
        }
        assertEquals(
                Failure.CONNECTION_RESET,
                assertThrows(OperationException.class, operation::await).failure());
        assertEquals(
                Failure.CONNECTION_RESET,
                assertThrows(OperationException.class, () -> get(direct)).failure());
        Eventually.until("the receiver is told", () -> loop.status().interests() == 0);
        assertEquals(List.of(Failure.CONNECTION_RESET), onLoop(loop, () -> seen.failures));
        OperationException broken = assertThrows(
                OperationException.class,
                () -> onGreen(loop, () -> {
                    StreamSocket socket = three.get(2).socket();
                    for (int i = 0; i < 100; i++) {
                        socket.write(MESSAGE, 0, MESSAGE.length);
                        socket.flush();
                        loop.sleep(Duration.ofMillis(1)).await();
                    }
                    return null;
                }));
        assertTrue(
                broken.failure() == Failure.PEER_CLOSED || broken.failure() == Failure.CONNECTION_RESET,
                broken::getMessage);
    }

    @Test
    void closingEndsWhatIsInProgress() throws Exception {
        Loop loop = loop();
        List<Connection> four = connections(loop, 4);
        Seen seen = new Seen();
        onLoop(loop, () -> {
            four.get(0).socket().onReceive(seen);
            return null;
        });
        Operation<Integer> operation = four.get(1).socket().receive(Buffer.allocate(1), 0, 1);
        CompletableFuture<Integer> reading = new CompletableFuture<>();
        loop.spawn(() -> complete(reading, () -> four.get(2).socket().read(new byte[1], 0, 1)));
        CompletableFuture<Integer> writing = new CompletableFuture<>();
        loop.spawn(() -> complete(writing, () -> {
            while (true) {
                four.get(3).socket().write(new byte[1 << 16], 0, 1 << 16);
            }
        }));
        Eventually.until("all wait", () -> loop.status().interests() == 4);
        Eventually.pass(20_000_000);
        for (Connection connection : four) {
            connection.socket().close();
            connection.socket().close();
        }
        assertEquals(
                Failure.CANCELLED,
                assertThrows(OperationException.class, operation::await).failure());
        for (CompletableFuture<Integer> direct : List.of(reading, writing)) {
            Failure failure =
                    assertThrows(OperationException.class, () -> get(direct)).failure();
            assertTrue(failure == Failure.CLOSED || failure == Failure.CANCELLED, failure::toString);
        }
        Eventually.until("nothing is in progress", () -> loop.status().interests() == 0);
        assertEquals(0, seen.ended.get() + seen.failures.size(), "who closes it need not be told");
        for (Connection connection : four.subList(0, 3)) {
            assertEquals(-1, connection.peer().getInputStream().read());
        }
        assertEquals(0, loop.misdirected());
        assertEquals(0, loop.status().failures());
    }

    @Test
    void aReceiverThatClosesIsToldNothingMore() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        AtomicInteger told = new AtomicInteger();
        CompletableFuture<Void> first = new CompletableFuture<>();
        onLoop(loop, () -> {
            connection.socket().onReceive(new Receiver() {
                @Override
                public void received(Buffer data, int length) {
                    told.incrementAndGet();
                    connection.socket().close();
                    first.complete(null);
                }

                @Override
                public void ended() {
                    told.incrementAndGet();
                }

                @Override
                public void failed(OperationException failure) {
                    told.incrementAndGet();
                }
            });
            return null;
        });
        try {
            connection.peerSends(new byte[1 << 20]);
        } catch (IOException reset) {
            // Closed with bytes that nobody has read: the kernel says so with a reset.
        }
        get(first);
        Eventually.until("nothing is in progress", () -> loop.status().interests() == 0);
        assertEquals(1, told.get());
    }

    /** A green thread may use the socket of another loop: it asks that loop, and hops, but nothing is lost. */
    @Test
    void aSocketIsUsedFromAnotherLoop() throws Exception {
        LoopGroup group = loops(2);
        Loop owner = group.loops().get(0);
        Loop user = group.loops().get(1);
        Connection connection = connection(owner);
        CompletableFuture<Integer> echoed = new CompletableFuture<>();
        user.spawn(() -> complete(echoed, () -> {
            byte[] bytes = new byte[1000];
            int sum = 0;
            while (true) {
                int count = connection.socket().read(bytes, 0, bytes.length);
                assertTrue(user.isCurrent());
                if (count < 0) {
                    connection.socket().shutdownOutput();
                    return sum;
                }
                connection.socket().write(bytes, 0, count);
                connection.socket().flush();
                sum += count;
            }
        }));
        int length = 200_000;
        CompletableFuture<Void> sender = elsewhere(() -> {
            connection.peerSends(new byte[length]);
            connection.peer().shutdownOutput();
            return null;
        });
        assertEquals(length, connection.peerReads(length + 1).length);
        assertEquals(length, get(echoed));
        get(sender);
        assertTrue(user.status().hops() > 0);
        assertEquals(0, owner.status().hops());
    }

    // ------------------------------------------------------------------------------------------- mistakes

    @Test
    void twoOperationsInOneDirectionAreRefused() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        StreamSocket socket = connection.socket();
        Operation<Integer> first = socket.receive(Buffer.allocate(1), 0, 1);
        IllegalStateException refused =
                assertThrows(IllegalStateException.class, socket.receive(Buffer.allocate(1), 0, 1)::await);
        assertTrue(refused.getMessage().contains("in progress already"), refused::getMessage);
        assertFalse(first.isDone());
        assertEquals(1, socket.send(Buffer.of("x"), 0, 1).await(), "the other direction is free");
        connection.peerSends((byte) 1);
        assertEquals(1, first.await());
        assertThrows(IndexOutOfBoundsException.class, () -> socket.receive(Buffer.allocate(1), 0, 2));
        assertThrows(IndexOutOfBoundsException.class, () -> socket.send(Buffer.allocate(1), 1, 1));
    }

    @Test
    void twoThreadsThatReadOneSocketAreRefused() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        StreamSocket socket = connection.socket();
        CompletableFuture<Integer> first = new CompletableFuture<>();
        loop.spawn(() -> complete(first, () -> socket.read(new byte[1], 0, 1)));
        Eventually.until("the first waits", () -> loop.status().interests() == 1);
        IllegalStateException refused =
                assertThrows(IllegalStateException.class, () -> onGreen(loop, () -> socket.read(new byte[1], 0, 1)));
        assertTrue(refused.getMessage().contains("another thread"), refused::getMessage);
        connection.peerSends((byte) 1);
        assertEquals(1, get(first));
    }

    @Test
    void anOperationDoesNotSendIntoWhatTheOutputIsSending() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        StreamSocket socket = connection.socket();
        CompletableFuture<Void> writer = new CompletableFuture<>();
        int length = 24 << 20; // more than the kernel takes
        loop.spawn(() -> complete(writer, () -> {
            socket.write(new byte[length], 0, length);
            socket.flush();
            return null;
        }));
        Eventually.until("it is sending", () -> loop.status().interests() == 1);
        Eventually.pass(50_000_000);
        Operation<Integer> between = onLoop(loop, () -> socket.send(Buffer.of("x"), 0, 1));
        IllegalStateException refused = assertThrows(IllegalStateException.class, between::await);
        assertTrue(refused.getMessage().contains("in progress already: send to"), refused::getMessage);
        for (byte one : connection.peerReads(length)) {
            assertEquals(0, one);
        }
        get(writer);
    }

    @Test
    void aSocketIsReadInOneWayOnly() throws Exception {
        Loop loop = loop();
        List<Connection> two = connections(loop, 2);
        onLoop(loop, () -> {
            two.get(0).socket().onReceive(new Seen());
            assertThrows(IllegalStateException.class, () -> two.get(0).socket().onReceive(new Seen()));
            return null;
        });
        assertThrows(IllegalStateException.class, two.get(0).socket().receive(Buffer.allocate(1), 0, 1)::await);
        two.get(1).peerSends((byte) 1);
        assertEquals(1, two.get(1).socket().receive(Buffer.allocate(1), 0, 1).await());
        for (int i = 0; i < 2; i++) {
            assertThrows(
                    IllegalStateException.class,
                    () -> onGreen(loop, () -> two.get(1).socket().read(new byte[1], 0, 1)),
                    "each time, not only the first");
        }
    }

    @Test
    void theLoopsOwnThreadMayReadButNotWait() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        byte[] bytes = new byte[10];
        IllegalStateException refused = assertThrows(
                IllegalStateException.class,
                () -> onLoop(loop, () -> connection.socket().read(bytes, 0, 10)));
        assertTrue(refused.getMessage().contains("green thread"), refused::getMessage);
        connection.peerSends(MESSAGE);
        assertEquals(10, onGreen(loop, () -> connection.socket().read(bytes, 0, 10)));
        assertEquals(9, onLoop(loop, () -> connection.socket().read(bytes, 0, 10)), "what is there already");
    }

    @Test
    void heldMemoryStaysAsItIsUntilItIsGivenBack() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        StreamSocket socket = connection.socket();
        CompletableFuture<String> later = new CompletableFuture<>();
        onLoop(loop, () -> {
            assertThrows(NullPointerException.class, socket::hold, "nothing is received");
            socket.onReceive(new Receiver() {
                @Override
                public void received(Buffer data, int length) {
                    int held = socket.hold();
                    loop.execute(
                            () -> { // in this turn still
                                String text = data.latin1(0, length);
                                socket.giveBack(held);
                                later.complete(text);
                            });
                }

                @Override
                public void ended() {}

                @Override
                public void failed(OperationException failure) {}
            });
            assertThrows(IllegalStateException.class, socket::hold, "nothing is being delivered");
            return null;
        });
        connection.peerSends(MESSAGE);
        assertEquals(new String(MESSAGE), get(later));
    }

    /** More than the shared buffers hold passes through them, held and given back each time: none gets lost. */
    @Test
    void buffersThatAreHeldAndGivenBackAreUsedAgain() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        StreamSocket socket = connection.socket();
        AtomicLong received = new AtomicLong();
        onLoop(loop, () -> {
            socket.onReceive(new Receiver() {
                @Override
                public void received(Buffer data, int length) {
                    int held = socket.hold();
                    loop.execute(() -> {
                        received.addAndGet(length);
                        socket.giveBack(held);
                    });
                }

                @Override
                public void ended() {}

                @Override
                public void failed(OperationException failure) {}
            });
            return null;
        });
        int length = 24 << 20;
        connection.peerSends(new byte[length]);
        Eventually.until("all is received", () -> received.get() == length);
    }
}
