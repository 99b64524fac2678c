package dev.pumasi.queue;

import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Reads a log from a sequence on, up to what is durable, on the log's loop and without ever holding it up: when it needs bytes
 * that it has not read, it starts reading and says so. What is new comes from memory ({@link Recent}). Each record's check sum is
 * looked at.
 *
 * <p>It holds one chunk of memory, however much there is to read.
 */
final class Cursor {

    /** What {@link #step} came to. */
    enum Step {
        /** On an intact record, with the sequence that was due. */
        RECORD,
        /** What was due is not there any more: deleted, or damaged and skipped. It goes on at {@link #sequence}. */
        LOST,
        /** Everything durable has been read. */
        END,
        /** Bytes are on their way. */
        READING
    }

    static final int CHUNK_BYTES = 128 * 1024;

    private final Log log;
    private final Runnable whenRead;
    private final RecordFormat format = new RecordFormat();
    private final int chunkBytes;
    private Buffer chunk;
    private long chunkAt;
    private int chunkLength;

    private Segment segment;
    private long position;
    private long sequence;
    private boolean reading;
    private @Nullable IOException failure;
    private long damagedBytes;

    /**
     * @param sequence the first one due
     * @param whenRead called when bytes have come; whoever it is steps again
     */
    Cursor(Log log, long sequence, Runnable whenRead) {
        this.log = log;
        this.whenRead = whenRead;
        this.sequence = sequence;
        chunkBytes = (int) Math.min(CHUNK_BYTES, log.settings().segmentBytes());
        chunk = Buffer.allocate(chunkBytes);
        segment = log.segmentOf(sequence);
        position = segment.index.before(sequence);
    }

    /** As the other, from the last record on of which it is known that it was stored before that time. */
    static Cursor before(Log log, long millis, Runnable whenRead) {
        Segment first = log.segments().getFirst();
        for (Segment segment : log.segments()) {
            if (segment.firstMillis < millis) {
                first = segment;
            }
        }
        return new Cursor(log, first.index.sequenceBefore(millis, first.firstSequence), whenRead);
    }

    /** The sequence that is due, or stands here. */
    long sequence() {
        return sequence;
    }

    /** How many bytes that once were durable could not be read. */
    long damagedBytes() {
        return damagedBytes;
    }

    /**
     * Looks for the record that is due.
     *
     * @throws IOException if it cannot be read, or is damaged and not to be skipped
     */
    Step step() throws IOException {
        IOException unreadable = failure;
        if (unreadable != null) {
            failure = null;
            throw unreadable;
        }
        if (reading) {
            return Step.READING;
        }
        if (!log.has(segment)) {
            Segment first = log.segments().getFirst();
            if (sequence < first.firstSequence) {
                return lostUpTo(first);
            }
            moveTo(log.segmentOf(sequence)); // all of it had been read
        }
        while (true) {
            if (sequence >= log.durableSequence()) {
                return Step.END;
            }
            long end = log.readableEnd(segment);
            if (position + RecordFormat.HEADER_BYTES > end) {
                Segment following = log.after(segment);
                if (following == null) {
                    throw Segment.damaged(segment.path, "it ends before record " + sequence);
                }
                long due = sequence;
                moveTo(following);
                if (following.firstSequence != due) {
                    return lostUpTo(following);
                }
                continue;
            }
            if (!has(RecordFormat.HEADER_BYTES)) {
                if (read(RecordFormat.HEADER_BYTES, end)) {
                    continue;
                }
                return Step.READING;
            }
            int recordBytesMax = log.settings().recordBytesMax();
            if (!RecordFormat.isPlausible(chunk, at(), recordBytesMax)
                    || position + RecordFormat.length(chunk, at()) > end) {
                Segment following = log.after(segment);
                if (following != null && following.firstSequence == sequence) {
                    moveTo(following); // what is here are the zeros behind the last record
                    continue;
                }
                skipDamage();
                continue;
            }
            int length = RecordFormat.length(chunk, at());
            if (!has(length)) {
                if (read(length, end)) {
                    continue;
                }
                return Step.READING;
            }
            long found = RecordFormat.sequence(chunk, at());
            if (!format.isIntact(chunk, at(), segment.salt)) {
                skipDamage();
            } else if (found < sequence) {
                position += RecordFormat.aligned(length);
            } else if (found > sequence) {
                sequence = found;
                return Step.LOST;
            } else {
                return Step.RECORD;
            }
        }
    }

    /** Past the record that stands here. */
    void advance() {
        position += RecordFormat.aligned(RecordFormat.length(chunk, at()));
        sequence++;
    }

    private Step lostUpTo(Segment to) {
        if (segment != to) {
            moveTo(to);
        }
        sequence = Math.max(sequence, to.firstSequence);
        return Step.LOST;
    }

    private void moveTo(Segment to) {
        segment = to;
        position = Segment.HEADER_BYTES;
        chunkLength = 0;
    }

    private void skipDamage() throws IOException {
        if (!log.settings().skipDamage()) {
            throw Segment.damaged(
                    segment.path, "record " + sequence + " at " + position + " is not what was written any more");
        }
        damagedBytes += RecordFormat.ALIGNMENT_BYTES;
        position += RecordFormat.ALIGNMENT_BYTES;
    }

    private boolean has(int bytes) {
        return position >= chunkAt && position + bytes <= chunkAt + chunkLength;
    }

    /** Whether it has been read; if not it is on its way. */
    private boolean read(int least, long end) {
        if (least > chunk.capacity()) {
            chunk = Buffer.allocate(RecordFormat.aligned(least));
            chunkLength = 0; // nothing of what was read is in it
        } else if (chunk.capacity() > chunkBytes && least <= chunkBytes) {
            chunk = Buffer.allocate(chunkBytes); // a large message's memory is not kept
            chunkLength = 0;
        }
        boolean continues = position >= chunkAt && position < chunkAt + chunkLength && least <= chunk.capacity() - at();
        int from = continues ? chunkLength : 0;
        if (!continues) {
            chunkAt = position;
            chunkLength = 0;
        }
        int count = (int) Math.min(chunk.capacity() - from, end - chunkAt - from);
        int kept = log.recent().read(segment, chunkAt + from, chunk, from, count);
        if (kept > 0) {
            chunkLength += kept;
            return true;
        }
        reading = true;
        segment.file.startRead(chunkAt + from, chunk, from, count).onDone(this::read);
        return false;
    }

    private void read(Operation.Outcome<? extends Integer> outcome) {
        reading = false;
        switch (outcome) {
            case Operation.Success<? extends Integer>(Integer count) when count > 0 -> chunkLength += count;
            case Operation.Success<? extends Integer> _ -> {
                failure = Segment.damaged(segment.path, "the file has become shorter");
            }
            case Operation.Failed<? extends Integer>(Throwable cause) -> {
                if (log.has(segment)) { // a deleted one's file is closed: then it is lost, which is no error
                    failure = QueueException.in("read " + segment, cause);
                }
            }
        }
        whenRead.run();
    }

    // ------------------------------------------------------------------------------ the record that stands here

    private int at() {
        return (int) (position - chunkAt);
    }

    Segment segment() {
        return segment;
    }

    long position() {
        return position;
    }

    int length() {
        return RecordFormat.length(chunk, at());
    }

    int kind() {
        return RecordFormat.kind(chunk, at());
    }

    long millis() {
        return RecordFormat.millis(chunk, at());
    }

    Buffer buffer() {
        return chunk;
    }

    int payloadAt() {
        return at() + RecordFormat.HEADER_BYTES;
    }

    int payloadLength() {
        return length() - RecordFormat.HEADER_BYTES;
    }
}
