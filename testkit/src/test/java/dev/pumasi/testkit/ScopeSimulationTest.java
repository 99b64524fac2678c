package dev.pumasi.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Background;
import dev.pumasi.runtime.Deadline;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopStatus;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.Race;
import dev.pumasi.runtime.Scope;
import dev.pumasi.runtime.ScopeBuilder;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.Ticker;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Scopes, deadlines and ticks in virtual time, on loops in a simulated world. */
@ExtendWith({LeakWatch.class, LogWatch.class, SeedParameter.class})
final class ScopeSimulationTest {

    private static final InetSocketAddress ADDRESS = new InetSocketAddress(InetAddress.getLoopbackAddress(), 7);
    private static final Duration LIMIT = Duration.ofHours(10);

    /** How late something may be in a calm world: the wheel's tick, and some steps. */
    private static final Duration LATE_MAX = Duration.ofMillis(5);

    /** What a green thread came to. */
    private static final class Answer<T> {
        Optional<T> value = Optional.empty();
        Optional<Throwable> failure = Optional.empty();

        boolean isThere() {
            return value.isPresent() || failure.isPresent();
        }

        T get() {
            failure.ifPresent(thrown -> {
                throw new AssertionError(thrown);
            });
            return value.orElseThrow();
        }
    }

    private static <T> Answer<T> onGreen(Loop loop, Callable<T> body) {
        Answer<T> answer = new Answer<>();
        loop.spawn(() -> {
            try {
                answer.value = Optional.of(body.call());
            } catch (Throwable failure) {
                answer.failure = Optional.of(failure);
            }
        });
        return answer;
    }

    private static void assertAbout(Duration expected, long nanos) {
        long late = nanos - expected.toNanos();
        assertTrue(late >= 0 && late < LATE_MAX.toNanos(), late + " ns after " + expected);
    }

