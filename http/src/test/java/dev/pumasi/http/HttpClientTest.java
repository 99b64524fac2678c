package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.ClientException.Reason;
import dev.pumasi.runtime.Operation;
import dev.pumasi.testkit.RawServer;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a client gets from servers that do as they should. */
@OnEachDriver
final class HttpClientTest extends Asking {

    private Server server(Endpoint endpoint) throws IOException {
        return opened(
                HttpServer.builder(endpoint).driver(driver).loops(1).port(0).start());
    }

    private static String uri(Server server, String target) {
        return "http://127.0.0.1:" + server.port() + target;
    }

    @Test
    void getsTextAndUsesTheConnectionAgain() throws Exception {
        Server server = server(Router.builder()
                .get("/hello", Handler.nonBlocking(request -> Response.text("Hello, " + request.query())))
                .build());
        for (int i = 0; i < 20; i++) {
            assertEquals("200 Hello, " + i, ask(ClientRequest.get(uri(server, "/hello?" + i))));
        }
        assertEquals("404 ", ask(ClientRequest.get(uri(server, "/nothing"))).substring(0, 4));
        assertEquals(1, client.status().connections());
        assertEquals(20, client.status().reused());
        assertEquals(21, client.status().requests());
    }

    @Test
    void sendsAndReceivesBodiesOfEachSizeAndFraming() throws Exception {
        Server server = server((Handler) request -> {
            byte[] body = request.body().bytes();
            return request.path().equals("/chunked")
                    ? Response.stream(MediaType.OCTETS, out -> out.write(body))
                    : Response.bytes(MediaType.OCTETS, body);
        });
        Random random = new Random(1);
        for (int size : new int[] {0, 1, 4000, 8_192, 16_384, 16_385, 100_000, 1_000_000}) {
            byte[] bytes = new byte[size];
            random.nextBytes(bytes);
            for (String target : List.of("/length", "/chunked")) {
                ClientRequest plain = ClientRequest.post(uri(server, target), MediaType.OCTETS, bytes);
                ClientRequest stream = ClientRequest.of("PUT", uri(server, target))
                        .withStream(-1, out -> {
                            for (int at = 0; at < bytes.length; at += 3_000) {
                                out.write(bytes, at, Math.min(3_000, bytes.length - at));
                            }
                        });
                ClientRequest known =
                        ClientRequest.of("PUT", uri(server, target)).withStream(size, out -> out.write(bytes));
                for (ClientRequest request : List.of(plain, stream, known, plain.withExpectContinue())) {
                    byte[] answer = onGreen(() -> {
                        try (ClientResponse response = client.send(request)) {
                            return response.body().bytes();
                        }
                    });
                    assertArrayEquals(bytes, answer, request + " of " + size);
                }
            }
        }
        assertEquals(1, client.status().connections());
    }

    @Test
    void headAndBodilessStatusesLeaveTheConnectionReady() throws Exception {
        RawServer raw = raw(peer -> {
            for (String head = peer.head(); !head.isEmpty(); head = peer.head()) {
                peer.send(
                        head.startsWith("HEAD")
                                ? "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
                                : head.startsWith("GET /204")
                                        ? "HTTP/1.1 204 No Content\r\n\r\n"
                                        : "HTTP/1.1 304\r\nContent-Length: 77\r\n\r\n");
            }
        });
        assertEquals("200 ", ask(ClientRequest.of("HEAD", raw.uri("/"))));
        assertEquals("204 ", ask(ClientRequest.get(raw.uri("/204"))));
        assertEquals("304 ", ask(ClientRequest.get(raw.uri("/304"))));
        assertEquals(1, raw.connections());
    }

    @Test
    void interimAnswersAreSkippedAndTrailersRead() throws Exception {
        RawServer raw = answering("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Wait\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: 1\r\nx: 2\r\n\r\n"
                + "5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nSum: 42\r\n\r\n");
        String got = onGreen(() -> {
            try (ClientResponse response = client.send(ClientRequest.get(raw.uri("/")))) {
                return response.headers("X")
                        + response.body().text()
                        + response.body().trailers();
            }
        });
        assertEquals("[1, 2]hello world[Field[name=Sum, value=42]]", got);
        assertEquals("200 hello world", ask(ClientRequest.get(raw.uri("/"))));
        assertEquals(1, raw.connections());
    }

