package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.driver.Gather;
import dev.pumasi.runtime.driver.SocketOption;
import dev.pumasi.runtime.memory.Buffer;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Connected sockets: how they come about, and what goes through them in both directions. */
@Tag("fall-back")
final class StreamSocketTest extends OnEachDriver {

    private static final byte[] MESSAGE = "the quick brown fox".getBytes();

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
        SocketAddress nobody = nobody();
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
                Listener.open(loop, address, socket -> StreamEchoTest.echoNext(socket, Buffer.allocate(1000)))) {
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
        assertNoHops(loop);
    }
}
