package dev.pumasi.runtime;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** An operation ends while a thread asks whether it has, and to be notified: what was written before the end is seen after. */
@JCStressTest
@State
@Outcome(id = "-1, 1, 7", expect = Expect.ACCEPTABLE, desc = "not yet")
@Outcome(id = "7, 1, 7", expect = Expect.ACCEPTABLE, desc = "done, and what it wrote is there")
@Outcome(expect = Expect.FORBIDDEN, desc = "done without its bytes; or notified not once")
public class OperationPublishesStress {

    private static final class Told extends Operation<Integer> {

        Told(Loop loop) {
            super(loop);
        }

        @Override
        void start() {}

        @Override
        void requestCancel() {}

        @Override
        String describe() {
            return "stressed";
        }
    }

    private static final Loop LOOP = new LoopMaker().loop();

    private final Told operation = new Told(LOOP);
    private final CompletionQueue queue = new CompletionQueue();

    /** As a driver writes into somebody's buffer. */
    private int written;

    @Actor
    public void ends() {
        written = 7;
        operation.succeed(1);
    }

    @Actor
    public void asksAndWantsToBeNotified(III_Result result) {
        result.r1 = operation.isDone() ? written : -1;
        operation.notify(queue);
    }

    @Arbiter
    public void tells(III_Result result) {
        result.r2 = queue.drain().size();
        result.r3 = written;
    }
}
