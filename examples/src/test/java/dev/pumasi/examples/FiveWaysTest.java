package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.examples.FiveWays.Learnt;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class FiveWaysTest extends EachDriver {

    private static final int MILLIS = 100;
    private static final int ANSWER_BYTES = "soup\n".length();

    @Test
    void everyWayTellsOfTheSameOutcomeWhereItShould() throws Exception {
        FiveWays.Facts facts = FiveWays.run(story, driver, MILLIS);

        assertEquals(
                Set.of(
                        "poll",
                        "callback",
                        "stage",
                        "notification",
                        "await on a green thread",
                        "await on a platform thread"),
                facts.ways().keySet());
        facts.ways().forEach((way, learnt) -> assertEquals(ANSWER_BYTES, learnt.bytes(), way));
        assertTrue(facts.notYet() > 0, "poll never said \"not yet\"");

        Learnt callback = facts.ways().get("callback");
        assertTrue(callback.onLoop() && !callback.virtual(), callback.toString());
        Learnt stage = facts.ways().get("stage");
        assertTrue(stage.onLoop() && !stage.virtual(), stage.toString());
        Learnt green = facts.ways().get("await on a green thread");
        assertTrue(green.onLoop() && green.virtual(), green.toString());
        Learnt platform = facts.ways().get("await on a platform thread");
        assertFalse(platform.onLoop() || platform.virtual(), platform.toString());
        String caller = Thread.currentThread().getName();
        assertEquals(caller, facts.ways().get("poll").thread());
        assertEquals(caller, facts.ways().get("notification").thread());
    }
}
