package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;

final class OffTheLoopTest extends EachDriver {

    @Test
    void eachLearnsOfItsCallOnTheLoopAndTooMuchIsRefused() throws Exception {
        OffTheLoop.Facts facts = OffTheLoop.run(story, driver, 50);

        assertEquals(
                Map.of(
                        "green thread", "soup",
                        "callback", "rice",
                        "stage", "spam",
                        "not begun", "TIMED_OUT",
                        "begun", "TIMED_OUT"),
                facts.answers());
        assertEquals(
                Map.of("green thread", "green thread on loop-0", "callback", "loop-0", "stage", "loop-0"),
                facts.threads());
        int taken = OffTheLoop.THREADS + OffTheLoop.WAITING_MAX;
        assertEquals(Map.of("done", taken, "REJECTED", OffTheLoop.AT_ONCE - taken), facts.ends());
        assertTrue(facts.ticks() > 0, "the loop went on");
        assertEquals(OffTheLoop.AT_ONCE - taken, facts.status().rejected());
        assertEquals(0, facts.status().waiting());
        assertEquals(0, facts.hops());
    }
}
