package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.ClientLimits;
import dev.pumasi.http.ClientRequest;
import dev.pumasi.http.ClientResponse;
import dev.pumasi.http.Field;
import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpLimits;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.MediaType;
import dev.pumasi.http.Response;
import dev.pumasi.http.Tunnel;
import dev.pumasi.runtime.Operation;
import dev.pumasi.testkit.HeldPort;
import dev.pumasi.testkit.LogWatch;
import dev.pumasi.testkit.RawServer;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes through a proxy, and what it makes of servers that do not do as they should. */
@OnEachDriver
final class ProxyTest extends Proxied {

    /** The head that the server behind has seen last. */
    private final AtomicReference<String> seen = new AtomicReference<>("");

    private RawServer seeing(String answer) throws IOException {
        return raw(peer -> {
            for (String head = peer.head(); !head.isEmpty(); head = peer.head()) {
                seen.set(head);
                peer.send(answer);
            }
        });
    }

    @Test
    void whatIsSentOnIsWrittenAnew() throws IOException {
        RawServer raw = seeing("HTTP/1.1 200 Fine\r\nServer: other\r\nDate: never\r\nConnection: X-Hop\r\nX-Hop: 1\r\n"
                + "X-Kept: 2\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nKeep-Alive: timeout=5\r\nContent-Type: odd\r\n"
                + "Content-Length: 2\r\n\r\nok");
        front(Proxy.to(raw.authority()));
        try (RawClient one = new RawClient(front.port())) {
            RawClient.Answer answer = one.ask(
                    "GET",
                    "/a/../%7eb%2fc?d=%20",
                    "Accept: */*",
                    "Connection: close, X-Secret",
                    "X-Secret: s",
                    "Keep-Alive: 1",
                    "Proxy-Connection: x",
                    "TE: trailers",
                    "X-Forwarded-For: 6.6.6.6",
                    "Forwarded: for=6.6.6.6",
                    "Via: 1.0 other");
            assertEquals("ok", answer.text());
            assertEquals("2", answer.field("x-kept"));
            assertEquals("c=d", answer.field("set-cookie"));
            assertEquals("odd", answer.field("content-type"));
            assertEquals("pumasi", answer.field("server"));
            assertEquals("", answer.field("x-hop"));
            assertEquals("", answer.field("keep-alive"));
        }
        assertEquals(
                "GET /~b%2Fc?d=%20 HTTP/1.1\r\nHost: " + raw.authority() + "\r\nAccept: */*\r\nVia: 1.0 other\r\n"
                        + "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: localhost\r\n"
                        + "Forwarded: for=127.0.0.1;host=\"localhost\";proto=http\r\nVia: 1.1 pumasi\r\n\r\n",
                seen.get());
    }

    @Test
    void aTrustedPeerIsBelieved() throws IOException {
        RawServer raw = seeing("HTTP/1.1 204 x\r\n\r\n");
        front(Proxy.builder(Upstream.builder("one").server(raw.authority()).build())
                .trusting(peer -> true)
                .keepsHost(true)
                .mount("/api/", "/v1/")
                .build());
        try (RawClient one = new RawClient(front.port())) {
            one.ask(
                    "GET",
                    "/api/x",
                    "X-Forwarded-For: 192.0.2.1",
                    "X-Forwarded-Proto: https",
                    "X-Forwarded-Host: soup.example",
                    "Forwarded: for=\"[2001:db8::1]\"");
        }
        String head = seen.get();
        assertTrue(head.startsWith("GET /v1/x HTTP/1.1\r\nHost: localhost\r\n"), head);
        assertTrue(head.contains("\r\nX-Forwarded-For: 192.0.2.1, 127.0.0.1\r\n"), head);
        assertTrue(head.contains("\r\nX-Forwarded-Proto: https\r\n"), head);
        assertTrue(head.contains("\r\nX-Forwarded-Host: soup.example\r\n"), head);
        assertTrue(head.contains("\r\nForwarded: for=\"[2001:db8::1]\", for=127.0.0.1;"), head);
    }

