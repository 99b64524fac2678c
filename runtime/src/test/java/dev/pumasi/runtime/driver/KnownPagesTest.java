package dev.pumasi.runtime.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What is remembered of the kernel's cache is never more than what it said, of that file, lately. */
final class KnownPagesTest {

    private static final long T = 1_000_000_000;
    private static final long B = KnownPages.BLOCK_BYTES;

    private final KnownPages known = new KnownPages();

    @Test
    void nothingIsKnownAtFirst() {
        for (int file = 0; file < 200; file++) {
            assertEquals(0, known.knownUntil(file, 0, 1, T));
        }
    }

    @Test
    void theBlocksOfARangeAreKnownAndNothingBeside() {
        known.see(7, B + 1, 5 * B - 1, T); // 2, 3 and 4 begin in it; of 4 the last byte does not lie in it

        assertEquals(5 * B - 1, known.knownUntil(7, 2 * B, 9 * B, T));
        assertEquals(3 * B + 7, known.knownUntil(7, 2 * B + 5, 3 * B + 7, T));
        assertEquals(B, known.knownUntil(7, B, 3 * B, T));
        assertEquals(5 * B - 1, known.knownUntil(7, 5 * B - 1, 5 * B, T));
        assertEquals(2 * B, known.knownUntil(8, 2 * B, 3 * B, T), "another file");
    }

    @Test
    void whatIsSeenAgainCountsFromThenOn() {
        known.see(7, 0, 2 * B, T);
        known.see(7, B, 2 * B, T + KnownPages.FRESH_NANOS - 1);

        assertEquals(2 * B, known.knownUntil(7, 0, 2 * B, T + KnownPages.FRESH_NANOS - 1));
        assertEquals(0, known.knownUntil(7, 0, 2 * B, T + KnownPages.FRESH_NANOS));
        assertEquals(2 * B, known.knownUntil(7, B, 2 * B, T + KnownPages.FRESH_NANOS));
    }

    @Test
    void aSmallFileIsKnownToItsEnd() {
        known.see(7, 0, 10_000, T);

        assertEquals(10_000, known.knownUntil(7, 0, 10_000, T));
        assertEquals(10_000, known.knownUntil(7, 4_000, 20_000, T), "and no further");
    }

    @Test
    void pieceByPieceABlockIsKnownSinceTheFirst() {
        known.see(7, 0, 10_000, T);
        known.see(7, 10_000, 30_000, T + 5);
        known.see(7, 40_000, 50_000, T + 5); // there is a gap before it

        assertEquals(30_000, known.knownUntil(7, 0, B, T + 5));
        assertEquals(0, known.knownUntil(7, 0, B, T + KnownPages.FRESH_NANOS));
    }

    @Test
    void aShorterRangeDoesNotHideALongerOne() {
        known.see(7, 0, 30_000, T);
        known.see(7, 0, 10_000, T + 5);

        assertEquals(30_000, known.knownUntil(7, 0, B, T + 5));
        known.see(7, 0, 10_000, T + KnownPages.FRESH_NANOS);
        assertEquals(10_000, known.knownUntil(7, 0, B, T + KnownPages.FRESH_NANOS), "unless that is too old");
    }

    @Test
    void aFileThatWasClosedIsForgotten() {
        known.see(7, 0, 2 * B, T);
        known.see(8, 0, 2 * B, T);

        known.forget(7);

        assertEquals(0, known.knownUntil(7, 0, B, T));
        assertEquals(2 * B, known.knownUntil(8, 0, 2 * B, T), "another one is not");
    }

    /** Against bits: whatever is claimed must have been seen in that file, not before its last forgetting, and lately. */
    @Test
    void neverMoreThanWasSeen() {
        long seed = Long.getLong("pumasi.seed", System.nanoTime());
        Random random = new Random(seed);
        int files = 40;
        int quarters = 256; // of a block each: 40 files of 64 blocks have more blocks than there are places
        BitSet[] seen = new BitSet[files];
        long[][] when = new long[files][quarters];
        for (int file = 0; file < files; file++) {
            seen[file] = new BitSet();
        }
        long quarter = B / 4;
        long now = T;
        int claims = 0;
        for (int step = 0; step < 200_000; step++) {
            now += random.nextInt(20_000);
            int file = random.nextInt(files);
            int start = random.nextInt(quarters);
            int end = start + 1 + random.nextInt(quarters - start);
            if (random.nextInt(100) == 0) {
                known.forget(file);
                seen[file].clear();
            } else if (random.nextInt(3) == 0) {
                known.see(file, start * quarter, end * quarter, now);
                seen[file].set(start, end);
                Arrays.fill(when[file], start, end, now);
            } else {
                long until = known.knownUntil(file, start * quarter, end * quarter, now);
                assertTrue(until >= start * quarter && until <= end * quarter, () -> "pumasi.seed=" + seed);
                for (int each = start; each * quarter < until; each++) {
                    int asked = each;
                    claims++;
                    assertTrue(seen[file].get(asked), () -> "quarter " + asked + ", pumasi.seed=" + seed);
                    assertTrue(now - when[file][asked] < KnownPages.FRESH_NANOS, () -> "pumasi.seed=" + seed);
                }
            }
        }
        assertTrue(claims > 1000, () -> "the test says something, pumasi.seed=" + seed);
    }
}
