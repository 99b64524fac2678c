package dev.pumasi.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.Seed;
import dev.pumasi.testkit.SeedParameter;
import java.io.BufferedReader;
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

    @Test
    void a_folder_belongs_to_one_process_until_that_ends(Seed seed, @TempDir Path folder) throws Exception {
        Path place = folder.resolve("queue");
        Process owner = Kills.start(place.toString(), "owner", seed);
        try (LoopGroup loops = LoopGroup.start("second", 1, "auto")) {
            try (BufferedReader said = owner.inputReader()) {
                assertEquals("OPEN", said.readLine());
                QueueException refused = assertThrows(
                        QueueException.class, () -> Queue.open(loops.next(), KillChild.url(place.toString())));
                assertEquals(QueueFailure.IN_USE, refused.failure());
                assertTrue(
                        refused.getMessage().contains("process " + owner.pid() + " has it open"), refused.getMessage());
            }
            owner.destroyForcibly().waitFor();
            Queue.open(loops.next(), KillChild.url(place.toString())).close();
        } finally {
            owner.destroyForcibly().waitFor();
        }
    }
}
