package dev.pumasi.queue;

import dev.pumasi.runtime.memory.Buffer;
import java.util.ArrayList;
import java.util.List;

/** Records that lie side by side in one segment and are written together: at most a few hundred KiB, or one large record. */
final class Batch {

    /** Larger ones would only make the first record wait for the copying of the last. */
    static final int BYTES = 256 * 1024;

    final Buffer buffer;
    final List<Append> appends = new ArrayList<>();
    Segment segment;

    /** Where its records begin in the segment. */
    long position;

    /** Where they begin in the buffer: behind what their block holds already, if whole blocks are written. */
    int lead;

    /** Of the records. */
    int length;

    /** How much of the buffer is written: what is before the records and behind them in their blocks, too. */
    int writtenBytes;

    /** Behind its last record. */
    long sequenceEnd;

    Append.Durability durability = Append.Durability.WRITTEN;

    Batch(Buffer buffer, Segment segment) {
        this.buffer = buffer;
        this.segment = segment;
    }

    Batch begin(Segment segment, long position) {
        this.segment = segment;
        this.position = position;
        lead = lead(segment, position);
        length = 0;
        durability = Append.Durability.WRITTEN;
        appends.clear();
        return this;
    }

    /** Of a batch that begins there. */
    static int lead(Segment segment, long position) {
        return segment.blocks == null ? 0 : WholeBlocks.within(position);
    }

    boolean hasRoom(int bytes) {
        return lead + length + bytes <= buffer.capacity();
    }

    /** Puts a record at its end. */
    void add(Append append, int recordLength, long sequence, long millis) {
        int at = lead + length;
        RecordFormat.begin(buffer, at, recordLength, sequence, millis, append.kind());
        append.put(buffer, at + RecordFormat.HEADER_BYTES);
        length += RecordFormat.aligned(recordLength);
        sequenceEnd = sequence + 1;
        appends.add(append);
        if (append.durability().compareTo(durability) > 0) {
            durability = append.durability();
        }
    }

    /**
     * Completes all records, just before they are written.
     *
     * @param last whether no other batch is written together with this one, behind it
     */
    void seal(RecordFormat format, long durableBefore, boolean last) {
        int end = lead + length;
        for (int at = lead; at < end; at += RecordFormat.aligned(RecordFormat.length(buffer, at))) {
            format.seal(buffer, at, segment.salt, durableBefore);
        }
        writtenBytes = segment.blocks == null ? length : segment.blocks.complete(this, last);
    }
}
