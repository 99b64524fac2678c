package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Waiting at a queue of completions: on green threads of either loop, and on platform threads. */
@Tag("fall-back")
final class CompletionQueueTest extends OnEachDriver {

    private final CompletionQueue queue = new CompletionQueue();

    /** The operation is the first loop's, the waiter the second's: it must be woken at home. */
    @Test
    void aGreenThreadOfAnotherLoopIsWokenByItsOwn() throws Exception {
        LoopGroup group = loops(2);
        Loop here = group.loops().get(0);
        Loop there = group.loops().get(1);
        List<Operation<?>> taken = onGreen(there, () -> {
            List<Operation<?>> all = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                Operation<?> operation = (i % 2 == 0 ? here : there).sleep(Duration.ofNanos(100_000));
                operation.notify(queue);
                Operation<?> next = i % 3 == 0
                        ? queue.take()
                        : queue.take(Duration.ofDays(1)).orElseThrow();
                assertSame(operation, next);
                assertAtHome(there);
                all.add(next);
            }
            return all;
        });
        assertEquals(50, Set.copyOf(taken).size());
        for (Loop loop : group.loops()) {
            assertNoHops(loop);
            Eventually.until("no timer is left", () -> loop.status().timers() == 0);
        }
    }

    @Test
    void aPlatformThreadBlocks() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        CompletableFuture<Operation<?>> taken = elsewhere(queue::take);
        CompletableFuture<Optional<Operation<?>>> second = elsewhere(() -> queue.take(Duration.ofDays(1)));
        Operation<Integer> receive =
                connection.socket().receive(Buffer.allocate(1), 0, 1).notify(queue);
        assertFalse(taken.isDone() || second.isDone());
        connection.peerSends((byte) 1);
        CompletableFuture.anyOf(taken, second).join();
        Operation<?> sleep = loop.sleep(Duration.ZERO).notify(queue);
        assertEquals(Set.of(receive, sleep), Set.of(get(taken), get(second).orElseThrow()));
    }

    @Test
    void itsTimeRunsOut() throws Exception {
        Loop loop = loop();
        long begin = System.nanoTime();
        assertEquals(Optional.empty(), queue.take(Duration.ofMillis(5)));
        assertTrue(System.nanoTime() - begin >= 5_000_000, "early");
        assertEquals(Optional.empty(), onGreen(loop, () -> queue.take(Duration.ofMillis(5))));
        assertTrue(System.nanoTime() - begin >= 10_000_000, "early");
        assertEquals(Optional.empty(), queue.take(Duration.ofSeconds(-1)));
        assertNoHops(loop);
        Operation<?> next = loop.sleep(Duration.ZERO).notify(queue);
        assertSame(next, queue.take(), "who has left is not called");
    }

    /** Many who wait, some of whom give up early, and many who end: each end is taken once. */
    @Test
    void eachIsTakenOnceHoweverManyWait() throws Exception {
        LoopGroup group = loops(2);
        int operations = 400;
        AtomicInteger left = new AtomicInteger(operations);
        Queue<Operation<?>> taken = new ConcurrentLinkedQueue<>(); // a concurrent map has monitors, and they hop
        List<CompletableFuture<Void>> takers = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            Duration patience = Duration.ofNanos(i % 2 == 0 ? 50_000 : 5_000_000);
            CompletableFuture<Void> taker = new CompletableFuture<>();
            takers.add(taker);
            Loop.Body body = () -> complete(taker, () -> {
                while (left.get() > 0) {
                    queue.take(patience).ifPresent(operation -> {
                        taken.add(operation);
                        left.decrementAndGet();
                    });
                }
                return null;
            });
            if (i < 2) {
                elsewhere(() -> {
                    body.run();
                    return null;
                });
            } else {
                group.next().spawn(body);
            }
        }
        for (int i = 0; i < operations; i++) {
            group.next().sleep(Duration.ofNanos(i % 7 * 30_000)).notify(queue);
        }
        for (CompletableFuture<Void> taker : takers) {
            get(taker);
        }
        assertEquals(operations, taken.size());
        assertEquals(operations, Set.copyOf(taken).size(), "taken twice");
        for (Loop loop : group.loops()) {
            assertNoHops(loop);
            assertEquals(0, loop.status().failures());
        }
    }

    @Test
    void anInterruptEndsTheWait() throws Exception {
        Loop loop = loop();
        for (boolean green : new boolean[] {true, false}) {
            CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
            Runnable body = () -> complete(interrupted, () -> {
                OperationException ended = assertThrows(OperationException.class, queue::take);
                assertEquals(Failure.CANCELLED, ended.failure());
                return Thread.interrupted();
            });
            Thread thread = green ? loop.spawn(body::run) : Thread.ofPlatform().start(body);
            Eventually.until("it waits", () -> thread.getState() == Thread.State.WAITING);
            thread.interrupt();
            assertTrue(get(interrupted), "the interrupt is passed on");
            thread.join();
        }
    }

    @Test
    void aLoopsOwnThreadCannotWait() throws Exception {
        Loop loop = loop();
        String message = onLoop(
                loop,
                () -> assertThrows(IllegalStateException.class, queue::take).getMessage());
        assertTrue(message.contains("green thread"), message);
    }
}
