package dev.pumasi.queue;

import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.Background;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.Timer;
import dev.pumasi.runtime.driver.Gather;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Records, one behind the other, durable in the order in which they came: a folder of {@link Segment}s. Topics are logs of
 * messages, and what groups have read is a log, too.
 *
 * <p><b>One writer.</b> A log belongs to one loop and locks nothing. Who is elsewhere posts to that loop. A record gets its
 * sequence, its time and its bytes in the moment it is appended; then it waits in a {@link Batch} to be committed.
 *
 * <p><b>Group commit.</b> At most one commit is on its way: one gathered write, then one sync, linked in the kernel where it
 * can do that. What is appended meanwhile gathers for the next. So the disk sets the pace, and the more publishers there are, the more
 * share each sync; nobody waits for a timer, except who says that he is in no hurry ({@link Append.Durability}). A commit
 * begins one turn of the loop after its first record, so that all who were woken by the last one are in it.
 *
 * <p><b>What holds.</b> (1) Records are told that they are durable in their order, after a sync that began after they were
 * written. (2) A commit never spans segments, and a segment is synced to its end before the next one is written. (3) What stands
 * behind the last record is zeros: {@link Recovery} makes it so before the first append. (4) Sequences have no gaps.
 *
 * <p><b>Past the page cache.</b> Where nearly every commit is synced, as in a topic's log, whole blocks are written directly ({@link
 * WholeBlocks} says why that loses nothing), and the newest records stay in memory for those who keep up ({@link Recent}). The ledger goes
 * through the page cache: most of what it holds is not waited for.
 *
 * <p><b>Room.</b> At most {@link LogSettings#pendingBytesMax} bytes wait; beyond it an append is refused or waits in line ({@link
 * Append#waitsForRoom}). The next segment is made in the background while the last one is written. If it is not ready, appends wait; if
 * it cannot be made, for want of space above all, they are refused, and it is tried again, at most once a second.
 *
 * <p><b>Failure.</b> When a write or a sync fails, the log stops for good: everything that waits fails, and everything that comes.
 * A sync that failed is never repeated: the kernel may have dropped the pages, and the second one would succeed for nothing
 * (Rebello et al., <i>Can Applications Recover from fsync Failures?</i>, ATC 2020). Whoever opens the log again looks at what is on the disk.
 *
 * <p><b>Time.</b> The stored time of a record is the wall clock's, but never earlier than that of the record before. Whatever
 * waits, waits in the loop's monotonic time.
 *
 * <p><b>What it will not do.</b> It does not compress, does not replicate, and does not check what it has written; a reader does, each time.
 *
 * <p>It is long because room, commits and the end are one state machine: each of them waits for, and wakes, the others.
 */
final class Log {

    /** More segments than that, and the log is full: each keeps a file open. */
    static final int SEGMENTS_MAX = 4096;

    /** How many appends wait for room at most, besides the bytes. */
    static final int WAITING_MAX = 1 << 16;

    /** An append that is written and not yet synced. */
    private record Soon(Append append, long sequence) {}

    private static final long RETRY_NANOS = 1_000_000_000;
    private static final int BUFFERS_KEPT_MAX = 64;

    private final String name;
    private final Loop loop;
    private final Background background;
    private final Path folder;
    private final LogSettings settings;
    private final Runnable whenDurable;
    private final RecordFormat format = new RecordFormat();

    /** The oldest first; the last is the one that is written. */
    private final List<Segment> segments;

    private Segment active;
    private @Nullable Segment next;
    private boolean preparing;
    private long refusedUntilNanos;
    private @Nullable IOException refusal;

    private long nextSequence;
    private long durableSequence;
    private long durablePosition;
    private Segment durableSegment;
    private long lastMillis;

    /** Have their place, and wait for a commit. The last one still takes records. */
    private final Deque<Batch> filled = new ArrayDeque<>();

    /** Have no place yet. */
    private final Deque<Append> waiting = new ArrayDeque<>();

    private long waitingBytes;
    private long pendingBytes;
    private final int batchBytes;
    private final Deque<Buffer> buffers = new ArrayDeque<>();

    // The commit that is on its way.
    private boolean committing;
    private boolean scheduled;
    private final List<Batch> flying = new ArrayList<>();
    private boolean flyingSyncs;
    private int flownBytes;
    private final Gather gather = new Gather(Gather.PIECES_MAX);

    /** The segment that was written last, and whether some of that was not synced. */
    private Segment written;

    private boolean unsynced;
    private long unsyncedPosition;
    private long unsyncedSequence;

    /** Written, and to be told when they are synced. */
    private final Deque<Soon> soon = new ArrayDeque<>();

    private final Timer company = Timer.of(this::companyCame);
    private boolean urgent;

    private final Recent recent = new Recent();

    private final Deletions deletions;

    private @Nullable IOException stopped;
    private boolean closed;
    private @Nullable Runnable whenIdle;

    // Counters: written on the loop, read from anywhere, now or a little later.
    private volatile long appended;
    private volatile long refused;
    private volatile long syncs;

    Log(
            String name,
            Loop loop,
            Background background,
            Path folder,
            LogSettings settings,
            Recovery.Found found,
            Runnable whenDurable) {
        this.name = name;
        this.loop = loop;
        this.background = background;
        this.folder = folder;
        this.settings = settings;
        this.whenDurable = whenDurable;
        batchBytes = WholeBlocks.rounded((int) Math.min(Batch.BYTES, settings.segmentBytes()));
        deletions = new Deletions(loop, background, folder);
        segments = found.segments();
        active = segments.getLast();
        next = found.next();
        nextSequence = found.nextSequence();
        lastMillis = found.lastMillis();
        durableSequence = nextSequence;
        durableSegment = active;
        durablePosition = active.end;
        written = active;
    }

    // ------------------------------------------------------------------------------------------- appending

    /** Appends a record, or refuses it. On the loop. */
    void append(Append append) {
        IOException over = stopped;
        if (over != null) {
            append.failed(over);
        } else if (closed) {
            append.failed(new QueueException("write to " + name, QueueFailure.CLOSED));
        } else if (!waiting.isEmpty() || !place(append)) {
            line(append);
        }
    }

    /** Gives it its place; false if there is no room. */
    private boolean place(Append append) {
        int length = RecordFormat.HEADER_BYTES + append.bytes();
        int bytes = RecordFormat.aligned(length);
        if (pendingBytes > 0 && pendingBytes + bytes > settings.pendingBytesMax()) {
            return false;
        }
        if (active.end + bytes > active.bytes) {
            if (next == null) {
                prepareNext();
                return false;
            }
            roll(next);
        }
        if (active.end == Segment.HEADER_BYTES) {
            active.firstSequence = nextSequence;
        }
        lastMillis = Math.max(lastMillis, loop.wallMillis());
        if (active.end == Segment.HEADER_BYTES) {
            active.firstMillis = lastMillis;
        }
        active.index.note(nextSequence, lastMillis, active.end);
        Batch batch = batchFor(bytes);
        long sequence = nextSequence;
        batch.add(append, length, sequence, lastMillis);
        active.end += bytes;
        pendingBytes += bytes;
        nextSequence++;
        append.placed(sequence);
        boolean now = append.durability() == Append.Durability.NOW;
        urgent |= now;
        if (now && append.waitsForRoom() && !committing && !scheduled && waiting.isEmpty() && !loop.hasWork()) {
            commit(); // whoever appends waits, and there is nobody else who could join
        } else {
            scheduleCommit();
        }
        return true;
    }

    private Batch batchFor(int bytes) {
        Batch last = filled.peekLast();
        if (last != null && last.segment == active && last.hasRoom(bytes)) {
            return last;
        }
        int needed = WholeBlocks.rounded(Batch.lead(active, active.end) + bytes);
        Buffer buffer = needed > batchBytes ? AsyncFile.directBuffer(needed) : buffers.pollLast();
        Batch batch = new Batch(buffer != null ? buffer : AsyncFile.directBuffer(batchBytes), active);
        filled.addLast(batch.begin(active, active.end));
        return batch;
    }

    private void line(Append append) {
        IOException why = refusal;
        if (why != null && loop.nowNanos() - refusedUntilNanos < 0) {
            refuse(append, why);
        } else if (mayWait(append)) {
            waitingBytes += append.bytes();
            waiting.addLast(append);
        } else {
            refuse(append, new QueueException("publish to " + name, QueueFailure.FULL));
        }
    }

    /** Who does not wait himself is refused while the disk is too slow; for a segment that is being made he has some patience. */
    private boolean mayWait(Append append) {
        boolean withinBytes = preparing && waitingBytes + append.bytes() <= settings.pendingBytesMax();
        return waiting.size() < WAITING_MAX && (append.waitsForRoom() || withinBytes);
    }

    private void refuse(Append append, IOException why) {
        refused++;
        append.failed(why);
    }

    /** Places what waits, as far as there is room. */
    private void drain() {
        while (!waiting.isEmpty() && place(waiting.getFirst())) {
            waitingBytes -= waiting.removeFirst().bytes();
        }
    }

    // ------------------------------------------------------------------------------------------- segments

    private void roll(Segment to) {
        active = to;
        segments.add(to);
        next = null;
        prepareNext();
    }

    private void prepareNext() {
        boolean tooEarly = refusal != null && loop.nowNanos() - refusedUntilNanos < 0;
        if (next != null || preparing || closed || stopped != null || tooEarly) {
            return;
        }
        preparing = true;
        if (background.isStopped()) { // its loop ends
            cannotPrepare(new QueueException("publish to " + name, QueueFailure.CLOSED));
            return;
        }
        if (segments.size() >= SEGMENTS_MAX) {
            cannotPrepare(new QueueException(
                    "publish to " + name,
                    QueueFailure.FULL,
                    "its " + SEGMENTS_MAX + " segments of " + settings.segmentBytes() + " bytes are full"));
            return;
        }
        long number = active.number + 1;
        background
                .start(
                        "make segment " + number + " of " + name,
                        () -> Segment.create(loop, folder, number, settings.segmentBytes(), settings.direct()))
                .onDone(this::prepared);
    }

    /** Not at once: whoever asked may be about to place one of those that are refused now. */
    private void cannotPrepare(QueueException why) {
        loop.execute(() -> prepared(new Operation.Failed<>(why)));
    }

    private void prepared(Operation.Outcome<? extends Segment> outcome) {
        preparing = false;
        switch (outcome) {
            case Operation.Success<? extends Segment>(Segment segment) -> {
                if (closed || stopped != null) {
                    segment.close();
                } else {
                    next = segment;
                    refusal = null;
                    drain();
                }
            }
            case Operation.Failed<? extends Segment>(Throwable failure) ->
                refuseAll(QueueException.in("make room for " + name, failure));
        }
        idleIfSo();
    }

    /** There is no next segment, and will not be soon. */
    private void refuseAll(IOException why) {
        refusal = why;
        refusedUntilNanos = loop.nowNanos() + RETRY_NANOS;
        failAll(waiting, why);
        waitingBytes = 0;
    }

    private void failAll(Deque<Append> appends, IOException why) {
        while (!appends.isEmpty()) {
            refuse(appends.removeFirst(), why);
        }
    }

    // ------------------------------------------------------------------------------------------- committing

    private void scheduleCommit() {
        if (!committing && !scheduled && stopped == null) {
            scheduled = true;
            // Behind all that is runnable now: whoever was woken by the last commit appends before this one begins.
            loop.execute(this::commit);
        }
    }

    /** Somebody has waited long enough for company. */
    private void companyCame() {
        urgent = true;
        scheduleCommit();
    }

    private void commit() {
        scheduled = false;
        if (committing || stopped != null) {
            return;
        }
        Batch first = filled.peekFirst();
        if (first == null) {
            if (urgent && unsynced) {
                syncOnly();
            } else {
                urgent = false;
                idleIfSo();
            }
            return;
        }
        if (first.segment != written && unsynced) {
            syncOnly(); // before the next segment is written, so that its existence proves this one's
            return;
        }
        boolean lastOfSegment;
        boolean last;
        do {
            Batch batch = filled.removeFirst();
            Batch following = filled.peekFirst();
            lastOfSegment = following != null && following.segment != first.segment;
            last = following == null || lastOfSegment || flying.size() + 1 == Gather.PIECES_MAX;
            batch.seal(format, durableSequence, last);
            flying.add(batch);
        } while (!last);
        if (written != first.segment) {
            written.finish();
            written = first.segment;
        }
        flyingSyncs = urgent || lastOfSegment;
        flownBytes = 0;
        committing = true;
        gatherFrom(0);
        startFlight();
    }

    private void startFlight() {
        Batch first = flying.getFirst();
        long position = first.position - first.lead + flownBytes;
        AsyncFile target = written.target();
        (flyingSyncs ? target.startWriteAndSync(position, gather) : target.startWrite(position, gather))
                .onDone(this::flown);
    }

    private void flown(Operation.Outcome<? extends Integer> outcome) {
        switch (outcome) {
            case Operation.Success<? extends Integer>(Integer count) -> {
                // A block that was written in part is written whole once more.
                int progress =
                        written.blocks == null || count == gather.length() ? count : count - WholeBlocks.within(count);
                flownBytes += progress;
                int left = gatherFrom(flownBytes);
                if (left == 0) {
                    landed();
                } else if (progress == 0) {
                    stop(new OperationException("write to " + written.path, Failure.IO));
                } else {
                    startFlight();
                }
            }
            case Operation.Failed<? extends Integer>(Throwable failure) -> stop(failure);
        }
    }

    /** Gathers what is to be written, but for so many bytes that are; answers how much that is. */
    private int gatherFrom(int bytes) {
        gather.clear();
        int left = 0;
        int skip = bytes;
        for (Batch batch : flying) {
            if (skip < batch.writtenBytes) {
                gather.add(batch.buffer, skip, batch.writtenBytes - skip);
                left += batch.writtenBytes - skip;
                skip = 0;
            } else {
                skip -= batch.writtenBytes;
            }
        }
        return left;
    }

    private void landed() {
        committing = false;
        Batch last = flying.getLast();
        flying.forEach(recent::keep);
        if (flyingSyncs) {
            syncs++;
            urgent = false;
            unsynced = false;
            loop.cancel(company);
            durable(last.segment, last.position + last.length, last.sequenceEnd);
        } else {
            unsynced = true;
            unsyncedPosition = last.position + last.length;
            unsyncedSequence = last.sequenceEnd;
            if (!company.isRunning()) {
                loop.start(company, settings.company().toNanos());
            }
        }
        for (Batch batch : flying) {
            pendingBytes -= batch.length;
            long sequence = batch.sequenceEnd - batch.appends.size();
            for (Append append : batch.appends) {
                if (flyingSyncs || append.durability() == Append.Durability.WRITTEN) {
                    appended++;
                    append.appended(sequence);
                } else {
                    soon.addLast(new Soon(append, sequence));
                }
                sequence++;
            }
            batch.appends.clear();
            if (batch.buffer.capacity() == batchBytes && buffers.size() < BUFFERS_KEPT_MAX) {
                buffers.addLast(batch.buffer);
            }
        }
        flying.clear();
        goOn();
    }

    private void syncOnly() {
        committing = true;
        written.file.startSync().onDone(outcome -> {
            switch (outcome) {
                case Operation.Success<?> _ -> {
                    committing = false;
                    syncs++;
                    urgent = false;
                    unsynced = false;
                    loop.cancel(company);
                    durable(written, unsyncedPosition, unsyncedSequence);
                    goOn();
                }
                case Operation.Failed<?>(Throwable failure) -> stop(failure);
            }
        });
    }

    private void durable(Segment segment, long position, long sequenceEnd) {
        durableSegment = segment;
        durablePosition = position;
        durableSequence = sequenceEnd;
        while (!soon.isEmpty()) {
            Soon first = soon.removeFirst();
            appended++;
            first.append.appended(first.sequence);
        }
        whenDurable.run();
    }

    private void goOn() {
        drain();
        for (Batch batch : filled) {
            urgent |= batch.durability == Append.Durability.NOW;
        }
        if (!filled.isEmpty() || urgent) {
            scheduleCommit();
        }
        idleIfSo();
    }

    // ------------------------------------------------------------------------------------------- the end

    private void stop(Throwable why) {
        committing = false;
        // A loop that ends cancels what is on its way: that is the end of this log, too, but nothing is broken.
        boolean ended = QueueException.in("", why).failure() == QueueFailure.CLOSED;
        QueueException reason =
                new QueueException("write to " + name, ended ? QueueFailure.CLOSED : QueueFailure.STOPPED, why);
        stopped = reason;
        loop.cancel(company);
        if (!ended) {
            loop.report("the log " + name + " stops: it", why);
        }
        List<Append> all = new ArrayList<>();
        soon.forEach(one -> all.add(one.append));
        flying.forEach(batch -> all.addAll(batch.appends));
        filled.forEach(batch -> all.addAll(batch.appends));
        all.addAll(waiting);
        soon.clear();
        flying.clear();
        filled.clear();
        waiting.clear();
        pendingBytes = 0;
        all.forEach(append -> append.failed(reason));
        whenDurable.run();
        idleIfSo();
    }

    /** Takes nothing new; runs {@code whenIdle} when everything it has taken is durable, or has failed. On the loop. */
    void close(Runnable whenIdle) {
        closed = true;
        this.whenIdle = whenIdle;
        failAll(waiting, new QueueException("write to " + name, QueueFailure.CLOSED));
        if (!filled.isEmpty() || unsynced) {
            urgent = true;
            scheduleCommit();
        }
        idleIfSo();
    }

    private void idleIfSo() {
        Runnable told = whenIdle;
        boolean idle = stopped != null || filled.isEmpty() && !unsynced && !scheduled;
        if (told != null && idle && !committing && !preparing) {
            whenIdle = null;
            loop.cancel(company);
            segments.forEach(Segment::close);
            if (next != null) {
                next.close();
            }
            told.run();
        }
    }

    // ------------------------------------------------------------------------------------------- reading

    /** All records before that sequence are durable. */
    long durableSequence() {
        return durableSequence;
    }

    /** How far that segment may be read. */
    long readableEnd(Segment segment) {
        return segment == durableSegment
                ? durablePosition
                : segment.number < durableSegment.number ? segment.bytes : Segment.HEADER_BYTES;
    }

    /** The stored time of the last record. */
    long storedMillis() {
        return lastMillis;
    }

    long nextSequence() {
        return nextSequence;
    }

    long firstSequence() {
        return segments.getFirst().firstSequence;
    }

    /** Why it does not write any more; null if it does. */
    @Nullable
    IOException stopped() {
        return stopped;
    }

    List<Segment> segments() {
        return segments;
    }

    /** The segment in which that sequence is, or the first or the last. */
    Segment segmentOf(long sequence) {
        int low = 0;
        int high = segments.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (segments.get(middle).firstSequence <= sequence) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return segments.get(low);
    }

    /** The one behind it; null if it is the last. */
    @Nullable
    Segment after(Segment segment) {
        long index = segment.number - segments.getFirst().number + 1;
        return index < segments.size() ? segments.get((int) Math.max(index, 0)) : null;
    }

    /** Whether it has not been deleted. */
    boolean has(Segment segment) {
        return segment.number >= segments.getFirst().number;
    }

    Recent recent() {
        return recent;
    }

    LogSettings settings() {
        return settings;
    }

    Loop loop() {
        return loop;
    }

    String name() {
        return name;
    }

    long bytes() {
        long sum = 0;
        for (Segment segment : segments) {
            sum += segment.bytes;
        }
        return sum;
    }

    /**
     * Deletes the first {@code count} segments, the oldest first, each durably before the next: so a crash never leaves a gap.
     * The last that holds something durable stays, for it knows how far the sequence has come. On the loop.
     */
    void deleteFirst(int count) {
        List<Segment> gone = new ArrayList<>();
        for (int i = 0; i < count && segments.getFirst().number < durableSegment.number; i++) {
            gone.add(segments.removeFirst());
        }
        if (!gone.isEmpty()) {
            gone.forEach(Segment::close);
            deletions.add(gone);
        }
    }

    // Figures, any thread.

    long appended() {
        return appended;
    }

    long refused() {
        return refused;
    }

    long syncs() {
        return syncs;
    }

    @Override
    public String toString() {
        return "log " + name;
    }
}
