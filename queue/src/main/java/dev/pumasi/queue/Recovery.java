package dev.pumasi.queue;

import dev.pumasi.runtime.AsyncFolder;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.driver.Listing;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Opens a log's folder after whatever happened: finds the end, cuts off what was torn, and makes sure that nothing stands
 * behind it. Direct style, on a green thread; the log does not exist before this is over.
 *
 * <p><b>Which segments.</b> They are made whole before they get their names, and deleted one by one, the oldest first: so the
 * numbers have no gap, and a gap is damage. Unfinished ones are deleted. All but the last that holds records are full, and not read
 * here: a reader checks each record.
 *
 * <p><b>The end</b> is behind the last of the records that follow each other, intact, from the beginning of the last
 * segment. Everything behind it is looked at: an intact record there that says that the unreadable place was durable
 * ({@link RecordFormat}) makes it damage, which is refused, or skipped if that was asked for. Anything else is what a crash left of a commit
 * that nobody was told of: it is overwritten with zeros and synced, before anything new is written. Otherwise a record
 * that happens to end where a left-over one begins would bring that back to life.
 *
 * <p><b>What stands there is not yet durable.</b> The process may have died, or a sync have failed, with records in the page
 * cache that the disk does not have, and that the kernel may even take for clean. So the last records, all that the last
 * one does not know to be durable, are written once more and synced, before anybody is shown them. So are names.
 *
 * <p>A crash during recovery changes nothing: it finds the same end again, or an earlier one that nobody has seen pass.
 */
final class Recovery {

    /**
     * A part that cannot be read.
     *
     * @param sequence of the first record that is lost
     * @param sequenceEnd behind the last
     */
    record Damage(Path path, long position, long bytes, long sequence, long sequenceEnd) {

        @Override
        public String toString() {
            return bytes + " bytes at " + position + " of " + path + " cannot be read any more: messages " + sequence
                    + " to " + (sequenceEnd - 1) + " are lost";
        }
    }

    /**
     * What was found.
     *
     * @param segments the oldest first, at least one; the last is the one to write
     * @param next one that was ready to be written
     * @param tornBytes how much of unfinished commits was cut off
     */
    record Found(
            List<Segment> segments,
            @Nullable Segment next,
            long nextSequence,
            long lastMillis,
            long tornBytes,
            List<Damage> damages) {}

    private final Loop loop;
    private final Path folder;
    private final LogSettings settings;
    private final List<Damage> damages = new ArrayList<>();
    private final List<Segment> opened = new ArrayList<>();
    private long tornBytes;
    private long nextSequence;
    private long lastMillis;

    /** For all that is read, one thing after the other. */
    private final Buffer chunk;

    /** Of the last record that was found. */
    private long durableBefore;

    private Recovery(Loop loop, Path folder, LogSettings settings) {
        this.loop = loop;
        this.folder = folder;
        this.settings = settings;
        chunk = Scan.chunkFor(settings.segmentBytes());
    }

    /**
     * Opens the log in that folder, which must exist.
     *
     * @throws QueueException {@link QueueFailure#DAMAGED}
     */
    static Found open(Loop loop, Path folder, LogSettings settings) throws IOException {
        Recovery recovery = new Recovery(loop, folder, settings);
        try {
            return recovery.open();
        } catch (IOException | RuntimeException failure) {
            recovery.opened.forEach(Segment::close);
            throw failure;
        }
    }

    private Found open() throws IOException {
        TreeSet<Long> numbers = numbers();
        if (numbers.isEmpty()) {
            Segment first = Segment.create(loop, folder, 1, settings.segmentBytes(), settings.direct());
            opened.add(first);
            return new Found(new ArrayList<>(opened), null, 0, 0, 0, List.of());
        }
        if (numbers.last() - numbers.first() + 1 != numbers.size()) {
            throw Segment.damaged(folder, "segments are missing between " + numbers.first() + " and " + numbers.last());
        }
        for (long number : numbers) {
            opened.add(Segment.open(loop, folder, number));
        }
        List<Segment> segments = new ArrayList<>(opened);
        Segment next = null;
        int active = findActive(segments);
        for (int i = segments.size() - 1; i > active; i--) {
            Segment empty = segments.remove(i);
            if (i == active + 1 && empty.bytes == settings.segmentBytes()) {
                next = empty;
            } else {
                empty.close();
                loop.files().delete(empty.path);
            }
        }
        findFirsts(segments);
        if (settings.direct()) {
            segments.getLast().writeDirectly(loop);
            if (next != null) {
                next.writeDirectly(loop);
            }
        }
        return new Found(segments, next, nextSequence, lastMillis, tornBytes, List.copyOf(damages));
    }

    private TreeSet<Long> numbers() throws IOException {
        TreeSet<Long> numbers = new TreeSet<>();
        for (Listing.Entry entry : loop.files().list(folder)) {
            String name = entry.name().toString();
            if (name.endsWith(Segment.UNFINISHED)) {
                loop.files().delete(folder.resolve(entry.name()));
            } else if (name.matches("\\d{12}\\" + Segment.SUFFIX)) {
                numbers.add(Long.parseLong(name.substring(0, 12)));
            }
        }
        // Also if nothing was deleted: whoever gave the segments their names may not have come to that.
        try (AsyncFolder names = loop.files().openFolder(folder)) {
            names.sync();
        }
        return numbers;
    }

