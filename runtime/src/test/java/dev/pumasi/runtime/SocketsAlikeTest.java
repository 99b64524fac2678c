package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.zip.CRC32;
import javax.net.SocketFactory;
import org.junit.jupiter.api.Test;

/**
 * The same script of calls on a socket of the JDK's and on one of a loop: they answer the same, down to the messages. The
 * script runs on a green thread of the socket's loop, on one of another loop, and on a platform thread, and nowhere hops.
 */
final class SocketsAlikeTest extends OnEachDriver {

    private interface Call {
        Object run() throws Exception;
    }

    private interface Action {
        void run() throws Exception;
    }

    /** What a script does with a connected socket. */
    private interface Script {
        void run(Transcript says, Socket socket) throws Exception;
    }

    /** What the other end does meanwhile, on a thread of its own. */
    private interface Peer {
        void run(Socket peer) throws Exception;
    }

    /** What a script says, one line a call. */
    private static final class Transcript {

        final List<String> lines = new ArrayList<>();

        /** The call's answer, or its exception with its message. */
        void call(String what, Call call) {
            String answer;
            try {
                answer = String.valueOf(call.run());
            } catch (Exception failure) {
                answer = failure.getClass().getSimpleName() + ": " + failure.getMessage();
            }
            lines.add(what + " → " + answer);
        }

        void run(String what, Action action) {
            call(what, () -> {
                action.run();
                return "done";
            });
        }
    }

    private void alike(Peer peer, Script script) throws Exception {
        List<String> expected = said(peer, script, null, null);
        assertTrue(expected.size() > 1, expected.toString());
        LoopGroup loops = loops(2);
        Loop one = loops.loops().getFirst();
        Loop other = loops.loops().getLast();
        assertEquals(expected, said(peer, script, one, one), "on the socket's loop");
        assertEquals(expected, said(peer, script, one, other), "on another loop");
        assertEquals(expected, said(peer, script, one, null), "on a platform thread");
        // Once more: two threads that load the same class meet in a lock of the class loader's, and that may be a hop.
        List<Long> hops =
                loops.loops().stream().map(loop -> loop.status().hops()).toList();
        said(peer, script, one, one);
        said(peer, script, one, other);
        assertEquals(
                hops, loops.loops().stream().map(loop -> loop.status().hops()).toList(), "hops");
        for (Loop loop : loops.loops()) {
            Eventually.until(
                    "nothing goes on",
                    () -> loop.status().interests() == 0 && loop.status().timers() == 0);
        }
    }

    /**
     * Runs a script.
     *
     * @param home where the socket lives; null for one of the JDK's
     * @param where on which loop the script runs; null for a platform thread
     */
    private List<String> said(Peer peer, Script script, Loop home, Loop where) throws Exception {
        try (ServerSocket server = new ServerSocket(0, 50, loopback())) {
            CompletableFuture<Void> peers = elsewhere(() -> {
                try (Socket accepted = server.accept()) {
                    accepted.setSoTimeout(PEER_TIMEOUT_MILLIS);
                    peer.run(accepted);
                }
                return null;
            });
            int port = server.getLocalPort();
            Socket socket = home == null
                    ? SocketFactory.getDefault().createSocket(loopback(), port)
                    : onGreen(home, () -> new LoopSocketFactory().createSocket(loopback(), port));
            Transcript says = new Transcript();
            try (socket) {
                if (where == null) {
                    get(elsewhere(() -> run(script, says, socket)));
                } else {
                    onGreen(where, () -> run(script, says, socket));
                }
            }
            get(peers);
            return says.lines;
        }
    }

