package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.examples.HandDrivenLoop.Turn;
import java.util.List;
import org.junit.jupiter.api.Test;

final class HandDrivenLoopTest extends EachDriver {

    private static final int STEP_MILLIS = 100;

    @Test
    void theInterestListShrinksWithEachEventUntilAllAreDone() throws Exception {
        List<Turn> turns = HandDrivenLoop.run(story, driver, STEP_MILLIS);

        List<String> connecting = turns.getFirst().interests();
        assertEquals(3, connecting.size(), connecting.toString());
        connecting.forEach(interest -> assertTrue(interest.startsWith("connect to "), interest));
        assertEquals(
                List.of("received spam", "received soup", "received rice", "the bell rings"),
                turns.stream()
                        .flatMap(turn -> turn.handled().stream())
                        .filter(what -> !what.startsWith("connected") && !what.startsWith("sent"))
                        .toList());

        int left = 3;
        for (Turn turn : turns) {
            long receiving = turn.interests().stream()
                    .filter(interest -> interest.startsWith("receive on "))
                    .count();
            boolean allConnected = turn.interests().stream().noneMatch(interest -> interest.startsWith("connect to "));
            if (allConnected) {
                assertEquals(left, receiving, "before the turn that handled " + turn.handled());
            }
            left -= (int) turn.handled().stream()
                    .filter(what -> what.startsWith("received"))
                    .count();
        }
        assertEquals(0, left);
        assertEquals(1, turns.getLast().timers(), "the bell was the last thing to wait for");
    }
}
