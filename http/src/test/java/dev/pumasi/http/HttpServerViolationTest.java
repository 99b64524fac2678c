package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every way to break the protocol: the answer, the count, and that the client can read it. */
@OnEachServer
class HttpServerViolationTest extends Served {

    private static final HttpLimits LIMITS = HttpLimits.builder()
            .requestLineBytesMax(256)
            .fieldLineBytesMax(256)
            .headBytesMax(1024)
            .fieldsMax(10)
            .bodyBytesMax(100)
            .chunkLineBytesMax(64)
            .chunkExtensionBytesMax(100)
            .trailerBytesMax(200)
            .trailersMax(3)
            .build();

    /** Those of time, of connections that end, and of answers, which have tests of their own. */
    private static final Set<Violation> ELSEWHERE = EnumSet.of(
            Violation.HEAD_TIMEOUT,
            Violation.BODY_TIMEOUT,
            Violation.HEAD_INCOMPLETE,
            Violation.BODY_INCOMPLETE,
            Violation.STATUS_LINE_MALFORMED,
            Violation.STATUS_LINE_TOO_LONG,
            Violation.STATUS_OUT_OF_RANGE,
            Violation.INTERIM_TOO_MANY,
            Violation.UPGRADE_UNASKED,
            Violation.BYTES_UNASKED);

    private static final Map<Violation, String> REQUESTS = requests();

