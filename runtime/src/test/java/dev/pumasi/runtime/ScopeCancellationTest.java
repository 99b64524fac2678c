package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** How the wish to end, and a deadline, reach what a scope's threads wait for; and how they leave no trace. */
@ExtendWith(Rehearsal.class)
final class ScopeCancellationTest extends OnEachDriver implements Rehearsal.Play {

    private static final Duration LONG = Duration.ofDays(1);
    private static final Duration SHORT = Duration.ofMillis(5);

    private LoopGroup group;
    private Loop loop;

    @Override
    @BeforeEach
    public void start() {
        group = loops(2);
        loop = group.loops().getFirst();
    }

    @AfterEach
    void nothingIsLeft() {
        for (Loop each : group.loops()) {
            Eventually.until(
                    "nothing is in progress on " + each, () -> each.status().interests() == 0);
            Eventually.until("no timer runs on " + each, () -> each.status().timers() == 0);
            assertNoHops(each);
        }
    }

    private static Failure failure(Callable<?> attempt) {
        return assertThrows(OperationException.class, attempt::call).failure();
    }

    private static Loop here() {
        return Loop.current().orElseThrow();
    }

    /** The subtask's failure after it was cancelled while it waited like that; also on another loop than the opener's. */
    private void isCancelledWhileIt(Callable<?> waits) throws Exception {
        for (Loop at : group.loops()) {
            onGreen(loop, () -> {
                AtomicReference<Thread> thread = new AtomicReference<>();
                try (Scope scope = Scope.builder().on(at).open()) {
                    Operation<?> subtask = scope.fork(() -> {
                        thread.set(Thread.currentThread());
                        return waits.call();
                    });
                    while (thread.get() == null || thread.get().getState() == Thread.State.RUNNABLE) {
                        loop.sleep(Duration.ofNanos(1)).await();
                    }
                    subtask.cancel();
                    scope.join(); // one that somebody cancelled is no failure of all
                    assertEquals(Failure.CANCELLED, failure(subtask::value));
                }
                return null;
            });
        }
    }

    @Test
    void everyWaitOfASubtaskIsBrokenOff() throws Exception {
        Connection connection = connection(loop);
        StreamSocket socket = connection.socket();
        isCancelledWhileIt(() -> here().sleep(LONG).await());
        isCancelledWhileIt(
                () -> socket.receive(Buffer.allocate(9), 0, 9).await()); // of the first loop, also from the second
        isCancelledWhileIt(() -> {
            try (Scope inner = Scope.open()) {
                inner.fork(() -> here().sleep(LONG).await());
                inner.join();
            }
            return null;
        });
        isCancelledWhileIt(() -> {
            Thread.sleep(LONG);
            return null;
        });
        isCancelledWhileIt(() -> {
            new CountDownLatch(1).await();
            return null;
        });
        isCancelledWhileIt(() -> new CompletableFuture<>().get());
        socket.close();
    }

    @Test
    void readingIsBrokenOffAndTakesNothing() throws Exception {
        Connection connection = connection(loop);
        StreamSocket socket = connection.socket();
        isCancelledWhileIt(() -> socket.read(new byte[1], 0, 1));
        connection.peerSends((byte) 7);
        byte[] bytes = new byte[1];
        assertEquals(1, onGreen(loop, () -> socket.read(bytes, 0, 1)), "nothing was taken");
        assertEquals(7, bytes[0]);
        socket.close();
    }

