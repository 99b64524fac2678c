package dev.pumasi.admin;

import dev.pumasi.runtime.RecordedEvent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * How busy one loop is, worked out of its recording: how much of each {@value #BIN_MILLIS} ms it turned, how much of that belonged to
 * green threads, how long its turns were, and which were the longest.
 *
 * <p>A loop that does much overwrites its ring before it is read. What was overwritten is not guessed: bins of which less
 * than a tenth is known are unknown, and the share of time for which the loop was busy is that of the time that is known.
 *
 * <p>A turn that has begun and not ended goes on: so a loop that is blocked shows as busy, and for how long, while it is blocked.
 * Confined to whoever looks.
 */
final class LoopPulse {

    static final int BIN_MILLIS = 10;

    /** How many long turns of one look are told apart. */
    static final int LONG_TURNS_MAX = 8;

    /** What an eye sees on the timeline. */
    static final long LONG_TURN_NANOS = 5_000_000;

    /** Over how many looks the lengths of turns are summed up: five seconds. */
    private static final int LOOKS_SUMMED = 10;

    private static final long BIN_NANOS = BIN_MILLIS * 1_000_000L;
    private static final long MOSTLY_KNOWN = 10;

    /** Five seconds of bins: more than lies between two looks. */
    private static final int BINS = 512;

    /** Eight buckets to an octave: within 9 %. */
    private static final int BUCKETS_PER_OCTAVE = 8;

    private static final int BUCKETS = 64 * BUCKETS_PER_OCTAVE;

    /**
     * A stretch of a turn that everybody else on the loop had to wait for.
     *
     * @param fromNanos when it began
     * @param nanos how long it took, or has taken so far
     * @param thread the green thread that had most of it; 0 if the loop's own thread did
     */
    record LongTurn(long fromNanos, long nanos, long thread) {}

    /**
     * What came of a look.
     *
     * @param firstBin the number of the first bin
     * @param busy per cent of each bin; −1 where it is not known
     * @param green per cent of each bin for which green threads ran
     * @param share of the known time for which it turned; NaN if nothing is known
     * @param medianNanos of turns, lately; 0 if there were none
     * @param longestNanos of turns, lately
     */
    record Beat(
            long firstBin,
            int[] busy,
            int[] green,
            double share,
            long medianNanos,
            long longestNanos,
            List<LongTurn> longTurns) {}

    private final long[] knownNanos = new long[BINS];
    private final long[] busyNanos = new long[BINS];
    private final long[] greenNanos = new long[BINS];
    private final ArrayDeque<int[]> lengths = new ArrayDeque<>();
    private final ArrayDeque<Long> longest = new ArrayDeque<>();

    /** Up to where time is accounted for; negative as long as nothing is known. */
    private long atNanos = -1;

    private boolean turning;
    private long turnBeganNanos;
    private long green;
    private long greenBeganNanos;
    private long longestGreen;
    private long longestGreenNanos;
    private long nextBin = -1;

    // Of this look.
    private int[] counts = new int[BUCKETS];
    private long longestNow;
    private final List<LongTurn> longTurns = new ArrayList<>();

    /** The recording has begun: the loop sleeps, or is in a turn that will not be seen. */
    void begin(long nowNanos) {
        nextBin = nowNanos / BIN_NANOS;
    }

    /** Something between was overwritten. */
    void gap() {
        atNanos = -1;
        turning = false;
        green = 0;
    }

    void take(RecordedEvent event) {
        long nanos = event.nanos();
        switch (event.kind()) {
            case TURN_BEGUN -> {
                account(nanos);
                turning = true;
                turnBeganNanos = nanos;
                longestGreen = 0;
                longestGreenNanos = 0;
            }
            case TURN_ENDED -> {
                greenStops(nanos);
                if (turning) {
                    account(nanos);
                    turned(nanos - turnBeganNanos);
                } else {
                    atNanos = nanos;
                }
                turning = event.number() == 0; // it does not wait in the kernel: that belongs to being busy
                if (turning) {
                    turnBeganNanos = nanos;
                }
            }
            case GREEN_BEGUN, GREEN_WOKEN -> {
                greenStops(nanos);
                green = event.number();
                greenBeganNanos = nanos;
            }
            case GREEN_PARKED, GREEN_ENDED -> greenStops(nanos);
            case SPAN_BEGUN, SPAN_ENDED, OFFLOAD_HANDED_OVER, OFFLOAD_BEGUN, OFFLOAD_DONE, OFFLOAD_RETURNED -> {}
        }
    }

    /** Ends a look. */
    Beat beat(long nowNanos) {
        if (atNanos >= 0) {
            account(nowNanos);
        }
        if (green != 0) {
            spread(greenNanos, greenBeganNanos, nowNanos);
            longestGreen(green, nowNanos - greenBeganNanos);
            greenBeganNanos = nowNanos;
        }
        if (turning && nowNanos - turnBeganNanos >= LONG_TURN_NANOS) {
            note(new LongTurn(turnBeganNanos, nowNanos - turnBeganNanos, longestGreen));
            longestNow = Math.max(longestNow, nowNanos - turnBeganNanos);
        }
        long endBin = nowNanos / BIN_NANOS; // which is not over yet
        long first = Math.max(nextBin, endBin - BINS / 2);
        for (long skipped = Math.max(nextBin, endBin - BINS); skipped < first; skipped++) {
            forget((int) Math.floorMod(skipped, (long) BINS));
        }
        int count = (int) Math.max(0, endBin - first);
        int[] busy = new int[count];
        int[] greens = new int[count];
        long known = 0;
        long turned = 0;
        for (int i = 0; i < count; i++) {
            int slot = (int) Math.floorMod(first + i, (long) BINS);
            known += knownNanos[slot];
            turned += busyNanos[slot];
            boolean seen = knownNanos[slot] * MOSTLY_KNOWN >= BIN_NANOS;
            busy[i] = seen ? percent(busyNanos[slot], knownNanos[slot]) : -1;
            greens[i] = seen ? Math.min(busy[i], percent(greenNanos[slot], knownNanos[slot])) : 0;
            forget(slot);
        }
        nextBin = endBin;
        lengths.addLast(counts);
        longest.addLast(longestNow);
        if (lengths.size() > LOOKS_SUMMED) {
            lengths.removeFirst();
            longest.removeFirst();
        }
        Beat beat = new Beat(
                first,
                busy,
                greens,
                known == 0 ? Double.NaN : (double) turned / known,
                median(),
                longest.stream().mapToLong(Long::longValue).max().orElse(0),
                List.copyOf(longTurns));
        counts = new int[BUCKETS];
        longestNow = 0;
        longTurns.clear();
        return beat;
    }

    private void forget(int slot) {
        knownNanos[slot] = 0;
        busyNanos[slot] = 0;
        greenNanos[slot] = 0;
    }

    /** The number of the bin in which {@code nanos} lies. */
    static long bin(long nanos) {
        return nanos / BIN_NANOS;
    }

    private void turned(long nanos) {
        counts[bucket(nanos)]++;
        longestNow = Math.max(longestNow, nanos);
        if (nanos >= LONG_TURN_NANOS) {
            note(new LongTurn(turnBeganNanos, nanos, longestGreenNanos * 2 > nanos ? longestGreen : 0));
        }
    }

    private void note(LongTurn turn) {
        if (longTurns.size() == LONG_TURNS_MAX) {
            LongTurn shortest = longTurns.getFirst();
            for (LongTurn other : longTurns) {
                shortest = other.nanos() < shortest.nanos() ? other : shortest;
            }
            if (shortest.nanos() >= turn.nanos()) {
                return;
            }
            longTurns.remove(shortest);
        }
        longTurns.add(turn);
    }

    private void greenStops(long nanos) {
        if (green != 0) {
            if (atNanos >= 0) {
                spread(greenNanos, greenBeganNanos, nanos);
            }
            longestGreen(green, nanos - greenBeganNanos);
            green = 0;
        }
    }

    private void longestGreen(long thread, long nanos) {
        if (nanos > longestGreenNanos) {
            longestGreen = thread;
            longestGreenNanos = nanos;
        }
    }

    /** Time up to {@code nanos} has passed in the state that there is. */
    private void account(long nanos) {
        if (atNanos >= 0 && nanos > atNanos) {
            spread(knownNanos, atNanos, nanos);
            if (turning) {
                spread(busyNanos, atNanos, nanos);
            }
        }
        atNanos = Math.max(atNanos, nanos);
    }

    private void spread(long[] bins, long fromNanos, long toNanos) {
        long from = Math.max(fromNanos, Math.max(nextBin * BIN_NANOS, toNanos - (BINS - 1) * BIN_NANOS));
        while (from < toNanos) {
            long end = Math.min(toNanos, (from / BIN_NANOS + 1) * BIN_NANOS);
            bins[(int) Math.floorMod(from / BIN_NANOS, (long) BINS)] += end - from;
            from = end;
        }
    }

    private long median() {
        int[] sum = new int[BUCKETS];
        int total = 0;
        for (int[] one : lengths) {
            for (int i = 0; i < BUCKETS; i++) {
                sum[i] += one[i];
                total += one[i];
            }
        }
        int before = 0;
        for (int i = 0; i < BUCKETS && total > 0; i++) {
            before += sum[i];
            if (before * 2L >= total) {
                return value(i);
            }
        }
        return 0;
    }

    private static int bucket(long nanos) {
        long value = Math.max(1, nanos);
        int octave = 63 - Long.numberOfLeadingZeros(value);
        int part = octave < 3 ? 0 : (int) (value >>> octave - 3) & BUCKETS_PER_OCTAVE - 1;
        return octave * BUCKETS_PER_OCTAVE + part;
    }

    /** The middle of a bucket. */
    private static long value(int bucket) {
        int octave = bucket / BUCKETS_PER_OCTAVE;
        double part = (bucket % BUCKETS_PER_OCTAVE + 0.5) / BUCKETS_PER_OCTAVE;
        return (long) ((1L << octave) * (1 + part));
    }

    private static int percent(long part, long whole) {
        return (int) Math.min(100, Math.round(100.0 * part / whole));
    }
}
