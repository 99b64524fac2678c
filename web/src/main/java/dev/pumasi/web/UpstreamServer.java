package dev.pumasi.web;

import dev.pumasi.http.Origin;
import dev.pumasi.runtime.driver.Clock;
import java.net.UnixDomainSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One server of an {@link Upstream}, and what is known of its health. Shared by all loops: every figure is a number of its own,
 * read and written without a lock; two loops that judge at the same moment may each be one request late, and nothing worse.
 *
 * <pre>
 *                 failuresMax within failureWindow                  downtime over, or the check succeeds
 *   (in use) ─────────────────────────────────────► (ejected) ─────────────────────────────────────────► (slow start)
 *      ▲ │ checks fail                                                                                         │
 *      │ └──────────────► (down) ── checks succeed ──► (slow start) ── grown up ──► (in use)  ◄────────────────┘
 *      └─ drain(false) ◄── (draining) ◄── drain(true), from anywhere
 * </pre>
 */
public final class UpstreamServer {

    private static final long NEVER = Long.MIN_VALUE;

    private final Origin origin;
    private final int weight;
    private final Upstream.Rules rules;
    private final boolean spare;
    private final Clock clock;
    private final AtomicInteger active = new AtomicInteger();
    private final AtomicLong requests = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();

    // Passive health. The window of failures begins with the first one in it.
    private final AtomicInteger recentFailures = new AtomicInteger();
    private volatile long windowNanos = NEVER;
    private volatile long ejectedUntilNanos = NEVER;

    /** Since when it grows up again; NEVER if it is grown up. */
    private volatile long growsSinceNanos = NEVER;

    // Active health: written by the one green thread that checks.
    private volatile boolean down;
    private int checksInARow;

    private volatile boolean draining;

    UpstreamServer(Origin origin, int weight, Upstream.Rules rules, boolean spare, Clock clock) {
        this.origin = origin;
        this.weight = weight;
        this.rules = rules;
        this.spare = spare;
        this.clock = clock;
    }

    public Origin origin() {
        return origin;
    }

    /** Where it is, as {@code $upstream_addr} says it: {@code host:port}, or {@code unix:/path}. */
    String place() {
        return origin.address()
                .filter(UnixDomainSocketAddress.class::isInstance)
                .map(address -> "unix:" + address)
                .orElseGet(() -> {
                    String host = origin.host();
                    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + origin.port();
                });
    }

    /** Whether it is kept for when no other may be used. */
    boolean isSpare() {
        return spare;
    }

    /** Its share beside the others'. */
    public int weight() {
        return weight;
    }

    /** Requests that it is working on for us. */
    public int active() {
        return active.get();
    }

    /** Requests that were sent to it. */
    public long requests() {
        return requests.get();
    }

    /** Of these, those that it did not answer, or answered with what counts as a failure. */
    public long failures() {
        return failures.get();
    }

    /** Whether requests go to it: it is not draining, not down and not ejected. */
    public boolean isUsable() {
        return isWanted() && !isEjected();
    }

    public boolean isDraining() {
        return draining;
    }

    /** Whether its health checks fail. */
    public boolean isDown() {
        return down;
    }

    /** Whether it has failed so often of late that it is left alone for a while. */
    public boolean isEjected() {
        long until = ejectedUntilNanos;
        return until != NEVER && until - clock.nanoTime() > 0;
    }

    /** Nobody has said that it must not be used; it may only have bad luck. */
    boolean isWanted() {
        return !draining && !down;
    }

    /** It gets no new requests, or does again; those in progress end as they would. {@link #active} tells when none is left. */
    public void drain(boolean begin) {
        if (draining && !begin) {
            grow();
        }
        draining = begin;
    }

    /** Its weight in thousandths, less while it grows up. */
    int effectiveWeight() {
        int full = weight * 1000;
        long since = growsSinceNanos;
        if (since == NEVER) {
            return full;
        }
        long age = clock.nanoTime() - since;
        if (age >= rules.slowStartNanos()) {
            growsSinceNanos = NEVER;
            return full;
        }
        return (int) Math.max(1, full * Math.max(0, age) / rules.slowStartNanos());
    }

    void begin() {
        active.incrementAndGet();
        requests.incrementAndGet();
    }

    void end() {
        active.decrementAndGet();
    }

    /** It has answered. */
    void succeeded() {
        if (windowNanos != NEVER) {
            windowNanos = NEVER;
            recentFailures.set(0);
            if (ejectedUntilNanos != NEVER) {
                ejectedUntilNanos = NEVER;
                grow();
            }
        }
    }

    /** It has not answered, or so that it counts as a failure. */
    void failed() {
        failures.incrementAndGet();
        if (rules.failuresMax() == 0) {
            return;
        }
        long now = clock.nanoTime();
        long window = windowNanos;
        if (window == NEVER || now - window > rules.downtimeNanos()) {
            windowNanos = now;
            // Ejected before, and the first request afterwards failed: it is not given all its chances again.
            recentFailures.set(ejectedUntilNanos == NEVER ? 1 : rules.failuresMax());
        } else {
            recentFailures.incrementAndGet();
        }
        if (recentFailures.get() >= rules.failuresMax()) {
            ejectedUntilNanos = now + rules.downtimeNanos();
        }
    }

    /** A health check has been made. */
    void checked(boolean healthy, HealthCheck check) {
        if (healthy != down) {
            checksInARow = 0;
            return;
        }
        checksInARow++;
        if (checksInARow >= (healthy ? check.rises() : check.falls())) {
            checksInARow = 0;
            down = !healthy;
            if (healthy) {
                ejectedUntilNanos = NEVER;
                grow();
            }
        }
    }

    private void grow() {
        if (rules.slowStartNanos() > 0) {
            growsSinceNanos = clock.nanoTime();
        }
    }

    @Override
    public String toString() {
        return origin + (draining ? " (draining)" : down ? " (down)" : isEjected() ? " (ejected)" : "");
    }
}
