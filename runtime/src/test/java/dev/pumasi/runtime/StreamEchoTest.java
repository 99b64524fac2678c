package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.runtime.memory.Buffer;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The same conversation in three styles; and many at once on one thread (S02). */
@Tag("fall-back")
final class StreamEchoTest extends OnEachDriver {

    private static final byte[] MESSAGE = "the quick brown fox".getBytes();

    private void echoes(Acceptor server) throws Exception {
        Loop loop = loop();
        try (Listener listener = Listener.open(loop, LOOPBACK, server)) {
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
        assertNoHops(loop);
    }

    @Test
    void echoByOperations() throws Exception {
        echoes(socket -> echoNext(socket, Buffer.allocate(1000)));
    }

    static void echoNext(StreamSocket socket, Buffer buffer) {
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
        AtomicInteger over = new AtomicInteger();
        Set<Thread> threadsBefore = threads();
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
                }
                over.incrementAndGet();
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
        turnUntil(
                loop,
                "all are over",
                () -> over.get() == clients && loop.status().interests() == 0);
        assertNoHops(loop);
        assertEquals(0, loop.status().failures());
        Set<Thread> others = threads();
        others.removeAll(threadsBefore);
        assertEquals(Set.of(), others, "and no other thread took part");
    }

    /** Those of the caller's group: the JVM's own come and go as it likes. */
    private static Set<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread ->
                        thread.getThreadGroup() == Thread.currentThread().getThreadGroup())
                .collect(Collectors.toSet());
    }
}
