package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Spoilt configuration files, from a seed. */
@ExtendWith({LeakWatch.class, LogWatch.class})
@Timeout(120)
class ConfFuzzTest {

    private static final int RUNS = 3_000;

    @Test
    void whateverTheFileSaysItIsReadOrRefused() {
        long seed = Long.getLong("pumasi.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int run = 0; run < RUNS; run++) {
            byte[] input = ConfFuzz.made(random);
            try {
                ConfFuzz.run(input);
            } catch (RuntimeException | AssertionError | StackOverflowError found) {
                throw new AssertionError(
                        "-Dpumasi.seed=" + seed + ", run " + run + ":\n" + new String(input, StandardCharsets.UTF_8),
                        found);
            }
        }
    }

    /** The table of docs/site-conf.md has every directive that runs. */
    @Test
    void everyDirectiveIsInTheDocumentation() throws IOException {
        Path page = Path.of("..", "docs", "site-conf.md");
        String text = Files.readString(page);
        for (String name : Directives.ALL.running()) {
            assertTrue(text.contains("`" + name + "`"), name + " is missing in " + page);
        }
    }
}
