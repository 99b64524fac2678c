package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostTest {

    private static boolean isValid(String host) {
        byte[] bytes = ("::" + host + "%%").getBytes(StandardCharsets.ISO_8859_1);
        return Host.isValid(Buffer.of(bytes), 2, host.length());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a",
                "localhost",
                "www.example.com",
                "www.example.com.",
                "127.0.0.1",
                "a:80",
                "a:",
                "a:65535",
                "a:00080",
                "[::1]",
                "[::1]:8080",
                "[::1]:",
                "[2001:db8::ff00:42:8329]",
                "[::ffff:192.0.2.1]:1",
                "a_b",
                "a%20b",
                "xn--9d0b4ji8b",
                "a,b"
            })
    void accepts(String host) {
        assertTrue(isValid(host), host);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ":", ":80", "a:b", "a:65536", "a:123456", "a:-1", "a:80:80", "a b", "a/b", "u@a", "a?b", "a#b", "a\\b",
                        "a\"b",
                "<a>", "a%", "a%2", "a%2g", "a%00", "h\u00f6st", "a\tb", "a\u007f", "[", "[]", "[::1", "::1", "[::1]a",
                        "[::1]80",
                "[a]", "[1:2]", "[::1%25eth0]", "[g::1]", "[1:2:3:4:5:6:7:8:9]", "{a}", "a|b", "a^b", "a`b"
            })
    void refuses(String host) {
        assertFalse(isValid(host), host);
    }
}