    private static Void run(Script script, Transcript says, Socket socket) throws Exception {
        script.run(says, socket);
        return null;
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Sends back what it reads. */
    private static void echo(Socket peer) throws IOException {
        peer.getInputStream().transferTo(peer.getOutputStream());
        peer.shutdownOutput();
        assertEquals(-1, peer.getInputStream().read());
    }

    @Test
    void theyRead() throws Exception {
        alike(SocketsAlikeTest::echo, (says, socket) -> {
            InputStream in = socket.getInputStream();
            OutputStream out = socket.getOutputStream();
            out.write(bytes("hello"));
            says.call("one", in::read);
            says.call("available", in::available);
            says.call("two", () -> text(in.readNBytes(2)));
            says.call("available", in::available);
            says.call("skip", () -> in.skip(1));
            says.call("nothing", () -> in.read(new byte[3], 1, 0));
            says.call("nothing at all", () -> in.read(new byte[0]));
            says.call("outside", () -> in.read(new byte[3], 2, 2));
            says.run("write nothing", () -> out.write(new byte[0]));
            says.run("write outside", () -> out.write(new byte[3], 2, 2));
            byte[] large = new byte[10];
            says.call("the rest", () -> in.read(large, 3, 7) + Arrays.toString(large));
            says.call("available", in::available);
            out.write(0x1ff);
            says.call("one", in::read);
            says.run("no more", socket::shutdownOutput);
            says.call("end", in::read);
            says.call("end again", () -> in.read(new byte[3]));
            says.call("available at the end", in::available);
            says.call("write after that", () -> {
                out.write(1);
                return "";
            });
            says.run("again", socket::shutdownOutput);
            says.run("flush", out::flush);
        });
    }

    @Test
    void theyAnswerAfterTheyWereClosed() throws Exception {
        alike(SocketsAlikeTest::echo, (says, socket) -> {
            InputStream in = socket.getInputStream();
            OutputStream out = socket.getOutputStream();
            says.run("close", in::close);
            says.run("close", socket::close);
            says.call("closed", socket::isClosed);
            says.call("connected", socket::isConnected);
            says.call("bound", socket::isBound);
            says.call("read", in::read);
            says.call("available", in::available);
            says.run("write", () -> out.write(1));
            says.call("in", socket::getInputStream);
            says.call("out", socket::getOutputStream);
            says.run("option", () -> socket.setTcpNoDelay(true));
            says.call("option", socket::getSoTimeout);
            says.run("shut input", socket::shutdownInput);
            says.run("shut output", socket::shutdownOutput);
            says.run("connect", () -> socket.connect(new InetSocketAddress(loopback(), 1)));
            says.call("local address", socket::getLocalAddress);
            says.call("remote address", () -> socket.getInetAddress().isLoopbackAddress());
        });
    }

    @Test
    void theyKnowWhereTheyAre() throws Exception {
        alike(
                peer -> peer.getOutputStream().write(bytes(peer.getPort() + " " + peer.getLocalPort() + "\n")),
                (says, socket) -> {
                    String ports = text(socket.getInputStream().readAllBytes()).strip();
                    says.call("ports", () -> ports.equals(socket.getLocalPort() + " " + socket.getPort()));
                    says.call("remote", socket::getInetAddress);
                    says.call("local", socket::getLocalAddress);
                    says.call(
                            "remote socket",
                            () -> socket.getRemoteSocketAddress()
                                    .equals(new InetSocketAddress(loopback(), socket.getPort())));
                    says.call(
                            "local socket",
                            () -> socket.getLocalSocketAddress()
                                    .equals(new InetSocketAddress(loopback(), socket.getLocalPort())));
                    says.call("text", () -> socket.toString().replaceAll("port=\\d+", "port"));
                    says.call("channel", socket::getChannel);
                    says.call(
                            "state",
                            () -> socket.isConnected() + " " + socket.isBound() + " " + socket.isClosed() + " "
                                    + socket.isInputShutdown() + " " + socket.isOutputShutdown());
                    says.run("connect", () -> socket.connect(socket.getRemoteSocketAddress()));
                    says.run("bind", () -> socket.bind(null));
                });
    }

    @Test
    void aReadHasATimeLimitAndLosesNothing() throws Exception {
        alike(
                peer -> {
                    for (int i = 0; i < 3; i++) {
                        assertEquals('g', peer.getInputStream().read());
                        peer.getOutputStream().write(bytes("late" + i));
                    }
                    assertEquals(-1, peer.getInputStream().read());
                },
                (says, socket) -> {
                    InputStream in = socket.getInputStream();
                    says.call("none", socket::getSoTimeout);
                    says.run("negative", () -> socket.setSoTimeout(-1));
                    says.run("set", () -> socket.setSoTimeout(20));
                    says.call("get", socket::getSoTimeout);
                    for (int i = 0; i < 3; i++) {
                        says.call("read", in::read);
                        says.call("read many", () -> in.read(new byte[100]));
                        socket.getOutputStream().write('g');
                        socket.setSoTimeout(i == 1 ? 0 : 30_000);
                        says.call("late", () -> text(in.readNBytes(5)));
                        socket.setSoTimeout(5);
                    }
                });
    }

    @Test
    void closingWakesWhoReads() throws Exception {
        alike(SocketsAlikeTest::echo, (says, socket) -> {
            InputStream in = socket.getInputStream();
            closeElsewhere(socket);
            says.call("read", in::read);
            says.call("read", in::read);
            says.call("closed", socket::isClosed);
        });
    }

    @Test
    void closingWakesWhoReadsWithATimeLimit() throws Exception {
        alike(SocketsAlikeTest::echo, (says, socket) -> {
            InputStream in = socket.getInputStream();
            socket.setSoTimeout(30_000);
            closeElsewhere(socket);
            says.call("read", in::read);
            says.call("closed", socket::isClosed);
        });
    }

    /** Closes it when the caller waits for it. */
    private static void closeElsewhere(Socket socket) {
        Thread caller = Thread.currentThread();
        Thread.ofPlatform().daemon().start(() -> {
            Eventually.until("it waits", () -> waits(caller));
            Eventually.pass(20_000_000);
            try {
                socket.close();
            } catch (IOException impossible) {
                throw new AssertionError(impossible);
            }
        });
    }

    /** Parked, or in the kernel with a socket of the JDK's. A green thread's stack is not taken: that may wake it, which is a hop. */
    private static boolean waits(Thread thread) {
        Thread.State state = thread.getState();
        if (state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING) {
            return true;
        }
        if (thread.isVirtual()) {
            return false;
        }
        StackTraceElement[] stack = thread.getStackTrace();
        return stack.length > 0
                && stack[0].isNativeMethod()
                && stack[0].getClassName().startsWith("sun.nio.ch.");
    }

    @Test
    void closingWakesWhoWrites() throws Exception {
        Semaphore over = new Semaphore(0); // one each time: the peer may be late
        alike(peer -> over.acquire(), (says, socket) -> {
            OutputStream out = socket.getOutputStream();
            closeElsewhere(socket);
            says.call("write", () -> {
                while (true) {
                    out.write(new byte[100_000]);
                }
            });
            says.call("closed", socket::isClosed);
            over.release();
        });
    }

    @Test
    void shuttingTheInputDownIsItsEnd() throws Exception {
        alike(
                peer -> {
                    peer.getOutputStream().write(bytes("discarded"));
                    assertEquals('a', peer.getInputStream().read());
                    peer.getOutputStream().write(bytes("also discarded"));
                    assertEquals('b', peer.getInputStream().read());
                },
                (says, socket) -> {
                    InputStream in = socket.getInputStream();
                    says.call("one", in::read);
                    Thread.ofPlatform().daemon().start(() -> {
                        Eventually.pass(5_000_000);
                        try {
                            socket.shutdownInput();
                        } catch (IOException impossible) {
                            throw new AssertionError(impossible);
                        }
                    });
                    says.call("the rest", () -> {
                        byte[] rest = in.readNBytes(100); // what had arrived, or not
                        return rest.length < 100;
                    });
                    says.call("end", in::read);
                    while (!socket.isInputShutdown()) {
                        Thread.yield(); // the reader is told first
                    }
                    says.call("available", in::available);
                    socket.getOutputStream().write('a');
                    says.call("end", in::read);
                    says.call("in", socket::getInputStream);
                    says.call("shut", socket::isInputShutdown);
                    says.run("again", socket::shutdownInput);
                    socket.getOutputStream().write('b');
                });
    }

    @Test
    void optionsAreKept() throws Exception {
        alike(SocketsAlikeTest::echo, (says, socket) -> {
            says.call("no delay", socket::getTcpNoDelay);
            says.run("no delay", () -> socket.setTcpNoDelay(true));
            says.call("no delay", socket::getTcpNoDelay);
            says.call("keep alive", socket::getKeepAlive);
            says.run("keep alive", () -> socket.setKeepAlive(true));
            says.call("keep alive", socket::getKeepAlive);
            says.call("linger", socket::getSoLinger);
            says.run("linger", () -> socket.setSoLinger(true, 7));
            says.call("linger", socket::getSoLinger);
            says.run("linger", () -> socket.setSoLinger(true, -7));
            says.run("linger", () -> socket.setSoLinger(false, 0));
            says.call("linger", socket::getSoLinger);
            says.run("send buffer", () -> socket.setSendBufferSize(20_000));
            says.call("send buffer", () -> socket.getSendBufferSize() >= 20_000);
            says.run("send buffer", () -> socket.setSendBufferSize(0));
            says.run("receive buffer", () -> socket.setReceiveBufferSize(20_000));
            says.call("receive buffer", () -> socket.getReceiveBufferSize() >= 20_000);
            says.call("reuse", socket::getReuseAddress);
            says.run("reuse", () -> socket.setReuseAddress(true));
            says.call("reuse", socket::getReuseAddress);
            says.run("class", () -> socket.setTrafficClass(0x10));
            says.call("class", socket::getTrafficClass);
            says.call("out of band", socket::getOOBInline);
            says.call("new style", () -> socket.getOption(StandardSocketOptions.TCP_NODELAY));
            says.run("new style", () -> socket.setOption(StandardSocketOptions.TCP_NODELAY, false));
            says.call("new style", () -> socket.getOption(StandardSocketOptions.TCP_NODELAY));
            says.call("new style", () -> socket.getOption(StandardSocketOptions.SO_LINGER));
            says.run("new style", () -> socket.setOption(StandardSocketOptions.SO_LINGER, 3));
            says.call("new style", () -> socket.getOption(StandardSocketOptions.SO_LINGER));
            says.run("not of a stream", () -> socket.setOption(StandardSocketOptions.IP_MULTICAST_TTL, 3));
            says.call("not of a stream", () -> socket.getOption(StandardSocketOptions.IP_MULTICAST_TTL));
        });
    }

    @Test
    void aResetIsTold() throws Exception {
        alike(
                peer -> {
                    assertEquals('g', peer.getInputStream().read());
                    peer.setSoLinger(true, 0);
                },
                (says, socket) -> {
                    InputStream in = socket.getInputStream();
                    socket.getOutputStream().write('g');
                    says.call("read", in::read);
                    says.call("read again", in::read);
                    says.call("available", in::available);
                    says.call("connected", socket::isConnected);
                });
    }

    @Test
    void closingWithoutLingerResets() throws Exception {
        alike(
                peer -> assertEquals(
                        "Connection reset",
                        org.junit.jupiter.api.Assertions.assertThrows(
                                        IOException.class,
                                        () -> peer.getInputStream().read())
                                .getMessage()),
                (says, socket) -> {
                    says.run("no linger", () -> socket.setSoLinger(true, 0));
                    says.call("linger", socket::getSoLinger);
                    says.run("close", socket::close);
                });
    }

    @Test
    void whoeverClosedReceivesNoMore() throws Exception {
        alike(peer -> assertEquals('g', peer.getInputStream().read()), (says, socket) -> {
            OutputStream out = socket.getOutputStream();
            out.write('g');
            says.call("end", socket.getInputStream()::read);
            says.call("write", () -> {
                for (int i = 0; i < 1_000_000; i++) {
                    out.write(new byte[1000]);
                }
                return "all taken";
            });
        });
    }

    /** Ten seconds of nothing must not be, and no byte may be missing after a close. */
    @Test
    void closingLosesNoByteThatWasWritten() throws Exception {
        int length = 3_000_000;
        alike(
                peer -> {
                    Eventually.pass(30_000_000);
                    assertEquals(length, peer.getInputStream().readAllBytes().length);
                },
                (says, socket) -> {
                    says.run("write", () -> socket.getOutputStream().write(new byte[length]));
                    says.run("close", socket::close);
                });
    }

    /** Pieces of any size in both directions at once: what arrives is what was sent. */
    @Test
    void muchGoesThroughUnchanged() throws Exception {
        alike(SocketsAlikeTest::echo, (says, socket) -> {
            int length = 2_000_000;
            Random random = new Random(42);
            byte[] sent = new byte[length];
            random.nextBytes(sent);
            Thread.ofPlatform().daemon().start(() -> {
                Random pieces = new Random(43);
                try {
                    for (int at = 0; at < length; ) {
                        int piece = Math.min(length - at, 1 + pieces.nextInt(50_000));
                        socket.getOutputStream().write(sent, at, piece);
                        at += piece;
                    }
                    socket.shutdownOutput();
                } catch (IOException broken) {
                    throw new AssertionError(broken);
                }
            });
            CRC32 arrived = new CRC32();
            byte[] piece = new byte[30_000];
            int count;
            while ((count = socket.getInputStream().read(piece, 0, 1 + random.nextInt(piece.length))) >= 0) {
                arrived.update(piece, 0, count);
            }
            says.call("sum", arrived::getValue);
            says.call("state", socket::isInputShutdown);
        });
    }

    // ------------------------------------------------------------------------------ connecting

    /** What a script does with a factory; the server is there to be connected to, and says nothing. */
    private interface Connecting {
        void run(Transcript says, SocketFactory factory, ServerSocket server) throws Exception;
    }

    private void connectAlike(Connecting script) throws Exception {
        connectAlike(script, 0);
    }

    /**
     * @param closedElsewhere how often another thread closes a socket that connects. {@code java.net.Socket} closes under a monitor, and
     *     what the closing wakes wants the same one: a hop that is the JDK's own
     */
    private void connectAlike(Connecting script, int closedElsewhere) throws Exception {
        LoopGroup loops = loops(1);
        List<String> expected = connecting(script, SocketFactory.getDefault(), null);
        assertTrue(expected.size() > 1, expected.toString());
        assertEquals(expected, connecting(script, new LoopSocketFactory(), loops.next()), "on the socket's loop");
        assertEquals(expected, connecting(script, new LoopSocketFactory(loops), null), "on a platform thread");
        Eventually.until(
                "nothing goes on",
                () -> loops.next().status().interests() == 0
                        && loops.next().status().timers() == 0);
        Loop loop = loops.next();
        List<String> others = loop.hops().places().stream()
                .filter(place -> !place.contains("at java.base/java.net.Socket.close("))
                .toList();
        assertEquals(List.of(), others);
        long hops = loop.status().hops();
        assertTrue(hops <= closedElsewhere, hops + " hops");
    }

    private List<String> connecting(Connecting script, SocketFactory factory, Loop where) throws Exception {
        Transcript says = new Transcript();
        try (ServerSocket server = new ServerSocket()) {
            server.bind(new InetSocketAddress("127.0.0.1", 0), 50);
            Call body = () -> {
                script.run(says, factory, server);
                return null;
            };
            if (where == null) {
                get(elsewhere(body::run));
            } else {
                onGreen(where, body::run);
            }
        }
        return says.lines;
    }

    @Test
    void connectingAnswersTheSame() throws Exception {
        connectAlike((says, factory, server) -> {
            InetSocketAddress there = new InetSocketAddress(loopback(), server.getLocalPort());
            try (Socket socket = factory.createSocket()) {
                says.call("in", socket::getInputStream);
                says.call("out", socket::getOutputStream);
                says.call("remote", socket::getRemoteSocketAddress);
                says.call("ports", () -> socket.getPort() + " " + socket.getLocalPort());
                says.call("text", socket::toString);
                says.run("shut", socket::shutdownInput);
                says.run("no delay", () -> socket.setTcpNoDelay(true));
                says.run("buffer", () -> socket.setReceiveBufferSize(30_000));
                says.run("time limit", () -> socket.setSoTimeout(5));
                says.run("connect nowhere", () -> socket.connect(null));
                says.run("negative", () -> socket.connect(there, -1));
                says.run("connect", () -> socket.connect(there, 30_000));
                says.run("again", () -> socket.connect(there, 30_000));
                says.call("no delay", socket::getTcpNoDelay);
                says.call("buffer", () -> socket.getReceiveBufferSize() >= 30_000);
                says.call("time limit", socket.getInputStream()::read);
            }
            says.call("by address", () -> closed(factory.createSocket(loopback(), server.getLocalPort())));
            says.call("by name", () -> closed(factory.createSocket("127.0.0.1", server.getLocalPort())));
            says.call("localhost", () -> closed(factory.createSocket("localhost", server.getLocalPort())));
            says.call("no name", () -> closed(factory.createSocket((String) null, server.getLocalPort())));
            says.call("unknown", () -> factory.createSocket("nobody.invalid", 80));
            Socket gone = factory.createSocket();
            gone.close();
            says.run("closed", () -> gone.connect(there));
        });
    }

    private static String closed(Socket socket) throws IOException {
        try (socket) {
            return socket.isConnected() + " " + socket.getInetAddress().isLoopbackAddress();
        }
    }

    @Test
    void aRefusalAnswersTheSame() throws Exception {
        InetSocketAddress there = nobody();
        connectAlike((says, factory, server) -> {
            Socket socket = factory.createSocket();
            says.run("connect", () -> socket.connect(there));
            says.call("closed", socket::isClosed);
            says.run("connect again", () -> socket.connect(there));
            Socket limited = factory.createSocket();
            says.run("connect", () -> limited.connect(there, 5_000));
            says.call("by name", () -> factory.createSocket("127.0.0.1", there.getPort()));
        });
    }

    @Test
    void silenceAnswersTheSame() throws Exception {
        InetSocketAddress silent = silent(new InetSocketAddress("127.0.0.14", 0));
        connectAlike(
                (says, factory, server) -> {
                    Socket socket = factory.createSocket();
                    says.run("connect", () -> socket.connect(silent, 30));
                    says.call("closed", socket::isClosed);
                    Socket closed = factory.createSocket();
                    closeElsewhere(closed);
                    says.run("closed meanwhile", () -> closed.connect(silent));
                    says.call("closed", closed::isClosed);
                    Socket withLimit = factory.createSocket();
                    closeElsewhere(withLimit);
                    says.run("closed meanwhile", () -> withLimit.connect(silent, 30_000));
                },
                2);
    }
}
