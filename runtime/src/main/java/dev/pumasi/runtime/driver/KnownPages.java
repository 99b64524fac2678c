package dev.pumasi.runtime.driver;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Which parts of which files were in the kernel's cache a moment ago, so that it need not be asked again for each piece of
 * a file that many are downloading: the question costs 40 ns for every page of 4 KiB, a tenth of what sending it does. What
 * has just been sent was there, too, so a file that is wanted all the time is hardly ever asked for.
 *
 * <p>Kept is when each block of {@value #BLOCK_BYTES} bytes was seen, in one of {@value #PLACES} places, which a hash finds; of
 * two blocks with one place the later has it. A block is seen as a whole or not at all: a range shows those that lie in it, and
 * needs all that it touches. A file must be forgotten before its number can become another's.
 *
 * <p>Belongs to one thread.
 */
final class KnownPages {

    /**
     * How long it counts. A page that the kernel drops within this time lets the loop wait for the disk, once; the kernel begins
     * with those that nobody has wanted for long.
     */
    static final long FRESH_NANOS = 20_000_000;

    static final int BLOCK_BYTES = 256 * 1024;

    /** Enough for 256 MiB. */
    private static final int PLACES = 1024;

    private static final int FILE_SHIFT = 40;
    private static final long NOBODY = -1;
    private static final long MIXING = 0x9e3779b97f4a7c15L; // Fibonacci hashing: Knuth, volume 3, 6.4
    private static final int PLACE_SHIFT = Long.SIZE - Integer.numberOfTrailingZeros(PLACES);

    /** The file's number and the block's, or nobody. */
    private final long[] blocks = new long[PLACES];

    private final long[] seenNanos = new long[PLACES];

    /** Files that may have a block here. */
    private final BitSet files = new BitSet();

    KnownPages() {
        Arrays.fill(blocks, NOBODY);
    }

    /** Up to where, from {@code start} and to {@code end} at most, everything was there a moment ago. */
    long knownUntil(int file, long start, long end, long nowNanos) {
        long at = start;
        while (at < end) {
            long number = at / BLOCK_BYTES;
            long block = block(file, number);
            int place = place(block);
            if (blocks[place] != block || nowNanos - seenNanos[place] >= FRESH_NANOS) {
                return at;
            }
            at = (number + 1) * BLOCK_BYTES;
        }
        return end;
    }

    /** All of the range is there. */
    void see(int file, long start, long end, long nowNanos) {
        long first = Math.ceilDiv(start, BLOCK_BYTES);
        long last = end / BLOCK_BYTES;
        for (long number = first; number < last; number++) {
            long block = block(file, number);
            int place = place(block);
            blocks[place] = block;
            seenNanos[place] = nowNanos;
            files.set(file);
        }
    }

    void forget(int file) {
        if (files.get(file)) {
            files.clear(file);
            for (int place = 0; place < PLACES; place++) {
                if (blocks[place] >> FILE_SHIFT == file) {
                    blocks[place] = NOBODY;
                }
            }
        }
    }

    /** No file has 2<sup>58</sup> bytes. */
    private static long block(int file, long number) {
        return (long) file << FILE_SHIFT | number;
    }

    private static int place(long block) {
        return (int) (block * MIXING >>> PLACE_SHIFT);
    }
}
