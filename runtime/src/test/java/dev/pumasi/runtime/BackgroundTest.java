package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Fire and forget: what is refused, what is reported, and how it ends. */
final class BackgroundTest extends OnEachDriver {

    private static final Duration LONG = Duration.ofDays(1);

    private LoopGroup group;
    private Loop loop;

    @BeforeEach
    void start() {
        group = loops(2);
        loop = group.loops().getFirst();
    }

    private static Failure failureOf(Operation<?> operation) {
        return assertThrows(OperationException.class, operation::await).failure();
    }

    private static void sleepLong() throws IOException {
        Loop.current().orElseThrow().sleep(LONG).await();
    }

    @Test
    void aFailureForWhichNobodyWaitsIsReportedAndOneForWhichSomebodyDoesIsNot() {
        try (Background background = Background.open(loop, 10)) {
            background.start("send the receipt", () -> {
                throw new IOException("no paper");
            });
            Eventually.until("it is reported", () -> heard.take().toString().contains("send the receipt"));
            assertEquals(1, loop.status().failures());

            CountDownLatch release = new CountDownLatch(1);
            Operation<?> awaited = background.start("count the rice", () -> {
                release.await();
                throw new IOException("spilt");
            });
            CompletionQueue queue = new CompletionQueue();
            awaited.notify(queue);
            release.countDown();
            assertThrows(IOException.class, awaited::await);
            assertEquals(Optional.of(awaited), queue.next(), "notified as well");
            assertEquals(1, loop.status().failures());
            assertEquals("fine", get(background.start("answer", () -> "fine").toStage()));
            BackgroundStatus all = new BackgroundStatus(0, 10, 3, 1, 2, 0, 0);
            // Who waits is told first, and then it is counted.
            Eventually.until("all are counted", () -> background.status().equals(all));
        } catch (Exception unexpected) {
            throw new AssertionError(unexpected);
        }
    }

    private static <T> T get(java.util.concurrent.CompletionStage<T> stage) throws Exception {
        CompletableFuture<T> answer = new CompletableFuture<>();
        stage.whenComplete((value, failure) -> {
            if (failure != null) {
                answer.completeExceptionally(failure);
            } else {
                answer.complete(value);
            }
        });
        return get(answer);
    }

    @Test
    void itStartsFromEverywhereAndRunsOnItsLoops() throws Exception {
        try (Background background = Background.open(group, 1000)) {
            AtomicInteger ran = new AtomicInteger();
            onLoop(loop, () -> background.start("from the loop", ran::incrementAndGet));
            onGreen(group.loops().getLast(), () -> background.start("from a green thread", ran::incrementAndGet));
            background.start("from a platform thread", ran::incrementAndGet);
            Eventually.until("all have run", () -> ran.get() == 3);
            String where = onGreen(
                    loop,
                    () -> background
                            .start("where", () -> Loop.current().orElseThrow().name())
                            .await());
            assertTrue(where.startsWith("test-"));
            assertEquals(
                    Optional.empty(),
                    onGreen(loop, () -> {
                        try (Scope scope = Scope.open(Duration.ofSeconds(5))) {
                            return background
                                    .start("which deadline", Deadline::current)
                                    .await();
                        }
                    }),
                    "it outlives the scope, so its deadline is none of its business");
        }
        group.loops().forEach(OnEachDriver::assertNoHops);
    }

    @Test
    void whatIsTooMuchIsRefusedReportedAndCounted() throws Exception {
        try (Background background = Background.open(loop, 2)) {
            background.start("one", BackgroundTest::sleepLong);
            background.start("two", BackgroundTest::sleepLong);
            assertEquals(Failure.REJECTED, failureOf(background.start("three", () -> 3)));
            assertEquals(1, background.status().refused());
            Eventually.until("it is reported", () -> heard.take().toString().contains("refused"));
            assertFalse(onGreen(loop, background::isStopped));
            assertFalse(background.stop(Duration.ZERO));
            assertTrue(onGreen(loop, background::isStopped));
            assertEquals(2, background.status().cancelled());
            assertEquals(Failure.CLOSED, failureOf(background.start("four", () -> 4)));
        }
        assertEquals(2, loop.status().failures(), "the refusals, and not those that obeyed");
    }

