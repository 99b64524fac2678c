package dev.pumasi.runtime;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** Two threads post to a mailbox of a running loop: each letter arrives once, with what was written before it was posted. */
@JCStressTest
@State
@Outcome(id = "3", expect = Expect.ACCEPTABLE, desc = "both, once")
@Outcome(expect = Expect.FORBIDDEN, desc = "one is lost, doubled or empty")
public class MailboxStress {

    private static final Loop LOOP = LoopMaker.running();

    private static final class Letter {
        int text;
    }

    /** Of the loop; the volatile count tells who looks from outside. */
    private int sum;

    private volatile int arrived;

    private final Mailbox<Letter> mailbox = Mailbox.open(LOOP, 2, letter -> {
        sum += letter.text;
        arrived++;
    });

    private void post(int text) {
        Letter letter = new Letter();
        letter.text = text;
        mailbox.post(letter);
    }

    @Actor
    public void one() {
        post(1);
    }

    @Actor
    public void other(I_Result result) {
        post(2);
        while (arrived < 2) {
            Thread.onSpinWait();
        }
        result.r1 = sum;
        mailbox.close();
    }
}