    @Test
    void anOldServerEndsItsAnswerWithTheConnection() throws Exception {
        RawServer raw = raw(peer -> {
            peer.head();
            peer.send("HTTP/1.0 200 OK\r\n\r\nall ");
            peer.send("of it");
        });
        assertEquals("200 all of it", ask(ClientRequest.get(raw.uri("/"))));
        assertEquals("200 all of it", ask(ClientRequest.get(raw.uri("/"))));
        assertEquals(2, raw.connections());
    }

    @Test
    void whatIsWrittenIsWhatWasAsked() throws Exception {
        StringBuilder heads = new StringBuilder();
        RawServer raw = raw(peer -> {
            for (String head = peer.head(); !head.isEmpty(); head = peer.head()) {
                synchronized (heads) {
                    heads.append(head);
                }
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            }
        });
        ask(ClientRequest.get(raw.uri("/a%20b?c=d#e")).withHeader("Accept", "*/*"));
        ask(ClientRequest.of("POST", raw.uri("")));
        ask(ClientRequest.of(
                "OPTIONS",
                Origin.of("soup.example", 80).at(new java.net.InetSocketAddress("127.0.0.1", raw.port())),
                "*"));
        synchronized (heads) {
            assertEquals(
                    "GET /a%20b?c=d HTTP/1.1\r\nHost: 127.0.0.1:" + raw.port() + "\r\nAccept: */*\r\n\r\n"
                            + "POST / HTTP/1.1\r\nHost: 127.0.0.1:" + raw.port() + "\r\nContent-Length: 0\r\n\r\n"
                            + "OPTIONS * HTTP/1.1\r\nHost: soup.example\r\n\r\n",
                    heads.toString());
        }
    }

    @Test
    void manyAtOnceShareTheConnectionsThereMayBe() throws Exception {
        limits(ClientLimits.builder().connectionsPerOriginMax(4));
        Server server = server((Handler) request -> {
            Served.park(java.time.Duration.ofMillis(1));
            return Response.text(request.query());
        });
        onGreen(() -> {
            List<Operation<ClientResponse>> all = new java.util.ArrayList<>();
            for (int i = 0; i < 200; i++) {
                all.add(client.fetch(loop, ClientRequest.get(uri(server, "/?" + i))));
            }
            for (int i = 0; i < 200; i++) {
                assertEquals("" + i, all.get(i).await().body().text());
            }
            return null;
        });
        assertEquals(4, client.status().connections());
    }

    @Test
    void callbacksAndStages() throws Exception {
        Server server = server(Handler.nonBlocking(request -> Response.text("x".repeat(50_000))));
        CompletableFuture<Boolean> told = new CompletableFuture<>();
        CompletableFuture<Integer> length = new CompletableFuture<>();
        Operation<ClientResponse> fetched = client.fetch(loop, ClientRequest.get(uri(server, "/")));
        fetched.onDone(outcome -> told.complete(loop.isCurrent()));
        fetched.toStage().thenAccept(response -> {
            try {
                length.complete(response.body().text().length());
            } catch (IOException impossible) {
                length.completeExceptionally(impossible);
            }
        });
        assertEquals(true, told.get(30, TimeUnit.SECONDS));
        assertEquals(50_000, length.get(30, TimeUnit.SECONDS));
    }

    @Test
    void threadsWithoutALoopUseTheOnesTheClientWasGiven() throws Exception {
        Server server = server(Handler.nonBlocking(request -> Response.text("x".repeat(100_000))));
        try (HttpClient own = HttpClient.builder().on(loops.loops()).open();
                ClientResponse response = own.send(ClientRequest.get(uri(server, "/")))) {
            assertEquals(100_000, response.body().text().length());
        }
        IllegalStateException refusal = org.junit.jupiter.api.Assertions.assertThrows(
                IllegalStateException.class, () -> client.send(ClientRequest.get(uri(server, "/"))));
        assertTrue(refusal.getMessage().contains("HttpClient.builder().on(loops)"), refusal.getMessage());
    }