    @Test
    void offloadedWorkThatHasNotBegunIsTakenBackAndWorkThatHasIsAwaited() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger ran = new AtomicInteger();
        try (Offload offload = Offload.open(1, 10)) {
            Operation<?> begun = offload.submit(loop, () -> {
                release.await();
                return ran.incrementAndGet();
            });
            isCancelledWhileIt(
                    () -> offload.submit(here(), ran::incrementAndGet).await());
            release.countDown();
            begun.await();
        }
        assertEquals(1, ran.get());
    }

    @Test
    void aWishToEndBetweenTwoWaitsBreaksOffTheSecond() throws Exception {
        onGreen(loop, () -> {
            for (Loop at : group.loops()) {
                try (Scope scope = Scope.builder().on(at).open()) {
                    CountDownLatch cancelled = new CountDownLatch(1);
                    Operation<?> subtask = scope.fork(() -> {
                        here().sleep(Duration.ofNanos(1)).await();
                        scope.cancel(); // as by somebody else, while this one does not wait
                        cancelled.countDown();
                        here().sleep(LONG).await();
                        return null;
                    });
                    assertEquals(Failure.CANCELLED, failure(subtask::await));
                    assertEquals(0, cancelled.getCount());
                    assertEquals(Failure.CANCELLED, failure(() -> {
                        scope.join();
                        return null;
                    }));
                }
            }
            return null;
        });
    }

    @Test
    void whoComputesOnAnotherLoopSeesTheScopeCancelled() throws Exception {
        onGreen(loop, () -> {
            try (Scope scope = Scope.builder().on(group.loops().getLast()).open()) {
                CountDownLatch computes = new CountDownLatch(1);
                Operation<Boolean> subtask = scope.fork(() -> {
                    computes.countDown();
                    while (!scope.isCancelled()) {
                        Thread.onSpinWait();
                    }
                    return true;
                });
                while (computes.getCount() > 0) {
                    loop.sleep(Duration.ofNanos(1)).await();
                }
                scope.cancel();
                scope.join();
                assertTrue(subtask.value(), "what it had come to by then");
            }
            return null;
        });
    }

    @Test
    void aDeadlineReachesWhateverIsAwaitedWithin() throws Exception {
        StreamSocket socket = connection(loop).socket();
        StreamSocket read = connection(loop).socket();
        onGreen(loop, () -> {
            Duration inTime = Duration.ofHours(1);
            try (Scope scope = Scope.open(inTime)) {
                Operation<Duration> knows =
                        scope.fork(() -> Deadline.current().orElseThrow().remaining());
                scope.join();
                assertTrue(knows.value().compareTo(inTime) <= 0);
            }
            try (Scope scope = Scope.open(SHORT)) {
                Operation<?> receives = scope.fork(
                        () -> socket.receive(Buffer.allocate(9), 0, 9).await());
                assertEquals(Failure.TIMED_OUT, failure(() -> loop.sleep(LONG).await()), "the opener's own");
                assertEquals(Failure.TIMED_OUT, failure(() -> loop.sleep(LONG).await()), "and the one after that");
                assertEquals(Failure.TIMED_OUT, failure(() -> {
                    scope.join();
                    return null;
                }));
                assertEquals(Failure.TIMED_OUT, failure(receives::value));
                assertEquals(Failure.TIMED_OUT, failure(scope.fork(() -> 1)::value));
                assertTrue(Deadline.current().orElseThrow().hasPassed());
            }
            assertFalse(Thread.currentThread().isInterrupted(), "the deadline leaves no interrupt behind");
            assertEquals(Optional.empty(), Deadline.current());
            assertEquals(Duration.ZERO, loop.sleep(Duration.ZERO).await());
            try (Scope scope = Scope.open(SHORT)) {
                assertEquals(Failure.TIMED_OUT, failure(() -> read.read(new byte[1], 0, 1)), "through a gate");
            }
            try (Scope scope = Scope.open(Duration.ZERO)) {
                assertEquals(Failure.TIMED_OUT, failure(() -> loop.sleep(LONG).await()), "it had passed before");
                assertTrue(scope.isCancelled());
            }
            assertFalse(Thread.currentThread().isInterrupted());
            return null;
        });
        socket.close();
        read.close();
    }

    @Test
    void whereEveryOutcomeIsWantedWhatCameInTimeHasItsValue() throws Exception {
        onGreen(loop, () -> {
            AtomicBoolean ran = new AtomicBoolean();
            // On a machine that stands still nothing may come in a short time.
            for (Duration limit = SHORT; !ran.get(); limit = limit.multipliedBy(10)) {
                try (Scope scope = Scope.builder().within(limit).on(group).allEnd()) {
                    Operation<String> quick = scope.fork(() -> {
                        ran.set(true);
                        return "in time";
                    });
                    Operation<?> slow = scope.fork(() -> here().sleep(LONG).await());
                    scope.join();
                    if (ran.get()) {
                        assertEquals("in time", quick.value());
                    }
                    assertEquals(Failure.TIMED_OUT, failure(slow::value));
                }
            }
            return null;
        });
    }

    @Test
    void anInnerDeadlineCanOnlyBeEarlier() throws Exception {
        onGreen(loop, () -> {
            Duration outerRemaining = Duration.ofSeconds(60);
            try (Scope outer = Scope.open(outerRemaining)) {
                try (Scope inner = Scope.open(LONG)) {
                    assertTrue(Deadline.current().orElseThrow().remaining().compareTo(outerRemaining) <= 0);
                    Operation<Duration> below =
                            inner.fork(() -> Deadline.current().orElseThrow().remaining());
                    inner.join();
                    assertTrue(below.value().compareTo(outerRemaining) <= 0);
                }
                try (Scope inner = Scope.open(SHORT)) {
                    inner.fork(() -> loop.sleep(LONG).await());
                    assertEquals(Failure.TIMED_OUT, failure(() -> {
                        inner.join();
                        return null;
                    }));
                }
                assertFalse(Thread.currentThread().isInterrupted(), "the outer one goes on");
                assertFalse(outer.isCancelled());
                Operation<Duration> later = outer.fork(() -> loop.sleep(SHORT).await());
                outer.join();
                assertEquals(SHORT, later.value());
            }
            try (Scope outer = Scope.open(SHORT)) {
                try (Scope inner = Scope.open(LONG)) {
                    inner.fork(() -> loop.sleep(LONG).await());
                    assertEquals(Failure.TIMED_OUT, failure(() -> {
                        inner.join();
                        return null;
                    }));
                }
                assertTrue(Thread.currentThread().isInterrupted(), "the outer one has passed too");
                assertTrue(outer.isCancelled());
            }
            assertFalse(Thread.currentThread().isInterrupted());
            return null;
        });
    }

    @Test
    void aSubtaskOfItsOwnLimitFailsAll() throws Exception {
        onGreen(loop, () -> {
            try (Scope scope = Scope.open()) {
                Operation<?> limited =
                        scope.fork(() -> loop.sleep(LONG).await()).within(SHORT);
                Operation<?> other = scope.fork(() -> loop.sleep(LONG).await());
                assertEquals(Failure.TIMED_OUT, failure(() -> {
                    scope.join();
                    return null;
                }));
                assertEquals(Failure.TIMED_OUT, failure(limited::value));
                assertEquals(Failure.CANCELLED, failure(other::value));
            }
            return null;
        });
    }

    @Test
    void anInterruptOfTheOpenerCancelsTheScopeAndIsKept() throws Exception {
        onGreen(loop, () -> {
            Thread opener = Thread.currentThread();
            try (Scope scope = Scope.open(Duration.ofSeconds(60))) {
                Operation<?> sleeps = scope.fork(() -> loop.sleep(LONG).await());
                loop.start(Timer.of(opener::interrupt), SHORT.toNanos());
                assertEquals(Failure.CANCELLED, failure(() -> {
                    scope.join();
                    return null;
                }));
                assertEquals(Failure.CANCELLED, failure(sleeps::value));
            }
            assertTrue(Thread.interrupted());
            boolean inTime = false;
            for (Duration limit = SHORT; !inTime; limit = limit.multipliedBy(10)) {
                try (Scope scope = Scope.open(limit)) {
                    inTime = !scope.isCancelled(); // or the deadline has passed while it was opened
                    opener.interrupt(); // at once: no turn of the loop comes before, and no deadline
                    while (!scope.isCancelled()) {
                        Thread.yield(); // until the deadline has passed as well
                    }
                }
                assertTrue(Thread.interrupted() || !inTime, "it was there before the deadline's");
            }
            return null;
        });
    }

    @Test
    void aPlatformThreadsDeadlineLeavesNoInterruptBehind() throws Exception {
        for (int i = 0; i < 20; i++) {
            try (Scope scope = Scope.builder()
                    .on(group)
                    .within(Duration.ofNanos(i * 100_000L))
                    .open()) {
                scope.fork(() -> here().sleep(LONG).await());
                assertEquals(Failure.TIMED_OUT, failure(() -> {
                    scope.join();
                    return null;
                }));
            }
            assertFalse(Thread.currentThread().isInterrupted());
        }
    }

    @Test
    void codeThatIgnoresTheWishIsAwaited() throws Exception {
        onGreen(loop, () -> {
            ReentrantLock deaf = new ReentrantLock();
            AtomicInteger begun = new AtomicInteger();
            AtomicInteger ended = new AtomicInteger();
            // One that has not begun by then, as may be on a slow machine, is not awaited.
            for (Duration limit = Duration.ofMillis(30); begun.get() == 0; limit = limit.multipliedBy(10)) {
                try (Scope scope = Scope.open(limit)) {
                    deaf.lock();
                    scope.fork(() -> {
                        begun.incrementAndGet();
                        deaf.lock(); // which no interrupt breaks off
                        deaf.unlock();
                        ended.incrementAndGet();
                    });
                    assertEquals(
                            Failure.TIMED_OUT, failure(() -> loop.sleep(LONG).await()));
                    assertEquals(0, ended.get());
                    deaf.unlock();
                }
            }
            assertEquals(1, ended.get());
            return null;
        });
    }

    @Test
    void whenItsLoopStopsEverybodyLearnsOfIt() throws Exception {
        CompletableFuture<Failure> owner = new CompletableFuture<>();
        CompletableFuture<Failure> child = new CompletableFuture<>();
        CompletableFuture<Failure> childElsewhere = new CompletableFuture<>();
        LoopGroup stopping = loops(1);
        stopping.next().spawn(() -> {
            try (Scope scope = Scope.open()) {
                Operation<?> here = scope.fork(() -> here().sleep(LONG).await());
                Operation<?> there;
                try (Scope remote = Scope.builder().on(loop).open()) {
                    there = remote.fork(() -> new CompletableFuture<>().get());
                    child.completeAsync(() -> Failure.IO, Runnable::run);
                    remote.join();
                } catch (IOException told) {
                    owner.complete(((OperationException) told).failure());
                    throw told;
                } finally {
                    scope.cancel();
                }
                childElsewhere.complete(failure(there::value));
                scope.join();
                owner.complete(failure(here::value));
            } catch (IOException told) {
                // It has been noted.
            }
        });
        get(child);
        stopping.close();
        assertEquals(Failure.CANCELLED, get(owner));
    }

    @Test
    void subtasksOnALoopThatStopsFailAndTheOpenerElsewhereLearnsOfIt() throws Exception {
        for (boolean green : List.of(true, false)) {
            LoopGroup stopping = loops(1);
            Loop last = stopping.next();
            CountDownLatch begun = new CountDownLatch(3);
            Callable<?> opener = () -> {
                try (Scope scope = Scope.builder().on(last).allEnd()) {
                    Operation<?> sleeps = scope.fork(() -> {
                        begun.countDown();
                        return here().sleep(LONG).await();
                    });
                    Operation<?> waits = scope.fork(() -> {
                        begun.countDown();
                        return new CompletableFuture<>().get();
                    });
                    begun.countDown();
                    if (green) { // its own loop goes on, and it wanted every outcome
                        scope.join();
                    } else { // the loop that stops is the one on which it would be woken
                        assertThrows(OperationException.class, scope::join);
                    }
                    assertThrows(OperationException.class, sleeps::value);
                    assertThrows(OperationException.class, waits::value);
                    while (green && !last.isOver()) {
                        Thread.yield();
                    }
                    Operation<?> late = scope.fork(() -> 1);
                    assertThrows(OperationException.class, late::await);
                }
                return null;
            };
            CompletableFuture<?> over = green ? elsewhere(() -> onGreen(loop, opener)) : elsewhere(opener);
            begun.await();
            stopping.close();
            get(over);
        }
    }
}
