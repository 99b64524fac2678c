package dev.pumasi.runtime;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Something that happens again and again, on the loop's wheel: as a callback, or awaited in direct style.
 *
 * <pre>{@code
 * Ticker.atRate(loop, Duration.ofSeconds(1), this::flushCounters);      // called on the loop, until it is closed
 *
 * try (Ticker ticker = Ticker.atRate(loop, Duration.ofMillis(100))) {   // or waited for, on a green thread
 *     while (isWanted()) {
 *         long missed = ticker.await();
 *         …
 *     }
 * }
 * }</pre>
 *
 * <p><b>Rate or delay.</b> {@code atRate} keeps to a grid: the nth tick is due n periods after the start, so delays do not add up. {@code
 * withDelay} counts from the end of one callback to the next.
 *
 * <p><b>Lateness.</b> A tick comes up to one tick of the wheel (131 µs) late, plus whatever the loop is. One that is late by a whole period or
 * more has missed others; those are left out and counted in {@link #missed}, and the next is due on the grid again. So after a pause of the
 * loop or of the machine there is one tick, not a burst. In direct style the same holds for a caller who comes late: ticks
 * meanwhile are one.
 *
 * <p><b>Allocation.</b> None for each tick, in either style, on the loop's own threads.
 *
 * <p>What a callback throws is reported by the loop, and the ticker goes on. When the loop stops, it is closed. Any thread may call, but
 * for {@link #await}, where one waits at a time.
 */
public final class Ticker implements AutoCloseable {

    private static final Runnable NOTHING = () -> {};

    private final Loop loop;
    private final long periodNanos;
    private final boolean keepsToGrid;
    private final @Nullable Runnable callback;
    private final Presence presence;
    private final Gate gate;
    private final Timer timer = Timer.of(this::due);
    private final Gate.Step step = this::see;

    // Of the loop; the counters are read from anywhere, now or a little later.
    private long nextNanos;
    private long ticks;
    private long missed;
    private boolean unseen;
    private long unseenMissed;

    /** What the one who waits has just been told: written on the loop before he passes the gate, read by him after. */
    private long seenMissed;

    private boolean closed;

    private Ticker(Loop loop, Duration period, boolean keepsToGrid, @Nullable Runnable callback) {
        periodNanos = Loop.nanos(period);
        if (periodNanos < 1) {
            throw new IllegalArgumentException("a period is longer than nothing, not " + period);
        }
        this.loop = loop;
        this.keepsToGrid = keepsToGrid;
        this.callback = callback;
        presence = new Presence(loop, this::toString, this::end, NOTHING);
        gate = new Gate(loop, "await", this);
    }

    /** Calls {@code callback} on the loop at this rate, for the first time after one period. It must not block. */
    public static Ticker atRate(Loop loop, Duration period, Runnable callback) {
        return new Ticker(loop, period, true, callback).started();
    }

    /** Calls {@code callback} on the loop so long after it has last returned, for the first time after one delay. It must not block. */
    public static Ticker withDelay(Loop loop, Duration delay, Runnable callback) {
        return new Ticker(loop, delay, false, callback).started();
    }

    /** Ticks at this rate for whoever {@linkplain #await awaits} it, for the first time after one period. */
    public static Ticker atRate(Loop loop, Duration period) {
        return new Ticker(loop, period, true, null).started();
    }

    /**
     * Waits for the next tick; returns at once if there has been one since the last call. Parks a green thread, blocks a
     * platform thread.
     *
     * @return how many ticks were missed since the last call: 0 for who is in time
     * @throws OperationException {@link Failure#CLOSED} when this is closed, or its loop has stopped; {@link Failure#CANCELLED} or {@link
     *     Failure#TIMED_OUT} if the thread was interrupted
     * @throws IllegalStateException if ticks go to a callback
     */
    public long await() throws IOException {
        if (callback != null) {
            throw new IllegalStateException("cannot await " + this + ": its ticks go to a callback");
        }
        gate.pass(step);
        return seenMissed;
    }

    /** On the loop, for the one who waits. */
    private int see() throws OperationException {
        if (closed) {
            throw new OperationException("await " + this, Failure.CLOSED);
        }
        if (!unseen) {
            return Gate.WOULD_WAIT;
        }
        seenMissed = unseenMissed;
        unseen = false;
        unseenMissed = 0;
        return 0;
    }

    /** How many ticks there were. Any thread. */
    public long ticks() {
        return ticks;
    }

    /** How many were left out because the loop, or who awaits them, was late. Any thread. */
    public long missed() {
        return missed;
    }

    /** No more ticks; who awaits one is told. Does nothing the second time. */
    @Override
    public void close() {
        loop.run(this::end);
    }

    private Ticker started() {
        loop.run(() -> {
            presence.started();
            nextNanos = loop.driver().clock().nanoTime() + periodNanos;
            loop.start(timer, periodNanos);
        });
        if (loop.isOver()) {
            throw new IllegalStateException("cannot start " + this + ": the loop has stopped");
        }
        return this;
    }

    private void due() {
        long lateNanos = loop.driver().clock().nanoTime() - nextNanos;
        long left = keepsToGrid ? Math.max(0, lateNanos) / periodNanos : 0;
        ticks++;
        missed += left;
        try {
            if (callback != null) {
                callback.run();
            } else {
                tell(left);
            }
        } finally {
            if (!closed) {
                long nowNanos = loop.driver().clock().nanoTime();
                nextNanos = keepsToGrid ? nextNanos + (left + 1) * periodNanos : nowNanos + periodNanos;
                loop.start(timer, nextNanos - nowNanos);
            }
        }
    }

    private void tell(long left) {
        if (unseen) {
            missed++;
            unseenMissed++;
        }
        unseenMissed += left;
        unseen = true;
        gate.open();
    }

    private void end() {
        if (!closed) {
            closed = true;
            loop.cancel(timer);
            presence.leave();
            gate.open();
        }
    }

    @Override
    public String toString() {
        return "a tick every " + Duration.ofNanos(periodNanos);
    }
}
