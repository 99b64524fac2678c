package dev.pumasi.runtime;

import java.util.ArrayList;
import java.util.List;

/**
 * A recording of what loops do: who ran when, which green thread waited for what and how long, which requests were under way,
 * what was handed to other threads. Each loop writes into a ring of its own ({@link LoopRecording}); whoever holds the
 * recording takes the events out, now and then, or only at the end. What is not taken in time is overwritten, and counted.
 *
 * <pre>{@code
 * try (Recording recording = Recording.start(loops.loops(), Recording.EVENTS_DEFAULT)) {
 *     …
 *     List<RecordedEvent> events = recording.take();
 * }
 * }</pre>
 *
 * <p><b>Flight Recorder.</b> What is noted while JDK Flight Recorder records too is an event there ({@code dev.pumasi.Turn} and others; {@code
 * docs/tracing.md}), with its duration and its thread.
 *
 * <p><b>What it costs</b> is said in {@code docs/tracing.md}; while nobody records, a look at a field that is null.
 *
 * <p><b>What it does not see.</b> Callbacks, timers and tasks have no names: they are the part of a turn in which no green thread
 * ran. A green thread's wait is noted where the runtime makes it wait (operations of its own loop, sockets, streams); in a lock of
 * the JDK, or for another loop's operation, it seems to run on until the turn ends, and comes back with its next event. Where green threads do not run on
 * their loop, nothing is noted of them.
 *
 * <p>A loop has one recording at a time. Any thread may start one; one at a time may take and close.
 */
public final class Recording implements AutoCloseable {

    /** How many events of each loop are kept: 256 KB of memory each. */
    public static final int EVENTS_DEFAULT = 1 << 14;

    public static final int EVENTS_MAX = LoopRecording.CAPACITY_MAX;

    private final List<Loop> loops;
    private final List<LoopRecording> parts = new ArrayList<>();
    private boolean closed;

    private Recording(List<Loop> loops) {
        this.loops = List.copyOf(loops);
    }

    /**
     * Starts to record; the loops begin with their next turn.
     *
     * @param events how many are kept for each loop, rounded up to a power of two, up to {@link #EVENTS_MAX}
     * @throws IllegalStateException if one of them is being recorded already; nothing is changed then
     */
    public static Recording start(List<Loop> loops, int events) {
        int capacity = Math.max(LoopRecording.CAPACITY_MIN, events);
        capacity = Integer.bitCount(capacity) == 1 ? capacity : Integer.highestOneBit(capacity) << 1;
        if (events < 1 || capacity > EVENTS_MAX) {
            throw new IllegalArgumentException("between 1 and " + EVENTS_MAX + " events, not " + events);
        }
        Recording recording = new Recording(loops);
        List<Loop> claimed = new ArrayList<>();
        for (Loop loop : recording.loops) {
            if (!loop.claimRecording()) {
                claimed.forEach(Loop::giveRecordingBack);
                throw new IllegalStateException(loop.name() + " is being recorded already");
            }
            claimed.add(loop);
        }
        for (Loop loop : recording.loops) {
            LoopRecording part =
                    new LoopRecording(loop.name(), loop.driver().clock(), capacity, Recorder.HERE.echo(loop.name()));
            recording.parts.add(part);
            loop.run(() -> loop.record(part));
        }
        return recording;
    }

    /** What has been noted since the last time, loop by loop, in the order in which it was noted. Never blocks. */
    public List<RecordedEvent> take() {
        List<RecordedEvent> events = new ArrayList<>();
        parts.forEach(part -> part.drain(events));
        return events;
    }

    /** How many events were overwritten before they were taken. */
    public long lost() {
        return parts.stream().mapToLong(LoopRecording::lost).sum();
    }

    /** Ends it: the loops stop noting with their next turn. What they have noted can still be taken. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            for (Loop loop : loops) {
                loop.run(() -> {
                    loop.record(null);
                    loop.giveRecordingBack();
                });
            }
        }
    }
}
