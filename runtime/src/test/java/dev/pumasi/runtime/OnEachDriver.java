package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.runtime.driver.DriverFactory;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs a test class once for each driver. A driver that does not work here fails its tests, unless it is known to be
 * missing: {@code -Dpumasi.drivers.missing=io_uring,epoll}. After each test, loops and peers are closed, and there must be
 * no descriptor, no thread and no log message left.
 */
@ParameterizedClass(name = "{0}")
@MethodSource("dev.pumasi.runtime.OnEachDriver#drivers")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class OnEachDriver {

    static final InetSocketAddress LOOPBACK = new InetSocketAddress("127.0.0.1", 0);

    static final int PEER_TIMEOUT_MILLIS = 30_000;

    /** A connection between a socket of a loop and one of the JDK's. */
    record Connection(StreamSocket socket, Socket peer) {

        void peerSends(byte... bytes) throws IOException {
            peer.getOutputStream().write(bytes);
        }

        byte[] peerReads(int count) throws IOException {
            return peer.getInputStream().readNBytes(count);
        }
    }

    @Parameter
    String driver;

    final Heard heard = new Heard();
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private LeftBehind leftBehind;

    static List<String> drivers() {
        List<String> missing =
                List.of(System.getProperty("pumasi.drivers.missing", "").split(","));
        return Drivers.names().stream().filter(name -> !missing.contains(name)).toList();
    }

    @BeforeEach
    final void begin() {
        assertEquals(Optional.empty(), Drivers.refusal(driver), driver + " does not work here");
        leftBehind = new LeftBehind();
        heard.begin();
    }

    @AfterEach
    final void end() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
        leftBehind.check();
        heard.end();
    }

    final DriverFactory factory() {
        return Drivers.choose(driver).factory();
    }

    /** Closes it when the test is over; the last that was opened comes first. */
    final <T extends AutoCloseable> T closing(T what) {
        opened.push(what);
        return what;
    }

    final LoopGroup loops(int count) {
        return closing(LoopGroup.start("test", count, factory()));
    }

    final Loop loop() {
        return loops(1).next();
    }

    /** A loop that this thread drives. */
    final Loop byHand() {
        Loop loop = Loop.open("hand", factory());
        opened.push(loop::close);
        return loop;
    }

    /** Turns a loop that this thread drives until the condition holds. */
    static void turnUntil(Loop loop, String what, Callable<Boolean> condition) throws Exception {
        long begin = System.nanoTime();
        while (!condition.call()) {
            loop.turn(1_000_000);
            if (System.nanoTime() - begin > 30_000_000_000L) {
                throw new AssertionError("turned in vain until " + what);
            }
        }
    }

    /** What the body answers on a green thread of that loop. */
    static <T> T onGreen(Loop loop, Callable<T> body) throws Exception {
        CompletableFuture<T> answer = new CompletableFuture<>();
        loop.spawn(() -> complete(answer, body));
        return get(answer);
    }

    /** What the body answers on the loop itself. */
    static <T> T onLoop(Loop loop, Callable<T> body) throws Exception {
        CompletableFuture<T> answer = new CompletableFuture<>();
        loop.execute(() -> complete(answer, body));
        return get(answer);
    }

    /** The body, on a platform thread of its own. */
    static <T> CompletableFuture<T> elsewhere(Callable<T> body) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        Thread.ofPlatform().name("elsewhere").daemon().start(() -> complete(answer, body));
        return answer;
    }

    static <T> void complete(CompletableFuture<T> answer, Callable<T> body) {
        try {
            answer.complete(body.call());
        } catch (Throwable failure) {
            answer.completeExceptionally(failure);
        }
    }

    static <T> T get(CompletableFuture<T> answer) throws Exception {
        try {
            return answer.get(30, TimeUnit.SECONDS);
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof Exception cause ? cause : failed;
        }
    }

    final Connection connection(Loop loop) throws Exception {
        return connections(loop, 1).getFirst();
    }

    /** Connections that the loop has accepted, in the order in which they were made. */
    final List<Connection> connections(Loop loop, int count) throws Exception {
        BlockingQueue<StreamSocket> accepted = new LinkedBlockingQueue<>();
        Deque<Connection> made = new ArrayDeque<>();
        try (Listener listener = Listener.open(loop, LOOPBACK, accepted::add)) {
            for (int i = 0; i < count; i++) {
                Socket peer = peer(listener);
                if (loop.isCurrent()) {
                    turnUntil(loop, "a connection is accepted", () -> !accepted.isEmpty());
                }
                StreamSocket socket = accepted.poll(30, TimeUnit.SECONDS);
                opened.push(socket::close);
                made.add(new Connection(socket, peer));
            }
        }
        return List.copyOf(made);
    }

    /** A plain socket, connected to the listener. */
    final Socket peer(Listener listener) throws IOException {
        Socket peer = closing(new Socket());
        peer.setTcpNoDelay(true);
        peer.setSoTimeout(PEER_TIMEOUT_MILLIS);
        peer.connect(listener.address(), PEER_TIMEOUT_MILLIS);
        return peer;
    }

    /** An address at which nobody listens, nor will while the test runs: it is taken. */
    final InetSocketAddress nobody() throws IOException {
        Socket taken = closing(new Socket());
        taken.bind(LOOPBACK);
        return (InetSocketAddress) taken.getLocalSocketAddress();
    }

    /** One that answers nothing: its queue of connections is full, so the kernel drops what comes. Twice, to be sure of it. */
    final InetSocketAddress silent(InetSocketAddress address) throws IOException {
        ServerSocket full = closing(new ServerSocket());
        full.bind(address, 1);
        int unanswered = 0;
        for (int i = 0; i < 64 && unanswered < 2; i++) {
            Socket filler = closing(new Socket());
            try {
                filler.connect(full.getLocalSocketAddress(), 100);
                unanswered = 0;
            } catch (SocketTimeoutException silence) {
                unanswered++;
            }
        }
        assertEquals(2, unanswered, "the kernel queues without end");
        return (InetSocketAddress) full.getLocalSocketAddress();
    }

    /** Nothing woke a green thread of it from elsewhere; where the JDK schedules them, everything does. */
    static void assertNoHops(Loop loop) {
        if (Loop.greenThreadsRunOnLoop()) {
            assertEquals(
                    0,
                    loop.status().hops(),
                    () -> "hops of " + loop.name() + ": "
                            + String.join("\n", loop.hops().places()));
        }
    }

    /** The green thread that calls this runs on its loop; where the JDK schedules them, none does. */
    static void assertAtHome(Loop loop) {
        assertEquals(Loop.greenThreadsRunOnLoop(), loop.isCurrent(), "on " + loop.name());
    }

    static int port(Listener listener) {
        return ((InetSocketAddress) listener.address()).getPort();
    }

    static InetAddress loopback() {
        return LOOPBACK.getAddress();
    }
}
