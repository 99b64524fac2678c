package dev.pumasi.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.driver.Completions;
import dev.pumasi.runtime.driver.Driver;
import dev.pumasi.runtime.driver.Errno;
import dev.pumasi.runtime.driver.Gather;
import dev.pumasi.runtime.driver.SocketOption;
import dev.pumasi.runtime.memory.Buffer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What {@link Driver} promises, and what this driver forbids, polled by hand. */
@ExtendWith({LeakWatch.class, SeedParameter.class})
final class SimDriverTest {

    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final SocketAddress ANY_PORT = new InetSocketAddress(LOOPBACK, 0);

    private static final long STEP_NANOS_MAX =
            SimFaults.calm().machine().stepNanos().most();

    private final Simulation simulation;
    private final Hand server;
    private final Hand client;

    SimDriverTest(Seed seed) {
        simulation = new Simulation(seed, SimFaults.calm());
        server = new Hand(simulation, simulation.driver("server"));
        client = new Hand(simulation, simulation.driver("client"));
    }

    @AfterEach
    void close() {
        simulation.close();
        assertEquals(0, server.driver.openHandles());
    }

    private record Pair(int accepted, int connected) {}

    private Pair connected(SocketAddress address) {
        int listener = server.driver.listen(address, 16, false);
        assertTrue(listener >= 0, "listen: " + listener);
        long accept = server.token();
        server.driver.accept(listener, accept);
        SocketAddress at = assertNotNull(server.driver.localAddress(listener), "bound");
        int handle = client.driver.openStream(at);
        long connect = client.token();
        client.driver.connect(handle, at, client.control(), connect);
        assertEquals(0, client.next(connect).result());
        Hand.Done accepted = server.next(accept);
        assertTrue(accepted.goesOn());
        return new Pair(accepted.result(), handle);
    }

    private static <T> T assertNotNull(@org.jspecify.annotations.Nullable T value, String what) {
        assertTrue(value != null, what);
        return value;
    }

    @Test
    void bytes_go_both_ways_and_ends_know_each_other() {
        Pair pair = connected(ANY_PORT);
        client.send(pair.connected, "ping");
        assertEquals("ping", server.receiveAll(pair.accepted, 4));
        server.send(pair.accepted, "pong");
        assertEquals("pong", client.receiveAll(pair.connected, 4));
        assertEquals(client.driver.localAddress(pair.connected), server.driver.remoteAddress(pair.accepted));
        assertEquals(client.driver.remoteAddress(pair.connected), server.driver.localAddress(pair.accepted));
    }

    @Test
    void unix_domain_addresses_connect_and_are_taken_until_closed() {
        SocketAddress path = UnixDomainSocketAddress.of("/run/pumasi.sock");
        Pair pair = connected(path);
        client.send(pair.connected, "over the path");
        assertEquals("over the path", server.receiveAll(pair.accepted, 13));
        assertEquals(-Errno.EADDRINUSE, client.driver.listen(path, 1, false));
        UnixDomainSocketAddress nowhere = UnixDomainSocketAddress.of("/run/nobody.sock");
        int other = client.driver.openStream(nowhere);
        long connect = client.token();
        client.driver.connect(other, nowhere, client.control(), connect);
        assertEquals(-Errno.ENOENT, client.next(connect).result());
    }

    @Test
    void multishot_receive_fills_provided_buffers_until_the_end() {
        Pair pair = connected(ANY_PORT);
        long receive = server.token();
        server.driver.receive(pair.accepted, receive);
        String text = "x".repeat(5_000) + "y".repeat(5_000);
        client.send(pair.connected, text);
        assertEquals(0, client.driver.shutdownOutput(pair.connected));
        StringBuilder got = new StringBuilder();
        Hand.Done one = server.next(receive);
        while (one.goesOn()) {
            assertTrue((one.flags() & Completions.BUFFER) != 0);
            int id = Completions.bufferId(one.flags());
            got.append(server.driver.provided(id).latin1(0, one.result()));
            server.driver.release(id);
            one = server.next(receive);
        }
        assertEquals(0, one.result());
        assertEquals(text, got.toString());
        assertEquals(0, server.driver.buffersHeld());
    }

