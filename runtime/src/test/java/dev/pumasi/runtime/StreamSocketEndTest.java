package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.driver.Clock;
import dev.pumasi.runtime.driver.Driver;
import dev.pumasi.runtime.driver.Errno;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Time limits, interrupts, resets and closing: every way in which a wait on a socket ends. */
@Tag("fall-back")
final class StreamSocketEndTest extends OnEachDriver {

    private static final byte[] MESSAGE = "the quick brown fox".getBytes();

    @Test
    void readsAndWritesHaveATimeLimit() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        StreamSocket socket = connection.socket();
        socket.setTimeout(Duration.ofMillis(20));
        byte[] bytes = new byte[1 << 16];
        for (int i = 0; i < 2; i++) {
            assertTimesOut(() -> onGreen(loop, () -> socket.read(bytes, 0, bytes.length)));
            assertTimesOut(() -> socket.read(bytes, 0, bytes.length)); // a platform thread
        }
        connection.peerSends(MESSAGE);
        assertEquals(MESSAGE.length, socket.read(bytes, 0, bytes.length), "and it can still be read from");
        assertTimesOut(() -> onGreen(loop, () -> {
            while (true) {
                socket.write(bytes, 0, bytes.length);
            }
        }));
        Eventually.until("no timer is left", () -> loop.status().timers() == 0);
    }

    private static void assertTimesOut(org.junit.jupiter.api.function.Executable body) {
        long begin = System.nanoTime();
        OperationException late = assertThrows(OperationException.class, body);
        assertEquals(Failure.TIMED_OUT, late.failure());
        assertTrue(System.nanoTime() - begin >= 20_000_000, "early");
        assertTrue(late.getMessage().contains("socket"), late::getMessage);
    }

    @Test
    void anInterruptEndsAReadAndTheNextOneHasItsWholeTime() throws Exception {
        AtomicLong aheadNanos = new AtomicLong();
        Loop loop = closing(Loop.open("hand", () -> ahead(factory().open(), aheadNanos)));
        Connection connection = connection(loop);
        StreamSocket socket = connection.socket();
        socket.setTimeout(Duration.ofHours(1));
        CompletableFuture<Failure> first = new CompletableFuture<>();
        Thread reader = loop.spawn(() -> complete(
                first,
                () -> assertThrows(OperationException.class, () -> socket.read(new byte[1], 0, 1))
                        .failure()));
        turnUntil(loop, "it waits", () -> loop.status().timers() == 1);
        leap(loop, aheadNanos, Duration.ofMinutes(40));
        assertFalse(first.isDone());
        reader.interrupt();
        turnUntil(loop, "it is told", first::isDone);
        assertEquals(Failure.CANCELLED, get(first));
        turnUntil(loop, "its timer is gone", () -> loop.status().timers() == 0);
        CompletableFuture<Integer> second = new CompletableFuture<>();
        loop.spawn(() -> complete(second, () -> socket.read(new byte[1], 0, 1)));
        turnUntil(loop, "it waits", () -> loop.status().timers() == 1);
        leap(loop, aheadNanos, Duration.ofMinutes(40)); // beyond the time of the first one
        assertFalse(second.isDone());
        connection.peerSends((byte) 1);
        turnUntil(loop, "it has come", second::isDone);
        assertEquals(1, get(second));
        CompletableFuture<Integer> third = new CompletableFuture<>();
        loop.spawn(() -> complete(third, () -> socket.read(new byte[1], 0, 1)));
        turnUntil(loop, "it waits", () -> loop.status().timers() == 1);
        leap(loop, aheadNanos, Duration.ofMinutes(61));
        turnUntil(loop, "its time is over", third::isDone);
        assertEquals(
                Failure.TIMED_OUT,
                assertThrows(OperationException.class, () -> get(third)).failure());
    }

    private static void leap(Loop loop, AtomicLong aheadNanos, Duration by) {
        aheadNanos.addAndGet(by.toNanos());
        for (int i = 0; i < 20; i++) {
            loop.turn(0);
        }
    }

    /** A driver whose clock can be set ahead. */
    private static Driver ahead(Driver real, AtomicLong aheadNanos) {
        Clock clock = new Clock() {
            @Override
            public long nanoTime() {
                return real.clock().nanoTime() + aheadNanos.get();
            }

            @Override
            public long currentTimeMillis() {
                return real.clock().currentTimeMillis();
            }
        };
        return (Driver) Proxy.newProxyInstance(
                Driver.class.getClassLoader(),
                new Class<?>[] {Driver.class},
                (proxy, method, arguments) ->
                        method.getName().equals("clock") ? clock : method.invoke(real, arguments));
    }

    @Test
    void aPeerThatResetsIsAFailureInEveryStyle() throws Exception {
        Loop loop = loop();
        List<Connection> three = connections(loop, 3);
        Seen seen = new Seen();
        onLoop(loop, () -> {
            three.get(0).socket().onReceive(seen);
            return null;
        });
        Operation<Integer> operation = three.get(1).socket().receive(Buffer.allocate(1), 0, 1);
        CompletableFuture<Integer> direct = new CompletableFuture<>();
        loop.spawn(() -> complete(direct, () -> three.get(2).socket().read(new byte[1], 0, 1)));
        Eventually.until("all wait", () -> loop.status().interests() == 3);
        for (Connection connection : three) {
            connection.peer().setSoLinger(true, 0);
            connection.peer().close();
        }
        assertEquals(
                Failure.CONNECTION_RESET,
                assertThrows(OperationException.class, operation::await).failure());
        assertEquals(
                Failure.CONNECTION_RESET,
                assertThrows(OperationException.class, () -> get(direct)).failure());
        Eventually.until("the receiver is told", () -> loop.status().interests() == 0);
        assertEquals(List.of(Failure.CONNECTION_RESET), onLoop(loop, () -> seen.failures));
        OperationException broken = assertThrows(
                OperationException.class,
                () -> onGreen(loop, () -> {
                    StreamSocket socket = three.get(2).socket();
                    for (int i = 0; i < 100; i++) {
                        socket.write(MESSAGE, 0, MESSAGE.length);
                        socket.flush();
                        loop.sleep(Duration.ofMillis(1)).await();
                    }
                    return null;
                }));
        assertTrue(
                broken.failure() == Failure.PEER_CLOSED || broken.failure() == Failure.CONNECTION_RESET,
                broken::getMessage);
    }

    /**
     * The kernel reports a reset once: if a send takes the report, who receives must be told all the same, in each of the
     * three ways to use a socket. (Fixed in b597352; that it may see a good end instead, later.)
     */
    @ParameterizedTest
    @ValueSource(ints = {-Errno.ECANCELED, 0})
    void aResetThatOnlyASendIsToldOfEndsTheReceiveToo(int last) throws Exception {
        Loop loop = closing(
                Loop.open("hand", () -> OnlyTheSendIsTold.above(factory().open(), last)));
        List<Connection> three = connections(loop, 3);
        Seen seen = new Seen();
        three.get(0).socket().onReceive(seen);
        Operation<Integer> receive = three.get(1).socket().receive(Buffer.allocate(1), 0, 1);
        CompletableFuture<Integer> reading = new CompletableFuture<>();
        loop.spawn(() -> complete(reading, () -> three.get(2).socket().read(new byte[1], 0, 1)));
        turnUntil(
                loop,
                "all three receive",
                () -> loop.interests().stream()
                                .filter(interest -> interest.startsWith("receive"))
                                .count()
                        == 3);
        for (int i = 0; i < 10; i++) {
            loop.turn(0);
        }
        for (Connection connection : three) {
            connection.peer().setSoLinger(true, 0);
            connection.peer().close();
        }
        for (int i = 0; i < 3; i += 2) {
            three.get(i).socket().output().append(MESSAGE, 0, MESSAGE.length);
            three.get(i).socket().output().flush();
        }
        Operation<Integer> send = three.get(1).socket().send(Buffer.of(MESSAGE), 0, MESSAGE.length);
        turnUntil(loop, "all are told", () -> seen.calls == 1 && receive.isDone() && send.isDone() && reading.isDone());
        assertEquals(List.of(Failure.CONNECTION_RESET), seen.failures);
        for (CompletableFuture<Integer> told : List.of(receive.toStage().toCompletableFuture(), reading)) {
            turnUntil(loop, "it is told", told::isDone);
            Throwable why = told.exceptionNow();
            assertEquals(Failure.CONNECTION_RESET, ((OperationException) why).failure());
        }
        assertEquals(0, loop.status().interests());
        assertEquals(0, loop.misdirected());
    }

    @Test
    void closingEndsWhatIsInProgress() throws Exception {
        Loop loop = loop();
        List<Connection> four = connections(loop, 4);
        Seen seen = new Seen();
        onLoop(loop, () -> {
            four.get(0).socket().onReceive(seen);
            return null;
        });
        Operation<Integer> operation = four.get(1).socket().receive(Buffer.allocate(1), 0, 1);
        CompletableFuture<Integer> reading = new CompletableFuture<>();
        loop.spawn(() -> complete(reading, () -> four.get(2).socket().read(new byte[1], 0, 1)));
        CompletableFuture<Integer> writing = new CompletableFuture<>();
        loop.spawn(() -> complete(writing, () -> {
            while (true) {
                four.get(3).socket().write(new byte[1 << 16], 0, 1 << 16);
            }
        }));
        Eventually.until("all wait", () -> loop.status().interests() == 4);
        Eventually.pass(20_000_000);
        for (Connection connection : four) {
            connection.socket().close();
            connection.socket().close();
        }
        assertEquals(
                Failure.CANCELLED,
                assertThrows(OperationException.class, operation::await).failure());
        for (CompletableFuture<Integer> direct : List.of(reading, writing)) {
            Failure failure =
                    assertThrows(OperationException.class, () -> get(direct)).failure();
            assertTrue(failure == Failure.CLOSED || failure == Failure.CANCELLED, failure::toString);
        }
        Eventually.until("nothing is in progress", () -> loop.status().interests() == 0);
        assertEquals(0, onLoop(loop, () -> seen.calls), "who closes it need not be told");
        for (Connection connection : four.subList(0, 3)) {
            assertEquals(-1, connection.peer().getInputStream().read());
        }
        assertEquals(0, loop.misdirected());
        assertEquals(0, loop.status().failures());
    }

    @Test
    void aReceiverThatClosesIsToldNothingMore() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        CompletableFuture<Void> first = new CompletableFuture<>();
        Seen seen = new Seen() {
            @Override
            public void received(Buffer data, int length) {
                super.received(data, length);
                connection.socket().close();
                first.complete(null);
            }
        };
        onLoop(loop, () -> {
            connection.socket().onReceive(seen);
            return null;
        });
        try {
            connection.peerSends(new byte[1 << 20]);
        } catch (IOException reset) {
            // Closed with bytes that nobody has read: the kernel says so with a reset.
        }
        get(first);
        Eventually.until("nothing is in progress", () -> loop.status().interests() == 0);
        assertEquals(1, onLoop(loop, () -> seen.calls));
    }

    /** A green thread may use the socket of another loop: it asks that loop, nothing is lost, and its own loop wakes it. */
    @Test
    void aSocketIsUsedFromAnotherLoop() throws Exception {
        LoopGroup group = loops(2);
        Loop owner = group.loops().get(0);
        Loop user = group.loops().get(1);
        Connection connection = connection(owner);
        CompletableFuture<Integer> echoed = new CompletableFuture<>();
        user.spawn(() -> complete(echoed, () -> {
            byte[] bytes = new byte[1000];
            int sum = 0;
            while (true) {
                int count = connection.socket().read(bytes, 0, bytes.length);
                assertAtHome(user);
                if (count < 0) {
                    connection.socket().shutdownOutput();
                    return sum;
                }
                connection.socket().write(bytes, 0, count);
                connection.socket().flush();
                sum += count;
            }
        }));
        int length = 200_000;
        CompletableFuture<Void> sender = elsewhere(() -> {
            connection.peerSends(new byte[length]);
            connection.peer().shutdownOutput();
            return null;
        });
        assertEquals(length, connection.peerReads(length + 1).length);
        assertEquals(length, get(echoed));
        get(sender);
        assertNoHops(user);
        assertNoHops(owner);
    }
}
