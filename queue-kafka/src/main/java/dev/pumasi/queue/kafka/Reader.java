package dev.pumasi.queue.kafka;

import dev.pumasi.runtime.Loop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/**
 * A group's membership in Kafka: the one thread that may touch its consumer. It polls, commits what it is told to, and reads the ledger
 * when it is given a partition. What comes of it, it posts to the loop, in order.
 *
 * <p><b>Back-pressure.</b> What it has handed over and the group did not settle is counted; beyond {@link
 * KafkaSettings#fetchedBytesMax} all partitions are paused. It goes on polling, which Kafka takes as a sign of life.
 *
 * <p><b>A partition's life.</b> Assigned: it is paused until its ledger has been read, which may take several attempts. Revoked: the
 * group gives out nothing more of it, what it has settled is committed, then it is gone; for that the reader waits inside
 * Kafka's callback, and commits there. Lost: it is gone, and what was not committed comes again elsewhere.
 */
final class Reader {

    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration COMMIT_PATIENCE = Duration.ofSeconds(5);
    private static final Duration LEDGER_POLL = Duration.ofMillis(100);
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(5);

    /** How long the group may take to have its settlements written before a partition goes. */
    private static final long REVOKE_PATIENCE_NANOS = Duration.ofSeconds(5).toNanos();

    private static final long COMMAND_WAIT_MILLIS = 50;

    private final KafkaGroup group;
    private final Loop loop;
    private final KafkaSettings settings;
    private final Worker steward;
    private final Clerk clerk;
    private final String topic;
    private final String ledger;
    private final int ledgerPartitions;

    private final LinkedTransferQueue<Runnable> commands = new LinkedTransferQueue<>();
    private final AtomicLong fetchedBytes = new AtomicLong();

    // Written by one side, read by the other. Who has a command adds it, then looks whether the reader polls; the
    // reader says that
    // it polls, then looks for commands: so one of the two sees the other. The same holds for room and `paused`.
    private volatile boolean polling;
    private volatile boolean paused;
    private volatile boolean held;
    private volatile boolean closed;
    private volatile boolean halted;
    private volatile @Nullable KafkaConsumer<byte[], byte[]> consumer;

    // Of the reader's thread.
    private final Set<TopicPartition> fresh = new HashSet<>();
    private final Map<TopicPartition, Long> expected = new HashMap<>();

    Reader(KafkaGroup group, KafkaQueue queue, String topic, String name, int ledgerPartitions) {
        this.group = group;
        this.topic = topic;
        this.ledgerPartitions = ledgerPartitions;
        loop = queue.loop();
        settings = queue.settings();
        steward = queue.steward();
        clerk = queue.admin();
        ledger = Names.ledger(topic, name);
        Worker worker = new Worker("read-" + Names.group(topic, name));
        worker.post(() -> read(Names.group(topic, name)));
        worker.end();
    }

    // ------------------------------------------------------------------------------------------- any thread

    /** Commits; {@code then} is told on the loop, with null if all is well. */
    void commit(Map<TopicPartition, OffsetAndMetadata> offsets, Consumer<@Nullable RuntimeException> then) {
        commands.offer(() -> {
            RuntimeException failure = commitNow(offsets);
            loop.execute(() -> then.accept(failure));
        });
        ring();
    }

    /** So much of what was handed over is settled. */
    void release(long bytes) {
        long left = fetchedBytes.addAndGet(-bytes);
        if (paused && left < settings.fetchedBytesMax() / 2) {
            ring();
        }
    }

    boolean isHeld() {
        return held;
    }

    /** Whether to fetch nothing, though there is room. */
    void hold(boolean whether) {
        if (held != whether) {
            held = whether;
            ring();
        }
    }

    /** Leaves the group, in good order, and ends. */
    void close() {
        closed = true;
        wake(); // also out of what it may be waiting for besides messages
    }

    /** Ends; what is not committed comes again. */
    void halt() {
        halted = true;
        close();
    }

    private void ring() {
        if (polling) {
            wake();
        }
    }

    /** The steward does it, for it takes a lock. */
    private void wake() {
        steward.post(() -> {
            KafkaConsumer<byte[], byte[]> sleeper = consumer;
            if (sleeper != null) {
                sleeper.wakeup();
            }
        });
    }

    // ------------------------------------------------------------------------------------------- the reader's thread

