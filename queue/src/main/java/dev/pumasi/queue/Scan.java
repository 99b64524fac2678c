package dev.pumasi.queue;

import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;

/**
 * Reads a segment from a position on, record by record, in direct style: what {@link Recovery} does, and the replay of the
 * ledger. Reads ahead by a large chunk. One thread.
 */
final class Scan {

    private static final int CHUNK_BYTES = 256 * 1024;

    private final Segment segment;
    private final int recordBytesMax;
    private final RecordFormat format = new RecordFormat();
    private Buffer chunk;
    private long chunkAt;
    private int chunkLength;
    private long position;

    Scan(Segment segment, int recordBytesMax, long position) {
        this(segment, recordBytesMax, position, chunkFor(segment.bytes));
    }

    /** With memory that is used for one scan after the other. */
    Scan(Segment segment, int recordBytesMax, long position, Buffer chunk) {
        this.segment = segment;
        this.recordBytesMax = recordBytesMax;
        this.position = position;
        this.chunk = chunk;
    }

    /** Memory to scan segments of that length. */
    static Buffer chunkFor(long segmentBytes) {
        return Buffer.allocate((int) Math.min(CHUNK_BYTES, segmentBytes));
    }

    /** Where it stands. */
    long position() {
        return position;
    }

    /** Whether an intact record stands here; {@link #sequence} and the others then tell of it. */
    boolean isRecord() throws IOException {
        if (!has(RecordFormat.HEADER_BYTES)) {
            return false;
        }
        int at = (int) (position - chunkAt);
        if (!RecordFormat.isPlausible(chunk, at, recordBytesMax)
                || position + RecordFormat.length(chunk, at) > segment.bytes) {
            return false;
        }
        return has(RecordFormat.length(chunk, at)) && format.isIntact(chunk, (int) (position - chunkAt), segment.salt);
    }

    /** To behind the record that stands here. */
    void skipRecord() {
        position += RecordFormat.aligned(RecordFormat.length(chunk, at()));
    }

    /** To the next position at which a record could begin and something stands that is not zero; false if there is none. */
    boolean skipToSomething() throws IOException {
        position += RecordFormat.ALIGNMENT_BYTES;
        while (has(Long.BYTES)) {
            int at = at();
            while (at + Long.BYTES <= chunkLength) {
                if (chunk.getLong(at) != 0) {
                    position = chunkAt + at;
                    return true;
                }
                at += Long.BYTES;
            }
            position = chunkAt + at;
        }
        return false;
    }

    /** Whether anything but zeros stands in the next 8 bytes. */
    boolean isSomething() throws IOException {
        return has(Long.BYTES) && chunk.getLong(at()) != 0;
    }

    long sequence() {
        return RecordFormat.sequence(chunk, at());
    }

    long millis() {
        return RecordFormat.millis(chunk, at());
    }

    int kind() {
        return RecordFormat.kind(chunk, at());
    }

    long durableBefore() {
        return RecordFormat.durableBefore(chunk, at());
    }

    Buffer buffer() {
        return chunk;
    }

    /** Where the payload of the record that stands here begins in {@link #buffer}. */
    int payloadAt() {
        return at() + RecordFormat.HEADER_BYTES;
    }

    int payloadLength() {
        return RecordFormat.length(chunk, at()) - RecordFormat.HEADER_BYTES;
    }

    private int at() {
        return (int) (position - chunkAt);
    }

    /** Makes so many bytes from the position on available; false if the segment ends before. */
    private boolean has(int bytes) throws IOException {
        if (position + bytes > segment.bytes) {
            return false;
        }
        if (position >= chunkAt && position + bytes <= chunkAt + chunkLength) {
            return true;
        }
        if (bytes > chunk.capacity()) {
            chunk = Buffer.allocate(RecordFormat.aligned(bytes));
        }
        chunkAt = position;
        chunkLength = segment.file.read(position, chunk, 0, (int) Math.min(chunk.capacity(), segment.bytes - position));
        return bytes <= chunkLength;
    }
}
