package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.Seed;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CanonicalPathTest {

    private static String canonical(String path) {
        byte[] bytes = path.getBytes(StandardCharsets.US_ASCII);
        int length = CanonicalPath.canonicalise(bytes, bytes.length);
        return new String(bytes, 0, length, StandardCharsets.US_ASCII);
    }

    private static String text(String path) {
        byte[] bytes = canonical(path).getBytes(StandardCharsets.US_ASCII);
        return CanonicalPath.text(bytes, bytes.length);
    }

    @ParameterizedTest
    @CsvSource({
        "/, /, /",
        "/a/b, /a/b, /a/b",
        "/a/, /a/, /a/",
        "/., /, /",
        "/./, /, /",
        "/.., /, /",
        "/../, /, /",
        "/a/.., /, /",
        "/a/../, /, /",
        "/a/., /a/, /a/",
        "/a/b/.., /a/, /a/",
        "/a/../../../b, /b, /b",
        // RFC 3986 section 5.2.4
        "/a/b/c/./../../g, /a/g, /a/g",
        "//a//..//b, //a//b, //a//b",
        "/a//../b, /a/b, /a/b",
        "/.a/..b/c./d../..., /.a/..b/c./d../..., /.a/..b/c./d../...",
        "/%61%2d%2E%5f%7e, /a-._~, /a-._~",
        "/%2e%2E/%2e./.%2e/a, /a, /a",
        "/%2f, /%2F, //",
        "/a%2f..%2Fb, /a%2F..%2Fb, /b",
        "/a/..%2f..%2f..%2fetc/passwd, /a/..%2F..%2F..%2Fetc/passwd, /etc/passwd",
        "/%252e%252e, /%252e%252e, /%2e%2e",
        "/%c3%a9, /%C3%A9, \u002f\u00e9",
        "/%ff, /%FF, /\ufffd",
        "/%20+, /%20+, '/ +'",
        "/%3f%23, /%3F%23, /?#",
    })
    void forms(String path, String canonical, String text) {
        assertEquals(canonical, canonical(path));
        assertEquals(canonical, canonical(canonical), "canonical once and for all");
        assertEquals(text, text(path));
    }

    @Test
    void encoded() {
        assertEquals("caf%C3%A9", new String(CanonicalPath.encode("caf\u00e9"), StandardCharsets.US_ASCII));
        assertEquals("a%20b.c", new String(CanonicalPath.encode("a b.c"), StandardCharsets.US_ASCII));
        assertEquals("a~b%2F", new String(CanonicalPath.encode("%61%7eb%2f"), StandardCharsets.US_ASCII));
    }

    /** Whatever a client sends, neither form climbs out of the root, and both are stable. */
    @Test
    void noWayOut() {
        long seed = Seed.fromCommandLine().value();
        Random random = new Random(seed);
        String[] parts = {"/", ".", "..", "%2e", "%2E", "%2f", "%5c", "a", "%61", "//", "%25", "..", "/../"};
        for (int round = 0; round < 100_000; round++) {
            StringBuilder path = new StringBuilder("/");
            for (int i = random.nextInt(12); i > 0; i--) {
                path.append(parts[random.nextInt(parts.length)]);
            }
            String message = path + ", seed " + seed;
            String canonical = canonical(path.toString());
            assertTrue(canonical.startsWith("/"), message);
            assertEquals(canonical, canonical(canonical), message);
            String text = text(path.toString());
            assertTrue(text.startsWith("/"), message);
            List<String> segments = new ArrayList<>(List.of(text.split("/", -1)));
            assertFalse(segments.contains("..") || segments.contains("."), message + " became " + text);
        }
    }
}
