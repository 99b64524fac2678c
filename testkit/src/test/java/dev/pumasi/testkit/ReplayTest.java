package dev.pumasi.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A server and its clients in a rough world: the same seed is the same run, and not a byte is lost or changed. */
@ExtendWith({LeakWatch.class, SeedParameter.class})
final class ReplayTest {

    private static final int CLIENTS = 12;
    private static final int BYTES_MAX = 20_000;
    private static final Duration LIMIT = Duration.ofHours(1);
    private static final InetSocketAddress ADDRESS = new InetSocketAddress(InetAddress.getLoopbackAddress(), 7);

    /** One run, with everything that a test may want to know of it. */
    private record Run(Trace trace, EchoServer server, List<SimClient> clients, List<Payload> payloads, long nanos) {
        long bytes() {
            return payloads.stream().mapToLong(Payload::length).sum();
        }
    }

    private static final class Payload {
        final byte[] bytes;

        Payload(byte[] bytes) {
            this.bytes = bytes;
        }

        int length() {
            return bytes.length;
        }
    }

    private static Run run(Seed seed, SimFaults faults, boolean mayBreak) {
        try (Simulation simulation = new Simulation(seed, faults)) {
            SimDriver driver = simulation.driver("server");
            EchoServer server = new EchoServer(driver, ADDRESS, false);
            simulation.add(driver, server::turn);
            List<SimClient> clients = new ArrayList<>();
            List<Payload> payloads = new ArrayList<>();
            Dice dice = seed.split("payloads").dice();
            for (int i = 0; i < CLIENTS; i++) {
                Payload payload = new Payload(dice.bytes((int) dice.between(1, BYTES_MAX)));
                SimClient client = simulation.client("client-" + i);
                if (mayBreak) {
                    client.tolerant(Duration.ofMinutes(2));
                }
                // Half of it, wait for that; then all the rest, which must not exceed what both ends buffer.
                int half = Math.min(payload.length() / 2, 4_000);
                byte[] head = Arrays.copyOf(payload.bytes, half);
                byte[] tail = Arrays.copyOfRange(payload.bytes, half, payload.length());
                client.pause(Duration.ofMillis(dice.below(500)))
                        .connect(ADDRESS)
                        .send(head)
                        .expect(head);
                for (int at = 0; at < tail.length; at += 3_000) {
                    byte[] piece = Arrays.copyOfRange(tail, at, Math.min(tail.length, at + 3_000));
                    client.send(piece, (int) dice.between(1, 3_000), Duration.ofMillis(dice.below(3)))
                            .readSlowly(piece.length, (int) dice.between(100, 3_000), Duration.ofMillis(dice.below(3)));
                }
                client.shutdownOutput().expectEnd().close();
                clients.add(client);
                payloads.add(payload);
            }
            // A server without timeouts never learns of a connection that falls silent while it only reads.
            simulation.runUntil(
                    () -> clients.stream().allMatch(SimClient::isDone) && (mayBreak || server.isIdle()), LIMIT);
            return new Run(
                    simulation.trace(),
                    server,
                    clients,
                    payloads,
                    simulation.clock().elapsedNanos());
        }
    }

    @Test
    void the_same_seed_is_the_same_run_event_for_event(Seed seed) {
        SimFaults faults = SimFaults.rough().withBrokenStreams(0.1, 0.2, 0.1);
        Run one = run(seed, faults, true);
        Run other = run(seed, faults, true);
        assertEquals(Optional.empty(), one.trace.difference(other.trace));
        assertEquals(one.trace.lines(), other.trace.lines());
        assertEquals(one.nanos, other.nanos);
        assertTrue(one.trace.count() > 200, one.trace + " is too little to prove anything");
    }

    @Test
    void another_seed_is_another_run(Seed seed) {
        Run one = run(seed, SimFaults.rough(), false);
        Run other = run(seed.split("other"), SimFaults.rough(), false);
        assertNotEquals(one.trace.hash(), other.trace.hash());
        assertTrue(one.trace.difference(other.trace).isPresent());
    }

    @Test
    void every_byte_comes_back_in_order_in_a_rough_world(Seed seed) {
        Run run = run(seed, SimFaults.rough(), false);
        for (int i = 0; i < CLIENTS; i++) {
            assertArrayEquals(run.payloads.get(i).bytes, run.clients.get(i).received(), "client " + i);
        }
        assertEquals(run.bytes(), run.server.bytesEchoed);
        assertEquals(CLIENTS, run.server.connections);
        assertEquals(0, run.server.broken);
    }

    @Test
    void what_comes_back_over_broken_connections_is_the_beginning_of_what_was_sent(Seed seed) {
        int broken = 0;
        for (int round = 0; round < 5; round++) {
            Run run = run(seed.split(round), SimFaults.rough().withBrokenStreams(0.2, 0.3, 0.2), true);
            for (int i = 0; i < CLIENTS; i++) {
                byte[] sent = run.payloads.get(i).bytes;
                byte[] received = run.clients.get(i).received();
                assertTrue(received.length <= sent.length);
                assertArrayEquals(Arrays.copyOf(sent, received.length), received, "client " + i);
                broken += run.clients.get(i).broken().isPresent() ? 1 : 0;
            }
        }
        assertTrue(broken > 0, "no connection broke in 60");
    }

    @Test
    void a_rough_world_shows_the_server_every_hardship(Seed seed) {
        int shortSends = 0;
        int endedMultishots = 0;
        int outOfBuffers = 0;
        for (int round = 0; round < 20; round++) {
            EchoServer server = run(seed.split(round), SimFaults.rough().withProvidedBuffers(1, 64), false).server;
            shortSends += server.shortSends;
            endedMultishots += server.endedMultishots;
            outOfBuffers += server.outOfBuffers;
        }
        assertTrue(shortSends > 0, "no short send");
        assertTrue(endedMultishots > 0, "no multishot ended");
        assertTrue(outOfBuffers > 0, "the provided buffers never ran out");
    }

    @Test
    void a_calm_world_is_quick_and_uneventful(Seed seed) {
        Run run = run(seed, SimFaults.calm(), false);
        assertEquals(0, run.server.shortSends);
        assertEquals(0, run.server.broken);
        assertEquals(run.bytes(), run.server.bytesEchoed);
    }
}
