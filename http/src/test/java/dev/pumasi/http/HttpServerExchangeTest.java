package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests and answers, whole, in pieces and in bulk, on each driver and in each style of handler. */
@ParameterizedClass(name = "{0}, {1}")
@Tag("each-server")
@MethodSource("dev.pumasi.http.ServersHere#andStyles")
@Tag("fall-back")
class HttpServerExchangeTest extends Served {

    @Parameter(1)
    Style style;

    private Server serveEcho() throws IOException {
        return serve(style.of(request -> Response.text(request.method() + " " + request.target())));
    }

    @Test
    void answersOneAfterAnotherOnOneConnection() throws IOException {
        Server server = serveEcho();
        Wire wire = wire(server);
        for (int i = 0; i < 3; i++) {
            Wire.Answer answer = wire.send(Wire.get("/a?n=" + i)).answer();
            assertEquals(200, answer.status());
            assertEquals("GET /a?n=" + i, answer.text());
            assertEquals(Optional.of("pumasi"), answer.header("Server"));
            assertEquals(
                    Optional.of("text/plain; charset=utf-8"),
                    answer.header("Content-Type").map(String::toLowerCase));
            assertTrue(answer.header("Date").orElseThrow().endsWith(" GMT"));
            assertEquals(Optional.empty(), answer.header("Connection"));
        }
        assertEquals(3, server.status().requests());
        assertEquals(1, server.status().connections());
    }

    @Test
    void closesAfterHttp10UnlessAskedToStay() throws IOException {
        Server server = serveEcho();
        Wire once = wire(server);
        assertEquals(
                "GET /once", once.send("GET /once HTTP/1.0\r\n\r\n").answer().text());
        once.expectEnd();
        Wire stays = wire(server);
        for (int i = 0; i < 2; i++) {
            Wire.Answer answer = stays.send("GET /stay HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                    .answer();
            assertEquals(Optional.of("keep-alive"), answer.header("Connection"));
            assertEquals("GET /stay", answer.text());
        }
    }

    @Test
    void closesWhenTheClientAsksForIt() throws IOException {
        Wire wire = wire(serveEcho());
        Wire.Answer answer = wire.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                .answer();
        assertTrue(answer.closes());
        wire.expectEnd();
    }

    @Test
    void answersHeadWithoutTheBody() throws IOException {
        Wire wire = wire(serveEcho());
        wire.send("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n" + Wire.get("/g"));
        assertEquals(Optional.of("7"), wire.answerToHead().header("Content-Length"));
        assertEquals("GET /g", wire.answer().text());
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 1000})
    void answersRequestsSentTogetherInTheirOrder(int count) throws IOException {
        Wire wire = wire(serveEcho());
        wire.send(IntStream.range(0, count).mapToObj(i -> Wire.get("/" + i)).collect(Collectors.joining()));
        for (int i = 0; i < count; i++) {
            assertEquals("GET /" + i, wire.answer().text());
        }
        assertFalse(wire.hasMore());
    }

    @Test
    void takesRequestsCutInTwoAtAnyByte() throws IOException {
        Server server = serve(style.of(request -> Response.text(request.target() + request.header("A", "none"))));
        byte[] requests = Wire.octets("GET /1 HTTP/1.1\r\nHost: a\r\nA: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\n");
        Wire wire = wire(server);
        for (int cut = 1; cut < requests.length; cut++) {
            long before = completions(server);
            wire.send(requests, 0, cut);
            awaitCompletions(server, before);
            wire.send(requests, cut, requests.length - cut);
            assertEquals("/1x", wire.answer().text(), "cut at " + cut);
            assertEquals("/2none", wire.answer().text(), "cut at " + cut);
        }
    }

    @Test
    void takesRequestsByteByByte() throws IOException {
        Wire wire = wire(serveEcho());
        byte[] requests = Wire.octets(Wire.get("/1") + Wire.get("/2"));
        for (int i = 0; i < requests.length; i++) {
            wire.send(requests, i, 1);
        }
        assertEquals("GET /1", wire.answer().text());
        assertEquals("GET /2", wire.answer().text());
    }

