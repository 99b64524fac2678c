package dev.pumasi.runtime.sync;

import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** Two send where there is room for one, and one of them takes before: what was sent is taken or there, and whole. */
@JCStressTest
@State
@Outcome(id = "1, 0, 1", expect = Expect.ACCEPTABLE, desc = "one of the two was sent, and is there")
@Outcome(id = "2, 1, 1", expect = Expect.ACCEPTABLE, desc = "one was taken, which made room for the other")
@Outcome(expect = Expect.FORBIDDEN, desc = "lost, doubled, empty, or more than there is room for")
public class ChannelStress {

    private static final class Item {
        int text;
    }

    private final Items items = new Items(1);
    private int oneSent;
    private int otherSent;
    private int taken;

    private int send() {
        Item item = new Item();
        item.text = 1;
        return items.append(item) == Items.Attempt.DONE ? 1 : 0;
    }

    private static int text(@Nullable Object item) {
        return item instanceof Item known ? (known.text == 1 ? 1 : 100) : 0;
    }

    @Actor
    public void one() {
        oneSent = send();
    }

    @Actor
    public void takesAndSends() {
        taken = text(items.take());
        otherSent = send();
    }

    @Arbiter
    public void tells(III_Result result) {
        result.r1 = oneSent + otherSent;
        result.r2 = taken;
        result.r3 = items.size();
    }
}