    @Test
    void provided_buffers_run_out_and_receiving_starts_again() {
        Pair pair = connected(ANY_PORT);
        int count = SimFaults.calm().machine().providedBuffers();
        long receive = server.token();
        server.driver.receive(pair.accepted, receive);
        client.send(pair.connected, "z".repeat(count * 2_048 + 1_000));
        int[] ids = new int[count];
        for (int i = 0; i < count; i++) {
            Hand.Done one = server.next(receive);
            assertTrue(one.goesOn());
            ids[i] = Completions.bufferId(one.flags());
        }
        Hand.Done out = server.next(receive);
        assertEquals(-Errno.ENOBUFS, out.result());
        assertFalse(out.goesOn());
        for (int id : ids) {
            server.driver.release(id);
        }
        server.driver.receive(pair.accepted, receive);
        assertTrue(server.next(receive).result() > 0);
    }

    @Test
    void a_buffer_that_was_given_back_holds_nothing_of_value() {
        Pair pair = connected(ANY_PORT);
        long receive = server.token();
        server.driver.receive(pair.accepted, receive);
        client.send(pair.connected, "secret");
        int id = Completions.bufferId(server.next(receive).flags());
        server.driver.release(id);
        assertEquals(SimBuffers.SCRIBBLE, server.driver.provided(id).get(0));
        assertThrows(IllegalStateException.class, () -> server.driver.release(id));
    }

    @Test
    void gathered_pieces_arrive_as_one() {
        Pair pair = connected(ANY_PORT);
        Gather pieces = new Gather(3)
                .add(Buffer.of("one,"), 0, 4)
                .add(Buffer.of("--two,--"), 2, 4)
                .add(Buffer.of("three"), 0, 5);
        long send = client.token();
        client.driver.send(pair.connected, pieces, send);
        assertEquals(13, client.next(send).result());
        assertEquals("one,two,three", server.receiveAll(pair.accepted, 13));
    }

    @Test
    void half_close_ends_one_direction_only() {
        Pair pair = connected(ANY_PORT);
        client.send(pair.connected, "question");
        assertEquals(0, client.driver.shutdownOutput(pair.connected));
        assertEquals("question", server.receiveAll(pair.accepted, 8));
        assertEquals("", server.receive(pair.accepted, 8));
        server.send(pair.accepted, "answer");
        assertEquals("answer", client.receiveAll(pair.connected, 6));
        long send = client.token();
        client.driver.send(pair.connected, Buffer.of("more"), 0, 4, send);
        assertEquals(-Errno.EPIPE, client.next(send).result());
    }

    @Test
    void closing_with_unread_bytes_resets_once_and_then_breaks_the_pipe() {
        Pair pair = connected(ANY_PORT);
        client.send(pair.connected, "never read");
        server.poll(10_000_000); // lets it arrive
        server.driver.close(pair.accepted);
        assertEquals("ECONNRESET", client.receive(pair.connected, 8));
        assertEquals("", client.receive(pair.connected, 8));
        long send = client.token();
        client.driver.send(pair.connected, Buffer.of("more"), 0, 4, send);
        assertEquals(-Errno.EPIPE, client.next(send).result());
        assertNull(client.driver.remoteAddress(pair.connected));
    }

    @Test
    void lingering_for_zero_discards_and_resets() {
        Pair pair = connected(ANY_PORT);
        assertEquals(0, server.driver.setOption(pair.accepted, SocketOption.LINGER, 0));
        server.driver.close(pair.accepted);
        assertEquals("ECONNRESET", client.receive(pair.connected, 8));
    }

    @Test
    void what_is_unsent_at_a_close_still_arrives_and_then_the_end() {
        Pair pair = connected(ANY_PORT);
        String text = "q".repeat(100_000);
        server.send(pair.accepted, text);
        server.driver.close(pair.accepted);
        assertEquals(text, client.receiveAll(pair.connected, text.length()));
        assertEquals("", client.receive(pair.connected, 8));
    }

