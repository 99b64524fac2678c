package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Names a loop that does not turn: in the log, with the stack that holds it, and as an event of JDK Flight Recorder.
 *
 * <p><b>How it looks.</b> One daemon thread for each {@link LoopGroup} wakes up {@value #LOOKS_PER_STALL} times in the patience
 * that it has, and reads two things of each loop that the loop writes anyway: how often it has turned, and whether it
 * sleeps in its driver. Who sleeps is not stalled. Who neither sleeps nor has turned since the last look is held, and one
 * that is held for longer than the patience is an incident. The loop pays nothing for being watched: no clock is read and
 * no store is added for it, and its counter is read as one reads a neighbour's, a little late and in no order with
 * anything else.
 *
 * <p><b>Once.</b> An incident is told when it is found, and again in a line when it has ended. One at the same place as the
 * last one of that loop is told in a line too.
 *
 * <p><b>Who was held itself does not blame others.</b> A laptop that slept, a stopped process, a debugger at a breakpoint, a
 * long collection: all of them hold the watchdog as well. So of the time between two looks no more counts than two
 * intervals, however late the second one comes.
 *
 * <p><b>Who got no processor is not to blame.</b> Of a loop that is held, the kernel is asked at each look whether its thread is
 * ready to run and how long it has run ({@link ProcessorUse}). Time for which it was ready and did not run does not count: the
 * machine owes it that. A loop that is starved for {@value #STARVED_PATIENCES} times the patience is told of once, as that, and is no
 * stall. Where the kernel cannot be asked, all time counts.
 *
 * <p><b>What it will not do.</b> It ends nothing and interrupts nobody: who holds a loop may be in the middle of a write. It does
 * not see a green thread that runs in slices and yields, for then the loop turns. Loops driven by hand are not watched, their
 * driver decides when they turn.
 */
final class Watchdog implements AutoCloseable {

    /** Sets the patience of all groups that do not set their own, in milliseconds; 0 switches the watchdog off. */
    static final String PATIENCE_PROPERTY = "pumasi.stall.millis";

    /**
     * What a human notices as slow, and far above what any callback should take; a tenth of it would also find what a busy
     * machine does to innocent threads.
     */
    private static final long PATIENCE_MILLIS_DEFAULT = 500;

    static final int LOOKS_PER_STALL = 4;

    /** After so many times its patience without a processor the operator should know that the machine is too small. */
    static final int STARVED_PATIENCES = 10;

    private static final long INTERVAL_NANOS_MAX = Duration.ofMillis(250).toNanos();
    private static final long INTERVAL_NANOS_MIN = Duration.ofMillis(1).toNanos();

    private static final System.Logger LOG = System.getLogger("dev.pumasi.runtime");

    /** What the watchdog knows of one loop. Confined to its thread. */
    private static final class Watched {

        final Loop loop;
        long turns;
        long heldNanos;
        long starvedNanos;

        /** What the kernel said at the last look; null if the loop was not held then. */
        @Nullable
        ProcessorUse use;

        boolean told;
        boolean toldStarved;
        String lastPlace = "";

        Watched(Loop loop) {
            this.loop = loop;
        }
    }

    private final List<Watched> watched;
    private final long patienceNanos;
    private final long intervalNanos;
    private final Clock clock;
    private final ProcessorUse.Source processors;
    private long lastNanos;
    private @Nullable Thread thread;
    private volatile boolean closed;

    static Duration patience() {
        return Duration.ofMillis(Math.max(0, Long.getLong(PATIENCE_PROPERTY, PATIENCE_MILLIS_DEFAULT)));
    }

    /** Begins to watch, on a thread of its own; {@code null} if the patience is zero, which switches it off. */
    static @Nullable Watchdog start(String name, List<Loop> loops, Duration patience) {
        if (patience.isZero()) {
            return null;
        }
        Watchdog watchdog = new Watchdog(loops, patience, Clock.SYSTEM, ProcessorUse.KERNEL);
        watchdog.thread = Thread.ofPlatform()
                .name(name + "-watchdog")
                .daemon()
                .inheritInheritableThreadLocals(false)
                .start(watchdog::run);
        return watchdog;
    }

    /** One that looks when it is told to. */
    Watchdog(List<Loop> loops, Duration patience, Clock clock, ProcessorUse.Source processors) {
        watched = loops.stream().map(Watched::new).toList();
        patienceNanos = Loop.nanos(patience);
        intervalNanos = Math.clamp(patienceNanos / LOOKS_PER_STALL, INTERVAL_NANOS_MIN, INTERVAL_NANOS_MAX);
        this.clock = clock;
        this.processors = processors;
        lastNanos = clock.nanoTime();
    }

    /** How long it waits between two looks. */
    long intervalNanos() {
        return intervalNanos;
    }

    /** Stops watching and waits for the thread, which may be in the middle of a report. */
    @Override
    public void close() {
        closed = true;
        Thread own = thread;
        boolean interrupted = false;
        while (own != null && own.isAlive()) {
            LockSupport.unpark(own);
            try {
                own.join();
            } catch (InterruptedException stop) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        while (!closed) {
            LockSupport.parkNanos(this, intervalNanos);
            look();
        }
        watched.forEach(one -> one.loop.hops().announce()); // what happened last
    }

    /** Looks at each loop once. */
    void look() {
        long nowNanos = clock.nanoTime();
        long countedNanos = Math.min(nowNanos - lastNanos, 2 * intervalNanos);
        lastNanos = nowNanos;
        for (Watched one : watched) {
            try {
                look(one, countedNanos);
            } catch (RuntimeException | LinkageError failure) {
                one.loop.report("the watchdog", failure);
            }
        }
    }

    private void look(Watched one, long countedNanos) {
        Loop loop = one.loop;
        loop.hops().announce();
        long turns = loop.turnCount();
        if (turns != one.turns || loop.isAsleep() || loop.isOver()) {
            if (one.told) {
                ended(one, countedNanos);
            }
            one.turns = turns;
            one.heldNanos = 0;
            one.starvedNanos = 0;
            one.toldStarved = false;
            one.use = null;
            return;
        }
        long heldNanos = heldNanos(one, countedNanos);
        one.heldNanos += heldNanos;
        one.starvedNanos += countedNanos - heldNanos;
        if (!one.told && one.heldNanos >= patienceNanos) {
            one.told = true;
            tell(one);
        } else if (!one.told && !one.toldStarved && one.starvedNanos / STARVED_PATIENCES >= patienceNanos) {
            one.toldStarved = true;
            LOG.log(
                    System.Logger.Level.INFO,
                    "{0} is starved of a processor: for {1} its thread was ready to run and did not. That is no stall of the"
                            + " program''s: the machine, or its container, has too few processors for what runs on it.",
                    loop.name(),
                    StallReport.time(one.starvedNanos));
        }
    }

    /** How much of the time since the last look it was held by what it does, and not by want of a processor. */
    private long heldNanos(Watched one, long countedNanos) {
        ProcessorUse before = one.use;
        ProcessorUse now = processors.of(one.loop);
        one.use = now;
        if (before == null || now == null || !now.isReady()) {
            return countedNanos; // not to be known; or it waits for something else
        }
        return Math.clamp(now.ranNanos() - before.ranNanos(), 0, countedNanos);
    }

    /** The log comes last: it may be what the loop is stuck in, and then hold us too. */
    private static void tell(Watched one) {
        Loop loop = one.loop;
        StallReport report;
        try {
            report = StallReport.of(loop, one.heldNanos, one.starvedNanos);
        } finally {
            loop.stalls().add();
        }
        boolean turnedMeanwhile = loop.turnCount() != one.turns;
        if (turnedMeanwhile) {
            report = StallReport.missed(loop, one.heldNanos);
        }
        loop.stalls()
                .remember(new Stall(
                        loop.name(),
                        Instant.ofEpochMilli(loop.driver().clock().currentTimeMillis()),
                        Duration.ofNanos(one.heldNanos),
                        false,
                        report.text()));
        Recorder.HERE.stalled(loop.name(), one.heldNanos, report.holder(), report.verdict(), report.text());
        boolean again = !turnedMeanwhile && report.place().equals(one.lastPlace);
        one.lastPlace = report.place();
        LOG.log(
                System.Logger.Level.WARNING,
                "{0}",
                again
                        ? loop.name() + " has not turned for " + StallReport.time(one.heldNanos)
                                + ", again at the same place: " + report.place()
                        : report.text());
    }

    /** It has turned at some time since the last look. */
    private static void ended(Watched one, long countedNanos) {
        long lastedNanos = one.heldNanos + countedNanos;
        one.told = false;
        one.loop.stalls().ended(Duration.ofNanos(lastedNanos));
        Recorder.HERE.resumed(one.loop.name(), lastedNanos);
        LOG.log(
                System.Logger.Level.WARNING,
                "{0} turns again, after about {1}",
                one.loop.name(),
                StallReport.time(lastedNanos));
    }
}
