package dev.pumasi.queue;

import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;

/** What a {@link Ledger} says, read from its beginning in direct style. */
final class LedgerReplay {

    /** A message that was delivered and not settled. */
    record Remembered(int attempt, long rejectedMillis, long delayMillis, String reason) {

        /** How long it still has to wait: never longer than it was to wait, whatever the clock says. */
        long waitsMillis(long nowMillis) {
            return Math.clamp(rejectedMillis + delayMillis - nowMillis, 0, delayMillis);
        }
    }

    /** A group. */
    static final class GroupFound {

        final int number;
        final String topic;
        final String name;
        long floor;
        final TreeSet<Long> doneAhead = new TreeSet<>();
        final Map<Long, Remembered> remembered = new HashMap<>();

        GroupFound(int number, String topic, String name, long floor) {
            this.number = number;
            this.topic = topic;
            this.name = name;
            this.floor = floor;
        }

        void done(long sequence) {
            remembered.remove(sequence);
            if (sequence >= floor) {
                doneAhead.add(sequence);
            }
            while (doneAhead.remove(floor)) {
                floor++;
            }
        }

        void raise(long to) {
            floor = Math.max(floor, to);
            doneAhead.headSet(floor).clear();
            remembered.keySet().removeIf(sequence -> sequence < floor);
            while (doneAhead.remove(floor)) {
                floor++;
            }
        }
    }

    private Map<Integer, GroupFound> groups = new LinkedHashMap<>();
    private Map<Integer, GroupFound> anew = new LinkedHashMap<>();
    private int numbers;

    /** Reads all segments. */
    static LedgerReplay of(Recovery.Found found, LogSettings settings) throws IOException {
        LedgerReplay replay = new LedgerReplay();
        long expected = found.segments().getFirst().firstSequence;
        for (Segment segment : found.segments()) {
            if (segment.firstSequence != expected && !settings.skipDamage()) {
                throw Segment.damaged(
                        segment.path,
                        "records " + expected + " to " + (segment.firstSequence - 1) + " before it are lost");
            }
            Scan scan = new Scan(segment, settings.recordBytesMax(), Segment.HEADER_BYTES);
            expected = segment.firstSequence;
            while (scan.position() < segment.end
                    && (scan.isRecord() || settings.skipDamage() && scan.skipToSomething())) {
                if (scan.isRecord()) {
                    replay.record(scan.kind(), scan.buffer(), scan.payloadAt(), scan.payloadLength(), scan.millis());
                    expected = scan.sequence() + 1;
                    scan.skipRecord();
                }
            }
        }
        if (expected != found.nextSequence() && !settings.skipDamage()) {
            throw Segment.damaged(found.segments().getLast().path, "records from " + expected + " on are lost");
        }
        return replay;
    }

    /** The groups by their numbers. */
    Map<Integer, GroupFound> groups() {
        return groups;
    }

    /** A number that no group has had. */
    int nextNumber() {
        return numbers + 1;
    }

    private void record(int kind, Buffer from, int at, int length, long millis) {
        switch (kind) {
            case Ledger.CHANGE -> changes(groups, from, at, length, millis);
            case Ledger.ANEW_FIRST, Ledger.ANEW_ALL -> {
                anew = new LinkedHashMap<>();
                changes(anew, from, at, length, millis);
                if (kind == Ledger.ANEW_ALL) {
                    groups = anew;
                }
            }
            case Ledger.ANEW_MORE -> changes(anew, from, at, length, millis);
            case Ledger.ANEW_LAST -> {
                changes(anew, from, at, length, millis);
                groups = anew;
            }
            default -> throw new IllegalStateException("a ledger has no records of kind " + kind);
        }
    }

    private void changes(Map<Integer, GroupFound> into, Buffer from, int at, int length, long millis) {
        int end = at + length;
        for (int next = at; next < end; ) {
            int kind = from.getShort(next);
            int bytes = from.getShort(next + Short.BYTES);
            change(into, kind, from, next + Ledger.PREFIX_BYTES, bytes, millis);
            next += Ledger.PREFIX_BYTES + bytes;
        }
    }

    private void change(Map<Integer, GroupFound> into, int kind, Buffer from, int at, int bytes, long millis) {
        int number = from.getInt(at);
        numbers = Math.max(numbers, number);
        int body = at + Integer.BYTES;
        int end = at + bytes;
        if (kind == Ledger.OPENED) {
            int topicLength = from.getShort(body + Long.BYTES);
            int topicAt = body + Long.BYTES + Short.BYTES;
            int nameAt = topicAt + topicLength;
            into.put(
                    number,
                    new GroupFound(
                            number,
                            from.utf8(topicAt, topicLength),
                            from.utf8(nameAt, end - nameAt),
                            from.getLong(body)));
            return;
        }
        if (kind == Ledger.FORGOTTEN) {
            into.remove(number);
            return;
        }
        GroupFound group = into.get(number);
        if (group == null) {
            return; // of one that was forgotten, by a consumer that had not heard of it
        }
        long sequence = from.getLong(body);
        switch (kind) {
            case Ledger.FLOOR -> group.raise(sequence);
            case Ledger.DONE -> group.done(sequence);
            case Ledger.DELIVERED -> {
                if (sequence >= group.floor) {
                    group.remembered.put(sequence, new Remembered(from.getInt(body + Long.BYTES), 0, 0, ""));
                }
            }
            case Ledger.REJECTED -> {
                int reasonAt = body + 2 * Long.BYTES + Integer.BYTES;
                if (sequence >= group.floor) {
                    group.remembered.put(
                            sequence,
                            new Remembered(
                                    from.getInt(body + Long.BYTES),
                                    millis,
                                    from.getLong(body + Long.BYTES + Integer.BYTES),
                                    from.utf8(reasonAt, end - reasonAt)));
                }
            }
            default -> throw new IllegalStateException("a ledger has no changes of kind " + kind);
        }
    }
}
