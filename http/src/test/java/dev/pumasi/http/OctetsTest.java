package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.testkit.Seed;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OctetsTest {

    @Test
    void kinds() {
        for (int b = 0; b < 256; b++) {
            byte octet = (byte) b;
            boolean alphanumeric = b < 128 && Character.isLetterOrDigit(b);
            assertEquals(alphanumeric || in(b, "!#$%&'*+-.^_`|~"), Octets.is(Octets.TOKEN, octet), "token " + b);
            assertEquals(b == '\t' || b >= 0x20 && b != 0x7f, Octets.is(Octets.VALUE, octet), "value " + b);
            assertEquals(alphanumeric || in(b, "-._~"), Octets.is(Octets.UNRESERVED, octet), "unreserved " + b);
            boolean bad = b <= 0x20 || b >= 0x7f || in(b, "%\"<>#");
            assertEquals(!bad, Octets.is(Octets.QUERY, octet), "query " + b);
            assertEquals(!bad && !in(b, ".?\\^`{}"), Octets.is(Octets.PATH, octet), "path " + b);
            assertEquals(alphanumeric || in(b, "-._~!$&'()*+,;="), Octets.is(Octets.HOST, octet), "host " + b);
            assertEquals(b < 128 ? Character.digit(b, 16) : -1, Octets.hex(octet), "hex " + b);
            assertEquals(b < 128 ? Character.toLowerCase(b) : b, Octets.lower(octet) & 0xff, "lower " + b);
        }
    }

    private static boolean in(int b, String set) {
        return set.indexOf(b) >= 0;
    }

    /** The first mark is right for every byte at every place, whatever the others are. */
    @Test
    void words() {
        long seed = Seed.fromCommandLine().value();
        Random random = new Random(seed);
        for (int round = 0; round < 300_000; round++) {
            byte[] bytes = new byte[8];
            for (int i = 0; i < 8; i++) {
                // Bytes near the borders more often than others.
                int pick = random.nextInt(4);
                bytes[i] = (byte)
                        (pick == 0
                                ? random.nextInt(256)
                                : pick == 1 ? 0x1e + random.nextInt(4) : 0x7d + random.nextInt(5));
            }
            long word = Buffer.of(bytes).getLong(0);
            int control = 0;
            while (control < 8 && (bytes[control] & 0xff) >= 0x20 && bytes[control] != 0x7f) {
                control++;
            }
            assertEquals(control, Octets.first(Octets.controls(word)), "seed " + seed);
        }
    }

    @Test
    void lineFeeds() {
        byte[] bytes = new byte[40];
        for (int at = 0; at < bytes.length; at++) {
            bytes[at] = '\n';
            Buffer in = Buffer.of(bytes);
            for (int from = 0; from <= bytes.length; from++) {
                for (int to = from; to <= bytes.length; to++) {
                    assertEquals(from <= at && at < to ? at : -1, Octets.indexOfLineFeed(in, from, to));
                }
            }
            bytes[at] = 11;
        }
    }

    @Test
    void comparison() {
        Buffer in = Buffer.of("xContent-Length\u0000@[`{");
        assertTrue(Octets.equalsIgnoreCase(in, 1, "CONTENT-length"));
        assertFalse(Octets.equalsIgnoreCase(in, 1, "content_length"));
        // Characters that differ in the bit that makes letters small, and are none.
        assertFalse(Octets.equalsIgnoreCase(in, 15, " "));
        assertFalse(Octets.equalsIgnoreCase(in, 16, "`"));
        assertFalse(Octets.equalsIgnoreCase(in, 17, "{"));
        assertFalse(Octets.equalsIgnoreCase(in, 1, "\u0143"));
        assertFalse(Octets.all(Octets.TOKEN, ""));
        assertFalse(Octets.all(Octets.TOKEN, "\u0161"));
    }
}
