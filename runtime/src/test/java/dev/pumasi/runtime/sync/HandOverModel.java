package dev.pumasi.runtime.sync;

import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;

/** Permits that come while those who wait for them give up: each is taken once, or is still there. */
public class HandOverModel {

    private final Permits permits = new Permits(0, null);
    private final AtomicInteger given = new AtomicInteger();
    private final AtomicInteger taken = new AtomicInteger();

    @Operation
    public void give() {
        given.incrementAndGet();
        permits.give(1);
    }

    @Operation
    public void takeOrGiveUp() {
        if (Stand.waitsNot(permits, new Place[1], 1)) {
            taken.incrementAndGet();
        }
    }

    @Validate
    public void nothingIsLost() {
        if (permits.permits() + taken.get() != given.get() || permits.waiting() != 0) {
            throw new IllegalStateException(given + " given, " + taken + " taken, " + permits.permits() + " left, "
                    + permits.waiting() + " waiting");
        }
    }
}
