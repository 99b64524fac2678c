package dev.pumasi.runtime;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** How often a loop did not turn, and the last times. One thread at a time writes, the loop's watchdog; any thread reads. */
final class Stalls {

    /** How many incidents of a loop are remembered. */
    static final int KEPT_MAX = 8;

    private final AtomicLong count = new AtomicLong();

    /** The newest last. Replaced as a whole, so that a reader needs no lock. */
    private volatile List<Stall> last = List.of();

    long count() {
        return count.get();
    }

    List<Stall> last() {
        return last;
    }

    /** Counts one of which nothing more is known. */
    void add() {
        count.incrementAndGet();
    }

    void remember(Stall stall) {
        List<Stall> next = new ArrayList<>(last);
        next.add(stall);
        last = List.copyOf(next.subList(Math.max(0, next.size() - KEPT_MAX), next.size()));
    }

    /** The newest is over. */
    void ended(Duration lasted) {
        List<Stall> next = new ArrayList<>(last);
        if (!next.isEmpty()) {
            Stall stall = next.removeLast();
            next.add(new Stall(stall.loop(), stall.found(), lasted, true, stall.report()));
            last = List.copyOf(next);
        }
    }
}
