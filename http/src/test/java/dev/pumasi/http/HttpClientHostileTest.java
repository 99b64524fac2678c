package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.ClientException.Reason;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.Scope;
import dev.pumasi.testkit.RawServer;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Servers that end, stall, lie or never stop talking. */
@OnEachDriver
final class HttpClientHostileTest extends Asking {

    private static final int SOON_MILLIS = 60;

    private static ClientRequest post(RawServer raw, int bytes) {
        return ClientRequest.post(raw.uri("/"), MediaType.OCTETS, new byte[bytes]);
    }

    /** Each answer, ended after each of its bytes: never more than was sent, never less, never for ever. */
    @Test
    void anAnswerThatEndsAtAnyByte() throws Exception {
        limits(ClientLimits.builder().retriesMax(0));
        record Case(String answer, int whole, String text) {}
        String length = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        String chunked =
                "HTTP/1.1 100 x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n";
        String close = "HTTP/1.1 200 OK\r\n\r\nhello";
        for (Case each : new Case[] {
            new Case(length, length.length(), "hello"),
            new Case(chunked, chunked.length(), "hello"),
            new Case(close, close.indexOf("hello"), "hello")
        }) {
            AtomicReference<String> part = new AtomicReference<>("");
            RawServer raw = raw(peer -> {
                peer.head();
                peer.send(part.get());
            });
            for (int end = 0; end <= each.answer.length(); end++) {
                part.set(each.answer.substring(0, end));
                ClientRequest request = ClientRequest.get(raw.uri("/"));
                if (end >= each.whole) {
                    assertEquals(
                            "200 "
                                    + (each.whole == each.answer.length()
                                            ? each.text
                                            : each.answer.substring(each.whole, end)),
                            ask(request),
                            "ended at " + end);
                } else {
                    ClientException why = refused(request);
                    boolean answered = end > 0 && !(part.get().endsWith("100 x\r\n\r\n"));
                    assertEquals(
                            answered ? Reason.CLOSED_WITHIN_ANSWER : Reason.CLOSED_BEFORE_ANSWER,
                            why.reason(),
                            "ended at " + end);
                }
            }
            assertEquals(each.answer.length() + 1, raw.connections());
        }
    }

    @Test
    void anAnswerThatIsResetAtAnyByte() throws Exception {
        limits(ClientLimits.builder().retriesMax(0));
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        AtomicReference<String> part = new AtomicReference<>("");
        RawServer raw = raw(peer -> {
            peer.head();
            peer.send(part.get());
            peer.reset();
        });
        for (int end = 0; end < answer.length(); end++) {
            part.set(answer.substring(0, end));
            Reason reason = refused(ClientRequest.get(raw.uri("/"))).reason();
            // What came before a reset may be lost with it.
            assertTrue(
                    reason == Reason.CLOSED_BEFORE_ANSWER || end > 0 && reason == Reason.CLOSED_WITHIN_ANSWER,
                    reason + " at " + end);
        }
    }

    @Test
    void anAnswerByteByByte() throws Exception {
        RawServer raw = raw(peer -> {
            while (!peer.head().isEmpty()) {
                for (char octet :
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n".toCharArray()) {
                    peer.send("" + octet);
                }
            }
        });
        assertEquals("200 hello", ask(ClientRequest.get(raw.uri("/"))));
        assertEquals("200 hello", ask(ClientRequest.get(raw.uri("/"))));
        assertEquals(1, raw.connections());
    }

    @Test
    void aHeadWithoutEnd() throws Exception {
        RawServer raw = raw(peer -> {
            peer.head();
            peer.send("HTTP/1.1 200 OK\r\n");
            while (true) {
                peer.send("X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n");
            }
        });
        assertEquals(
                Optional.of(Violation.FIELDS_TOO_MANY),
                refused(ClientRequest.get(raw.uri("/"))).violation());
    }

    @Test
    void interimAnswersWithoutEnd() throws Exception {
        RawServer raw = raw(peer -> {
            peer.head();
            while (true) {
                peer.send("HTTP/1.1 102 Processing\r\n\r\n");
            }
        });
        assertEquals(
                Optional.of(Violation.INTERIM_TOO_MANY),
                refused(ClientRequest.get(raw.uri("/"))).violation());
        assertEquals(1, client.status().violations());
    }

