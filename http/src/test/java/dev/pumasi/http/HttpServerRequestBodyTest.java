package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.ServerKind.Trait;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies of requests: read, read in part, not read, too large, too slow, broken off. */
@OnEachServer
@Tag("fall-back")
class HttpServerRequestBodyTest extends Served {

    private static final String CHUNKED = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

    private static final Handler ECHO = request -> {
        RequestBody body = request.body();
        String text = body.text();
        return Response.text(body.length() + " " + text + " " + body.trailers());
    };

    /** The styles that may wait for a body. */
    @ParameterizedTest
    @EnumSource(
            value = Style.class,
            names = {"GREEN", "CALLBACK_LATER"})
    void areReadWholeHoweverTheyAreFramedAndCut(Style style) throws IOException {
        Server server = serve(style.of(ECHO));
        String requests = Wire.post("/", "fixed")
                + CHUNKED + "3\r\nabc\r\n1;x=\"y\"\r\nd\r\n0\r\nA: b\r\n\r\n"
                + Wire.post("/", "")
                + Wire.get("/");
        List<String> answers = List.of("5 fixed []", "-1 abcd [Field[name=A, value=b]]", "0  []", "0  []");
        Wire wire = wire(server).send(requests);
        for (String expected : answers) {
            assertEquals(expected, wire.answer().text());
        }
        byte[] bytes = Wire.octets(requests);
        for (int cut = 1; cut < bytes.length; cut += 3) {
            long before = completions(server);
            wire.send(bytes, 0, cut);
            awaitCompletions(server, before);
            wire.send(bytes, cut, bytes.length - cut);
            for (String expected : answers) {
                assertEquals(expected, wire.answer().text(), "cut at " + cut);
            }
        }
        for (byte octet : bytes) {
            wire.send(new byte[] {octet});
        }
        for (String expected : answers) {
            assertEquals(expected, wire.answer().text(), "byte by byte");
        }
    }

    @Test
    void areReadBitByBit() throws IOException {
        Wire wire = wire(serve((Handler) request -> {
            StringBuilder text = new StringBuilder();
            byte[] three = new byte[5];
            for (int read = request.body().read(three, 1, 3);
                    read >= 0;
                    read = request.body().read(three, 1, 3)) {
                text.append(new String(three, 1, read)).append(',');
                park(Duration.ofMillis(1));
            }
            assertEquals(-1, request.body().read(three, 0, 5), "the end stays the end");
            return Response.text(text.toString());
        }));
        wire.send(Wire.post("/", "abcdefgh") + CHUNKED + "5\r\nabcde\r\n2\r\nfg\r\n0\r\n\r\n");
        assertEquals("abc,def,gh,", wire.answer().text());
        boolean asItComes = kind.has(Trait.HANDLER_BEFORE_BODY); // else it is whole, whatever its chunks were
        assertEquals(asItComes ? "abc,de,fg," : "abc,def,g,", wire.answer().text());
    }

    @ParameterizedTest
    @EnumSource(Style.class)
    void areSkippedWhenNobodyReadsThem(Style style) throws IOException {
        Wire wire = wire(serve(style.of(request -> Response.text(request.target()))));
        wire.send(Wire.post("/1", "x".repeat(100_000)) + CHUNKED.replace(" / ", " /2 ") + "186a0\r\n"
                + "y".repeat(100_000) + "\r\n0\r\n\r\n" + Wire.get("/3"));
        assertEquals("/1", wire.answer().text());
        assertEquals("/2", wire.answer().text());
        assertEquals("/3", wire.answer().text());
    }

    @Test
    void areSkippedWhenTheyAreReadInPart() throws IOException {
        Wire wire = wire(serve((Handler)
                request -> Response.text("" + request.body().read(new byte[10], 0, 10))));
        for (int i = 0; i < 3; i++) {
            wire.send(Wire.post("/", "x".repeat(50_000)));
            assertEquals("10", wire.answer().text());
        }
    }

    /** Too much to be skipped: the connection ends, but the answer arrives though the client sends first. */
    @ParameterizedTest
    @EnumSource(Style.class)
    void endTheConnectionWhenTooMuchWouldHaveToBeSkipped(Style style) throws Exception {
        Server server = serve(
                style.of(request -> Response.text("unread")),
                HttpLimits.builder().bodyBytesMax(1L << 30).build());
        Wire wire = wire(server);
        wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n" + "x".repeat(200_000));
        Wire.Answer answer = wire.answer();
        if (style == Style.GREEN && !kind.has(Trait.HANDLER_BEFORE_BODY)) {
            assertEquals(413, answer.status(), "so much is not collected for a handler");
            return;
        }
        assertEquals("unread", answer.text());
        assertTrue(answer.closes());
        wire.expectEnd();
        Wire chunks = wire(server);
        chunks.send(CHUNKED);
        assertEquals("unread", chunks.answer().text());
        try {
            for (int i = 0; i < 1_000; i++) {
                chunks.send("2000\r\n" + "x".repeat(8192) + "\r\n");
            }
        } catch (IOException closed) {
            // As it must be, sooner or later.
        }
        chunks.expectEndOrReset();
    }

