package dev.pumasi.runtime.sync;

import dev.pumasi.runtime.OperationException;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** A permit comes while one waits for it, gives up and tries once more: it is taken once, or is still there. */
@JCStressTest
@State
@Outcome(id = "0, 1, 0", expect = Expect.ACCEPTABLE, desc = "left over")
@Outcome(id = "1, 0, 0", expect = Expect.ACCEPTABLE, desc = "handed over, with what was written before")
@Outcome(id = "2, 0, 0", expect = Expect.ACCEPTABLE, desc = "taken by trying, after giving up")
@Outcome(expect = Expect.FORBIDDEN, desc = "lost, doubled, or somebody is left in line")
public class PermitsStress {

    private final Permits permits = new Permits(0, null);
    private int written;
    private int handedOver;
    private int tried;

    private static final class Waiter extends Claim {
        @Override
        void wake() {}
    }

    @Actor
    public void gives() {
        written = 1;
        permits.give(1);
    }

    @Actor
    public void waitsAndGivesUp() {
        Waiter waiter = new Waiter();
        Place place = new Place(waiter, 1);
        try {
            permits.enter(place, "stressed");
        } catch (OperationException tooMany) {
            throw new AssertionError(tooMany);
        }
        if (waiter.tryGiveUp()) {
            permits.depart(place);
            tried = permits.tryTake(1) ? 2 : 0;
            return;
        }
        while (!waiter.isDone()) {
            Thread.onSpinWait();
        }
        handedOver = written;
    }

    @Arbiter
    public void tells(III_Result result) {
        result.r1 = handedOver + tried;
        result.r2 = permits.permits();
        result.r3 = permits.waiting() + (permits.isIdle() ? 0 : 10);
    }
}