    private void read(String id) {
        RuntimeException failure = null;
        try (KafkaConsumer<byte[], byte[]> mine = new KafkaConsumer<>(settings.forGroup(id))) {
            consumer = mine;
            try {
                mine.subscribe(List.of(topic), new Rebalance(mine));
                while (!closed) {
                    turn(mine);
                }
            } finally {
                mine.close(CloseOptions.timeout(halted ? Duration.ZERO : CLOSE_PATIENCE));
                consumer = null;
            }
        } catch (InterruptException hurry) {
            halted = true;
        } catch (RuntimeException broken) {
            failure = broken;
        }
        RuntimeException why = closed ? null : failure;
        loop.execute(() -> group.ended(why));
    }

    private void turn(KafkaConsumer<byte[], byte[]> mine) {
        for (Runnable command = commands.poll(); command != null; command = commands.poll()) {
            command.run();
        }
        try {
            begin(mine);
            boolean full = held || fetchedBytes.get() >= settings.fetchedBytesMax();
            paused = full;
            Set<TopicPartition> ready = new HashSet<>(mine.assignment());
            ready.removeAll(fresh);
            if (full) {
                mine.pause(ready);
            } else {
                mine.resume(ready);
            }
            polling = true;
            if (commands.isEmpty() && !closed && full == (held || fetchedBytes.get() >= settings.fetchedBytesMax())) {
                handOver(mine, mine.poll(POLL));
            }
        } catch (WakeupException woken) {
            // there is something to do
        } finally {
            polling = false;
        }
    }

    private void handOver(KafkaConsumer<byte[], byte[]> mine, ConsumerRecords<byte[], byte[]> records) {
        polling = false;
        if (records.isEmpty()) {
            return;
        }
        List<Arrival> arrivals = new ArrayList<>(records.count());
        long bytes = 0;
        for (ConsumerRecord<byte[], byte[]> record : records) {
            TopicPartition partition = new TopicPartition(topic, record.partition());
            Long next = expected.put(partition, record.offset() + 1);
            long lost = next != null && record.offset() > next ? lost(mine, partition, next, record.offset()) : 0;
            var message = Records.message(record);
            long counts = Records.bytes(message);
            bytes += counts;
            arrivals.add(new Arrival(record.partition(), record.offset(), record.timestamp(), message, counts, lost));
        }
        fetchedBytes.addAndGet(bytes);
        loop.execute(() -> group.arrived(arrivals));
    }

    /** A gap is no loss where Kafka has put something of its own; it is, where the partition now begins later. */
    private static long lost(KafkaConsumer<byte[], byte[]> mine, TopicPartition partition, long expected, long found) {
        try {
            long begin = mine.beginningOffsets(List.of(partition)).getOrDefault(partition, 0L);
            return Math.max(0, Math.min(begin, found) - expected);
        } catch (WakeupException | RetriableException unknown) {
            return 0;
        }
    }

    private @Nullable RuntimeException commitNow(Map<TopicPartition, OffsetAndMetadata> offsets) {
        KafkaConsumer<byte[], byte[]> mine = consumer;
        if (mine == null) {
            return new WakeupException(); // it has closed
        }
        while (true) {
            try {
                mine.commitSync(offsets, COMMIT_PATIENCE);
                return null;
            } catch (WakeupException again) {
                // meant for a poll; to commit the same twice does no harm
            } catch (RuntimeException failure) {
                return failure;
            }
        }
    }

    // ------------------------------------------------------------------------------------------- partitions come and
    // go

    private final class Rebalance implements ConsumerRebalanceListener {

        private final KafkaConsumer<byte[], byte[]> mine;

        Rebalance(KafkaConsumer<byte[], byte[]> mine) {
            this.mine = mine;
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            fresh.addAll(partitions);
            mine.pause(partitions);
            mine.wakeup(); // there is something to do before the next poll
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            List<Integer> going = begun(partitions);
            if (!halted && !going.isEmpty()) {
                AtomicBoolean settled = new AtomicBoolean();
                loop.execute(() -> group.revoke(going, () -> commands.offer(() -> settled.set(true))));
                long begin = System.nanoTime();
                while (!settled.get() && !halted && System.nanoTime() - begin < REVOKE_PATIENCE_NANOS) {
                    runCommand();
                }
            }
            loop.execute(() -> group.gone(going));
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            List<Integer> going = begun(partitions);
            loop.execute(() -> group.gone(going));
        }

