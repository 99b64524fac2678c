package dev.pumasi.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The verdict on two figures: against values that can be counted by hand, and against chance. */
final class ComparisonTest {

    private static final double EXACT = 1e-12;

    @Test
    void roundsThatDoNotOverlapAreAsFarApartAsTheyCanBe() {
        // Of the 252 ways to deal ten rounds to two, two are as extreme; of the 70 ways to deal eight, two.
        assertEquals(
                2 / 252.0,
                Comparison.of(Spread.of(1.0, 2.0, 3.0, 4.0, 5.0), Spread.of(6.0, 7.0, 8.0, 9.0, 10.0))
                        .pValue(),
                EXACT);
        Comparison four = Comparison.of(Spread.of(6.0, 7.0, 8.0, 9.0), Spread.of(1.0, 2.0, 3.0, 4.0));
        assertEquals(2 / 70.0, four.pValue(), EXACT);
        assertTrue(four.isDifferent());
        assertEquals("3.00 times as much (p = 0.029)", four.inWords());
    }

    @Test
    void threeRoundsCanNeverTellThemApart() {
        Comparison three = Comparison.of(Spread.of(1.0, 2.0, 3.0), Spread.of(100.0, 200.0, 300.0));
        assertEquals(2 / 20.0, three.pValue(), EXACT);
        assertFalse(three.isDifferent());
        assertEquals("no significant difference (p = 0.100)", three.inWords());
    }

    @Test
    void equalRoundsShareTheirRanks() {
        assertEquals(
                1, Comparison.of(Spread.of(5.0, 5.0, 5.0), Spread.of(5.0, 5.0)).pValue(), EXACT);
        // Doubled ranks 3 3 3 | 8 8 ... : of the 10 ways to choose three of 1 1 1 2 2, one is as low, and none as high.
        assertEquals(
                1 / 10.0,
                Comparison.of(Spread.of(1.0, 1.0, 1.0), Spread.of(2.0, 2.0)).pValue(),
                EXACT);
    }

    @Test
    void withoutRoundsNothingDiffers() {
        assertFalse(Comparison.of(Spread.of(), Spread.of(1.0, 2.0)).isDifferent());
    }

    @Test
    void ofTheSameNoiseItCallsFewDifferent() {
        Random random = new Random(7);
        int different = 0;
        for (int i = 0; i < 2000; i++) {
            List<Double> one = new ArrayList<>();
            List<Double> other = new ArrayList<>();
            for (int round = 0; round < 5; round++) {
                one.add(random.nextGaussian());
                other.add(random.nextGaussian());
            }
            different += Comparison.of(new Spread(one), new Spread(other)).isDifferent() ? 1 : 0;
        }
        assertTrue(different > 20 && different < 100, different + " of 2000 were called different; 5 % are allowed");
    }

    @Test
    void aSpreadHasAMiddleAndTwoEnds() {
        assertEquals(3, Spread.of(9.0, 1.0, 3.0).median());
        assertEquals(2, Spread.of(3.0, 1.0).median());
        assertEquals(1, Spread.of(9.0, 1.0, 3.0).lowest());
        assertEquals(9, Spread.of(9.0, 1.0, 3.0).highest());
        assertTrue(Double.isNaN(Spread.of().median()));
    }
}
