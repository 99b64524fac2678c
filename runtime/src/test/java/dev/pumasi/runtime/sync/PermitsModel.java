package dev.pumasi.runtime.sync;

import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;

/**
 * One permit: taken and given back, waited for and given up. Who waits without giving up must be let pass in the end, else
 * the checker reports that nothing moves any more; and when all is over the permit is there and nobody is in line.
 */
public class PermitsModel {

    private final Permits permits = new Permits(1, null);
    private final AtomicInteger inside = new AtomicInteger();

    private void useAndGive() {
        if (inside.incrementAndGet() != 1) {
            throw new IllegalStateException("two have the one permit");
        }
        inside.decrementAndGet();
        permits.give(1);
    }

    @Operation
    public void use() {
        Stand.wait(permits, 1);
        useAndGive();
    }

    @Operation
    public void tryToUse() {
        if (permits.tryTake(1)) {
            useAndGive();
        }
    }

    @Operation
    public void useOrGiveUp() {
        if (Stand.waitsNot(permits, new Place[1], 1)) {
            useAndGive();
        }
    }

    @Validate
    public void nothingIsLost() {
        if (permits.permits() != 1 || permits.waiting() != 0) {
            throw new IllegalStateException(permits.permits() + " permits, " + permits.waiting() + " waiting");
        }
        if (!permits.isIdle()) {
            throw new IllegalStateException("somebody still has the baton");
        }
    }
}
