package dev.pumasi.server;

import java.time.Duration;
import java.util.ArrayDeque;

/**
 * How often workers have died lately, and how long to wait before the next is started: not at all after the first death, then
 * twice as long each time. Belongs to one thread.
 */
final class Deaths {

    static final Duration WAIT_FIRST = Duration.ofMillis(100);
    static final Duration WAIT_MAX = Duration.ofSeconds(10);

    private final int max;
    private final long windowNanos;
    private final ArrayDeque<Long> nanos = new ArrayDeque<>();

    /** @param max how many within the window are borne */
    Deaths(int max, Duration window) {
        this.max = max;
        windowNanos = window.toNanos();
    }

    /** One more. */
    void add(long nowNanos) {
        nanos.addLast(nowNanos);
        while (nowNanos - nanos.getFirst() > windowNanos) {
            nanos.removeFirst();
        }
    }

    /** Within the window, as of the last that was added. */
    int lately() {
        return nanos.size();
    }

    boolean areTooMany() {
        return nanos.size() > max;
    }

    Duration pause() {
        int doublings = nanos.size() - 2;
        if (doublings < 0) {
            return Duration.ZERO;
        }
        Duration wait = WAIT_FIRST.multipliedBy(1L << Math.min(doublings, 20));
        return wait.compareTo(WAIT_MAX) > 0 ? WAIT_MAX : wait;
    }
}
