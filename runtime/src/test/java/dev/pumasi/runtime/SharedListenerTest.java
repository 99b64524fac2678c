package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.driver.Redirect;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Pairs of sockets, and a listening socket from which several processes accept. */
final class SharedListenerTest extends OnEachDriverWithChildren {

    @Test
    void whatGoesIntoOneSocketOfAPairComesOutOfTheOther() throws Exception {
        Loop loop = loop();
        if (isPortable()) {
            assertFails(Failure.NOT_SUPPORTED, () -> StreamSocket.pair(loop));
            return;
        }
        StreamSocket.Pair pair = StreamSocket.pair(loop);
        closing(pair.second());
        pair.first().write(new byte[] {1, 2, 3});
        pair.first().flush();
        byte[] there = new byte[3];
        assertEquals(3, pair.second().read(there, 0, 3));
        pair.second().write(new byte[] {4});
        pair.second().flush();
        assertEquals(1, pair.first().read(there, 0, 3));
        assertEquals(4, there[0]);
        pair.first().close();
        assertEquals(-1, pair.second().read(there, 0, 3));
    }

    @Test
    void aChildTalksThroughThePairItWasPassed() throws Exception {
        Loop loop = loop();
        if (isPortable()) {
            return;
        }
        StreamSocket.Pair pair = StreamSocket.pair(loop);
        closing(pair.first());
        ChildProcess child = start(loop, sh("echo soup >&3; cat").pass(pair.second(), 3));
        pair.second().close();
        assertEquals("soup", readLine(pair.first()));
        assertEquals(new Exit.Status(0), child.exit().await());
        assertEquals(-1, pair.first().read(new byte[1], 0, 1)); // its end is told
    }

    @Test
    void nothingIsInheritedThatIsNotThere() {
        Loop loop = loop();
        Failure none = isPortable() ? Failure.NOT_SUPPORTED : Failure.CLOSED;
        assertFails(none, () -> Listener.inherit(loop, 250, false, StreamSocket::close));
        assertFails(none, () -> StreamSocket.inherit(loop, 250));
    }

    @Test
    void aListenerThatFinishesSaysSoOnce() throws Exception {
        Loop loop = loop();
        Listener listener = Listener.open(loop, LOOPBACK, StreamSocket::close);
        CompletableFuture<Boolean> first = new CompletableFuture<>();
        CompletableFuture<Boolean> second = new CompletableFuture<>();
        listener.finish(() -> first.complete(true));
        assertTrue(get(first));
        listener.finish(() -> second.complete(true));
        assertTrue(get(second));
    }

    /** The heart of restarts: processes come and go, and everybody who connects is served by one of them. */
    @Test
    void whoConnectsIsServedWhileProcessesComeAndGo() throws Exception {
        Loop loop = loop();
        if (isPortable()) {
            assertFails(Failure.NOT_SUPPORTED, () -> Listener.hold(loop, LOOPBACK));
            return;
        }
        Listener held = closing(Listener.hold(loop, LOOPBACK));
        // They wait in the queue: nobody accepts yet.
        List<Socket> early = List.of(peer(held), peer(held));
        Worker one = worker(loop, held);
        Set<String> served = new HashSet<>();
        for (Socket client : early) {
            served.add(greeting(client));
        }
        assertEquals(Set.of(Long.toString(one.child().id())), served);
        AtomicBoolean enough = new AtomicBoolean();
        CompletableFuture<List<String>> clients = elsewhere(() -> {
            List<String> greetings = new ArrayList<>();
            while (!enough.get()) {
                Socket client = new Socket();
                client.setSoTimeout(PEER_TIMEOUT_MILLIS);
                client.connect(held.address(), PEER_TIMEOUT_MILLIS);
                greetings.add(Objects.requireNonNull(greeting(client), "a client was cut off"));
            }
            return greetings;
        });
        Worker two = worker(loop, held);
        one.end();
        Worker three = worker(loop, held);
        enough.set(true);
        assertTrue(get(clients).size() > 0);
        two.child().kill(UnixSignal.KILL);
        two.child().exit().await();
        served.clear();
        served.add(greeting(peer(held)));
        assertEquals(Set.of(Long.toString(three.child().id())), served);
        three.end();
    }

    private record Worker(ChildProcess child, StreamSocket control) {

        void end() throws IOException {
            control.close();
            assertEquals(new Exit.Status(0), child.exit().await());
        }
    }

    private Worker worker(Loop loop, Listener held) throws IOException {
        StreamSocket.Pair pair = StreamSocket.pair(loop);
        Command command = Command.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "--enable-native-access=ALL-UNNAMED",
                        "--add-opens=java.base/java.lang=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        SharingProbe.class.getName(),
                        driver)
                .output(Redirect.Plain.INHERIT)
                .pass(pair.second(), 3)
                .pass(held, 4);
        ChildProcess child = start(loop, command);
        pair.second().close();
        closing(pair.first());
        assertEquals("ready", readLine(pair.first()));
        return new Worker(child, pair.first());
    }

    private static String greeting(Socket client) throws IOException {
        try (client;
                BufferedReader in =
                        new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII))) {
            return in.readLine();
        }
    }
}
