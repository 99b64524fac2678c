package dev.pumasi.examples;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Offload;
import dev.pumasi.runtime.OffloadStatus;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.Timer;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Blocking I/O handed to another thread (S06), and joined without blocking (S21): a pool of two threads, for which three
 * pieces of work may wait. A green thread, a callback and a stage each learn what came of a call that blocks; too much at once
 * is refused; what takes too long is given up. The loop's timer ticks through all of it.
 */
final class OffTheLoop {

    static final int THREADS = 2;
    static final int WAITING_MAX = 3;
    static final int AT_ONCE = 10;

    private static final int BLOCKS_MAX = 100;
    private static final Duration LIMIT = Duration.ofMillis(50);
    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final long PATIENCE_SECONDS = 60;

    /**
     * What came of it.
     *
     * @param answers by the way in which they were learnt
     * @param threads on which thread each was learnt
     * @param ends of those that were handed over at once, how many ended in which way
     * @param ticks of the loop's timer while the first call blocked
     */
    record Facts(
            Map<String, String> answers,
            Map<String, String> threads,
            Map<String, Integer> ends,
            int ticks,
            OffloadStatus status,
            long hops) {}

    private final Story story;
    private final Loop loop;
    private final Offload pool;
    private final int millis;
    private final Map<String, String> answers = Collections.synchronizedMap(new TreeMap<>());
    private final Map<String, String> threads = Collections.synchronizedMap(new TreeMap<>());
    private final Map<String, Integer> ends = new TreeMap<>();
    /** Written by the loop's thread alone; volatile, because a thread of the pool looks at it. */
    private volatile int ticks;

    private int ticksMeanwhile;

    private OffTheLoop(Story story, Loop loop, Offload pool, int millis) {
        this.story = story;
        this.loop = loop;
        this.pool = pool;
        this.millis = millis;
    }

    static void main(String[] args) throws Exception {
        run(new Story(System.out), args.length > 0 ? args[0] : Drivers.AUTO, 100);
    }

    static Facts run(Story story, String driver, int millis) throws Exception {
        try (LoopGroup loops = LoopGroup.start("loop", 1, Drivers.choose(driver).factory());
                Offload pool = Offload.open(THREADS, WAITING_MAX)) {
            Loop loop = loops.next();
            OffTheLoop example = new OffTheLoop(story, loop, pool, millis);
            CompletableFuture<Void> done = new CompletableFuture<>();
            loop.execute(example::tick);
            loop.spawn(() -> {
                try {
                    example.showAll();
                    done.complete(null);
                } catch (Exception failure) {
                    done.completeExceptionally(failure);
                }
            });
            done.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            OffloadStatus status = pool.status();
            long hops = loop.status().hops();
            story.print("the pool: " + status);
            story.print("hops: " + hops);
            return new Facts(example.answers, example.threads, example.ends, example.ticksMeanwhile, status, hops);
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

    private void showAll() throws IOException, InterruptedException {
        story.print("-- one call that blocks for " + millis + " ms, and who learns of its end");
        int before = ticks;
        learnt("green thread", pool.call(() -> blockingUntilTicked("soup", before)));
        ticksMeanwhile = ticks - before;
        story.tell("the loop's timer ticked " + ticksMeanwhile + " times meanwhile");

        Operation<String> rice = pool.submit(loop, () -> blocking("rice"));
        CountDownLatch told = new CountDownLatch(2);
        rice.onDone(outcome -> {
            learnt("callback", outcome instanceof Operation.Success<String>(String dish) ? dish : outcome.toString());
            told.countDown();
        });
        var unused = pool.submit(loop, () -> blocking("spam")).toStage().thenAccept(dish -> {
            learnt("stage", dish);
            told.countDown();
        });
        told.await();

        story.print("-- " + AT_ONCE + " at once, for " + THREADS + " threads, of which " + WAITING_MAX + " may wait");
        handOverTooMany();

        story.print("-- what takes too long");
        giveUp();
    }

    /** Blocks its thread, and nobody can help it. */
    private String blocking(String dish) {
        story.tell("blocks for the " + dish);
        BlockingCall.millis(millis);
        return dish;
    }

    /** On a machine that stands still it takes longer, until the loop's timer has ticked. */
    private String blockingUntilTicked(String dish, int before) {
        String done = blocking(dish);
        for (int i = 0; i < BLOCKS_MAX && ticks == before; i++) {
            BlockingCall.millis(millis);
        }
        return done;
    }

    private void learnt(String way, String answer) {
        story.tell("the " + way + " has the " + answer);
        answers.put(way, answer);
        threads.put(way, Story.who());
    }

    private void handOverTooMany() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(THREADS);
        CountDownLatch released = new CountDownLatch(1);
        List<Operation<String>> all = new ArrayList<>();
        for (int i = 0; i < AT_ONCE; i++) {
            all.add(pool.submit(loop, () -> {
                loop.execute(begun::countDown); // told by its loop, or waking it would be a hop
                released.await();
                return "done";
            }));
            if (i == THREADS - 1) {
                begun.await(); // so that it is the others that wait
            }
        }
        released.countDown();
        for (Operation<String> each : all) {
            ends.merge(endOf(each), 1, Integer::sum);
        }
        story.tell(ends.toString());
    }

    /** What has not begun is taken back. What has begun is left to itself, if it shares no memory with anybody. */
    private void giveUp() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(THREADS);
        CountDownLatch never = new CountDownLatch(1);
        List<Operation<String>> abandoned = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            abandoned.add(pool.submitAbandonable(loop, () -> {
                loop.execute(begun::countDown);
                never.await(); // until it is interrupted
                return "never";
            }));
        }
        begun.await();
        Operation<String> waiting = pool.submit(loop, () -> "never begun").within(LIMIT);
        answers.put("not begun", endOf(waiting));
        for (Operation<String> each : abandoned) {
            answers.put("begun", endOf(each.within(LIMIT)));
        }
        story.tell("not begun in time: " + answers.get("not begun") + "; begun, and too slow: " + answers.get("begun"));
    }

    private String endOf(Operation<String> operation) {
        try {
            return operation.await();
        } catch (OperationException failed) {
            return failed.failure().toString();
        } catch (IOException unexpected) {
            return unexpected.toString();
        }
    }
}
