package dev.pumasi.queue;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import dev.pumasi.testkit.Seed;
import dev.pumasi.testkit.SeedParameter;
import dev.pumasi.testkit.SimDisk;
import dev.pumasi.testkit.SimFaults;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A crash of the machine after each change of the disk, for many seeds; {@code queue/crash simulated 3000} does many more. */
@ExtendWith({LeakWatch.class, LogWatch.class, SeedParameter.class})
final class CrashTest {

    @Test
    void after_a_crash_at_any_change_the_contract_holds(Seed seed) {
        int crashes = 0;
        for (int i = 0; i < 60; i++) {
            crashes += CrashEverywhere.run(seed.split(i));
        }
        System.out.println("crashes survived: " + crashes);
        assertTrue(crashes > 60 * 50, crashes + " crashes were tried");
    }
}
