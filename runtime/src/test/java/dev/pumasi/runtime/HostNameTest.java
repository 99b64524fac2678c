package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class HostNameTest {

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, 127.0.0.1",
        "255.255.255.255, 255.255.255.255",
        "::1, ::1",
        "[::1], ::1",
        "2001:db8::7, 2001:db8::7",
        "::ffff:10.0.0.1, 10.0.0.1"
    })
    void addressesAreTakenAsTheyAre(String text, String address) {
        assertEquals(new HostName.Literal(InetAddress.ofLiteral(address)), HostName.of(text));
    }

    @ParameterizedTest
    @CsvSource({
        "example.org, example.org",
        "Example.ORG., example.org.",
        "db_1.internal, db_1.internal",
        "-odd-.example.org, -odd-.example.org",
        "1and1.com, 1and1.com",
        "bücher.example, xn--bcher-kva.example"
    })
    void namesAreAskedForInAsciiAndLowerCase(String text, String ascii) {
        assertEquals(new HostName.Name(ascii), HostName.of(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "LOCALHOST", "localhost.", "db.localhost"})
    void localhostIsKnown(String text) {
        assertEquals(new HostName.Loopback(), HostName.of(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"invalid", "nobody.invalid", "Nobody.Invalid."})
    void invalidNeverResolves(String text) {
        assertEquals(new HostName.Nowhere(), HostName.of(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "..",
                "a..b",
                ".a",
                "a b",
                " a",
                "a\nb",
                "a\u0000.example.org",
                "a/b",
                "a@b",
                "a%41",
                "a;b",
                "10.0.0",
                "10.0.0.256",
                "010.0.0.1",
                "127.1",
                "127.0.0.1.",
                "2130706433",
                "0x7f.0.0.1",
                "0x7f000001",
                "1.2.3.4.5",
                "[127.0.0.1]",
                "[example.org]",
                ":",
                ":::",
                "12345::1",
                "::1%no-such-interface-here",
                "\ud800.example"
            })
    void everythingElseIsMalformed(String text) {
        assertEquals(new HostName.Malformed(), HostName.of(text));
    }

    @Test
    void lengthsAreThoseOfRfc1035() {
        String label = "a".repeat(63);
        String longest = String.join(".", List.of(label, label, label, "a".repeat(61)));
        assertEquals(253, longest.length());
        assertEquals(new HostName.Name(longest), HostName.of(longest));
        assertEquals(new HostName.Name(longest + "."), HostName.of(longest + "."));
        assertEquals(new HostName.Malformed(), HostName.of(longest + "a"));
        assertEquals(new HostName.Malformed(), HostName.of("a".repeat(64) + ".org"));
        assertEquals(new HostName.Malformed(), HostName.of("ü".repeat(1_000_000)));
    }

    @Test
    void aMessageShowsNoControlCharactersAndIsShort() {
        assertEquals("a\\u000ab\\u001b[31m", HostName.printable("a\nb\u001b[31m"));
        String shown = HostName.printable("x".repeat(1_000_000));
        assertTrue(shown.length() <= HostName.CHARACTERS_MAX + 1, shown);
        assertFalse(shown.isEmpty());
    }
}
