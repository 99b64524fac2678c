package dev.pumasi.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.driver.Completions;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** How a simulation runs, and how it ends when something is wrong. */
@ExtendWith({LeakWatch.class, SeedParameter.class})
final class SimulationTest {

    private static final InetSocketAddress ADDRESS = new InetSocketAddress(InetAddress.getLoopbackAddress(), 80);
    private static final Duration LIMIT = Duration.ofMinutes(10);

    private final Seed seed;
    private final Simulation simulation;

    SimulationTest(Seed seed) {
        this.seed = seed;
        simulation = new Simulation(seed, SimFaults.rough());
    }

    @AfterEach
    void close() {
        simulation.close();
    }

    /** Takes a step whenever it is let, and lets the test say when it wants one. */
    private static final class Stub implements Participant {
        final String name;
        boolean runnable;
        long wakeNanos = NEVER;
        Runnable body = () -> {};

        Stub(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public void step() {
            body.run();
        }

        @Override
        public boolean isRunnable() {
            return runnable;
        }

        @Override
        public long wakeNanos() {
            return wakeNanos;
        }

        @Override
        public List<String> waitingFor() {
            return List.of("the end of the world");
        }
    }

    @Test
    void nobody_who_can_go_on_and_nothing_planned_is_a_deadlock() {
        SimDriver driver = simulation.driver("server");
        EchoServer server = new EchoServer(driver, ADDRESS, false);
        simulation.add(driver, server::turn);
        SimClient client =
                simulation.client("client").connect(ADDRESS).send("a").expect("ab");
        SimulationFailure failure =
                assertThrows(SimulationFailure.class, () -> simulation.runUntil(client::isDone, LIMIT));
        String message = String.valueOf(failure.getMessage());
        assertTrue(message.startsWith("deadlock: nobody can go on"), message);
        assertTrue(message.contains("client waits for \"ab\""), message);
        assertTrue(message.contains("server waits for accept on 127.0.0.1:80; receive on 127.0.0.1:80 > "), message);
        assertTrue(message.endsWith("again with " + seed.replay()), message);
    }

    @Test
    void a_condition_that_does_not_come_to_hold_fails_at_the_deadline() {
        Stub ticking = new Stub("ticking");
        ticking.wakeNanos = 0;
        ticking.body = () -> ticking.wakeNanos = simulation.clock().elapsedNanos() + 1_000_000_000L;
        simulation.add(ticking);
        SimulationFailure failure =
                assertThrows(SimulationFailure.class, () -> simulation.runUntil(() -> false, Duration.ofSeconds(90)));
        String message = String.valueOf(failure.getMessage());
        assertTrue(message.startsWith("the condition did not come to hold in time"), message);
        assertTrue(message.contains("ticking waits for the end of the world"), message);
        long elapsed = simulation.clock().elapsedNanos();
        assertTrue(elapsed >= 90_000_000_000L && elapsed < 91_000_000_000L, elapsed + " ns");
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void somebody_who_spins_is_stopped() {
        Stub spinning = new Stub("spinning");
        spinning.runnable = true;
        Simulation bounded = new Simulation(seed, SimFaults.calm(), 1_000, 10, null);
        bounded.add(spinning);
        SimulationFailure failure =
                assertThrows(SimulationFailure.class, () -> bounded.runUntil(() -> false, Duration.ofDays(365)));
        assertTrue(String.valueOf(failure.getMessage()).contains("in 1000 steps: somebody spins"));
        assertEquals(1_000, bounded.steps());
    }

    @Test
    void what_a_step_throws_ends_the_run_and_names_who_threw_it() {
        Stub broken = new Stub("broken");
        broken.runnable = true;
        IllegalStateException thrown = new IllegalStateException("no more rice");
        broken.body = () -> {
            throw thrown;
        };
        simulation.add(broken);
        SimulationFailure failure =
                assertThrows(SimulationFailure.class, () -> simulation.runUntil(() -> false, LIMIT));
        assertSame(thrown, failure.getCause());
        assertTrue(String.valueOf(failure.getMessage()).startsWith("broken failed: "), failure.getMessage());
    }

    @Test
    void wrong_bytes_are_shown_where_they_begin() {
        SimDriver driver = simulation.driver("server");
        EchoServer server = new EchoServer(driver, ADDRESS, false);
        simulation.add(driver, server::turn);
        SimClient client =
                simulation.client("client").connect(ADDRESS).send("one two").expect("one ten");
        SimulationFailure failure =
                assertThrows(SimulationFailure.class, () -> simulation.runUntil(client::isDone, LIMIT));
        assertInstanceOf(AssertionError.class, failure.getCause());
        assertTrue(
                String.valueOf(failure.getMessage()).contains("at byte 5 of 7: expected \"en\", got \"w"),
                failure.getMessage());
    }

    @Test
    void time_never_runs_backwards_and_every_step_is_within_the_run() {
        List<Long> times = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            Stub one = new Stub("participant-" + i);
            one.wakeNanos = i * 1_000L;
            one.body = () -> {
                times.add(simulation.clock().nanoTime());
                one.wakeNanos = simulation.clock().elapsedNanos() + (times.size() * 7_919L) % 100_000;
            };
            simulation.add(one);
        }
        simulation.runUntil(() -> times.size() >= 2_000, LIMIT);
        for (int i = 1; i < times.size(); i++) {
            assertTrue(times.get(i) >= times.get(i - 1), "step " + i);
        }
        assertThrows(IllegalStateException.class, () -> simulation.clock().advanceTo(0));
    }

