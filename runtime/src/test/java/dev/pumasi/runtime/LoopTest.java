package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The order of a turn, its fairness, and what crosses over from other threads. */
final class LoopTest extends OnEachDriver {

    /** The kernel may leave to a thread of its own what was sent; a tick of the timers is shorter. */
    private static final long ARRIVAL_NANOS = 50_000_000;

    @Test
    void aTurnRunsCompletionsThenTasksThenThoseOfOthersThenTimers() throws Exception {
        Loop loop = byHand();
        List<String> ran = new ArrayList<>();
        Connection connection = connection(loop);
        connection.socket().onReceive(OnBytes.of((data, length) -> {
            ran.add("completion");
        }));
        for (int i = 0; i < 10; i++) {
            loop.turn(0);
        }
        loop.start(Timer.of(() -> ran.add("timer")), 0);
        get(elsewhere(() -> {
            loop.execute(() -> ran.add("foreign"));
            return null;
        }));
        loop.execute(() -> {
            ran.add("task");
            loop.execute(() -> ran.add("task of a task"));
        });
        connection.peerSends((byte) 1);
        Eventually.pass(ARRIVAL_NANOS);
        assertEquals(List.of(), ran, "nothing runs between turns");
        loop.turn(0);
        assertEquals(List.of("completion", "task", "foreign", "timer"), ran);
        assertTrue(loop.hasWork());
        loop.turn(Long.MAX_VALUE); // does not wait, since something is runnable
        assertEquals("task of a task", ran.getLast());
    }

    @Test
    void executeRunsLaterAndRunRunsNow() {
        Loop loop = byHand();
        List<String> ran = new ArrayList<>();
        loop.execute(() -> ran.add("later"));
        loop.run(() -> ran.add("now"));
        assertEquals(List.of("now"), ran);
        loop.turn(0);
        assertEquals(List.of("now", "later"), ran);
    }

    @Test
    void aTurnWaitsForTheNextTimerAndNotLonger() {
        Loop loop = byHand();
        AtomicInteger fired = new AtomicInteger();
        long begin = System.nanoTime();
        loop.start(Timer.of(fired::incrementAndGet), 20_000_000);
        int turns = 0;
        while (fired.get() == 0) {
            loop.turn(Long.MAX_VALUE);
            turns++;
        }
        long took = System.nanoTime() - begin;
        assertTrue(took >= 20_000_000, () -> "early: " + took);
        assertTrue(turns < 12, "turned " + turns + " times for one timer");
    }

    @Test
    void anEndlessStreamOfTasksStarvesNeitherInputNorTimers() throws Exception {
        Loop loop = byHand();
        Connection connection = connection(loop);
        AtomicLong received = new AtomicLong();
        connection.socket().onReceive(OnBytes.counting(received));
        AtomicInteger fired = new AtomicInteger();
        Runnable[] endless = new Runnable[1];
        endless[0] = () -> loop.execute(endless[0]);
        endless[0].run();
        loop.turn(0);
        loop.start(Timer.of(fired::incrementAndGet), 0);
        connection.peerSends((byte) 1);
        Eventually.pass(ARRIVAL_NANOS);
        for (int turn = 0; turn < 10; turn++) {
            loop.turn(0);
        }
        assertEquals(1, received.get());
        assertEquals(1, fired.get());
        endless[0] = () -> {};
    }

    @Test
    void aFloodOfForeignTasksStarvesNeitherInputNorTimersNorOwnTasks() throws Exception {
        Loop loop = byHand();
        Connection connection = connection(loop);
        AtomicLong received = new AtomicLong();
        connection.socket().onReceive(OnBytes.counting(received));
        for (int i = 0; i < 10; i++) {
            loop.turn(0);
        }
        AtomicInteger foreign = new AtomicInteger();
        AtomicInteger own = new AtomicInteger();
        AtomicInteger fired = new AtomicInteger();
        int flood = 20 * Loop.FOREIGN_TASKS_PER_TURN;
        get(elsewhere(() -> {
            for (int i = 0; i < flood; i++) {
                loop.execute(foreign::incrementAndGet);
            }
            return null;
        }));
        assertEquals(flood, loop.status().foreignTasks());
        loop.execute(own::incrementAndGet);
        loop.start(Timer.of(fired::incrementAndGet), 0);
        connection.peerSends((byte) 1);
        Eventually.pass(ARRIVAL_NANOS);
        loop.turn(Long.MAX_VALUE);
        assertEquals(Loop.FOREIGN_TASKS_PER_TURN, foreign.get());
        assertEquals(1, received.get());
        assertEquals(1, own.get());
        assertEquals(1, fired.get());
        while (loop.hasWork()) {
            loop.turn(Long.MAX_VALUE);
        }
        assertEquals(flood, foreign.get());
    }

