package dev.pumasi.runtime;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What is runnable on a loop, first in, first out: a ring that grows by doubling. Belongs to the loop's thread. */
final class RunQueue {

    private static final int INITIAL_CAPACITY = 256;

    private @Nullable Runnable[] ring = new @Nullable Runnable[INITIAL_CAPACITY];
    private int head;
    private int tail;

    void add(Runnable task) {
        if (tail - head == ring.length) {
            grow();
        }
        ring[tail++ & ring.length - 1] = task;
    }

    /** The oldest; the caller has seen that there is one. */
    Runnable remove() {
        int index = head++ & ring.length - 1;
        Runnable task = ring[index];
        ring[index] = null;
        return Objects.requireNonNull(task, "the queue is empty");
    }

    int size() {
        return tail - head;
    }

    boolean isEmpty() {
        return tail == head;
    }

    private void grow() {
        int size = size();
        @Nullable Runnable[] larger = Arrays.copyOf(ring, ring.length * 2);
        for (int i = 0; i < size; i++) {
            larger[i] = ring[head + i & ring.length - 1];
        }
        Arrays.fill(larger, size, larger.length, null);
        ring = larger;
        head = 0;
        tail = size;
    }
}
