package dev.pumasi.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(SeedParameter.class)
final class SeedTest {

    @Test
    void dice_fall_as_the_reference_implementation_of_splitmix64() {
        Dice dice = new Seed(1234567).dice();
        assertEquals(6457827717110365317L, dice.next());
        assertEquals(3203168211198807973L, dice.next());
        assertEquals(Long.parseUnsignedLong("9817491932198370423"), dice.next());
        assertEquals(4593380528125082431L, dice.next());
    }

    @Test
    void numbers_stay_within_their_bounds_and_reach_both(Seed seed) {
        Dice dice = seed.dice();
        boolean least = false;
        boolean most = false;
        for (int i = 0; i < 1_000; i++) {
            long drawn = dice.between(-2, 3);
            assertTrue(drawn >= -2 && drawn <= 3, "drew " + drawn);
            least |= drawn == -2;
            most |= drawn == 3;
            int index = dice.below(7);
            assertTrue(index >= 0 && index < 7, "drew " + index);
        }
        assertTrue(least && most);
        assertThrows(IllegalArgumentException.class, () -> dice.between(1, 0));
        assertThrows(IllegalArgumentException.class, () -> dice.below(0));
    }

    @Test
    void chance_is_about_as_often_as_said(Seed seed) {
        Dice dice = seed.dice();
        int hits = 0;
        for (int i = 0; i < 10_000; i++) {
            hits += dice.chance(0.3) ? 1 : 0;
        }
        // Seven standard deviations: a fair die falls outside once in 10^11 runs.
        assertTrue(hits > 2_680 && hits < 3_320, hits + " of 10000 at 0.3");
    }

    @Test
    void certain_answers_draw_nothing() {
        Dice one = new Seed(7).dice();
        Dice other = new Seed(7).dice();
        assertTrue(one.chance(1));
        assertTrue(!one.chance(0));
        assertEquals(other.next(), one.next());
    }

    @Test
    void parts_have_seeds_of_their_own_that_depend_on_nothing_else(Seed seed) {
        assertEquals(seed.split("network"), seed.split("network"));
        assertNotEquals(seed.split("network"), seed.split("disk"));
        assertNotEquals(seed.split("ab"), seed.split("ba"));
        assertNotEquals(seed.split(1), seed.split(2));
        assertNotEquals(seed.split("network"), new Seed(seed.value() + 1).split("network"));
    }

    @Test
    void what_a_failure_prints_is_accepted(Seed seed) {
        String printed = seed.replay().substring(("-D" + Seed.PROPERTY + "=").length());
        assertEquals(seed, Seed.parse(printed));
        assertEquals(new Seed(42), Seed.parse("42"));
        assertThrows(IllegalArgumentException.class, () -> Seed.parse("forty-two"));
    }
}
