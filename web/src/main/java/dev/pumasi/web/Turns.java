package dev.pumasi.web;

import dev.pumasi.http.Response;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.sync.Semaphore;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * So many at once, so many more in a line, and each of these for so long: for what is dear, like a process. All loops together.
 * Who waits parks and is woken by its own loop.
 */
final class Turns {

    private final Semaphore permits;
    private final AtomicInteger waiting = new AtomicInteger();
    private final int waitingMax;
    private final Duration wait;
    private final LongAdder refused = new LongAdder();

    Turns(String name, int atOnce, int waitingMax, Duration wait) {
        permits = new Semaphore(name, atOnce);
        this.waitingMax = waitingMax;
        this.wait = wait;
    }

    /** False if it is too full, or nobody made room in time. */
    boolean take() throws OperationException {
        if (permits.tryAcquire()) {
            return true;
        }
        if (waiting.incrementAndGet() > waitingMax) {
            waiting.decrementAndGet();
            refused.increment();
            return false;
        }
        try {
            permits.acquire(wait);
            return true;
        } catch (OperationException none) {
            if (none.failure() == Failure.TIMED_OUT || none.failure() == Failure.REJECTED) {
                refused.increment();
                return false;
            }
            throw none;
        } finally {
            waiting.decrementAndGet();
        }
    }

    void giveBack() {
        permits.release();
    }

    long refused() {
        return refused.sum();
    }

    static Response refusal() {
        return Response.text("503 too many wait for this already\n")
                .withStatus(503)
                .withHeader("Retry-After", "1");
    }
}
