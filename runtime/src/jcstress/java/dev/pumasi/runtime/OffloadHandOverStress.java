package dev.pumasi.runtime;

import java.util.Optional;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Work goes to a pool and back to a running loop while it is cancelled: it ends once, and with what it wrote. */
@JCStressTest
@State
@Outcome(id = "1, 7", expect = Expect.ACCEPTABLE, desc = "done, and what it wrote is there")
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "cancelled")
@Outcome(expect = Expect.FORBIDDEN, desc = "neither; or without what it wrote")
public class OffloadHandOverStress {

    private static final Offload POOL = Offload.open(2, 1 << 20);
    private static final Loop LOOP = LoopMaker.running();

    private int written;

    private final Operation<Integer> work = POOL.submitAbandonable(LOOP, () -> {
        written = 7;
        return 1;
    });

    @Actor
    public void cancels() {
        work.cancel();
    }

    @Actor
    public void waits(II_Result result) {
        Optional<Operation.Outcome<Integer>> outcome = work.poll();
        while (outcome.isEmpty()) {
            Thread.onSpinWait();
            outcome = work.poll();
        }
        switch (outcome.get()) {
            case Operation.Success<Integer>(Integer value) -> {
                result.r1 = value;
                result.r2 = written;
            }
            case Operation.Failed<Integer>(OperationException failure)
            when failure.failure() == Failure.CANCELLED -> {
                result.r1 = 0;
                result.r2 = 0;
            }
            case Operation.Failed<Integer> other -> result.r1 = -1;
        }
    }
}