    /**
     * The last segment that holds a record, or the first; whatever stands behind its last record, there and in the segments
     * that follow, is wiped.
     */
    private int findActive(List<Segment> segments) throws IOException {
        int first = segments.size() - 1;
        while (first > 0 && !beginsWithRecord(segments.get(first))) {
            first--;
        }
        int active = first;
        for (int i = first; i < segments.size(); i++) {
            // A segment is begun when the one before is full and synced; so its first record follows that one's last.
            if (scan(segments.get(i), i == first ? -1 : nextSequence)) {
                active = i;
            }
        }
        for (int i = active; i < segments.size(); i++) {
            tornBytes += segments.get(i).wipe(segments.get(i).end, chunk);
        }
        secure(segments.get(active));
        return active;
    }

    /** Writes what may not be durable once more, and syncs. */
    private void secure(Segment segment) throws IOException {
        Scan scan = new Scan(segment, settings.recordBytesMax(), segment.index.before(durableBefore), chunk);
        while (scan.position() < segment.end && scan.isRecord() && scan.sequence() < durableBefore) {
            scan.skipRecord();
        }
        for (long at = scan.position(); at < segment.end; at += chunk.capacity()) {
            int count = (int) Math.min(chunk.capacity(), segment.end - at);
            segment.file.read(at, chunk, 0, count);
            segment.file.write(at, chunk, 0, count);
        }
        segment.file.sync();
    }

    private boolean beginsWithRecord(Segment segment) throws IOException {
        return new Scan(segment, settings.recordBytesMax(), Segment.HEADER_BYTES, chunk).isRecord();
    }

    /**
     * Finds the end of a segment; answers whether it holds any record.
     *
     * @param first the sequence of its first record, or -1 if its first record says so itself
     */
    private boolean scan(Segment segment, long first) throws IOException {
        Scan scan = new Scan(segment, settings.recordBytesMax(), Segment.HEADER_BYTES, chunk);
        boolean any = false;
        long expected = first;
        while (true) {
            while (scan.isRecord() && (expected < 0 || scan.sequence() == expected)) {
                if (!any) {
                    segment.firstSequence = scan.sequence();
                    segment.firstMillis = scan.millis();
                    any = true;
                }
                segment.index.note(scan.sequence(), scan.millis(), scan.position());
                expected = scan.sequence() + 1;
                lastMillis = Math.max(lastMillis, scan.millis());
                durableBefore = scan.durableBefore();
                scan.skipRecord();
            }
            segment.end = scan.position();
            nextSequence = Math.max(nextSequence, expected);
            if (!findDurableBehind(scan, Math.max(expected, 0))) {
                return any;
            }
            Damage damage = new Damage(
                    segment.path, segment.end, scan.position() - segment.end, Math.max(expected, 0), scan.sequence());
            if (!settings.skipDamage()) {
                throw Segment.damaged(segment.path, damage.toString());
            }
            damages.add(damage);
            expected = scan.sequence();
        }
    }

    /**
     * Goes to the first intact record behind which proves that something from {@code expected} on was durable. If there is none,
     * what stands there is the remains of a commit that was never completed.
     */
    private static boolean findDurableBehind(Scan scan, long expected) throws IOException {
        while (scan.skipToSomething()) {
            if (scan.isRecord() && scan.durableBefore() > expected && scan.sequence() > expected) {
                return true;
            }
        }
        return false;
    }

    /** Of full segments only the first record is read. */
    private void findFirsts(List<Segment> segments) throws IOException {
        for (int i = 0; i < segments.size() - 1; i++) {
            Segment segment = segments.get(i);
            segment.end = segment.bytes;
            Scan scan = new Scan(segment, settings.recordBytesMax(), Segment.HEADER_BYTES, chunk);
            if (scan.isRecord()) {
                segment.firstSequence = scan.sequence();
                segment.firstMillis = scan.millis();
            } else {
                firstOfDamaged(segments, i);
            }
        }
        Segment last = segments.getLast();
        if (last.end == Segment.HEADER_BYTES) {
            last.firstSequence = nextSequence;
            last.firstMillis = lastMillis;
        }
    }

    private void firstOfDamaged(List<Segment> segments, int index) throws IOException {
        Segment segment = segments.get(index);
        if (!settings.skipDamage()) {
            throw Segment.damaged(segment.path, "its first record cannot be read any more");
        }
        Scan scan = new Scan(segment, settings.recordBytesMax(), Segment.HEADER_BYTES, chunk);
        while (scan.skipToSomething()) {
            if (scan.isRecord()) {
                // What stood before it is found, and counted, by who reads the segment.
                segment.firstSequence = scan.sequence();
                segment.firstMillis = scan.millis();
                return;
            }
        }
        throw Segment.damaged(segment.path, "no record in it can be read any more");
    }
}
