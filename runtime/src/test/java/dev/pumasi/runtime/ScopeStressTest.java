package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Scopes whose subtasks end, fail, are cancelled, time out and lose races at random, at about the same time, on two loops.
 * Whatever happens: none outlives its scope, each has an outcome, nobody keeps an interrupt, nothing is left on a loop, and
 * nobody hopped. It cannot find an order of events that the machine never produces.
 */
final class ScopeStressTest extends OnEachDriver {

    private static final int OPENERS = 6;
    private static final int ROUNDS = 60;
    private static final int SUBTASKS_MAX = 6;
    private static final int DEPTH_MAX = 3;

    private final AtomicInteger begun = new AtomicInteger();
    private final AtomicInteger ended = new AtomicInteger();
    private final AtomicInteger timedOut = new AtomicInteger();
    private final AtomicInteger cancelled = new AtomicInteger();

    private final AtomicInteger forked = new AtomicInteger();
    private final AtomicInteger calledBack = new AtomicInteger();

    private LoopGroup group;
    private Offload offload;
    private List<Silent> silent;

    /** A socket on which nothing comes. Not in a concurrent set: that has monitors, and they hop. */
    private record Silent(StreamSocket socket, AtomicBoolean isRead) {}

    private Silent silentOn(Loop loop) throws Exception {
        return new Silent(connection(loop).socket(), new AtomicBoolean());
    }

    private static Duration upTo(Random random, int micros) {
        return Duration.ofNanos(random.nextInt(micros) * 1000L);
    }

    /** Something that takes a moment, or for ever. */
    private Object work(Random random, int depth) throws IOException {
        begun.incrementAndGet();
        try {
            Loop here = Loop.current().orElseThrow();
            switch (random.nextInt(7)) {
                case 0 -> here.sleep(Duration.ofDays(1)).await();
                case 1 -> here.sleep(upTo(random, 500)).await();
                case 2 -> {
                    Silent one = silent.get(random.nextInt(silent.size()));
                    if (one.isRead.compareAndSet(false, true)) { // one at a time may
                        try {
                            one.socket.receive(Buffer.allocate(8), 0, 8).await();
                        } finally {
                            one.isRead.set(false);
                        }
                    }
                }
                case 3 -> offload.submit(here, random::nextInt).await();
                case 4 -> throw new IOException("at random");
                case 5 -> {
                    if (depth < DEPTH_MAX) {
                        scope(random, depth + 1);
                    }
                }
                default -> Thread.yield();
            }
            return "done";
        } finally {
            ended.incrementAndGet();
        }
    }

    private ScopeBuilder builder(Random random) {
        ScopeBuilder builder = Scope.builder();
        if (random.nextInt(3) > 0) {
            builder.within(upTo(random, 1500));
        }
        if (random.nextInt(3) == 0) {
            builder.limit(1 + random.nextInt(3));
        }
        return random.nextBoolean() ? builder.on(group) : builder;
    }

    private void scope(Random random, int depth) throws IOException {
        List<Operation<?>> all = new ArrayList<>();
        try (Scope scope =
                random.nextBoolean() ? builder(random).open() : builder(random).allEnd()) {
            // Some would wait for ever, for their end or for room: they are cancelled if they take too long.
            Loop.current()
                    .orElseThrow()
                    .start(
                            Timer.of(scope::cancel),
                            2_000_000 + upTo(random, 1000).toNanos());
            int count = 1 + random.nextInt(SUBTASKS_MAX);
            for (int i = 0; i < count; i++) {
                long seed = random.nextLong();
                Operation<?> subtask = scope.fork(() -> work(new Random(seed), depth));
                all.add(subtask.onDone(outcome -> calledBack.incrementAndGet()));
                forked.incrementAndGet();
                if (random.nextInt(8) == 0) {
                    subtask.cancel();
                }
                if (random.nextInt(8) == 0) {
                    subtask.within(upTo(random, 300));
                }
            }
            switch (random.nextInt(6)) {
                case 0 -> scope.cancel();
                case 1 -> Loop.current().orElseThrow().sleep(upTo(random, 300)).await();
                case 2 -> {
                    Timer cancels = Timer.of(scope::cancel);
                    Loop.current()
                            .orElseThrow()
                            .start(cancels, upTo(random, 500).toNanos());
                }
                default -> {}
            }
            if (random.nextInt(5) > 0) {
                scope.join();
            }
        } catch (OperationException told) {
            switch (told.failure()) {
                case TIMED_OUT -> timedOut.incrementAndGet();
                case CANCELLED -> cancelled.incrementAndGet();
                default -> throw told;
            }
        } catch (IOException atRandom) {
            // One of them had to.
        } finally {
            for (Operation<?> one : all) {
                assertTrue(one.poll().isPresent(), () -> "outlives its scope: " + one);
            }
        }
    }

    private boolean storm(long seed) throws Exception {
        List<CompletableFuture<Boolean>> openers = new ArrayList<>();
        for (int i = 0; i < OPENERS; i++) {
            Random random = new Random(seed + i);
            CompletableFuture<Boolean> calm = new CompletableFuture<>();
            group.next()
                    .spawn(() -> complete(calm, () -> {
                        boolean interrupted = false;
                        for (int round = 0; round < ROUNDS; round++) {
                            scope(random, 0);
                            interrupted |= Thread.interrupted();
                        }
                        return interrupted;
                    }));
            openers.add(calm);
        }
        boolean interrupted = false;
        for (CompletableFuture<Boolean> calm : openers) {
            interrupted |= calm.get(60, TimeUnit.SECONDS);
        }
        return interrupted;
    }

    @Test
    @Timeout(180)
    void whateverHappensNothingIsLeftAndNobodyHops() throws Exception {
        long seed = Long.getLong("pumasi.seed", System.nanoTime());
        group = loops(2);
        offload = closing(Offload.open(2, 1000));
        silent = List.of(
                silentOn(group.loops().getFirst()), silentOn(group.loops().getLast()));
        try {
            assertFalse(storm(seed + 1_000_000), "an interrupt was left behind"); // loads classes too
            long[] hops = group.loops().stream()
                    .mapToLong(loop -> loop.status().hops())
                    .toArray();
            assertFalse(storm(seed), "an interrupt was left behind");
            for (int i = 0; i < hops.length; i++) {
                assertEquals(hops[i], group.loops().get(i).status().hops(), "hops");
            }
        } catch (Exception | AssertionError failure) {
            throw new AssertionError("again with -Dpumasi.seed=" + seed, failure);
        }
        silent.forEach(one -> one.socket.close());
        assertEquals(begun.get(), ended.get());
        Eventually.until("all are called back", () -> calledBack.get() == forked.get());
        assertTrue(timedOut.get() > 20 && cancelled.get() > 20, timedOut + " timed out, " + cancelled + " cancelled");
        for (Loop loop : group.loops()) {
            Eventually.until("nothing is in progress", () -> loop.status().interests() == 0);
            Eventually.until("no green thread is left", () -> loop.status().greenThreadsAlive() == 0);
            Eventually.until("no timer is left", () -> loop.status().timers() == 0);
            assertEquals(0, loop.status().failures());
            assertEquals(0, loop.misdirected());
        }
    }
}
