package dev.pumasi.queue.kafka;

import dev.pumasi.queue.Position;
import dev.pumasi.queue.QueueException;
import dev.pumasi.runtime.Loop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/**
 * Learns which ids are in a topic: reads what was stored within the window, and from then on all that comes, from this process and
 * others. One thread and one consumer without a group, for all topics to which messages with ids are published.
 */
final class Follower {

    /** An id and where it stands. */
    record Seen(String id, Position position, long storedMillis) {}

    /** Who wants to know, on the loop. */
    interface Told {

        void seen(List<Seen> ids);

        /** All that was there when it was asked has been told. */
        void caughtUp();

        void failed(QueueException why);
    }

    private record Wish(String topic, Duration window, int idsMax, Told told) {}

    /** What a topic still has to read before it has caught up. */
    private record Followed(Told told, Map<TopicPartition, Long> ends) {}

    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(2);

    private final Loop loop;
    private final KafkaSettings settings;
    private final LinkedTransferQueue<Wish> wishes = new LinkedTransferQueue<>();
    private final Worker worker = new Worker("follow");
    private final Map<String, Followed> followed = new HashMap<>();
    private @Nullable Wish wished;
    private volatile @Nullable KafkaConsumer<byte[], byte[]> consumer;
    private volatile boolean closed;

    Follower(Loop loop, KafkaSettings settings) {
        this.loop = loop;
        this.settings = settings;
        worker.post(this::follow);
        worker.end();
    }

    /** Any thread that may block. */
    void add(String topic, Duration window, int idsMax, Told told) {
        wishes.add(new Wish(topic, window, idsMax, told));
        wake();
    }

    private void wake() {
        KafkaConsumer<byte[], byte[]> sleeper = consumer;
        if (sleeper != null) {
            sleeper.wakeup();
        }
    }

    /** Waits until it has ended; not for a loop. */
    void close() {
        closed = true;
        wake();
        worker.join(CLOSE_PATIENCE);
    }

    private void follow() {
        while (!closed) {
            try (KafkaConsumer<byte[], byte[]> reader = new KafkaConsumer<>(settings.forReading())) {
                consumer = reader;
                while (!closed) {
                    turn(reader);
                }
            } catch (InterruptException hurry) {
                closed = true;
            } catch (RuntimeException broken) {
                tellAll(broken);
            } finally {
                consumer = null;
            }
            awaitWish(); // before it is tried with another reader, which may break as the last one did
        }
    }

    private void awaitWish() {
        try {
            while (!closed && wished == null) {
                wished = wishes.poll(POLL.toMillis(), TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException hurry) {
            closed = true;
        }
    }

    private void turn(KafkaConsumer<byte[], byte[]> reader) {
        try {
            Wish wish = wished;
            if (wish == null) {
                wish = followed.isEmpty() ? wishes.poll(POLL.toMillis(), TimeUnit.MILLISECONDS) : wishes.poll();
                wished = wish;
            }
            if (wish != null) {
                begin(reader, wish);
                wished = null;
                tell(reader, Map.of()); // an empty topic has been read to its end
            } else if (!followed.isEmpty()) {
                Map<String, List<Seen>> news = new HashMap<>();
                for (ConsumerRecord<byte[], byte[]> record : reader.poll(POLL)) {
                    String id = Records.id(record);
                    if (!id.isEmpty()) {
                        news.computeIfAbsent(record.topic(), _ -> new ArrayList<>())
                                .add(new Seen(
                                        id, new Position(record.partition(), record.offset()), record.timestamp()));
                    }
                }
                tell(reader, news);
            }
        } catch (WakeupException woken) {
            // somebody wants something; what was begun is begun again
        } catch (InterruptedException hurry) {
            closed = true;
        }
    }

    private void begin(KafkaConsumer<byte[], byte[]> reader, Wish wish) {
        try {
            Set<TopicPartition> mine = new HashSet<>();
            reader.partitionsFor(wish.topic)
                    .forEach(info -> mine.add(new TopicPartition(wish.topic, info.partition())));
            Map<TopicPartition, Long> begins = reader.beginningOffsets(mine);
            Map<TopicPartition, Long> ends = reader.endOffsets(mine);
            Map<TopicPartition, Long> times = new HashMap<>();
            long since = System.currentTimeMillis() - wish.window.toMillis();
            mine.forEach(partition -> times.put(partition, since));
            Map<TopicPartition, OffsetAndTimestamp> first = reader.offsetsForTimes(times);
            Set<TopicPartition> all = new HashSet<>(reader.assignment());
            all.addAll(mine);
            reader.assign(all);
            for (TopicPartition partition : mine) {
                long end = ends.getOrDefault(partition, 0L);
                OffsetAndTimestamp found = first.get(partition);
                long at = Math.max(begins.getOrDefault(partition, 0L), end - wish.idsMax);
                reader.seek(partition, found == null ? end : Math.max(at, found.offset()));
            }
            followed.put(wish.topic, new Followed(wish.told, new HashMap<>(ends)));
        } catch (WakeupException again) {
            throw again;
        } catch (InterruptException hurry) {
            throw hurry;
        } catch (KafkaException unreachable) {
            QueueException why = Failures.of("look for the ids in " + wish.topic, unreachable);
            loop.execute(() -> wish.told.failed(why));
        }
    }

    private void tell(KafkaConsumer<byte[], byte[]> reader, Map<String, List<Seen>> news) {
        followed.forEach((topic, one) -> {
            List<Seen> ids = news.get(topic);
            if (ids != null) {
                loop.execute(() -> one.told.seen(ids));
            }
            if (!one.ends.isEmpty()) {
                one.ends.entrySet().removeIf(end -> reader.position(end.getKey()) >= end.getValue());
                if (one.ends.isEmpty()) {
                    loop.execute(one.told::caughtUp);
                }
            }
        });
    }

    /** Whoever is told may ask again. */
    private void tellAll(RuntimeException broken) {
        Map<String, Told> all = new HashMap<>();
        followed.forEach((topic, one) -> all.put(topic, one.told));
        followed.clear();
        for (Wish wish = wished == null ? wishes.poll() : wished; wish != null; wish = wishes.poll()) {
            all.put(wish.topic, wish.told);
        }
        wished = null;
        all.forEach((topic, told) -> {
            QueueException why = Failures.of("look for the ids in " + topic, broken);
            loop.execute(() -> told.failed(why));
        });
        if (!closed && all.isEmpty()) {
            loop.report("following the ids of messages", broken);
        }
    }
}
