package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.driver.Drivers;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class OffloadTest {

    private static final int WAITING_MAX = 3;

    private LoopGroup loops;
    private Loop loop;
    private Set<Thread> before = Set.of();
    private Offload offload;

    /** Keeps the pool's only thread busy until it is counted down. */
    private final CountDownLatch release = new CountDownLatch(1);

    @BeforeEach
    void open() {
        loops = LoopGroup.start("offload-test", 1, Drivers.choose(Drivers.AUTO).factory());
        loop = loops.next();
        before = workers();
        offload = Offload.open(1, WAITING_MAX);
    }

    private static Set<Thread> workers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("pumasi-offload-"))
                .collect(Collectors.toSet());
    }

    @AfterEach
    void close() {
        release.countDown();
        offload.close();
        loops.close();
        Set<Thread> left = workers();
        left.removeAll(before); // of other pools in this JVM
        assertEquals(Set.of(), left);
    }

    @Test
    void runsOnThreadsOfItsOwnAndYieldsTheResult() throws Exception {
        Operation<Thread> where = offload.submit(loop, Thread::currentThread);
        Thread worker = where.await();
        assertEquals("pumasi-offload-0", worker.getName());
        assertTrue(worker.isDaemon());
        assertEquals(new OffloadStatus(1, 0, 1, 0, 0), offload.status());
    }

    @Test
    void aFailureReachesWhoeverAwaitsIt() {
        FileNotFoundException thrown = new FileNotFoundException("gone");
        Operation<?> failing = offload.submit(loop, () -> {
            throw thrown;
        });
        assertSame(thrown, assertThrows(IOException.class, failing::await).getCause());
        Operation<?> broken = offload.submit(loop, () -> {
            throw new StackOverflowError("too deep");
        });
        assertThrows(StackOverflowError.class, broken::await);
    }

    @Test
    void theThreadSurvivesWorkThatIsInterrupted() throws Exception {
        Operation<?> interrupting = offload.submit(loop, () -> {
            Thread.currentThread().interrupt();
            throw new InterruptedException("by itself");
        });
        assertThrows(IOException.class, interrupting::await);
        Operation<?> leaving = offload.submit(loop, () -> {
            Thread.currentThread().interrupt();
            return 1;
        });
        assertEquals(1, leaving.await());
        assertEquals(2, offload.submit(loop, () -> 2).await());
    }

    @Test
    void callbacksRunOnTheLoop() throws Exception {
        CompletableFuture<Boolean> onLoop = new CompletableFuture<>();
        offload.submit(loop, () -> "done").onDone(_ -> onLoop.complete(loop.isCurrent()));
        assertTrue(onLoop.get(30, TimeUnit.SECONDS));
    }

    @Test
    void greenThreadsThatWaitNeverHop() throws Exception {
        int threads = 20;
        int rounds = 100;
        AtomicInteger sum = new AtomicInteger();
        List<Thread> green = new ArrayList<>();
        try (Offload many = Offload.open(4, threads)) {
            for (int i = 0; i < threads; i++) {
                green.add(loop.spawn(() -> {
                    for (int round = 0; round < rounds; round++) {
                        sum.addAndGet(valueOf(many.submit(loop, () -> 1)));
                        if (!loop.isCurrent()) {
                            throw new IllegalStateException("it has left its loop");
                        }
                    }
                }));
            }
            for (Thread thread : green) {
                thread.join();
            }
            assertEquals(threads * rounds, many.status().done());
        }
        assertEquals(threads * rounds, sum.get());
        assertEquals(0, loop.status().failures());
        assertEquals(0, loop.status().hops());
    }

    @Test
    void tooMuchIsRejectedAndSaysSo() throws Exception {
        Operation<?> running = blockTheThread();
        List<Operation<Integer>> waiting = new ArrayList<>();
        for (int i = 0; i < WAITING_MAX; i++) {
            int number = i;
            waiting.add(offload.submit(loop, () -> number));
        }
        Operation<?> oneTooMany = offload.submit(loop, () -> -1);
        OperationException refused = assertThrows(OperationException.class, oneTooMany::await);
        assertEquals(Failure.REJECTED, refused.failure());
        assertTrue(refused.getMessage().startsWith("cannot run a task on the offload pool: "), refused.getMessage());
        assertEquals(new OffloadStatus(1, WAITING_MAX, 0, 1, 0), offload.status());

        release.countDown();
        running.await();
        for (int i = 0; i < WAITING_MAX; i++) {
            assertEquals(i, waiting.get(i).await());
        }
        assertEquals(7, offload.submit(loop, () -> 7).await(), "there is room again");
    }

    @Test
    void whatHasNotBegunCanBeCancelled() throws Exception {
        blockTheThread();
        AtomicInteger ran = new AtomicInteger();
        Operation<Integer> cancelled = offload.submit(loop, ran::incrementAndGet);
        cancelled.cancel();
        assertEquals(Failure.CANCELLED, failureOf(cancelled));
        assertEquals(0, offload.status().waiting());
        Operation<Integer> late = offload.submit(loop, ran::incrementAndGet).within(Duration.ofMillis(1));
        assertEquals(Failure.TIMED_OUT, failureOf(late));
        release.countDown();
        assertEquals(5, offload.submit(loop, () -> 5).await());
        assertEquals(0, ran.get());
    }

    @Test
    void whatHasBegunRunsToItsEndAndYieldsItsResult() throws Exception {
        Operation<Integer> running = blockTheThread();
        running.cancel();
        loop.sleep(Duration.ofMillis(1)).await(); // the cancellation has been heard
        assertFalse(running.isDone());
        release.countDown();
        assertEquals(42, running.await());
    }

    @Test
    void aStageLearnsOfItOnTheLoop() throws Exception {
        CompletableFuture<String> told = new CompletableFuture<>();
        offload.submit(loop, () -> {
                    release.await(); // a stage that was complete already would tell its caller at once
                    return 5;
                })
                .toStage()
                .thenAccept(five -> told.complete(five + " " + loop.isCurrent()));
        release.countDown();
        assertEquals("5 true", told.get(30, TimeUnit.SECONDS));
    }

    @Test
    void inDirectStyleTheGreenThreadParksAndAnyOtherDoesItItself() throws Exception {
        CompletableFuture<Thread> where = new CompletableFuture<>();
        loop.spawn(() -> {
            where.complete(offload.call(Thread::currentThread));
            assertTrue(loop.isCurrent());
        });
        assertEquals("pumasi-offload-0", where.get(30, TimeUnit.SECONDS).getName());
        assertSame(Thread.currentThread(), offload.call(Thread::currentThread));
        IOException gone = new FileNotFoundException("gone");
        assertSame(
                gone,
                assertThrows(
                                IOException.class,
                                () -> offload.call(() -> {
                                    throw gone;
                                }))
                        .getCause());
        assertEquals(0, loop.status().hops());
        assertEquals(0, loop.status().failures());
    }

    /** The caller is free at its deadline; the thread is when it hears the interrupt. */
    @Test
    void workOfItsOwnIsLeftBehindWhenItHangs() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        Operation<?> hanging = offload.submitAbandonable(loop, () -> {
                    never.await();
                    return 1;
                })
                .within(Duration.ofMillis(5));
        assertEquals(Failure.TIMED_OUT, failureOf(hanging));
        assertEquals(5, offload.submit(loop, () -> 5).await(), "its thread goes on, without the interrupt");
        assertEquals(
                false,
                offload.submit(loop, () -> Thread.currentThread().isInterrupted())
                        .await());
        assertEquals(0, offload.status().abandoned());
    }

    @Test
    void whatComesTooLateIsClosedAndWhoHearsNothingIsCounted() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CompletableFuture<Boolean> closed = new CompletableFuture<>();
        Operation<AutoCloseable> deaf = offload.submitAbandonable(loop, () -> {
            begun.countDown();
            boolean interrupted = false;
            while (release.getCount() > 0) {
                interrupted |= Thread.interrupted();
                Thread.onSpinWait();
            }
            boolean heard = interrupted | Thread.interrupted(); // it may have come after the last look
            return () -> closed.complete(heard);
        });
        begun.await();
        deaf.cancel();
        assertEquals(Failure.CANCELLED, failureOf(deaf));
        assertEquals(1, offload.status().abandoned());
        release.countDown();
        assertTrue(closed.get(30, TimeUnit.SECONDS), "it was interrupted, and its result is closed");
        assertEquals(5, offload.submit(loop, () -> 5).await());
        assertEquals(0, offload.status().abandoned());
    }

    @Test
    void closingFailsWhatWaitsAndTakesNoMore() throws Exception {
        Operation<Integer> running = blockTheThread();
        Operation<Integer> waiting = offload.submit(loop, () -> 1);
        loop.sleep(Duration.ofMillis(1)).await(); // it is in the queue
        Thread closer = Thread.ofPlatform().start(offload::close);
        assertEquals(Failure.CLOSED, failureOf(waiting));
        assertEquals(Failure.CLOSED, failureOf(offload.submit(loop, () -> 2)));
        release.countDown();
        assertEquals(42, running.await());
        closer.join();
        assertInstanceOf(Operation.Failed.class, waiting.poll().orElseThrow());
        assertEquals(0, offload.status().waiting());
    }

    @Test
    void limitsMustMakeSense() {
        assertThrows(IllegalArgumentException.class, () -> Offload.open(0, 1));
        assertThrows(IllegalArgumentException.class, () -> Offload.open(Offload.THREADS_MAX + 1, 1));
        assertThrows(IllegalArgumentException.class, () -> Offload.open(1, 0));
    }

    /** An operation that occupies the pool's thread, and has begun, when this returns. */
    private Operation<Integer> blockTheThread() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        Operation<Integer> running = offload.submit(loop, () -> {
            begun.countDown();
            release.await();
            return 42;
        });
        begun.await();
        return running;
    }

    private static Failure failureOf(Operation<?> operation) {
        return assertThrows(OperationException.class, operation::await).failure();
    }

    private static int valueOf(Operation<Integer> operation) {
        try {
            return operation.await();
        } catch (IOException failure) {
            throw new IllegalStateException(failure);
        }
    }
}
