package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.sync.Condition;
import dev.pumasi.runtime.sync.Mutex;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Waiting for what others announce, with the mutex in hand before and after, whatever happens in between. */
final class ConditionTest extends OnEachDriver {

    private final Mutex mutex = new Mutex("kitchen");
    private final Condition ready = mutex.condition();

    /** Guarded by the mutex. */
    private final Deque<Integer> dishes = new ArrayDeque<>();

    private int waiters;

    private int take() throws Exception {
        mutex.lock();
        try {
            while (dishes.isEmpty()) {
                waiters++;
                ready.await();
                waiters--;
            }
            return dishes.remove();
        } finally {
            mutex.unlock();
        }
    }

    private <T> T locked(Callable<T> body) throws Exception {
        mutex.lock();
        try {
            return body.call();
        } finally {
            mutex.unlock();
        }
    }

    private void untilWaiters(int count) {
        Eventually.until(count + " wait", () -> {
            try {
                return locked(() -> waiters == count);
            } catch (Exception failure) {
                throw new AssertionError(failure);
            }
        });
    }

    @Test
    void dishesGoToThoseWhoWaitInTheirOrderAcrossLoops() throws Exception {
        LoopGroup group = loops(2);
        List<CompletableFuture<Integer>> taken = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            CompletableFuture<Integer> one = new CompletableFuture<>();
            taken.add(one);
            if (i % 3 == 2) {
                Thread.ofPlatform().daemon().start(() -> complete(one, this::take));
            } else {
                group.next().spawn(() -> complete(one, this::take));
            }
            untilWaiters(i + 1);
        }
        for (int i = 0; i < 9; i++) {
            int dish = i;
            locked(() -> {
                dishes.add(dish);
                ready.signal();
                return null;
            });
            assertEquals(dish, get(taken.get(i)));
        }
        for (Loop loop : group.loops()) {
            assertNoHops(loop);
        }
    }

    @Test
    void signalAllWakesAll() throws Exception {
        LoopGroup group = loops(2);
        List<CompletableFuture<Integer>> taken = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            CompletableFuture<Integer> one = new CompletableFuture<>();
            taken.add(one);
            group.next().spawn(() -> complete(one, this::take));
            untilWaiters(i + 1);
        }
        locked(() -> {
            for (int i = 0; i < 10; i++) {
                dishes.add(i);
            }
            ready.signalAll();
            return null;
        });
        for (int i = 0; i < 10; i++) {
            assertEquals(i, get(taken.get(i)));
        }
        assertFalse(mutex.isLocked());
    }

    @Test
    void howeverAWaitEndsTheMutexIsHeld() throws Exception {
        Loop loop = loop();
        Callable<Boolean> late = () -> locked(() -> {
            OperationException failure =
                    assertThrows(OperationException.class, () -> ready.await(Duration.ofMillis(2)));
            return failure.failure() == Failure.TIMED_OUT && mutex.isHeldByCaller();
        });
        assertTrue(onGreen(loop, late));
        assertTrue(get(elsewhere(late)));
        for (boolean green : new boolean[] {true, false}) {
            CompletableFuture<Boolean> done = new CompletableFuture<>();
            Runnable body = () -> complete(
                    done,
                    () -> locked(() -> {
                        waiters++;
                        OperationException failure = assertThrows(OperationException.class, ready::await);
                        waiters--;
                        return failure.failure() == Failure.CANCELLED && mutex.isHeldByCaller() && Thread.interrupted();
                    }));
            Thread thread = green ? loop.spawn(body::run) : Thread.ofPlatform().start(body);
            untilWaiters(1);
            mutex.lock(); // it cannot end while somebody else holds the mutex
            thread.interrupt();
            Eventually.until("it wants the mutex", () -> mutex.waiting() == 1);
            assertFalse(done.isDone());
            mutex.unlock();
            assertTrue(get(done));
            thread.join();
        }
        mutex.lock();
        ready.signal(); // nobody is left
        mutex.unlock();
        assertFalse(mutex.isLocked());
    }

    /** The signal has chosen him; an interrupt that comes then does not take it away, nor lose it. */
    @Test
    void whoHasTheSignalHasIt() throws Exception {
        Loop loop = loop();
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        Thread thread = loop.spawn(() -> complete(
                done,
                () -> locked(() -> {
                    waiters++;
                    ready.await();
                    return Thread.interrupted();
                })));
        untilWaiters(1);
        mutex.lock();
        ready.signal();
        thread.interrupt();
        mutex.unlock();
        assertTrue(get(done), "it returned, with the interrupt passed on");
    }

    @Test
    void aHoldWaitsByAnOperation() throws Exception {
        Loop loop = byHand();
        Mutex.Hold hold = mutex.lock(loop).value();
        Operation<Mutex.Hold> signalled = ready.await(hold);
        assertFalse(mutex.isLocked());
        mutex.lock();
        ready.signal();
        assertFalse(signalled.isDone());
        mutex.unlock();
        assertSame(hold, signalled.value());
        assertTrue(mutex.isLocked());

        Operation<Mutex.Hold> cancelled = ready.await(hold);
        mutex.lock();
        cancelled.cancel();
        cancelled.cancel();
        assertFalse(cancelled.isDone(), "not before it has the mutex");
        ready.signal(); // which must not go to him
        mutex.unlock();
        assertEquals(
                Failure.CANCELLED,
                assertThrows(OperationException.class, cancelled::value).failure());
        ready.signal(hold);
        Operation<Mutex.Hold> late = ready.await(hold).within(Duration.ofMillis(1));
        turnUntil(loop, "it is late", late::isDone);
        assertEquals(
                Failure.TIMED_OUT,
                assertThrows(OperationException.class, late::value).failure());
        hold.unlock();
        assertThrows(IllegalStateException.class, () -> ready.await(hold));
        assertFalse(mutex.isLocked());
    }

    @Test
    void onlyWhoHoldsTheMutexMayWaitOrSignal() {
        Loop loop = loop();
        assertThrows(IllegalStateException.class, ready::await);
        assertThrows(IllegalStateException.class, ready::signal);
        assertThrows(IllegalStateException.class, ready::signalAll);
        assertThrows(
                Exception.class,
                () -> onLoop(loop, () -> {
                    mutex.tryLock();
                    try {
                        ready.await();
                    } finally {
                        mutex.unlock();
                    }
                    return null;
                }));
        assertFalse(mutex.isLocked());
    }
}