    @Test
    void a_reader_that_stops_stops_the_writer() {
        Pair pair = connected(ANY_PORT);
        Buffer chunk = Buffer.allocate(64 << 10);
        int accepted = 0;
        long send = client.token();
        while (true) {
            client.driver.send(pair.connected, chunk, 0, chunk.capacity(), send);
            if (client.poll(1_000_000_000L) == 0) {
                break;
            }
            accepted += client.next(send).result();
        }
        SimFaults.Streams streams = SimFaults.calm().streams();
        assertEquals(streams.sendBufferBytes() + streams.receiveBufferBytes(), accepted);
        assertEquals(10_000, server.receiveAll(pair.accepted, 10_000).length());
        assertTrue(client.next(send).result() > 0);
    }

    @Test
    void connecting_to_nobody_is_refused_and_to_no_machine_unreachable() {
        int handle = client.driver.openStream(ANY_PORT);
        long connect = client.token();
        client.driver.connect(handle, new InetSocketAddress(LOOPBACK, 9), client.control(), connect);
        assertEquals(-Errno.ECONNREFUSED, client.next(connect).result());
        InetSocketAddress nowhere = new InetSocketAddress(Simulation.host(99), 80);
        int other = client.driver.openStream(nowhere);
        client.driver.connect(other, nowhere, client.control(), connect);
        assertEquals(-Errno.EHOSTUNREACH, client.next(connect).result());
    }

    @Test
    void a_port_is_taken_once_unless_it_is_shared() {
        int first = server.driver.listen(ANY_PORT, 1, false);
        SocketAddress taken = assertNotNull(server.driver.localAddress(first), "bound");
        assertEquals(-Errno.EADDRINUSE, client.driver.listen(taken, 1, false));
        assertEquals(-Errno.EADDRINUSE, client.driver.listen(taken, 1, true));
        server.driver.close(first);
        assertTrue(server.driver.listen(taken, 1, true) >= 0);
        assertTrue(client.driver.listen(taken, 1, true) >= 0);
        InetSocketAddress foreign = new InetSocketAddress(Simulation.host(2), 80);
        assertEquals(-Errno.EADDRNOTAVAIL, client.driver.listen(foreign, 1, false));
    }

    @Test
    void two_ports_asked_for_as_zero_differ() {
        Set<SocketAddress> ports = new HashSet<>();
        for (int i = 0; i < 50; i++) {
            ports.add(assertNotNull(server.driver.localAddress(server.driver.listen(ANY_PORT, 1, false)), "bound"));
        }
        assertEquals(50, ports.size());
    }

    @Test
    void a_cancelled_operation_completes_once_and_an_unknown_one_is_ignored() {
        Pair pair = connected(ANY_PORT);
        long receive = server.token();
        server.driver.receive(pair.accepted, Buffer.allocate(10), 0, 10, receive);
        assertEquals(0, server.poll(1_000_000));
        server.driver.cancel(receive);
        server.driver.cancel(987_654);
        Hand.Done one = server.next(receive);
        assertEquals(-Errno.ECANCELED, one.result());
        assertEquals(0, server.poll(1_000_000_000L));
        assertEquals(1, server.driver.operationsInProgress()); // the accept
    }

    @Test
    void a_cancelled_multishot_ends_though_bytes_keep_coming() {
        Pair pair = connected(ANY_PORT);
        long receive = server.token();
        server.driver.receive(pair.accepted, receive);
        client.send(pair.connected, "w".repeat(50_000));
        assertTrue(server.next(receive).goesOn());
        server.driver.cancel(receive);
        Hand.Done one = server.next(receive);
        while (one.goesOn()) {
            assertTrue(one.result() > 0);
            one = server.next(receive);
        }
        assertEquals(-Errno.ECANCELED, one.result());
    }

    @Test
    void nothing_completes_inside_the_call_that_starts_it() {
        Pair pair = connected(ANY_PORT);
        Buffer buffer = Buffer.of("early");
        long send = client.token();
        client.driver.send(pair.connected, buffer, 0, 5, send);
        buffer.put(0, (byte) 'E'); // a caller's mistake, and visible: the bytes are read at the poll
        assertEquals(5, client.next(send).result());
        assertEquals("Early", server.receiveAll(pair.accepted, 5));
    }