    @Test
    void aFloodOfTimersStarvesNothing() {
        Loop loop = byHand();
        AtomicInteger fired = new AtomicInteger();
        int count = 3 * Loop.TIMERS_PER_TURN;
        for (int i = 0; i < count; i++) {
            loop.start(Timer.of(fired::incrementAndGet), 0);
        }
        Eventually.pass(1_000_000);
        for (int turn = 1; turn <= 3; turn++) {
            loop.turn(Long.MAX_VALUE);
            assertEquals(turn * Loop.TIMERS_PER_TURN, fired.get());
        }
        assertEquals(0, loop.status().timers());
    }

    @Test
    void aBusyConnectionDoesNotStarveAnother() throws Exception {
        Loop loop = byHand();
        List<Connection> both = connections(loop, 2);
        AtomicLong busy = new AtomicLong();
        AtomicLong quiet = new AtomicLong();
        both.get(0).socket().onReceive(OnBytes.counting(busy));
        both.get(1).socket().onReceive(OnBytes.counting(quiet));
        CompletableFuture<Long> flood = elsewhere(() -> {
            byte[] chunk = new byte[1 << 16];
            while (quiet.get() < 20) {
                both.get(0).peerSends(chunk);
            }
            return 0L;
        });
        turnUntil(loop, "the busy one is busy", () -> busy.get() > 1 << 20);
        for (int i = 0; i < 20; i++) {
            long before = quiet.get();
            both.get(1).peerSends((byte) 1);
            Eventually.pass(ARRIVAL_NANOS / 10);
            int turns = 0;
            while (quiet.get() == before) {
                loop.turn(1_000_000);
                assertTrue(++turns <= 8, "the quiet connection waits");
            }
        }
        turnUntil(loop, "the flood ends", flood::isDone);
    }

    @Test
    void tasksOfManyThreadsRunExactlyOnceAndInTheOrderOfEach() throws Exception {
        Loop loop = loop();
        int threads = 8;
        int each = 100_000;
        int[] ran = new int[threads]; // the loop's own: no other thread writes it
        AtomicInteger disorder = new AtomicInteger();
        List<CompletableFuture<Void>> posters = new ArrayList<>();
        for (int thread = 0; thread < threads; thread++) {
            int mine = thread;
            posters.add(elsewhere(() -> {
                for (int i = 0; i < each; i++) {
                    int number = i;
                    loop.execute(() -> {
                        if (ran[mine]++ != number) {
                            disorder.incrementAndGet();
                        }
                    });
                }
                return null;
            }));
        }
        for (CompletableFuture<Void> poster : posters) {
            get(poster);
        }
        onLoop(loop, () -> null);
        assertEquals(0, disorder.get());
        assertEquals(threads * each, onLoop(loop, () -> IntStream.of(ran).sum()));
    }

