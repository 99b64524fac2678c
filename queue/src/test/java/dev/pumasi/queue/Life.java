package dev.pumasi.queue;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.ThreadDump;
import dev.pumasi.testkit.Dice;
import dev.pumasi.testkit.Seed;
import dev.pumasi.testkit.SimDisk;
import dev.pumasi.testkit.SimFaults;
import dev.pumasi.testkit.Simulation;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;

/**
 * One life of a queue on a simulated disk: it is opened, publishers and consumers do their work, all is read to the end, it is closed.
 * After each change of the disk somebody may look, and try what would be found after a crash. A life may be cut short: then its
 * process ends, and the machine goes on. On a bad disk what fails is a failure of the disk's, and part of life.
 */
final class Life {

    static final Path FOLDER = Path.of("/data/queue");
    static final LogSettings SMALL = new LogSettings(12 << 10, 1024, 16 << 10, Duration.ofMillis(2), false, true);
    static final GroupSettings HOW = GroupSettings.DEFAULT
            .withDelay(Duration.ofMillis(1), Duration.ofMillis(50))
            .withDeliveriesMax(4)
            .withSettleWithin(Duration.ofDays(1));

    private static final Duration LIMIT = Duration.ofHours(5);
    private static final int CONSUMERS = 3;

    private final Seed seed;
    private final SimFaults faults;
    private final SimDisk disk;
    private final History history;
    private final int publishers;
    private final int messages;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private int consuming;
    private int patience = 300;
    private int running;
    private boolean changed;
    private int changes;
    private int changesMax = Integer.MAX_VALUE;
    private boolean badDisk;
    private boolean refused;
    private boolean stopped;
    private boolean consumersClose;

    /**
     * @param disk what is there
     * @param history what was told until now; goes on
     * @param publishers how many there are in this life
     * @param messages how many each of them publishes
     */
    Life(Seed seed, SimFaults faults, SimDisk disk, History history, int publishers, int messages) {
        this.seed = seed;
        this.faults = faults;
        this.disk = disk;
        this.history = history;
        this.publishers = publishers;
        this.messages = messages;
    }

    /** Its process ends after so many changes of the disk. */
    Life endingAfter(int count) {
        changesMax = count;
        return this;
    }

    /** The disk may fail. */
    Life onABadDisk() {
        badDisk = true;
        return this;
    }

    /** Whether something was refused for want of room. */
    boolean wasRefused() {
        return refused;
    }

    /** Whether the disk failed, and the queue stopped. */
    boolean hasStopped() {
        return stopped;
    }

    /**
     * Lives it.
     *
     * @param whenChanged told after each change of the disk: what was told until then, and the number of the change
     * @return how many changes there were
     */
    int live(BiConsumer<History, Integer> whenChanged) {
        try (Simulation simulation = new Simulation(seed, faults, Simulation.STEPS_MAX, 200, new Changes())) {
            simulation.insert(Simulation.host(1), disk);
            Loop loop = simulation.loop("loop");
            start(loop, () -> run(loop));
            simulation.runUntil(
                    () -> {
                        if (changed) {
                            changed = false;
                            changes++;
                            whenChanged.accept(history, changes);
                        }
                        return running == 0 || failure.get() != null || changes >= changesMax;
                    },
                    LIMIT);
            Throwable thrown = failure.get();
            if (thrown != null) {
                throw new AssertionError("a life failed: " + thrown + " — again with " + seed.replay(), thrown);
            }
        }
        return changes;
    }

    SimDisk disk() {
        return disk;
    }

    private final class Changes implements Appendable {

        @Override
        public Appendable append(CharSequence line) {
            String text = line.toString();
            changed |= text.contains("write")
                    || text.contains("sync")
                    || text.contains("rename")
                    || text.contains("delete")
                    || text.contains("make folder")
                    || text.contains("open ");
            return this;
        }

        @Override
        public Appendable append(CharSequence line, int start, int end) {
            return append(line.subSequence(start, end));
        }

        @Override
        public Appendable append(char end) {
            return this;
        }
    }

    private void start(Loop loop, Loop.Body body) {
        running++;
        loop.spawn(() -> {
            try {
                body.run();
            } catch (Throwable thrown) {
                failed(thrown);
            } finally {
                running--;
            }
        });
    }

    /** An end of the process makes things fail too, and nobody looks any more. */
    private void failed(Throwable thrown) {
        if (badDisk && thrown instanceof IOException) {
            QueueFailure why = QueueException.in("", thrown).failure();
            refused |= why == QueueFailure.DISK_FULL;
            stopped |= why == QueueFailure.STOPPED;
            if (consumersClose && why == QueueFailure.STALE) {
                return; // a consumer that closes loses what it has in hand, and on a bad disk that may be something
            }
            if (why != QueueFailure.DAMAGED && why != QueueFailure.STALE && why != QueueFailure.INVALID) {
                return;
            }
        }
        failure.compareAndSet(null, thrown);
    }

