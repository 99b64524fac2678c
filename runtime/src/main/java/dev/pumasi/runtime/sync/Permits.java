package dev.pumasi.runtime.sync;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A number of permits and the line of those who wait for some: mutex and semaphore.
 *
 * <p>One word holds both: permits in the upper half, who waits in the lower. Only while nobody waits may permits be taken
 * by compare-and-set; otherwise only the holder of the line's baton takes them, so what he saw stays until he does.
 */
final class Permits extends Line {

    private static final long ONE = 1L << Integer.SIZE;

    private static final VarHandle WORD;

    static {
        try {
            WORD = MethodHandles.lookup().findVarHandle(Permits.class, "word", long.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    /** Who is to be told that somebody passes: the mutex, which notes its owner. Holding the baton. */
    interface Gatekeeper {
        void passes(Place place);
    }

    private final @Nullable Gatekeeper gatekeeper;

    private volatile long word;

    Permits(int permits, @Nullable Gatekeeper gatekeeper) {
        this.gatekeeper = gatekeeper;
        WORD.setRelease(this, permits * ONE);
    }

    private static int permits(long word) {
        return (int) (word >>> Integer.SIZE);
    }

    private static int waiting(long word) {
        return (int) word;
    }

    int permits() {
        return permits(word);
    }

    int waiting() {
        return waiting(word);
    }

    /** Takes some, if they are there and nobody waits. */
    boolean tryTake(int count) {
        while (true) {
            long now = word;
            if (waiting(now) != 0 || permits(now) < count) {
                return false;
            }
            if (WORD.compareAndSet(this, now, now - count * ONE)) {
                return true;
            }
        }
    }

    /** Gives some. False, and nothing happens, if there would be more than an int holds. */
    boolean give(int count) {
        while (true) {
            long now = word;
            if (permits(now) > Integer.MAX_VALUE - count) {
                return false;
            }
            if (WORD.compareAndSet(this, now, now + count * ONE)) {
                if (waiting(now) != 0) {
                    signal();
                }
                return true;
            }
        }
    }

    /** What a place in this line wants, unless it says otherwise. */
    private static int wanted(Place place) {
        return place.brought instanceof Integer count ? count : 1;
    }

    @Override
    boolean enlist(boolean surely) {
        while (true) {
            long now = word;
            if (waiting(now) >= WAITING_MAX && !surely) {
                return false;
            }
            if (WORD.compareAndSet(this, now, now + 1)) {
                return true;
            }
        }
    }

    @Override
    boolean ready(Place place) {
        return permits(word) >= wanted(place);
    }

    @Override
    void pass(Place place) {
        WORD.getAndAdd(this, -wanted(place) * ONE - 1);
        if (gatekeeper != null) {
            gatekeeper.passes(place);
        }
    }

    @Override
    void gone() {
        WORD.getAndAdd(this, -1L);
    }
}