    @Test
    void bodiesOfEachSizeAndFramingBothWays() throws IOException {
        HttpServer echo = server((Handler) request -> {
            if (request.path().equals("/length")) {
                return Response.bytes(MediaType.OCTETS, request.body().bytes());
            }
            var body = request.body();
            return Response.stream(MediaType.OCTETS, out -> {
                byte[] some = new byte[5_000];
                for (int count = body.read(some, 0, some.length); count >= 0; count = body.read(some, 0, some.length)) {
                    out.write(some, 0, count);
                }
            });
        });
        front(Proxy.to(authority(echo)));
        Random random = new Random(1);
        for (int size : new int[] {1, 4_000, 65_536, 65_537, 900_000}) {
            byte[] bytes = new byte[size];
            random.nextBytes(bytes);
            for (String target : List.of("/length", "/stream")) {
                ClientRequest put = request("PUT", target);
                for (ClientRequest request : List.of(
                        put.withBody(bytes),
                        put.withBody(bytes).withExpectContinue(),
                        put.withStream(-1, out -> out.write(bytes)))) {
                    try (ClientResponse response = client.send(request)) {
                        assertEquals(200, response.status());
                        assertArrayEquals(bytes, response.body().bytes(), request + " of " + size);
                    }
                }
            }
        }
        assertTrue(proxy.status().client().connections() <= 4, proxy.status().toString());
    }

    /** Answers while it reads, more than all the buffers on the way hold: who did one thing at a time would hang. */
    @Test
    void bothDirectionsAtOnce() throws IOException {
        HttpServer echo = server((Handler) request -> {
            var body = request.body();
            return Response.stream(MediaType.OCTETS, out -> {
                byte[] some = new byte[50_000];
                for (int count = body.read(some, 0, some.length); count >= 0; count = body.read(some, 0, some.length)) {
                    out.write(some, 0, count);
                }
            });
        });
        // The echo's own limit of a body is what it is: so many requests instead.
        front(Proxy.builder(Upstream.builder("echo").server(authority(echo)).build())
                .heldBytesMax(0)
                .build());
        int size = 1_000_000;
        try (ClientResponse response = client.send(request("PUT", "/").withStream(size, out -> {
            byte[] piece = new byte[10_000];
            for (int i = 0; i < size / piece.length; i++) {
                out.write(piece);
                out.flush();
            }
        }))) {
            assertEquals(size, response.body().bytes().length);
        }
    }

    @Test
    void headsStatusesAndTrailers() throws IOException {
        RawServer raw = raw(peer -> {
            for (String head = peer.head(); !head.isEmpty(); head = peer.head()) {
                String target = head.split(" ")[1];
                peer.send(
                        switch (target) {
                            case "/head" -> "HTTP/1.1 200 x\r\nContent-Length: 12345\r\n\r\n";
                            case "/304" -> "HTTP/1.1 304 x\r\nETag: \"a\"\r\n\r\n";
                            case "/close" -> "HTTP/1.1 200 x\r\n\r\nall there is";
                            default ->
                                "HTTP/1.1 207 x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nSum: 1\r\n\r\n";
                        });
                if (target.equals("/close")) {
                    return;
                }
            }
        });
        front(Proxy.to(raw.authority()));
        try (RawClient one = new RawClient(front.port())) {
            assertEquals("12345", one.ask("HEAD", "/head").field("content-length"));
            RawClient.Answer unmodified = one.ask("GET", "/304");
            assertEquals("304 \"a\"", unmodified.status() + " " + unmodified.field("etag"));
        }
        assertEquals("200 all there is", get("/close"));
        try (ClientResponse response = client.send(request("GET", "/chunked"))) {
            assertEquals("207 abc", response.status() + " " + response.body().text());
            assertEquals(List.of(new Field("Sum", "1")), response.body().trailers());
        }
        String old = exchange("GET /chunked HTTP/1.0\r\n\r\n");
        assertTrue(old.endsWith("\r\n\r\nabc") && !old.contains("chunked"), old);
    }

