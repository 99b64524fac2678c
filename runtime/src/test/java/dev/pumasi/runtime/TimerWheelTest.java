package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Never early, at most a tick late, in order, whatever is started, moved and cancelled meanwhile. */
final class TimerWheelTest {

    private static final long TICK_NANOS = 1L << TimerWheel.TICK_SHIFT;

    private static final long MILLISECOND = 1_000_000;

    private static final long DAY = Duration.ofDays(1).toNanos();
    private static final long YEAR = 365 * DAY;

    private static Timer recorder(List<String> fired, String name) {
        return Timer.of(() -> fired.add(name));
    }

    @Test
    void aTimerFiresNeitherEarlyNorMoreThanATickLate() {
        for (long delay :
                new long[] {0, 1, TICK_NANOS - 1, TICK_NANOS, TICK_NANOS + 1, 70 * TICK_NANOS, DAY, 50 * YEAR}) {
            long origin = -12_345;
            TimerWheel wheel = new TimerWheel(origin);
            List<String> fired = new ArrayList<>();
            wheel.start(recorder(fired, "it"), origin + delay);
            if (delay > 0) {
                wheel.advance(origin + delay - 1, 10, Timer::expired);
                assertEquals(List.of(), fired, "early, with delay " + delay);
            }
            wheel.advance(origin + delay + TICK_NANOS - 1, 10, Timer::expired);
            assertEquals(List.of("it"), fired, "late, with delay " + delay);
            assertEquals(0, wheel.size());
        }
    }

    /** What the wheel should do, by the simplest means there is. */
    private static final class Model {
        final Timer[] timers;
        final long[] deadlines;
        final boolean[] running;
        final PriorityQueue<long[]> order;
        final long origin;

        Model(int count, long origin, List<Integer> fired) {
            this.origin = origin;
            timers = new Timer[count];
            deadlines = new long[count];
            running = new boolean[count];
            // Compared by the time since the origin: the clock may wrap.
            order = new PriorityQueue<>((a, b) -> Long.compare(a[0] - origin, b[0] - origin));
            Arrays.setAll(timers, i -> Timer.of(() -> fired.add(i)));
        }

        void start(int timer, long deadline) {
            deadlines[timer] = deadline;
            running[timer] = true;
            order.add(new long[] {deadline, timer});
        }

        /** The deadline that comes next, entries that have become stale dropped. */
        long[] next() {
            long[] first = order.peek();
            while (first != null && !(running[(int) first[1]] && deadlines[(int) first[1]] == first[0])) {
                order.remove();
                first = order.peek();
            }
            return first;
        }
    }

    @Test
    void itDoesWhatAPriorityQueueDoes() {
        long seed = Long.getLong("pumasi.seed", System.nanoTime());
        Random random = new Random(seed);
        long now = random.nextLong();
        List<Integer> fired = new ArrayList<>();
        TimerWheel wheel = new TimerWheel(now);
        Model model = new Model(1000, now, fired);
        int leaps = 0;
        int firedInAll = 0;
        for (int step = 0; step < 100_000; step++) {
            String where = "seed " + seed + ", step " + step;
            int timer = random.nextInt(model.timers.length);
            switch (random.nextInt(8)) {
                case 0, 1, 2 -> {
                    long delay = Math.min(random.nextLong() >>> 1 + random.nextInt(62), 60 * YEAR) - random.nextInt(3);
                    wheel.start(model.timers[timer], now + delay);
                    model.start(timer, now + delay);
                }
                case 3 -> {
                    assertEquals(model.running[timer], wheel.cancel(model.timers[timer]), where);
                    model.running[timer] = false;
                }
                default -> {
                    boolean leap = leaps < 20 && random.nextInt(1000) == 0;
                    leaps += leap ? 1 : 0;
                    now += random.nextLong(1L << (leap ? 57 : 1 + random.nextInt(44)));
                    fired.clear();
                    assertEquals(wheel.advance(now, Integer.MAX_VALUE, Timer::expired), fired.size(), where);
                    firedInAll += fired.size();
                    check(model, fired, now, where);
                }
            }
            checkNext(model, wheel, now, where);
        }
        assertTrue(firedInAll > 5_000, "fired " + firedInAll);
    }

    private static void check(Model model, List<Integer> fired, long now, String where) {
        long tickBefore = Long.MIN_VALUE;
        for (int timer : fired) {
            assertTrue(model.running[timer], where);
            assertTrue(model.deadlines[timer] - now <= 0, where + ": early");
            long tick = Math.ceilDiv(Math.max(0, model.deadlines[timer] - model.origin), TICK_NANOS);
            assertTrue(tick >= tickBefore, where + ": out of order");
            tickBefore = Math.max(tickBefore, tick);
            model.running[timer] = false;
        }
        long[] next = model.next();
        assertTrue(next == null || next[0] + TICK_NANOS - now > 0, where + ": more than a tick late");
    }

    private static void checkNext(Model model, TimerWheel wheel, long now, String where) {
        long[] next = model.next();
        if (next == null) {
            assertEquals(TimerWheel.NEVER, wheel.nanosToNext(now), where);
            assertEquals(0, wheel.size(), where);
        } else {
            long wait = wheel.nanosToNext(now);
            assertTrue(wait >= 0 && wait <= Math.max(0, next[0] - now) + TICK_NANOS, where + ": sleeps too long");
        }
    }

