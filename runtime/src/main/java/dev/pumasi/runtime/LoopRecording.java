package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Clock;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one loop has done last: a ring of events, written by the loop and read by anybody.
 *
 * <pre>
 *   words:  | nanos | kind, label, number | nanos | …        event n lies at n modulo capacity
 * </pre>
 *
 * <p><b>Cost.</b> Two array stores an event, and no allocation. The clock, which costs more than all of that, is read where
 * something ends, and once more a turn; what begins takes the time at which the thing before it ended, for a loop does one thing after
 * the other.
 *
 * <p><b>Order.</b> One writer, the loop's thread. It writes the two words of event n, then release-stores n + 1 into {@code
 * position}: who acquires a position sees all events before it. Nobody keeps the writer from going round and overwriting what
 * is being read. So a reader copies, and then looks at the position again: of n events written, event n may be half over event
 * n − capacity, so whatever is at or before that is thrown away. This takes two fences. The writer's (store–store, after the
 * position) keeps the words of event n from being seen before the position n that announces them; the reader's (load–load)
 * keeps the second look behind the copies. Words are read and written opaque, so each is whole.
 */
final class LoopRecording {

    static final int CAPACITY_MIN = 64;
    static final int CAPACITY_MAX = 1 << 22;

    private static final int WORDS = 2;
    private static final int KIND_SHIFT = 58;
    private static final int LABEL_SHIFT = 42;
    private static final long LABEL_MASK = Labels.LABELS_MAX - 1;
    private static final long NUMBER_MASK = (1L << LABEL_SHIFT) - 1;

    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle POSITION;

    static {
        try {
            POSITION = MethodHandles.lookup().findVarHandle(LoopRecording.class, "position", long.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private final String loop;
    private final Clock clock;
    private final @Nullable Echo echo;
    private final long[] words;
    private final int mask;
    private long position;

    // Of the loop alone.
    private long lastNanos;
    private boolean timeIsFresh;
    private long numbers;

    // Of the one reader.
    private long next;
    private long lost;

    /** @param capacity how many events it holds: a power of two */
    LoopRecording(String loop, Clock clock, int capacity) {
        this(loop, clock, capacity, null);
    }

    /** @param echo is told each event as it is noted */
    LoopRecording(String loop, Clock clock, int capacity, @Nullable Echo echo) {
        if (capacity < CAPACITY_MIN || capacity > CAPACITY_MAX || Integer.bitCount(capacity) != 1) {
            throw new IllegalArgumentException(
                    "a power of two from " + CAPACITY_MIN + " to " + CAPACITY_MAX + " events, not " + capacity);
        }
        this.loop = loop;
        this.clock = clock;
        this.echo = echo;
        words = new long[WORDS * capacity];
        mask = capacity - 1;
        lastNanos = clock.nanoTime();
    }

    // ------------------------------------------------------------------------------------------- the loop writes

    void turnBegins(long nowNanos, int completions) {
        lastNanos = nowNanos;
        put(nowNanos, RecordedKind.TURN_BEGUN, 0, completions);
    }

    void turnEnds(boolean mayWait) {
        now(RecordedKind.TURN_ENDED, 0, mayWait ? 1 : 0);
    }

    /** At the time of what was noted last. */
    void then(RecordedKind kind, int label, long number) {
        put(lastNanos, kind, label, number);
    }

    /** Now. */
    void now(RecordedKind kind, int label, long number) {
        lastNanos = clock.nanoTime();
        put(lastNanos, kind, label, number);
    }

    /** A green thread has ended: now, or when its span did, which was a moment ago. */
    void greenEnds(long thread) {
        if (!timeIsFresh) {
            lastNanos = clock.nanoTime();
        }
        put(lastNanos, RecordedKind.GREEN_ENDED, 0, thread);
    }

    void spanEnds(int label, long number) {
        now(RecordedKind.SPAN_ENDED, label, number);
        timeIsFresh = true;
    }

    /** At a time that is over: what another thread has done. */
    void at(long nanos, RecordedKind kind, int label, long number) {
        put(nanos, kind, label, number);
    }

    /** Nothing more will be noted. */
    void ends() {
        if (echo != null) {
            echo.ended();
        }
    }

    /** The next number that is nobody's; never 0. */
    long number() {
        return ++numbers;
    }

    private void put(long nanos, RecordedKind kind, int label, long number) {
        long event = position;
        int index = WORDS * ((int) event & mask);
        WORD.setOpaque(words, index, nanos);
        WORD.setOpaque(
                words,
                index + 1,
                (long) kind.ordinal() << KIND_SHIFT | (long) label << LABEL_SHIFT | number & NUMBER_MASK);
        POSITION.setRelease(this, event + 1);
        VarHandle.storeStoreFence();
        timeIsFresh = false;
        if (echo != null) {
            echo.noted(nanos, kind, label, number);
        }
    }

    // ------------------------------------------------------------------------------------------- somebody reads

    /** Adds to {@code to} what was noted since the last time and is still there. One reader at a time, any thread. */
    void drain(List<RecordedEvent> to) {
        long until = (long) POSITION.getAcquire(this);
        int capacity = mask + 1;
        long from = Math.max(next, until - capacity);
        int count = (int) (until - from);
        long[] copy = new long[WORDS * count];
        for (int i = 0; i < count; i++) {
            int index = WORDS * ((int) (from + i) & mask);
            copy[WORDS * i] = (long) WORD.getOpaque(words, index);
            copy[WORDS * i + 1] = (long) WORD.getOpaque(words, index + 1);
        }
        VarHandle.loadLoadFence();
        long after = (long) POSITION.getOpaque(this);
        long whole = Math.max(from, Math.min(until, after - capacity + 1));
        lost += whole - next;
        for (int i = (int) (whole - from); i < count; i++) {
            long packed = copy[WORDS * i + 1];
            to.add(new RecordedEvent(
                    loop,
                    copy[WORDS * i],
                    RecordedKind.at((int) (packed >>> KIND_SHIFT)),
                    Labels.word((int) (packed >>> LABEL_SHIFT & LABEL_MASK)),
                    packed & NUMBER_MASK));
        }
        next = until;
    }

    /** How many events were overwritten before they were read. The reader. */
    long lost() {
        return lost;
    }
}
