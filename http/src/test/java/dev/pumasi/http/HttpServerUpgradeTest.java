package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Connections that leave HTTP: status 101, then bytes both ways. */
@OnEachDriver
final class HttpServerUpgradeTest extends Served {

    private static final String ASKING =
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: other, Echo\r\n\r\n";

    private static final String AGREED =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\nX: y\r\n\r\n";

    private static Response echo() {
        return Response.upgrade("echo", List.of(new Field("X", "y")), tunnel -> {
            byte[] some = new byte[1_000];
            for (int count = tunnel.read(some, 0, some.length); count >= 0; count = tunnel.read(some, 0, some.length)) {
                tunnel.write(some, 0, count);
                tunnel.flush();
            }
            tunnel.write(Wire.octets("over"), 0, 4);
            tunnel.flush();
            tunnel.endOutput();
            assertEquals(-1, tunnel.read(some, 0, some.length));
        });
    }

    @Test
    void bytesBothWaysFromTheFirstOne() throws IOException {
        for (Endpoint endpoint :
                List.<Endpoint>of((Handler) request -> echo(), Handler.nonBlocking(request -> echo()), (AsyncHandler)
                        (request, responder) -> responder.respond(echo()))) {
            Server server = serve(endpoint);
            Wire wire = wire(server).send(ASKING + "first");
            assertEquals(AGREED + "first", new String(wire.bytes(AGREED.length() + 5)));
            String long_ = "x".repeat(100_000);
            Thread writer = Thread.ofPlatform().start(() -> {
                try {
                    wire.send(long_).halfClose();
                } catch (IOException failure) {
                    throw new AssertionError(failure);
                }
            });
            assertEquals(long_ + "over", new String(wire.bytes(100_004)));
            try {
                writer.join();
            } catch (InterruptedException hurry) {
                throw new IOException(hurry);
            }
        }
    }

    @Test
    void whoHasNotAskedGetsNoTunnel(LogWatch log) throws IOException {
        log.expect("the handler of GET / failed");
        Server server = serve((Handler) request -> echo());
        for (String request : List.of(
                "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: echo\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
                "GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")) {
            assertEquals(500, wire(server).send(request).answer().status(), request);
        }
    }

    @Test
    void aClientThatVanishesEndsTheTunnel() throws Exception {
        CompletableFuture<Throwable> ended = new CompletableFuture<>();
        Server server = serve((Handler) request -> Response.upgrade("echo", List.of(), tunnel -> {
            try {
                while (true) {
                    tunnel.write(new byte[1_000], 0, 1_000);
                }
            } catch (IOException failure) {
                ended.complete(failure);
                throw failure;
            }
        }));
        Wire wire = wire(server).send(ASKING);
        wire.bytes(10);
        wire.reset();
        assertEquals(true, ended.get(30, TimeUnit.SECONDS) instanceof IOException);
    }
}
