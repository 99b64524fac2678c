package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.sync.Mutex;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;

/** One at a time, in the order of arrival, woken on the own loop; and every way to give up. */
final class MutexTest extends OnEachDriver {

    private static final Duration DAY = Duration.ofDays(1);

    /** Guarded by the mutex of the test. */
    private int counter;

    private static Failure failureOf(org.junit.jupiter.api.function.Executable body) {
        return assertThrows(OperationException.class, body).failure();
    }

    private void increment(Mutex mutex) throws IOException {
        mutex.lock();
        try {
            int before = counter;
            Thread.yield(); // a green thread lets the others of its loop run in between
            counter = before + 1;
        } finally {
            mutex.unlock();
        }
    }

    @Test
    void greenThreadsOfTwoLoopsAndOthersExcludeEachOtherWithoutAHop() throws Exception {
        LoopGroup group = loops(2);
        Mutex mutex = new Mutex("counter");
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            Loop loop = group.next();
            CompletableFuture<Void> done = new CompletableFuture<>();
            all.add(done);
            loop.spawn(() -> complete(done, () -> {
                for (int j = 0; j < 200; j++) {
                    increment(mutex);
                    assertTrue(loop.isCurrent());
                }
                return null;
            }));
        }
        for (int i = 0; i < 2; i++) {
            all.add(elsewhere(() -> {
                for (int j = 0; j < 200; j++) {
                    increment(mutex);
                }
                return null;
            }));
        }
        for (CompletableFuture<Void> each : all) {
            get(each);
        }
        assertEquals(14 * 200, counter);
        assertFalse(mutex.isLocked());
        assertEquals(0, mutex.waiting());
        for (Loop loop : group.loops()) {
            assertNoHops(loop);
            Eventually.until("nothing is in progress", () -> loop.status().interests() == 0);
            assertEquals(0, loop.status().failures());
        }
    }

    @Test
    void firstComeFirstServedAcrossLoopsAndNobodyOvertakes() throws Exception {
        LoopGroup group = loops(2);
        Mutex mutex = new Mutex();
        BlockingQueue<Integer> order = new LinkedBlockingQueue<>();
        mutex.lock();
        List<CompletableFuture<Boolean>> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            int number = i;
            CompletableFuture<Boolean> done = new CompletableFuture<>();
            all.add(done);
            java.util.concurrent.Callable<Boolean> body = () -> {
                mutex.lock();
                order.add(number);
                mutex.unlock();
                return true;
            };
            Thread waiter = i % 3 == 2
                    ? Thread.ofPlatform().name("elsewhere").daemon().start(() -> complete(done, body))
                    : group.next().spawn(() -> complete(done, body));
            // He is counted before he stands in the line, and parks after it.
            Eventually.until(
                    "it waits", () -> mutex.waiting() == number + 1 && waiter.getState() == Thread.State.WAITING);
        }
        mutex.unlock();
        for (CompletableFuture<Boolean> each : all) {
            assertTrue(get(each));
        }
        assertEquals(java.util.stream.IntStream.range(0, 20).boxed().toList(), List.copyOf(order));
    }

    @Test
    void tryLockDoesNotOvertakeOneWhoWaits() throws Exception {
        Loop loop = byHand();
        Mutex mutex = new Mutex();
        assertTrue(mutex.tryLock());
        Operation<Mutex.Hold> waiting = mutex.lock(loop);
        mutex.unlock();
        assertTrue(waiting.isDone(), "handed over by unlock itself");
        assertFalse(mutex.tryLock());
        waiting.value().unlock();
        assertTrue(mutex.tryLock());
        mutex.unlock();
    }

    @Test
    void aLoopsOwnThreadCannotWaitAndLearnsItAtOnce() throws Exception {
        Loop loop = loop();
        Mutex mutex = new Mutex("accounts");
        String message = onLoop(
                loop,
                () -> assertThrows(IllegalStateException.class, mutex::lock).getMessage());
        assertTrue(message.contains("own thread") && message.contains("lock mutex accounts"), message);
        assertTrue(onLoop(loop, () -> {
            boolean taken = mutex.tryLock();
            mutex.unlock();
            return taken;
        }));
    }

    /** The stock lock's hazard of {@link StuckLoop}: ours gives the callback an operation instead. */
    @Test
    void aCallbackGetsWhatItsOwnParkedGreenThreadHolds() throws Exception {
        Loop loop = loop();
        Mutex mutex = new Mutex();
        CompletableFuture<Void> end = new CompletableFuture<>();
        CompletableFuture<Duration> slept = new CompletableFuture<>();
        loop.spawn(() -> complete(slept, () -> {
            mutex.lock();
            end.complete(null);
            Duration nap = loop.sleep(Duration.ofMillis(5)).await();
            mutex.unlock();
            return nap;
        }));
        get(end);
        CompletableFuture<Boolean> called = new CompletableFuture<>();
        loop.execute(() -> mutex.lock(loop)
                .onDone(outcome -> complete(called, () -> {
                    if (outcome instanceof Operation.Success<Mutex.Hold>(Mutex.Hold hold)) {
                        hold.unlock();
                    }
                    return slept.isDone();
                })));
        assertTrue(get(called));
        assertFalse(mutex.isLocked());
    }

    @Test
    void misuseFailsAtOnce() throws Exception {
        Loop loop = loop();
        Mutex mutex = new Mutex();
        assertThrows(IllegalStateException.class, mutex::unlock);
        mutex.lock();
        assertTrue(mutex.isHeldByCaller());
        assertThrows(IllegalStateException.class, mutex::lock, "twice");
        assertThrows(IllegalStateException.class, mutex::tryLock, "twice");
        assertTrue(onGreen(loop, () -> {
            assertThrows(IllegalStateException.class, mutex::unlock, "of another");
            return !mutex.isHeldByCaller();
        }));
        mutex.unlock();
        Mutex.Hold hold = mutex.lock(loop).await();
        assertThrows(IllegalStateException.class, mutex::unlock, "of a hold");
        hold.unlock();
        assertThrows(IllegalStateException.class, hold::unlock, "twice");
        assertFalse(mutex.isLocked());
    }

    @Test
    void timeLimitsInterruptsAndCancellationsLeaveTheLine() throws Exception {
        Loop loop = loop();
        Mutex mutex = new Mutex();
        mutex.lock();
        assertEquals(Failure.TIMED_OUT, onGreen(loop, () -> failureOf(() -> mutex.lock(Duration.ofMillis(2)))));
        assertEquals(Failure.TIMED_OUT, get(elsewhere(() -> failureOf(() -> mutex.lock(Duration.ofMillis(2))))));
        assertEquals(Failure.TIMED_OUT, get(elsewhere(() -> failureOf(() -> mutex.lock(Duration.ZERO)))));
        for (boolean green : new boolean[] {true, false}) {
            CompletableFuture<Boolean> passedOn = new CompletableFuture<>();
            Runnable body = () -> complete(passedOn, () -> {
                assertEquals(Failure.CANCELLED, failureOf(green ? mutex::lock : () -> mutex.lock(DAY)));
                return Thread.interrupted();
            });
            Thread thread = green ? loop.spawn(body::run) : Thread.ofPlatform().start(body);
            Eventually.until("it waits", () -> mutex.waiting() == 1);
            thread.interrupt();
            assertTrue(get(passedOn), "the interrupt is passed on");
            thread.join();
        }
        Operation<Mutex.Hold> operation = mutex.lock(loop).within(DAY);
        Eventually.until("it waits", () -> mutex.waiting() == 1);
        operation.cancel();
        assertEquals(Failure.CANCELLED, failureOf(operation::await));
        assertEquals(0, mutex.waiting());
        mutex.unlock();
        assertTrue(mutex.tryLock(), "nobody who has gone was given it");
        mutex.unlock();
        Eventually.until("nothing is in progress", () -> loop.status().interests() == 0);
        Eventually.until("no timer is left", () -> loop.status().timers() == 0);
    }

    /** Those who come and go while one holds on must not pile up behind him. */
    @Test
    void theyLeaveAlsoFromTheMiddle() throws Exception {
        Loop loop = byHand();
        Mutex mutex = new Mutex();
        mutex.lock();
        Operation<Mutex.Hold> first = mutex.lock(loop);
        List<Operation<Mutex.Hold>> middle = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            middle.add(mutex.lock(loop));
        }
        Operation<Mutex.Hold> last = mutex.lock(loop);
        assertEquals(102, mutex.waiting());
        middle.forEach(Operation::cancel);
        assertEquals(2, mutex.waiting());
        mutex.unlock();
        first.value().unlock();
        last.value().unlock();
        assertFalse(mutex.isLocked());
    }

    @Test
    void aLoopThatStopsLetsThoseWhoWaitGo() throws Exception {
        Mutex mutex = new Mutex();
        mutex.lock();
        CompletableFuture<Boolean> green = new CompletableFuture<>();
        Operation<Mutex.Hold> operation;
        try (LoopGroup group = LoopGroup.start("short", 1, factory())) {
            Loop loop = group.next();
            loop.spawn(() -> complete(green, () -> failureOf(mutex::lock) == Failure.CLOSED));
            operation = mutex.lock(loop);
            Eventually.until("both wait", () -> mutex.waiting() == 2);
        }
        assertTrue(get(green));
        assertEquals(Failure.CLOSED, failureOf(operation::await));
        assertEquals(0, mutex.waiting());
        mutex.unlock();
        assertTrue(mutex.tryLock());
        mutex.unlock();
    }

    @Test
    void aLoopSaysWhatItsGreenThreadsWaitFor() throws Exception {
        Loop loop = byHand();
        Mutex mutex = new Mutex("accounts");
        mutex.lock();
        Operation<Mutex.Hold> waiting = mutex.lock(loop);
        assertEquals(List.of("lock mutex accounts"), loop.interests());
        waiting.cancel();
        assertEquals(List.of(), loop.interests());
    }
}