    @Test
    void aSlowReaderMakesTheServerBehindWait() throws Exception {
        AtomicLong written = new AtomicLong();
        HttpServer endless = server((Handler) request -> Response.stream(MediaType.OCTETS, out -> {
            byte[] piece = new byte[30_000];
            for (int i = 0; i < 1_500; i++) {
                out.write(piece);
                written.addAndGet(piece.length);
            }
        }));
        front(Proxy.to(authority(endless)));
        try (ClientResponse response = client.send(request("GET", "/"))) {
            long[] last = {-1, 0};
            await("the writer to stand still", () -> {
                long now = System.nanoTime();
                if (written.get() != last[0]) {
                    last[0] = written.get();
                    last[1] = now;
                }
                return written.get() > 0 && now - last[1] > 200_000_000;
            });
            assertTrue(written.get() < 40_000_000, "written: " + written);
            long sum = 0;
            byte[] some = new byte[100_000];
            for (int n = response.body().read(some, 0, some.length);
                    n >= 0;
                    n = response.body().read(some, 0, some.length)) {
                sum += n;
            }
            assertEquals(45_000_000, sum);
        }
    }

    /** The client goes: what the server behind still sends is not taken, and its connection ends. */
    @Test
    void aClientThatLeavesEndsTheRequestBehind() throws Exception {
        CompletableFuture<Throwable> ended = new CompletableFuture<>();
        RawServer raw = raw(peer -> {
            peer.head();
            peer.send("HTTP/1.1 200 x\r\nContent-Length: 1000000000\r\n\r\n");
            String piece = "x".repeat(10_000);
            try {
                while (true) {
                    peer.send(piece);
                }
            } catch (IOException gone) {
                ended.complete(gone);
            }
        });
        front(Proxy.to(raw.authority()));
        try (RawClient one = new RawClient(front.port())) {
            one.send("GET", "/");
            assertEquals(200, one.head().status());
        }
        assertTrue(ended.get(60, TimeUnit.SECONDS) instanceof IOException);
    }

    @Test
    void aServerThatSaysNothing() throws Exception {
        CompletableFuture<Void> over = new CompletableFuture<>();
        RawServer raw = raw(peer -> {
            peer.head();
            over.get(60, TimeUnit.SECONDS);
        });
        front(Proxy.builder(Upstream.builder("one").server(raw.authority()).build())
                .limits(ClientLimits.builder().firstByteTimeoutMillis(60).build())
                .build());
        assertEquals("504", get("/").substring(0, 3));
        over.complete(null);
    }

