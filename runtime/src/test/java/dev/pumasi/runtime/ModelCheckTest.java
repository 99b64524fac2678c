package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.runtime.sync.ModelCheck;
import java.io.BufferedReader;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A short look of the model checker at the lock-free parts; {@code runtime/stress} looks longer. */
final class ModelCheckTest {

    @Test
    @Timeout(value = 300, unit = TimeUnit.SECONDS)
    void noOrderOfEventsBreaksThem() throws Exception {
        Process process = Child.start(
                "true",
                ModelCheck.class,
                List.of(
                        "-XX:+EnableDynamicAgentLoading",
                        "-Xshare:off",
                        "--sun-misc-unsafe-memory-access=allow",
                        "--add-opens=java.base/java.lang=ALL-UNNAMED",
                        "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED"),
                List.of("0"));
        try (BufferedReader lines = process.inputReader()) {
            List<String> said = lines.lines().toList();
            assertEquals(0, process.waitFor(), () -> String.join("\n", said));
            assertEquals(
                    2 * 8,
                    said.stream().filter(line -> line.endsWith("nothing found")).count(),
                    said::toString);
        } finally {
            process.destroyForcibly().waitFor();
        }
    }
}
