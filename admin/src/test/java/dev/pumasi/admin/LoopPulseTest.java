package dev.pumasi.admin;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.RecordedEvent;
import dev.pumasi.runtime.RecordedKind;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a loop's recording says of how busy it is. */
final class LoopPulseTest {

    private static final long MILLI = 1_000_000;

    private final LoopPulse pulse = new LoopPulse();

    private void note(long millis, RecordedKind kind, long number) {
        pulse.take(new RecordedEvent("loop-0", millis * MILLI, kind, "", number));
    }

    @Test
    void busyIsTheShareOfTimeInTurns() {
        pulse.begin(0);
        note(0, RecordedKind.TURN_ENDED, 1);
        note(20, RecordedKind.TURN_BEGUN, 1);
        note(25, RecordedKind.TURN_ENDED, 1);
        LoopPulse.Beat beat = pulse.beat(40 * MILLI);
        assertArrayEquals(new int[] {0, 0, 50, 0}, beat.busy());
        assertEquals(5.0 / 40, beat.share(), 1e-9);
        assertEquals(5 * MILLI, beat.longestNanos());
        assertEquals(5 * MILLI, beat.medianNanos(), 0.1 * 5 * MILLI);
        assertEquals(List.of(new LoopPulse.LongTurn(20 * MILLI, 5 * MILLI, 0)), beat.longTurns());
    }

    @Test
    void greenThreadsArePartOfIt() {
        pulse.begin(0);
        note(0, RecordedKind.TURN_ENDED, 1);
        note(0, RecordedKind.TURN_BEGUN, 1);
        note(2, RecordedKind.GREEN_BEGUN, 7);
        note(8, RecordedKind.GREEN_PARKED, 7);
        note(10, RecordedKind.TURN_ENDED, 1);
        LoopPulse.Beat beat = pulse.beat(20 * MILLI);
        assertArrayEquals(new int[] {100, 0}, beat.busy());
        assertArrayEquals(new int[] {60, 0}, beat.green());
        assertEquals(7, beat.longTurns().getFirst().thread());
    }

    @Test
    void aTurnThatDoesNotEndIsSeenWhileItLasts() {
        pulse.begin(0);
        note(0, RecordedKind.TURN_ENDED, 1);
        note(10, RecordedKind.TURN_BEGUN, 1);
        note(10, RecordedKind.GREEN_BEGUN, 9);
        assertArrayEquals(new int[] {0, 100, 100}, pulse.beat(30 * MILLI).busy());
        LoopPulse.Beat later = pulse.beat(50 * MILLI);
        assertArrayEquals(new int[] {100, 100}, later.busy());
        assertArrayEquals(new int[] {100, 100}, later.green());
        assertEquals(List.of(new LoopPulse.LongTurn(10 * MILLI, 40 * MILLI, 9)), later.longTurns());
        assertEquals(40 * MILLI, later.longestNanos());
    }

    @Test
    void whatWasOverwrittenIsNotGuessed() {
        pulse.begin(0);
        note(0, RecordedKind.TURN_ENDED, 1);
        note(10, RecordedKind.TURN_BEGUN, 1);
        pulse.gap();
        note(30, RecordedKind.TURN_BEGUN, 1);
        note(35, RecordedKind.TURN_ENDED, 1);
        LoopPulse.Beat beat = pulse.beat(40 * MILLI);
        assertArrayEquals(new int[] {0, -1, -1, 50}, beat.busy());
        assertEquals(5.0 / 20, beat.share(), 1e-9, "of the time that is known");
    }

    @Test
    void aLongPauseBetweenLooksLeavesNothingBehind() {
        pulse.begin(0);
        note(0, RecordedKind.TURN_ENDED, 0);
        pulse.beat(60_000 * MILLI);
        note(60_000, RecordedKind.TURN_ENDED, 1);
        LoopPulse.Beat beat = pulse.beat(65_200 * MILLI);
        for (int busy : beat.busy()) {
            assertTrue(busy <= 0, "busy " + busy + " of a loop that slept");
        }
    }

    @Test
    void theLongestTurnsAreKept() {
        pulse.begin(0);
        note(0, RecordedKind.TURN_ENDED, 1);
        long at = 0;
        for (int i = 0; i < 20; i++) {
            note(at, RecordedKind.TURN_BEGUN, 1);
            at += 6 + i;
            note(at, RecordedKind.TURN_ENDED, 1);
        }
        List<LoopPulse.LongTurn> turns = pulse.beat(at * MILLI).longTurns();
        assertEquals(LoopPulse.LONG_TURNS_MAX, turns.size());
        assertTrue(turns.stream().allMatch(turn -> turn.nanos() >= 18 * MILLI), () -> "shorter ones: " + turns);
    }
}