    @Test
    void takesHeadsUpToTheLimit() throws IOException {
        HttpLimits limits = HttpLimits.DEFAULTS;
        Server server = serve(
                style.of(request -> Response.text(request.fields().size() + " "
                        + request.fields().stream()
                                .mapToInt(field -> field.value().hashCode())
                                .sum())),
                limits);
        StringBuilder head = new StringBuilder("GET / HTTP/1.1\r\nHost: a\r\n");
        int sum = "a".hashCode();
        int fields = 1;
        for (int left = limits.headBytesMax() - head.length() - 2; left > 0; ) {
            int line = left > 2 * limits.fieldLineBytesMax() ? limits.fieldLineBytesMax() : Math.min(left, 5_000);
            line = left - line < 100 ? left : line;
            String value = String.valueOf((char) ('a' + fields)).repeat(line - "X: \r\n".length());
            head.append("X: ").append(value).append("\r\n");
            sum += value.hashCode();
            fields++;
            left -= line;
        }
        head.append("\r\n");
        assertEquals(limits.headBytesMax(), head.length());
        Wire wire = wire(server);
        wire.send(head + Wire.get("/")).send(head.toString());
        assertEquals(fields + " " + sum, wire.answer().text());
        assertEquals("1 " + "pumasi.dev".hashCode(), wire.answer().text());
        assertEquals(fields + " " + sum, wire.answer().text());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 8191, 8192, 8193, 16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 5 << 20})
    void sendsBodiesOfAnySize(int size) throws IOException {
        byte[] body = new byte[size];
        for (int i = 0; i < size; i++) {
            body[i] = (byte) (i * 31 + (i >> 8));
        }
        Wire wire = wire(serve(style.of(request -> Response.bytes(MediaType.TEXT, body))));
        wire.send(Wire.get("/") + Wire.get("/"));
        assertArrayEquals(body, wire.answer().body());
        assertArrayEquals(body, wire.answer().body());
    }

    @ParameterizedTest
    @ValueSource(ints = {7, 9, 60})
    void sendsHeadsOfAnySize(int kibibytes) throws IOException {
        Response enormous = Response.text("body");
        for (int i = 0; i < kibibytes; i++) {
            enormous = enormous.withHeader(
                    "X-" + i, String.valueOf((char) ('a' + i % 26)).repeat(1016));
        }
        Response response = enormous;
        Wire wire = wire(serve(style.of(request -> response)));
        wire.send(Wire.get("/") + Wire.get("/"));
        for (int n = 0; n < 2; n++) {
            Wire.Answer answer = wire.answer();
            assertEquals("body", answer.text());
            for (int i = 0; i < kibibytes; i++) {
                assertEquals(
                        String.valueOf((char) ('a' + i % 26)).repeat(1016),
                        answer.header("X-" + i).orElseThrow());
            }
        }
    }

    @Test
    void answers500WhenTheHandlerThrowsAndReportsItOnce(LogWatch log) throws IOException {
        log.expect("the handler of GET /bang failed");
        Server server = serve(style.of(request -> {
            if (request.path().equals("/bang")) {
                throw new IllegalStateException("bang");
            }
            return Response.ok();
        }));
        Wire wire = wire(server);
        for (int i = 0; i < 3; i++) {
            wire.send(Wire.get("/bang"));
            assertEquals(500, wire.answer().status());
        }
        assertEquals(200, wire.send(Wire.get("/")).answer().status(), "the connection lives");
        assertEquals(3, server.status().handlerFailures());
        List<String> reports =
                log.messages().stream().filter(line -> line.contains("bang")).toList();
        assertEquals(1, reports.size(), () -> "reported once: " + reports);
    }

    @Test
    @SuppressWarnings("NullAway") // what must not be is tried
    void answers500WhenTheHandlerReturnsNull(LogWatch log) throws IOException {
        log.expect("the handler of GET /null failed");
        Server server = serve(style.of(request -> request.path().equals("/null") ? null : Response.ok()));
        Wire wire = wire(server);
        assertEquals(500, wire.send(Wire.get("/null")).answer().status());
        assertEquals(200, wire.send(Wire.get("/")).answer().status());
        assertEquals(1, server.status().handlerFailures());
    }

    @Test
    void requestsCannotBeUsedAfterTheirAnswer() throws IOException {
        AtomicReference<Request> kept = new AtomicReference<>();
        Server server = serve(style.of(request -> {
            kept.compareAndSet(null, request);
            return Response.ok();
        }));
        Wire wire = wire(server);
        wire.send(Wire.get("/1")).answer();
        wire.send(Wire.get("/2")).answer();
        Request first = kept.get();
        assertThrows(IllegalStateException.class, first::method);
        assertThrows(IllegalStateException.class, () -> first.header("Host"));
        assertThrows(IllegalStateException.class, first::body);
    }
}
