package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.driver.Drivers;
import java.io.BufferedReader;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A stock lock can stop a loop for good. This is that: what the watchdog names, and what our own locks refuse. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class StuckLoopTest {

    @ParameterizedTest
    @EnumSource
    void aLoopThatWaitsForItsOwnGreenThreadHangs(StuckLoop.Kind kind) throws Exception {
        Process process = Child.start(
                "true",
                StuckLoop.class,
                List.of("--add-opens=java.base/java.lang=ALL-UNNAMED"),
                List.of(Drivers.AUTO, kind.name()));
        try (BufferedReader lines = process.inputReader()) {
            String line = lines.readLine();
            assertEquals(
                    "stuck-0 is " + (kind == StuckLoop.Kind.MONITOR ? Thread.State.BLOCKED : Thread.State.WAITING),
                    line);
            assertTrue(process.isAlive(), "it hangs");
        } finally {
            process.destroyForcibly().waitFor();
        }
    }
}
