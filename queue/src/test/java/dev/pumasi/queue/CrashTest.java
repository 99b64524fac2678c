package dev.pumasi.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Loop;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import dev.pumasi.testkit.Seed;
import dev.pumasi.testkit.SeedParameter;
import dev.pumasi.testkit.SimFaults;
import dev.pumasi.testkit.Simulation;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A crash of the machine after each change of the disk, for many seeds; {@code queue/crash simulated 3000} does many more. */
@ExtendWith({LeakWatch.class, LogWatch.class, SeedParameter.class})
final class CrashTest {

    private static final int SEEDS = 60;
    private static final String TORN = "bytes were cut off";

    @Test
    void after_a_crash_at_any_change_the_contract_holds(Seed seed, LogWatch log) {
        log.allow(TORN);
        int crashes = 0;
        for (int i = 0; i < SEEDS; i++) {
            crashes += CrashEverywhere.run(seed.split(i));
        }
        assertTrue(crashes > SEEDS * 20, crashes + " crashes were tried");
    }

    @Test
    void and_when_the_process_had_ended_before_and_another_has_read_what_it_left(Seed seed, LogWatch log) {
        log.allow(TORN);
        int crashes = 0;
        for (int i = 0; i < 10; i++) {
            crashes += CrashEverywhere.runOnWhatAProcessLeft(seed.split(i), false);
        }
        assertTrue(crashes > 10 * 10, crashes + " crashes were tried");
    }

    @Test
    void and_when_it_had_ended_because_a_sync_failed(Seed seed, LogWatch log) {
        log.allow(TORN);
        log.allow("loop: .* failed; it is counted from now on");
        int crashes = 0;
        for (int i = 0; i < 10; i++) {
            crashes += CrashEverywhere.runOnWhatAProcessLeft(seed.split(i), true);
        }
        assertTrue(crashes > 10 * 10, crashes + " crashes were tried");
    }

    @Test
    void and_while_the_ledger_is_written_anew(Seed seed, LogWatch log) {
        log.allow(TORN);
        int crashes = CrashEverywhere.runLong(seed, 50);
        assertTrue(crashes > 10, crashes + " crashes were tried");
    }

    /** Its green threads go on until the loop is over, and may still ask. */
    @Test
    void who_asks_a_queue_whose_loop_ends_is_told_so_and_nobody_is_alarmed(Seed seed) {
        AtomicBoolean opened = new AtomicBoolean();
        AtomicReference<QueueFailure> answer = new AtomicReference<>();
        try (Simulation simulation = new Simulation(seed, SimFaults.calm())) {
            Loop loop = simulation.loop("loop");
            loop.spawn(() -> {
                Queue queue = Life.open(loop).await();
                opened.set(true);
                assertThrows(IOException.class, loop.sleep(Duration.ofDays(1))::await);
                answer.set(assertThrows(QueueException.class, () -> queue.topic("late"))
                        .failure());
            });
            simulation.runUntil(opened::get, Duration.ofMinutes(1));
        }
        assertEquals(QueueFailure.CLOSED, answer.get());
    }
}
