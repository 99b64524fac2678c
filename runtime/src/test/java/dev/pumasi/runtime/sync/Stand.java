package dev.pumasi.runtime.sync;

import dev.pumasi.runtime.OperationException;
import java.util.concurrent.locks.LockSupport;

/** One who waits in a line, for models: either until he is let pass, or not at all. */
final class Stand extends Claim {

    private final Thread thread = Thread.currentThread();

    /** Stands in line until he is let pass. */
    static Place wait(Line line, Object brings) {
        Stand stand = new Stand();
        Place place = new Place(stand, brings);
        enter(line, place);
        stand.untilDone();
        return stand.passed();
    }

    /** Stands in line and gives up at once; true if he was let pass all the same. */
    static boolean waitsNot(Line line, Place[] out, Object brings) {
        Stand stand = new Stand();
        Place place = new Place(stand, brings);
        out[0] = place;
        enter(line, place);
        if (stand.tryGiveUp()) {
            line.depart(place);
            return false;
        }
        stand.untilDone();
        return true;
    }

    private static void enter(Line line, Place place) {
        try {
            line.enter(place, "a model");
        } catch (OperationException tooMany) {
            throw new AssertionError(tooMany);
        }
    }

    private void untilDone() {
        while (!isDone()) {
            LockSupport.park(this);
        }
    }

    @Override
    void wake() {
        LockSupport.unpark(thread);
    }
}