    @Test
    void thatAreAnnouncedTooLargeAreRefusedBeforeTheyCome() throws IOException {
        Server server = serve(ECHO, HttpLimits.builder().bodyBytesMax(10).build());
        Wire wire = wire(server);
        assertEquals(
                "10 0123456789 []",
                wire.send(Wire.post("/", "0123456789")).answer().text());
        Wire.Answer refusal = wire.send(
                        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n")
                .answer();
        assertEquals(413, refusal.status());
        assertTrue(refusal.closes());
        wire.expectEnd();
        assertEquals(1, server.status().violations().get(Violation.BODY_TOO_LARGE));
    }

    @Test
    void thatBecomeTooLargeAreRefusedWithin() throws IOException {
        AtomicReference<Throwable> seen = new AtomicReference<>();
        Server server = serve(
                (Handler) request -> {
                    try {
                        return ECHO.handle(request);
                    } catch (IOException refused) {
                        seen.set(refused);
                        throw refused;
                    }
                },
                HttpLimits.builder().bodyBytesMax(10).build());
        Wire wire = wire(server);
        Wire.Answer refusal =
                wire.send(CHUNKED + "a\r\n0123456789\r\n1\r\n0\r\n0\r\n\r\n").answer();
        assertEquals(413, refusal.status());
        wire.expectEnd();
        await("the handler to learn of it", () -> seen.get() != null);
        assertInstanceOf(IOException.class, seen.get());
        assertTrue(seen.get().getMessage().contains("larger than the limit"), () -> "" + seen.get());
    }

    @Test
    void continueIsSentWhenTheBodyIsWantedAndOnlyThen() throws IOException {
        AtomicBoolean read = new AtomicBoolean();
        Wire wire = wire(serve((Handler) request -> {
            park(read::get);
            return Response.text(request.body().text());
        }));
        wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
        read.set(true);
        assertEquals(100, wire.answer().status());
        assertEquals("body", wire.send("body").answer().text());
        wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\nhere");
        assertEquals("here", wire.answer().text(), "none is needed when the body is there");
    }

    /** The body is read while the answer is being written: the time to say "continue" is over. */
    @Test
    void continueIsNotSentInTheMidstOfAnAnswer() throws IOException {
        Wire wire = wire(serve((Handler) request -> Response.stream(MediaType.TEXT, out -> {
            out.write(Wire.octets("read: "));
            out.flush();
            out.write(request.body().bytes());
        })));
        wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
        if (!kind.has(Trait.HANDLER_BEFORE_BODY)) {
            assertEquals(100, wire.head().status(), "the body comes before the handler is called");
            wire.send("body");
        }
        assertEquals(200, wire.head().status());
        assertEquals("read: ", new String(wire.chunk(), StandardCharsets.US_ASCII));
        if (kind.has(Trait.HANDLER_BEFORE_BODY)) {
            wire.send("body");
        }
        assertEquals("body", new String(wire.chunk(), StandardCharsets.US_ASCII));
        assertEquals(0, wire.chunk().length);
    }

    @ParameterizedTest
    @EnumSource(Style.class)
    void anAnswerWithoutTheBodyIsFinalWhenTheClientWaitsForContinue(Style style) throws IOException {
        Wire wire = wire(serve(style.of(request -> Response.of(403))));
        wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
        Wire.Answer answer = wire.answer();
        if (style == Style.GREEN && !kind.has(Trait.HANDLER_BEFORE_BODY)) {
            assertEquals(100, answer.status(), "what the handler wants cannot be known before it has all");
            assertEquals(403, wire.send("body").answer().status());
            return;
        }
        assertEquals(403, answer.status());
        assertTrue(answer.closes(), "nobody knows whether the body will come");
        wire.expectEnd();
    }

    @Test
    void thatAreTooSlowAreAnsweredWith408() throws IOException {
        Server server = serve(ECHO, HttpLimits.builder().bodyTimeoutMillis(50).build());
        Wire wire = wire(server);
        Wire.Answer answer = wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo")
                .answer();
        assertEquals(408, answer.status());
        assertTrue(answer.closes());
        wire.expectEnd();
        assertEquals(1, server.status().violations().get(Violation.BODY_TIMEOUT));
    }

    @Test
    void thatAreTooSlowToBeSkippedEndTheConnection() throws IOException {
        Server server = serve(
                Handler.nonBlocking(request -> Response.text("unread")),
                HttpLimits.builder().bodyTimeoutMillis(50).build());
        Wire wire = wire(server);
        assertEquals(
                "unread",
                wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo")
                        .answer()
                        .text());
        wire.expectEnd();
        assertEquals(1, server.status().violations().get(Violation.BODY_TIMEOUT));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aClientThatVanishesWithinIsAnIOExceptionForTheHandlerAndNoErrorInTheLog(boolean reset) throws IOException {
        AtomicReference<Throwable> seen = new AtomicReference<>();
        Server server = serve((Handler) request -> {
            try {
                return Response.text(request.body().text());
            } catch (IOException gone) {
                seen.set(gone);
                throw gone;
            }
        });
        Wire wire = wire(server);
        long before = completions(server);
        wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo");
        awaitCompletions(server, before);
        await("the handler to have begun", () -> server.status().requests() == 1);
        if (reset) {
            wire.reset();
        } else {
            assertEquals(400, wire.halfClose().answer().status());
            wire.expectEnd();
        }
        await("the handler to learn of it", () -> seen.get() != null);
        assertEquals(0, server.status().handlerFailures());
    }

    /** Regression: it was swallowed. */
    @ParameterizedTest
    @EnumSource(
            value = Style.class,
            names = {"GREEN", "CALLBACK_LATER"})
    void aMistakeOfTheHandlerIsReportedThoughTheClientIsGone(Style style, LogWatch log) throws IOException {
        log.expect("the handler of POST /mistake failed");
        Server server = serve(style.of(request -> {
            try {
                return Response.text(request.body().text());
            } catch (IOException gone) {
                throw new IllegalStateException("a mistake, and not: " + gone.getMessage());
            }
        }));
        Wire wire = wire(server);
        wire.send("POST /mistake HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo");
        await("the handler to have begun", () -> server.status().requests() == 1);
        wire.reset();
        await("the failure", () -> server.status().handlerFailures() == 1);
    }

    /** Regression: it read from the body of a later request. */
    @Test
    void cannotBeReadAfterTheAnswer() throws IOException {
        AtomicReference<RequestBody> kept = new AtomicReference<>();
        AtomicReference<Throwable> seen = new AtomicReference<>();
        Wire wire = wire(serve((Handler) request -> {
            RequestBody first = kept.get();
            if (first == null) {
                kept.set(request.body());
                return Response.text("kept");
            }
            seen.set(assertThrows(IllegalStateException.class, () -> first.read(new byte[10], 0, 10)));
            assertThrows(IllegalStateException.class, first::trailers);
            return Response.text(request.body().text());
        }));
        wire.send(Wire.post("/", "first") + Wire.post("/", "second"));
        assertEquals("kept", wire.answer().text());
        assertEquals("second", wire.answer().text());
        assertInstanceOf(IllegalStateException.class, seen.get());
    }

    /** A handler that does not read makes the client wait; nothing piles up in between. */
    @Test
    void aSlowHandlerMakesTheClientWait() throws Exception {
        int size = 64 << 20;
        AtomicBoolean go = new AtomicBoolean();
        AtomicLong sent = new AtomicLong();
        Server server = serve(
                (Handler) request -> {
                    park(go::get);
                    CRC32C sum = new CRC32C();
                    byte[] piece = new byte[50_000];
                    int pieces = 0;
                    for (int read = request.body().read(piece, 0, piece.length);
                            read >= 0;
                            read = request.body().read(piece, 0, piece.length)) {
                        sum.update(piece, 0, read);
                        if (++pieces % 200 == 0) {
                            park(Duration.ofMillis(1));
                        }
                    }
                    return Response.text("" + sum.getValue());
                },
                HttpLimits.builder().bodyBytesMax(size).build());
        Wire wire = wire(server);
        CRC32C expected = new CRC32C();
        byte[] piece = new byte[64 * 1024];
        for (int i = 0; i < piece.length; i++) {
            piece[i] = (byte) (i * 17 + (i >> 7));
        }
        for (int i = 0; i < size / piece.length; i++) {
            expected.update(piece);
        }
        wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + size + "\r\n\r\n");
        Thread sender = Thread.ofPlatform().daemon().start(() -> {
            try {
                for (int i = 0; i < size / piece.length; i++) {
                    wire.send(piece);
                    sent.addAndGet(piece.length);
                }
            } catch (IOException refused) {
                // The reader learns of it too.
            }
        });
        awaitStill("the client to come to a halt", sent);
        assertTrue(
                !kind.has(Trait.HANDLER_BEFORE_BODY) || sent.get() < size / 2,
                () -> "the client could send " + sent.get() + " bytes that nobody read");
        go.set(true);
        assertEquals("" + expected.getValue(), wire.answer().text());
        sender.join();
    }
}