    private static Map<Violation, String> requests() {
        Map<Violation, String> all = new EnumMap<>(Violation.class);
        String line = "GET / HTTP/1.1\r\n";
        String host = line + "Host: a\r\n";
        all.put(Violation.BARE_CR, line + "Host: a\rb\r\n\r\n");
        all.put(Violation.BARE_LF, line + "Host: a\n\r\n");
        all.put(Violation.EMPTY_LINES, "\r\n".repeat(20) + host + "\r\n");
        all.put(Violation.REQUEST_LINE_MALFORMED, "GET  / HTTP/1.1\r\n\r\n");
        all.put(Violation.METHOD_MALFORMED, "G(T / HTTP/1.1\r\n\r\n");
        all.put(Violation.METHOD_TOO_LONG, "G".repeat(100) + " / HTTP/1.1\r\n\r\n");
        all.put(Violation.METHOD_CONNECT, "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n");
        all.put(Violation.TARGET_MALFORMED, "GET /\"a HTTP/1.1\r\nHost: a\r\n\r\n");
        all.put(Violation.TARGET_PERCENT, "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n");
        all.put(Violation.TARGET_FORM, "GET * HTTP/1.1\r\nHost: a\r\n\r\n");
        all.put(Violation.TARGET_TOO_LONG, "GET /" + "a".repeat(300) + " HTTP/1.1\r\nHost: a\r\n\r\n");
        all.put(Violation.VERSION_MALFORMED, "GET / HTTP/1.x\r\nHost: a\r\n\r\n");
        all.put(Violation.VERSION_UNSUPPORTED, "GET / HTTP/2.0\r\nHost: a\r\n\r\n");
        all.put(Violation.FIELD_NAME_MALFORMED, host + "a(b: c\r\n\r\n");
        all.put(Violation.FIELD_NAME_SPACE, host + "a : c\r\n\r\n");
        all.put(Violation.FIELD_VALUE_CONTROL, host + "a: \1\r\n\r\n");
        all.put(Violation.OBS_FOLD, host + "a: b\r\n c\r\n\r\n");
        all.put(Violation.SPACE_BEFORE_FIELDS, line + " Host: a\r\n\r\n");
        all.put(Violation.FIELD_TOO_LONG, host + "a: " + "b".repeat(300) + "\r\n\r\n");
        all.put(Violation.FIELDS_TOO_MANY, host + "a: b\r\n".repeat(20) + "\r\n");
        all.put(Violation.HEAD_TOO_LARGE, host + ("a: " + "b".repeat(200) + "\r\n").repeat(6) + "\r\n");
        all.put(Violation.HOST_MISSING, line + "\r\n");
        all.put(Violation.HOST_REPEATED, host + "Host: a\r\n\r\n");
        all.put(Violation.HOST_MALFORMED, line + "Host: a b\r\n\r\n");
        all.put(Violation.CONTENT_LENGTH_MALFORMED, host + "Content-Length: +1\r\n\r\n");
        all.put(Violation.CONTENT_LENGTH_REPEATED, host + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n");
        all.put(Violation.CONTENT_LENGTH_OVERFLOW, host + "Content-Length: " + "9".repeat(30) + "\r\n\r\n");
        String chunked = host + "Transfer-Encoding: chunked\r\n";
        all.put(Violation.LENGTH_AND_TRANSFER_ENCODING, chunked + "Content-Length: 1\r\n\r\n");
        all.put(Violation.TRANSFER_ENCODING_MALFORMED, host + "Transfer-Encoding: chunked, chunked\r\n\r\n");
        all.put(Violation.TRANSFER_ENCODING_REPEATED, chunked + "Transfer-Encoding: chunked\r\n\r\n");
        all.put(Violation.TRANSFER_ENCODING_UNKNOWN, host + "Transfer-Encoding: gzip, chunked\r\n\r\n");
        all.put(Violation.TRANSFER_ENCODING_HTTP_1_0, "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n");
        all.put(Violation.EXPECTATION_UNKNOWN, host + "Expect: wonders\r\n\r\n");
        all.put(Violation.BODY_TOO_LARGE, chunked + "\r\n64\r\n" + "b".repeat(100) + "\r\n1\r\nb\r\n0\r\n\r\n");
        all.put(Violation.CHUNK_SIZE_MALFORMED, chunked + "\r\nx\r\n");
        all.put(Violation.CHUNK_SIZE_OVERFLOW, chunked + "\r\n" + "f".repeat(30) + "\r\n");
        all.put(Violation.CHUNK_EXTENSION_MALFORMED, chunked + "\r\n1;=\r\nb\r\n0\r\n\r\n");
        all.put(Violation.CHUNK_LINE_TOO_LONG, chunked + "\r\n1;a=" + "b".repeat(100) + "\r\nb\r\n0\r\n\r\n");
        all.put(
                Violation.CHUNK_EXTENSIONS_TOO_LARGE,
                chunked + "\r\n" + ("1;a=" + "b".repeat(40) + "\r\nb\r\n").repeat(5) + "0\r\n\r\n");
        all.put(Violation.CHUNK_END_MISSING, chunked + "\r\n1\r\nbb\r\n");
        all.put(Violation.TRAILER_FORBIDDEN, chunked + "\r\n0\r\nHost: b\r\n\r\n");
        all.put(Violation.TRAILERS_TOO_MANY, chunked + "\r\n0\r\n" + "a: b\r\n".repeat(5) + "\r\n");
        all.put(
                Violation.TRAILERS_TOO_LARGE,
                chunked + "\r\n0\r\n" + ("a: " + "b".repeat(100) + "\r\n").repeat(3) + "\r\n");
        return all;
    }

    @Test
    void noneIsForgotten() {
        assertEquals(EnumSet.complementOf(EnumSet.copyOf(ELSEWHERE)), REQUESTS.keySet());
    }

    /** Behind a good request, and with a client that goes on sending what nobody will read. */
    @ParameterizedTest
    @EnumSource(Style.class)
    void isAnsweredWithItsStatusAndTheEndOfTheConnection(Style style) throws IOException {
        Server server = serve(
                style == Style.GREEN || style == Style.CALLBACK_LATER
                        ? style.of(request ->
                                Response.bytes(MediaType.TEXT, request.body().bytes()))
                        : style.of(request -> Response.ok()),
                LIMITS);
        for (Map.Entry<Violation, String> entry : REQUESTS.entrySet()) {
            Violation violation = entry.getKey();
            if (isOfTheBody(violation) && style != Style.GREEN && style != Style.CALLBACK_LATER) {
                continue; // nobody reads it
            }
            Wire wire = wire(server);
            wire.send(Wire.get("/") + entry.getValue()).sendInVain(new byte[100_000]);
            assertEquals(200, wire.answer().status(), violation::name);
            Wire.Answer answer = wire.answer();
            assertEquals(violation.status(), answer.status(), violation::name);
            assertTrue(answer.closes(), violation::name);
            assertTrue(answer.text().contains(violation.source()), () -> violation + ": " + answer.text());
            assertTrue(answer.text().contains(violation.text()), () -> violation + ": " + answer.text());
            wire.expectEnd();
            wire.close();
            assertEquals(1, server.status().violations().get(violation), violation::name);
        }
    }

    private static boolean isOfTheBody(Violation violation) {
        return violation.name().startsWith("CHUNK")
                || violation.name().startsWith("TRAILER")
                || violation == Violation.BODY_TOO_LARGE;
    }

    /** What the server finds wrong while it skips a body comes after the answer: the connection just ends. */
    @Test
    void aBodyThatNobodyReadsEndsTheConnectionWhenItIsBroken() throws IOException {
        Server server = serve(Handler.nonBlocking(request -> Response.text("unread")), LIMITS);
        for (Map.Entry<Violation, String> entry : REQUESTS.entrySet()) {
            if (isOfTheBody(entry.getKey())) {
                Wire wire = wire(server);
                wire.send(entry.getValue());
                assertEquals("unread", wire.answer().text());
                wire.expectEnd();
                wire.close();
                assertEquals(1, server.status().violations().get(entry.getKey()), entry.getKey()::name);
            }
        }
    }

    @Test
    void rubbishIsRefused() throws IOException {
        Server server = serve(Handler.nonBlocking(request -> Response.ok()));
        byte[] rubbish = new byte[64 * 1024];
        for (int i = 0; i < rubbish.length; i++) {
            rubbish[i] = (byte) (i * 7 + 128);
        }
        Wire wire = wire(server);
        Wire.Answer answer = wire.send(rubbish).answer();
        assertEquals(400, answer.status());
        wire.expectEnd();
        assertEquals(200, wire(server).send(Wire.get("/")).answer().status(), "the server lives");
    }

    @Test
    void halfARequestAndThenTheEndIsAnswered() throws IOException {
        Server server = serve(Handler.nonBlocking(request -> Response.ok()));
        Wire wire = wire(server);
        Wire.Answer answer = wire.send("GET / HTTP/1.1\r\nHo").halfClose().answer();
        assertEquals(400, answer.status());
        wire.expectEnd();
        assertEquals(1, server.status().violations().get(Violation.HEAD_INCOMPLETE));
        assertEquals(1, server.status().broken());
    }

    @Test
    void halfARequestAndThenAVanishedClientIsForgotten() throws IOException {
        Server server = serve(Handler.nonBlocking(request -> Response.ok()));
        Wire wire = wire(server);
        long before = completions(server);
        wire.send("GET / HTTP/1.1\r\nHo");
        awaitCompletions(server, before);
        wire.reset();
        await(
                "the connection to end",
                () -> server.status().broken() == 1 && server.status().open() == 0);
    }
}
