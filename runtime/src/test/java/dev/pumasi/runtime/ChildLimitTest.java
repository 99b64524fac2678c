package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Processes when the descriptors run out: an error, nothing leaked, and it goes on when some are back. */
final class ChildLimitTest extends OnEachDriverWithChildren {

    @Test
    void withoutDescriptorsNoProcessIsStartedAndNothingStaysOpen() throws Exception {
        Process probe = Child.start(
                "ulimit -n 100",
                ChildLimitProbe.class,
                List.of("--add-opens=java.base/java.lang=ALL-UNNAMED"),
                List.of(driver));
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(probe.getInputStream()))) {
            assertEquals(
                    List.of(
                            "NOT_FOUND",
                            "TOO_MANY_DESCRIPTORS after true",
                            "TOO_MANY_DESCRIPTORS after true",
                            "zombies 0"),
                    lines.lines().toList());
        } finally {
            probe.destroyForcibly().waitFor();
        }
    }
}
