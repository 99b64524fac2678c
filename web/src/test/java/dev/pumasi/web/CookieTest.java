package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Response;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Cookies, their signatures, and the memory of sessions. */
class CookieTest {

    private static byte[] key(int seed) {
        byte[] key = new byte[32];
        java.util.Arrays.fill(key, (byte) seed);
        return key;
    }

    @Test
    void whatIsSaidOfACookie() {
        assertEquals("a=b; Path=/; HttpOnly; SameSite=Lax", Cookie.of("a", "b").toString());
        assertEquals(
                "__Host-a=; Path=/; Secure; HttpOnly; SameSite=Lax",
                Cookie.of("__Host-a", "").secure(false).toString());
        assertEquals(
                "a=b; Path=/x; Domain=example.org; Max-Age=60; Secure; SameSite=None",
                Cookie.of("a", "b")
                        .path("/x")
                        .domain("example.org")
                        .maxAge(Duration.ofMinutes(1))
                        .secure(true)
                        .httpOnly(false)
                        .sameSite(Cookie.SameSite.NONE)
                        .toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b", "a;b", "a,b", "a\"b", "a\\b", "a\r\nb", "\u00e9"})
    void valuesThatAreNone(String value) {
        assertThrows(IllegalArgumentException.class, () -> Cookie.of("a", value));
    }

    @Test
    void cookiesThatAreNone() {
        assertThrows(IllegalArgumentException.class, () -> Cookie.of("a=b", ""));
        assertThrows(IllegalArgumentException.class, () -> Cookie.of("", ""));
        assertThrows(IllegalArgumentException.class, () -> Cookie.of("a", "x".repeat(4096)));
        assertThrows(
                IllegalArgumentException.class, () -> Cookie.of("__Host-a", "").path("/x"));
        assertThrows(
                IllegalArgumentException.class, () -> Cookie.of("__Host-a", "").domain("example.org"));
        assertThrows(IllegalArgumentException.class, () -> Cookie.of("a", "").sameSite(Cookie.SameSite.NONE));
        assertThrows(IllegalArgumentException.class, () -> Cookie.of("a", "").path("/; Secure"));
        assertThrows(IllegalArgumentException.class, () -> Cookie.of("a", "").domain("x; y"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a=b | {a=b}",
                "a=b; c=d;e=f | {a=b, c=d, e=f}",
                "a=1; a=2 | {a=1}",
                "a=\"quoted\"; b=x=y | {a=quoted, b=x=y}",
                "nothing; =x; ; a=b c; d=e | {d=e}",
            })
    void whatAClientSends(String line, String expected) throws IOException {
        try (HttpServer server = HttpServer.builder(
                        request -> Response.text(Cookie.all(request).toString()))
                .port(0)
                .start()) {
            assertEquals(
                    expected,
                    WholeAnswer.to(server.port(), "GET", "/", "Cookie: " + line).text());
            assertEquals(
                    "{z=1}",
                    WholeAnswer.to(
                                    server.port(),
                                    "GET",
                                    "/",
                                    "Cookie: a=" + "x".repeat(4096),
                                    "Cookie: z=1" + ";=".repeat(200) + "; late=1")
                            .text());
        }
    }

    @Test
    void signaturesAndTheirKeys() {
        CookieKeys old = CookieKeys.of(key(1));
        CookieKeys both = CookieKeys.of(key(2), key(1));
        CookieKeys fresh = CookieKeys.of(key(2));
        String signed = old.sign(Cookie.of("a", "x.y")).value();
        assertEquals(Optional.of("x.y"), old.verify("a", signed));
        assertEquals(Optional.of("x.y"), both.verify("a", signed));
        assertEquals(Optional.empty(), fresh.verify("a", signed));
        assertEquals(Optional.empty(), old.verify("b", signed));
        assertEquals(
                Optional.of("x.y"),
                fresh.verify("a", both.sign(Cookie.of("a", "x.y")).value()));
        for (int i = 0; i < signed.length() - 1; i++) { // the last character has two bits to spare
            String other = signed.substring(0, i) + (signed.charAt(i) == 'A' ? 'B' : 'A') + signed.substring(i + 1);
            assertEquals(Optional.empty(), old.verify("a", other), other);
        }
        assertEquals(Optional.empty(), old.verify("a", ""));
        assertEquals(Optional.empty(), old.verify("a", "x"));
        assertThrows(IllegalArgumentException.class, () -> CookieKeys.of(new byte[31]));
        assertThrows(IllegalArgumentException.class, CookieKeys::of);
    }

    @Test
    void memoryForgetsWhoWasNotSeenForTheLongestTime() throws IOException {
        MemorySessions sessions = new MemorySessions(160);
        for (int i = 0; i < 10_000; i++) {
            sessions.save("key" + i, new SessionStore.Stored(Map.of(), 0, i), i + 1_000_000);
        }
        assertEquals(160, sessions.size());
        assertEquals(10_000 - 160, sessions.forgotten());
        assertEquals(null, sessions.load("key0"));
        assertEquals(9_999, sessions.load("key9999").seenMillis());
        for (int i = 0; i < 100; i++) { // a day later: those before have expired
            sessions.save("late" + i, new SessionStore.Stored(Map.of(), 0, 86_400_000), 90_000_000);
        }
        assertEquals(100, sessions.size());
    }
}
