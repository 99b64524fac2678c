package dev.pumasi.benchmarks.queue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * What {@link EndToEnd} measures, by Kafka: a producer's thread and a consumer's. The consumer sees what is below the high watermark,
 * and with one replica that moves when the append, and with it the flush, is over. Offsets are committed as by default, every five seconds.
 */
final class KafkaEndToEnd {

    private static final Duration POLL = Duration.ofMillis(100);
    private static final long STEP_NANOS = 1_000_000;
    private static final long PATIENCE_NANOS = 60_000_000_000L;

    private KafkaEndToEnd() {}

    /** Latencies in microseconds, of what was to be published after the warm-up. */
    static Histogram measure(Path folder, int perSecond, int bytes, long warmupNanos, long nanos) throws Exception {
        Histogram latencies = new Histogram(EndToEnd.MICROS_MAX, 3);
        try (KafkaBroker broker = KafkaBroker.start(folder);
                KafkaProducer<byte[], byte[]> producer = broker.producer();
                KafkaConsumer<byte[], byte[]> consumer = broker.consumer()) {
            consumer.subscribe(List.of(KafkaBroker.TOPIC));
            producer.send(new ProducerRecord<>(KafkaBroker.TOPIC, new byte[bytes]))
                    .get();
            long given = System.nanoTime() + PATIENCE_NANOS;
            while (consumer.poll(POLL).isEmpty()) { // a new member waits for its partitions
                if (System.nanoTime() - given > 0) {
                    throw new IllegalStateException("no partition for the consumer");
                }
            }
            long count = (warmupNanos + nanos) / 1_000_000_000L * perSecond;
            long begin = System.nanoTime();
            AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
            Thread clock = Thread.ofPlatform().name("publisher").start(() -> {
                for (long sent = 0; sent < count; LockSupport.parkNanos(STEP_NANOS)) {
                    long now = System.nanoTime() - begin;
                    for (; sent < Math.min(count, now * perSecond / 1_000_000_000L); sent++) {
                        long due = begin + sent * 1_000_000_000L / perSecond;
                        byte[] body = new byte[bytes];
                        ByteBuffer.wrap(body).putLong(due);
                        producer.send(new ProducerRecord<>(KafkaBroker.TOPIC, body), (_, failed) -> {
                            if (failed != null) {
                                failure.compareAndSet(null, failed);
                            }
                        });
                    }
                }
            });
            given = begin + warmupNanos + nanos + PATIENCE_NANOS;
            for (long got = 0; got < count; ) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    long due = ByteBuffer.wrap(record.value()).getLong();
                    if (due - begin > warmupNanos) {
                        latencies.recordValue((System.nanoTime() - due) / 1000);
                    }
                    got++;
                }
                if (failure.get() != null || System.nanoTime() - given > 0) {
                    throw new IllegalStateException("Kafka delivered " + got + " of " + count, failure.get());
                }
            }
            clock.join();
        }
        return latencies;
    }
}
