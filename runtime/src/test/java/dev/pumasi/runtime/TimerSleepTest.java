package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sleeping in direct style: on the loop's wheel, without a hop, an operation or garbage. */
final class TimerSleepTest extends OnEachDriver {

    private static final Duration SHORT = Duration.ofMillis(2);
    private static final Duration LONG = Duration.ofDays(1);

    private LoopGroup group;
    private Loop loop;

    @BeforeEach
    void start() {
        group = loops(1);
        loop = group.next();
    }

    @AfterEach
    void nothingIsLeft() {
        if (!loop.isOver()) {
            Eventually.until(
                    "nothing is left",
                    () -> loop.status().timers() == 0 && loop.status().interests() == 0);
            assertNoHops(loop);
        }
    }

    private static Failure failure(Callable<?> attempt) {
        return assertThrows(OperationException.class, attempt::call).failure();
    }

    private static Object sleep(Duration time) throws OperationException {
        Timer.sleep(time);
        return "slept";
    }

    @Test
    void itIsNeverEarlyAndComesBackToItsLoop() throws Exception {
        onGreen(loop, () -> {
            for (int i = 0; i < 5; i++) {
                long began = System.nanoTime();
                Timer.sleep(SHORT);
                assertTrue(System.nanoTime() - began >= SHORT.toNanos(), "early");
                assertAtHome(loop);
            }
            Timer.sleep(Duration.ZERO);
            Timer.sleep(Duration.ofSeconds(-1));
            return null;
        });
    }

    @Test
    void elsewhereItBlocksItsThreadAndOnALoopsOwnItIsRefused() throws Exception {
        long began = System.nanoTime();
        get(elsewhere(() -> sleep(SHORT)));
        assertTrue(System.nanoTime() - began >= SHORT.toNanos(), "early");
        assertThrows(IllegalStateException.class, () -> onLoop(loop, () -> sleep(SHORT)));
        get(elsewhere(() -> {
            Thread.currentThread().interrupt();
            assertEquals(Failure.CANCELLED, failure(() -> sleep(LONG)));
            return Thread.interrupted();
        }));
    }

    @Test
    void anInterruptADeadlineAndTheLoopsEndBreakItOff() throws Exception {
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        Thread green = loop.spawn(() -> complete(interrupted, () -> {
            assertEquals(Failure.CANCELLED, failure(() -> sleep(LONG)));
            return Thread.interrupted();
        }));
        Eventually.until("it sleeps", () -> green.getState() == Thread.State.WAITING);
        loop.execute(green::interrupt);
        assertTrue(get(interrupted), "the status is set");

        onGreen(loop, () -> {
            try (Scope scope = Scope.open(SHORT)) {
                assertEquals(Failure.TIMED_OUT, failure(() -> sleep(LONG)));
            }
            assertFalse(Thread.currentThread().isInterrupted());
            return null;
        });

        CompletableFuture<List<Failure>> stopped = new CompletableFuture<>();
        Thread last = loop.spawn(() ->
                complete(stopped, () -> List.of(failure(() -> sleep(LONG)), failure(() -> sleep(Duration.ZERO)))));
        Eventually.until("it sleeps", () -> last.getState() == Thread.State.WAITING);
        group.close();
        assertEquals(List.of(Failure.CLOSED, Failure.CLOSED), get(stopped), "also one that begins afterwards");
    }

    @Test
    void aDumpSaysThatItSleepsAndSinceWhen() throws Exception {
        CompletableFuture<Object> slept = new CompletableFuture<>();
        Thread green = loop.spawn(() -> complete(slept, () -> sleep(LONG)));
        Eventually.until("it sleeps", () -> green.getState() == Thread.State.WAITING);
        assertEquals(List.of("sleep PT24H"), onLoop(loop, loop::interests));
        GreenThreadStatus status =
                group.threadDump().loops().getFirst().greenThreads().getFirst();
        assertEquals("sleep PT24H", status.waitsFor());
        assertTrue(status.waited().isPresent());
        loop.execute(green::interrupt);
        assertThrows(OperationException.class, () -> get(slept));
    }

    /** Many at once, of different lengths: each wakes when it is due, and those that are used again are nobody else's. */
    @Test
    void thousandsSleepAtOnce() throws Exception {
        int count = 3_000; // more than are kept for later
        int rounds = 3;
        int[] done = new int[1];
        for (int i = 0; i < count; i++) {
            Duration time = Duration.ofNanos(100_000L * (i % 50));
            loop.spawn(() -> {
                for (int round = 0; round < rounds; round++) {
                    long began = System.nanoTime();
                    Timer.sleep(time);
                    done[0] += System.nanoTime() - began >= time.toNanos() ? 1 : 0;
                }
            });
        }
        Eventually.until(
                "all have slept", () -> loop.status().greenThreadsAlive() == 0 && done(done) == count * rounds);
    }

    private int done(int[] count) {
        try {
            return onLoop(loop, () -> count[0]);
        } catch (Exception impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** Measured on the loop's thread, which carries the green one, when the code is compiled: at first anything makes some. */
    @Test
    void itMakesNoGarbage() throws Exception {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long id = loop.thread().threadId();
        int sleeps = 200;
        int bytesMax = driver.equals("nio") ? 64 : 16; // the JDK's selector makes some of its own at each turn
        Eventually.until("a sleep makes less than an object", () -> {
            try {
                return onGreen(loop, () -> {
                    long before = threads.getThreadAllocatedBytes(id);
                    for (int i = 0; i < sleeps; i++) {
                        Timer.sleep(Duration.ZERO);
                    }
                    return threads.getThreadAllocatedBytes(id) - before < bytesMax * sleeps;
                });
            } catch (Exception failed) {
                throw new AssertionError(failed);
            }
        });
    }
}
