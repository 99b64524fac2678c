package dev.pumasi.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.Loop;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import dev.pumasi.testkit.Seed;
import dev.pumasi.testkit.SeedParameter;
import dev.pumasi.testkit.SimFaults;
import dev.pumasi.testkit.Simulation;
import dev.pumasi.testkit.Span;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A server that stands still for a second, on a simulated network and clock: what the open loop then tells is arithmetic, and
 * the closed loop tells next to nothing of it.
 */
@ExtendWith({LeakWatch.class, LogWatch.class, SeedParameter.class})
final class StallTest {

    private static final InetSocketAddress ADDRESS = new InetSocketAddress(InetAddress.getLoopbackAddress(), 8080);
    private static final Duration STALL = Duration.ofSeconds(1);

    /** From the beginning of the schedule. */
    private static final Duration STALL_AT = Duration.ofMillis(3_000);

    private static final Duration MEASURED = Duration.ofSeconds(10);
    private static final int PER_SECOND = 200;

    /** The network's way there and back, the timer's tick, and the steps of the simulation. */
    private static final long SLACK_NANOS = Duration.ofMillis(4).toNanos();

    private record Outcome(Tally tally, LoadShare share) {}

    /** @param rate of an open loop; 0 for a closed one */
    private static Outcome run(Seed seed, double rate, int connections) throws IOException {
        SimFaults faults = SimFaults.calm().withLatency(Span.micros(100, 100));
        try (Simulation simulation = new Simulation(seed, faults)) {
            Loop served = simulation.loop("server");
            Loop loading = simulation.loop("load");
            long[] stallUntil = new long[1];
            HttpServer server = HttpServer.builder((Handler) request -> {
                        long leftNanos = stallUntil[0] - served.nowNanos();
                        if (leftNanos > 0) {
                            served.sleep(Duration.ofNanos(leftNanos)).await();
                        }
                        return Response.text("hello");
                    })
                    .address(ADDRESS)
                    .on(List.of(served))
                    .start();
            LoadPlan.Builder plan = LoadPlan.to(new LoadTarget(ADDRESS, "pumasi", "/"))
                    .connections(connections)
                    .warmup(Duration.ZERO)
                    .duration(MEASURED);
            if (rate > 0) {
                plan.rate(rate);
            }
            LoadShare share = new LoadShare(loading, plan.build(), 0, 1, () -> -1);
            boolean[] step = new boolean[2];
            loading.execute(() -> share.connect(connections, () -> step[0] = true));
            simulation.runUntil(() -> step[0], Duration.ofSeconds(5));
            long beginNanos = simulation.clock().nanoTime();
            simulation.after(
                    STALL_AT,
                    "the server stalls",
                    () -> stallUntil[0] = beginNanos + STALL_AT.plus(STALL).toNanos());
            loading.execute(() -> share.begin(beginNanos, () -> step[1] = true));
            simulation.runUntil(() -> step[1], Duration.ofMinutes(1));
            boolean[] drained = new boolean[1];
            server.beginStop(() -> drained[0] = true);
            simulation.runUntil(() -> drained[0] && loading.status().interests() == 0, Duration.ofMinutes(1));
            assertEquals(0, loading.status().hops());
            assertEquals(0, loading.status().failures());
            return new Outcome(share.take(), share);
        }
    }

    /**
     * Requests are due every 5 ms. Those due during the second wait for its end: the first 1,000 ms, the next 995, and so on. The
     * kth longest of 2,000 is therefore 1,000 − 5 (k − 1) ms, as long as there is one that was due in that second.
     */
    @Test
    void an_open_loop_charges_every_request_that_was_due_in_the_stall(Seed seed) throws IOException {
        Outcome outcome = run(seed, PER_SECOND, 400);
        Latency response = Latency.of(outcome.tally.response);
        assertEquals(PER_SECOND * MEASURED.toSeconds(), response.count());
        assertEquals(response.count(), outcome.tally.answered);
        assertEquals(0, outcome.tally.errorCount());
        assertPredicted(response);
    }

    /** With one connection they wait here and not there; it makes no difference to who waits. */
    @Test
    void one_connection_charges_the_same(Seed seed) throws IOException {
        Outcome outcome = run(seed, PER_SECOND, 1);
        Latency response = Latency.of(outcome.tally.response);
        assertEquals(PER_SECOND * MEASURED.toSeconds(), response.count());
        // After the stall the queue is worked off at the connection's own speed, which adds that time to each.
        assertTrue(response.p999Nanos() >= predictedNanos(response.count(), 0.999), "p99.9 " + response.p999Nanos());
        Latency service = Latency.of(outcome.tally.service);
        assertTrue(
                service.p999Nanos() < SLACK_NANOS,
                "measured from when it was sent, one request of 2,000 has seen the stall, and p99.9 hides it: "
                        + service.p999Nanos());
        assertTrue(service.maxNanos() > STALL.toNanos() - SLACK_NANOS, "max " + service.maxNanos());
    }

    /** The same server, asked in a closed loop: of some 20,000 requests, four have seen the stall. */
    @Test
    void a_closed_loop_hides_the_stall(Seed seed) throws IOException {
        Outcome outcome = run(seed, 0, 4);
        Latency response = Latency.of(outcome.tally.response);
        assertTrue(response.count() > 10_000, "only " + response.count() + " requests");
        assertTrue(response.p999Nanos() < SLACK_NANOS, "p99.9 " + response.p999Nanos());
        assertTrue(response.maxNanos() > STALL.toNanos() - SLACK_NANOS, "max " + response.maxNanos());
    }

    @Test
    void the_same_seed_measures_the_same(Seed seed) throws IOException {
        assertEquals(
                Latency.of(run(seed, PER_SECOND, 8).tally.response),
                Latency.of(run(seed, PER_SECOND, 8).tally.response));
    }

    private static void assertPredicted(Latency response) {
        assertNear(predictedNanos(response.count(), 0.99), response.p99Nanos());
        assertNear(predictedNanos(response.count(), 0.999), response.p999Nanos());
        assertNear(STALL.toNanos(), response.maxNanos());
        assertTrue(response.p50Nanos() < SLACK_NANOS, "p50 " + response.p50Nanos());
    }

    private static void assertNear(long predictedNanos, long measuredNanos) {
        assertTrue(
                Math.abs(measuredNanos - predictedNanos) <= SLACK_NANOS,
                () -> measuredNanos + " ns measured, and arithmetic says " + predictedNanos);
    }

    /** The value that {@code share} of them do not exceed: the kth longest, with k counted from the top. */
    private static long predictedNanos(long count, double share) {
        long rank = (long) Math.ceil(share * count);
        long fromTheTop = count - rank;
        long intervalNanos = Duration.ofSeconds(1).toNanos() / PER_SECOND;
        return Math.max(0, STALL.toNanos() - fromTheTop * intervalNanos);
    }
}