    @Test
    void rubbishInABody() throws Exception {
        RawServer raw = answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n");
        assertEquals(
                Optional.of(Violation.CHUNK_SIZE_MALFORMED),
                refused(ClientRequest.get(raw.uri("/"))).violation());
    }

    /** Bytes behind an answer are nobody's: they must not become the answer to the next request. */
    @Test
    void moreBytesThanAnnounced() throws Exception {
        RawServer raw = answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
                + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\npoison");
        assertEquals("200 hello", ask(ClientRequest.get(raw.uri("/"))));
        assertEquals("200 hello", ask(ClientRequest.get(raw.uri("/"))));
        assertEquals(2, raw.connections());
        assertTrue(client.status().violations() >= 2, client.status().toString());
    }

    @Test
    void bytesWhileNothingWasAsked() throws Exception {
        CompletableFuture<Void> go = new CompletableFuture<>();
        RawServer raw = raw(peer -> {
            peer.head();
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
            if (peer.number() == 1) {
                go.get(60, TimeUnit.SECONDS);
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
            }
            peer.drain();
        });
        assertEquals("200 hello", ask(ClientRequest.get(raw.uri("/"))));
        go.complete(null);
        Served.await("the connection to end", () -> client.status().open() == 0);
        assertEquals("200 hello", ask(ClientRequest.get(raw.uri("/"))));
    }

