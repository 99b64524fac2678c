package dev.pumasi.benchmarks;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.sync.Channel;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;

/**
 * What it costs to hand items from one loop to another, by how many find room in the channel, and how often a loop must be woken through the
 * kernel for it. Beside it {@code ArrayBlockingQueue} between two platform threads, which cross over too, and between two
 * stock virtual threads, which the scheduler may run on one thread, where nothing crosses.
 */
final class HandOver {

    private static final int[] ROOMS = {1, 8, 64, 256, 1024, 4096};
    private static final int ROUNDS = 3; // the last counts
    private static final int ITEMS = 1_000_000;

    /** With room for one, each costs two wake-ups: fewer are enough to see it. */
    private static final int ITEMS_ONE_BY_ONE = 50_000;

    private static final int END = -1;

    private HandOver() {}

    public static void main(String[] arguments) throws Exception {
        System.out.println(
                "room   two loops: ns/item  items/wake-up   two platform threads: ns/item   stock virtual threads: ns/item");
        try (LoopGroup loops = LoopGroup.start("loop", 2, arguments.length > 0 ? arguments[0] : "auto")) {
            for (int room : ROOMS) {
                int items = room == 1 ? ITEMS_ONE_BY_ONE : ITEMS;
                double across = 0;
                double platform = 0;
                double virtual = 0;
                long wakes = 0;
                for (int round = 0; round < ROUNDS; round++) {
                    long before = wakes(loops);
                    across = loops(loops, room, items);
                    wakes = wakes(loops) - before;
                    platform = threads(Thread.ofPlatform(), room, items);
                    virtual = threads(Thread.ofVirtual(), room, items);
                }
                System.out.printf(
                        Locale.ROOT,
                        "%4d   %18.1f  %13.1f   %30.1f   %30.1f%n",
                        room,
                        across,
                        items / (double) Math.max(1, wakes),
                        platform,
                        virtual);
            }
        }
    }

    private static long wakes(LoopGroup loops) {
        return loops.loops().stream().mapToLong(loop -> loop.status().wakes()).sum();
    }

    private static double loops(LoopGroup loops, int room, int items) {
        Channel<Integer> channel = new Channel<>(room);
        Loop sender = loops.loops().getFirst();
        Loop receiver = loops.loops().getLast();
        CompletableFuture<Integer> received = new CompletableFuture<>();
        long began = System.nanoTime();
        sender.spawn(() -> {
            for (int i = 0; i < items; i++) {
                channel.send(i);
            }
            channel.close();
        });
        receiver.spawn(() -> {
            int count = 0;
            while (channel.receive().isPresent()) {
                count++;
            }
            received.complete(count);
        });
        return nanos(began, received, items);
    }

    private static double threads(Thread.Builder builder, int room, int items) {
        BlockingQueue<Integer> queue = new ArrayBlockingQueue<>(room);
        CompletableFuture<Integer> received = new CompletableFuture<>();
        long began = System.nanoTime();
        builder.start(() -> {
            try {
                for (int i = 0; i < items; i++) {
                    queue.put(i);
                }
                queue.put(END);
            } catch (InterruptedException impossible) {
                received.completeExceptionally(impossible);
            }
        });
        builder.start(() -> {
            try {
                int count = 0;
                while (queue.take() != END) {
                    count++;
                }
                received.complete(count);
            } catch (InterruptedException impossible) {
                received.completeExceptionally(impossible);
            }
        });
        return nanos(began, received, items);
    }

    private static double nanos(long began, CompletableFuture<Integer> received, int items) {
        if (received.join() != items) {
            throw new IllegalStateException(received.join() + " of " + items + " arrived");
        }
        return (System.nanoTime() - began) / (double) items;
    }
}