    @Test
    void aLoopThatIsAwakeIsWokenWithoutASystemCallAndOneThatSleepsWithOne() throws Exception {
        Loop loop = loop();
        Eventually.until("a burst finds it asleep", () -> {
            CountDownLatch posted = new CountDownLatch(1);
            CountDownLatch over = new CountDownLatch(1);
            long before = loop.status().wakes();
            loop.execute(() -> awaitLatch(posted)); // it may sleep now; from here on it does not
            for (int i = 0; i < 1000; i++) {
                loop.execute(() -> {});
            }
            loop.execute(over::countDown);
            long after = loop.status().wakes();
            posted.countDown();
            awaitLatch(over);
            assertTrue(after - before <= 1, () -> "woken " + (after - before) + " times by one burst");
            return after - before == 1;
        });
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch posted = new CountDownLatch(1);
        loop.execute(() -> {
            begun.countDown();
            awaitLatch(posted);
        });
        awaitLatch(begun);
        long before = loop.status().wakes();
        for (int i = 0; i < 1000; i++) {
            loop.execute(() -> {});
        }
        assertEquals(before, loop.status().wakes(), "it is awake, and needs no waking");
        posted.countDown();
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            assertTrue(latch.await(30, TimeUnit.SECONDS));
        } catch (InterruptedException stop) {
            throw new AssertionError(stop);
        }
    }

    /** A lost wake-up would leave the loop asleep without end, with a task in its queue. */
    @Test
    void noWakeUpIsLost() throws Exception {
        Loop loop = loop();
        List<CompletableFuture<Void>> posters = new ArrayList<>();
        for (int poster = 0; poster < 2; poster++) {
            posters.add(elsewhere(() -> {
                AtomicInteger ran = new AtomicInteger();
                for (int i = 1; i <= 5_000; i++) {
                    loop.execute(ran::incrementAndGet);
                    long begin = System.nanoTime();
                    while (ran.get() < i) {
                        Thread.onSpinWait();
                        assertTrue(System.nanoTime() - begin < 20_000_000_000L, "a task waits, and the loop sleeps");
                        if (System.nanoTime() - begin > 20_000) {
                            Thread.yield();
                        }
                    }
                }
                return null;
            }));
        }
        for (CompletableFuture<Void> poster : posters) {
            get(poster);
        }
    }

    @Test
    void whatFailsIsCountedReportedOnceAndSurvived() throws Exception {
        Loop loop = byHand();
        Runnable failing = () -> {
            throw new IllegalStateException("on purpose: a task");
        };
        for (int i = 0; i < 3; i++) {
            loop.execute(failing);
        }
        loop.turn(0);
        assertEquals(3, loop.status().failures());
        assertReportedOnce("a task failed");

        for (int i = 0; i < 3; i++) {
            loop.start(
                    Timer.of(() -> {
                        throw new IllegalStateException("on purpose: a timer");
                    }),
                    0);
        }
        turnUntil(loop, "timers have failed", () -> loop.status().failures() == 6);
        assertReportedOnce("a timer failed");

        for (int i = 0; i < 3; i++) {
            loop.sleep(Duration.ZERO).onDone(outcome -> {
                throw new IllegalStateException("on purpose: a callback");
            });
        }
        turnUntil(loop, "callbacks have failed", () -> loop.status().failures() == 9);
        assertReportedOnce("failed");

        for (int i = 0; i < 3; i++) {
            loop.spawn(() -> {
                throw new StackOverflowError("on purpose: a green thread");
            });
        }
        turnUntil(loop, "green threads have failed", () -> loop.status().failures() == 12);
        assertReportedOnce("a green thread failed");

        AtomicInteger alive = new AtomicInteger();
        loop.execute(alive::incrementAndGet);
        loop.turn(0);
        assertEquals(1, alive.get());
    }

    @Test
    void aReceiverOrAnAcceptorThatFailsLosesItsConnectionAndNothingElse() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        onLoop(loop, () -> {
            connection.socket().onReceive(OnBytes.of((data, length) -> {
                throw new IllegalStateException("on purpose: a receiver");
            }));
            return null;
        });
        connection.peerSends((byte) 1);
        assertEquals(0, connection.peerReads(1).length, "closed");
        assertReportedOnce("receiver of");
        try (Listener listener = Listener.open(loop, LOOPBACK, socket -> {
            throw new IllegalStateException("on purpose: an acceptor");
        })) {
            for (int i = 0; i < 2; i++) {
                Socket peer = peer(listener);
                assertEquals(-1, peer.getInputStream().read(), "closed");
            }
        }
        assertReportedOnce("acceptor of");
        assertEquals(3, loop.status().failures());
    }

    private void assertReportedOnce(String what) {
        List<String> reported = new ArrayList<>();
        Eventually.until("it is reported", () -> reported.addAll(heard.take()));
        assertEquals(1, reported.size(), reported::toString);
        assertTrue(reported.getFirst().contains(what), reported::toString);
    }

    @Test
    void currentIsTheLoopThatCarriesTheCaller() throws Exception {
        LoopGroup group = loops(2);
        for (Loop loop : group.loops()) {
            assertFalse(loop.isCurrent());
            assertSame(loop, onLoop(loop, () -> Loop.current().orElseThrow()));
            assertSame(loop, onGreen(loop, () -> Loop.current().orElseThrow()));
            assertTrue(onGreen(loop, loop::isCurrent));
            assertFalse(onGreen(group.loops().get(0), group.loops().get(1)::isCurrent));
        }
        assertEquals(Optional.empty(), Loop.current());
        Loop byHand = byHand();
        byHand.turn(0);
        assertSame(byHand, Loop.current().orElseThrow());
        byHand.close();
        assertEquals(Optional.empty(), Loop.current());
    }

    @Test
    void theListOfInterestsShowsWhatIsInProgress() throws Exception {
        Loop loop = byHand();
        assertEquals(List.of(), loop.interests());
        Listener listener = Listener.open(loop, LOOPBACK, StreamSocket::close);
        assertEquals(List.of("accept on " + listener.address()), loop.interests());
        Connection connection = connection(loop);
        turnUntil(loop, "the helper's listener is gone", () -> loop.interests().size() == 1);
        Operation<Integer> receive = connection.socket().receive(Buffer.allocate(1), 0, 1);
        String peer = connection.peer().getLocalSocketAddress().toString();
        assertTrue(
                loop.interests().stream().anyMatch(one -> one.startsWith("receive on") && one.contains(peer)),
                () -> loop.interests().toString());
        int before = loop.status().interests();
        connection.peerSends((byte) 1);
        turnUntil(loop, "it is received", receive::isDone);
        assertEquals(before - 1, loop.status().interests());
        listener.close();
        turnUntil(loop, "nothing is in progress", () -> loop.interests().isEmpty());
        assertEquals(0, loop.misdirected());
    }

    @Test
    void aSleepIsNeverShortAndCanBeCancelled() throws Exception {
        Loop loop = loop();
        long begin = System.nanoTime();
        loop.sleep(Duration.ofMillis(15)).await();
        assertTrue(System.nanoTime() - begin >= 15_000_000);
        Operation<Duration> century = loop.sleep(Duration.ofDays(100_000));
        century.cancel();
        assertEquals(
                Failure.CANCELLED,
                assertThrows(OperationException.class, century::await).failure());
        loop.sleep(Duration.ofSeconds(-1)).await();
        Eventually.until("no timer is left", () -> loop.status().timers() == 0);
    }
}