    /** One limit is short at a time, so that a machine that is slow itself does not run into another. */
    @Test
    void timeLimitsOfEachPhase() throws Exception {
        AtomicReference<String> part = new AtomicReference<>("");
        CompletableFuture<Void> over = new CompletableFuture<>();
        RawServer raw = raw(peer -> {
            peer.head();
            peer.send(part.get());
            over.get(60, TimeUnit.SECONDS);
        });
        ClientRequest get = ClientRequest.get(raw.uri("/"));
        limits(ClientLimits.builder().firstByteTimeoutMillis(SOON_MILLIS));
        assertEquals(Reason.FIRST_BYTE_TIMEOUT, refused(get).reason());
        limits(ClientLimits.builder().writeTimeoutMillis(SOON_MILLIS));
        assertEquals(Reason.WRITE_TIMEOUT, refused(post(raw, 30_000_000)).reason());
        limits(ClientLimits.builder());
        ClientException whole = refused(get.withTimeout(Duration.ofMillis(SOON_MILLIS)));
        assertEquals(Reason.WHOLE_TIMEOUT, whole.reason());
        assertTrue(whole.reason().isTimeout());
        part.set("HTTP/1.1 200 OK\r\nA");
        limits(ClientLimits.builder().headTimeoutMillis(SOON_MILLIS));
        assertEquals(Reason.HEAD_TIMEOUT, refused(get).reason());
        part.set("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
        limits(ClientLimits.builder().readTimeoutMillis(SOON_MILLIS));
        assertEquals(Reason.READ_TIMEOUT, refused(get).reason());
        over.complete(null);
    }

    /** Many servers are called slow that only have all their connections in use. */
    @Test
    void theWaitForAConnectionIsLimited() throws Exception {
        limits(ClientLimits.builder().connectionsPerOriginMax(1).waitingMax(1).connectTimeoutMillis(SOON_MILLIS));
        CompletableFuture<Void> over = new CompletableFuture<>();
        RawServer raw = raw(peer -> {
            peer.head();
            over.get(60, TimeUnit.SECONDS);
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        });
        ClientRequest request = ClientRequest.get(raw.uri("/"));
        onGreen(() -> {
            Operation<ClientResponse> first = client.start(loop, request);
            while (client.status().open() == 0) {
                Served.park(Duration.ofMillis(1));
            }
            Operation<ClientResponse> second = client.start(loop, request);
            ClientException third = assertThrows(ClientException.class, () -> client.send(request));
            assertEquals(Reason.QUEUE_FULL, third.reason());
            ClientException late = (ClientException)
                    assertThrows(IOException.class, second::await).getCause();
            assertEquals(Reason.CONNECT_TIMEOUT, late.reason());
            over.complete(null);
            assertEquals(200, first.await().status());
            return null;
        });
        assertEquals(1, raw.connections());
    }

    /** The answer comes while the body is still being sent: what is the use of sending on? */
    @Test
    void anEarlyRefusalStopsTheBody() throws Exception {
        RawServer raw = raw(peer -> {
            peer.head();
            peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
            assertTrue(peer.drain() < 40_000_000, "all of it was sent");
        });
        assertEquals("413 big", ask(post(raw, 50_000_000)));
        CompletableFuture<Throwable> writer = new CompletableFuture<>();
        assertEquals("413 big", ask(ClientRequest.of("PUT", raw.uri("/")).withStream(-1, out -> {
            try {
                while (true) {
                    out.write(new byte[10_000]);
                }
            } catch (Throwable told) {
                writer.complete(told);
                throw told;
            }
        })));
        assertTrue(writer.get(60, TimeUnit.SECONDS) instanceof IOException, "the writer has learnt of it");
    }

    @Test
    void anEarlyAgreementDoesNot() throws Exception {
        AtomicInteger whole = new AtomicInteger();
        RawServer raw = raw(peer -> {
            while (!peer.head().isEmpty()) {
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                assertEquals(5_000_000, peer.bytes(5_000_000).length());
                whole.incrementAndGet();
            }
        });
        assertEquals("200 ok", ask(post(raw, 5_000_000)));
        assertEquals("200 ok", ask(post(raw, 5_000_000)));
        Served.await("both bodies to arrive", () -> whole.get() == 2);
    }

    @Test
    void theBodysWriterFails() throws Exception {
        RawServer raw = raw(RawServer.Peer::drain);
        ClientException why = refused(ClientRequest.of("PUT", raw.uri("/")).withStream(-1, out -> {
            out.write(new byte[10]);
            throw new IllegalStateException("no more rice");
        }));
        assertEquals(Reason.BODY_FAILED, why.reason());
        assertTrue(why.getMessage().contains("no more rice"), why.getMessage());
    }

    @Test
    void continueIsWaitedForButNotForEver() throws Exception {
        limits(ClientLimits.builder().continueTimeoutMillis(SOON_MILLIS));
        AtomicReference<String> first = new AtomicReference<>();
        RawServer raw = raw(peer -> {
            assertTrue(peer.head().contains("\r\nExpect: 100-continue\r\n"), "expects");
            peer.send(first.get());
            if (first.get().contains("417")) {
                assertEquals(false, peer.head().contains("Expect"));
            }
            if (!first.get().contains("403")) {
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + peer.bytes(5));
            }
            peer.drain();
        });
        byte[] body = Wire.octets("hello");
        ClientRequest request =
                ClientRequest.post(raw.uri("/"), MediaType.TEXT, body).withExpectContinue();
        first.set("HTTP/1.1 100 Continue\r\n\r\n");
        assertEquals("200 hello", ask(request.withHeader("Connection-Is", "new")));
        client.close();
        Served.await("the connection to end", () -> client.status().open() == 0);
        limits(ClientLimits.builder().continueTimeoutMillis(SOON_MILLIS));
        first.set("");
        assertEquals("200 hello", ask(request));
        client.close();
        Served.await("the connection to end", () -> client.status().open() == 0);
        client = HttpClient.open();
        first.set("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno");
        assertEquals("403 no", ask(request));
        first.set("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");
        client.close();
        client = HttpClient.open();
    }

    @Test
    void cancellingEndsTheConnection() throws Exception {
        CompletableFuture<String> arrived = new CompletableFuture<>();
        CompletableFuture<Integer> drained = new CompletableFuture<>();
        RawServer raw = raw(peer -> {
            arrived.complete(peer.head());
            drained.complete(peer.drain());
        });
        Operation<ClientResponse> sent = client.start(loop, ClientRequest.get(raw.uri("/")));
        arrived.get(60, TimeUnit.SECONDS);
        sent.cancel();
        assertEquals(0, drained.get(60, TimeUnit.SECONDS));
        assertEquals(
                Failure.CANCELLED,
                assertThrows(OperationException.class, sent::await).failure());
    }

    @Test
    void aScopesDeadlineEndsTheWait() throws Exception {
        RawServer raw = raw(peer -> {
            peer.head();
            peer.drain();
        });
        OperationException late = onGreen(() -> {
            try (Scope scope = Scope.open(Duration.ofMillis(SOON_MILLIS))) {
                return assertThrows(OperationException.class, () -> client.send(ClientRequest.get(raw.uri("/"))));
            }
        });
        assertEquals(Failure.TIMED_OUT, late.failure());
    }

