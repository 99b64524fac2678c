package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What must not be done with a socket is refused at once; what is held must be given back. */
final class StreamSocketMisuseTest extends OnEachDriver {

    private static final byte[] MESSAGE = "the quick brown fox".getBytes();

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
            socket.onReceive(OnBytes.of((data, length) -> {
                int held = socket.hold();
                loop.execute(
                        () -> { // in this turn still
                            String text = data.latin1(0, length);
                            socket.giveBack(held);
                            later.complete(text);
                        });
            }));
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
            socket.onReceive(OnBytes.of((data, length) -> {
                int held = socket.hold();
                loop.execute(() -> {
                    received.addAndGet(length);
                    socket.giveBack(held);
                });
            }));
            return null;
        });
        int length = 24 << 20;
        connection.peerSends(new byte[length]);
        Eventually.until("all is received", () -> received.get() == length);
    }
}
