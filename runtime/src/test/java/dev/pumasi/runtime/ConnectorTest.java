package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Connecting by name: which address is taken, when the next one is tried, and what is left of the others. */
final class ConnectorTest extends OnEachDriver {

    private static final int TRIES_MAX = 100;

    private static final byte[] MESSAGE = "the quick brown fox".getBytes();

    /** A connector that knows one name, {@code host.example}, with these addresses. */
    private Connector connector(Duration stagger, String... addresses) {
        List<InetAddress> known =
                Arrays.stream(addresses).map(InetAddress::ofLiteral).toList();
        Names names = closing(Names.open(NamesSettings.DEFAULT, name -> {
            if (!name.equals("host.example")) {
                throw new UnknownHostException(name);
            }
            return known;
        }));
        return new Connector(names, stagger);
    }

    /**
     * Listens on 127.0.0.9. The same port of these other addresses refuses: it is taken, and nobody listens there, as somebody
     * else on this machine might.
     */
    private ServerSocket server(String... refusing) throws IOException {
        for (int i = 0; i < TRIES_MAX; i++) {
            ServerSocket server = closing(new ServerSocket());
            server.bind(new InetSocketAddress("127.0.0.9", 0), 50);
            server.setSoTimeout(PEER_TIMEOUT_MILLIS);
            if (takes(server.getLocalPort(), refusing)) {
                return server;
            }
        }
        throw new AssertionError("no port is free on all of " + List.of(refusing));
    }

    private boolean takes(int port, String... addresses) throws IOException {
        try {
            for (String address : addresses) {
                closing(new Socket()).bind(new InetSocketAddress(address, port));
            }
            return true;
        } catch (BindException taken) {
            return false;
        }
    }

    private InetSocketAddress silent(int port) throws IOException {
        return silent(new InetSocketAddress("127.0.0.13", port));
    }

    private void assertSpeaks(StreamSocket socket, ServerSocket server) throws Exception {
        try (Socket peer = server.accept()) {
            onGreen(socket.loop(), () -> {
                socket.write(MESSAGE);
                socket.flush();
                return null;
            });
            assertEquals(new String(MESSAGE), new String(peer.getInputStream().readNBytes(MESSAGE.length)));
            socket.close();
            assertEquals(-1, peer.getInputStream().read());
        }
    }

    private static void assertNothingGoesOn(Loop loop) {
        Eventually.until(
                "nothing goes on",
                () -> loop.status().interests() == 0 && loop.status().timers() == 0);
        assertNoHops(loop);
    }

    @Test
    void aNameAnAddressAndLocalhostAreConnectedTo() throws Exception {
        Loop loop = loop();
        ServerSocket server = server();
        Connector connector = connector(Connector.STAGGER_MAX, "127.0.0.9");
        for (String host : List.of("host.example", "Host.Example", "127.0.0.9")) {
            assertSpeaks(
                    onGreen(
                            loop,
                            () -> connector
                                    .connect(loop, host, server.getLocalPort())
                                    .await()),
                    server);
        }
        try (ServerSocket local = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            assertSpeaks(
                    StreamSocket.connect(loop, "localhost", local.getLocalPort())
                            .await(),
                    local);
            assertSpeaks(
                    StreamSocket.connect(loop, "127.0.0.1", local.getLocalPort())
                            .await(),
                    local);
        }
        assertNothingGoesOn(loop);
    }

    /** Six refusals before: waiting for the stagger each time would take twelve seconds. */
    @Test
    void afterARefusalTheNextAddressIsTriedAtOnce() throws Exception {
        Loop loop = loop();
        String[] refusing = {"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6"};
        ServerSocket server = server(refusing);
        Connector connector = connector(
                Connector.STAGGER_MAX,
                "127.0.0.1",
                "127.0.0.2",
                "127.0.0.3",
                "127.0.0.4",
                "127.0.0.5",
                "127.0.0.6",
                "127.0.0.9");
        assertSpeaks(
                onGreen(
                        loop,
                        () -> connector
                                .connect(loop, "host.example", server.getLocalPort())
                                .await()),
                server);
        assertNothingGoesOn(loop);
    }

    @Test
    void anAddressThatIsSilentIsOvertaken() throws Exception {
        Loop loop = loop();
        ServerSocket server = server();
        silent(server.getLocalPort());
        Connector connector = connector(Connector.STAGGER_MIN, "127.0.0.13", "127.0.0.9");
        assertSpeaks(
                onGreen(
                        loop,
                        () -> connector
                                .connect(loop, "host.example", server.getLocalPort())
                                .await()),
                server);
        assertNothingGoesOn(loop); // in particular not the attempt that was overtaken
    }

