package dev.pumasi.runtime;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/**
 * Events of JDK Flight Recorder. With {@link JfrEcho} the one class of the runtime that names this module, and
 * loaded only where it is. While nothing records, an event costs a look at a flag.
 */
final class JfrRecorder implements Recorder {

    @Override
    public void stalled(String loop, long heldNanos, String holder, String verdict, String stack) {
        LoopStall event = new LoopStall();
        if (event.isEnabled()) {
            event.loop = loop;
            event.held = heldNanos;
            event.holder = holder;
            event.verdict = verdict;
            event.stack = stack;
            event.commit();
        }
    }

    @Override
    public void resumed(String loop, long lastedNanos) {
        LoopStallEnd event = new LoopStallEnd();
        if (event.isEnabled()) {
            event.loop = loop;
            event.lasted = lastedNanos;
            event.commit();
        }
    }

    @Override
    public void hopped(String loop, String waiter, String waitersStack, String waker, String wakersStack) {
        Hop event = new Hop();
        if (event.isEnabled()) {
            event.loop = loop;
            event.waiter = waiter;
            event.waitersStack = waitersStack;
            event.waker = waker;
            event.wakersStack = wakersStack;
            event.commit();
        }
    }

    @Override
    public Echo echo(String loop) {
        return new JfrEcho(loop);
    }

    /** Found by the watchdog, so the stack is a field: the event's own would be the watchdog's. */
    @Name("dev.pumasi.LoopStall")
    @Label("Loop Stall")
    @Category("Pumasi")
    @Description("A loop was found not to turn")
    @StackTrace(false)
    static final class LoopStall extends Event {

        @Label("Loop")
        String loop = "";

        @Label("Held So Far")
        @Timespan(Timespan.NANOSECONDS)
        long held;

        @Label("Holder")
        String holder = "";

        @Label("Verdict")
        String verdict = "";

        @Label("Stack of the Holder")
        String stack = "";
    }

    @Name("dev.pumasi.LoopStallEnd")
    @Label("Loop Stall End")
    @Category("Pumasi")
    @Description("A loop that did not turn turns again")
    @StackTrace(false)
    static final class LoopStallEnd extends Event {

        @Label("Loop")
        String loop = "";

        @Label("Lasted About")
        @Timespan(Timespan.NANOSECONDS)
        long lasted;
    }

    /** Seen from the loop, so both stacks are fields: the event's own would be the loop's. */
    @Name("dev.pumasi.Hop")
    @Label("Hop")
    @Category("Pumasi")
    @Description("A green thread was woken by a foreign thread")
    @StackTrace(false)
    static final class Hop extends Event {

        @Label("Loop")
        String loop = "";

        @Label("Waiter")
        String waiter = "";

        @Label("Stack of the Waiter")
        String waitersStack = "";

        @Label("Waker")
        String waker = "";

        @Label("Stack of the Waker")
        String wakersStack = "";
    }
}
