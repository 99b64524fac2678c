package dev.pumasi.runtime;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Every operation in progress on a loop, found again by its token when it completes: slot in the lower half, the slot's
 * generation in the upper. A slot is free again after the last completion, and its generation moves on, so that a
 * completion which arrives for an earlier tenant is recognised. Belongs to the loop's thread.
 */
final class InterestList {

    /** Far above what descriptors allow; reaching it means operations are started and never awaited. */
    static final int OPERATIONS_MAX = 1 << 24;

    private static final int INITIAL_CAPACITY = 64;

    private @Nullable Pending[] tenants = new @Nullable Pending[INITIAL_CAPACITY];
    private int[] generations = new int[INITIAL_CAPACITY];
    private int[] free = new int[INITIAL_CAPACITY];
    private int freeSize;
    private int used;

    /** Enters it and sets its token. */
    long enter(Pending pending) {
        int slot;
        if (freeSize > 0) {
            slot = free[--freeSize];
        } else {
            if (used == tenants.length) {
                grow();
            }
            slot = used++;
        }
        tenants[slot] = pending;
        // Never 0, whatever the slot: generations begin at 1 and skip 0 when they wrap. The sign bit stays clear.
        int generation = generations[slot] + 1 & Integer.MAX_VALUE;
        generations[slot] = generation == 0 ? 1 : generation;
        long token = (long) generations[slot] << 32 | slot;
        pending.token = token;
        return token;
    }

    /** Whose completion this is; null if the slot has moved on. */
    @Nullable
    Pending find(long token) {
        int slot = (int) token;
        if (slot < 0 || slot >= used || generations[slot] != (int) (token >>> 32)) {
            return null;
        }
        return tenants[slot];
    }

    void leave(Pending pending) {
        int slot = (int) pending.token;
        tenants[slot] = null;
        pending.token = 0;
        free[freeSize++] = slot;
    }

    int size() {
        return used - freeSize;
    }

    List<Pending> all() {
        List<Pending> all = new ArrayList<>(size());
        for (int slot = 0; slot < used; slot++) {
            Pending pending = tenants[slot];
            if (pending != null) {
                all.add(pending);
            }
        }
        return all;
    }

    private void grow() {
        if (used >= OPERATIONS_MAX) {
            throw new IllegalStateException("a loop holds " + OPERATIONS_MAX + " operations in progress at most");
        }
        int capacity = used * 2;
        tenants = Arrays.copyOf(tenants, capacity);
        generations = Arrays.copyOf(generations, capacity);
        free = Arrays.copyOf(free, capacity);
    }
}
