package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RequestBodyTest {

    /** Gives a few bytes at a time. */
    private static final class Trickle extends RequestBody {
        private final byte[] bytes;
        private final boolean announced;
        private final long most;
        private int at;
        private boolean endSeen;

        Trickle(byte[] bytes, boolean announced, long most) {
            this.bytes = bytes;
            this.announced = announced;
            this.most = most;
        }

        @Override
        public int read(byte[] to, int offset, int length) {
            if (at == bytes.length) {
                endSeen = true;
                return -1;
            }
            int count = Math.min(Math.min(length, 1 + at % 1_500), bytes.length - at);
            System.arraycopy(bytes, at, to, offset, count);
            at += count;
            return count;
        }

        @Override
        public long length() {
            return announced ? bytes.length : -1;
        }

        @Override
        public long bytesMax() {
            return most;
        }

        @Override
        public List<Field> trailers() {
            return endSeen ? List.of(new Field("A", "b")) : List.of();
        }
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    @Test
    void bytes() throws IOException {
        for (int length : new int[] {0, 1, 8_191, 8_192, 8_193, 65_536, 65_537, 200_000}) {
            for (boolean announced : new boolean[] {true, false}) {
                for (long most : new long[] {length, length + 1, Long.MAX_VALUE}) {
                    Trickle body = new Trickle(random(length), announced, most);
                    assertArrayEquals(body.bytes, body.bytes());
                    assertEquals(1, body.trailers().size(), "the end has been read");
                }
            }
        }
    }

    @Test
    void tooLarge() {
        Trickle announced = new Trickle(random(1_001), true, 1_000);
        assertThrows(IOException.class, announced::bytes);
        assertEquals(0, announced.at, "nothing has been read");
        assertThrows(IOException.class, new Trickle(random(1_001), false, 1_000)::bytes);
        assertThrows(IOException.class, new Trickle(random(100_001), false, 100_000)::text);
    }

    @Test
    void text() throws IOException {
        byte[] bytes = "\ud488\uc557\uc774".getBytes(java.nio.charset.StandardCharsets.UTF_8);
        assertEquals("\ud488\uc557\uc774", new Trickle(bytes, true, 100).text());
    }

    @Test
    void stream() throws IOException {
        byte[] bytes = random(20_000);
        try (InputStream stream = new Trickle(bytes, false, 0).stream()) {
            assertEquals(bytes[0] & 0xff, stream.read());
            assertEquals(0, stream.read(new byte[1], 1, 0));
            byte[] rest = stream.readAllBytes();
            assertEquals(19_999, rest.length);
            assertEquals(bytes[19_999], rest[19_998]);
            assertEquals(-1, stream.read());
            assertThrows(IndexOutOfBoundsException.class, () -> stream.read(new byte[1], 1, 1));
        }
    }
}
