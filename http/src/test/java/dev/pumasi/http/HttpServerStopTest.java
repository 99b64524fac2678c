package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a server begins and ends. That no thread and no descriptor is left, {@link Served} watches in every test. */
@OnEachDriver
@Tag("fall-back")
class HttpServerStopTest extends Served {

    private static final Duration LONG = Duration.ofMinutes(10);

    /** What took no longer did not wait for {@link #LONG}, whatever the machine. */
    private static final int SOON_MILLIS = 60_000;

    private static long stop(Server server, Duration patience) {
        long began = System.nanoTime();
        server.stop(patience);
        return (System.nanoTime() - began) / 1_000_000;
    }

    private static Thread stopElsewhere(Server server, Duration patience) {
        return Thread.ofPlatform().daemon().start(() -> server.stop(patience));
    }

    @Test
    void idleConnectionsEndAtOnceAndNobodyListensAnyMore() throws IOException {
        Server server = serve(Handler.nonBlocking(request -> Response.ok()));
        Wire idle = wire(server);
        idle.send(Wire.get("/")).answer();
        Wire silent = wire(server);
        await("both", () -> server.status().open() == 2);
        assertTrue(stop(server, LONG) < SOON_MILLIS);
        idle.expectEnd();
        silent.expectEnd();
        assertThrows(ConnectException.class, () -> Wire.to(server));
        assertEquals(0, server.status().open());
    }

    @Test
    void requestsInProgressAreAnsweredFirst() throws Exception {
        AtomicBoolean goOn = new AtomicBoolean();
        Server server = serve((Handler) request -> {
            park(goOn::get);
            return Response.text("answered");
        });
        Wire wire = wire(server);
        wire.send(Wire.get("/") + Wire.get("/"));
        await("the request", () -> server.status().requests() == 1);
        Wire idle = wire(server);
        await("the other", () -> server.status().open() == 2);
        Thread stopping = stopElsewhere(server, LONG);
        idle.expectEnd();
        assertTrue(stopping.isAlive());
        goOn.set(true);
        Wire.Answer answer = wire.answer();
        assertEquals("answered", answer.text());
        assertTrue(answer.closes(), "the client is told");
        wire.expectEnd();
        wire.close();
        stopping.join(SOON_MILLIS);
        assertEquals(false, stopping.isAlive());
        server.awaitStop();
    }

    /** Regression: its answer had promised to keep the connection, which then idled until the deadline. */
    @Test
    void anAnswerThatHadBegunDoesNotHoldUpTheEnd() throws Exception {
        AtomicBoolean goOn = new AtomicBoolean();
        Server server = serve((Handler) request -> Response.stream(MediaType.TEXT, out -> {
            out.write(new byte[] {'a'});
            out.flush();
            park(goOn::get);
            out.write(new byte[] {'b'});
        }));
        Wire wire = wire(server);
        wire.send(Wire.get("/")).head();
        assertEquals(1, wire.chunk().length);
        Wire idle = wire(server);
        await("the other", () -> server.status().open() == 2);
        Thread stopping = stopElsewhere(server, LONG);
        idle.expectEnd();
        goOn.set(true);
        assertEquals(1, wire.chunk().length);
        assertEquals(0, wire.chunk().length);
        wire.bytes(2);
        wire.expectEnd();
        stopping.join(SOON_MILLIS);
        assertEquals(false, stopping.isAlive());
    }

    @Test
    void theDeadlineEndsWhatIsLeft() throws IOException {
        AtomicReference<Throwable> body = new AtomicReference<>();
        AtomicReference<Throwable> writer = new AtomicReference<>();
        Server server = serve((Handler) request -> {
            if (request.path().equals("/body")) {
                try {
                    return Response.text(request.body().text());
                } catch (IOException over) {
                    body.set(over);
                    throw over;
                }
            }
            return Response.stream(MediaType.TEXT, out -> {
                try {
                    while (true) {
                        out.write(new byte[10_000]);
                    }
                } catch (IOException over) {
                    writer.set(over);
                    throw over;
                }
            });
        });
        Wire reading = wire(server);
        reading.send("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx");
        Wire writing = narrowWire(server);
        writing.send(Wire.get("/writer")).head();
        Wire never = wire(server);
        never.send("GET / HTT");
        await(
                "all of them",
                () -> server.status().open() == 3 && server.status().requests() == 2);
        long millis = stop(server, Duration.ofMillis(50));
        assertTrue(millis >= 45 && millis < SOON_MILLIS, () -> millis + " ms");
        never.expectEndOrReset();
        reading.expectEndOrReset();
        writing.expectEndOrReset();
        await("the handler to learn of it", () -> body.get() != null);
        await("the writer to learn of it", () -> writer.get() != null);
        assertEquals(0, server.status().handlerFailures(), "nobody's mistake");
    }

