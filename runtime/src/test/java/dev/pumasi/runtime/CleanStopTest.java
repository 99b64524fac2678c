package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.driver.Clock;
import dev.pumasi.runtime.driver.Driver;
import dev.pumasi.runtime.memory.Buffer;
import java.lang.reflect.Proxy;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A loop that is stopped in the midst of everything ends what is in progress, and then is gone. */
final class CleanStopTest extends OnEachDriver {

    /** Without its patience with what does not end. */
    private static final long SOON_NANOS = LoopGroup.STOP_NANOS;

    /** How many callbacks wait at most. */
    private static final int AHEAD_MAX = 10_000;

    private static void closesSoon(LoopGroup group) {
        long begin = System.nanoTime();
        group.close();
        long took = System.nanoTime() - begin;
        assertTrue(took < SOON_NANOS, () -> "closing took " + took / 1_000_000 + " ms");
    }

    private static Failure failureOf(CompletableFuture<?> answer) {
        return assertThrows(OperationException.class, () -> get(answer)).failure();
    }

    @Test
    void everythingThatIsInProgressEnds() throws Exception {
        LoopGroup group = loops(2);
        Loop loop = group.loops().getFirst();
        List<Connection> connections = connections(loop, 6);
        List<CompletableFuture<?>> waits = new ArrayList<>();

        // A platform thread that blocks, a green thread that awaits, one that reads, one that sleeps, one that writes.
        Operation<Integer> first = connections.get(0).socket().receive(Buffer.allocate(10), 0, 10);
        waits.add(elsewhere(first::await));
        Operation<Integer> second = connections.get(1).socket().receive(Buffer.allocate(10), 0, 10);
        waits.add(green(loop, second::await));
        waits.add(green(loop, () -> connections.get(2).socket().read(new byte[10], 0, 10)));
        Operation<Duration> sleep = loop.sleep(Duration.ofDays(1));
        waits.add(green(loop, sleep::await));
        waits.add(green(loop, () -> {
            while (true) {
                connections.get(3).socket().write(new byte[100_000], 0, 100_000);
            }
        }));
        waits.add(elsewhere(() -> connections.get(4).socket().read(new byte[10], 0, 10)));
        Eventually.until("all wait", () -> loop.status().interests() >= 5);
        Eventually.pass(20_000_000);
        assertTrue(waits.stream().noneMatch(CompletableFuture::isDone));

        closesSoon(group);
        for (CompletableFuture<?> wait : waits) {
            assertEquals(Failure.CLOSED, failureOf(wait));
        }
        assertEquals(0, loop.status().interests());
        assertEquals(0, loop.misdirected());
    }

