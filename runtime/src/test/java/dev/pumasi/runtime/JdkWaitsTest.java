package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The JDK's timed waits on a green thread: they work, and each whose time passes is a hop, for a foreign thread ends it. */
final class JdkWaitsTest extends OnEachDriver {

    /** Long enough that it is not over before the thread has parked: that would be no hop. */
    private static final long WAIT_NANOS = 30_000_000;

    private Loop loop;

    @BeforeEach
    void start() {
        loop = loop();
    }

    /** The thread is back on its loop, and how many hops that took. */
    private long hopsOf(Callable<?> wait) throws Exception {
        return onGreen(loop, () -> {
            long before = loop.status().hops();
            long began = System.nanoTime();
            wait.call();
            assertTrue(System.nanoTime() - began >= WAIT_NANOS, "early");
            assertTrue(loop.isCurrent(), "astray");
            return loop.status().hops() - before;
        });
    }

    @Test
    void sleepingAndParkingComeBackThroughTheJdksTimerThread() throws Exception {
        assertEquals(1, hopsOf(() -> {
            Thread.sleep(Duration.ofNanos(WAIT_NANOS));
            return null;
        }));
        assertEquals(1, hopsOf(() -> {
            LockSupport.parkNanos(WAIT_NANOS);
            return null;
        }));
        assertEquals(1, hopsOf(() -> new LinkedBlockingQueue<>().poll(WAIT_NANOS, TimeUnit.NANOSECONDS)));
        heard.take(); // the watchdog names the first hop
    }

    @Test
    void soDoesWaitingForAMonitor() throws Exception {
        Object monitor = new Object();
        assertEquals(1, hopsOf(() -> {
            synchronized (monitor) {
                monitor.wait(WAIT_NANOS / 1_000_000, 0);
            }
            return null;
        }));
        heard.take();
    }

    @Test
    void sleepingOnTheLoopsWheelDoesNotHop() throws Exception {
        assertEquals(0, hopsOf(() -> loop.sleep(Duration.ofNanos(WAIT_NANOS)).await()));
        assertNoHops(loop);
    }

    @Test
    void aScopeBreaksThemOffWithoutAHop() throws Exception {
        onGreen(loop, () -> {
            try (Scope scope = Scope.open(Duration.ofNanos(WAIT_NANOS))) {
                Operation<?> sleeps = scope.fork(() -> Thread.sleep(Duration.ofDays(1)));
                Operation<?> waits = scope.fork(() -> {
                    Object monitor = new Object();
                    synchronized (monitor) {
                        monitor.wait(Duration.ofDays(1).toMillis());
                    }
                });
                assertThrows(InterruptedException.class, () -> Thread.sleep(Duration.ofDays(1)), "the opener's own");
                Thread.currentThread().interrupt(); // the exception has taken it away; the deadline is still past
                IOException thrown = assertThrows(OperationException.class, scope::join);
                assertEquals(Failure.TIMED_OUT, ((OperationException) thrown).failure());
                assertTrue(sleeps.isDone() && waits.isDone());
            }
            assertFalse(Thread.currentThread().isInterrupted());
            return null;
        });
        assertNoHops(loop);
    }
}
