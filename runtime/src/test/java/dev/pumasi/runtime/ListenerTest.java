package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Listening, on one loop and on several; pausing, of one's own accord and for lack of descriptors. */
@Tag("fall-back")
final class ListenerTest extends OnEachDriver {

    private static OperationException refused(Loop loop, SocketAddress address, boolean shared) {
        return assertThrows(
                OperationException.class,
                () -> (shared
                                ? Listener.openShared(loop, address, StreamSocket::close)
                                : Listener.open(loop, address, StreamSocket::close))
                        .close());
    }

    @Test
    void portZeroIsOneThatIsFree() throws Exception {
        Loop loop = loop();
        try (Listener one = Listener.open(loop, LOOPBACK, StreamSocket::close);
                Listener other = onLoop(loop, () -> Listener.open(loop, LOOPBACK, StreamSocket::close))) {
            assertTrue(port(one) > 0 && port(other) > 0 && port(one) != port(other));
            assertEquals("listener on " + one.address(), one.toString());
            peer(one);
            peer(other);
            Eventually.until("both accept", () -> one.accepted() == 1 && other.accepted() == 1);
        }
    }

    @Test
    void anAddressThatIsTakenOrNotOursIsRefusedWithWhatToDo() throws Exception {
        Loop loop = loop();
        int before = LeftBehind.descriptors();
        try (ServerSocket taken = new ServerSocket(0, 1, loopback())) {
            OperationException inUse = refused(loop, taken.getLocalSocketAddress(), false);
            assertEquals(Failure.ADDRESS_IN_USE, inUse.failure());
            assertTrue(
                    inUse.getMessage().startsWith("cannot listen on " + taken.getLocalSocketAddress()),
                    inUse::getMessage);
            assertTrue(inUse.getMessage().contains("another port"), inUse::getMessage);
            assertEquals(
                    Failure.ADDRESS_IN_USE,
                    refused(loop, taken.getLocalSocketAddress(), true).failure(),
                    "shared only with those who share");
        }
        assertEquals(
                Failure.ADDRESS_NOT_AVAILABLE,
                refused(loop, new InetSocketAddress("192.0.2.1", 0), false).failure());
        assertEquals(
                Failure.NOT_FOUND,
                refused(loop, UnixDomainSocketAddress.of("/nowhere/at/all"), false)
                        .failure());
        assertEquals(before, LeftBehind.descriptors());
    }