    @Test
    void handles_run_out_and_the_connection_waits_for_one() {
        Simulation small = new Simulation(simulation.seed(), SimFaults.calm().withHandlesMax(2));
        Hand tiny = new Hand(small, small.driver("tiny"));
        Hand peer = new Hand(small, small.driver("peer"));
        int listener = tiny.driver.listen(ANY_PORT, 8, false);
        SocketAddress at = assertNotNull(tiny.driver.localAddress(listener), "bound");
        int own = tiny.driver.openStream(at);
        assertEquals(-Errno.EMFILE, tiny.driver.openStream(at));
        assertEquals(-Errno.EMFILE, tiny.driver.listen(ANY_PORT, 8, false));
        long accept = tiny.token();
        tiny.driver.accept(listener, accept);
        int handle = peer.driver.openStream(at);
        long connect = peer.token();
        peer.driver.connect(handle, at, peer.control(), connect);
        assertEquals(0, peer.next(connect).result());
        Hand.Done full = tiny.next(accept);
        assertEquals(-Errno.EMFILE, full.result());
        assertFalse(full.goesOn());
        tiny.driver.close(own);
        tiny.driver.accept(listener, accept);
        assertEquals(own, tiny.next(accept).result());
        small.close();
    }

    @Test
    void datagrams_arrive_whole_with_their_sender() {
        int one = server.driver.openDatagram(ANY_PORT, false);
        int other = client.driver.openDatagram(ANY_PORT, false);
        SocketAddress to = assertNotNull(server.driver.localAddress(one), "bound");
        long send = client.token();
        client.driver.sendTo(other, Buffer.of("a datagram"), 0, 10, to, client.control(), send);
        assertEquals(10, client.next(send).result());
        Buffer into = Buffer.allocate(100);
        Buffer control = server.control();
        long receive = server.token();
        server.driver.receiveFrom(one, into, 0, 4, control, receive);
        assertEquals(4, server.next(receive).result());
        assertEquals("a da", into.latin1(0, 4));
        assertEquals(client.driver.localAddress(other), server.driver.sender(control));
        Buffer large = Buffer.allocate(70_000);
        client.driver.sendTo(other, large, 0, 70_000, to, client.control(), send);
        assertEquals(-Errno.EMSGSIZE, client.next(send).result());
    }

    @Test
    void options_keep_their_values_and_refuse_nonsense() {
        Pair pair = connected(ANY_PORT);
        assertEquals(1, client.driver.option(pair.connected, SocketOption.NO_DELAY));
        assertEquals(0, client.driver.setOption(pair.connected, SocketOption.NO_DELAY, 0));
        assertEquals(0, client.driver.option(pair.connected, SocketOption.NO_DELAY));
        assertEquals(0, client.driver.setOption(pair.connected, SocketOption.LINGER, 1_200));
        assertEquals(2_000, client.driver.option(pair.connected, SocketOption.LINGER));
        assertEquals(-Errno.EINVAL, client.driver.setOption(pair.connected, SocketOption.SEND_BUFFER_BYTES, 0));
        assertEquals(-Errno.EBADF, client.driver.setOption(999, SocketOption.NO_DELAY, 1));
    }

    @Test
    void a_handle_that_is_not_open_is_an_error_and_its_number_is_used_again() {
        long token = client.token();
        client.driver.receive(7, token);
        assertEquals(-Errno.EBADF, client.next(token).result());
        int first = client.driver.openStream(ANY_PORT);
        client.driver.close(first);
        assertThrows(IllegalStateException.class, () -> client.driver.close(first));
        assertEquals(first, client.driver.openStream(ANY_PORT));
    }

    @Test
    void breaches_of_the_contract_fail_where_they_happen() {
        Pair pair = connected(ANY_PORT);
        Buffer buffer = Buffer.allocate(8);
        long token = client.token();
        client.driver.receive(pair.connected, buffer, 0, 8, token);
        assertThrows(IllegalStateException.class, () -> client.driver.send(pair.connected, buffer, 0, 8, token));
        assertThrows(IllegalStateException.class, () -> client.driver.receive(pair.connected, client.token()));
        assertThrows(IllegalArgumentException.class, () -> client.driver.send(pair.connected, buffer, 0, 8, 0));
        assertThrows(
                IndexOutOfBoundsException.class,
                () -> client.driver.send(pair.connected, buffer, 4, 8, client.token()));
        assertThrows(IllegalStateException.class, () -> client.driver.close(pair.connected));
        client.driver.cancel(token);
        client.driver.close(pair.connected);
        assertEquals(-Errno.ECANCELED, client.next(token).result());
    }

