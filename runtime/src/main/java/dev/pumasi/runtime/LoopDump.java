package dev.pumasi.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * One loop and its green threads, as they were when they were looked at.
 *
 * @param status the loop's figures
 * @param stall why it does not turn; empty if it does
 * @param greenThreads those that had begun and not ended
 * @param leftOut how many of them are not in the list, because there are more than were asked for, at most {@value #GREEN_THREADS_MAX}
 * @param hops where green threads were woken from other threads
 */
public record LoopDump(
        LoopStatus status,
        Optional<String> stall,
        List<GreenThreadStatus> greenThreads,
        int leftOut,
        List<String> hops) {

    /** How many green threads of one loop a dump lists. */
    public static final int GREEN_THREADS_MAX = 10_000;

    /** How many are looked at in one turn: a stack takes some 10 µs, and others want their turn too. */
    static final int LOOKED_AT_PER_TURN = 32;

    /** A loop that does not begin within this time is looked at from outside. */
    static final long BEGIN_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    /** And one that began and does not come to an end. */
    static final long END_NANOS = TimeUnit.SECONDS.toNanos(20);

    /**
     * Looks at {@code loop}: on the loop, a few threads in each turn, so that nobody is woken by the wrong thread meanwhile;
     * from outside if it does not turn. Blocks; any thread but a loop's.
     */
    static LoopDump of(Loop loop) {
        return of(loop, GREEN_THREADS_MAX, true);
    }

    /** The same, of at most {@code max} green threads, with stacks or without. */
    static LoopDump of(Loop loop, int max, boolean withStacks) {
        if (loop.isCurrent()) {
            return from(loop, Optional.empty(), everybody(loop, max, withStacks), max);
        }
        OnLoop onLoop = new OnLoop(loop, max, withStacks);
        loop.execute(onLoop);
        if (!loop.isOver() && onLoop.await()) {
            return from(loop, Optional.empty(), onLoop.seen, max);
        }
        Optional<String> stall = loop.isOver()
                ? Optional.of("it is closed")
                : Optional.of(StallReport.of(loop, BEGIN_NANOS).text());
        return from(loop, stall, everybody(loop, max, withStacks), max);
    }

    /** Several lines: the loop, where it hops, and its green threads. */
    @Override
    public String toString() {
        String end = System.lineSeparator();
        StringBuilder text = new StringBuilder()
                .append(status.name())
                .append(" (" + status.driver() + "), green threads: " + status.greenThreadsAlive())
                .append(", operations in progress: " + status.interests() + ", timers: " + status.timers())
                .append("; so far turns: " + status.turns() + ", green threads: " + status.greenThreads())
                .append(", hops: " + status.hops() + ", stalls: " + status.stalls())
                .append(", failures: " + status.failures())
                .append(end);
        stall.ifPresent(why -> text.append("  ").append(why).append(end));
        hops.forEach(place -> text.append("  hops: ").append(place).append(end));
        greenThreads.forEach(green -> text.append("  ").append(green).append(end));
        if (leftOut > 0) {
            text.append("  and " + leftOut + " more green threads").append(end);
        }
        return text.toString();
    }

    private static LoopDump from(Loop loop, Optional<String> stall, List<GreenThreadStatus> seen, int max) {
        LoopStatus status = loop.status();
        int leftOut = seen.size() < max ? 0 : Math.max(0, status.greenThreadsAlive() - seen.size());
        return new LoopDump(
                status, stall, List.copyOf(seen), leftOut, loop.hops().places());
    }

    private static List<GreenThreadStatus> everybody(Loop loop, int max, boolean withStacks) {
        List<Thread> all = loop.greenThreadList().all();
        return all.stream()
                .limit(max)
                .filter(green -> green.getState() != Thread.State.TERMINATED)
                .map(green -> GreenThreadStatus.of(green, loop, withStacks))
                .toList();
    }

    /** Looks at the threads from slot to slot, a few in each turn, as long as somebody waits for it. */
    private static final class OnLoop implements Runnable {

        private final Loop loop;
        private final int max;
        private final boolean withStacks;
        private volatile boolean givenUp;
        private final CountDownLatch begun = new CountDownLatch(1);
        private final CountDownLatch ended = new CountDownLatch(1);

        /** Written on the loop, read when it has {@link #ended}, or not at all. */
        private final List<GreenThreadStatus> seen = new ArrayList<>();

        private int slot;

        OnLoop(Loop loop, int max, boolean withStacks) {
            this.loop = loop;
            this.max = max;
            this.withStacks = withStacks;
        }

        @Override
        public void run() {
            if (givenUp) {
                return;
            }
            begun.countDown();
            GreenThreadList list = loop.greenThreadList();
            int left = LOOKED_AT_PER_TURN;
            for (; slot < list.reach() && left > 0 && seen.size() < max; slot++) {
                Thread green = list.at(slot);
                if (green != null) {
                    seen.add(GreenThreadStatus.of(green, loop, withStacks));
                    left--;
                }
            }
            if (slot < list.reach() && seen.size() < max) {
                loop.execute(this);
            } else {
                ended.countDown();
            }
        }

        /** Whether it came to its end in time; if not it will not go on. */
        boolean await() {
            boolean interrupted = false;
            boolean inTime = false;
            try {
                inTime = begun.await(BEGIN_NANOS, TimeUnit.NANOSECONDS) && ended.await(END_NANOS, TimeUnit.NANOSECONDS);
            } catch (InterruptedException hurry) {
                interrupted = true;
            }
            givenUp = !inTime;
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            return inTime;
        }
    }
}