    @Test
    void waitingAsLongAsItSaysFiresEverythingInAFewSteps() {
        long seed = Long.getLong("pumasi.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            long now = random.nextLong();
            long deadline = now + Math.min(random.nextLong() >>> 1 + random.nextInt(62), 90 * YEAR);
            TimerWheel wheel = new TimerWheel(now);
            List<String> fired = new ArrayList<>();
            wheel.start(recorder(fired, "it"), deadline);
            int steps = 0;
            while (fired.isEmpty()) {
                now += wheel.nanosToNext(now);
                wheel.advance(now, 1, Timer::expired);
                assertTrue(++steps <= 9, "seed " + seed + ": wakes up again and again");
            }
            assertTrue(now - deadline >= 0 && now - deadline < TICK_NANOS, "seed " + seed);
        }
    }

    @Test
    void whatIsLateFiresInTheOrderOfItsTime() {
        TimerWheel wheel = new TimerWheel(0);
        List<String> fired = new ArrayList<>();
        wheel.start(recorder(fired, "third"), 900 * MILLISECOND);
        wheel.start(recorder(fired, "first"), MILLISECOND);
        wheel.start(recorder(fired, "fourth"), 901 * MILLISECOND);
        wheel.start(recorder(fired, "second"), 2 * MILLISECOND);
        wheel.advance(DAY, 10, Timer::expired);
        assertEquals(List.of("first", "second", "third", "fourth"), fired);
    }

    @Test
    void aMillionTimersAreStartedAndHalfOfThemCancelled() {
        int count = 1_000_000;
        Random random = new Random(1);
        TimerWheel wheel = new TimerWheel(0);
        long[] firedCount = new long[1];
        Timer[] timers = new Timer[count];
        for (int i = 0; i < count; i++) {
            timers[i] = Timer.of(() -> firedCount[0]++);
            wheel.start(timers[i], random.nextLong(3_600_000 * MILLISECOND));
        }
        assertEquals(count, wheel.size());
        for (int i = 0; i < count; i += 2) {
            assertTrue(wheel.cancel(timers[i]));
            assertFalse(wheel.cancel(timers[i]));
        }
        assertEquals(count / 2, wheel.size());
        for (long now = 0; wheel.size() > 0; now += 1000 * MILLISECOND) {
            wheel.advance(now, Integer.MAX_VALUE, Timer::expired);
        }
        assertEquals(count / 2, firedCount[0]);
        assertEquals(TimerWheel.NEVER, wheel.nanosToNext(0));
    }

    @Test
    void aTimerMayStartAndCancelOthersWhileItFires() {
        TimerWheel wheel = new TimerWheel(0);
        List<String> fired = new ArrayList<>();
        Timer victim = recorder(fired, "cancelled");
        Timer moved = recorder(fired, "moved");
        Timer later = recorder(fired, "started");
        Timer[] again = new Timer[1];
        again[0] = Timer.of(() -> {
            fired.add("again");
            if (fired.size() < 3) {
                wheel.start(again[0], 10 * MILLISECOND);
            }
        });
        wheel.start(
                Timer.of(() -> {
                    fired.add("killer");
                    assertTrue(wheel.cancel(victim));
                    wheel.start(moved, DAY);
                    wheel.start(later, 20 * MILLISECOND);
                }),
                MILLISECOND);
        wheel.start(victim, 2 * MILLISECOND);
        wheel.start(moved, 3 * MILLISECOND);
        wheel.start(again[0], 4 * MILLISECOND);
        assertEquals(3, wheel.advance(11 * MILLISECOND, 100, Timer::expired), "one of them started itself again, due");
        assertEquals(List.of("killer", "again", "again"), fired);
        wheel.advance(21 * MILLISECOND, 100, Timer::expired);
        assertEquals("started", fired.getLast());
        assertEquals(1, wheel.size());
        assertTrue(moved.isRunning());
        wheel.advance(DAY + TICK_NANOS, 100, Timer::expired);
        assertEquals("moved", fired.getLast());
        assertFalse(fired.contains("cancelled"));
    }

    @Test
    void boundedFiringLeavesTheRestDueAndTheOldestFirst() {
        TimerWheel wheel = new TimerWheel(0);
        List<String> fired = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            wheel.start(recorder(fired, "t" + i), (1 + i) * MILLISECOND);
        }
        assertEquals(3, wheel.advance(DAY, 3, Timer::expired));
        assertEquals(0, wheel.nanosToNext(DAY));
        assertEquals(7, wheel.size());
        // More is due with every turn than a turn fires: who has waited longest must not wait for ever.
        for (int turn = 0; turn < 4; turn++) {
            for (int i = 0; i < 3; i++) {
                wheel.start(recorder(fired, "new"), DAY - MILLISECOND);
            }
            assertEquals(3, wheel.advance(DAY, 3, Timer::expired));
        }
        assertEquals(List.of("t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9"), fired.subList(0, 10));
    }

    @Test
    void aTimerThatFailsLeavesTheWheelAsItShouldBe() {
        TimerWheel wheel = new TimerWheel(0);
        List<String> fired = new ArrayList<>();
        wheel.start(
                Timer.of(() -> {
                    throw new IllegalStateException("on purpose");
                }),
                MILLISECOND);
        wheel.start(recorder(fired, "other"), 2 * MILLISECOND);
        int[] failures = new int[1];
        wheel.advance(DAY, 10, timer -> {
            try {
                timer.expired();
            } catch (IllegalStateException onPurpose) {
                failures[0]++;
            }
        });
        assertEquals(1, failures[0]);
        assertEquals(List.of("other"), fired);
        assertEquals(0, wheel.size());
    }
}