    private static <T> CompletableFuture<T> green(Loop loop, java.util.concurrent.Callable<T> body) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        loop.spawn(() -> complete(answer, body));
        return answer;
    }

    /** Whoever is told of the end and starts something new must not keep the loop from ending. */
    @Test
    void whatIsStartedWhileItClosesEndsToo() throws Exception {
        LoopGroup group = loops(1);
        Loop loop = group.next();
        Connection connection = connection(loop);
        AtomicInteger rounds = new AtomicInteger();
        CompletableFuture<Integer> stubborn = green(loop, () -> {
            Buffer buffer = Buffer.allocate(10);
            while (rounds.incrementAndGet() < 5) {
                try {
                    connection.socket().receive(buffer, 0, 10).await();
                } catch (OperationException goOn) {
                    // As a server's loop does that only logs what went wrong.
                }
            }
            return rounds.get();
        });
        Eventually.until("it waits", () -> loop.status().interests() == 1);
        closesSoon(group);
        assertEquals(5, get(stubborn));
    }

    /** What has begun runs to its end, for it may be writing somewhere; the rest is cancelled. */
    @Test
    void whatIsOffloadedIsWaitedForOrCancelled() throws Exception {
        LoopGroup group = loops(1);
        Loop loop = group.next();
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        try (Offload offload = Offload.open(1, 10)) {
            CompletableFuture<String> first = green(loop, offload.submit(loop, () -> {
                begun.countDown();
                return goOn.await(30, TimeUnit.SECONDS) ? "done" : "late";
            })::await);
            CompletableFuture<String> second = green(loop, offload.submit(loop, () -> "never")::await);
            assertTrue(begun.await(30, TimeUnit.SECONDS));
            elsewhere(() -> {
                Eventually.until("the second is cancelled", second::isDone);
                goOn.countDown();
                return null;
            });
            closesSoon(group);
            assertEquals("done", get(first));
            assertEquals(Failure.CLOSED, failureOf(second));
        }
    }

    /** The peer must see the end of its connection, even where nobody was about to receive or send. */
    @Test
    void socketsThatNobodyClosedAreClosed() throws Exception {
        LoopGroup group = loops(1);
        Loop loop = group.next();
        int before = LeftBehind.descriptors();
        List<StreamSocket> idle = new ArrayList<>();
        Listener listener = Listener.open(loop, LOOPBACK, idle::add);
        Listener paused = Listener.open(loop, LOOPBACK, idle::add);
        onLoop(loop, () -> {
            paused.pause();
            return null;
        });
        UdpSocket datagrams = UdpSocket.open(loop, LOOPBACK);
        assertEquals(loop.toString(), datagrams.address() == null ? "" : loop.toString());
        try (Socket peer = peer(listener)) {
            Eventually.until("it is accepted", () -> listener.accepted() == 1);
            closesSoon(group);
            assertEquals(-1, peer.getInputStream().read());
        }
        assertTrue(LeftBehind.descriptors() < before, "the loop's own are gone, and those of its sockets");
    }

    /** Nobody is left to work on it; waiting for it would be waiting for ever. */
    @Test
    void whatIsStartedAfterwardsFails() throws Exception {
        LoopGroup group = loops(1);
        Loop loop = group.next();
        StreamSocket socket = connection(loop).socket();
        closesSoon(group);
        assertEquals(Failure.CLOSED, failureOf(elsewhere(loop.sleep(Duration.ZERO)::await)));
        assertEquals(
                Failure.CLOSED,
                failureOf(
                        elsewhere(() -> socket.receive(Buffer.allocate(1), 0, 1).await())));
        assertEquals(Failure.CLOSED, failureOf(elsewhere(() -> Listener.open(loop, LOOPBACK, StreamSocket::close))));
        assertEquals(Failure.CLOSED, failureOf(elsewhere(() -> socket.read(new byte[1], 0, 1))));
    }

    /** There is no thread any more that could run them: the caller does. */
    @Test
    void callbacksRegisteredAfterwardsRunOnTheCaller() throws Exception {
        LoopGroup group = loops(1);
        Loop loop = group.next();
        Operation<Duration> before = loop.sleep(Duration.ZERO);
        before.await();
        closesSoon(group);
        Operation<Duration> after = loop.sleep(Duration.ZERO);
        List<Thread> ran = new ArrayList<>();
        before.onDone(outcome -> ran.add(Thread.currentThread()));
        after.onDone(outcome -> ran.add(Thread.currentThread()));
        assertEquals(List.of(Thread.currentThread(), Thread.currentThread()), ran);
        assertEquals(Duration.ZERO, before.toStage().toCompletableFuture().getNow(Duration.ofDays(1)));
        assertTrue(after.toStage().toCompletableFuture().isCompletedExceptionally());

        before.onDone(outcome -> {
            throw new IllegalStateException("on purpose: a callback on a loop that is over");
        });
        assertEquals(1, loop.status().failures());
        assertEquals(1, heard.take().size());

        Loop mine = byHand();
        Operation<Duration> done = mine.sleep(Duration.ZERO);
        turnUntil(mine, "it is done", done::isDone);
        mine.close();
        done.onDone(outcome -> ran.add(Thread.currentThread()));
        assertEquals(3, ran.size(), "also on what was its thread");
    }

    /** Some find the loop alive, some over, some in between: each callback runs, and once. */
    @Test
    void callbacksRegisteredWhileItClosesRunOnce() throws Exception {
        for (int round = 0; round < 20; round++) {
            LoopGroup group = loops(1);
            Loop loop = group.next();
            Operation<Duration> done = loop.sleep(Duration.ZERO);
            done.await();
            AtomicInteger registered = new AtomicInteger();
            AtomicInteger ran = new AtomicInteger();
            List<CompletableFuture<Void>> callers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                callers.add(elsewhere(() -> {
                    for (int afterwards = 0; afterwards < 100; afterwards += loop.isOver() ? 1 : 0) {
                        while (registered.get() - ran.get() > AHEAD_MAX) {
                            Thread.onSpinWait(); // or a loop that stands still would be buried
                        }
                        registered.incrementAndGet();
                        done.onDone(outcome -> ran.incrementAndGet());
                    }
                    return null;
                }));
            }
            Eventually.until("they register", () -> ran.get() > 100);
            group.close();
            for (CompletableFuture<Void> caller : callers) {
                get(caller);
            }
            assertEquals(registered.get(), ran.get());
        }
    }

    /** Its driver's clock runs so fast that the loop's patience with it is over at once. */
    @Test
    void whatDoesNotEndIsAbandonedAndFails() throws Exception {
        Loop loop = Loop.open("impatient", () -> {
            Driver real = factory().open();
            Clock fast = fast(real.clock());
            return (Driver) Proxy.newProxyInstance(
                    Driver.class.getClassLoader(),
                    new Class<?>[] {Driver.class},
                    (proxy, method, arguments) ->
                            method.getName().equals("clock") ? fast : method.invoke(real, arguments));
        });
        Operation<Integer> stubborn = new Operation<Integer>(loop) {
            @Override
            void start() {
                loop.enter(this);
            }

            @Override
            void requestCancel() {}

            @Override
            String describe() {
                return "do what never ends";
            }
        }.started();
        CompletableFuture<Integer> awaited = elsewhere(stubborn::await);
        CompletableFuture<Integer> staged = stubborn.toStage().toCompletableFuture();
        loop.close();
        assertEquals(Failure.CLOSED, failureOf(awaited));
        assertEquals(Failure.CLOSED, failureOf(staged));
        List<String> log = heard.take();
        assertTrue(log.size() == 1 && log.getFirst().contains("do what never ends"), log::toString);
    }

    private static Clock fast(Clock real) {
        long beganNanos = real.nanoTime();
        return new Clock() {
            @Override
            public long nanoTime() {
                return beganNanos + (real.nanoTime() - beganNanos) * 1000;
            }

            @Override
            public long currentTimeMillis() {
                return real.currentTimeMillis();
            }
        };
    }

    @Test
    void closingTwiceAndInterruptedIsClosingOnce() {
        LoopGroup group = loops(2);
        Thread.currentThread().interrupt();
        group.close();
        assertTrue(Thread.interrupted(), "the interrupt is passed on");
        group.close();
        assertEquals(List.of(), LeftBehind.loopThreads());
    }

    @Test
    void aDriverThatDoesNotOpenLeavesNothingRunning() {
        AtomicInteger opened = new AtomicInteger();
        assertThrows(
                dev.pumasi.runtime.driver.DriverUnavailableException.class,
                () -> LoopGroup.start("half", 3, () -> {
                    if (opened.incrementAndGet() == 3) {
                        throw new dev.pumasi.runtime.driver.DriverUnavailableException("on purpose");
                    }
                    return factory().open();
                }));
        assertEquals(3, opened.get());
    }
}
