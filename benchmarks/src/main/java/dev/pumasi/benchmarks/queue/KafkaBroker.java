package dev.pumasi.benchmarks.queue;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;

/**
 * One Kafka broker in this process, with one topic of one partition that is synced before a record is acknowledged or handed to a consumer:
 * {@code flush.messages=1} flushes each batch as it is appended. As it comes, Kafka acknowledges what is in the memory of all replicas
 * and leaves the sync to the system; its makers trust in several machines.
 */
final class KafkaBroker implements AutoCloseable {

    static final String TOPIC = "t";

    private static final int BATCH_BYTES = 256 << 10;

    private final KafkaRaftServer server;
    private final String address;

    private KafkaBroker(KafkaRaftServer server, String address) {
        this.server = server;
        this.address = address;
    }

    static KafkaBroker start(Path folder) throws Exception {
        String data = Files.createDirectories(folder.resolve("kafka")).toString();
        String address = "127.0.0.1:" + freePort();
        String controller = "127.0.0.1:" + freePort();
        new Formatter()
                .setPrintStream(new PrintStream(OutputStream.nullOutputStream()))
                .setNodeId(1)
                .setClusterId(Uuid.randomUuid().toString())
                .setDirectories(List.of(data))
                .setMetadataLogDirectory(data)
                .setControllerListenerName("CONTROLLER")
                .setReleaseVersion(MetadataVersion.LATEST_PRODUCTION)
                .run();
        Properties all = new Properties();
        all.put("process.roles", "broker,controller");
        all.put("node.id", "1");
        all.put("controller.quorum.voters", "1@" + controller);
        all.put("controller.listener.names", "CONTROLLER");
        all.put("listeners", "PLAINTEXT://" + address + ",CONTROLLER://" + controller);
        all.put("advertised.listeners", "PLAINTEXT://" + address);
        all.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
        all.put("log.dirs", data);
        all.put("offsets.topic.num.partitions", "1");
        all.put("offsets.topic.replication.factor", "1");
        all.put("log.cleaner.dedupe.buffer.size", Integer.toString(4 << 20));
        KafkaBroker broker =
                new KafkaBroker(new KafkaRaftServer(KafkaConfig.fromProps(all, false), Time.SYSTEM), address);
        broker.server.startup();
        try (Admin admin = Admin.create(broker.client())) {
            NewTopic topic = new NewTopic(TOPIC, 1, (short) 1).configs(Map.of("flush.messages", "1"));
            admin.createTopics(List.of(topic)).all().get();
        } catch (Exception failed) {
            broker.close();
            throw failed;
        }
        return broker;
    }

    /** Waits for no company before it sends; what comes while requests are on their way goes together. */
    KafkaProducer<byte[], byte[]> producer() {
        Map<String, Object> how = client();
        how.put("acks", "all");
        how.put("linger.ms", 0);
        how.put("batch.size", BATCH_BYTES);
        how.put("key.serializer", ByteArraySerializer.class);
        how.put("value.serializer", ByteArraySerializer.class);
        return new KafkaProducer<>(how);
    }

    KafkaConsumer<byte[], byte[]> consumer() {
        Map<String, Object> how = client();
        how.put("group.id", "g");
        how.put("auto.offset.reset", "earliest");
        how.put("key.deserializer", ByteArrayDeserializer.class);
        how.put("value.deserializer", ByteArrayDeserializer.class);
        return new KafkaConsumer<>(how);
    }

    @Override
    public void close() {
        server.shutdown();
        server.awaitShutdown();
    }

    private Map<String, Object> client() {
        Map<String, Object> how = new HashMap<>();
        how.put("bootstrap.servers", address);
        return how;
    }

    private static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return free.getLocalPort();
        }
    }
}
