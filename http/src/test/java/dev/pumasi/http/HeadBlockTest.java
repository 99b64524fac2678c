package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.testkit.Seed;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HeadBlockTest {

    private static final DateTimeFormatter FIXDATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);

    @Test
    void dates() {
        HeadBlock block = new HeadBlock("Pumasi");
        long seed = Seed.fromCommandLine().value();
        Random random = new Random(seed);
        for (int round = 0; round < 100_000; round++) {
            // 1970 to 9999, and the days around leap days more often than chance would have it.
            long second = random.nextLong(253_402_300_800L);
            if (round % 4 == 0) {
                second = (random.nextLong(2_000) * 1_461 + 58 + random.nextInt(4)) * 86_400 + random.nextInt(86_400);
            }
            block.tick(second * 1_000 + random.nextInt(1_000));
            assertEquals(FIXDATE.format(Instant.ofEpochSecond(second)), block.toString(), "seed " + seed);
        }
    }

    @Test
    void changesOncePerSecond() {
        HeadBlock block = new HeadBlock("Pumasi");
        block.tick(784_111_777_000L);
        assertEquals("Sun, 06 Nov 1994 08:49:37 GMT", block.toString());
        block.tick(784_111_777_999L);
        assertEquals("Sun, 06 Nov 1994 08:49:37 GMT", block.toString());
        block.tick(784_111_778_000L);
        assertEquals("Sun, 06 Nov 1994 08:49:38 GMT", block.toString());
    }

    @Test
    void withoutServer() {
        HeadBlock block = new HeadBlock("");
        Buffer out = Buffer.allocate(100);
        int end = block.copyTo(out, 0, 200);
        assertEquals("HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n", out.latin1(0, end));
        end = block.copyTo(out, 0, 404);
        assertEquals("HTTP/1.1 404 Not Found\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n", out.latin1(0, end));
    }
}
