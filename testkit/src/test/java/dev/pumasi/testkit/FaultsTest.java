package dev.pumasi.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.driver.Errno;
import dev.pumasi.runtime.memory.Buffer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Each fault, forced to occur, and what those see whom it befalls. */
@ExtendWith({LeakWatch.class, SeedParameter.class})
final class FaultsTest {

    private static final InetAddress SERVER = Simulation.host(1);
    private static final InetAddress CLIENT = Simulation.host(2);
    private static final InetSocketAddress ADDRESS = new InetSocketAddress(SERVER, 80);
    private static final Duration LIMIT = Duration.ofHours(1);

    private static EchoServer echo(Simulation simulation) {
        SimDriver driver = simulation.driver("server", SERVER);
        EchoServer server = new EchoServer(driver, ADDRESS, false);
        simulation.add(driver, server::turn);
        return server;
    }

    private static String outcome(SimClient client) {
        return client.broken().orElse("(whole)");
    }

    @Test
    void a_connection_is_refused_though_somebody_listens(Seed seed) {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm().withBrokenStreams(1, 0, 0))) {
            EchoServer server = echo(simulation);
            SimClient client = simulation
                    .client("client", CLIENT)
                    .tolerant(LIMIT)
                    .connect(ADDRESS)
                    .send("a");
            simulation.runUntil(client::isDone, LIMIT);
            assertEquals("ECONNREFUSED", outcome(client));
            assertEquals(0, server.connections);
        }
    }

    @Test
    void the_network_resets_a_connection_and_both_ends_learn_of_it(Seed seed) {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm().withBrokenStreams(0, 1, 0))) {
            EchoServer server = echo(simulation);
            SimClient client = simulation
                    .client("client", CLIENT)
                    .tolerant(LIMIT)
                    .connect(ADDRESS)
                    .expect("what never comes");
            simulation.runUntil(() -> client.isDone() && server.isIdle(), LIMIT);
            assertEquals("ECONNRESET", outcome(client));
            assertEquals(1, server.broken);
        }
    }

    @Test
    void a_lost_connection_is_silence_until_the_sender_gives_up(Seed seed) {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm().withBrokenStreams(0, 0, 1))) {
            echo(simulation);
            SimClient client = simulation
                    .client("client", CLIENT)
                    .tolerant(LIMIT)
                    .connect(ADDRESS)
                    .pause(Duration.ofSeconds(2))
                    .send("into the void")
                    .expect("into the void");
            simulation.runUntil(client::isDone, LIMIT);
            assertEquals("ETIMEDOUT", outcome(client));
            long elapsed = simulation.clock().elapsedNanos();
            assertTrue(elapsed >= 32_000_000_000L && elapsed < 33_000_000_000L, elapsed + " ns");
        }
    }

    @Test
    void a_lost_connection_that_only_listens_hears_nothing_for_ever(Seed seed) {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm().withBrokenStreams(0, 0, 1))) {
            EchoServer server = echo(simulation);
            SimClient client = simulation
                    .client("client", CLIENT)
                    .tolerant(Duration.ofMinutes(5))
                    .connect(ADDRESS)
                    .expect("anything");
            simulation.runUntil(client::isDone, LIMIT);
            assertEquals("silence", outcome(client));
            assertEquals(0, server.broken);
        }
    }

    @Test
    void a_partition_holds_bytes_back_until_it_heals(Seed seed) {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm())) {
            echo(simulation);
            SimNetwork network = simulation.network();
            SimClient client = simulation
                    .client("client", CLIENT)
                    .connect(ADDRESS)
                    .send("before")
                    .expect("before")
                    .then(() -> network.partition(SERVER, CLIENT))
                    .send("behind")
                    .expect("behind");
            simulation.after(Duration.ofSeconds(20), "heal", () -> network.heal(SERVER, CLIENT));
            simulation.runUntil(client::isDone, LIMIT);
            long elapsed = simulation.clock().elapsedNanos();
            assertTrue(elapsed >= 20_000_000_000L && elapsed < 21_000_000_000L, elapsed + " ns");
        }
    }

    @Test
    void a_partition_that_lasts_ends_connections_and_lets_none_begin(Seed seed) {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm())) {
            EchoServer server = echo(simulation);
            SimClient old = simulation
                    .client("old", CLIENT)
                    .tolerant(LIMIT)
                    .connect(ADDRESS)
                    .send("before")
                    .expect("before")
                    .then(() -> simulation.network().partition(SERVER, CLIENT))
                    .send("never")
                    .expect("never");
            SimClient fresh = simulation
                    .client("fresh", CLIENT)
                    .tolerant(LIMIT)
                    .pause(Duration.ofSeconds(5))
                    .connect(ADDRESS);
            SimClient near = simulation
                    .client("near", SERVER)
                    .pause(Duration.ofSeconds(5))
                    .connect(ADDRESS)
                    .send("hello")
                    .expect("hello");
            simulation.runUntil(() -> old.isDone() && fresh.isDone() && near.isDone(), LIMIT);
            assertEquals("ETIMEDOUT", outcome(old));
            assertEquals("ETIMEDOUT", outcome(fresh));
            assertEquals(2, server.connections);
        }
    }

    @Test
    void a_cut_in_one_direction_lets_the_other_pass(Seed seed) {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm())) {
            EchoServer server = echo(simulation);
            SimClient client = simulation
                    .client("client", CLIENT)
                    .tolerant(LIMIT)
                    .connect(ADDRESS)
                    .send("x")
                    .expect("x")
                    .then(() -> simulation.network().cut(SERVER, CLIENT))
                    .send("arrives")
                    .expect("but no answer comes");
            simulation.runUntil(() -> server.bytesEchoed == 8, LIMIT);
            assertEquals("x", new String(client.received(), StandardCharsets.US_ASCII));
        }
    }

    @Test
    void segments_are_split_down_to_single_bytes_and_none_is_lost(Seed seed) {
        SimFaults.Streams s = SimFaults.calm().streams();
        SimFaults faults = SimFaults.calm()
                .withStreams(new SimFaults.Streams(
                        s.sendBufferBytes(),
                        s.receiveBufferBytes(),
                        3,
                        1,
                        1,
                        0,
                        0,
                        0,
                        s.untilFaultNanos(),
                        s.giveUpNanos()));
        try (Simulation simulation = new Simulation(seed, faults)) {
            EchoServer server = echo(simulation);
            String text = "the quick brown fox jumps over the lazy dog".repeat(10);
            SimClient client = simulation
                    .client("client", CLIENT)
                    .connect(ADDRESS)
                    .send(text)
                    .expect(text);
            simulation.runUntil(client::isDone, LIMIT);
            assertTrue(server.shortSends > 0, "no send was short");
            long received = simulation.trace().lines().stream()
                    .filter(line -> line.contains("client: receives "))
                    .count();
            assertTrue(received > text.length() / 10, received + " receives");
        }
    }

    @Test
    void a_slow_reader_bounds_what_the_server_holds(Seed seed) {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm().withStreamBuffers(2_048, 2_048))) {
            EchoServer server = echo(simulation);
            byte[] bytes = seed.dice().bytes(100_000);
            // One end sends all the time; the other end of the same connection reads slowly.
            SimClient client = simulation.client("client", CLIENT).connect(ADDRESS);
            for (int at = 0; at < bytes.length; at += 4_000) {
                client.send(Arrays.copyOfRange(bytes, at, at + 4_000));
                client.readSlowly(4_000, 200, Duration.ofMillis(5));
            }
            client.shutdownOutput().expectEnd().close();
            simulation.runUntil(() -> client.isDone() && server.isIdle(), LIMIT);
            assertEquals(100_000, server.bytesEchoed);
            assertTrue(server.outputBytesMost <= 4_096 + 1_024 * 8, server.outputBytesMost + " bytes held");
        }
    }

    @Test
    void handles_run_out_and_accepting_goes_on_when_there_are_some_again(Seed seed) {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm().withHandlesMax(3))) {
            EchoServer server = echo(simulation);
            List<SimClient> clients = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                clients.add(simulation
                        .client("client-" + i, CLIENT)
                        .connect(ADDRESS)
                        .send("hello")
                        .expect("hello")
                        .shutdownOutput()
                        .expectEnd()
                        .close());
            }
            simulation.runUntil(() -> clients.stream().allMatch(SimClient::isDone), LIMIT);
            assertTrue(server.outOfHandles > 0, "the handles never ran out");
            assertEquals(8, server.connections);
        }
    }

    @Test
    void a_shared_port_deals_out_its_connections(Seed seed) {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm())) {
            List<EchoServer> servers = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                SimDriver driver = simulation.driver("server-" + i, SERVER);
                EchoServer server = new EchoServer(driver, ADDRESS, true);
                simulation.add(driver, server::turn);
                servers.add(server);
            }
            List<SimClient> clients = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                clients.add(simulation
                        .client("client-" + i, CLIENT)
                        .connect(ADDRESS)
                        .send("hello")
                        .expect("hello"));
            }
            simulation.runUntil(() -> clients.stream().allMatch(SimClient::isDone), LIMIT);
            assertEquals(
                    60, servers.stream().mapToInt(server -> server.connections).sum());
            // One of three gets nothing of sixty once in 10^10 runs.
            assertTrue(servers.stream().allMatch(server -> server.connections > 0));
        }
    }

    @Test
    void a_participant_stands_still_and_the_others_go_on(Seed seed) {
        SimFaults.Machine m = SimFaults.calm().machine();
        SimFaults faults = SimFaults.calm()
                .withMachine(new SimFaults.Machine(
                        m.handlesMax(),
                        m.providedBuffers(),
                        m.providedBufferBytes(),
                        m.stepNanos(),
                        1,
                        Span.millis(10, 10),
                        0,
                        0,
                        0));
        try (Simulation simulation = new Simulation(seed, faults)) {
            echo(simulation);
            SimClient client = simulation
                    .client("client", CLIENT)
                    .connect(ADDRESS)
                    .send("a")
                    .expect("a")
                    .send("b")
                    .expect("b");
            simulation.runUntil(client::isDone, LIMIT);
            assertTrue(simulation.clock().elapsedNanos() >= 20_000_000L);
            assertTrue(simulation.trace().lines().stream().anyMatch(line -> line.contains("server: stands still")));
        }
    }

    // ------------------------------------------------------------------------------------------ datagrams

    private static Map<String, Integer> datagramsReceived(Seed seed, SimFaults faults, int count, List<String> order) {
        try (Simulation simulation = new Simulation(seed, faults)) {
            Hand receiver = new Hand(simulation, simulation.driver("receiver", SERVER));
            Hand sender = new Hand(simulation, simulation.driver("sender", CLIENT));
            int into = receiver.driver.openDatagram(ADDRESS, false);
            int from = sender.driver.openDatagram(new InetSocketAddress(CLIENT, 0), false);
            for (int i = 0; i < count; i++) {
                Buffer bytes = Buffer.of("datagram " + i);
                long token = sender.token();
                sender.driver.sendTo(from, bytes, 0, bytes.capacity(), ADDRESS, sender.control(), token);
                assertEquals(bytes.capacity(), sender.next(token).result());
            }
            simulation.runFor(Duration.ofSeconds(10));
            Map<String, Integer> received = new HashMap<>();
            Buffer buffer = Buffer.allocate(100);
            Set<SocketAddress> senders = new HashSet<>();
            while (true) {
                Buffer control = receiver.control();
                long token = receiver.token();
                receiver.driver.receiveFrom(into, buffer, 0, 100, control, token);
                receiver.poll(1_000_000);
                if (receiver.driver.operationsInProgress() > 0) {
                    break;
                }
                String text = buffer.latin1(0, receiver.next(token).result());
                received.merge(text, 1, Integer::sum);
                order.add(text);
                senders.add(receiver.driver.sender(control));
            }
            assertTrue(senders.isEmpty()
                    || senders.equals(Set.of(Objects.requireNonNull(sender.driver.localAddress(from)))));
            return received;
        }
    }

    private static SimFaults datagrams(double lose, double duplicate, int queueMax) {
        return SimFaults.calm()
                .withLatency(Span.millis(1, 50))
                .withDatagrams(new SimFaults.Datagrams(lose, duplicate, queueMax));
    }

    @Test
    void datagrams_arrive_once_each_but_overtake_each_other(Seed seed) {
        List<String> order = new ArrayList<>();
        Map<String, Integer> received = datagramsReceived(seed, datagrams(0, 0, 1_000), 50, order);
        assertEquals(50, received.size());
        assertTrue(received.values().stream().allMatch(count -> count == 1));
        List<String> sent = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            sent.add("datagram " + i);
        }
        assertTrue(!order.equals(sent), "none overtook another");
    }

    @Test
    void datagrams_are_lost(Seed seed) {
        int received = datagramsReceived(seed, datagrams(0.5, 0, 1_000), 100, new ArrayList<>())
                .size();
        assertTrue(received > 10 && received < 90, received + " of 100 at 0.5");
        assertEquals(Map.of(), datagramsReceived(seed, datagrams(1, 0, 1_000), 10, new ArrayList<>()));
    }

    @Test
    void datagrams_are_doubled(Seed seed) {
        Map<String, Integer> received = datagramsReceived(seed, datagrams(0, 1, 1_000), 10, new ArrayList<>());
        assertEquals(10, received.size());
        assertTrue(received.values().stream().allMatch(count -> count == 2), received.toString());
    }

    @Test
    void datagrams_that_find_the_queue_full_are_lost(Seed seed) {
        assertEquals(
                7,
                datagramsReceived(seed, datagrams(0, 0, 7), 50, new ArrayList<>())
                        .size());
    }

    @Test
    void datagrams_do_not_pass_a_partition(Seed seed) {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm())) {
            Hand receiver = new Hand(simulation, simulation.driver("receiver", SERVER));
            Hand sender = new Hand(simulation, simulation.driver("sender", CLIENT));
            int into = receiver.driver.openDatagram(ADDRESS, false);
            int from = sender.driver.openDatagram(new InetSocketAddress(CLIENT, 0), false);
            simulation.network().partition(SERVER, CLIENT);
            long send = sender.token();
            sender.driver.sendTo(from, Buffer.of("lost"), 0, 4, ADDRESS, sender.control(), send);
            assertEquals(4, sender.next(send).result());
            simulation.network().heal(SERVER, CLIENT);
            sender.driver.sendTo(from, Buffer.of("kept"), 0, 4, ADDRESS, sender.control(), send);
            assertEquals(4, sender.next(send).result());
            Buffer buffer = Buffer.allocate(8);
            long receive = receiver.token();
            receiver.driver.receiveFrom(into, buffer, 0, 8, receiver.control(), receive);
            assertEquals(4, receiver.next(receive).result());
            assertEquals("kept", buffer.latin1(0, 4));
        }
    }

    @Test
    void a_closed_listener_resets_those_who_waited(Seed seed) {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm())) {
            SimDriver driver = simulation.driver("server", SERVER);
            int listener = driver.listen(ADDRESS, 5, false);
            SimClient client = simulation
                    .client("client", CLIENT)
                    .connect(ADDRESS)
                    .expectReset()
                    .close();
            SimClient late = simulation
                    .client("late", CLIENT)
                    .tolerant(LIMIT)
                    .pause(Duration.ofSeconds(2))
                    .connect(ADDRESS);
            simulation.after(Duration.ofSeconds(1), "the server leaves", () -> driver.close(listener));
            simulation.runUntil(() -> client.isDone() && late.isDone(), LIMIT);
            assertEquals("ECONNREFUSED", outcome(late));
            assertEquals(0, simulation.network().openStreams());
            assertEquals(Set.of(), simulation.network().bound());
            assertEquals(-Errno.EBADF, driver.shutdownOutput(listener));
        }
    }
}
