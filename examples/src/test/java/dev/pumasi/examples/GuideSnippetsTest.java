package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpLimits;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.MediaType;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import dev.pumasi.runtime.CompletionQueue;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.LoopStatus;
import dev.pumasi.runtime.Offload;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Operation.Failed;
import dev.pumasi.runtime.Operation.Success;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.Timer;
import dev.pumasi.runtime.UdpSocket;
import dev.pumasi.runtime.driver.Driver;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The code of docs/guide.md that is in none of the examples: it stands here word for word, and runs. */
@ExtendWith({LeakWatch.class, LogWatch.class})
@Timeout(value = 180, unit = TimeUnit.SECONDS)
final class GuideSnippetsTest {

    private static final SocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @Test
    void aServerInOneExpression() throws Exception {
        try (HttpServer server = HttpServer.builder(request -> Response.text("Hello, World!\n"))
                .port(0)
                .start()) {
            assertTrue(get(server, "/").endsWith("Hello, World!\n"));
        }
    }

    @Test
    void bodiesBothWays() throws Exception {
        Router router = Router.builder()
                .post("/echo", request -> Response.text(request.body().text()))
                .get(
                        "/count",
                        request -> Response.stream(MediaType.TEXT, out -> {
                            for (int i = 1; i <= 3; i++) {
                                out.write((i + "\n").getBytes(StandardCharsets.UTF_8));
                                out.flush(); // parks while the client is slow
                            }
                        }))
                .build();
        try (HttpServer server = HttpServer.builder(router).port(0).loops(1).start()) {
            String request =
                    "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nConnection: close\r\n\r\nrice";
            assertTrue(ask(server, request).endsWith("\r\n\r\nrice"));
            String counted = get(server, "/count");
            assertTrue(counted.contains("Transfer-Encoding: chunked"), counted);
            assertTrue(counted.contains("1\n") && counted.contains("3\n"), counted);
        }
    }

    @Test
    void settingsAndFigures() throws Exception {
        HttpServer server = HttpServer.builder(Handler.nonBlocking(request -> Response.ok()))
                .port(0)
                .loops(2)
                .driver("auto")
                .limits(HttpLimits.builder()
                        .bodyBytesMax(10_000_000)
                        .idleTimeoutMillis(5_000)
                        .build())
                .start();
        get(server, "/");
        System.out.println(server.status().requests() + " requests");
        for (LoopStatus loop : server.loops()) {
            System.out.println(
                    loop.name() + " " + loop.driver() + ": " + loop.turns() + " turns, " + loop.hops() + " hops");
        }
        server.stop(Duration.ofSeconds(10)); // accept no more, let requests in progress be answered, close
        assertEquals(1, server.status().requests());
    }

    @Test
    void oneOperationSeveralWays() throws Exception {
        AtomicInteger seen = new AtomicInteger();
        CountDownLatch told = new CountDownLatch(2);
        try (LoopGroup loops =
                LoopGroup.start("loop", 1, Drivers.choose(Drivers.AUTO).factory())) {
            Loop loop = loops.next();
            Operation<Duration> nap = loop.sleep(Duration.ofSeconds(2));

            // Ask. Never waits; empty means "not yet".
            Optional<Operation.Outcome<Duration>> asked = nap.poll();

            // Be called back, on the loop.
            nap.onDone(outcome -> {
                switch (outcome) {
                    case Success<Duration>(Duration slept) -> seen.incrementAndGet();
                    case Failed<Duration>(Throwable failure) -> System.err.println(failure.getMessage());
                }
                told.countDown();
            });

            // Be notified, in a queue that you drain when you like.
            CompletionQueue queue = new CompletionQueue();
            nap.notify(queue);

            // Chain what comes next.
            CompletionStage<Void> next = nap.toStage().thenAccept(slept -> {
                seen.incrementAndGet();
                told.countDown();
            });

            // Wait: parks a green thread, blocks a platform thread, refuses on the loop's own.
            Duration slept = nap.await();

            told.await();
            assertTrue(asked.isEmpty());
            assertEquals(2, seen.get());
            assertEquals(Duration.ofSeconds(2), slept);
            assertEquals(1, queue.drain().size());
            next.toCompletableFuture().join();
        }
    }

    @Test
    void cancellingAndTimeLimits() throws Exception {
        try (LoopGroup loops =
                        LoopGroup.start("loop", 1, Drivers.choose(Drivers.AUTO).factory());
                UdpSocket socket = UdpSocket.open(loops.next(), ANY_PORT)) {
            Buffer buffer = Buffer.allocate(1500);
            Failure why = null;
            try {
                socket.receive(buffer, 0, buffer.capacity())
                        .within(Duration.ofMillis(50))
                        .await();
            } catch (OperationException failed) {
                why = failed.failure(); // TIMED_OUT; the message says what was tried, why it failed and what to do
            }
            assertEquals(Failure.TIMED_OUT, why);
        }
    }

    @Test
    void aRawSocketServerInDirectStyle() throws Exception {
        try (LoopGroup loops =
                LoopGroup.start("loop", 1, Drivers.choose(Drivers.AUTO).factory())) {
            Loop loop = loops.next();
            Listener listener = Listener.open(
                    loop, new InetSocketAddress("localhost", 0), socket -> loop.spawn(() -> echo(socket)));
            try (Socket client = connectTo(listener)) {
                client.getOutputStream().write("soup".getBytes(StandardCharsets.UTF_8));
                assertEquals("soup", new String(client.getInputStream().readNBytes(4), StandardCharsets.UTF_8));
                client.shutdownOutput();
                assertEquals(-1, client.getInputStream().read());
            }
            listener.close();
        }
    }