    @Test
    void a_wait_ends_when_its_time_is_over_and_not_before() {
        long before = simulation.clock().nanoTime();
        assertEquals(0, client.poll(5_000_000));
        long waited = simulation.clock().nanoTime() - before;
        assertTrue(waited >= 5_000_000 && waited <= 5_000_000 + STEP_NANOS_MAX, waited + " ns");
    }

    @Test
    void polling_without_waiting_takes_a_little_time_so_that_something_can_happen() {
        Pair pair = connected(ANY_PORT);
        client.send(pair.connected, "under way");
        long receive = server.token();
        server.driver.receive(pair.accepted, receive);
        int polls = 0;
        while (server.poll(0) == 0) {
            polls++;
            assertTrue(polls < 10_000, "nothing arrives");
        }
        assertEquals(9, server.next(receive).result());
    }

    @Test
    void waking_ends_this_wait_or_the_next() {
        long before = simulation.clock().nanoTime();
        client.driver.wake();
        assertEquals(0, client.poll(Driver.FOREVER));
        assertTrue(simulation.clock().nanoTime() - before <= STEP_NANOS_MAX);
    }

    @Test
    void a_path_outlives_its_listener_until_it_is_deleted() {
        UnixDomainSocketAddress path = UnixDomainSocketAddress.of("/run/left.sock");
        server.driver.close(server.driver.listen(path, 1, false));
        assertEquals(-Errno.EADDRINUSE, server.driver.listen(path, 1, false));
        int handle = client.driver.openStream(path);
        long connect = client.token();
        client.driver.connect(handle, path, client.control(), connect);
        assertEquals(-Errno.ECONNREFUSED, client.next(connect).result());
        simulation.network().delete(server.driver.host(), path);
        assertTrue(server.driver.listen(path, 1, false) >= 0);
        assertEquals(
                -Errno.ENAMETOOLONG, server.driver.listen(UnixDomainSocketAddress.of("/" + "x".repeat(107)), 1, false));
    }

    @Test
    void a_path_knows_no_options_of_tcp() {
        Pair pair = connected(UnixDomainSocketAddress.of("/run/pumasi.sock"));
        for (Hand hand : new Hand[] {client, server}) {
            int handle = hand == client ? pair.connected : pair.accepted;
            assertEquals(-Errno.ENOPROTOOPT, hand.driver.setOption(handle, SocketOption.NO_DELAY, 1));
            assertEquals(-Errno.ENOPROTOOPT, hand.driver.option(handle, SocketOption.NO_DELAY));
            assertEquals(0, hand.driver.option(handle, SocketOption.KEEP_ALIVE));
        }
    }

    @Test
    void another_thread_wakes_a_wait_without_end() throws InterruptedException {
        Thread waker = Thread.ofPlatform().start(client.driver::wake);
        assertEquals(0, client.poll(Driver.FOREVER));
        waker.join();
    }

    @Test
    void connections_wait_in_the_backlog_and_beyond_it_ask_again() {
        int listener = server.driver.listen(ANY_PORT, 1, false);
        SocketAddress at = assertNotNull(server.driver.localAddress(listener), "bound");
        long[] connects = new long[2];
        for (int i = 0; i < 2; i++) {
            connects[i] = client.token();
            client.driver.connect(client.driver.openStream(at), at, client.control(), connects[i]);
        }
        client.poll(500_000_000);
        assertEquals(1, client.driver.operationsInProgress());
        long accept = server.token();
        server.driver.accept(listener, accept);
        assertNotEquals(server.next(accept).result(), server.next(accept).result());
        assertEquals(0, client.next(connects[0]).result());
        assertEquals(0, client.next(connects[1]).result());
    }
}
