package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.BackgroundStatus;
import dev.pumasi.testkit.LogWatch;
import java.util.List;
import org.junit.jupiter.api.Test;

final class FireAndForgetTest extends EachDriver {

    @Test
    void aFailureThatNobodyAwaitsIsReportedAndAResultThatIsNeededIsNotified(LogWatch log) throws Exception {
        log.expect("send a receipt by mail failed");
        FireAndForget.Facts facts = FireAndForget.run(story, driver, 50);

        assertEquals(
                List.of(
                        "two receipts are sent; nobody waits for them",
                        "the bill is added up; its result is needed",
                        "the caller goes on; is the bill there? false",
                        "the background has ended",
                        "notified: the bill is 12000"),
                facts.events());
        assertEquals(new BackgroundStatus(0, 100, 3, 2, 1, 0, 0), facts.status());
        assertEquals(1, facts.reported());
        assertTrue(facts.orderly());
    }
}
