package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Ticks in real time: that they come, never early, and stop. What they do when late is simulated, in the test kit. */
final class TickerTest extends OnEachDriver {

    private static final Duration PERIOD = Duration.ofMillis(2);

    private Loop loop;

    private Loop started() {
        loop = loop();
        return loop;
    }

    @AfterEach
    void nothingIsLeft() {
        if (loop != null && !loop.isOver()) {
            Eventually.until("no timer is left", () -> loop.status().timers() == 0);
            Eventually.until("nothing is in progress", () -> loop.status().interests() == 0);
            assertNoHops(loop);
        }
    }

    @Test
    void aCallbackIsCalledOnTheLoopUntilItIsClosed() throws Exception {
        AtomicInteger astray = new AtomicInteger();
        long began = System.nanoTime();
        try (Ticker ticker = Ticker.atRate(started(), PERIOD, () -> astray.addAndGet(loop.isCurrent() ? 0 : 1))) {
            Eventually.until("it has ticked", () -> ticker.ticks() >= 5);
            assertTrue(System.nanoTime() - began >= 5 * PERIOD.toNanos(), "early");
            assertThrows(IllegalStateException.class, () -> onGreen(loop, ticker::await));
            ticker.close();
            long last = onLoop(loop, ticker::ticks);
            Eventually.pass(3 * PERIOD.toNanos());
            assertEquals(last, ticker.ticks());
        }
        assertEquals(0, astray.get());
    }

    @Test
    void whatACallbackThrowsIsReportedAndItGoesOn() {
        try (Ticker ticker = Ticker.withDelay(started(), PERIOD, () -> {
            throw new IllegalStateException("tick");
        })) {
            Eventually.until("it goes on", () -> ticker.ticks() >= 3);
        }
        assertTrue(loop.status().failures() >= 3);
        assertEquals(1, heard.take().size());
    }

    @Test
    void aCallbackMayCloseItsOwnTicker() {
        Ticker[] ticker = new Ticker[1];
        started().run(() -> ticker[0] = Ticker.withDelay(loop, PERIOD, () -> ticker[0].close()));
        Eventually.until("it has ticked", () -> ticker[0] != null && ticker[0].ticks() == 1);
    }

    @Test
    void itIsAwaitedOnAGreenThreadAndOnAPlatformThread() throws Exception {
        long began = System.nanoTime();
        onGreen(started(), () -> {
            try (Ticker ticker = Ticker.atRate(loop, PERIOD)) {
                for (int i = 0; i < 5; i++) {
                    assertTrue(ticker.await() >= 0);
                }
                assertTrue(System.nanoTime() - began >= 5 * PERIOD.toNanos(), "early");
                return null;
            }
        });
        try (Ticker ticker = Ticker.atRate(loop, PERIOD)) {
            ticker.await();
        }
    }

    @Test
    void whoAwaitsItIsToldOfItsEndOfADeadlineAndOfTheLoopsEnd() throws Exception {
        started();
        onGreen(loop, () -> {
            try (Ticker ticker = Ticker.atRate(loop, Duration.ofDays(1))) {
                try (Scope scope = Scope.open(PERIOD)) {
                    assertEquals(
                            Failure.TIMED_OUT,
                            assertThrows(OperationException.class, ticker::await)
                                    .failure());
                }
                loop.sleep(PERIOD).onDone(over -> ticker.close());
                assertEquals(
                        Failure.CLOSED,
                        assertThrows(OperationException.class, ticker::await).failure());
                return null;
            }
        });
        LoopGroup stopping = loops(1);
        Ticker ticker = Ticker.atRate(stopping.next(), Duration.ofDays(1));
        CompletableFuture<Object> green = new CompletableFuture<>();
        CompletableFuture<Long> platform = elsewhere(Ticker.atRate(stopping.next(), Duration.ofDays(1))::await);
        stopping.next().spawn(() -> complete(green, ticker::await));
        stopping.close();
        assertThrows(OperationException.class, () -> get(green));
        assertThrows(OperationException.class, () -> get(platform));
        ticker.close();
        assertThrows(IllegalStateException.class, () -> Ticker.atRate(stopping.next(), PERIOD));
        assertThrows(IllegalArgumentException.class, () -> Ticker.atRate(loop, Duration.ZERO));
    }
}
