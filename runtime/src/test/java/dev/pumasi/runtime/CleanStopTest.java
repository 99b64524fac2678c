package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
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

    private static final long SOON_NANOS = 2_000_000_000;

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
            Failure failure = failureOf(wait);
            assertTrue(failure == Failure.CANCELLED || failure == Failure.CLOSED, failure::toString);
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
                return goOn.await(10, TimeUnit.SECONDS) ? "done" : "late";
            })::await);
            CompletableFuture<String> second = green(loop, offload.submit(loop, () -> "never")::await);
            assertTrue(begun.await(10, TimeUnit.SECONDS));
            elsewhere(() -> {
                Eventually.until("the second is cancelled", second::isDone);
                goOn.countDown();
                return null;
            });
            closesSoon(group);
            assertEquals("done", get(first));
            assertEquals(Failure.CANCELLED, failureOf(second));
        }
    }

    /** The peer must see the end of its connection, even where nobody was about to receive or send. */
    @Test
    void socketsThatNobodyClosedAreClosed() throws Exception {
        LoopGroup group = loops(1);
        Loop loop = group.next();
        int before = LeftBehind.descriptors();
        List<StreamSocket> idle = new ArrayList<>();
        Listener listener = Listener.open(loop, LOOPBACK, false, idle::add);
        Listener paused = Listener.open(loop, LOOPBACK, false, idle::add);
        onLoop(loop, () -> {
            paused.pause();
            return null;
        });
        UdpSocket datagrams = UdpSocket.open(loop, LOOPBACK, false);
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
        assertEquals(
                Failure.CLOSED, failureOf(elsewhere(() -> Listener.open(loop, LOOPBACK, false, StreamSocket::close))));
        assertEquals(Failure.CLOSED, failureOf(elsewhere(() -> socket.read(new byte[1], 0, 1))));
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