    @Test
    void aUnixDomainSocketListensOnItsPath(@TempDir Path folder) throws Exception {
        Loop loop = loop();
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("s"));
        try (Listener listener = Listener.open(loop, address, StreamSocket::close)) {
            assertEquals(Failure.ADDRESS_IN_USE, refused(loop, address, false).failure());
            StreamSocket.connect(loop, address).await().close();
            Eventually.until("it is accepted", () -> listener.accepted() == 1);
        }
        Eventually.until("the path is free again", () -> !Files.exists(address.getPath()));
        Listener.open(loop, address, StreamSocket::close).close();
    }

    @Test
    void severalLoopsShareAPort() throws Exception {
        LoopGroup group = loops(2);
        List<AtomicInteger> accepted = List.of(new AtomicInteger(), new AtomicInteger());
        List<Listener> listeners = new ArrayList<>();
        SocketAddress address = LOOPBACK;
        for (int i = 0; i < 2; i++) {
            Loop loop = group.loops().get(i);
            AtomicInteger count = accepted.get(i);
            listeners.add(closing(Listener.openShared(loop, address, socket -> {
                assertTrue(loop.isCurrent());
                count.incrementAndGet();
                socket.close();
            })));
            address = listeners.getFirst().address();
        }
        assertEquals(listeners.get(0).address(), listeners.get(1).address());
        int clients = 100;
        for (int i = 0; i < clients; i++) {
            try (Socket peer = new Socket()) {
                peer.connect(address);
                assertEquals(-1, peer.getInputStream().read());
            }
        }
        assertEquals(clients, accepted.get(0).get() + accepted.get(1).get());
        assertTrue(accepted.get(0).get() > 0 && accepted.get(1).get() > 0, () -> "dealt out as " + accepted);
    }

    @Test
    void whilePausedConnectionsWaitInTheKernel() throws Exception {
        Loop loop = loop();
        Listener listener = closing(Listener.open(loop, LOOPBACK, StreamSocket::close));
        onLoop(loop, () -> {
            listener.pause();
            listener.pause();
            return null;
        });
        Eventually.until("nothing is in progress", () -> loop.status().interests() == 0);
        List<Socket> waiting = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            waiting.add(peer(listener));
        }
        waiting.getFirst().setSoTimeout(30);
        assertThrows(SocketTimeoutException.class, waiting.getFirst().getInputStream()::read);
        assertEquals(0, listener.accepted());
        onLoop(loop, () -> {
            listener.resume();
            listener.resume();
            listener.pause();
            listener.resume();
            return null;
        });
        for (Socket peer : waiting) {
            peer.setSoTimeout(PEER_TIMEOUT_MILLIS);
            assertEquals(-1, peer.getInputStream().read());
        }
        assertEquals(5, listener.accepted());
        Eventually.until(
                "it accepts as before", () -> loop.interests().equals(List.of("accept on " + listener.address())));
    }

    @Test
    void aClosedListenerRefusesAndWhatItAcceptedLives() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop); // its listener is closed by now
        connection.peerSends((byte) 7);
        byte[] one = new byte[1];
        assertEquals(1, onGreen(loop, () -> connection.socket().read(one, 0, 1)));
        Listener listener = Listener.open(loop, LOOPBACK, StreamSocket::close);
        listener.close();
        listener.close();
        Eventually.until("it refuses", () -> {
            try (Socket peer = new Socket()) {
                peer.connect(listener.address());
                return false;
            } catch (IOException refused) {
                return true;
            }
        });
    }

    @Test
    void manyConnectionsAtOnceAreAllAccepted() throws Exception {
        Loop loop = loop();
        Listener listener = closing(Listener.open(loop, LOOPBACK, StreamSocket::close));
        List<Socket> peers = new ArrayList<>();
        onLoop(
                loop,
                () -> { // busy until all have come
                    for (int i = 0; i < 200; i++) {
                        peers.add(peer(listener));
                    }
                    return null;
                });
        for (Socket peer : peers) {
            assertEquals(-1, peer.getInputStream().read());
        }
        assertEquals(200, listener.accepted());
    }

    @Test
    void anAcceptorMayCloseTheListenerAndTheRestIsLetGo() throws Exception {
        Loop loop = loop();
        Listener[] listener = new Listener[1];
        AtomicInteger accepted = new AtomicInteger();
        listener[0] = Listener.open(loop, LOOPBACK, socket -> {
            accepted.incrementAndGet();
            listener[0].close();
            socket.close();
        });
        List<Socket> peers = new ArrayList<>();
        onLoop(loop, () -> {
            for (int i = 0; i < 10; i++) {
                peers.add(peer(listener[0]));
            }
            return null;
        });
        for (Socket peer : peers) {
            try {
                assertEquals(-1, peer.getInputStream().read());
            } catch (IOException reset) {
                // It was still in the kernel's queue.
            }
        }
        assertEquals(1, accepted.get());
        Eventually.until("nothing is in progress", () -> loop.status().interests() == 0);
    }

    /** The other process accepts until it has no descriptors; it says how it fares, a line each. */
    @Test
    void withoutDescriptorsAcceptingPausesNothingSpinsAndThoseInTheQueueAreServedLater() throws Exception {
        Process process = Child.start("ulimit -n 128", DescriptorsProbe.class, List.of(), List.of(driver));
        List<Socket> clients = new ArrayList<>();
        try (BufferedReader lines = process.inputReader()) {
            int port = Child.expect(lines, "port");
            for (int i = 0; i < 160; i++) {
                Socket client = closing(new Socket(loopback(), port));
                client.setSoTimeout(PEER_TIMEOUT_MILLIS);
                clients.add(client);
            }
            int first = Child.expect(lines, "paused with");
            assertTrue(first > 30 && first < 128, () -> "accepted " + first);
            int turns = Child.expect(lines, "turns meanwhile");
            int pauses = Child.expect(lines, "pauses meanwhile");
            assertTrue(turns < 12 * (pauses + 1), () -> turns + " turns in " + pauses + " pauses: it spins");
            int millis = Child.expect(lines, "millis meanwhile");
            // The first may have been nearly over.
            assertTrue((pauses - 2) * Listener.PAUSE_MILLIS <= millis, () -> pauses + " pauses in " + millis + " ms");
            for (Socket client : clients) {
                client.getOutputStream().write(1);
            }
            for (Socket client : clients) {
                assertEquals(1, client.getInputStream().read(), "echoed");
                client.close(); // gives a descriptor back to who waits
            }
            assertEquals(160, Child.expect(lines, "accepted in all"));
            assertEquals(1, Child.expect(lines, "said so"));
            assertTrue(process.waitFor(30, TimeUnit.SECONDS), "it does not end");
            assertEquals(0, process.exitValue());
        } finally {
            process.destroyForcibly().waitFor();
        }
    }
}