    @Test
    void aBodyClosedHalfWay() throws Exception {
        limits(ClientLimits.builder().connectionsPerOriginMax(1)); // who asks next waits for this one
        RawServer raw = raw(peer -> {
            String head = peer.head();
            while (!head.isEmpty()) {
                int size = head.contains("/long") ? 50_000_000 : 60_000;
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n");
                String piece = "x".repeat(10_000);
                for (int sent = 0; sent < size; sent += piece.length()) {
                    peer.send(piece);
                }
                head = peer.head();
            }
        });
        for (String target : new String[] {"/short", "/short", "/long", "/short"}) {
            onGreen(() -> {
                ClientResponse kept;
                try (ClientResponse response = client.send(ClientRequest.get(raw.uri(target)))) {
                    assertEquals(true, response.body().read(new byte[10], 0, 10) > 0);
                    kept = response;
                }
                assertThrows(IOException.class, () -> kept.body().bytes());
                return null;
            });
        }
        // The rest of a short one is taken in, so that its connection lives on; a long one's is not worth it.
        assertEquals(2, raw.connections());
    }

    @Test
    void sentAgainOnlyWhereThatIsSafe() throws Exception {
        RawServer raw = raw(peer -> {
            peer.head();
            if (peer.number() % 3 != 0) {
                return;
            }
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        });
        assertEquals("200 ok", ask(ClientRequest.get(raw.uri("/")).withHeader("X", "y")));
        assertEquals(3, raw.connections());
        assertEquals(Reason.CLOSED_BEFORE_ANSWER, refused(post(raw, 0)).reason());
        assertEquals(
                Reason.CLOSED_BEFORE_ANSWER,
                refused(ClientRequest.of("PUT", raw.uri("/")).withStream(0, out -> {}))
                        .reason());
        assertEquals(5, raw.connections());
        assertEquals(2, client.status().retries());
    }

    /** A server that was started anew: all connections are dead at once, and nobody notices. */
    @Test
    void deadConnectionsOfAPoolAreDroppedTogether() throws Exception {
        CompletableFuture<Void> go = new CompletableFuture<>();
        RawServer raw = raw(peer -> {
            for (String head = peer.head(); !head.isEmpty(); head = peer.head()) {
                if (head.startsWith("GET /first")) {
                    go.get(60, TimeUnit.SECONDS);
                } else if (peer.number() <= 10) {
                    return;
                }
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        });
        onGreen(() -> {
            var all = new java.util.ArrayList<Operation<ClientResponse>>();
            for (int i = 0; i < 10; i++) {
                all.add(client.start(loop, ClientRequest.get(raw.uri("/first"))));
            }
            while (raw.connections() < 10) {
                Served.park(Duration.ofMillis(1));
            }
            go.complete(null);
            for (var each : all) {
                assertEquals(200, each.await().status());
            }
            return null;
        });
        assertEquals("200 ok", ask(ClientRequest.get(raw.uri("/then"))));
        assertEquals(1, client.status().retries());
    }

    @Test
    void connectionsAreSharedOutAmongOrigins() throws Exception {
        limits(ClientLimits.builder().connectionsMax(2));
        RawServer[] raws = new RawServer[5];
        for (int i = 0; i < raws.length; i++) {
            raws[i] = answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + i);
        }
        for (int i = 0; i < 20; i++) {
            assertEquals("200 " + i % 5, ask(ClientRequest.get(raws[i % 5].uri("/"))));
            assertTrue(client.status().open() <= 2, client.status().toString());
        }
        onGreen(() -> {
            var all = new java.util.ArrayList<Operation<ClientResponse>>();
            for (int i = 0; i < 50; i++) {
                all.add(client.fetch(loop, ClientRequest.get(raws[i % 5].uri("/"))));
            }
            for (int i = 0; i < 50; i++) {
                assertEquals("" + i % 5, all.get(i).await().body().text());
            }
            return null;
        });
    }

    @Test
    void unusedConnectionsEnd() throws Exception {
        limits(ClientLimits.builder().idleTimeoutMillis(SOON_MILLIS));
        RawServer raw = answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        assertEquals("200 ", ask(ClientRequest.get(raw.uri("/"))));
        Served.await("the connection to end", () -> client.status().open() == 0);
    }
}
