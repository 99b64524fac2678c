package dev.pumasi.runtime.driver;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Which parts of which files were in the kernel's cache a moment ago, so that it need not be asked again for each piece of
 * a file that many are downloading: the question costs 40 ns for every page of 4 KiB, a tenth of what sending it does. What
 * has just been sent was there, too, so a file that is wanted all the time is hardly ever asked for.
 *
 * <p>Kept is when each block of {@value #BLOCK_BYTES} bytes was seen, in one of {@value #PLACES} places, which a hash finds; of
 * two blocks with one place the later has it. Of a block its beginning is seen, as far as a range has reached that began before
 * it or with it: most files end within their first block, and all end within one. A file must be forgotten before its number
 * can become another's.
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

    /** How many bytes of the block, from its beginning on. */
    private final int[] seenBytes = new int[PLACES];

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
            long seen = number * BLOCK_BYTES + seenBytes[place];
            if (seen < (number + 1) * BLOCK_BYTES) {
                return Math.clamp(seen, at, end);
            }
            at = seen;
        }
        return end;
    }

    /** All of the range is there. */
    void see(int file, long start, long end, long nowNanos) {
        long first = Math.ceilDiv(start, BLOCK_BYTES);
        if (first * BLOCK_BYTES > start) {
            extend(
                    block(file, first - 1),
                    start - (first - 1) * BLOCK_BYTES,
                    end - (first - 1) * BLOCK_BYTES,
                    nowNanos);
        }
        for (long number = first; number * BLOCK_BYTES < end; number++) {
            long block = block(file, number);
            int place = place(block);
            int bytes = (int) Math.min(end - number * BLOCK_BYTES, BLOCK_BYTES);
            boolean seenMore =
                    blocks[place] == block && seenBytes[place] > bytes && nowNanos - seenNanos[place] < FRESH_NANOS;
            if (!seenMore) { // else a short range would hide what a long one has shown
                blocks[place] = block;
                seenNanos[place] = nowNanos;
                seenBytes[place] = bytes;
                files.set(file);
            }
        }
    }

    /** Of the block more is there than was known, if what was known reaches to its start; it counts from the older on. */
    private void extend(long block, long start, long end, long nowNanos) {
        int place = place(block);
        if (blocks[place] == block && nowNanos - seenNanos[place] < FRESH_NANOS && start <= seenBytes[place]) {
            seenBytes[place] = Math.max(seenBytes[place], (int) Math.min(end, BLOCK_BYTES));
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
