package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** One handle, and every way to learn that it is done; cancelling it, limiting it, and what it says when it fails. */
final class OperationTest extends OnEachDriver {

    private static final int LENGTH = 16;

    private static Operation<Integer> receive(Connection connection, Buffer buffer) {
        return connection.socket().receive(buffer, 0, buffer.capacity());
    }

    private static OperationException failureOf(Operation<?> operation) {
        return assertThrows(OperationException.class, operation::await);
    }

    @Test
    void pollSaysNotYetAndThenHandsOutTheOutcome() throws Exception {
        Loop loop = byHand();
        Connection connection = connection(loop);
        Buffer buffer = Buffer.allocate(LENGTH);
        Operation<Integer> operation = receive(connection, buffer);
        for (int i = 0; i < 5; i++) {
            loop.turn(0);
            assertEquals(Optional.empty(), operation.poll());
            assertFalse(operation.isDone());
        }
        assertThrows(IllegalStateException.class, operation::value);
        connection.peerSends("hello".getBytes());
        turnUntil(loop, "it is done", operation::isDone);
        assertEquals(Optional.of(new Operation.Success<>(5)), operation.poll());
        assertEquals(5, operation.value());
        assertEquals("hello", buffer.latin1(0, 5));
        assertTrue(operation.toString().endsWith("(done)"), operation::toString);
    }

    @Test
    void aCallbackRunsOnTheLoopAndNeverInsideTheCallThatRegistersIt() throws Exception {
        Loop loop = byHand();
        List<String> ran = new ArrayList<>();
        Operation<Duration> operation = loop.sleep(Duration.ZERO);
        operation.onDone(outcome -> ran.add("before, on the loop " + loop.isCurrent()));
        turnUntil(loop, "the first has run", () -> ran.size() == 1);
        operation.onDone(outcome -> ran.add("after, on the loop " + loop.isCurrent()));
        assertEquals(1, ran.size(), "not inside onDone");
        loop.turn(0);
        assertEquals(List.of("before, on the loop true", "after, on the loop true"), ran);
    }