    @Test
    void anAnswerThatNeverCameIsNotMissedAndOneThatComesTooLateIsIgnored() throws IOException {
        AtomicReference<Responder> kept = new AtomicReference<>();
        Server server = serve((AsyncHandler) (request, responder) -> kept.set(responder));
        Wire wire = wire(server);
        wire.send(Wire.get("/"));
        await("the request", () -> kept.get() != null);
        long millis = stop(server, Duration.ofMillis(20));
        assertTrue(millis < SOON_MILLIS, () -> millis + " ms");
        wire.expectEndOrReset();
        kept.get().respond(Response.ok());
        kept.get().fail(new IOException("nobody hears it"));
    }

    @Test
    void unixDomainSocketsAreServedToo(@TempDir Path folder) throws IOException {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("pumasi"));
        try (Server server = HttpServer.builder(request -> Response.text("by file"))
                        .driver(kind.name())
                        .loops(2)
                        .address(address)
                        .start();
                SocketChannel client = SocketChannel.open(address)) {
            client.write(ByteBuffer.wrap(Wire.octets("GET / HTTP/1.0\r\n\r\n")));
            String answer = new String(Channels.newInputStream(client).readAllBytes(), StandardCharsets.UTF_8);
            assertTrue(answer.startsWith("HTTP/1.1 200 ") && answer.endsWith("\r\n\r\nby file"), answer);
            assertEquals(0, server.port());
        }
    }

    @Test
    void aSecondStopWaitsForTheFirst() throws Exception {
        Server server = serve(Handler.nonBlocking(request -> Response.ok()));
        Thread other = stopElsewhere(server, LONG);
        server.stop(LONG);
        other.join();
        server.close();
    }

    @Test
    void aPortInUseIsNoticedThoughLoopsShareIt() throws IOException {
        Server first = serve(HttpServer.builder(request -> Response.ok()).loops(2));
        for (int loops = 1; loops <= 3; loops++) {
            HttpServer.Builder second = HttpServer.builder(request -> Response.ok())
                    .driver(kind.name())
                    .loops(loops)
                    .port(first.port());
            OperationException refused = assertThrows(OperationException.class, second::start);
            assertTrue(refused.getMessage().contains("" + first.port()), refused::getMessage);
        }
        try (ServerSocket foreign = new ServerSocket()) {
            foreign.bind(new InetSocketAddress("localhost", 0));
            HttpServer.Builder second = HttpServer.builder(request -> Response.ok())
                    .driver(kind.name())
                    .loops(2)
                    .port(foreign.getLocalPort());
            assertThrows(OperationException.class, second::start);
        }
        Wire wire = wire(first);
        assertEquals(200, wire.send(Wire.get("/")).answer().status());
    }

    @Test
    void theSamePortCanBeUsedAgainAtOnce() throws IOException {
        Server first = serve(HttpServer.builder(request -> Response.ok()).loops(2));
        wire(first).send(Wire.get("/")).answer();
        first.close();
        try (HttpServer second = HttpServer.builder(request -> Response.text("second"))
                        .driver(kind.name())
                        .loops(2)
                        .port(first.port())
                        .start();
                Wire wire = Wire.to(second)) {
            assertEquals("second", wire.send(Wire.get("/")).answer().text());
        }
    }

    @Test
    void loopsOfSomebodyElseLiveOn() throws IOException {
        try (LoopGroup group =
                LoopGroup.start("pumasi-test", 2, Drivers.choose(kind.name()).factory())) {
            for (int i = 0; i < 2; i++) {
                try (Server server = HttpServer.builder(request -> Response.text("on it"))
                                .on(group.loops())
                                .port(0)
                                .start();
                        Wire wire = Wire.to(server)) {
                    assertEquals("on it", wire.send(Wire.get("/")).answer().text());
                }
            }
        }
    }
}
