package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.examples.Quadrants.Cost;
import dev.pumasi.examples.Quadrants.Quadrant;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class QuadrantsTest extends EachDriver {

    private static final int MESSAGES = Quadrants.ROUNDS * SlowPeers.COUNT;
    private static final int GAP_MILLIS = 15;

    @Test
    void theCountsOfTheFourQuadrantsRelateAsTheySay() throws Exception {
        Map<Quadrant, Cost> costs = new EnumMap<>(Quadrant.class);
        for (Quadrant quadrant : Quadrant.values()) {
            Cost cost = Quadrants.run(driver, quadrant, GAP_MILLIS);
            costs.put(quadrant, cost);
            for (int peer = 0; peer < SlowPeers.COUNT; peer++) {
                assertEquals(Quadrants.ROUNDS, Collections.frequency(cost.order(), peer), quadrant + " lost a message");
            }
        }
        Cost waits = costs.get(Quadrant.SYNCHRONOUS_BLOCKING);
        Cost asks = costs.get(Quadrant.SYNCHRONOUS_NON_BLOCKING);
        Cost isTold = costs.get(Quadrant.ASYNCHRONOUS_BLOCKING);
        Cost goesOn = costs.get(Quadrant.ASYNCHRONOUS_NON_BLOCKING);

        // Who waits for one peer after another takes them in that order, whoever speaks first.
        assertEquals(
                Collections.nCopies(Quadrants.ROUNDS, List.of(0, 1, 2)).stream()
                        .flatMap(List::stream)
                        .toList(),
                waits.order());
        // Who blocks enters the kernel for each message; a driver may return early now and then.
        assertTrue(waits.kernelCalls() <= 4 * MESSAGES, waits.toString());
        assertTrue(isTold.kernelCalls() <= 4 * MESSAGES, isTold.toString());
        // Who asks is mostly told "not yet", and enters the kernel each time.
        assertTrue(asks.kernelCalls() >= 20 * waits.kernelCalls(), asks + " " + waits);
        assertTrue(asks.kernelCalls() >= 20 * isTold.kernelCalls(), asks + " " + isTold);
        assertTrue(asks.notYet() >= asks.kernelCalls() - MESSAGES, asks.toString());
        for (Cost other : List.of(waits, isTold, goesOn)) {
            assertEquals(0, other.notYet(), other.toString());
        }
        // Only who is called back got anything else done.
        assertTrue(goesOn.workPieces() > MESSAGES, goesOn.toString());
        for (Cost other : List.of(waits, asks, isTold)) {
            assertEquals(0, other.workPieces(), other.toString());
        }
    }
}
