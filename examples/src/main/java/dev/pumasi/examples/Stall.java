package dev.pumasi.examples;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Offload;
import dev.pumasi.runtime.ThreadDump;
import dev.pumasi.runtime.driver.Drivers;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/**
 * A loop that is held by a blocking call is named by the watchdog, in the log, with the stack that holds it; and then the
 * cure: the call on the offload pool, while the loop turns. A thread dump taken meanwhile shows what the green thread waits
 * for.
 */
final class Stall {

    private static final int PART_MILLIS = 100;

    /** It blocks until the watchdog has seen it, or for so many parts. */
    private static final int PARTS_MAX = 100;

    /**
     * What came of it.
     *
     * @param stallsWhileBlocking incidents while the call was made on the loop
     * @param stallsWhileOffloaded incidents while it was made on the pool
     * @param dump the thread dump, taken while the call was made on the pool
     */
    record Facts(long stallsWhileBlocking, long stallsWhileOffloaded, String dump, long hops) {}

    private final Story story;
    private final LoopGroup loops;
    private final Loop loop;

    private Stall(Story story, LoopGroup loops) {
        this.story = story;
        this.loops = loops;
        this.loop = loops.next();
    }

    static void main(String[] args) throws Exception {
        run(new Story(System.out), args.length > 0 ? args[0] : Drivers.AUTO, Duration.ofMillis(200));
    }

    static Facts run(Story story, String driver, Duration patience) throws Exception {
        BlockingCall.millis(0); // linked now, not inside the stall
        try (LoopGroup loops = LoopGroup.start("loop", 1, Drivers.choose(driver).factory(), patience);
                Offload offload = Offload.open(1, 1)) {
            return new Stall(story, loops).run(offload);
        }
    }

    private Facts run(Offload offload) throws Exception {
        story.tell("a green thread blocks its loop; the watchdog writes to the log (standard error):");
        onGreenThread(this::blockUntilNoticed);
        long blocking = loop.status().stalls();
        story.tell("… and the loop turns again: " + blocking + " stall");

        story.tell("the same on the offload pool, and a thread dump meanwhile:");
        CompletableFuture<ThreadDump> taken = new CompletableFuture<>();
        CompletableFuture<Integer> done = begin(() -> offload.submit(loop, () -> {
                    // On the pool's thread, so that it is certain that the green thread waits.
                    taken.complete(loops.threadDump());
                    BlockingCall.millis(5 * PART_MILLIS);
                    return 0;
                })
                .await());
        String dump = taken.get().toString();
        dump.lines().forEach(story::print);
        done.get();
        long offloaded = loop.status().stalls() - blocking;
        story.tell("… " + offloaded + " stalls, " + loop.status().hops() + " hops");
        return new Facts(blocking, offloaded, dump, loop.status().hops());
    }

    private int blockUntilNoticed() {
        int parts = 0;
        while (loop.status().stalls() == 0 && parts++ < PARTS_MAX) {
            BlockingCall.millis(PART_MILLIS);
        }
        return parts;
    }

    private void onGreenThread(Callable<Integer> body) throws Exception {
        begin(body).get();
    }

    private CompletableFuture<Integer> begin(Callable<Integer> body) {
        CompletableFuture<Integer> done = new CompletableFuture<>();
        loop.spawn(() -> {
            try {
                done.complete(body.call());
            } catch (Exception failure) {
                done.completeExceptionally(failure);
            }
        });
        return done;
    }
}
