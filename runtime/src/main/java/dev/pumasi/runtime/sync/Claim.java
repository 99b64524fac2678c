package dev.pumasi.runtime.sync;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Who has one that waits: still nobody, the line that will let him pass, or he himself, who gave up.
 *
 * <pre>
 *   WAITING ── tryClaim ──→ CLAIMED ── grant ──→ DONE
 *      └────── tryGiveUp ─→ GIVEN_UP ── grant ──→ DONE    (only where giving up means to wait for something else)
 * </pre>
 *
 * The compare-and-set from WAITING is the only decision there is between handing over and giving up, so nothing is handed
 * to one who has gone, and nobody leaves with something in his hands. It is also what lets one wait at several lines: the
 * first to claim him has him.
 *
 * <p>Between CLAIMED and DONE the claimant writes what is handed over; DONE, a volatile write, publishes it to the waiter,
 * whose volatile read of DONE comes first. So one who is claimed cannot leave; he waits for DONE, which comes soon.
 */
abstract class Claim {

    private static final int WAITING = 0;
    private static final int CLAIMED = 1;
    private static final int GIVEN_UP = 2;
    private static final int DONE = 3;

    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Claim.class, "state", int.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    @SuppressWarnings("unused") // through STATE
    private volatile int state = WAITING;

    /** Where he was let pass. Written before DONE, read after. */
    private @Nullable Place passed;

    /** Takes him for one line; false if another has him, or he has gone. Any thread. */
    final boolean tryClaim() {
        return STATE.compareAndSet(this, WAITING, CLAIMED);
    }

    /** He goes; false if a line has him already, and will let him pass. */
    final boolean tryGiveUp() {
        return STATE.compareAndSet(this, WAITING, GIVEN_UP);
    }

    final boolean isWaiting() {
        return state == WAITING;
    }

    final boolean isDone() {
        return state == DONE;
    }

    /** Lets him pass: by whoever has claimed him, or whom he has asked after he gave up. Any thread, once. */
    final void grant(Place place) {
        passed = place;
        STATE.setVolatile(this, DONE);
        wake();
    }

    /** After {@link #isDone}. */
    final Place passed() {
        Place place = passed;
        if (place == null) {
            throw new IllegalStateException("not let pass yet");
        }
        return place;
    }

    /** Tells him that it is DONE. Any thread. */
    abstract void wake();
}
