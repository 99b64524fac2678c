package dev.pumasi.queue;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * What the groups of a queue have read, how often each message was delivered, and what waits to be delivered again: a {@link
 * Log} of its own, which only tells what changed.
 *
 * <p><b>It stays short.</b> Now and then everything that holds is written down anew, as records that belong together; when the last of
 * them is durable, all segments before the first are deleted. How often: when the ledger has become twice as long as that
 * takes, and two segments more.
 *
 * <p><b>What is read again</b> at the opening is everything that there is, in order; what was written down anew takes the place of what
 * came before, if it is there to its end.
 *
 * <p><b>Ordering.</b> It is a log: of two changes, the second is never found after a crash without the first. So whatever order a
 * group has kept, it keeps over a crash. It is never found ahead of the messages: only durable ones are delivered.
 */
final class Ledger {

    /** Who wants to know what became of a change. */
    interface Told {

        /** It is as durable as was asked for. */
        void written();

        void failed(IOException why);

        /** Nobody. */
        Told NOBODY = new Told() {
            @Override
            public void written() {}

            @Override
            public void failed(IOException why) {}
        };
    }

    // Kinds of records.
    static final int CHANGE = 2;
    static final int ANEW_FIRST = 3;
    static final int ANEW_MORE = 4;
    static final int ANEW_LAST = 5;

    // Kinds of changes.
    static final byte OPENED = 1;
    static final byte FLOOR = 2;
    static final byte DELIVERED = 3;
    static final byte DONE = 4;
    static final byte REJECTED = 5;
    static final byte FORGOTTEN = 6;

    /** Kind, length. */
    static final int PREFIX_BYTES = 4;

    private static final int ANEW_RECORD_BYTES = 8 * 1024;

    private final Log log;
    private final Supplier<List<byte[]>> everything;
    private int segmentsAnew = 1;
    private boolean writingAnew;

    /** @param everything all that holds, as changes that bring it about */
    Ledger(Log log, Supplier<List<byte[]>> everything) {
        this.log = log;
        this.everything = everything;
    }

    Log log() {
        return log;
    }

    // ------------------------------------------------------------------------------------------- changes

    static byte[] opened(int group, long floor, String topic, String name) {
        byte[] topicBytes = topic.getBytes(StandardCharsets.UTF_8);
        byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
        return change(OPENED, group, Long.BYTES + Short.BYTES + topicBytes.length + nameBytes.length)
                .putLong(floor)
                .putShort((short) topicBytes.length)
                .put(topicBytes)
                .put(nameBytes)
                .array();
    }

    /** Everything before that sequence is settled, or lost. */
    static byte[] floor(int group, long floor) {
        return change(FLOOR, group, Long.BYTES).putLong(floor).array();
    }

    static byte[] delivered(int group, long sequence, int attempt) {
        return change(DELIVERED, group, Long.BYTES + Integer.BYTES)
                .putLong(sequence)
                .putInt(attempt)
                .array();
    }

    static byte[] done(int group, long sequence) {
        return change(DONE, group, Long.BYTES).putLong(sequence).array();
    }

    static byte[] rejected(int group, long sequence, int attempt, long delayMillis, String reason) {
        byte[] reasonBytes = reason.getBytes(StandardCharsets.UTF_8);
        return change(REJECTED, group, 2 * Long.BYTES + Integer.BYTES + reasonBytes.length)
                .putLong(sequence)
                .putInt(attempt)
                .putLong(delayMillis)
                .put(reasonBytes)
                .array();
    }

    static byte[] forgotten(int group) {
        return change(FORGOTTEN, group, 0).array();
    }

    private static ByteBuffer change(byte kind, int group, int length) {
        int bytes = Integer.BYTES + length;
        return ByteBuffer.allocate(PREFIX_BYTES + bytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort(kind)
                .putShort((short) bytes)
                .putInt(group);
    }

    /** Writes a change. On the loop. */
    void write(byte[] change, Append.Durability durability, Told told) {
        log.append(new Change(CHANGE, change, durability, told));
        if (!writingAnew && log.segments().size() >= 2 * segmentsAnew + 2) {
            writeAnew();
        }
    }

    private void writeAnew() {
        List<byte[]> records = new ArrayList<>();
        ByteBuffer record = ByteBuffer.allocate(ANEW_RECORD_BYTES);
        for (byte[] change : everything.get()) {
            if (record.remaining() < change.length) {
                records.add(taken(record));
            }
            record.put(change);
        }
        records.add(taken(record));
        writingAnew = true;
        for (int i = 0; i < records.size(); i++) {
            boolean last = i == records.size() - 1;
            int kind = (i == 0 ? 0 : 2) + (last ? 1 : 0);
            log.append(new Anew(kind, records.get(i), i == 0, last));
        }
    }

    private static byte[] taken(ByteBuffer record) {
        byte[] bytes = new byte[record.flip().remaining()];
        record.get(bytes);
        record.clear();
        return bytes;
    }

    // Where the records that are written anew begin; the first one may have to wait for a segment.
    private long anewSegment;

    /** Is a record on its way into the log. */
    private static class Change implements Append {

        private final int kind;
        private final byte[] payload;
        private final Durability durability;
        private final Told told;

        Change(int kind, byte[] payload, Durability durability, Told told) {
            this.kind = kind;
            this.payload = payload;
            this.durability = durability;
            this.told = told;
        }

        @Override
        public final Durability durability() {
            return durability;
        }

        @Override
        public final int kind() {
            return kind;
        }

        @Override
        public final int bytes() {
            return payload.length;
        }

        @Override
        public final void put(Buffer to, int at) {
            to.put(at, payload, 0, payload.length);
        }

        @Override
        public final boolean waitsForRoom() {
            return true;
        }

        @Override
        public void appended(long sequence) {
            told.written();
        }

        @Override
        public void failed(IOException why) {
            told.failed(why);
        }
    }

    private final class Anew extends Change {

        private final boolean first;
        private final boolean last;

        Anew(int kind, byte[] payload, boolean first, boolean last) {
            super(kindOf(kind), payload, Durability.SOON, Told.NOBODY);
            this.first = first;
            this.last = last;
        }

        private static int kindOf(int bits) {
            return switch (bits) {
                case 0 -> ANEW_FIRST;
                case 1 -> ANEW_ALL;
                case 2 -> ANEW_MORE;
                default -> ANEW_LAST;
            };
        }

        @Override
        public void placed(long sequence) {
            if (first) {
                anewSegment = log.segments().getLast().number;
            }
        }

        @Override
        public void appended(long sequence) {
            if (last) {
                writingAnew = false;
                List<Segment> segments = log.segments();
                segmentsAnew = (int) (segments.getLast().number - anewSegment) + 1;
                log.deleteFirst((int) (anewSegment - segments.getFirst().number));
            }
        }

        @Override
        public void failed(IOException why) {
            writingAnew = false;
        }
    }

    /** One that begins and ends it. */
    static final int ANEW_ALL = 6;

    Loop loop() {
        return log.loop();
    }
}