    @Test
    void serversThatDoNotAnswerAsTheyShould(LogWatch log) throws Exception {
        log.expect("the body of the answer to GET /long failed");
        AtomicReference<String> answer = new AtomicReference<>("");
        RawServer raw = raw(peer -> {
            peer.head();
            peer.send(answer.get());
        });
        front(Proxy.builder(Upstream.builder("one")
                        .server(raw.authority())
                        .ejectAfter(0, Duration.ZERO)
                        .build())
                .build());
        for (String bad : List.of(
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
                "HTTP/1.1 200 OK\r\nX: y\r\n folded\r\n\r\n",
                "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello",
                "HTTP/1.1 20",
                "rubbish")) {
            answer.set(bad);
            assertEquals("502", get("/").substring(0, 3), bad);
        }
        answer.set("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nhello");
        String broken = exchange("GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
        assertTrue(broken.startsWith("HTTP/1.1 200 ") && broken.endsWith("\r\n\r\nhello"), broken);
        // One answer too many is nobody's.
        answer.set("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
        assertEquals("200 ok", get("/"));
        assertEquals("200 ok", get("/"));
    }

    @Test
    void theClientsOwnFaultsAreAnsweredAsEver() throws IOException {
        HttpServer sink =
                server((Handler) request -> Response.text("" + request.body().bytes().length));
        front(
                Proxy.to(authority(sink)),
                HttpLimits.builder().bodyBytesMax(100_000).build());
        String chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        assertEquals("HTTP/1.1 400", exchange(chunked + "5\r\nhello\r\nxyz\r\n").substring(0, 12));
        assertEquals(
                "HTTP/1.1 413",
                exchange(chunked + "20000\r\n" + "x".repeat(0x20000)).substring(0, 12));
        assertEquals(
                "HTTP/1.1 413",
                exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n")
                        .substring(0, 12));
        assertEquals(
                "HTTP/1.1 200", exchange(chunked + "5\r\nhello\r\n0\r\n\r\n").substring(0, 12));
        assertEquals(
                "HTTP/1.1 405", exchange("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n").substring(0, 12));
        String circle = "Via: 1.1 pumasi\r\n".repeat(Forwarding.PASSES_MAX);
        assertEquals(
                "HTTP/1.1 508",
                exchange("GET / HTTP/1.1\r\nHost: a\r\n" + circle + "\r\n").substring(0, 12));
    }

    @Test
    void aClientThatSendsTooSlowly() throws IOException {
        HttpServer sink =
                server((Handler) request -> Response.text("" + request.body().bytes().length));
        front(
                Proxy.to(authority(sink)),
                HttpLimits.builder().bodyTimeoutMillis(60).build());
        try (RawClient slow = new RawClient(front.port())) {
            slow.send("POST", "/", "Content-Length: 90000");
            assertEquals(408, slow.head().status());
        }
    }

    @Test
    void anUpgradeGoesThroughBothWays(LogWatch log) throws Exception {
        log.expect("the handler of GET / failed"); // which agrees to what it was not asked for
        HttpServer behind = server((Handler) request -> request.path().equals("/no")
                ? Response.of(426)
                : Response.upgrade("websocket", List.of(new Field("Sec-WebSocket-Accept", "yes")), tunnel -> {
                    byte[] some = new byte[5_000];
                    for (int n = tunnel.read(some, 0, some.length); n >= 0; n = tunnel.read(some, 0, some.length)) {
                        tunnel.write(some, 0, n);
                        tunnel.flush();
                    }
                    tunnel.write("bye".getBytes(StandardCharsets.US_ASCII), 0, 3);
                    tunnel.endOutput();
                }));
        front(Proxy.to(authority(behind)));
        ClientRequest asking = request("GET", "/").withUpgrade("websocket");
        assertEquals("426 ", ask(request("GET", "/no").withUpgrade("websocket")));
        CompletableFuture<String> got = new CompletableFuture<>();
        Operation<ClientResponse> sent = client.start(loops.next(), asking);
        loops.next().spawn(() -> {
            try (Tunnel tunnel = sent.await().tunnel()) {
                loops.next().spawn(() -> {
                    for (int i = 0; i < 200; i++) {
                        tunnel.write(new byte[1_000], 0, 1_000);
                    }
                    tunnel.flush();
                    tunnel.endOutput();
                });
                int count = 0;
                byte[] some = new byte[10_000];
                for (int n = tunnel.read(some, 0, some.length); n >= 0; n = tunnel.read(some, 0, some.length)) {
                    count += n;
                }
                got.complete(sent.value().header("Sec-WebSocket-Accept").orElse("") + " " + count);
            } catch (Throwable failure) {
                got.completeExceptionally(failure);
            }
        });
        assertEquals("yes 200003", got.get(60, TimeUnit.SECONDS));
        // Other protocols are not passed through: the request goes on as an ordinary one.
        assertEquals("500", ask(request("GET", "/").withUpgrade("h2c")).substring(0, 3));
    }

    private void frontOfTunnels(Duration idle, int most) throws IOException {
        HttpServer behind = server((Handler) request -> Response.upgrade("websocket", List.of(), tunnel -> {
            assertTrue(tunnel.read(new byte[10], 0, 10) < 0);
        }));
        front(Proxy.builder(Upstream.builder("one").server(authority(behind)).build())
                .tunnels(idle, most)
                .build());
    }

    @Test
    void anUpgradedConnectionThatNobodyUsesEnds() throws Exception {
        frontOfTunnels(Duration.ofMillis(60), 1);
        try (RawClient one = new RawClient(front.port())) {
            one.send("GET", "/", "Connection: Upgrade", "Upgrade: websocket");
            assertEquals(101, one.head().status());
            assertEquals(-1, one.body().read());
        }
    }

    @Test
    void upgradedConnectionsAreCounted() throws Exception {
        frontOfTunnels(Duration.ofMinutes(1), 1);
        try (RawClient one = new RawClient(front.port());
                RawClient other = new RawClient(front.port())) {
            one.send("GET", "/", "Connection: Upgrade", "Upgrade: websocket");
            assertEquals(101, one.head().status());
            other.send("GET", "/", "Connection: Upgrade", "Upgrade: websocket");
            assertEquals(503, other.head().status());
        }
    }

    @Test
    void nobodyThere() throws IOException {
        HeldPort port = opened(HeldPort.take());
        Upstream upstream =
                Upstream.builder("gone").server("127.0.0.1:" + port.number()).build();
        front(Proxy.builder(upstream).build());
        assertEquals("502", get("/").substring(0, 3));
        assertTrue(upstream.servers().getFirst().isEjected(), "ejected");
        assertEquals("502", get("/").substring(0, 3)); // a wrong verdict must not be worse than none
        upstream.servers().getFirst().drain(true);
        assertEquals("503", get("/").substring(0, 3));
        assertEquals(1, proxy.status().unserved());
    }

    @Test
    void unixDomainSockets(@TempDir Path folder) throws IOException {
        UnixDomainSocketAddress path = UnixDomainSocketAddress.of(folder.resolve("s"));
        opened(HttpServer.builder((Handler) request -> Response.text(request.host()))
                .driver(driver)
                .loops(1)
                .address(path)
                .start());
        front(Proxy.builder(Upstream.builder("local").server(path).build()).build());
        assertEquals("200 localhost", get("/"));
        assertFalse(proxy.upstream().servers().isEmpty());
    }

    /** It closes its socket, or resets the connection: what it has asked for is not worked on any longer, by anybody. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aClientThatGoesTakesItsExchangeAlong(boolean reset) throws Exception {
        CompletableFuture<Void> asked = new CompletableFuture<>();
        CompletableFuture<Integer> ended = new CompletableFuture<>();
        AtomicLong asks = new AtomicLong();
        RawServer.Script silent = peer -> {
            if (!peer.head().isEmpty()) {
                asks.incrementAndGet();
                asked.complete(null);
                ended.complete(peer.drain());
            }
        };
        front(Proxy.builder(Upstream.builder("two")
                        .server(raw(silent).authority())
                        .server(raw(silent).authority())
                        .build())
                .build());
        try (RawClient one = new RawClient(front.port())) {
            one.send("GET", "/");
            asked.get(60, TimeUnit.SECONDS);
            if (reset) {
                one.reset();
            }
        }
        assertEquals(0, ended.get(60, TimeUnit.SECONDS));
        await("the request to end", () -> front.status().open() == 0);
        assertEquals(1, asks.get(), "nobody else is tried");
        assertEquals(0, proxy.status().failures() + failures(), "no server has failed");
        assertEquals(0, front.status().handlerFailures());
    }

    @Test
    void aClientThatGoesWithinALongAnswerTakesItAlong() throws Exception {
        CompletableFuture<Void> answering = new CompletableFuture<>();
        CompletableFuture<Integer> ended = new CompletableFuture<>();
        RawServer raw = raw(peer -> {
            peer.head();
            peer.send("HTTP/1.1 200 x\r\nContent-Length: 10000000\r\n\r\nbegin");
            answering.complete(null);
            ended.complete(peer.drain());
        });
        front(Proxy.to(raw.authority()));
        try (RawClient one = new RawClient(front.port())) {
            one.send("GET", "/");
            answering.get(60, TimeUnit.SECONDS);
            one.head();
            one.reset();
        }
        assertEquals(0, ended.get(60, TimeUnit.SECONDS));
        await("the request to end", () -> front.status().open() == 0);
        assertEquals(0, front.status().handlerFailures());
        assertEquals(0, failures(), "the server has done nothing wrong");
    }

    private long failures() {
        return proxy.upstream().servers().stream()
                .mapToLong(UpstreamServer::failures)
                .sum();
    }
}
