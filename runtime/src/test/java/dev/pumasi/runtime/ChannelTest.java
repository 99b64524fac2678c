package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.sync.Channel;
import dev.pumasi.runtime.sync.Select;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;

/** Channels between loops, their end, and waiting for several at once. */
final class ChannelTest extends OnEachDriver {

    private static final Duration DAY = Duration.ofDays(1);

    private static Failure failureOf(org.junit.jupiter.api.function.Executable body) {
        return assertThrows(OperationException.class, body).failure();
    }

    private static <T> CompletableFuture<T> green(Loop loop, Callable<T> body) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        loop.spawn(() -> complete(answer, body));
        return answer;
    }

    @Test
    void whatGoesInComesOutInOrderBetweenTwoLoopsWithoutAHop() throws Exception {
        LoopGroup group = loops(2);
        Loop here = group.loops().get(0);
        Loop there = group.loops().get(1);
        Channel<Integer> channel = new Channel<>("numbers", 4);
        CompletableFuture<Void> sent = green(here, () -> {
            for (int i = 0; i < 2000; i++) {
                channel.send(i);
                assertTrue(here.isCurrent());
            }
            channel.close();
            return null;
        });
        CompletableFuture<Integer> received = green(there, () -> {
            int next = 0;
            for (Optional<Integer> item = channel.receive(); item.isPresent(); item = channel.receive()) {
                assertEquals(next++, item.get());
                assertTrue(there.isCurrent());
                assertTrue(channel.size() <= 4);
            }
            return next;
        });
        get(sent);
        assertEquals(2000, get(received));
        assertTrue(channel.isEnded());
        for (Loop loop : group.loops()) {
            assertNoHops(loop);
            assertEquals(0, loop.status().failures());
            Eventually.until("nothing is in progress", () -> loop.status().interests() == 0);
        }
    }

    @Test
    void itHoldsSoManyAndNoMore() throws Exception {
        Loop loop = byHand();
        Channel<String> channel = new Channel<>(2);
        assertTrue(channel.trySend("a"));
        Operation<Channel<String>> b = channel.send(loop, "b");
        assertTrue(b.isDone());
        assertFalse(channel.trySend("c"));
        Operation<Channel<String>> c = channel.send(loop, "c");
        Operation<Channel<String>> d = channel.send(loop, "d");
        assertFalse(c.isDone());
        assertEquals(2, channel.size());
        assertEquals(2, channel.sendersWaiting());
        assertEquals(Optional.of("a"), channel.tryReceive());
        assertTrue(c.isDone(), "there was room");
        assertFalse(d.isDone());
        assertFalse(channel.trySend("e"), "d waits");
        d.cancel();
        assertEquals(Failure.CANCELLED, failureOf(d::value));
        assertEquals(Optional.of("b"), channel.tryReceive());
        assertTrue(channel.trySend("e"), "nobody waits");
        assertEquals(Optional.of("c"), channel.tryReceive());
        assertEquals(Optional.of("e"), channel.tryReceive());
        assertEquals(Optional.empty(), channel.tryReceive());
        Operation<Optional<String>> first = channel.receive(loop);
        Operation<Optional<String>> second = channel.receive(loop);
        assertEquals(2, channel.receiversWaiting());
        assertTrue(channel.trySend("f"));
        assertEquals(Optional.of("f"), first.value());
        assertTrue(channel.trySend("g"));
        assertEquals(Optional.of("g"), second.value());
        assertThrows(IllegalArgumentException.class, () -> new Channel<>(0));
        assertThrows(IllegalArgumentException.class, () -> new Channel<>(Channel.CAPACITY_MAX + 1));
    }

    @Test
    void afterTheEndReceiversDrainAndSendersFail() throws Exception {
        Loop loop = loop();
        Channel<Integer> channel = new Channel<>(2);
        channel.send(1);
        channel.send(2);
        CompletableFuture<Failure> waitingSender = green(loop, () -> failureOf(() -> channel.send(3)));
        Operation<Channel<Integer>> waitingOperation = channel.send(loop, 4);
        Eventually.until("they wait", () -> channel.sendersWaiting() == 2);
        channel.close();
        channel.close();
        assertEquals(Failure.CLOSED, get(waitingSender));
        assertEquals(Failure.CLOSED, failureOf(waitingOperation::await));
        assertEquals(Failure.CLOSED, failureOf(() -> channel.send(5)));
        assertEquals(Failure.CLOSED, failureOf(() -> channel.trySend(5)));
        assertTrue(channel.isClosed());
        assertFalse(channel.isEnded());
        assertEquals(Optional.of(1), channel.receive());
        assertEquals(Optional.of(2), channel.receive(loop).await());
        assertTrue(channel.isEnded());
        assertEquals(Optional.empty(), channel.receive());
        assertEquals(Optional.empty(), channel.receive(loop).await());
        assertEquals(Optional.empty(), channel.tryReceive());

        Channel<Integer> empty = new Channel<>(1);
        CompletableFuture<Optional<Integer>> green = green(loop, empty::receive);
        CompletableFuture<Optional<Integer>> platform = elsewhere(empty::receive);
        Eventually.until("they wait", () -> empty.receiversWaiting() == 2);
        empty.close();
        assertEquals(Optional.empty(), get(green));
        assertEquals(Optional.empty(), get(platform));
        assertEquals(0, empty.receiversWaiting());
        assertNoHops(loop);
    }

    @Test
    void timeLimitsInterruptsAndCallersThatCannotWait() throws Exception {
        Loop loop = loop();
        Channel<Integer> channel = new Channel<>("full", 1);
        channel.send(0);
        Channel<Integer> empty = new Channel<>("empty", 1);
        Duration short_ = Duration.ofMillis(2);
        assertEquals(Failure.TIMED_OUT, failureOf(() -> onGreen(loop, () -> empty.receive(short_))));
        assertEquals(Failure.TIMED_OUT, failureOf(() -> empty.receive(short_)));
        assertEquals(Failure.TIMED_OUT, failureOf(() -> channel.send(1, short_)));
        assertEquals(
                Failure.TIMED_OUT,
                failureOf(() -> onGreen(loop, () -> {
                    channel.send(1, short_);
                    return null;
                })));
        CompletableFuture<Failure> interrupted = new CompletableFuture<>();
        Thread thread = loop.spawn(() -> complete(interrupted, () -> failureOf(empty::receive)));
        Eventually.until("it waits", () -> empty.receiversWaiting() == 1);
        thread.interrupt();
        assertEquals(Failure.CANCELLED, get(interrupted));
        thread.join();
        assertEquals(0, empty.receiversWaiting());
        assertThrows(IllegalStateException.class, () -> onLoop(loop, empty::receive));
        assertThrows(IllegalStateException.class, () -> onLoop(loop, channel::receive), "though it need not wait");
        assertThrows(
                IllegalStateException.class,
                () -> onLoop(
                        loop,
                        () -> new Select<Integer>()
                                .receive(channel, Optional::orElseThrow)
                                .await()));
        assertEquals(1, channel.size());
    }

    @Test
    void selectTakesTheFirstThatIsPossibleAndOnlyThat() throws Exception {
        Loop loop = loop();
        Channel<String> orders = new Channel<>(1);
        Channel<Integer> numbers = new Channel<>(1);
        Select<String> either = new Select<String>()
                .receive(orders, order -> "order " + order.orElse("ended"))
                .receive(numbers, number -> "number " + number.map(n -> n + 1).orElse(-1));
        assertEquals("nothing", either.now(() -> "nothing"));
        assertEquals("late", either.await(Duration.ofMillis(2), () -> "late"));
        assertEquals("late", onGreen(loop, () -> either.await(Duration.ofMillis(2), () -> "late")));
        assertEquals(0, orders.receiversWaiting() + numbers.receiversWaiting());
        orders.send("soup");
        numbers.send(41);
        assertEquals("order soup", either.await(), "the one that was named first");
        assertEquals("number 42", either.now(() -> "nothing"));

        CompletableFuture<String> waiting = green(loop, either::await);
        Eventually.until("it waits", () -> orders.receiversWaiting() == 1 && numbers.receiversWaiting() == 1);
        numbers.send(1);
        assertEquals("number 2", get(waiting));
        assertEquals(0, orders.receiversWaiting(), "it has left the other line");

        Operation<String> operation = either.await(loop);
        Eventually.until("it waits", () -> numbers.receiversWaiting() == 1);
        orders.close();
        assertEquals("order ended", operation.await());
        assertEquals(0, numbers.receiversWaiting());
        assertThrows(IllegalStateException.class, () -> new Select<String>().await());
        assertNoHops(loop);
    }

    @Test
    void selectSendsToo() throws Exception {
        Loop loop = loop();
        Channel<String> log = new Channel<>(1);
        Channel<String> orders = new Channel<>(1);
        Select<String> either =
                new Select<String>().receive(orders, Optional::orElseThrow).send(log, "idle", () -> "logged");
        assertEquals("logged", either.await());
        CompletableFuture<String> waiting = green(loop, either::await);
        Eventually.until("it waits", () -> log.sendersWaiting() == 1);
        orders.send("rice");
        assertEquals("rice", get(waiting));
        assertEquals(0, log.sendersWaiting());
        assertEquals(Optional.of("idle"), log.receive());
        assertTrue(log.trySend("room again"), "the line is empty");
        waiting = green(loop, either::await);
        Eventually.until("it waits", () -> log.sendersWaiting() == 1);
        assertEquals(Optional.of("room again"), log.receive());
        assertEquals("logged", get(waiting));
        log.close();
        assertEquals(Failure.CLOSED, failureOf(either::await));
        assertEquals(Optional.of("idle"), log.receive());
    }

    /** Run on the loop's own thread, after the choice; what it throws is the operation's failure. */
    @Test
    void whatASelectDoesAsAnOperationRunsOnTheLoop() throws Exception {
        Loop loop = loop();
        Channel<String> orders = new Channel<>(1);
        Operation<Boolean> onLoop = new Select<Boolean>()
                .receive(
                        orders,
                        order -> loop.isCurrent() && !Thread.currentThread().isVirtual())
                .await(loop);
        orders.send("spam");
        assertTrue(onLoop.await());
        Operation<String> fails = new Select<String>()
                .<String>receive(orders, order -> {
                    throw new IOException("no " + order.orElseThrow());
                })
                .await(loop);
        orders.send("spam");
        assertEquals("no spam", assertThrows(IOException.class, fails::await).getMessage());
        Operation<Boolean> cancelled = new Select<Boolean>()
                .receive(orders, Optional::isPresent)
                .await(loop)
                .within(DAY);
        Eventually.until("it waits", () -> orders.receiversWaiting() == 1);
        cancelled.cancel();
        assertEquals(Failure.CANCELLED, failureOf(cancelled::await));
        assertEquals(0, orders.receiversWaiting());
    }

    @Test
    void receiversAreServedInTheOrderOfTheirArrival() throws Exception {
        LoopGroup group = loops(2);
        Channel<Integer> channel = new Channel<>(1);
        BlockingQueue<String> order = new LinkedBlockingQueue<>();
        List<CompletableFuture<Boolean>> all = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            int number = i;
            Callable<Boolean> body =
                    () -> order.add(number + " gets " + channel.receive().orElseThrow());
            CompletableFuture<Boolean> done = new CompletableFuture<>();
            all.add(done);
            Thread waiter = i % 3 == 2
                    ? Thread.ofPlatform().name("elsewhere").daemon().start(() -> complete(done, body))
                    : group.next().spawn(() -> complete(done, body));
            // He is counted before he stands in the line, and parks after it.
            Eventually.until(
                    "it waits",
                    () -> channel.receiversWaiting() == number + 1 && waiter.getState() == Thread.State.WAITING);
        }
        for (int i = 0; i < 12; i++) {
            channel.send(i);
        }
        for (CompletableFuture<Boolean> each : all) {
            assertTrue(get(each));
        }
        for (int i = 0; i < 12; i++) {
            assertTrue(order.contains(i + " gets " + i), order.toString());
        }
    }
}