    @Test
    void callbacksOfOtherThreadsRunOnTheLoopToo() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        CompletableFuture<Boolean> before = new CompletableFuture<>();
        CompletableFuture<Boolean> after = new CompletableFuture<>();
        Operation<Integer> operation = receive(connection, Buffer.allocate(LENGTH));
        operation.onDone(outcome -> before.complete(loop.isCurrent()));
        connection.peerSends((byte) 1);
        assertTrue(get(before));
        operation.onDone(outcome -> after.complete(loop.isCurrent()));
        assertTrue(get(after));
    }

    @Test
    void aNotificationWaitsInAQueueInTheOrderOfTheEnds() throws Exception {
        Loop loop = loop();
        List<Connection> both = connections(loop, 2);
        CompletionQueue queue = new CompletionQueue();
        Operation<Integer> first = receive(both.get(0), Buffer.allocate(LENGTH)).notify(queue);
        Operation<Integer> second =
                receive(both.get(1), Buffer.allocate(LENGTH)).notify(queue);
        assertEquals(Optional.empty(), queue.next());
        both.get(1).peerSends((byte) 1);
        Eventually.until("the second is done", second::isDone);
        both.get(0).peerSends((byte) 1);
        Eventually.until("the first is done", first::isDone);
        List<Operation<?>> done = new ArrayList<>();
        Eventually.until("both are told", () -> done.addAll(queue.drain()) && done.size() == 2);
        assertEquals(List.of(second, first), done);
        first.notify(queue);
        assertSame(first, queue.next().orElseThrow(), "told at once, since it is done");
        assertEquals(List.of(), queue.drain());
    }

    @Test
    void awaitParksAGreenThreadWhichResumesOnItsLoopWithoutAHop() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        CompletableFuture<Integer> answer = new CompletableFuture<>();
        loop.spawn(() -> complete(answer, () -> {
            int sum = 0;
            for (int i = 0; i < 100; i++) {
                sum += receive(connection, Buffer.allocate(1)).await();
                assertAtHome(loop);
            }
            return sum;
        }));
        for (int i = 0; i < 100; i++) {
            connection.peerSends((byte) 1);
        }
        assertEquals(100, get(answer));
        assertNoHops(loop);
    }

    @Test
    void awaitBlocksAPlatformThread() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        Buffer buffer = Buffer.allocate(LENGTH);
        CompletableFuture<Integer> answer =
                elsewhere(() -> receive(connection, buffer).await());
        Eventually.until("it is in progress", () -> loop.status().interests() == 1);
        assertFalse(answer.isDone());
        connection.peerSends("abc".getBytes());
        assertEquals(3, get(answer));
        assertEquals("abc", buffer.latin1(0, 3));
    }

    @Test
    void theLoopCannotWaitForItself() throws Exception {
        Loop loop = loop();
        Operation<Duration> operation = loop.sleep(Duration.ofDays(1));
        String message = onLoop(
                loop,
                () -> assertThrows(IllegalStateException.class, operation::await)
                        .getMessage());
        assertTrue(message.contains("sleep") && message.contains("green thread"), message);
        operation.cancel();
        assertEquals(Failure.CANCELLED, failureOf(operation).failure());
    }

    @Test
    void asAStageItCompletesOnTheLoop() throws Exception {
        Loop loop = loop();
        CompletableFuture<Boolean> onLoop = new CompletableFuture<>();
        var stage = loop.sleep(Duration.ofMillis(1)).toStage();
        stage.thenRun(() -> onLoop.complete(true));
        assertTrue(get(onLoop));
        Operation<Duration> failing = loop.sleep(Duration.ofDays(1));
        CompletableFuture<Duration> failed = failing.toStage().toCompletableFuture();
        failing.cancel();
        CompletionException thrown = assertThrows(CompletionException.class, failed::join);
        assertEquals(
                Failure.CANCELLED,
                assertInstanceOf(OperationException.class, thrown.getCause()).failure());
        Operation<Duration> untouched = loop.sleep(Duration.ofDays(1));
        untouched.toStage().toCompletableFuture().cancel(true);
        assertFalse(untouched.isDone(), "cancelling the stage does not cancel the operation");
        untouched.cancel();
    }

    @Test
    void aCancelledReceiveLetsGoOfItsBufferAndTakesNoData() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        Buffer buffer = Buffer.allocate(LENGTH);
        Operation<Integer> cancelled = receive(connection, buffer);
        Eventually.until("it is in progress", () -> loop.status().interests() == 1);
        cancelled.cancel();
        assertEquals(Failure.CANCELLED, failureOf(cancelled).failure());
        assertEquals(0, loop.status().interests());
        connection.peerSends("still there".getBytes());
        Buffer next = Buffer.allocate(LENGTH);
        assertEquals(11, receive(connection, next).await());
        assertEquals("still there", next.latin1(0, 11));
        assertEquals("\0".repeat(LENGTH), buffer.latin1(0, LENGTH), "nothing was written to it afterwards");
        cancelled.cancel(); // of what is done: nothing
        assertEquals(Failure.CANCELLED, failureOf(cancelled).failure());
    }

    /** Started elsewhere, and cancelled on the loop before the start has come there. */
    @Test
    void cancellingOvertakesTheStart() throws Exception {
        Loop loop = byHand();
        Connection connection = connection(loop);
        Operation<Integer> receive = get(elsewhere(() -> receive(connection, Buffer.allocate(LENGTH))));
        Operation<Duration> sleep = get(elsewhere(() -> loop.sleep(Duration.ofMillis(1))));
        receive.cancel();
        sleep.cancel();
        turnUntil(loop, "both are done", () -> receive.isDone() && sleep.isDone());
        assertEquals(Failure.CANCELLED, failureOf(receive).failure());
        assertEquals(Failure.CANCELLED, failureOf(sleep).failure());
        Eventually.pass(3_000_000);
        for (int i = 0; i < 10; i++) {
            loop.turn(0);
        }
        assertEquals(0, loop.status().failures());
        assertEquals(0, loop.status().timers());
    }

    @Test
    void withinALimitOrTimedOut() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        long begin = System.nanoTime();
        OperationException late =
                failureOf(receive(connection, Buffer.allocate(LENGTH)).within(Duration.ofMillis(20)));
        assertEquals(Failure.TIMED_OUT, late.failure());
        assertTrue(System.nanoTime() - begin >= 20_000_000, "early");
        assertEquals(
                Failure.TIMED_OUT,
                failureOf(loop.sleep(Duration.ofDays(1)).within(Duration.ofMillis(1)))
                        .failure());

        Operation<Integer> inTime = receive(connection, Buffer.allocate(LENGTH))
                .within(Duration.ofDays(1))
                .within(Duration.ofDays(2));
        connection.peerSends((byte) 1);
        assertEquals(1, inTime.await());
        Eventually.until("its timers are gone", () -> loop.status().timers() == 0);

        Operation<Integer> cancelled =
                receive(connection, Buffer.allocate(LENGTH)).within(Duration.ofDays(1));
        cancelled.cancel();
        assertEquals(Failure.CANCELLED, failureOf(cancelled).failure(), "by someone, not by time");
    }

    @Test
    void anInterruptCancelsWhatAThreadWaitsForAndIsPassedOn() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        for (boolean green : new boolean[] {true, false}) {
            CompletableFuture<Boolean> interruptedAfterwards = new CompletableFuture<>();
            AtomicReference<OperationException> failure = new AtomicReference<>();
            Runnable body = () -> complete(interruptedAfterwards, () -> {
                failure.set(failureOf(receive(connection, Buffer.allocate(LENGTH))));
                return Thread.interrupted();
            });
            Thread thread = green ? loop.spawn(body::run) : Thread.ofPlatform().start(body);
            Eventually.until("it waits", () -> loop.status().interests() == 1);
            thread.interrupt();
            assertTrue(get(interruptedAfterwards), "the interrupt is passed on");
            assertEquals(Failure.CANCELLED, failure.get().failure());
            thread.join();
            assertEquals(0, loop.status().interests());
        }
    }

    @Test
    void thoseWhoWaitAreToldInTheOrderInWhichTheyCame() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        Operation<Integer> operation = receive(connection, Buffer.allocate(LENGTH));
        BlockingQueue<Integer> told = new LinkedBlockingQueue<>();
        for (int i = 0; i < 20; i++) {
            int number = i;
            if (i % 2 == 0) {
                operation.onDone(outcome -> told.add(number));
            } else {
                Thread green = loop.spawn(() -> complete(new CompletableFuture<>(), () -> {
                    operation.await();
                    return told.add(number);
                }));
                Eventually.until("it waits", () -> green.getState() == Thread.State.WAITING);
            }
        }
        connection.peerSends((byte) 1);
        for (int i = 0; i < 20; i++) {
            assertEquals(i, told.poll(30, TimeUnit.SECONDS));
        }
    }

    @Test
    void manyWaysAtOnceOnOneHandle() throws Exception {
        Loop loop = loop();
        Connection connection = connection(loop);
        Operation<Integer> operation = receive(connection, Buffer.allocate(LENGTH));
        CompletionQueue queue = new CompletionQueue();
        CompletableFuture<Operation.Outcome<Integer>> called = new CompletableFuture<>();
        operation.notify(queue).onDone(called::complete);
        CompletableFuture<Integer> blocked = elsewhere(operation::await);
        CompletableFuture<Integer> parked = new CompletableFuture<>();
        loop.spawn(() -> complete(parked, operation::await));
        CompletableFuture<Integer> staged = operation.toStage().toCompletableFuture();
        connection.peerSends((byte) 1);
        assertEquals(new Operation.Success<>(1), get(called));
        assertEquals(1, get(blocked));
        assertEquals(1, get(parked));
        assertEquals(1, get(staged));
        assertSame(operation, queue.next().orElseThrow());
        assertEquals(new Operation.Success<>(1), operation.poll().orElseThrow());
    }

    @Test
    void aFailureSaysWhatWasTriedOnWhatWhyAndWhatToDo() throws Exception {
        Loop loop = loop();
        InetSocketAddress nobody = nobody();
        OperationException refused = failureOf(StreamSocket.connect(loop, nobody));
        assertEquals(Failure.CONNECTION_REFUSED, refused.failure());
        assertEquals(
                "cannot connect to " + nobody + ": nobody listens there — check the address and that the server runs",
                refused.getMessage());
        assertTrue(
                List.of(refused.getStackTrace()).stream()
                        .anyMatch(frame -> frame.getClassName().equals(OperationTest.class.getName())),
                "the stack is the waiting thread's");
        assertInstanceOf(OperationException.class, refused.getCause(), "and the loop's is beneath it");

        Connection connection = connection(loop);
        connection.socket().close();
        OperationException closed = failureOf(receive(connection, Buffer.allocate(1)));
        assertEquals(Failure.CLOSED, closed.failure());
        assertTrue(closed.getMessage().startsWith("cannot receive on socket"), closed::getMessage);
    }

    @Test
    void everyFailureHasACauseAndARemedy() {
        for (Failure failure : Failure.values()) {
            String message = new OperationException("do it", failure).getMessage();
            assertEquals("cannot do it: " + failure.cause() + " — " + failure.remedy(), message);
            assertTrue(failure.cause().length() > 5 && failure.remedy().length() > 5, message);
        }
        IOException unknown = OperationException.of("do it", -9999);
        assertTrue(unknown.getMessage().contains("9999"), unknown::getMessage);
    }
}