    @Test
    void unixDomainSockets(@TempDir Path folder) throws Exception {
        if (driver.equals("nio") && !Files.isDirectory(folder)) {
            throw new AssertionError(folder);
        }
        UnixDomainSocketAddress path = UnixDomainSocketAddress.of(folder.resolve("s"));
        opened(HttpServer.builder((Handler) request -> Response.text(request.host()))
                .driver(driver)
                .loops(1)
                .address(path)
                .start());
        Origin origin = Origin.of("soup.example", 80).at(path);
        assertEquals("200 soup.example", ask(ClientRequest.of("GET", origin, "/")));
        assertEquals("200 soup.example", ask(ClientRequest.of("GET", origin, "/")));
        assertEquals(1, client.status().connections());
    }

    @Test
    void theWriterOfABodyWaitsForTheServer() throws Exception {
        CompletableFuture<Void> go = new CompletableFuture<>();
        RawServer raw = raw(peer -> {
            peer.head();
            go.get(60, TimeUnit.SECONDS);
            int size = peer.bytes(30_000_000).length();
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n" + size);
        });
        java.util.concurrent.atomic.AtomicLong written = new java.util.concurrent.atomic.AtomicLong();
        CompletableFuture<String> answer = new CompletableFuture<>();
        loop.spawn(() -> {
            ClientRequest request = ClientRequest.of("PUT", raw.uri("/")).withStream(30_000_000, out -> {
                byte[] piece = new byte[30_000];
                for (int i = 0; i < 1_000; i++) {
                    out.write(piece);
                    written.addAndGet(piece.length);
                }
            });
            try (ClientResponse response = client.send(request)) {
                answer.complete(response.body().text());
            } catch (Throwable failure) {
                answer.completeExceptionally(failure);
            }
        });
        Served.await("a first piece", () -> written.get() > 0);
        Served.awaitStill("what is written", written);
        assertTrue(written.get() < 20_000_000, "written: " + written);
        go.complete(null);
        assertEquals("30000000", answer.get(60, TimeUnit.SECONDS));
    }

    @Test
    void aServerWaitsForWhoReadsSlowly() throws Exception {
        java.util.concurrent.atomic.AtomicLong written = new java.util.concurrent.atomic.AtomicLong();
        Server server = server((Handler) request -> Response.stream(MediaType.OCTETS, out -> {
            byte[] piece = new byte[30_000];
            for (int i = 0; i < 1_000; i++) {
                out.write(piece);
                written.addAndGet(piece.length);
            }
        }));
        CompletableFuture<Void> go = new CompletableFuture<>();
        CompletableFuture<Long> read = new CompletableFuture<>();
        Thread reader = Thread.ofPlatform().start(() -> {
            try (HttpClient own = HttpClient.builder().on(loops.loops()).open();
                    ClientResponse response = own.send(ClientRequest.get(uri(server, "/")))) {
                go.get(60, TimeUnit.SECONDS);
                long sum = 0;
                byte[] some = new byte[100_000];
                for (int n = response.body().read(some, 0, some.length);
                        n >= 0;
                        n = response.body().read(some, 0, some.length)) {
                    sum += n;
                }
                read.complete(sum);
            } catch (Throwable failure) {
                read.completeExceptionally(failure);
            }
        });
        Served.await("a first piece", () -> written.get() > 0);
        Served.awaitStill("what is written", written);
        assertTrue(written.get() < 20_000_000, "written: " + written);
        go.complete(null);
        assertEquals(30_000_000, read.get(60, TimeUnit.SECONDS));
        reader.join(); // it closes its client, for which the loops must be there
    }

    @Test
    void nobodyListens() throws Exception {
        int port;
        try (RawServer gone = RawServer.answering("")) {
            port = gone.port();
        }
        ClientException why = refused(ClientRequest.get("http://127.0.0.1:" + port + "/"));
        assertEquals(Reason.CONNECT_FAILED, why.reason());
        assertTrue(why.isUnsent());
        assertTrue(why.getMessage().contains("nobody listens there"), why.getMessage());
    }
}
