package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.driver.Clock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A loop that does not turn is named with what holds it. Each loop here is freed by its test; those that nobody can free
 * are in {@link DeadlockTest}. The watchdogs look when the tests tell them to, in a time that the tests make, so no load of the
 * machine decides.
 */
final class WatchdogTest extends OnEachDriver {

    private static final Duration PATIENCE = Duration.ofMillis(400);

    /** A watchdog of one loop, and the time it lives in. */
    private static final class Rig implements Clock {

        private final Watchdog watchdog;
        private long nanos;

        Rig(Loop loop) {
            this(loop, _ -> null);
        }

        Rig(Loop loop, ProcessorUse.Source processors) {
            watchdog = new Watchdog(List.of(loop), PATIENCE, this, processors);
        }

        /** Lets so many of its intervals pass, and has it look after each. */
        void look(int times) {
            for (int i = 0; i < times; i++) {
                leap(watchdog.intervalNanos());
            }
        }

        /** Lets that much time pass at once: the watchdog was held itself. */
        void leap(long byNanos) {
            nanos += byNanos;
            watchdog.look();
        }

        @Override
        public long nanoTime() {
            return nanos;
        }

        @Override
        public long currentTimeMillis() {
            throw new AssertionError("a watchdog has no calendar");
        }
    }

    private Loop unwatched() {
        return closing(LoopGroup.start("test", 1, factory(), Duration.ZERO)).next();
    }

    @Test
    void aCallbackThatBlocksIsNamedOnceAndSoIsTheEnd() throws Exception {
        Loop loop = unwatched();
        Rig rig = new Rig(loop);
        CountDownLatch release = blocked(loop);

        rig.look(Watchdog.LOOKS_PER_STALL);
        assertEquals(List.of(), heard.take(), "its patience is not over");
        rig.look(1);
        String report = said("test-0 has not turned for 400 ms: it is held by its own thread, which waits for ");
        assertTrue(report.contains("WatchdogTest.blockHere("), report);
        assertEquals(1, loop.status().stalls());

        rig.look(20);
        assertEquals(List.of(), heard.take(), "once");
        release.countDown();
        turnsAgain(loop, rig);
        said("test-0 turns again, after about ");
        rig.look(20);
        assertEquals(1, loop.status().stalls());
    }

    /** A loop whose own thread waits until the latch is let go. */
    private static CountDownLatch blocked(Loop loop) {
        CountDownLatch release = new CountDownLatch(1);
        loop.execute(() -> blockHere(release));
        Eventually.until(
                "it blocks",
                () -> LockSupport.getBlocker(loop.thread()) != null
                        && loop.thread().getState() == Thread.State.WAITING);
        return release;
    }

    private static void blockHere(CountDownLatch release) {
        try {
            release.await();
        } catch (InterruptedException impossible) {
            throw new AssertionError(impossible);
        }
    }

