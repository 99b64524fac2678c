package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.Test;

final class LoadBalancingTest extends EachDriver {

    @Test
    void nobodyNoticesWhoIsThere() throws Exception {
        LoadBalancing.Facts facts = LoadBalancing.run(story, driver);
        Map<String, Integer> all = Map.of("Ann", 10, "Bo", 10, "Cho", 10);
        assertEquals(all, facts.rounds().get(0));
        assertEquals(Map.of("Ann", 15, "Cho", 15), facts.rounds().get(1));
        assertEquals(3, facts.rounds().get(2).size(), "Bo serves again");
        assertEquals(
                30, facts.rounds().get(2).values().stream().mapToInt(n -> n).sum());
        assertEquals(Map.of("Ann", 15, "Bo", 15), facts.rounds().get(3));
        assertEquals(0, facts.failed());
    }
}
