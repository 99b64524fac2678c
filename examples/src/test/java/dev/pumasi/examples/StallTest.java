package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.LogWatch;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class StallTest extends EachDriver {

    @Test
    void aBlockingCallIsNamedAndOffloadingItCuresThat(LogWatch log) throws Exception {
        log.expect(
                "(?s)loop-0 has not turned for .*green thread #\\d+, which .*at dev.pumasi.examples.BlockingCall.millis");
        log.allow("loop-0 turns again, after about ");

        Stall.Facts facts = Stall.run(story, driver, Duration.ofSeconds(1));

        assertEquals(1, facts.stallsWhileBlocking());
        assertEquals(0, facts.stallsWhileOffloaded());
        assertTrue(facts.dump().contains(" waits for run a task on the offload pool, for "), facts.dump());
        assertEquals(0, facts.hops());
    }
}
