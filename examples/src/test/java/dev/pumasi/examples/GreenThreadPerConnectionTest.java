package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.examples.GreenThreadPerConnection.Noticed;
import dev.pumasi.runtime.Loop;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class GreenThreadPerConnectionTest extends EachDriver {

    private static final int BLOCK_MILLIS = 400;

    @Test
    void aBlockingCallStopsTheNeighbourUnlessItIsOffloaded() throws Exception {
        assertTrue(Loop.greenThreadsRunOnLoop(), "the tests run with --add-opens: " + Loop.greenThreads());

        GreenThreadPerConnection.Facts facts = GreenThreadPerConnection.run(story, driver, BLOCK_MILLIS);

        assertEquals(1, facts.carriers(), "threads that carried the handlers");
        assertEquals(2, facts.calls().size());
        Noticed hazard = facts.calls().getFirst();
        assertEquals(0, hazard.ticksMeanwhile(), hazard.call());
        long almost = TimeUnit.MILLISECONDS.toNanos(BLOCK_MILLIS * 9 / 10);
        assertTrue(hazard.longestGapNanos() > almost, "gap of " + hazard.longestGapNanos() + " ns");
        Noticed cure = facts.calls().getLast();
        assertTrue(cure.ticksMeanwhile() >= 3, cure.toString()); // about 40 on an idle machine
        assertEquals(0, facts.hops(), "wake-ups from other threads: the pool's answers come by way of the loop");
    }
}
