package dev.pumasi.queue;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.Seed;
import dev.pumasi.testkit.SeedParameter;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A real process, a real disk, {@code kill -9}; {@code queue/crash 1000} does it a thousand times. */
@ExtendWith({LeakWatch.class, SeedParameter.class})
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class KillTest {

    @Test
    void killed_at_random_moments_it_keeps_the_contract(Seed seed, @TempDir Path folder) throws Exception {
        Kills kills = new Kills(folder.resolve("queue"), seed);
        kills.run(12);
        assertTrue(kills.published() > 0 && kills.delivered() > 0, kills.toString());
    }
}
