package dev.pumasi.queue;

import dev.pumasi.runtime.memory.Buffer;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * How a record lies in a segment: a header of {@value #HEADER_BYTES} bytes, a payload, and zeros up to a multiple of {@value
 * #ALIGNMENT_BYTES}. docs/queue-format.md draws it. Little-endian.
 *
 * <p>The check sum (CRC-32C, as in iSCSI, RFC 3720) is taken over the segment's salt and everything behind itself. The salt is
 * why a record that somebody publishes as the body of a message, or one from another segment, is never taken for a record
 * of this one.
 *
 * <p><b>How a torn end is told from a damage.</b> Each record says how many records before it were <em>not</em> known to be
 * durable when it was written ({@code unsure}). If something is unreadable, and a readable record behind it says that all
 * up to beyond that place was durable, then durable data has been damaged. Otherwise the machine went down while it was
 * written, and nobody was ever told that it was published.
 *
 * <p>Confined to one thread.
 */
final class RecordFormat {

    static final int HEADER_BYTES = 32;
    static final int ALIGNMENT_BYTES = 8;

    private static final int CRC_AT = 0;
    private static final int LENGTH_AT = 4;
    private static final int SEQUENCE_AT = 8;
    private static final int MILLIS_AT = 16;
    private static final int UNSURE_AT = 24;
    private static final int KIND_AT = 28;

    private final CRC32C crc = new CRC32C();

    /** What it takes in the segment. */
    static int aligned(int length) {
        return (length + ALIGNMENT_BYTES - 1) & -ALIGNMENT_BYTES;
    }

    /** Writes the header but for what {@link #seal} adds, and the zeros behind. */
    static void begin(Buffer buffer, int at, int length, long sequence, long millis, int kind) {
        if (length < aligned(length)) {
            // Before the payload, which lies over the beginning of it.
            buffer.putLong(at + aligned(length) - Long.BYTES, 0);
        }
        buffer.putInt(at + LENGTH_AT, length);
        buffer.putLong(at + SEQUENCE_AT, sequence);
        buffer.putLong(at + MILLIS_AT, millis);
        buffer.putInt(at + KIND_AT, kind);
    }

    /** Completes a record just before it is written. */
    void seal(Buffer buffer, int at, byte[] salt, long durableBefore) {
        buffer.putInt(at + UNSURE_AT, (int) Math.min(sequence(buffer, at) - durableBefore, Integer.MAX_VALUE));
        buffer.putInt(at + CRC_AT, crc(buffer, at, length(buffer, at), salt));
    }

    /** Its length without the zeros behind; whatever stands there if it is no record. */
    static int length(Buffer buffer, int at) {
        return buffer.getInt(at + LENGTH_AT);
    }

    static long sequence(Buffer buffer, int at) {
        return buffer.getLong(at + SEQUENCE_AT);
    }

    static long millis(Buffer buffer, int at) {
        return buffer.getLong(at + MILLIS_AT);
    }

    static int kind(Buffer buffer, int at) {
        return buffer.getInt(at + KIND_AT);
    }

    /** All records before that sequence were durable when this one was written. */
    static long durableBefore(Buffer buffer, int at) {
        return sequence(buffer, at) - buffer.getInt(at + UNSURE_AT);
    }

    /** Whether a header's length could be one. Anything may stand there: an answer of no costs hardly anything. */
    static boolean isPlausible(Buffer buffer, int at, int lengthMax) {
        int length = length(buffer, at);
        return length >= HEADER_BYTES
                && length <= lengthMax
                && sequence(buffer, at) >= 0
                && buffer.getInt(at + UNSURE_AT) >= 0;
    }

    /** Whether the record, all of which is in the buffer, is what was written. */
    boolean isIntact(Buffer buffer, int at, byte[] salt) {
        return buffer.getInt(at + CRC_AT) == crc(buffer, at, length(buffer, at), salt);
    }

    private int crc(Buffer buffer, int at, int length, byte[] salt) {
        crc.reset();
        crc.update(salt, 0, salt.length);
        ByteBuffer view = buffer.view();
        view.limit(at + length).position(at + LENGTH_AT);
        crc.update(view);
        view.clear();
        return (int) crc.getValue();
    }
}
