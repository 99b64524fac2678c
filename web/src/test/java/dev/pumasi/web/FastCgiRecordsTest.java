package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.Seed;
import dev.pumasi.testkit.SeedParameter;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Records, whole and cut, good and spoilt. */
@ExtendWith(SeedParameter.class)
class FastCgiRecordsTest {

    /** What was made of bytes. */
    private static final class Heard implements FastCgiRecords.Decoder.Receiver {

        final ByteArrayOutputStream output = new ByteArrayOutputStream();
        final ByteArrayOutputStream complaints = new ByteArrayOutputStream();
        int status = -1;

        @Override
        public void output(byte[] bytes, int offset, int length) {
            assertTrue(length > 0);
            output.write(bytes, offset, length);
        }

        @Override
        public void complaint(byte[] bytes, int offset, int length) {
            complaints.write(bytes, offset, length);
        }

        @Override
        public void ended(int protocolStatus) {
            status = protocolStatus;
        }

        @Override
        public String toString() {
            return output.toString(StandardCharsets.ISO_8859_1) + "|" + complaints.toString(StandardCharsets.ISO_8859_1)
                    + "|" + status;
        }
    }

    private static String outcome(byte[] bytes, Random cuts) {
        Heard heard = new Heard();
        FastCgiRecords.Decoder decoder = new FastCgiRecords.Decoder(heard);
        try {
            int at = 0;
            while (at < bytes.length) {
                int count = cuts == null ? bytes.length : Math.min(bytes.length - at, 1 + cuts.nextInt(9));
                decoder.feed(bytes, at, count);
                at += count;
            }
            return heard + (decoder.isOver() ? " over" : " more");
        } catch (FastCgiRecords.BrokenException broken) {
            return heard + " " + broken.getMessage();
        }
    }

    @Test
    void anOpening() {
        String opening = HexFormat.of().formatHex(FastCgiRecords.opening(Map.of("A", "b")));
        assertEquals(
                "0101000100080000" + "0001010000000000" + "0104000100040000" + "01014162" + "0104000100000000",
                opening);
        byte[] large = FastCgiRecords.opening(Map.of("A", "x".repeat(200_000)));
        assertTrue(HexFormat.of().formatHex(large).contains("0180030d40417878"));
        assertEquals(8 + 8 + 4 * 8 + 200_000 + 6 + 8, large.length);
    }

    @Test
    void anAnswer() {
        byte[] answer = HexFormat.of()
                .parseHex("0106000100030500" + "414243" + "0000000000" + "0107000100010000" + "44" + "0106000100000000"
                        + "0103000100080000" + "0000000100000000");
        assertEquals("ABC|D|0 over", outcome(answer, null));
        assertFalse(
                outcome(HexFormat.of().parseHex("0106000100030500414243"), null).endsWith("over"));
        byte[] more = java.util.Arrays.copyOf(answer, answer.length + 1);
        assertTrue(outcome(more, null).endsWith("bytes behind the end of an answer"));
    }

    /** However the bytes are spoilt and cut, the outcome is the same, and no other exception comes out. */
    @Test
    void spoiltAnswers(Seed seed) {
        Random random = new Random(seed.value());
        for (int round = 0; round < 50_000; round++) {
            ByteArrayOutputStream made = new ByteArrayOutputStream();
            for (int record = random.nextInt(5); record >= 0; record--) {
                byte[] content = new byte[random.nextInt(30)];
                random.nextBytes(content);
                made.writeBytes(FastCgiPeer.record(random.nextInt(4) == 0 ? 7 : 6, content, random.nextInt(9)));
            }
            made.writeBytes(FastCgiPeer.end(random.nextInt(4)));
            byte[] bytes = made.toByteArray();
            for (int change = random.nextInt(3); change > 0; change--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            String whole = outcome(bytes, null);
            assertEquals(
                    whole,
                    outcome(bytes, random),
                    () -> "seed " + seed + ": " + HexFormat.of().formatHex(bytes));
        }
    }
}
