package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResponseTest {

    @Test
    void factories() {
        assertEquals(200, Response.ok().status());
        assertEquals(0, Response.ok().lengthBytes());
        assertEquals(Optional.empty(), Response.ok().type());
        assertEquals(418, Response.of(418).status());
        Response text = Response.text("\ud488\uc557\uc774");
        assertEquals(Optional.of(MediaType.TEXT), text.type());
        assertArrayEquals("\ud488\uc557\uc774".getBytes(StandardCharsets.UTF_8), text.bodyBytes());
        assertEquals(Optional.of("text/html; charset=utf-8"), Response.html("").header("content-type"));
        assertEquals(
                Optional.of("image/png"),
                Response.bytes("image/png", new byte[1]).header("Content-Type"));
        Response redirect = Response.redirect("/there").withStatus(303);
        assertEquals(303, redirect.status());
        assertEquals(Optional.of("/there"), redirect.header("location"));
        assertEquals(-1, Response.stream(MediaType.TEXT, out -> {}).lengthBytes());
        assertEquals(7, Response.stream(MediaType.TEXT, 7, out -> {}).lengthBytes());
        assertTrue(Response.stream(MediaType.TEXT, out -> {}).isStream());
        assertFalse(text.isStream());
    }

    @Test
    void isImmutable() {
        Response plain = Response.text("a");
        Response more = plain.withHeader("X-A", "1")
                .withHeader("x-a", "2")
                .withStatus(201)
                .withClose();
        assertEquals(List.of(), plain.fields());
        assertEquals(200, plain.status());
        assertFalse(plain.closes());
        assertEquals(List.of(new Field("X-A", "1"), new Field("x-a", "2")), more.fields());
        assertEquals(Optional.of("1"), more.header("X-a"));
        assertEquals(Optional.empty(), more.header("X"));
        assertEquals(201, more.status());
        assertTrue(more.closes());
        assertSame(plain.bodyBytes(), more.bodyBytes());
    }

    @Test
    void contentTypeReplaces() {
        Response response = Response.text("a").withHeader("content-TYPE", "text/css");
        assertEquals(Optional.of("text/css"), response.header("Content-Type"));
        assertEquals(List.of(), response.fields());
        assertEquals(
                Optional.of(MediaType.JSON), response.withType(MediaType.JSON).type());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"a\r\nSet-Cookie: b", "a\nb", "a\rb", "a\0b", "a\u007fb", " a", "a ", "\ta", "\u0100", "\u2028"})
    void valuesCannotEndALine(String value) {
        assertThrows(IllegalArgumentException.class, () -> Response.ok().withHeader("X", value));
        assertThrows(IllegalArgumentException.class, () -> Response.redirect(value));
        assertThrows(IllegalArgumentException.class, () -> Response.bytes(value, new byte[0]));
        assertThrows(IllegalArgumentException.class, () -> new Field("X", value));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "X:", "X Y", "X\r\n", "X\u00e9", "(", "X\0"})
    void namesAreTokens(String name) {
        assertThrows(IllegalArgumentException.class, () -> Response.ok().withHeader(name, "a"));
    }

    /** The message may end up in a log, and a log has lines too. */
    @Test
    void refusalsShowControlCharacters() {
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, () -> new Field("X", "a\r\nb"));
        assertEquals("not a value for the field X: \"a\\u000d\\u000ab\"", refusal.getMessage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length",
                "transfer-encoding",
                "CONNECTION",
                "Date",
                "Server",
                "Keep-Alive",
                "Trailer",
                "Upgrade"
            })
    void framingIsTheServers(String name) {
        assertThrows(IllegalArgumentException.class, () -> Response.ok().withHeader(name, "1"));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 100, 101, 199, 600, 1000})
    void statuses(int status) {
        assertThrows(IllegalArgumentException.class, () -> Response.of(status));
        assertThrows(IllegalArgumentException.class, () -> Response.ok().withStatus(status));
    }

    @Test
    void trailersNeedAStream() {
        assertThrows(IllegalStateException.class, () -> Response.text("a").withTrailers(List::of));
        assertThrows(
                IllegalStateException.class,
                () -> Response.stream(MediaType.TEXT, 1, out -> {}).withTrailers(List::of));
        Response response = Response.stream(MediaType.TEXT, out -> {}).withTrailers(() -> List.of(new Field("A", "b")));
        assertEquals(List.of(new Field("A", "b")), response.trailers().get());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "text",
                "/",
                "text/",
                "/plain",
                "te xt/plain",
                "text/pl ain",
                "text;a/b",
                "text/plain\r\nX: y"
            })
    void mediaTypes(String name) {
        assertThrows(IllegalArgumentException.class, () -> MediaType.of(name));
    }

    @Test
    void mediaTypesAreValues() {
        assertEquals(MediaType.TEXT, MediaType.of("text/plain; charset=utf-8"));
        assertEquals(
                MediaType.TEXT.hashCode(),
                MediaType.of("text/plain; charset=utf-8").hashCode());
        assertEquals("application/json", MediaType.JSON.toString());
        assertEquals("a/b ; c=d", MediaType.of("a/b ; c=d").name());
    }
}