    @Test
    void theSamePlaceIsToldInALine() throws Exception {
        Loop loop = unwatched();
        Rig rig = new Rig(loop);
        List<String> told = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            CountDownLatch release = blocked(loop);
            rig.look(Watchdog.LOOKS_PER_STALL + 1);
            told.add(said("test-0 has not turned for"));
            release.countDown();
            turnsAgain(loop, rig);
            said("turns again");
        }
        assertTrue(told.get(0).lines().count() > 3, told.get(0));
        assertEquals(1, told.get(1).lines().count(), told.get(1));
        assertTrue(told.get(2).contains("again at the same place: "), told.get(2));
        assertTrue(told.get(2).contains("WatchdogTest.blockHere("), told.get(2));
        assertEquals(3, loop.status().stalls());
    }

    /** What the thread's own stack trace does not show: the green thread that it carries. */
    @Test
    void aGreenThreadThatBlocksItsLoopIsNamedWithItsOwnStack(@TempDir Path folder) throws Exception {
        Path pipe = folder.resolve("pipe");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        Loop loop = unwatched();
        Rig rig = new Rig(loop);
        CompletableFuture<Integer> read = new CompletableFuture<>();
        Thread green = loop.spawn(() -> complete(read, () -> readHere(pipe)));
        try {
            Eventually.until("it is in the system call", () -> isOpening(green));

            rig.look(Watchdog.LOOKS_PER_STALL + 1);
            String report = said("test-0 has not turned for 400 ms: it is held by green thread #" + green.threadId());
            assertTrue(report.contains("is in the native call "), report);
            assertTrue(report.contains("WatchdogTest.readHere("), report);
            assertTrue(report.contains("Offload"), report);
        } finally { // or its loop could never end
            Files.write(pipe, new byte[1]);
        }
        assertEquals(1, get(read));
        turnsAgain(loop, rig);
        said("turns again");
    }

    private static int readHere(Path pipe) throws Exception {
        return Files.readAllBytes(pipe).length;
    }

    /** Other native calls come before this one while classes are loaded. */
    private static boolean isOpening(Thread green) {
        StackTraceElement[] stack = green.getStackTrace();
        return stack.length > 0
                && stack[0].isNativeMethod()
                && stack[0].getMethodName().startsWith("open");
    }

    /** The loop's own thread wants what its own green thread has. An interrupt frees it here, and nothing would elsewhere. */
    @Test
    void aLockHeldByAGreenThreadOfTheSameLoopIsNamedAsTheDeadlockThatItIs() throws Exception {
        Loop loop = unwatched();
        Rig rig = new Rig(loop);
        ReentrantLock lock = new ReentrantLock();
        CompletableFuture<Duration> slept = new CompletableFuture<>();
        Thread green = loop.spawn(() -> complete(slept, () -> {
            lock.lock();
            try {
                return loop.sleep(Duration.ofHours(1)).await();
            } finally {
                lock.unlock();
            }
        }));
        Eventually.until("it sleeps", () -> green.getState() == Thread.State.WAITING);
        CompletableFuture<String> locked = new CompletableFuture<>();
        loop.execute(() -> complete(locked, () -> {
            try {
                lock.lockInterruptibly();
                return "locked";
            } catch (InterruptedException freed) {
                return "freed";
            }
        }));
        Eventually.until("it waits", () -> LockSupport.getBlocker(loop.thread()) != null && lock.hasQueuedThreads());

        rig.look(Watchdog.LOOKS_PER_STALL + 1);
        String report = said("its own thread, which waits for java.util.concurrent.locks.ReentrantLock$");
        String name = "green thread #" + green.threadId();
        assertTrue(report.contains(", held by " + name + ". That one is parked on this same loop for "), report);
        assertTrue(
                report.contains("waiting for sleep PT1H; it can only go on when the loop turns: it hangs for ever"),
                report);
        assertTrue(report.contains("  " + name + ":"), "with its stack: " + report);

        loop.thread().interrupt();
        assertEquals("freed", get(locked));
        turnsAgain(loop, rig);
        said("turns again");
    }

    @Test
    void aLockHeldElsewhereIsNamedWithItsOwner() throws Exception {
        Loop loop = unwatched();
        Rig rig = new Rig(loop);
        ReentrantLock lock = new ReentrantLock();
        lock.lock();
        try {
            loop.execute(() -> {
                lock.lock();
                lock.unlock();
            });
            Eventually.until("it waits", lock::hasQueuedThreads);
            rig.look(Watchdog.LOOKS_PER_STALL + 1);
            String report = said("held by thread \"" + Thread.currentThread().getName() + "\"");
            assertFalse(report.contains("hangs for ever"), report);
            assertTrue(report.contains("aLockHeldElsewhereIsNamedWithItsOwner"), report);
        } finally {
            lock.unlock();
        }
        turnsAgain(loop, rig);
        said("turns again");
    }

    @Test
    void whoSleepsInItsDriverIsNotStalled() throws Exception {
        Loop loop = unwatched();
        Rig rig = new Rig(loop);
        Eventually.until("it sleeps", loop::isAsleep);
        rig.look(100);
        assertEquals(0, loop.status().stalls());
    }

    /** A laptop that slept, SIGSTOP, a debugger: the watchdog comes late itself. */
    @Test
    void whatHoldsTheWatchdogTooIsNotBlamedOnTheLoop() throws Exception {
        Loop loop = unwatched();
        Rig rig = new Rig(loop);
        CountDownLatch release = blocked(loop);
        rig.look(1); // the first look only finds out how often it has turned
        rig.leap(Duration.ofHours(8).toNanos());
        assertEquals(List.of(), heard.take());
        assertEquals(0, loop.status().stalls());
        release.countDown();
        turnsAgain(loop, rig);
        assertEquals(List.of(), heard.take());
    }

    /** Ready to run, and not run: that is the machine's fault. */
    @Test
    void timeWithoutAProcessorIsNotBlamedOnTheLoop() throws Exception {
        Loop loop = unwatched();
        AtomicReference<ProcessorUse> kernel = new AtomicReference<>(new ProcessorUse(true, 1));
        Rig rig = new Rig(loop, _ -> kernel.get());
        CountDownLatch release = blocked(loop);
        rig.look(10 * Watchdog.LOOKS_PER_STALL);
        assertEquals(List.of(), heard.take());
        assertEquals(0, loop.status().stalls());

        // It runs for a quarter of each interval: four times as long until the patience is over.
        for (int i = 0; i < 4 * Watchdog.LOOKS_PER_STALL - 8; i++) {
            kernel.set(new ProcessorUse(true, kernel.get().ranNanos() + rig.watchdog.intervalNanos() / 4));
            rig.look(1);
            assertEquals(List.of(), heard.take(), "look " + i);
        }
        for (int i = 0; i < 8; i++) {
            kernel.set(new ProcessorUse(true, kernel.get().ranNanos() + rig.watchdog.intervalNanos() / 4));
            rig.look(1);
        }
        String report = said("test-0 has not turned for 400 ms (and ");
        assertTrue(report.contains(" without a processor): it is held by its own thread"), report);
        release.countDown();
        turnsAgain(loop, rig);
        said("turns again");
    }

    @Test
    void timeInWhichItWaitsForSomethingElseCounts() throws Exception {
        Loop loop = unwatched();
        Rig rig = new Rig(loop, _ -> new ProcessorUse(false, 1));
        CountDownLatch release = blocked(loop);
        rig.look(Watchdog.LOOKS_PER_STALL + 1);
        said("test-0 has not turned for 400 ms: it is held by its own thread, which waits for ");
        release.countDown();
        turnsAgain(loop, rig);
        said("turns again");
    }

    /** What the kernel says of threads whose state is known: one that computes, and one that waits. */
    @Test
    void theKernelTellsAThreadThatRunsFromOneThatWaits() throws Exception {
        Loop loop = unwatched();
        CountDownLatch release = blocked(loop);
        ProcessorUse waits = ProcessorUse.KERNEL.of(loop);
        assertNotNull(waits, "on Linux it can be known");
        Eventually.until("it waits", () -> !ProcessorUse.KERNEL.of(loop).isReady());
        Eventually.until(
                "who waits does not run",
                () -> { // the kernel counts a little after it says that it waits
                    long before = ProcessorUse.KERNEL.of(loop).ranNanos();
                    Eventually.pass(20_000_000);
                    return ProcessorUse.KERNEL.of(loop).ranNanos() == before;
                });
        long ranNanos = ProcessorUse.KERNEL.of(loop).ranNanos();
        release.countDown();

        AtomicBoolean computes = new AtomicBoolean(true);
        loop.execute(() -> {
            while (computes.get()) {
                Thread.onSpinWait();
            }
        });
        Eventually.until(
                "it has run for 50 ms and is ready",
                () -> ProcessorUse.KERNEL.of(loop).isReady()
                        && ProcessorUse.KERNEL.of(loop).ranNanos() - ranNanos > 50_000_000);
        computes.set(false);
        assertNull(ProcessorUse.read(Path.of("/proc/self/task/0")), "of a thread that is not there");
    }

    /** The real thing, in real time, with the thread that a group starts; and one that has been told not to watch. */
    @Test
    void aGroupIsWatchedUnlessItIsToldOtherwise() throws Exception {
        LoopGroup group = closing(LoopGroup.start("watched", 2, factory(), Duration.ofMillis(20)));
        Loop loop = group.loops().get(1);
        CountDownLatch release = blocked(loop);
        List<String> all = new ArrayList<>(); // a busy machine may make it say more than what is looked for
        Eventually.until("it is noticed", () -> {
            all.addAll(heard.take());
            return all.stream().anyMatch(line -> line.startsWith("watched-1 has not turned for "));
        });
        assertTrue(loop.status().stalls() > 0);
        release.countDown();
        group.close();
        assertFalse(isAThread("watched-watchdog"), "it goes with the group");
        heard.take();

        closing(LoopGroup.start("unwatched", 1, factory(), Duration.ZERO));
        assertFalse(isAThread("unwatched-watchdog"));
    }

    private static boolean isAThread(String name) {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().equals(name));
    }

    /** Until the loop has nothing more to do, and the watchdog has looked. */
    private static void turnsAgain(Loop loop, Rig rig) {
        Eventually.until(
                "it turns, and sleeps", () -> loop.isAsleep() && loop.status().foreignTasks() == 0);
        rig.look(1);
    }

    /** What has been said since the last time, which must be one thing and hold this. */
    private String said(String part) {
        List<String> all = heard.take();
        assertEquals(1, all.size(), () -> "said: " + all);
        assertTrue(all.getFirst().contains(part), all.getFirst());
        return all.getFirst();
    }
}