    private void run(Loop loop) throws Exception {
        Queue queue = open(loop).await();
        Topic topic = queue.topic("t");
        Dice dice = seed.split("life").dice();
        int[] publishing = {publishers};
        for (int i = 0; i < publishers; i++) {
            Seed mine = seed.split("publisher").split(i);
            String key = "p" + history.size() + "-" + i;
            start(loop, () -> {
                try {
                    publish(topic.publisher(), key, mine.dice());
                } finally {
                    publishing[0]--;
                }
            });
        }
        List<Consumer> consumers = new ArrayList<>();
        for (int i = 0; i < CONSUMERS; i++) {
            Consumer consumer = topic.consumer(History.GROUP, HOW);
            consumers.add(consumer);
            Seed mine = seed.split("consumer").split(i);
            start(loop, () -> {
                try {
                    consume(consumer, mine.dice());
                } finally {
                    consuming--;
                }
            });
            consuming++;
        }
        while (publishing[0] > 0
                || consuming == CONSUMERS && settled(topic) < topic.status().nextSequence()) {
            loop.sleep(Duration.ofMillis(dice.between(1, 20))).await();
            if (badDisk && --patience == 0) {
                break; // without room nothing is acknowledged, and all comes again and again
            }
        }
        consumersClose = true;
        for (Consumer consumer : consumers) {
            consumer.close();
        }
        if (badDisk) {
            queue.close();
            return;
        }
        if (queue.topics().contains("t.dead")) {
            Topic dead = queue.topic("t.dead");
            Consumer undertaker = dead.consumer("u" + seed.value());
            for (long i = dead.status().firstSequence(); i < dead.status().nextSequence(); i++) {
                Delivery letter = undertaker.take();
                history.foundDead(letter.message());
                letter.acknowledge(); // or the next one with its key would be held back
            }
        }
        String found = queue.status().toString();
        queue.close();
        try {
            history.readToTheEnd();
        } catch (AssertionError broken) {
            throw new AssertionError(broken.getMessage() + " — found: " + found, broken);
        }
        if (loop.status().hops() != 0) {
            throw new AssertionError("hops: " + loop.status().hops() + "\n" + ThreadDump.of(List.of(loop)));
        }
    }

    static Operation<Queue> open(Loop loop) throws IOException {
        return LogQueue.open(loop, QueueUrl.parse("log:" + FOLDER), FOLDER, SMALL, FolderLock.NONE);
    }

    private static long settled(Topic topic) {
        return topic.status().groups().getFirst().settledBefore();
    }

    private void publish(Publisher publisher, String key, Dice dice) throws IOException {
        List<Operation<Position>> waiting = new ArrayList<>();
        for (int n = 0; n < messages; n++) {
            Message message = history.asks(key, n, (int) dice.between(10, dice.chance(0.2) ? 1000 : 200));
            String name = key + ":" + n;
            boolean waits = dice.chance(0.5);
            if (!waits) {
                waiting.add(publisher.startPublish(message).onDone(outcome -> {
                    switch (outcome) {
                        case Operation.Success<? extends Position>(Position position) ->
                            history.published(name, position);
                        case Operation.Failed<? extends Position>(Throwable thrown) -> failed(thrown);
                    }
                }));
            } else {
                history.published(name, publisher.publish(message));
            }
        }
        for (Operation<Position> one : waiting) {
            while (!one.isDone()) {
                publisher.topic().queue().loop().sleep(Duration.ofMillis(1)).await();
            }
        }
    }

    private void consume(Consumer consumer, Dice dice) throws Exception {
        while (true) {
            Delivery delivery;
            try {
                delivery = consumer.take();
            } catch (QueueException closed) {
                if (closed.failure() == QueueFailure.CLOSED) {
                    return;
                }
                throw closed;
            }
            int attempt = delivery.attempt();
            String name = history.delivered(delivery.message(), delivery.position(), attempt);
            if (dice.chance(0.3)) {
                consumer.topic()
                        .queue()
                        .loop()
                        .sleep(Duration.ofMillis(dice.below(20)))
                        .await();
            }
            if (dice.chance(0.2)) {
                history.settles(name);
                if (dice.chance(0.5)) {
                    delivery.reject("by the dice");
                    history.rejected(name, attempt);
                } else {
                    told(
                            delivery.startReject("by the dice", Duration.ofMillis(dice.below(30))),
                            () -> history.rejected(name, attempt));
                }
            } else {
                history.isDoneWith(name);
                if (dice.chance(0.3)) {
                    delivery.acknowledge();
                    history.acknowledged(name);
                } else {
                    told(delivery.startAcknowledge(), () -> history.acknowledged(name));
                }
            }
        }
    }

    private void told(Operation<Position> settling, Runnable well) {
        settling.onDone(outcome -> {
            switch (outcome) {
                case Operation.Success<?> _ -> well.run();
                case Operation.Failed<?>(Throwable thrown) -> failed(thrown);
            }
        });
    }
}