    @Test
    void a_deadline_of_an_hour_passes_in_virtual_time_and_reaches_the_socket(Seed seed) throws IOException {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm())) {
            Loop loop = simulation.loop("server");
            Duration hour = Duration.ofHours(1);
            List<Answer<Failure>> answers = new ArrayList<>();
            long[] endedNanos = new long[1];
            Listener.open(
                    loop,
                    ADDRESS,
                    socket -> answers.add(onGreen(loop, () -> {
                        try (Scope scope = Scope.open(hour)) {
                            Operation<Integer> reads = scope.fork(() -> socket.read(new byte[1], 0, 1));
                            try (Scope inner = Scope.open(Duration.ofHours(2))) {
                                assertTrue(Deadline.current()
                                                .orElseThrow()
                                                .remaining()
                                                .compareTo(hour)
                                        <= 0);
                                inner.fork(() -> loop.sleep(Duration.ofDays(1)).await());
                                inner.join();
                            } catch (OperationException timedOut) {
                                endedNanos[0] = simulation.clock().elapsedNanos();
                            }
                            scope.join();
                            return reads.poll().isEmpty() ? Failure.IO : Failure.NOT_FOUND;
                        } catch (OperationException timedOut) {
                            assertFalse(Thread.currentThread().isInterrupted());
                            return timedOut.failure();
                        } finally {
                            socket.close();
                        }
                    })));
            simulation.client("silent").connect(ADDRESS).expectEnd().close();
            simulation.runUntil(() -> !answers.isEmpty() && answers.getFirst().isThere(), LIMIT);
            assertEquals(Failure.TIMED_OUT, answers.getFirst().get());
            assertAbout(hour, endedNanos[0]);
        }
    }

    @Test
    void a_ticker_keeps_to_its_grid_and_a_pause_of_the_loop_is_one_tick(Seed seed) {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm())) {
            Loop loop = simulation.loop("ticking");
            List<Long> ticks = new ArrayList<>();
            Duration period = Duration.ofMinutes(1);
            Ticker[] ticker = new Ticker[1];
            loop.execute(() -> ticker[0] = Ticker.atRate(
                    loop, period, () -> ticks.add(simulation.clock().elapsedNanos())));
            simulation.runUntil(() -> ticks.size() == 500, LIMIT);
            for (int i = 0; i < ticks.size(); i++) {
                assertAbout(period.multipliedBy(i + 1), ticks.get(i));
            }
            assertEquals(0, ticker[0].missed());
        }
    }

    @Test
    void who_awaits_ticks_too_late_is_told_how_many_were_missed(Seed seed) {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm())) {
            Loop loop = simulation.loop("late");
            Answer<List<Long>> answer = onGreen(loop, () -> {
                List<Long> missed = new ArrayList<>();
                try (Ticker ticker = Ticker.atRate(loop, Duration.ofSeconds(1))) {
                    missed.add(ticker.await());
                    loop.sleep(Duration.ofMillis(5_500)).await();
                    missed.add(ticker.await());
                    missed.add(ticker.await());
                    missed.add(ticker.missed());
                    missed.add(ticker.ticks());
                }
                return missed;
            });
            simulation.runUntil(answer::isThere, LIMIT);
            assertEquals(List.of(0L, 4L, 0L, 4L, 7L), answer.get());
        }
    }

    @Test
    void with_a_delay_the_next_tick_counts_from_the_end_of_the_last(Seed seed) {
        try (Simulation simulation = new Simulation(seed, SimFaults.rough())) {
            Loop loop = simulation.loop("delayed");
            List<Long> ticks = new ArrayList<>();
            Duration delay = Duration.ofSeconds(10);
            loop.execute(() -> Ticker.withDelay(
                    loop, delay, () -> ticks.add(simulation.clock().elapsedNanos())));
            simulation.runUntil(() -> ticks.size() == 50, LIMIT);
            for (int i = 1; i < ticks.size(); i++) {
                assertTrue(ticks.get(i) - ticks.get(i - 1) >= delay.toNanos(), "early");
            }
        }
    }

    private static Duration upTo(Dice dice, int millis) {
        return Duration.ofMillis(dice.between(0, millis));
    }

    /** Sleeps, fails, or opens a scope of its own. */
    private static String work(Loop loop, Dice dice, int depth) throws IOException {
        int choice = (int) dice.between(0, 4);
        if (choice == 0 && depth < 3) {
            return scope(loop, dice, depth + 1);
        }
        if (choice == 1) {
            throw new IOException("at random");
        }
        loop.sleep(choice == 2 ? Duration.ofDays(30) : upTo(dice, 400)).await();
        return "done";
    }

    private static String scope(Loop loop, Dice dice, int depth) throws IOException {
        ScopeBuilder builder = Scope.builder().within(upTo(dice, 1_000));
        List<Operation<String>> all = new ArrayList<>();
        try (Scope scope = dice.chance(0.5) ? builder.open() : builder.allEnd()) {
            for (long left = dice.between(1, 6); left > 0; left--) {
                Operation<String> subtask = scope.fork(() -> work(loop, dice, depth));
                all.add(subtask.onDone(outcome -> {})); // somebody is told, so that nothing is reported
                if (dice.chance(0.1)) {
                    subtask.cancel();
                }
            }
            loop.sleep(upTo(dice, 100)).await();
            if (dice.chance(0.1)) {
                scope.cancel();
            }
            scope.join();
            return "joined";
        } finally {
            for (Operation<String> one : all) {
                assertTrue(one.poll().isPresent(), "outlives its scope");
            }
        }
    }

    private static Trace storm(Seed seed) {
        try (Simulation simulation = new Simulation(seed, SimFaults.rough())) {
            List<Loop> loops = List.of(simulation.loop("one"), simulation.loop("two"));
            List<Answer<Integer>> answers = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                Loop loop = loops.get(i % 2);
                Dice dice = seed.split("opener " + i).dice();
                answers.add(onGreen(loop, () -> {
                    int failed = 0;
                    for (int round = 0; round < 20; round++) {
                        try {
                            scope(loop, dice, 0);
                        } catch (IOException expected) {
                            failed++;
                        }
                        assertFalse(Thread.interrupted(), "an interrupt was left behind");
                    }
                    return failed;
                }));
            }
            simulation.runUntil(() -> answers.stream().allMatch(Answer::isThere), LIMIT);
            assertTrue(answers.stream().mapToInt(Answer::get).sum() > 0, "nothing ever failed");
            for (LoopStatus status : loops.stream().map(Loop::status).toList()) {
                assertEquals(0, status.hops());
                assertEquals(0, status.failures());
                assertEquals(0, status.interests());
                assertEquals(0, status.timers());
            }
            return simulation.trace();
        }
    }

    @Test
    void whatever_happens_nothing_is_left_and_it_replays(Seed seed) {
        assertEquals(Optional.empty(), storm(seed).difference(storm(seed)));
    }

    @Test
    void the_first_of_two_connections_wins_and_the_other_is_given_up(Seed seed) throws IOException {
        try (Simulation simulation = new Simulation(seed, SimFaults.rough())) {
            Loop server = simulation.loop("server");
            List<StreamSocket> accepted = new ArrayList<>();
            Listener.open(server, ADDRESS, accepted::add);
            Loop client = simulation.loop("client");
            Answer<Boolean> answer = onGreen(client, () -> {
                try (Race<StreamSocket> race = Scope.builder().firstSuccess()) {
                    List<Operation<StreamSocket>> all = new ArrayList<>();
                    for (int i = 0; i < 2; i++) {
                        all.add(race.fork(
                                () -> StreamSocket.connect(client, ADDRESS).await()));
                    }
                    try (StreamSocket won = race.join()) {
                        boolean one = false;
                        for (Operation<StreamSocket> each : all) {
                            if (each.poll().orElseThrow() instanceof Operation.Success<?>(StreamSocket socket)) {
                                one |= socket == won;
                                socket.close();
                            }
                        }
                        return one;
                    }
                }
            });
            simulation.runUntil(answer::isThere, LIMIT);
            assertTrue(answer.get());
        }
    }

    @Test
    void the_background_stops_in_virtual_time(Seed seed) {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm())) {
            Loop loop = simulation.loop("server");
            Background background = Background.open(loop, 100);
            for (int i = 0; i < 10; i++) {
                Duration nap = Duration.ofMinutes(i * 10L);
                background.start("nap " + nap, () -> loop.sleep(nap).await());
            }
            Answer<Boolean> orderly = onGreen(loop, () -> background.stop(Duration.ofMinutes(35)));
            simulation.runUntil(orderly::isThere, LIMIT);
            assertFalse(orderly.get());
            assertAbout(Duration.ofMinutes(35), simulation.clock().elapsedNanos());
            assertEquals(4, background.status().succeeded());
            assertEquals(6, background.status().cancelled());
        }
    }
}