        private List<Integer> begun(Collection<TopicPartition> partitions) {
            List<Integer> numbers = new ArrayList<>();
            for (TopicPartition partition : partitions) {
                expected.remove(partition);
                if (!fresh.remove(partition)) {
                    numbers.add(partition.partition());
                }
            }
            return numbers;
        }
    }

    private void runCommand() {
        try {
            Runnable command = commands.poll(COMMAND_WAIT_MILLIS, TimeUnit.MILLISECONDS);
            if (command != null) {
                command.run();
            }
        } catch (InterruptedException hurry) {
            halted = true;
        }
    }

    /** Learns where the partitions that are new begin, and what the ledger says of them. */
    private void begin(KafkaConsumer<byte[], byte[]> mine) {
        if (fresh.isEmpty()) {
            return;
        }
        try {
            Set<TopicPartition> wanted = Set.copyOf(fresh);
            Map<TopicPartition, OffsetAndMetadata> committed = mine.committed(wanted);
            Map<TopicPartition, Long> begins = mine.beginningOffsets(wanted);
            Map<TopicPartition, Long> ledgerFrom = new HashMap<>();
            for (TopicPartition partition : wanted) {
                OffsetAndMetadata offset = committed.get(partition);
                long from = offset == null ? 0 : Share.ledgerFrom(offset.metadata());
                ledgerFrom.merge(ledgerOf(partition.partition()), from, Math::min);
            }
            Map<TopicPartition, Long> ledgerEnds = clerk.ends(ledgerFrom.keySet());
            Map<Integer, Map<Long, Share.Known>> known = replay(ledgerFrom, ledgerEnds);
            for (TopicPartition partition : wanted) {
                OffsetAndMetadata offset = committed.get(partition);
                long first = begins.getOrDefault(partition, 0L);
                long floor = offset == null ? first : Math.max(first, offset.offset());
                long lost = offset == null ? 0 : floor - offset.offset();
                Map<Long, Share.Known> remembered = known.computeIfAbsent(partition.partition(), _ -> new HashMap<>());
                remembered.keySet().removeIf(place -> place < floor);
                TopicPartition in = ledgerOf(partition.partition());
                long ledgerNext = ledgerEnds.getOrDefault(in, 0L);
                mine.seek(partition, floor);
                expected.put(partition, floor);
                Share share = new Share(
                        partition.partition(), floor, remembered, ledgerFrom.getOrDefault(in, 0L), ledgerNext);
                loop.execute(() -> group.assigned(share, lost));
            }
            fresh.removeAll(wanted);
        } catch (RetriableException later) {
            // the brokers are out of reach, or not ready: they are asked again in the next turn
        }
    }

    private TopicPartition ledgerOf(int partition) {
        return new TopicPartition(ledger, partition % ledgerPartitions);
    }

    /** What the ledger says, by partition and place; the last record of each place counts. */
    private Map<Integer, Map<Long, Share.Known>> replay(
            Map<TopicPartition, Long> from, Map<TopicPartition, Long> ends) {
        Map<Integer, Map<Long, Share.Known>> known = new HashMap<>();
        Map<TopicPartition, Long> left = new HashMap<>(ends);
        left.keySet().removeIf(partition -> from.getOrDefault(partition, 0L) >= ends.getOrDefault(partition, 0L));
        if (left.isEmpty()) {
            return known;
        }
        try (KafkaConsumer<byte[], byte[]> mine = new KafkaConsumer<>(settings.forReading())) {
            mine.assign(left.keySet());
            left.keySet().forEach(partition -> mine.seek(partition, from.getOrDefault(partition, 0L)));
            while (!left.isEmpty() && !closed) {
                for (ConsumerRecord<byte[], byte[]> record : mine.poll(LEDGER_POLL)) {
                    LedgerRecord.Place place = LedgerRecord.place(record.key());
                    byte[] value = record.value();
                    LedgerRecord said = value == null ? null : LedgerRecord.of(value);
                    Map<Long, Share.Known> of = known.computeIfAbsent(place.partition(), _ -> new HashMap<>());
                    if (said == null) {
                        of.remove(place.offset());
                    } else {
                        of.put(place.offset(), new Share.Known(said, record.offset()));
                    }
                }
                left.entrySet().removeIf(end -> mine.position(end.getKey()) >= end.getValue());
            }
        }
        return known;
    }
}
