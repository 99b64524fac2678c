package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Driver;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** A loop goes to sleep while somebody posts a task to it: it does not wait, or is woken, and the task runs in that turn. */
@JCStressTest
@State
@Outcome(id = "0, 0, 1", expect = Expect.ACCEPTABLE, desc = "the task was there when the loop looked")
@Outcome(id = "1, 0, 1", expect = Expect.ACCEPTABLE, desc = "it came later, and the poster woke the loop")
@Outcome(expect = Expect.FORBIDDEN, desc = "a loop that sleeps while a task waits for it")
public class LoopSleepStress {

    private final LoopMaker maker = new LoopMaker();
    private final Loop loop = maker.loop();

    /** Of the turning thread. */
    private int ran;

    @Actor
    public void turns(III_Result result) {
        loop.turn(Driver.FOREVER);
        result.r1 = maker.waited ? 1 : 0;
        result.r2 = maker.overslept ? 1 : 0;
        result.r3 = ran;
    }

    @Actor
    public void posts() {
        loop.execute(() -> ran++);
        maker.posted = true;
    }
}