    static void echo(StreamSocket socket) {
        try (socket) {
            byte[] bytes = new byte[4096];
            for (int length = socket.read(bytes, 0, bytes.length);
                    length > 0;
                    length = socket.read(bytes, 0, bytes.length)) {
                socket.write(bytes, 0, length); // parks when the output is full
                socket.flush();
            }
        } catch (IOException gone) {
            System.err.println(gone.getMessage());
        }
    }

    @Test
    void theSameServerInCallbacks() throws Exception {
        try (LoopGroup loops =
                LoopGroup.start("loop", 1, Drivers.choose(Drivers.AUTO).factory())) {
            Listener listener = Listener.open(loops.next(), ANY_PORT, socket -> socket.onReceive(new Echo(socket)));
            try (Socket client = connectTo(listener)) {
                client.getOutputStream().write("rice".getBytes(StandardCharsets.UTF_8));
                assertEquals("rice", new String(client.getInputStream().readNBytes(4), StandardCharsets.UTF_8));
            }
            listener.close();
        }
    }

    @Test
    void timers() throws Exception {
        CountDownLatch rung = new CountDownLatch(1);
        try (LoopGroup loops =
                LoopGroup.start("loop", 1, Drivers.choose(Drivers.AUTO).factory())) {
            Loop loop = loops.next();
            Timer bell = Timer.of(() -> rung.countDown());
            loop.execute(() -> loop.start(bell, TimeUnit.MILLISECONDS.toNanos(20))); // timers belong to their loop
            assertTrue(rung.await(60, TimeUnit.SECONDS));
        }
    }

    @Test
    void aClientAndAUnixDomainSocket(@TempDir Path folder) throws Exception {
        try (LoopGroup loops =
                LoopGroup.start("loop", 1, Drivers.choose(Drivers.AUTO).factory())) {
            Loop loop = loops.next();
            SocketAddress path = UnixDomainSocketAddress.of(folder.resolve("kitchen.sock"));
            Listener listener = Listener.open(loop, path, socket -> loop.spawn(() -> echo(socket)));

            try (StreamSocket socket = StreamSocket.connect(loop, path).await()) {
                byte[] bytes = "spam".getBytes(StandardCharsets.UTF_8);
                socket.write(bytes, 0, bytes.length);
                socket.flush();
                socket.setTimeout(Duration.ofSeconds(5));
                int length = socket.read(bytes, 0, bytes.length);
                assertEquals("spam", new String(bytes, 0, length, StandardCharsets.UTF_8));
                socket.shutdownOutput();
                assertEquals(-1, socket.read(bytes, 0, bytes.length));
            }
            listener.close();
        }
    }

    @Test
    void datagrams() throws Exception {
        try (LoopGroup loops =
                        LoopGroup.start("loop", 1, Drivers.choose(Drivers.AUTO).factory());
                UdpSocket one = UdpSocket.open(loops.next(), ANY_PORT);
                UdpSocket other = UdpSocket.open(loops.next(), ANY_PORT)) {
            Buffer greeting = Buffer.of("hello");
            Buffer arrived = Buffer.allocate(1500);
            other.send(greeting, 0, greeting.capacity(), one.address()).await();
            UdpSocket.Datagram datagram =
                    one.receive(arrived, 0, arrived.capacity()).await();
            assertEquals("hello", arrived.utf8(0, datagram.length()));
            assertEquals(other.address(), datagram.sender());
        }
    }

    @Test
    void somethingThatBlocks() throws Exception {
        try (Offload offload = Offload.open(); // once for the program, not for each call
                HttpServer server = HttpServer.builder(request -> report(request, offload))
                        .port(0)
                        .start()) {
            assertTrue(get(server, "/").endsWith("done"));
        }
    }

    static Response report(Request request, Offload offload) throws IOException {
        Operation<String> work = offload.submit(request.loop(), () -> somethingThatBlocks(request.path()));
        return Response.text(work.await());
    }

    private static String somethingThatBlocks(String path) {
        BlockingCall.millis(20);
        return "done";
    }

    @Test
    void choosingADriver() {
        Drivers.Choice choice = Drivers.choose("auto");
        System.out.println(choice.reason()); // one line: which, and why not a better one
        for (String name : Drivers.names()) {
            System.out.println(name + ": " + Drivers.refusal(name).orElse("works here"));
        }
        assertTrue(Drivers.names().contains(choice.name()));
        assertTrue(choice.reason().startsWith(choice.name()));
    }

    @Test
    void aLoopTurnedByHand() {
        int[] rung = {0};
        Loop loop = Loop.open("by-hand", Drivers.choose("auto").factory());
        try {
            loop.start(Timer.of(() -> rung[0]++), 1_000_000);
            while (rung[0] == 0) {
                loop.turn(Driver.FOREVER);
            }
        } finally {
            loop.close();
        }
        assertEquals(1, rung[0]);
    }

    private static Socket connectTo(Listener listener) throws IOException {
        return new Socket(InetAddress.getByName("localhost"), ((InetSocketAddress) listener.address()).getPort());
    }

    private static String get(HttpServer server, String path) throws IOException {
        return ask(server, "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    }

    private static String ask(HttpServer server, String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getByName("localhost"), server.port())) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
