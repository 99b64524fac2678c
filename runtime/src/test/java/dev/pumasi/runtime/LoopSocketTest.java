package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.SocketFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a {@link java.net.Socket} on a loop does beyond what {@link SocketsAlikeTest} compares. */
final class LoopSocketTest extends OnEachDriver {

    @AfterEach
    void noLoopsOfOthers() {
        LoopSocketFactory.setLoopsOfOthers(Optional.empty());
    }

    /** Echoes on platform threads, until it is closed. */
    private ServerSocket echoServer() throws IOException {
        return echoServer(closing(new ServerSocket(0, 100, loopback())));
    }

    private static ServerSocket echoServer(ServerSocket server) {
        Thread.ofPlatform().daemon().start(() -> {
            while (!server.isClosed()) {
                try {
                    Socket peer = server.accept();
                    Thread.ofPlatform().daemon().start(() -> {
                        try (peer) {
                            peer.getInputStream().transferTo(peer.getOutputStream());
                        } catch (IOException gone) {
                            // as its test wants it
                        }
                    });
                } catch (IOException closed) {
                    return;
                }
            }
        });
        return server;
    }

    private static void assertEchoes(Socket socket, int seed) throws IOException {
        byte[] sent = new byte[1 + new Random(seed).nextInt(5_000)];
        new Random(seed).nextBytes(sent);
        socket.getOutputStream().write(sent);
        byte[] received = socket.getInputStream().readNBytes(sent.length);
        assertTrue(java.util.Arrays.equals(sent, received), "seed " + seed);
    }

    @Test
    void aGreenThreadsSocketIsOnItsLoop() throws Exception {
        LoopGroup loops = loops(2);
        ServerSocket server = echoServer();
        for (Loop loop : loops.loops()) {
            onGreen(loop, () -> {
                try (Socket socket = new LoopSocketFactory().createSocket(loopback(), server.getLocalPort())) {
                    assertEchoes(socket, 1);
                    assertTrue(loop.isCurrent());
                    assertTrue(loop.interests().stream().anyMatch(interest -> interest.startsWith("receive on")));
                }
                return null;
            });
            assertNoHops(loop);
        }
    }