    @Test
    void wall_clock_and_monotonic_time_pass_together() {
        long wall = simulation.clock().currentTimeMillis();
        assertEquals(SimClock.ORIGIN_MILLIS, wall);
        simulation.runFor(Duration.ofHours(5));
        assertEquals(Duration.ofHours(5).toMillis(), simulation.clock().currentTimeMillis() - wall);
    }

    @Test
    void everybody_gets_a_turn_though_all_can_always_go_on() {
        Simulation calm = new Simulation(seed, SimFaults.calm());
        int[] steps = new int[4];
        for (int i = 0; i < steps.length; i++) {
            int index = i;
            Stub one = new Stub("participant-" + i);
            one.runnable = true;
            one.body = () -> steps[index]++;
            calm.add(one);
        }
        calm.runUntil(() -> calm.steps() >= 4_000, LIMIT);
        for (int taken : steps) {
            // Seven standard deviations around a fair share.
            assertTrue(taken > 800 && taken < 1_200, taken + " of 4000 steps");
        }
    }

    @Test
    void a_plan_is_carried_out_at_its_time() {
        long[] at = new long[1];
        simulation.after(
                Duration.ofSeconds(3),
                "something",
                () -> at[0] = simulation.clock().elapsedNanos());
        simulation.settle(LIMIT);
        assertEquals(3_000_000_000L, at[0]);
        assertEquals(List.of("3000000000 plan: something"), simulation.trace().lines());
    }

    @Test
    void work_that_the_driver_does_not_know_of_keeps_its_owner_going() {
        SimDriver driver = simulation.driver("owner");
        boolean[] task = new boolean[1];
        Completions completions = new Completions(1);
        simulation.add(
                driver,
                () -> {
                    driver.poll(SimDriver.FOREVER, completions);
                    task[0] = false;
                },
                () -> task[0]);
        simulation.runFor(Duration.ofSeconds(1));
        task[0] = true;
        simulation.runUntil(() -> !task[0], Duration.ofSeconds(1));
    }

    @Test
    void names_are_unique_and_a_run_is_not_started_from_inside() {
        simulation.add(new Stub("a"));
        assertThrows(IllegalArgumentException.class, () -> simulation.add(new Stub("a")));
        simulation.driver("d");
        assertThrows(IllegalArgumentException.class, () -> simulation.driver("d"));
        Stub nested = new Stub("nested");
        nested.runnable = true;
        nested.body = () -> simulation.runFor(Duration.ofSeconds(1));
        simulation.add(nested);
        SimulationFailure failure =
                assertThrows(SimulationFailure.class, () -> simulation.runUntil(() -> false, LIMIT));
        assertInstanceOf(IllegalStateException.class, failure.getCause());
    }
}
