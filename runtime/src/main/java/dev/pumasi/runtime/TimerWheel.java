package dev.pumasi.runtime;

import org.jspecify.annotations.Nullable;

/**
 * All timers of a loop: a hierarchical timing wheel (Varghese and Lauck, <i>Hashed and Hierarchical Timing Wheels</i>,
 * SOSP 1987, scheme 7).
 *
 * <p>Time is counted in ticks of 2¹⁷ ns (131 µs). Level 0 has a slot for each of the next 64 ticks, level 1 for each of
 * the next 64 × 64, and so on; a timer lies in the level of the highest 6-bit digit in which its tick differs from now.
 * Starting and cancelling a timer is a few instructions, whatever their number. When time enters a slot of a higher
 * level, its timers move down to where they now belong; each moves at most once per level. A 64-bit map per level says
 * which slots hold anything, so the next moment to wake up is found without looking at them.
 *
 * <p>A timer never fires early, and up to one tick late on top of what the loop is. Timers fire in the order of their
 * ticks, however late the loop is, and those of the same tick in no particular, but repeatable, order. What is due is
 * collected first and fired afterwards, first come, first fired, so a timer may start and cancel any other while it fires,
 * and none is overtaken for ever. Belongs to the loop's thread.
 */
final class TimerWheel {

    static final int TICK_SHIFT = 17;

    private static final int SLOT_BITS = 6;
    private static final int SLOTS = 1 << SLOT_BITS;
    private static final int SLOT_MASK = SLOTS - 1;

    /** Enough digits for every tick that a {@code long} of nanoseconds can hold. */
    private static final int LEVELS = 8;

    private static final int DUE = LEVELS * SLOTS;

    /** What {@link #nanosToNext} answers when there is no timer. */
    static final long NEVER = Long.MAX_VALUE;

    private final long originNanos;
    private final @Nullable Timer[] buckets = new @Nullable Timer[DUE + 1];
    private final long[] occupied = new long[LEVELS];

    /** The end of what is due, where more is appended; the other buckets have no order. */
    private @Nullable Timer lastDue;

    private long nowTick;
    private int size;

    TimerWheel(long nowNanos) {
        originNanos = nowNanos;
    }

    /** How many timers are running. */
    int size() {
        return size;
    }

    /** Starts {@code timer}, or moves it if it is running. */
    void start(Timer timer, long deadlineNanos) {
        cancel(timer);
        long sinceOrigin = deadlineNanos - originNanos;
        long tick = sinceOrigin <= 0 ? 0 : ((sinceOrigin - 1) >>> TICK_SHIFT) + 1; // rounded up: never early
        timer.tick = tick;
        place(timer);
        size++;
    }

    /** Stops {@code timer}; false if it was not running. */
    boolean cancel(Timer timer) {
        if (timer.bucket == Timer.IDLE) {
            return false;
        }
        unlink(timer);
        size--;
        return true;
    }

    /** How long from {@code nowNanos} until there may be something to fire: 0 if there is already, or {@link #NEVER}. */
    long nanosToNext(long nowNanos) {
        if (size == 0) {
            return NEVER;
        }
        if (buckets[DUE] != null) {
            return 0;
        }
        long tick = tickOf(nextSlot());
        return Math.max(0, originNanos + (tick << TICK_SHIFT) - nowNanos);
    }

    /**
     * Moves time forward and collects what is due, then fires at most {@code firedMax} of it; what is left is due at once.
     *
     * @return how many were fired
     */
    int advance(long nowNanos, int firedMax, Sink sink) {
        if (size == 0) {
            nowTick = Math.max(nowTick, (nowNanos - originNanos) >> TICK_SHIFT);
            return 0;
        }
        collect(Math.max(nowTick, (nowNanos - originNanos) >> TICK_SHIFT));
        int fired = 0;
        Timer timer;
        while (fired < firedMax && (timer = buckets[DUE]) != null) {
            unlink(timer);
            size--;
            fired++;
            sink.fire(timer);
        }
        return fired;
    }

    /** Where expired timers go: the loop, which runs them and survives them. */
    interface Sink {
        void fire(Timer timer);
    }

    private void collect(long untilTick) {
        for (int bucket = nextSlot(); bucket >= 0; bucket = nextSlot()) {
            long tick = tickOf(bucket);
            if (tick > untilTick) {
                break;
            }
            nowTick = Math.max(nowTick, tick);
            Timer timer = buckets[bucket];
            buckets[bucket] = null;
            occupied[bucket >>> SLOT_BITS] &= ~(1L << (bucket & SLOT_MASK));
            while (timer != null) {
                Timer following = timer.next;
                place(timer); // even if it is due: level by level, so that what is due comes in the order of its ticks
                timer = following;
            }
        }
        nowTick = untilTick;
    }

    private void place(Timer timer) {
        if (timer.tick <= nowTick) {
            append(timer);
            return;
        }
        int level = (Long.SIZE - 1 - Long.numberOfLeadingZeros((timer.tick ^ nowTick) | SLOT_MASK)) / SLOT_BITS;
        int slot = (int) (timer.tick >>> (level * SLOT_BITS)) & SLOT_MASK;
        occupied[level] |= 1L << slot;
        link(timer, level << SLOT_BITS | slot);
    }

    /** The bucket whose time comes next, or −1. In the lowest level that holds anything, the slots lie ahead of now. */
    private int nextSlot() {
        for (int level = 0; level < LEVELS; level++) {
            if (occupied[level] != 0) {
                return level << SLOT_BITS | Long.numberOfTrailingZeros(occupied[level]);
            }
        }
        return -1;
    }

    /** The first tick of a bucket: the digits of now above its level, its slot, zeros below. */
    private long tickOf(int bucket) {
        int shift = (bucket >>> SLOT_BITS) * SLOT_BITS;
        long above = (nowTick >>> (shift + SLOT_BITS)) << (shift + SLOT_BITS);
        return above | (long) (bucket & SLOT_MASK) << shift;
    }

    private void link(Timer timer, int bucket) {
        Timer head = buckets[bucket];
        timer.bucket = bucket;
        timer.previous = null;
        timer.next = head;
        if (head != null) {
            head.previous = timer;
        }
        buckets[bucket] = timer;
    }

    private void append(Timer timer) {
        Timer last = lastDue;
        timer.bucket = DUE;
        timer.previous = last;
        timer.next = null;
        if (last == null) {
            buckets[DUE] = timer;
        } else {
            last.next = timer;
        }
        lastDue = timer;
    }

    private void unlink(Timer timer) {
        int bucket = timer.bucket;
        Timer before = timer.previous;
        Timer after = timer.next;
        if (before == null) {
            buckets[bucket] = after;
            if (after == null && bucket != DUE) {
                occupied[bucket >>> SLOT_BITS] &= ~(1L << (bucket & SLOT_MASK));
            }
        } else {
            before.next = after;
        }
        if (after != null) {
            after.previous = before;
        } else if (bucket == DUE) {
            lastDue = before;
        }
        timer.bucket = Timer.IDLE;
        timer.previous = null;
        timer.next = null;
    }
}