    @Test
    void aPlatformThreadsSocketIsOnALoopOfTheGroup() throws Exception {
        LoopGroup loops = loops(2);
        ServerSocket server = echoServer();
        SocketException nowhere = assertThrows(
                SocketException.class,
                () -> LoopSocketFactory.getDefault().createSocket(loopback(), server.getLocalPort()));
        assertTrue(nowhere.getMessage().contains("setLoopsOfOthers"), nowhere.getMessage());
        LoopSocketFactory.setLoopsOfOthers(Optional.of(loops));
        List<Socket> sockets = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Socket socket = closing(LoopSocketFactory.getDefault().createSocket("127.0.0.1", server.getLocalPort()));
            assertEchoes(socket, i);
            sockets.add(socket);
        }
        for (Loop loop : loops.loops()) {
            Eventually.until("two are on each, in turn", () -> loop.status().interests() == 2);
        }
    }

    /** As with a pool of connections: made by platform threads, used by whoever gets one. */
    @Test
    void socketsGoFromHandToHand() throws Exception {
        LoopGroup loops = loops(2);
        ServerSocket server = echoServer();
        SocketFactory factory = new LoopSocketFactory(loops);
        int users = 24;
        int rounds = 30;
        int warm = 5; // two threads that load the same class meet in a lock of the class loader's: that may be a hop
        List<Long> hops = List.of();
        List<Socket> sockets = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            sockets.add(closing(factory.createSocket(loopback(), server.getLocalPort())));
        }
        // Each round a socket has one user: they are dealt out anew, so nobody has to wait for a lock.
        for (int round = 0; round < rounds; round++) {
            if (round == warm) {
                hops = hops(loops);
            }
            List<CompletableFuture<Void>> all = new ArrayList<>();
            for (int i = 0; i < sockets.size(); i++) {
                Socket socket = sockets.get(i);
                int seed = round * users + i;
                CompletableFuture<Void> done = new CompletableFuture<>();
                all.add(done);
                Runnable use = () -> complete(done, () -> {
                    assertEchoes(socket, seed);
                    return null;
                });
                switch ((i + round) % 3) {
                    case 0 -> loops.loops().getFirst().spawn(use::run);
                    case 1 -> loops.loops().getLast().spawn(use::run);
                    default -> Thread.ofPlatform().daemon().start(use);
                }
            }
            for (CompletableFuture<Void> done : all) {
                get(done);
            }
        }
        assertEquals(hops, hops(loops));
    }

    private static List<Long> hops(LoopGroup loops) {
        return loops.loops().stream().map(loop -> loop.status().hops()).toList();
    }

    @Test
    void severalThreadsReadAndWriteOneSocketInTurn() throws Exception {
        Loop loop = loop();
        ServerSocket server = echoServer();
        Socket socket =
                closing(onGreen(loop, () -> new LoopSocketFactory().createSocket(loopback(), server.getLocalPort())));
        int threads = 10;
        int each = 1_000;
        List<CompletableFuture<Integer>> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            CompletableFuture<Integer> written = new CompletableFuture<>();
            CompletableFuture<Integer> read = new CompletableFuture<>();
            all.addAll(List.of(written, read));
            loop.spawn(() -> complete(written, () -> {
                for (int j = 0; j < each; j++) {
                    socket.getOutputStream().write(new byte[10]);
                }
                return each * 10;
            }));
            loop.spawn(() -> complete(read, () -> socket.getInputStream().readNBytes(each * 10).length));
        }
        for (CompletableFuture<Integer> one : all) {
            assertEquals(each * 10, get(one));
        }
        assertNoHops(loop);
    }

    @Test
    void failuresHaveOursAsTheirCause() throws Exception {
        Loop loop = loop();
        int port = nobody().getPort();
        onGreen(loop, () -> {
            SocketFactory factory = new LoopSocketFactory();
            ConnectException refused =
                    assertThrows(ConnectException.class, () -> factory.createSocket(loopback(), port));
            assertEquals(Failure.CONNECTION_REFUSED, ((OperationException) refused.getCause()).failure());
            UnknownHostException unknown =
                    assertThrows(UnknownHostException.class, () -> factory.createSocket("nobody.invalid", port));
            assertEquals(Failure.NAME_UNKNOWN, ((OperationException) unknown.getCause()).failure());
            UnknownHostException malformed =
                    assertThrows(UnknownHostException.class, () -> factory.createSocket("a\nb", port));
            assertEquals("a\\u000ab", malformed.getMessage());
            return null;
        });
    }

    @Test
    void aTimeLimitIsTheReadsAlone() throws Exception {
        Loop loop = loop();
        ServerSocket server = closing(new ServerSocket(0, 1, loopback()));
        onGreen(loop, () -> {
            try (Socket socket = new LoopSocketFactory().createSocket(loopback(), server.getLocalPort())) {
                socket.setSoTimeout(10);
                SocketTimeoutException late = assertThrows(SocketTimeoutException.class, socket.getInputStream()::read);
                assertEquals(
                        Failure.TIMED_OUT,
                        assertInstanceOf(OperationException.class, late.getCause())
                                .failure());
                CompletableFuture<Void> written = new CompletableFuture<>();
                Socket peer = closing(elsewhere(server::accept).join());
                loop.spawn(() -> complete(written, () -> {
                    socket.getOutputStream().write(new byte[5_000_000]);
                    return null;
                }));
                assertThrows(SocketTimeoutException.class, socket.getInputStream()::read);
                assertThrows(SocketTimeoutException.class, socket.getInputStream()::read);
                elsewhere(() -> peer.getInputStream().readNBytes(5_000_000));
                get(written);
            }
            return null;
        });
    }

    /** As the JDK does it with its own: on a virtual thread an interrupt closes, on a platform thread it waits. */
    @Test
    void anInterruptClosesUnderAGreenThreadAndWaitsOnAPlatformThread() throws Exception {
        LoopGroup loops = loops(1);
        Loop loop = loops.next();
        ServerSocket server = echoServer();
        Socket green =
                closing(onGreen(loop, () -> new LoopSocketFactory().createSocket(loopback(), server.getLocalPort())));
        CompletableFuture<String> ended = new CompletableFuture<>();
        Thread reader = loop.spawn(() -> complete(
                ended,
                () -> assertThrows(
                                SocketException.class,
                                () -> green.getInputStream().read())
                        .getMessage()));
        Eventually.until("it waits", () -> loop.status().interests() == 1);
        reader.interrupt();
        assertEquals("Closed by interrupt", get(ended));
        assertTrue(green.isClosed());

        Socket socket = closing(new LoopSocketFactory(loops).createSocket(loopback(), server.getLocalPort()));
        CompletableFuture<String> read = new CompletableFuture<>();
        Thread platform = Thread.ofPlatform()
                .daemon()
                .start(() -> complete(
                        read,
                        () -> socket.getInputStream().read() + " "
                                + Thread.currentThread().isInterrupted()));
        Eventually.until("it waits", () -> loop.status().interests() == 1);
        for (int i = 0; i < 10; i++) {
            platform.interrupt();
            Eventually.pass(1_000_000);
        }
        socket.getOutputStream().write(7);
        assertEquals("7 true", get(read));
    }

    @Test
    void theLoopsOwnThreadIsRefused() throws Exception {
        Loop loop = loop();
        ServerSocket server = echoServer();
        Socket socket =
                closing(onGreen(loop, () -> new LoopSocketFactory().createSocket(loopback(), server.getLocalPort())));
        onLoop(loop, () -> {
            assertThrows(
                    IllegalStateException.class, () -> socket.getInputStream().read());
            assertThrows(
                    IllegalStateException.class, () -> socket.getOutputStream().write(1));
            assertThrows(
                    IllegalStateException.class,
                    () -> new LoopSocketFactory().createSocket(loopback(), server.getLocalPort()));
            return null;
        });
    }

    /** Whoever only asks what is there, and never waits, sees it all the same. */
    @Test
    void availableTurnsTheLoop() throws Exception {
        Loop loop = loop();
        ServerSocket server = echoServer();
        assertEquals(5, onGreen(loop, () -> {
            try (Socket socket = new LoopSocketFactory().createSocket(loopback(), server.getLocalPort())) {
                socket.getOutputStream().write(new byte[5]);
                InputStream in = socket.getInputStream();
                while (in.available() < 5) {
                    assertTrue(loop.isCurrent());
                }
                return in.available();
            }
        }));
        assertNoHops(loop);
    }

    @Test
    void urgentDataAndChoosingAnEndAreRefused() throws Exception {
        Loop loop = loop();
        ServerSocket server = echoServer();
        onGreen(loop, () -> {
            SocketFactory factory = new LoopSocketFactory();
            try (Socket socket = factory.createSocket()) {
                socket.bind(null);
                socket.connect(new InetSocketAddress(loopback(), server.getLocalPort()));
                assertThrows(SocketException.class, () -> socket.sendUrgentData(1));
                assertThrows(SocketException.class, () -> socket.setOOBInline(true));
            }
            assertThrows(
                    SocketException.class,
                    () -> factory.createSocket(loopback(), server.getLocalPort(), loopback(), 0));
            return null;
        });
    }

    @Test
    void whoWaitsIsToldWhenTheLoopEnds() throws Exception {
        LoopGroup loops = LoopGroup.start("short", 1, factory());
        ServerSocket server = echoServer();
        Socket socket = closing(new LoopSocketFactory(loops).createSocket(loopback(), server.getLocalPort()));
        CompletableFuture<Integer> read =
                elsewhere(() -> socket.getInputStream().read());
        Eventually.until("it waits", () -> loops.next().status().interests() == 1);
        loops.close();
        assertThrows(SocketException.class, () -> get(read));
        assertThrows(SocketException.class, () -> socket.getOutputStream().write(1));
        assertThrows(SocketException.class, () -> socket.setTcpNoDelay(true));
    }

    @Test
    void tlsGoesOverIt(@TempDir Path folder) throws Exception {
        SSLContext context = tls(folder);
        SSLServerSocket server = closing((SSLServerSocket)
                context.getServerSocketFactory().createServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1")));
        echoServer(server);
        LoopGroup loops = loops(2);
        List<CompletableFuture<String>> all = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            int seed = i;
            CompletableFuture<String> done = new CompletableFuture<>();
            all.add(done);
            loops.next()
                    .spawn(() -> complete(done, () -> {
                        Socket plain = new LoopSocketFactory().createSocket("localhost", server.getLocalPort());
                        try (SSLSocket tls = (SSLSocket) context.getSocketFactory()
                                .createSocket(plain, "localhost", server.getLocalPort(), true)) {
                            tls.startHandshake();
                            for (int j = 0; j < 20; j++) {
                                assertEchoes(tls, seed * 20 + j);
                            }
                            DataOutputStream out = new DataOutputStream(tls.getOutputStream());
                            out.writeUTF("good bye");
                            out.flush();
                            return new DataInputStream(tls.getInputStream()).readUTF() + " by "
                                    + tls.getSession().getProtocol();
                        } finally {
                            assertTrue(plain.isClosed());
                        }
                    }));
        }
        for (CompletableFuture<String> done : all) {
            assertEquals("good bye by TLSv1.3", get(done));
        }
        // The JDK's TLS has locks that all connections share (trusted keys, sessions, random numbers), and a loop that
        // meets
        // another one there is woken by a stranger. Waiting for the other end is no hop.
        List<String> others = loops.loops().stream()
                .flatMap(loop -> loop.hops().places().stream())
                .filter(place -> !place.matches(
                        "(?s).*at java.base/(sun.security|java.security|javax.crypto|com.sun.crypto)\\..*"))
                .toList();
        assertEquals(List.of(), others);
    }

    private static SSLContext tls(Path folder) throws Exception {
        Path store = folder.resolve("store.p12");
        char[] secret = "a test's".toCharArray();
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keyalg",
                        "EC",
                        "-alias",
                        "localhost",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "san=dns:localhost",
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        new String(secret),
                        "-keystore",
                        store.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("keytool.log").toFile())
                .start();
        assertTrue(keytool.waitFor(100, TimeUnit.SECONDS));
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, secret);
        }
        KeyManagerFactory mine = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        mine.init(keys, secret);
        TrustManagerFactory trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trusted.init(keys);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(mine.getKeyManagers(), trusted.getTrustManagers(), null);
        return context;
    }

    @Test
    void aStreamSocketsStreams() throws Exception {
        Loop loop = loop();
        ServerSocket server = echoServer();
        onGreen(loop, () -> {
            StreamSocket socket = StreamSocket.connect(loop, "127.0.0.1", server.getLocalPort())
                    .await();
            DataOutputStream out = new DataOutputStream(socket.outputStream());
            out.writeUTF("good morning");
            out.writeInt(42);
            out.flush();
            DataInputStream in = new DataInputStream(socket.inputStream());
            assertEquals("good morning", in.readUTF());
            assertEquals(42, in.readInt());
            assertEquals(0, in.available());
            socket.setReadTimeout(Duration.ofMillis(5));
            OperationException late = assertThrows(OperationException.class, in::read);
            assertEquals(Failure.TIMED_OUT, late.failure());
            socket.setReadTimeout(Duration.ZERO);
            out.writeByte(0xff);
            out.flush();
            while (in.available() == 0) {
                assertTrue(loop.isCurrent());
            }
            assertEquals(0xff, in.read());
            assertEquals(0, in.read(new byte[0]));
            socket.shutdownOutput();
            assertEquals(-1, in.read());
            in.close();
            assertTrue(socket.isClosed());
            return null;
        });
        BlockingQueue<byte[]> received = new ArrayBlockingQueue<>(1);
        ServerSocket sink = closing(new ServerSocket(0, 1, loopback()));
        Thread.ofPlatform().daemon().start(() -> {
            try (Socket peer = sink.accept()) {
                received.add(peer.getInputStream().readAllBytes());
            } catch (IOException broken) {
                throw new AssertionError(broken);
            }
        });
        onGreen(loop, () -> {
            StreamSocket socket =
                    StreamSocket.connect(loop, sink.getLocalSocketAddress()).await();
            try (var out = socket.outputStream()) {
                out.write(new byte[1_000_000]);
            }
            return null;
        });
        assertEquals(1_000_000, received.poll(30, TimeUnit.SECONDS).length, "closing the stream loses nothing");
    }
}
