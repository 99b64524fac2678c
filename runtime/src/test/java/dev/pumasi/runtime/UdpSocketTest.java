package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Datagrams: whole or not at all, with their sender. */
@Tag("fall-back")
final class UdpSocketTest extends OnEachDriver {

    private static final int LENGTH = 100;

    private static DatagramPacket packet(UdpSocket to, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) ('a' + i % 26);
        }
        return new DatagramPacket(bytes, length, to.address());
    }

    @Test
    void aDatagramComesWithItsSender() throws Exception {
        Loop loop = loop();
        UdpSocket socket = closing(UdpSocket.open(loop, LOOPBACK));
        try (DatagramSocket peer = new DatagramSocket(LOOPBACK)) {
            Buffer buffer = Buffer.allocate(LENGTH);
            Operation<UdpSocket.Datagram> receive = socket.receive(buffer, 10, 50);
            peer.send(packet(socket, 3));
            UdpSocket.Datagram datagram = receive.await();
            assertEquals(new UdpSocket.Datagram(3, peer.getLocalSocketAddress()), datagram);
            assertEquals("abc", buffer.latin1(10, 3));
            assertEquals(0, buffer.get(9) + buffer.get(13), "and nothing around it is touched");

            assertEquals(
                    4, socket.send(Buffer.of("answer"), 1, 4, datagram.sender()).await());
            DatagramPacket answer = new DatagramPacket(new byte[LENGTH], LENGTH);
            peer.setSoTimeout(PEER_TIMEOUT_MILLIS);
            peer.receive(answer);
            assertEquals(socket.address(), answer.getSocketAddress());
            assertEquals("nswe", new String(answer.getData(), 0, answer.getLength()));
        }
    }

    @Test
    void datagramsAreNotJoinedAndWhatDoesNotFitIsCutOff() throws Exception {
        Loop loop = loop();
        UdpSocket socket = closing(UdpSocket.open(loop, LOOPBACK));
        try (DatagramSocket peer = new DatagramSocket(LOOPBACK)) {
            peer.send(packet(socket, 40));
            peer.send(packet(socket, 0));
            peer.send(packet(socket, 2));
            Buffer buffer = Buffer.allocate(LENGTH);
            UdpSocket.Datagram cut = socket.receive(buffer, 0, 10).await();
            assertEquals(10, cut.length());
            assertEquals(0, buffer.get(10));
            assertEquals(0, socket.receive(buffer, 0, LENGTH).await().length(), "an empty one is one too");
            assertEquals(2, socket.receive(buffer, 0, LENGTH).await().length());
        }
    }

    @Test
    void bothFamiliesWork() throws Exception {
        Loop loop = loop();
        for (String host : List.of("127.0.0.1", "::1")) {
            InetSocketAddress any = new InetSocketAddress(host, 0);
            UdpSocket one = closing(UdpSocket.open(loop, any));
            UdpSocket other = closing(UdpSocket.open(loop, any));
            Buffer buffer = Buffer.allocate(LENGTH);
            Operation<UdpSocket.Datagram> receive = one.receive(buffer, 0, LENGTH);
            assertEquals(5, other.send(Buffer.of("hello"), 0, 5, one.address()).await());
            assertEquals(new UdpSocket.Datagram(5, other.address()), receive.await());
            assertEquals("hello", buffer.latin1(0, 5));
        }
    }

    @Test
    void severalSocketsShareAPort() throws Exception {
        LoopGroup group = loops(2);
        UdpSocket one = closing(UdpSocket.openShared(group.loops().get(0), LOOPBACK));
        UdpSocket other = closing(UdpSocket.openShared(group.loops().get(1), one.address()));
        assertEquals(one.address(), other.address());
        AtomicInteger received = new AtomicInteger();
        Set<UdpSocket> receivers = java.util.Collections.synchronizedSet(new HashSet<>());
        for (UdpSocket socket : List.of(one, other)) {
            receiveNext(socket, Buffer.allocate(LENGTH), () -> {
                receivers.add(socket); // before it is counted: who has seen all counted has seen them all
                received.incrementAndGet();
            });
        }
        int count = 64; // the kernel deals them out by the sender's address
        for (int i = 0; i < count; i++) {
            try (DatagramSocket peer = new DatagramSocket(LOOPBACK)) {
                peer.send(packet(one, 1));
            }
        }
        Eventually.until("all have come", () -> received.get() == count);
        assertEquals(2, receivers.size(), "both have got some");
    }

    private static void receiveNext(UdpSocket socket, Buffer buffer, Runnable then) {
        socket.receive(buffer, 0, LENGTH).onDone(outcome -> {
            if (outcome instanceof Operation.Success) {
                then.run();
                receiveNext(socket, buffer, then);
            }
        });
    }

    @Test
    void oneReceiveAtATimeWhichCanBeCancelledAndLimited() throws Exception {
        Loop loop = loop();
        UdpSocket socket = closing(UdpSocket.open(loop, LOOPBACK));
        Buffer buffer = Buffer.allocate(LENGTH);
        Operation<UdpSocket.Datagram> first = socket.receive(buffer, 0, LENGTH);
        assertThrows(IllegalStateException.class, socket.receive(buffer, 0, LENGTH)::await);
        assertTrue(loop.interests().getFirst().startsWith("receive on"));
        first.cancel();
        assertEquals(
                Failure.CANCELLED,
                assertThrows(OperationException.class, first::await).failure());
        Operation<UdpSocket.Datagram> second = socket.receive(buffer, 0, LENGTH).within(Duration.ofMillis(5));
        assertEquals(
                Failure.TIMED_OUT,
                assertThrows(OperationException.class, second::await).failure());
        try (DatagramSocket peer = new DatagramSocket(LOOPBACK)) {
            peer.send(packet(socket, 1));
        }
        assertArrayEquals(new byte[LENGTH], buffer.bytes(0, LENGTH), "nothing was written to it afterwards");
        assertEquals(1, socket.receive(Buffer.allocate(1), 0, 1).await().length());
    }

    @Test
    void aGreenThreadAwaitsDatagramsWithoutAHop() throws Exception {
        Loop loop = loop();
        UdpSocket socket = closing(UdpSocket.open(loop, LOOPBACK));
        CompletableFuture<Integer> sum = new CompletableFuture<>();
        loop.spawn(() -> complete(sum, () -> {
            int bytes = 0;
            for (int i = 0; i < 20; i++) {
                bytes += socket.receive(Buffer.allocate(LENGTH), 0, LENGTH)
                        .await()
                        .length();
                assertAtHome(loop);
            }
            return bytes;
        }));
        try (DatagramSocket peer = new DatagramSocket(LOOPBACK)) {
            for (int i = 0; i < 20; i++) {
                peer.send(packet(socket, 2));
            }
        }
        assertEquals(40, get(sum));
        assertNoHops(loop);
    }

    @Test
    void whatCannotBeIsRefused() throws Exception {
        Loop loop = loop();
        UdpSocket socket = closing(UdpSocket.open(loop, LOOPBACK));
        Buffer large = Buffer.allocate(100_000);
        assertEquals(
                Failure.MESSAGE_TOO_LONG,
                assertThrows(OperationException.class, socket.send(large, 0, 100_000, socket.address())::await)
                        .failure());
        assertEquals(
                Failure.ADDRESS_IN_USE,
                assertThrows(OperationException.class, () -> UdpSocket.open(loop, socket.address()))
                        .failure());
        Operation<UdpSocket.Datagram> receive = socket.receive(large, 0, LENGTH);
        socket.close();
        socket.close();
        assertEquals(
                Failure.CANCELLED,
                assertThrows(OperationException.class, receive::await).failure());
        OperationException closed = assertThrows(OperationException.class, socket.receive(large, 0, LENGTH)::await);
        assertEquals(Failure.CLOSED, closed.failure());
        assertTrue(closed.getMessage().contains(socket.address().toString()), closed::getMessage);
        assertNotEquals(0, ((InetSocketAddress) socket.address()).getPort());
    }
}
