package dev.pumasi.queue;

import java.util.Arrays;

/**
 * Where some records of a segment begin: one for every {@value #SPACING_BYTES} bytes, so that a search reads that much at
 * most. In memory, for the segments that were written or read through since the log was opened; for others it is empty, and a search
 * begins at the segment's beginning. 24 bytes for each entry.
 */
final class SparseIndex {

    static final int SPACING_BYTES = 512 * 1024;

    private long[] sequences = new long[0];
    private long[] millis = new long[0];
    private long[] positions = new long[0];
    private int size;

    /** Takes note of a record, if the last one noted is far enough away. In the order of positions. */
    void note(long sequence, long storedMillis, long position) {
        if (size > 0 && position - positions[size - 1] < SPACING_BYTES) {
            return;
        }
        if (size == sequences.length) {
            int capacity = Math.max(16, 2 * size);
            sequences = Arrays.copyOf(sequences, capacity);
            millis = Arrays.copyOf(millis, capacity);
            positions = Arrays.copyOf(positions, capacity);
        }
        sequences[size] = sequence;
        millis[size] = storedMillis;
        positions[size] = position;
        size++;
    }

    /** The position of the last noted record whose sequence is not beyond that one; the first record's if there is none. */
    long before(long sequence) {
        int low = 0;
        int high = size;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (sequences[middle] <= sequence) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low == 0 ? Segment.HEADER_BYTES : positions[low - 1];
    }

    /** The sequence of the last noted record that was stored before that time; {@code otherwise} if there is none. */
    long sequenceBefore(long time, long otherwise) {
        int low = 0;
        int high = size;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (millis[middle] < time) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low == 0 ? otherwise : sequences[low - 1];
    }
}
