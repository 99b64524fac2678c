package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestTest {

    private static final String HEAD = "POST /a%20b/../c%2Fd?x=1&y=%EC%8C%80&x=a+b&&=z&flag HTTP/1.1\r\n"
            + "Host: pumasi.dev:8080\r\nAccept: text/html\r\nX: 1\r\nx: 2\r\nContent-Length: 7\r\n\r\n";

    @Test
    void head() {
        Request request = Heads.request(HEAD);
        assertSame("POST", request.method());
        assertEquals("/a%20b/../c%2Fd?x=1&y=%EC%8C%80&x=a+b&&=z&flag", request.target());
        assertEquals("/c/d", request.path());
        assertEquals("/a%20b/../c%2Fd", request.rawPath());
        assertEquals("x=1&y=%EC%8C%80&x=a+b&&=z&flag", request.query());
        assertEquals("HTTP/1.1", request.version());
        assertEquals("pumasi.dev:8080", request.host());
        assertEquals(7, request.contentLength());
        assertEquals(HEAD.length(), request.headBytes());
        assertEquals("client", ((java.net.InetSocketAddress) request.remoteAddress()).getHostString());
        assertEquals("Request[POST /a%20b/../c%2Fd?x=1&y=%EC%8C%80&x=a+b&&=z&flag]", request.toString());
    }

    @Test
    void headers() {
        Request request = Heads.request(HEAD);
        assertEquals(Optional.of("text/html"), request.header("accept"));
        assertEquals(Optional.of("1"), request.header("X"));
        assertEquals(List.of("1", "2"), request.headers("X"));
        assertEquals(List.of(), request.headers("Y"));
        assertEquals(Optional.empty(), request.header("Accept\u0000"));
        assertEquals(Optional.empty(), request.header("\uff38"));
        assertEquals("none", request.header("Y", "none"));
        assertEquals("text/html", request.header("ACCEPT", "none"));
        assertTrue(request.hasHeader("host"));
        assertFalse(request.hasHeader("hos"));
        assertEquals(5, request.fields().size());
        assertEquals(new Field("x", "2"), request.fields().get(3));
    }

    @Test
    void queryParameters() {
        Request request = Heads.request(HEAD);
        assertEquals(Optional.of("1"), request.queryParameter("x"));
        assertEquals(List.of("1", "a b"), request.queryParameters("x"));
        assertEquals(Optional.of("\uc300"), request.queryParameter("y"));
        assertEquals(Optional.of(""), request.queryParameter("flag"));
        assertEquals(Optional.of("z"), request.queryParameter(""));
        assertEquals(Optional.empty(), request.queryParameter("z"));
        assertEquals(Optional.empty(), Heads.get("/").queryParameter("x"));
        assertEquals(Optional.empty(), Heads.get("/?").queryParameter(""));
    }

    @ParameterizedTest
    @CsvSource({
        "a%3Db=c, a=b, c",
        "a=b=c, a, b=c",
        "a%26=%26, a&, &",
        "a%2B=+%2b, a+, ' +'",
        "a=%ff, a, \ufffd",
        "%00=%00, '\u0000', '\u0000'",
    })
    void queryDecoding(String query, String name, String value) {
        assertEquals(Optional.of(value), Heads.get("/?" + query).queryParameter(name));
    }

    @Test
    void isGoneOnceAnswered() {
        Request request = Heads.get("/a");
        assertEquals("/a", request.path());
        request.retire();
        List<Consumer<Request>> uses = List.of(
                Request::method,
                Request::target,
                Request::path,
                Request::rawPath,
                Request::query,
                r -> r.queryParameter("a"),
                Request::version,
                r -> r.header("a"),
                r -> r.header("a", ""),
                r -> r.headers("a"),
                r -> r.hasHeader("a"),
                Request::fields,
                Request::host,
                Request::contentLength,
                Request::body,
                Request::remoteAddress,
                Request::connectionNumber,
                Request::numberOnConnection,
                Request::headBytes,
                r -> r.answerHeadBytes(Response.of(200)),
                r -> r.pathParameter("a"));
        for (Consumer<Request> use : uses) {
            IllegalStateException gone = assertThrows(IllegalStateException.class, () -> use.accept(request));
            assertTrue(gone.getMessage().contains("has been answered"), gone.getMessage());
        }
        assertEquals("Request[answered]", request.toString());
    }

    @Test
    void unknownPathParameter() {
        assertThrows(IllegalArgumentException.class, () -> Heads.get("/").pathParameter("id"));
    }
}
