package dev.pumasi.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * The body of a message, read as it arrives: what is not read is not taken from the other end, beyond a few buffers. See
 * {@link RequestBody} and {@link ResponseBody} for whose it is and how long it is there.
 *
 * <p>To be read by one thread at a time. On a green thread, reading parks until the other end has sent more; on a loop's own
 * thread it must not be read (it would fail with {@link IllegalStateException} where it had to wait).
 *
 * <p>Errors: every method that reads fails with an {@link IOException} when the other end vanishes, is too slow, or breaks
 * the framing; a body larger than its limit is one of these cases.
 */
public abstract sealed class MessageBody permits RequestBody, ResponseBody {

    private static final int FIRST_BYTES = 8_192;

    MessageBody() {}

    /**
     * Reads what is there, at least one byte, and waits while there is nothing.
     *
     * @return how many bytes have been read, or -1 at the end of the body; 0 only if {@code length} is
     */
    public abstract int read(byte[] to, int offset, int length) throws IOException;

    /** The number of bytes of the whole body as the other end has announced it, or -1 for a chunked one. */
    public abstract long length();

    /** The largest body that {@link #bytes} and {@link #text} take. */
    public abstract long bytesMax();

    /** The fields after a chunked body: empty before its end has been read, and for all other bodies. */
    public abstract List<Field> trailers();

    /** The rest of the body, in memory. */
    public byte[] bytes() throws IOException {
        long length = length();
        long most = Math.min(bytesMax(), Integer.MAX_VALUE - 8);
        if (length > most) {
            throw new IOException("a body of " + length + " bytes, and the most to be held in memory is " + most);
        }
        // What is announced is believed up to a point only: it has not been sent yet.
        byte[] bytes = new byte[(int) Math.min(most, length < 0 ? FIRST_BYTES : Math.min(length, 8 * FIRST_BYTES))];
        int filled = 0;
        while (true) {
            if (filled == bytes.length && filled < most && filled != length) {
                bytes = Arrays.copyOf(bytes, (int) Math.min(most, Math.max(FIRST_BYTES, 2L * filled)));
            }
            if (filled == bytes.length) {
                // Only the end may follow; to have read it makes the trailers available.
                if (read(new byte[1], 0, 1) < 0) {
                    return bytes;
                }
                throw new IOException("the body is larger than " + most + " bytes, the most to be held in memory");
            }
            int read = read(bytes, filled, bytes.length - filled);
            if (read < 0) {
                return Arrays.copyOf(bytes, filled);
            }
            filled += read;
        }
    }

    /** The rest of the body as UTF-8 text; malformed input becomes U+FFFD. */
    public String text() throws IOException {
        return new String(bytes(), StandardCharsets.UTF_8);
    }

    /** The rest of the body as a stream; to close it does nothing. */
    public InputStream stream() {
        return new Stream(this);
    }

    private static final class Stream extends InputStream {
        private final MessageBody body;

        Stream(MessageBody body) {
            this.body = body;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return body.read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, to.length);
            return length == 0 ? 0 : body.read(to, offset, length);
        }
    }
}
