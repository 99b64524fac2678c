package dev.pumasi.examples;

import dev.pumasi.runtime.ChildProcess;
import dev.pumasi.runtime.Command;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Timer;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.runtime.driver.Redirect;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * An asynchronous counterpart of every join (S12): one green thread waits for the end of a platform thread, of a green
 * thread and of a process, each in its turn, while a timer of the same loop keeps ticking. Nothing is blocked
 * meanwhile, and who waits is woken by its own loop.
 */
final class Join {

    private static final Duration WORK = Duration.ofMillis(150);
    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final long PATIENCE_SECONDS = 60;

    /** What is joined takes its time, and on a machine that stands still as much more as the timer needs to tick so often. */
    private static final int TICKS_MIN = 5;

    /** What was joined, in which way, and how often the loop's timer ticked meanwhile. */
    record Joined(String what, String way, int ticks) {}

    /** What came of all, and the wake-ups from foreign threads. */
    record Result(List<Joined> joined, long hops) {}

    private final Story story;
    private final Loop loop;
    private final List<Joined> joined = Collections.synchronizedList(new ArrayList<>());
    /** Written by the loop's thread alone; volatile, because a platform thread looks at it. */
    private volatile int ticks;

    private Join(Story story, Loop loop) {
        this.story = story;
        this.loop = loop;
    }

    static void main(String[] args) throws Exception {
        run(new Story(System.out), args.length > 0 ? args[0] : Drivers.AUTO);
    }

    static Result run(Story story, String driver) throws Exception {
        try (LoopGroup loops = LoopGroup.start("loop", 1, Drivers.choose(driver).factory())) {
            Loop loop = loops.next();
            Join example = new Join(story, loop);
            CompletableFuture<Void> done = new CompletableFuture<>();
            loop.execute(example::tick);
            loop.spawn(() -> {
                try {
                    example.joinAll();
                    done.complete(null);
                } catch (IOException | RuntimeException failure) {
                    done.completeExceptionally(failure);
                }
            });
            done.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            long hops = loop.status().hops();
            story.print("hops: " + hops);
            return new Result(List.copyOf(example.joined), hops);
        }
    }

    /** The neighbour: as long as it ticks, the loop is free. */
    private void tick() {
        loop.start(
                new Timer() {
                    @Override
                    protected void expired() {
                        ticks = ticks + 1; // nobody else writes it
                        loop.start(this, TICK_NANOS);
                    }
                },
                TICK_NANOS);
    }

    private void joinAll() throws IOException {
        await("platform thread", loop.join(Thread.ofPlatform().name("cook").start(this::workElsewhere)));
        await("green thread", loop.join(loop.spawn(this::work)));
        try (ChildProcess reader = Command.of("cat") // which ends when its input does
                .input(Redirect.Plain.PIPE)
                .output(Redirect.Plain.DISCARD)
                .start(loop)
                .await()) {
            loop.spawn(() -> {
                work();
                reader.input().close();
            });
            await("process", reader.exit());
        }
        try (ChildProcess other = Command.of("sh", "-c", "exit 7")
                .output(Redirect.Plain.DISCARD)
                .start(loop)
                .await()) {
            Operation<?> exit = other.exit();
            exit.onDone(outcome -> note("process", "a callback", outcome.toString(), 0));
            await("process", exit);
        }
    }

    private void workElsewhere() {
        int before = ticks;
        do {
            LockSupport.parkNanos(WORK.toNanos());
        } while (ticks - before < TICKS_MIN);
    }

    private void work() {
        int before = ticks;
        try {
            do {
                loop.sleep(WORK).await();
            } while (ticks - before < TICKS_MIN);
        } catch (IOException stopped) {
            throw new IllegalStateException(stopped);
        }
    }

    private void await(String what, Operation<?> join) throws IOException {
        int before = ticks;
        story.tell("waits for the end of a " + what);
        Object end = join.await();
        note(what, "awaited", String.valueOf(end), ticks - before);
    }

    private void note(String what, String way, String end, int ticksMeanwhile) {
        story.tell(what + " joined (" + way + "): " + end + "; the timer ticked " + ticksMeanwhile + " times");
        joined.add(new Joined(what, way, ticksMeanwhile));
    }
}
