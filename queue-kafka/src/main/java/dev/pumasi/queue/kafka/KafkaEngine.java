package dev.pumasi.queue.kafka;

import dev.pumasi.queue.Engine;
import dev.pumasi.queue.Queue;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueUrl;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;

/**
 * {@code kafka:HOST:PORT,HOST:PORT}: the topics of a Kafka cluster, reached by Apache Kafka's own client. Options:
 *
 * <ul>
 *   <li>{@code partitions=8}: of topics that it makes;
 *   <li>{@code replication=3}: copies of the topics that it makes; otherwise what the brokers are set to;
 *   <li>{@code message=1m}: the longest body, up to 64m;
 *   <li>{@code pending=16m}: how much may wait to be durable, in each topic;
 *   <li>{@code fetched=16m}: how much of what is not settled yet a group holds in memory;
 *   <li>{@code company=5ms}: how long an acknowledgement that nobody waits for may wait for others;
 *   <li>{@code patience=30s}: how long the brokers may be out of reach before something fails;
 *   <li>{@code prefix=}: with which the names of all topics begin in the cluster, so that several can share one;
 *   <li>{@code client=FILE}: more settings for Kafka's client, as properties: security, above all.
 * </ul>
 */
public final class KafkaEngine implements Engine {

    static final String SCHEME = "kafka";

    /** For {@link java.util.ServiceLoader}. */
    public KafkaEngine() {}

    @Override
    public String scheme() {
        return SCHEME;
    }

    @Override
    public Operation<Queue> open(Loop loop, QueueUrl url) {
        KafkaSettings settings;
        try {
            settings = KafkaSettings.of(url);
        } catch (QueueException refused) {
            return Asked.of(loop, "open a queue", asked -> asked.fails(refused));
        }
        return KafkaQueue.open(loop, url, settings);
    }
}
