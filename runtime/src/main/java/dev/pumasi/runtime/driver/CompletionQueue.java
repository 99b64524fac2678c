package dev.pumasi.runtime.driver;

/**
 * Completions on their way to the next {@link Driver#poll}, first in, first out. It grows to what is asked of it: the
 * contract of {@link Driver} bounds that by two operations per handle and one batch of accepted connections per
 * listener. Belongs to one thread.
 */
final class CompletionQueue {

    private static final int CAPACITY_FIRST = 256;

    private long[] tokens = new long[CAPACITY_FIRST];
    private int[] results = new int[CAPACITY_FIRST];
    private int[] flags = new int[CAPACITY_FIRST];
    private int head;
    private int size;

    void add(long token, int result, int flag) {
        if (size == tokens.length) {
            grow();
        }
        int tail = head + size & tokens.length - 1;
        tokens[tail] = token;
        results[tail] = result;
        flags[tail] = flag;
        size++;
    }

    /** Moves as many as there is room for. */
    void moveTo(Completions completions) {
        int count = Math.min(size, completions.room());
        int mask = tokens.length - 1;
        for (int i = 0; i < count; i++) {
            int at = head + i & mask;
            completions.add(tokens[at], results[at], flags[at]);
        }
        head = head + count & mask;
        size -= count;
    }

    boolean isEmpty() {
        return size == 0;
    }

    int size() {
        return size;
    }

    private void grow() {
        int capacity = tokens.length;
        long[] largerTokens = new long[2 * capacity];
        int[] largerResults = new int[2 * capacity];
        int[] largerFlags = new int[2 * capacity];
        for (int i = 0; i < size; i++) {
            int at = head + i & capacity - 1;
            largerTokens[i] = tokens[at];
            largerResults[i] = results[at];
            largerFlags[i] = flags[at];
        }
        tokens = largerTokens;
        results = largerResults;
        flags = largerFlags;
        head = 0;
    }
}
