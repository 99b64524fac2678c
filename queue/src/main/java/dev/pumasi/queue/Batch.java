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

    /** Where it begins in the segment. */
    long position;

    int length;

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
        length = 0;
        durability = Append.Durability.WRITTEN;
        appends.clear();
        return this;
    }

    boolean hasRoom(int bytes) {
        return length + bytes <= buffer.capacity();
    }

    /** Puts a record at its end. */
    void add(Append append, int recordLength, long sequence, long millis) {
        RecordFormat.begin(buffer, length, recordLength, sequence, millis, append.kind());
        append.put(buffer, length + RecordFormat.HEADER_BYTES);
        length += RecordFormat.aligned(recordLength);
        sequenceEnd = sequence + 1;
        appends.add(append);
        if (append.durability().compareTo(durability) > 0) {
            durability = append.durability();
        }
    }

    /** Completes all records, just before they are written. */
    void seal(RecordFormat format, long durableBefore) {
        for (int at = 0; at < length; at += RecordFormat.aligned(RecordFormat.length(buffer, at))) {
            format.seal(buffer, at, segment.salt, durableBefore);
        }
    }
}
