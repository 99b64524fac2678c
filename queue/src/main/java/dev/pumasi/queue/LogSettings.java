package dev.pumasi.queue;

import java.time.Duration;

/**
 * How a log is written.
 *
 * @param segmentBytes length of a segment
 * @param messageBytesMax the longest body
 * @param pendingBytesMax how much may wait to be durable, of one log, before publishers wait or are refused
 * @param company how long a commit that is not urgent waits for others
 * @param skipDamage whether to go on behind what cannot be read any more
 * @param direct whether commits go past the page cache ({@link WholeBlocks}): right where nearly all of them are synced
 */
record LogSettings(
        long segmentBytes,
        int messageBytesMax,
        long pendingBytesMax,
        Duration company,
        boolean skipDamage,
        boolean direct) {

    static final long SEGMENT_BYTES = 64L << 20;
    static final int MESSAGE_BYTES_MAX = 1 << 20;
    static final long PENDING_BYTES_MAX = 16L << 20;
    static final Duration COMPANY = Duration.ofMillis(2);

    static final LogSettings DEFAULT =
            new LogSettings(SEGMENT_BYTES, MESSAGE_BYTES_MAX, PENDING_BYTES_MAX, COMPANY, false, true);

    /** The longest record, with everything that belongs to it. */
    int recordBytesMax() {
        return RecordFormat.HEADER_BYTES
                + MessageCodec.PREFIX_BYTES
                + Message.ID_BYTES_MAX
                + Message.KEY_BYTES_MAX
                + Message.HEADER_BYTES_MAX
                + Message.HEADERS_MAX * 2 * Short.BYTES
                + messageBytesMax;
    }
}
