package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.sync.Latch;
import dev.pumasi.runtime.sync.Semaphore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Permits are neither lost nor invented; and latches, which open once. */
final class SemaphoreTest extends OnEachDriver {

    @Test
    void atMostSoManyAtATimeAcrossLoopsWithoutAHop() throws Exception {
        LoopGroup group = loops(2);
        Semaphore three = new Semaphore("queries", 3);
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Loop loop = group.next();
            CompletableFuture<Void> done = new CompletableFuture<>();
            all.add(done);
            loop.spawn(() -> complete(done, () -> {
                for (int j = 0; j < 50; j++) {
                    three.acquire();
                    most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                    Thread.yield();
                    inside.decrementAndGet();
                    three.release();
                    assertTrue(loop.isCurrent());
                }
                return null;
            }));
        }
        for (CompletableFuture<Void> each : all) {
            get(each);
        }
        assertEquals(3, most.get());
        assertEquals(3, three.permits());
        assertEquals(0, three.waiting());
        for (Loop loop : group.loops()) {
            assertNoHops(loop);
            assertEquals(0, loop.status().failures());
        }
    }

    @Test
    void whoWantsManyIsNotStarvedByThoseWhoWantFew() throws Exception {
        Loop loop = byHand();
        Semaphore two = new Semaphore(2);
        two.acquire(loop).value();
        Operation<Semaphore> both = two.acquire(loop, 2);
        Operation<Semaphore> one = two.acquire(loop);
        assertFalse(two.tryAcquire(), "one is free, but spoken for");
        assertFalse(one.isDone());
        two.release();
        assertTrue(both.isDone());
        assertFalse(one.isDone());
        two.release(2);
        assertTrue(one.isDone());
        assertEquals(1, two.permits());
        Operation<Semaphore> many = two.acquire(loop, 5);
        Operation<Semaphore> behind = two.acquire(loop);
        assertFalse(behind.isDone());
        many.cancel();
        assertTrue(behind.isDone(), "the one in front has gone");
        assertThrows(IllegalArgumentException.class, () -> two.release(0));
        assertThrows(IllegalArgumentException.class, () -> two.acquire(-1));
        assertThrows(IllegalArgumentException.class, () -> new Semaphore(-1));
        two.release(3);
        assertThrows(IllegalStateException.class, () -> two.release(Integer.MAX_VALUE));
        assertEquals(3, two.permits());
    }

    /** Permits handed over while the receiver gives up: by time, by interrupt, by cancelling, on two loops and outside. */
    @Test
    void noPermitIsLostWhenGivingUpMeetsHandingOver() throws Exception {
        long seed = Long.getLong("pumasi.seed", System.nanoTime());
        LoopGroup group = loops(2);
        Semaphore permits = new Semaphore(2);
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger gaveUp = new AtomicInteger();
        AtomicInteger got = new AtomicInteger();
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            Random random = new Random(seed + i);
            Loop loop = group.next();
            Callable<Void> body = () -> {
                for (int j = 0; j < 400; j++) {
                    if (acquires(permits, loop, random)) {
                        got.incrementAndGet();
                        assertTrue(inside.incrementAndGet() <= 2, "more than there are");
                        if (random.nextInt(4) == 0) {
                            Thread.yield();
                        }
                        inside.decrementAndGet();
                        permits.release();
                    } else {
                        gaveUp.incrementAndGet();
                    }
                }
                return null;
            };
            if (i % 3 == 2) {
                all.add(elsewhere(body));
            } else {
                CompletableFuture<Void> done = new CompletableFuture<>();
                loop.spawn(() -> complete(done, body));
                all.add(done);
            }
        }
        try {
            for (CompletableFuture<Void> each : all) {
                get(each);
            }
            assertEquals(2, permits.permits());
            assertEquals(0, permits.waiting());
            assertEquals(12 * 400, gaveUp.get() + got.get());
            assertTrue(got.get() > 0, "all gave up"); // whether any does is a matter of time
            for (Loop loop : group.loops()) {
                Eventually.until("nothing is in progress", () -> loop.status().interests() == 0);
                assertEquals(0, loop.status().failures());
                Eventually.until("no timer is left", () -> loop.status().timers() == 0);
            }
        } catch (Exception | AssertionError failure) {
            throw new AssertionError("pumasi.seed=" + seed, failure);
        }
    }

    private static boolean acquires(Semaphore permits, Loop loop, Random random) throws Exception {
        try {
            switch (random.nextInt(6)) {
                case 0 -> permits.acquire(Duration.ofNanos(random.nextInt(100_000)));
                case 1 -> {
                    Operation<Semaphore> operation = permits.acquire(loop);
                    operation.cancel();
                    operation.await();
                }
                case 2 -> {
                    Thread.currentThread().interrupt();
                    permits.acquire();
                }
                case 3 -> {
                    return permits.tryAcquire();
                }
                default -> permits.acquire();
            }
            return true;
        } catch (OperationException ended) {
            assertTrue(ended.failure() == Failure.CANCELLED || ended.failure() == Failure.TIMED_OUT, ended::toString);
            return false;
        } finally {
            Thread.interrupted();
        }
    }

    @Test
    void aLatchOpensOnceForAllWhoWait() throws Exception {
        LoopGroup group = loops(2);
        Latch latch = new Latch("dishes", 3);
        List<CompletableFuture<Boolean>> all = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            CompletableFuture<Boolean> done = new CompletableFuture<>();
            all.add(done);
            group.next()
                    .spawn(() -> complete(done, () -> {
                        latch.await();
                        return latch.count() == 0;
                    }));
        }
        all.add(elsewhere(() -> {
            latch.await(Duration.ofDays(1));
            return latch.count() == 0;
        }));
        Operation<Latch> operation = latch.await(group.next());
        assertThrows(OperationException.class, () -> latch.await(Duration.ofMillis(1)));
        assertThrows(
                IllegalStateException.class,
                () -> onLoop(group.next(), () -> {
                    latch.await();
                    return null;
                }));
        latch.countDown();
        latch.countDown();
        assertFalse(operation.isDone());
        latch.countDown();
        latch.countDown();
        for (CompletableFuture<Boolean> each : all) {
            assertTrue(get(each));
        }
        operation.await();
        latch.await();
        for (Loop loop : group.loops()) {
            assertNoHops(loop);
        }
    }
}
