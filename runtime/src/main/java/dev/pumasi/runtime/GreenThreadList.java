package dev.pumasi.runtime;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The green threads that a loop has begun and not yet ended, so that a watchdog or a dump can name them. A green thread
 * enters itself when it first runs and leaves when it ends; both happen on the loop, for every request of a server, so
 * they cost an array store each and allocate nothing.
 *
 * <p><b>Order.</b> The loop writes; anybody reads, also while the loop is stuck, which is when it matters. A slot is
 * release-stored and acquire-loaded, so that whoever finds a thread sees it whole. A reader may miss one that has just
 * begun and see one that has just ended, which says so by its state. When the arrays grow they are replaced, and who
 * still reads the old ones sees what was true then.
 *
 * <p>Green threads on the JDK's default scheduler begin and end anywhere, hence under this object's monitor.
 */
final class GreenThreadList {

    /** More are run, but not listed. */
    static final int LISTED_MAX = 1 << 24;

    private static final int INITIAL_CAPACITY = 64;
    private static final int NOT_LISTED = -1;

    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(Thread[].class);

    private volatile @Nullable Thread[] slots = new @Nullable Thread[INITIAL_CAPACITY];

    /** Slots that were used and are free, as a stack. */
    private int[] free = new int[INITIAL_CAPACITY];

    private int freeSize;

    /** How many slots have ever been used. Written by the loop; a reader looks at all of the array anyway. */
    private int used;

    private int unlisted;

    /** Enters the calling thread, which has just begun, and returns its slot for {@link #leave}. */
    int enter(Thread green) {
        if (GreenThreads.BACK_END.runsOnLoop()) {
            return add(green);
        }
        synchronized (this) {
            return add(green);
        }
    }

    void leave(int slot) {
        if (GreenThreads.BACK_END.runsOnLoop()) {
            remove(slot);
            return;
        }
        synchronized (this) {
            remove(slot);
        }
    }

    /** How many have begun and not ended. Any thread; now, or a little later. */
    int size() {
        return used - freeSize + unlisted;
    }

    /** How far the slots reach: {@link #at} answers below that. Any thread. */
    int reach() {
        return slots.length;
    }

    /** Who is in that slot; null if nobody is. Any thread. */
    @Nullable
    Thread at(int slot) {
        @Nullable Thread[] now = slots;
        return slot < now.length ? (Thread) SLOT.getAcquire(now, slot) : null;
    }

    /** Those that are listed just now. Any thread. */
    List<Thread> all() {
        List<Thread> all = new ArrayList<>();
        for (int slot = 0, reach = reach(); slot < reach; slot++) {
            Thread green = at(slot);
            if (green != null) {
                all.add(green);
            }
        }
        return all;
    }

    /** The one that {@code carrier} executes just now; null if it executes none, or if it cannot be known. */
    @Nullable
    @SuppressWarnings("ReferenceEquality") // a thread is itself
    Thread mountedOn(Thread carrier) {
        for (int slot = 0, reach = reach(); slot < reach; slot++) {
            Thread green = at(slot);
            if (green != null && Carrier.of(green) == carrier) {
                return green;
            }
        }
        return null;
    }

    private int add(Thread green) {
        int slot;
        if (freeSize > 0) {
            slot = free[--freeSize];
        } else if (used < LISTED_MAX) {
            slot = used;
            if (slot == slots.length) {
                grow();
            }
            used = slot + 1;
        } else {
            unlisted++;
            return NOT_LISTED;
        }
        SLOT.setRelease(slots, slot, green);
        return slot;
    }

    private void remove(int slot) {
        if (slot == NOT_LISTED) {
            unlisted--;
            return;
        }
        // Opaque is enough: nobody concludes anything from an empty slot.
        SLOT.setOpaque(slots, slot, null);
        free[freeSize++] = slot;
    }

    private void grow() {
        int capacity = used * 2;
        free = Arrays.copyOf(free, capacity);
        slots = Arrays.copyOf(slots, capacity); // volatile: the copies are seen with the array
    }
}
