package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

final class ChannelsTest extends EachDriver {

    @Test
    void everythingIsEatenAndNobodyHops() throws Exception {
        Channels.Meal meal = Channels.run(story, driver);

        assertEquals(
                List.of("rice 1", "rice 2", "rice 3", "soup 1", "soup 2", "soup 3"),
                meal.eaten().stream().sorted().toList());
        assertTrue(meal.complaints() > 0, "rice takes longer than the guest's patience");
        assertEquals(0, meal.hops());
    }
}
