package dev.pumasi.queue.kafka;

import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import dev.pumasi.queue.QueueUrl;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * How the engine uses a cluster.
 *
 * @param servers where to find it
 * @param prefix with which the names of all topics begin there
 * @param partitions of topics that are made
 * @param replication copies of topics that are made; {@value #BROKERS_REPLICATION}: what the brokers are set to
 * @param messageBytesMax the longest body
 * @param pendingBytesMax how much may wait to be durable, of one topic, before publishers wait or are refused
 * @param fetchedBytesMax how much a group has in memory of what is not settled
 * @param company how long a settlement that is not urgent waits for others
 * @param patience how long the brokers may be out of reach
 * @param client the user's own settings for the client
 */
record KafkaSettings(
        String servers,
        String prefix,
        int partitions,
        short replication,
        int messageBytesMax,
        long pendingBytesMax,
        long fetchedBytesMax,
        Duration company,
        Duration patience,
        Map<String, String> client) {

    static final short BROKERS_REPLICATION = -1;

    /** What a record has beside its body: key, id, headers, Kafka's own framing. */
    static final int OVERHEAD_BYTES_MAX = 32 << 10;

    private static final Set<String> OPTIONS = Set.of(
            "partitions", "replication", "message", "pending", "fetched", "company", "patience", "prefix", "client");

    private static final Pattern PREFIX = Pattern.compile("[A-Za-z0-9._-]{0,60}");
    private static final int PARTITIONS_MAX = 10_000;
    private static final long MESSAGE_BYTES_MOST = 64L << 20;
    private static final long BYTES_MOST = 1L << 30;
    private static final Duration PATIENCE_LEAST = Duration.ofSeconds(1);

    /**
     * The most that goes to a partition at once, unless it is one record. The client's own setting can only make it less, and every
     * topic that is made takes so much.
     *
     * <p>What a topic refuses as too large, the client splits and sends again; but others are on their way behind it, which are then
     * refused as out of order, and sent again after it. Nobody should depend on how that ends.
     */
    static final int BATCH_BYTES_MAX = 128 << 10;

    static KafkaSettings of(QueueUrl url) throws QueueException {
        url.requireOnly(OPTIONS);
        Duration patience = url.time("patience", Duration.ofSeconds(30));
        if (patience.compareTo(PATIENCE_LEAST) < 0) {
            throw invalid(url, "the patience is at least " + PATIENCE_LEAST.toMillis() + "ms");
        }
        String prefix = url.text("prefix", "");
        if (!PREFIX.matcher(prefix).matches()) {
            throw invalid(url, "a prefix has up to 60 letters, digits, '-', '_', '.', and not " + prefix);
        }
        return new KafkaSettings(
                url.place(),
                prefix,
                (int) url.bytes("partitions", 8, 1, PARTITIONS_MAX),
                (short) url.bytes("replication", BROKERS_REPLICATION, 1, 100),
                (int) url.bytes("message", 1 << 20, 1, MESSAGE_BYTES_MOST),
                url.bytes("pending", 16 << 20, 64 << 10, BYTES_MOST),
                url.bytes("fetched", 16 << 20, 64 << 10, BYTES_MOST),
                url.time("company", Duration.ofMillis(5)),
                patience,
                client(url));
    }

    private static Map<String, String> client(QueueUrl url) throws QueueException {
        String file = url.text("client", "");
        Map<String, String> all = new HashMap<>();
        if (!file.isEmpty()) {
            Properties properties = new Properties();
            try (Reader in = Files.newBufferedReader(Path.of(file))) {
                properties.load(in);
            } catch (IOException | IllegalArgumentException unreadable) {
                throw invalid(url, "the client's settings cannot be read: " + unreadable);
            }
            properties.forEach((name, value) -> all.put(name.toString(), value.toString()));
        }
        if (!all.getOrDefault(ProducerConfig.BATCH_SIZE_CONFIG, "0").strip().matches("[0-9]{1,9}")) {
            throw invalid(url, "the client's batch.size is no number of bytes");
        }
        return Map.copyOf(all);
    }

    private static QueueException invalid(QueueUrl url, String details) {
        return new QueueException("open the queue " + url, QueueFailure.INVALID, details);
    }

    private Map<String, Object> common() {
        Map<String, Object> all = new HashMap<>();
        all.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, servers);
        all.put(CommonClientConfigs.METRIC_REPORTER_CLASSES_CONFIG, "");
        all.put(CommonClientConfigs.ENABLE_METRICS_PUSH_CONFIG, false);
        all.put(CommonClientConfigs.REQUEST_TIMEOUT_MS_CONFIG, (int) Math.min(30_000, patience.toMillis() / 2));
        return all;
    }

    Map<String, Object> forAdmin() {
        Map<String, Object> all = common();
        all.put(CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) patience.toMillis());
        all.putAll(client);
        return all;
    }

    /**
     * Durable on all replicas in sync, each record once and in order whatever is sent again. It lingers for nobody: what comes
     * while others are on their way shares the next request.
     */
    Map<String, Object> forProducer() {
        Map<String, Object> all = common();
        all.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        all.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        all.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        all.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, patience.toMillis());
        all.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, (int) patience.toMillis());
        all.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, recordBytesMax());
        // So much that it never is what a publisher waits for: that is counted before.
        all.put(ProducerConfig.BUFFER_MEMORY_CONFIG, 4 * pendingBytesMax + 4L * recordBytesMax());
        all.putAll(client);
        all.put(ProducerConfig.BATCH_SIZE_CONFIG, batchBytes());
        all.put(ProducerConfig.ACKS_CONFIG, "all");
        all.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        return all;
    }

    /** For who reads without a group. */
    Map<String, Object> forReading() {
        Map<String, Object> all = common();
        all.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        all.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        all.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) patience.toMillis());
        all.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        all.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        all.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, (int) Math.min(fetchedBytesMax, 1 << 30));
        all.putAll(client);
        all.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        return all;
    }

    Map<String, Object> forGroup(String group) {
        Map<String, Object> all = forReading();
        all.put(ConsumerConfig.GROUP_ID_CONFIG, group);
        all.putIfAbsent(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "consumer");
        return all;
    }

    int recordBytesMax() {
        return messageBytesMax + OVERHEAD_BYTES_MAX;
    }

    /** How much of a topic's records are stored at once, and so what it must take at least. */
    int topicBytesMax() {
        return Math.max(recordBytesMax(), BATCH_BYTES_MAX);
    }

    /** How much may go to a partition at once, if it is not one record. */
    int batchBytes() {
        String asked = client.get(ProducerConfig.BATCH_SIZE_CONFIG);
        return asked == null ? BATCH_BYTES_MAX : Math.min(Integer.parseInt(asked.strip()), BATCH_BYTES_MAX);
    }
}