    @Test
    void ifAllFailTheFailureSaysWhyAndHowManyWereTried() throws Exception {
        Loop loop = loop();
        int port = server("127.0.0.1", "127.0.0.2").getLocalPort();
        OperationException refused = assertThrows(
                OperationException.class,
                () -> connector(Connector.STAGGER_MIN, "127.0.0.1", "127.0.0.2")
                        .connect(loop, "host.example", port)
                        .await());
        assertEquals(Failure.CONNECTION_REFUSED, refused.failure());
        String expected = "cannot connect to host.example:" + port + " (tried 2 addresses): ";
        assertTrue(refused.getMessage().startsWith(expected), refused.getMessage());
        OperationException onLoop = (OperationException) refused.getCause();
        assertTrue(onLoop.getCause().getMessage().contains("/127.0.0.1:" + port), onLoop.getCause()::getMessage);
        assertTrue(onLoop.getSuppressed()[0].getMessage().contains("/127.0.0.2:" + port));
        assertNothingGoesOn(loop);
    }

    @Test
    void oneTimeLimitForTheNameAndAllAttempts() throws Exception {
        Loop loop = loop();
        InetSocketAddress silent = silent(server().getLocalPort());
        Operation<StreamSocket> connecting = connector(Connector.STAGGER_MIN, "127.0.0.13", "127.0.0.13")
                .connect(loop, "host.example", silent.getPort())
                .within(Duration.ofMillis(60));
        assertEquals(
                Failure.TIMED_OUT,
                assertThrows(OperationException.class, connecting::await).failure());
        assertNothingGoesOn(loop);
    }

    @Test
    void itCanBeCancelledWhileItConnectsAndWhileItResolves() throws Exception {
        Loop loop = loop();
        InetSocketAddress silent = silent(server().getLocalPort());
        Operation<StreamSocket> connecting =
                connector(Connector.STAGGER_MIN, "127.0.0.13").connect(loop, "127.0.0.13", silent.getPort());
        connecting.cancel();
        assertEquals(
                Failure.CANCELLED,
                assertThrows(OperationException.class, connecting::await).failure());
        java.util.concurrent.Semaphore answer = new java.util.concurrent.Semaphore(0);
        Names hanging = closing(Names.open(NamesSettings.DEFAULT, name -> {
            answer.acquireUninterruptibly();
            throw new UnknownHostException(name);
        }));
        Operation<StreamSocket> resolving = new Connector(hanging).connect(loop, "host.example", 1);
        Eventually.until("the source is asked", () -> hanging.status().looking() == 1);
        resolving.cancel();
        assertEquals(
                Failure.CANCELLED,
                assertThrows(OperationException.class, resolving::await).failure());
        assertNothingGoesOn(loop);
        answer.release();
    }

    @Test
    void aNameThatDoesNotResolveIsItsOwnFailure() throws Exception {
        Loop loop = loop();
        Connector connector = connector(Connector.STAGGER_MIN);
        for (var wrong : java.util.Map.of(
                        "nobody.invalid", Failure.NAME_UNKNOWN,
                        "other.example", Failure.NAME_UNKNOWN,
                        "host.example", Failure.NAME_UNKNOWN,
                        "a b", Failure.NAME_MALFORMED)
                .entrySet()) {
            OperationException failed = assertThrows(
                    OperationException.class,
                    () -> connector.connect(loop, wrong.getKey(), 80).await());
            assertEquals(wrong.getValue(), failed.failure(), wrong.getKey());
        }
        assertThrows(IllegalArgumentException.class, () -> connector.connect(loop, "host.example", 0));
        assertThrows(IllegalArgumentException.class, () -> connector.connect(loop, "host.example", 65_536));
        assertThrows(IllegalArgumentException.class, () -> new Connector(Names.shared(), Duration.ofMillis(9)));
        assertNothingGoesOn(loop);
    }

    @Test
    void manyAtOnceLeaveNothingBehind() throws Exception {
        Loop loop = loop();
        ServerSocket server = server("127.0.0.2");
        Connector connector = connector(Connector.STAGGER_MIN, "127.0.0.2", "127.0.0.9");
        List<Operation<StreamSocket>> all = IntStream.range(0, 40)
                .mapToObj(i -> connector.connect(loop, "host.example", server.getLocalPort()))
                .toList();
        for (Operation<StreamSocket> each : all) {
            StreamSocket socket = each.await();
            server.accept().close();
            socket.close();
        }
        assertNothingGoesOn(loop);
    }
}
