package dev.pumasi.queue.kafka;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What a group knows of one message that is not settled, or is settled before an older one: a record of its ledger, which is a
 * compacted topic. The key is the message's place; the last record of a key counts, and one without a value says that nothing need
 * be known any more.
 *
 * <pre>
 *   key:   partition (4), offset (8)
 *   value: kind (1), attempt (4), when to deliver it again in milliseconds since 1970 (8), the delay in milliseconds (8), reason
 * </pre>
 *
 * @param kind what is known
 * @param attempt how often it was delivered
 * @param dueMillis when it is to be delivered again, by the wall clock
 * @param delayMillis how long that was when it was written: it never waits longer, whatever the clock says
 * @param reason of the last rejection
 */
record LedgerRecord(Kind kind, int attempt, long dueMillis, long delayMillis, String reason) {

    static final int KEY_BYTES = Integer.BYTES + Long.BYTES;

    private static final int FIXED_BYTES = 1 + Integer.BYTES + 2 * Long.BYTES;

    enum Kind {
        /** It is being delivered. */
        DELIVERED,
        REJECTED,
        /** It is settled, and an older one is not. */
        DONE
    }

    /** Of which message a record is. */
    record Place(int partition, long offset) {}

    static LedgerRecord delivered(int attempt, String reason) {
        return new LedgerRecord(Kind.DELIVERED, attempt, 0, 0, reason);
    }

    static LedgerRecord rejected(int attempt, long dueMillis, long delayMillis, String reason) {
        return new LedgerRecord(Kind.REJECTED, attempt, dueMillis, delayMillis, reason);
    }

    static LedgerRecord done(int attempt) {
        return new LedgerRecord(Kind.DONE, attempt, 0, 0, "");
    }

    static byte[] key(int partition, long offset) {
        return ByteBuffer.allocate(KEY_BYTES).putInt(partition).putLong(offset).array();
    }

    /** What {@link #key} wrote. */
    static Place place(byte[] key) {
        ByteBuffer from = ByteBuffer.wrap(key);
        return new Place(from.getInt(), from.getLong());
    }

    byte[] value() {
        byte[] text = reason.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(FIXED_BYTES + text.length)
                .put((byte) kind.ordinal())
                .putInt(attempt)
                .putLong(dueMillis)
                .putLong(delayMillis)
                .put(text)
                .array();
    }

    /** What {@link #value} wrote; null if it is nothing of the kind, which is then passed over. */
    static @Nullable LedgerRecord of(byte[] value) {
        ByteBuffer from = ByteBuffer.wrap(value);
        if (value.length < FIXED_BYTES || from.get(0) < 0 || from.get(0) >= Kind.values().length) {
            return null;
        }
        Kind kind = Kind.values()[from.get()];
        int attempt = from.getInt();
        long due = from.getLong();
        long delay = from.getLong();
        return new LedgerRecord(
                kind,
                attempt,
                due,
                delay,
                new String(value, FIXED_BYTES, value.length - FIXED_BYTES, StandardCharsets.UTF_8));
    }

    /** How long it still has to wait. */
    long waitsMillis(long nowMillis) {
        return kind == Kind.REJECTED ? Math.clamp(dueMillis - nowMillis, 0, delayMillis) : 0;
    }
}
