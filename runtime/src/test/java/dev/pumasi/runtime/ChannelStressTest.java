package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.sync.Channel;
import dev.pumasi.runtime.sync.Select;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Items between two loops and threads outside, sent and received in every way, of which many are cut short by time, by
 * interrupt and by cancelling. What was sent arrives once, in each sender's order; what failed was not sent. It cannot
 * find an order of events that the machine never produces: that is what the model checker is for.
 */
final class ChannelStressTest extends OnEachDriver {

    private static final int SENDERS = 6;
    private static final int RECEIVERS = 6;
    private static final int ITEMS_PER_SENDER = 500;

    private final AtomicInteger gaveUp = new AtomicInteger();

    private interface Attempt<T> {
        T go() throws Exception;
    }

    /** What came of it; empty if it was given up. */
    private <T> Optional<T> attempt(Attempt<T> body) throws Exception {
        try {
            return Optional.of(body.go());
        } catch (OperationException ended) {
            if (ended.failure() != Failure.CANCELLED && ended.failure() != Failure.TIMED_OUT) {
                throw ended;
            }
            gaveUp.incrementAndGet();
            return Optional.empty();
        } finally {
            Thread.interrupted();
        }
    }

    private boolean sends(Channel<Integer> channel, Channel<Integer> never, Loop loop, int item, Random random)
            throws Exception {
        return attempt(() -> switch (random.nextInt(8)) {
                    case 0 -> {
                        channel.send(item, Duration.ofNanos(random.nextInt(100_000)));
                        yield true;
                    }
                    case 1 -> {
                        Operation<Channel<Integer>> operation = channel.send(loop, item);
                        operation.cancel();
                        operation.await();
                        yield true;
                    }
                    case 2 -> {
                        Thread.currentThread().interrupt();
                        channel.send(item);
                        yield true;
                    }
                    case 3 -> channel.trySend(item);
                    case 4 ->
                        new Select<Boolean>()
                                .receive(never, Optional::isEmpty)
                                .send(channel, item, () -> true)
                                .await(Duration.ofNanos(random.nextInt(100_000)), () -> false);
                    case 5 -> {
                        Operation<Boolean> operation = new Select<Boolean>()
                                .receive(never, Optional::isEmpty)
                                .send(channel, item, () -> true)
                                .await(loop);
                        if (random.nextBoolean()) {
                            operation.cancel();
                        }
                        yield operation.await();
                    }
                    default -> {
                        channel.send(item);
                        yield true;
                    }
                })
                .orElse(false);
    }

    private Optional<Integer> receives(
            List<Channel<Integer>> channels, Channel<Integer> never, Loop loop, Random random) throws Exception {
        Channel<Integer> channel = channels.get(random.nextInt(2));
        return attempt(() -> switch (random.nextInt(7)) {
                    case 0 -> channel.receive(Duration.ofNanos(random.nextInt(100_000)));
                    case 1 -> {
                        Operation<Optional<Integer>> operation = channel.receive(loop);
                        operation.cancel();
                        yield operation.await();
                    }
                    case 2 -> {
                        Thread.currentThread().interrupt();
                        yield channel.receive();
                    }
                    case 3 -> channel.tryReceive();
                    case 4 -> {
                        Operation<Optional<Integer>> operation = new Select<Optional<Integer>>()
                                .receive(never, item -> item)
                                .receive(channels.get(1), item -> item)
                                .receive(channels.get(0), item -> item)
                                .await(loop);
                        if (random.nextBoolean()) {
                            operation.cancel();
                        }
                        yield operation.await();
                    }
                    default ->
                        new Select<Optional<Integer>>()
                                .receive(channels.get(0), item -> item)
                                .receive(channels.get(1), item -> item)
                                .await(Duration.ofMillis(5), Optional::empty);
                })
                .orElse(Optional.empty());
    }

    private CompletableFuture<Void> start(Loop loop, int number, Callable<Void> body) {
        if (number % 3 == 2) {
            return elsewhere(body);
        }
        CompletableFuture<Void> done = new CompletableFuture<>();
        loop.spawn(() -> complete(done, body));
        return done;
    }

    @Test
    void whatWasSentArrivesOnceWhateverIsGivenUp() throws Exception {
        long seed = Long.getLong("pumasi.seed", System.nanoTime());
        LoopGroup group = loops(2);
        List<Channel<Integer>> channels = List.of(new Channel<>("even", 2), new Channel<>("odd", 1));
        Channel<Integer> never = new Channel<>("never", 1);
        AtomicInteger sendersLeft = new AtomicInteger(SENDERS);
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int i = 0; i < SENDERS; i++) {
            int sender = i;
            Loop loop = group.next();
            Random random = new Random(seed + i);
            all.add(start(loop, i, () -> {
                for (int item = 0; item < ITEMS_PER_SENDER; ) {
                    if (sends(channels.get(sender % 2), never, loop, sender * ITEMS_PER_SENDER + item, random)) {
                        item++;
                    }
                }
                if (sendersLeft.decrementAndGet() == 0) {
                    channels.forEach(Channel::close);
                }
                return null;
            }));
        }
        List<List<Integer>> received = new ArrayList<>();
        for (int i = 0; i < RECEIVERS; i++) {
            Loop loop = group.next();
            Random random = new Random(seed + SENDERS + i);
            List<Integer> mine = new ArrayList<>();
            received.add(mine);
            all.add(start(loop, i, () -> {
                while (!channels.get(0).isEnded() || !channels.get(1).isEnded()) {
                    receives(channels, never, loop, random).ifPresent(mine::add);
                }
                return null;
            }));
        }
        try {
            for (CompletableFuture<Void> one : all) {
                get(one);
            }
            BitSet seen = new BitSet();
            for (List<Integer> mine : received) {
                int[] latest = new int[SENDERS];
                for (int item : mine) {
                    assertTrue(!seen.get(item), () -> item + " arrived twice");
                    seen.set(item);
                    int sender = item / ITEMS_PER_SENDER;
                    assertTrue(latest[sender] <= item, () -> item + " out of order");
                    latest[sender] = item;
                }
            }
            assertEquals(SENDERS * ITEMS_PER_SENDER, seen.cardinality());
            assertTrue(gaveUp.get() > 0);
            assertEquals(0, never.receiversWaiting());
            for (Channel<Integer> channel : channels) {
                assertEquals(0, channel.receiversWaiting() + channel.sendersWaiting());
            }
            for (Loop loop : group.loops()) {
                Eventually.until("nothing is in progress", () -> loop.status().interests() == 0);
                assertEquals(0, loop.status().failures());
                Eventually.until("no timer is left", () -> loop.status().timers() == 0);
            }
        } catch (Exception | AssertionError failure) {
            throw new AssertionError("pumasi.seed=" + seed, failure);
        }
    }
}
