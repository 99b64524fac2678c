package dev.pumasi.runtime;

import dev.pumasi.runtime.memory.Buffer;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Green threads: virtual threads of the stock JDK whose scheduler is a loop. They run on the loop's thread, between its
 * completions, and come back to it from every wait; so what they touch of their connection needs no lock.
 *
 * <p>The JDK has no official way to give a virtual thread another scheduler yet, so there are three back ends, one class
 * each, and the first that works is taken when this class is loaded:
 *
 * <ol>
 *   <li>{@link OfficialGreenThreads}: the hook of a later JDK, where {@code Thread.Builder.OfVirtual} takes a scheduler;
 *   <li>{@link OpenedGreenThreads}: JDK 21–25's own internal constructor, behind {@code --add-opens
 *       java.base/java.lang=ALL-UNNAMED} (the launcher and the executable jar set it);
 *   <li>{@link DefaultGreenThreads}: the JDK's default scheduler, which works everywhere, but every wake-up crosses to
 *       another thread and back: a hop each.
 * </ol>
 */
final class GreenThreads {

    /** The seam: how a virtual thread that belongs to a scheduler is made, and which platform thread carries the caller. */
    interface BackEnd {

        /** As a user reads it in one line at the start. */
        String describe();

        /** Whether green threads run on their loop, so that they may touch its state. */
        boolean runsOnLoop();

        /** A virtual thread, not started, whose every continuation is given to {@code scheduler}. */
        Thread unstarted(Executor scheduler, Runnable body);

        /** The platform thread that executes the caller, be it virtual or not. */
        Thread carrier();
    }

    static final BackEnd BACK_END = choose();

    private static final System.Logger LOG = System.getLogger("dev.pumasi.runtime");
    private static final AtomicBoolean ANNOUNCED = new AtomicBoolean();

    private GreenThreads() {}

    /** Says once, in a line, that green threads will hop and which flag would keep them on their loop. */
    static void announceFallBack() {
        if (!BACK_END.runsOnLoop() && ANNOUNCED.compareAndSet(false, true)) {
            LOG.log(System.Logger.Level.WARNING, "green threads are {0}", BACK_END.describe());
        }
    }

    private static BackEnd choose() {
        Buffer.prepareForGreenThreads();
        BackEnd official = OfficialGreenThreads.find();
        if (official != null) {
            return official;
        }
        BackEnd opened = OpenedGreenThreads.find();
        return opened != null ? opened : new DefaultGreenThreads();
    }
}
