package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** The end of a thread, as an event. */
final class ThreadJoinTest extends OnEachDriver {

    @Test
    void everyKindOfThreadIsJoinedOnTheLoop() throws Exception {
        LoopGroup loops = loops(2);
        Loop loop = loops.loops().get(0);
        Loop other = loops.loops().get(1);
        List<Function<Runnable, Thread>> kinds = List.of(
                body -> Thread.ofPlatform().daemon().start(body),
                body -> Thread.ofVirtual().start(body),
                body -> loop.spawn(body::run),
                body -> other.spawn(body::run));
        for (Function<Runnable, Thread> kind : kinds) {
            Mailbox<String> end = closing(Mailbox.open(other, 1));
            CountDownLatch mayEnd = new CountDownLatch(1);
            boolean isGreen = kinds.indexOf(kind) >= 2;
            Thread thread = kind.apply(() -> {
                if (isGreen) {
                    try {
                        end.next().await(); // a latch would be a hop
                    } catch (java.io.IOException closed) {
                        throw new IllegalStateException(closed);
                    }
                } else {
                    try {
                        mayEnd.await();
                    } catch (InterruptedException stop) {
                        Thread.currentThread().interrupt();
                    }
                }
            });
            Operation<Thread> join = onGreen(loop, () -> loop.join(thread));
            assertFalse(join.isDone());
            mayEnd.countDown();
            end.post("end");
            assertSame(thread, onGreen(loop, join::await));
            assertSame(thread, loop.join(thread).await(), "and again, when it has ended");
            assertSame(thread, loop.join(thread).toStage().toCompletableFuture().get(30, TimeUnit.SECONDS));
        }
        assertNoHops(loop);
        Eventually.until("nothing is in progress", () -> loop.status().interests() == 0);
    }

    @Test
    void manyJoinsBlockNoPlatformThread() throws Exception {
        Loop loop = loop();
        CountDownLatch mayEnd = new CountDownLatch(1);
        Thread thread = Thread.ofPlatform().daemon().start(() -> {
            try {
                mayEnd.await();
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
            }
        });
        loop.join(thread).cancel(); // whatever threads the JDK wants for it are there now
        int before = Thread.getAllStackTraces().size();
        List<Operation<Thread>> joins = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            joins.add(loop.join(thread));
        }
        Eventually.until("all wait", () -> loop.status().interests() == 1000);
        int grown = Thread.getAllStackTraces().size() - before;
        assertEquals(true, grown < 20, grown + " more platform threads for 1000 joins");
        mayEnd.countDown();
        for (Operation<Thread> join : joins) {
            assertSame(thread, join.await());
        }
    }

    @Test
    void aJoinIsGivenUpAndTheThreadGoesOn() throws Exception {
        Loop loop = loop();
        CountDownLatch mayEnd = new CountDownLatch(1);
        Thread thread = Thread.ofPlatform().daemon().start(() -> {
            try {
                mayEnd.await();
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
            }
        });
        Operation<Thread> late = loop.join(thread).within(java.time.Duration.ofMillis(20));
        assertEquals(
                Failure.TIMED_OUT,
                assertThrows(OperationException.class, late::await).failure());
        assertEquals(true, thread.isAlive());
        mayEnd.countDown();
        assertSame(thread, loop.join(thread).await());
        assertThrows(
                IllegalStateException.class,
                () -> loop.join(Thread.ofPlatform().unstarted(() -> {})).await());
    }
}
