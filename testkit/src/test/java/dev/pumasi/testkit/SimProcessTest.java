package dev.pumasi.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.ChildProcess;
import dev.pumasi.runtime.Command;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A simulated world has no processes, and says so. */
@ExtendWith({LeakWatch.class, LogWatch.class, SeedParameter.class})
final class SimProcessTest {

    @Test
    void a_process_is_refused_with_the_reason(Seed seed) {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm())) {
            Loop loop = simulation.loop("loop");
            Operation<ChildProcess> start = Command.of("true").start(loop);
            simulation.runUntil(start::isDone, Duration.ofMinutes(1));
            OperationException failure = assertInstanceOf(
                    OperationException.class,
                    assertInstanceOf(Operation.Failed.class, start.poll().orElseThrow())
                            .failure());
            assertEquals(Failure.NOT_SUPPORTED, failure.failure());
            assertTrue(failure.getCause().getMessage().contains("runs no processes"), failure.toString());
        }
    }
}
