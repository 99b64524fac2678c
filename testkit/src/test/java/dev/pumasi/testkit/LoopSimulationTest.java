package dev.pumasi.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Acceptor;
import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopStatus;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.StreamSocket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The runtime's own loop, its sockets, timers and green threads, driven by a simulation. */
@ExtendWith({LeakWatch.class, LogWatch.class, SeedParameter.class})
final class LoopSimulationTest {

    private static final InetSocketAddress ADDRESS = new InetSocketAddress(InetAddress.getLoopbackAddress(), 7);
    private static final Duration LIMIT = Duration.ofHours(2);

    /** Echoes in direct style: a green thread for each connection. */
    private static void serve(Loop loop, boolean shared) throws IOException {
        Acceptor acceptor = socket -> loop.spawn(() -> echo(socket));
        if (shared) {
            Listener.openShared(loop, ADDRESS, acceptor);
        } else {
            Listener.open(loop, ADDRESS, acceptor);
        }
    }

    private static void echo(StreamSocket socket) throws IOException {
        byte[] buffer = new byte[3_000];
        try (socket) {
            int count = socket.read(buffer, 0, buffer.length);
            while (count >= 0) {
                socket.write(buffer, 0, count);
                socket.flush();
                count = socket.read(buffer, 0, buffer.length);
            }
        } catch (OperationException broken) {
            // The client went away: nothing is left to be said to it.
        }
    }

    private record Run(Trace trace, List<LoopStatus> loops, List<SimClient> clients) {}

    private static Run run(Seed seed, SimFaults faults) throws IOException {
        try (Simulation simulation = new Simulation(seed, faults)) {
            List<Loop> loops = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                Loop loop = simulation.loop("loop-" + i);
                loops.add(loop);
                serve(loop, true);
            }
            List<SimClient> clients = new ArrayList<>();
            Dice dice = seed.split("payloads").dice();
            for (int i = 0; i < 15; i++) {
                byte[] bytes = dice.bytes((int) dice.between(1, 6_000));
                clients.add(simulation
                        .client("client-" + i)
                        .tolerant(Duration.ofMinutes(2))
                        .connect(ADDRESS)
                        .send(bytes)
                        .expect(bytes)
                        .shutdownOutput()
                        .expectEnd()
                        .close());
            }
            simulation.runUntil(() -> clients.stream().allMatch(SimClient::isDone), LIMIT);
            return new Run(simulation.trace(), loops.stream().map(Loop::status).toList(), clients);
        }
    }

    @Test
    void green_threads_on_loops_echo_every_byte_in_a_rough_world(Seed seed) throws IOException {
        assertTrue(Loop.greenThreadsRunOnLoop(), Loop.greenThreads());
        Run run = run(seed, SimFaults.rough());
        for (SimClient client : run.clients) {
            assertEquals(Optional.empty(), client.broken());
        }
        assertEquals(15, run.loops.stream().mapToLong(LoopStatus::greenThreads).sum());
        assertEquals(0, run.loops.stream().mapToLong(LoopStatus::hops).sum());
        assertEquals(0, run.loops.stream().mapToLong(LoopStatus::failures).sum());
    }

    @Test
    void a_run_on_loops_replays_event_for_event(Seed seed) throws IOException {
        SimFaults faults = SimFaults.rough().withBrokenStreams(0.1, 0.2, 0.1);
        Run one = run(seed, faults);
        Run other = run(seed, faults);
        assertEquals(Optional.empty(), one.trace.difference(other.trace));
        assertTrue(one.trace.count() > 200, one.trace + " is too little to prove anything");
    }

    @Test
    void sleeping_takes_virtual_time_and_no_other(Seed seed) {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm())) {
            Loop loop = simulation.loop("sleeper");
            boolean[] over = new boolean[1];
            loop.spawn(() -> {
                loop.sleep(Duration.ofMinutes(90)).await();
                over[0] = true;
            });
            simulation.runUntil(() -> over[0], LIMIT);
            long slept =
                    simulation.clock().elapsedNanos() - Duration.ofMinutes(90).toNanos();
            assertTrue(slept >= 0 && slept < Duration.ofSeconds(1).toNanos(), slept + " ns beyond 90 minutes");
        }
    }

    @Test
    void a_task_from_one_loop_runs_on_another(Seed seed) {
        try (Simulation simulation = new Simulation(seed, SimFaults.rough())) {
            Loop one = simulation.loop("one");
            Loop other = simulation.loop("other");
            int[] rallies = new int[1];
            Runnable[] ball = new Runnable[1];
            ball[0] = () -> {
                rallies[0]++;
                (one.isCurrent() && Loop.current().orElseThrow() == one ? other : one).execute(ball[0]);
            };
            one.execute(ball[0]);
            simulation.runUntil(() -> rallies[0] >= 1_000, LIMIT);
        }
    }
}
