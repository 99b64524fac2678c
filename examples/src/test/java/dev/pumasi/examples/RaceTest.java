package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

final class RaceTest extends EachDriver {

    @Test
    void whatIsSharedLosesIncrementsAndWhatIsConfinedOrGuardedDoesNot() throws Exception {
        List<Race.Way> ways = Race.run(story, driver, 20_000);

        assertTrue(ways.get(0).lost() > 0, "the race");
        assertEquals(40_000, ways.get(1).counted(), "confined");
        assertEquals(4_000, ways.get(2).counted(), "guarded");
        assertEquals(1, ways.get(3).counted(), "all ten had read 0");
    }
}
