package dev.pumasi.runtime.driver;

import java.util.Arrays;

/**
 * Which parts of which files were in the kernel's cache a moment ago, so that it need not be asked again for each piece of
 * a file that many are downloading: the question costs 40 ns for every page of 4 KiB, a tenth of what sending it does.
 *
 * <p>There is one range for each file; what touches it is added to it and takes its age. A file's place is its number modulo
 * {@value #PLACES}; of two files with one place the later has it. A file must be forgotten before its number can become
 * another's.
 *
 * <p>Belongs to one thread.
 */
final class KnownPages {

    /**
     * How long an answer counts. A page that the kernel drops within this time lets the loop wait for the disk, once; it
     * begins with those that nobody has wanted for long, and these have just been sent or are about to be.
     */
    static final long FRESH_NANOS = 20_000_000;

    private static final int PLACES = 64;
    private static final int NOBODY = -1;

    private final int[] files = new int[PLACES];
    private final long[] starts = new long[PLACES];
    private final long[] ends = new long[PLACES];
    private final long[] askedNanos = new long[PLACES];

    KnownPages() {
        Arrays.fill(files, NOBODY);
    }

    /** Whether all of the range was there a moment ago. */
    boolean covers(int file, long start, long end, long nowNanos) {
        int place = file % PLACES;
        return isFresh(place, file, nowNanos) && starts[place] <= start && end <= ends[place];
    }

    /** The kernel says that all of the range is there. */
    void learn(int file, long start, long end, long nowNanos) {
        int place = file % PLACES;
        if (isFresh(place, file, nowNanos) && start <= ends[place] && starts[place] <= end) {
            starts[place] = Math.min(starts[place], start);
            ends[place] = Math.max(ends[place], end);
        } else {
            files[place] = file;
            starts[place] = start;
            ends[place] = end;
            askedNanos[place] = nowNanos;
        }
    }

    void forget(int file) {
        int place = file % PLACES;
        if (files[place] == file) {
            files[place] = NOBODY;
        }
    }

    private boolean isFresh(int place, int file, long nowNanos) {
        return files[place] == file && nowNanos - askedNanos[place] < FRESH_NANOS;
    }
}