    @Test
    void stoppingLetsWhatRunsComeToItsEnd() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch begun = new CountDownLatch(1);
        Background background = Background.open(group, 10);
        Operation<String> runs = background.start("take a while", () -> {
            begun.countDown();
            release.await();
            return "to the end";
        });
        begun.await();
        CompletableFuture<Boolean> stopped = elsewhere(() -> background.stop(Duration.ofSeconds(30)));
        CompletableFuture<Boolean> alsoOnGreen = elsewhere(() -> onGreen(loop, () -> {
            return background.stop(Duration.ofSeconds(30));
        }));
        Eventually.until("it takes no more", () -> {
            background.start("late", () -> 1);
            return background.status().refused() > 0;
        });
        release.countDown();
        assertEquals("to the end", runs.await());
        assertTrue(get(stopped));
        assertTrue(get(alsoOnGreen));
        Eventually.until("it is reported", () -> heard.take().toString().contains("refused"));
        assertTrue(background.stop(Duration.ZERO), "again");
    }

    @Test
    void anInterruptOfWhoStopsEndsThePatience() throws Exception {
        Background background = Background.open(loop, 10);
        Operation<?> runs = background.start("sleep", BackgroundTest::sleepLong);
        Eventually.until("it runs", () -> background.status().running() == 1);
        CompletableFuture<Boolean> stopped = elsewhere(() -> {
            Thread.currentThread().interrupt();
            boolean orderly = background.stop(LONG);
            assertTrue(Thread.interrupted(), "it is kept");
            return orderly;
        });
        assertFalse(get(stopped));
        assertEquals(Failure.CANCELLED, failureOf(runs));
    }

    @Test
    void theLoopsStopCancelsAll() throws Exception {
        LoopGroup stopping = loops(2);
        CompletableFuture<Failure> one = new CompletableFuture<>();
        CompletableFuture<Failure> other = new CompletableFuture<>();
        AtomicInteger begun = new AtomicInteger();
        Background background = Background.open(stopping, 10);
        for (CompletableFuture<Failure> told : List.of(one, other)) {
            background.start("wait for ever", () -> {
                begun.incrementAndGet();
                try {
                    sleepLong();
                } catch (OperationException end) {
                    told.complete(end.failure());
                }
            });
        }
        Eventually.until("both run", () -> begun.get() == 2);
        stopping.close();
        // By its own loop, or by the other one's, which stops as well: whoever is faster.
        for (CompletableFuture<Failure> told : List.of(one, other)) {
            assertTrue(Set.of(Failure.CLOSED, Failure.CANCELLED).contains(get(told)));
        }
        assertEquals(Failure.CLOSED, failureOf(background.start("too late", () -> 1)));
        background.close();
    }

    @Test
    void whatDoesNotObeyIsNamed() throws Exception {
        Loop driven = byHand();
        Background background = Background.open(driven, 10, Duration.ofMillis(5));
        ReentrantLock deaf = new ReentrantLock();
        deaf.lock();
        background.start("be deaf", () -> {
            deaf.lock();
            deaf.unlock();
        });
        turnUntil(driven, "it waits", deaf::hasQueuedThreads);
        CompletableFuture<Boolean> stopped = elsewhere(() -> background.stop(Duration.ZERO));
        turnUntil(driven, "it is given up", stopped::isDone);
        assertFalse(get(stopped));
        assertTrue(heard.take().getFirst().contains("1 tasks in the background of hand at its end"));
        deaf.unlock();
        turnUntil(driven, "it has ended", () -> background.status().running() == 0);
        assertThrows(IllegalArgumentException.class, () -> Background.open(driven, 0));
    }
}
