package dev.pumasi.runtime.driver;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What is remembered of the kernel's cache is never more than what it said, of that file, lately. */
final class KnownPagesTest {

    private static final long T = 1_000_000_000;

    private final KnownPages known = new KnownPages();

    @Test
    void nothingIsKnownAtFirst() {
        for (int file = 0; file < 200; file++) {
            assertFalse(known.covers(file, 0, 1, T));
        }
    }

    @Test
    void aRangeIsKnownAndNothingBeside() {
        known.learn(7, 100, 200, T);

        assertTrue(known.covers(7, 100, 200, T));
        assertTrue(known.covers(7, 150, 160, T));
        assertFalse(known.covers(7, 99, 200, T));
        assertFalse(known.covers(7, 100, 201, T));
        assertFalse(known.covers(8, 100, 200, T));
    }

    @Test
    void whatTouchesIsAddedAndAgesWithTheRest() {
        known.learn(7, 100, 200, T);
        known.learn(7, 200, 300, T + KnownPages.FRESH_NANOS - 1);

        assertTrue(known.covers(7, 100, 300, T + KnownPages.FRESH_NANOS - 1));
        assertFalse(known.covers(7, 250, 260, T + KnownPages.FRESH_NANOS), "the whole is as old as its oldest part");
    }

    @Test
    void aGapIsNotFilled() {
        known.learn(7, 100, 200, T);
        known.learn(7, 201, 300, T);

        assertFalse(known.covers(7, 100, 300, T));
        assertTrue(known.covers(7, 201, 300, T));
    }

    @Test
    void anOldAnswerCountsNoMore() {
        known.learn(7, 100, 200, T);

        assertTrue(known.covers(7, 100, 200, T + KnownPages.FRESH_NANOS - 1));
        assertFalse(known.covers(7, 100, 200, T + KnownPages.FRESH_NANOS));
    }

    @Test
    void aFileThatWasClosedIsForgotten() {
        known.learn(7, 100, 200, T);
        known.forget(7 + 64);
        assertTrue(known.covers(7, 100, 200, T), "another one in its place is not it");

        known.forget(7);

        assertFalse(known.covers(7, 100, 200, T));
    }

    /** Against bits: whatever is claimed must have been said of that file, not before its last forgetting, and lately. */
    @Test
    void neverMoreThanWasSaid() {
        long seed = Long.getLong("pumasi.seed", System.nanoTime());
        Random random = new Random(seed);
        int files = 128; // more than there are places
        BitSet[] said = new BitSet[files];
        long[][] when = new long[files][64];
        for (int file = 0; file < files; file++) {
            said[file] = new BitSet();
        }
        long now = T;
        int claims = 0;
        for (int step = 0; step < 100_000; step++) {
            now += random.nextInt(100_000);
            int file = random.nextInt(4) + 64 * random.nextInt(2);
            int start = random.nextInt(60);
            boolean learns = random.nextInt(20) < 8;
            int end = start + 1 + random.nextInt(learns ? 64 - start : 2);
            if (random.nextInt(50) == 0) {
                known.forget(file);
                said[file].clear();
            } else if (learns) {
                known.learn(file, start, end, now);
                said[file].set(start, end);
                Arrays.fill(when[file], start, end, now);
            } else if (known.covers(file, start, end, now)) {
                claims++;
                for (int page = start; page < end; page++) {
                    int asked = page;
                    assertTrue(said[file].get(page), () -> "page " + asked + ", pumasi.seed=" + seed);
                    assertTrue(now - when[file][page] < KnownPages.FRESH_NANOS, () -> "pumasi.seed=" + seed);
                }
            }
        }
        assertTrue(claims > 1000, () -> "the test says something, pumasi.seed=" + seed);
    }
}
