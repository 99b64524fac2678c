package dev.pumasi.queue.kafka;

import dev.pumasi.queue.Retention;
import dev.pumasi.queue.Start;
import dev.pumasi.queue.TopicSettings;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Offload;
import dev.pumasi.runtime.Operation;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of the cluster seldom: which topics there are, make one, where a group begins. Each is a few calls one after the other, so
 * they run in direct style on threads that may wait.
 */
final class Clerk {

    /** What is known of a topic from outside. */
    record Look(long first, long bytes, Map<Integer, Long> ends, Map<String, Map<Integer, Long>> floors) {}

    private static final int LEDGER_SEGMENT_BYTES = 8 << 20;
    private static final Duration LOOK_AGAIN = Duration.ofMillis(20);
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(2);

    private final Loop loop;
    private final Offload threads;
    private final KafkaSettings settings;
    private volatile @Nullable Admin admin;

    Clerk(Loop loop, Offload threads, KafkaSettings settings) {
        this.loop = loop;
        this.threads = threads;
        this.settings = settings;
    }

    private <T> Operation<T> ask(Callable<T> errand) {
        return threads.submit(loop, errand);
    }

    /** Reaches the cluster; yields the names of its topics. */
    Operation<Set<String>> open() {
        return ask(() -> {
            Admin opened = Admin.create(settings.forAdmin());
            admin = opened;
            answer(opened.describeCluster().clusterId());
            return answer(opened.listTopics().names());
        });
    }

    Operation<Set<String>> topics() {
        return ask(() -> answer(admin().listTopics().names()));
    }

    /** Not for a loop. */
    void close() {
        Admin opened = admin;
        if (opened != null) {
            opened.close(CLOSE_PATIENCE);
        }
    }

    private Admin admin() {
        Admin opened = admin;
        if (opened == null) {
            throw new IllegalStateException("not open");
        }
        return opened;
    }

    private static <T> T answer(KafkaFuture<T> future) throws Exception {
        try {
            return future.get();
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof ApiException known ? known : failed;
        }
    }

    // ------------------------------------------------------------------------------------------- topics

    /** Makes a topic if it is not there; yields where its partitions end. */
    Operation<Map<Integer, Long>> openTopic(String name, TopicSettings how) {
        return ask(() -> {
            Optional<Integer> there = partitions(name);
            if (there.isEmpty()) {
                make(name, settings.partitions(), configuration(how.retention()));
            } else {
                requireRoom(name);
                if (!how.retention().equals(Retention.DEFAULT)) {
                    configure(name, retention(how.retention(), there.get()));
                }
            }
            return list(name, await(name), OffsetSpec.latest());
        });
    }

    private Map<String, String> configuration(Retention retention) {
        Map<String, String> all = retention(retention, settings.partitions());
        all.put(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE);
        all.put(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(settings.topicBytesMax()));
        all.put(TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime");
        return all;
    }

    /** Kafka counts for each partition. */
    private static Map<String, String> retention(Retention retention, int partitions) {
        Map<String, String> all = new HashMap<>();
        boolean forever = retention.bytesMax() == Long.MAX_VALUE;
        all.put(
                TopicConfig.RETENTION_BYTES_CONFIG,
                Long.toString(forever ? -1 : Math.max(1, retention.bytesMax() / partitions)));
        all.put(
                TopicConfig.RETENTION_MS_CONFIG,
                Long.toString(retention.ageMax().toMillis()));
        return all;
    }

    private void make(String name, int partitions, Map<String, String> configuration) throws Exception {
        NewTopic topic = settings.replication() == KafkaSettings.BROKERS_REPLICATION
                ? new NewTopic(name, Optional.of(partitions), Optional.empty())
                : new NewTopic(name, partitions, settings.replication());
        try {
            answer(admin().createTopics(List.of(topic.configs(configuration))).all());
        } catch (TopicExistsException fasterThanWe) {
            // that is all the same
        }
    }

    /** One that others made may take less at once than is sent ({@link KafkaSettings#BATCH_BYTES_MAX}). */
    private void requireRoom(String name) throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, name);
        try {
            Config known =
                    answer(admin().describeConfigs(List.of(resource)).all()).get(resource);
            ConfigEntry room = known == null ? null : known.get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG);
            if (room != null && Integer.parseInt(room.value()) < settings.batchBytes()) {
                throw new InvalidConfigurationException("its max.message.bytes, " + room.value()
                        + ", is less than what is sent at once, " + settings.batchBytes()
                        + ": make it more, or the client's batch.size less");
            }
        } catch (AuthorizationException | UnknownTopicOrPartitionException notSeen) {
            // who may not look, or asks a broker that does not know it yet, believes that it was set right
        }
    }

    private void configure(String name, Map<String, String> configuration) throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, name);
        Collection<AlterConfigOp> changes = configuration.entrySet().stream()
                .map(each ->
                        new AlterConfigOp(new ConfigEntry(each.getKey(), each.getValue()), AlterConfigOp.OpType.SET))
                .toList();
        answer(admin().incrementalAlterConfigs(Map.of(resource, changes)).all());
    }

    private Optional<Integer> partitions(String name) throws Exception {
        try {
            Map<String, TopicDescription> found =
                    answer(admin().describeTopics(List.of(name)).allTopicNames());
            return Optional.ofNullable(found.get(name))
                    .map(topic -> topic.partitions().size());
        } catch (UnknownTopicOrPartitionException notThere) {
            return Optional.empty();
        }
    }

    /** A topic that was made is known to each broker a little later. */
    private int await(String name) throws Exception {
        long begin = System.nanoTime();
        while (true) {
            Optional<Integer> found = partitions(name);
            if (found.isPresent()) {
                return found.get();
            }
            lookAgain(begin, name + " was made, and the brokers do not show it");
        }
    }

    private void lookAgain(long beginNanos, String inVain) throws InterruptedException {
        lookAgain(beginNanos, settings.patience(), inVain);
    }

    /** Waits a little, or no longer. */
    static void lookAgain(long beginNanos, Duration patience, String inVain) throws InterruptedException {
        if (System.nanoTime() - beginNanos > patience.toNanos()) {
            throw new TimeoutException(inVain + " (looked for " + patience.toMillis() + " ms)");
        }
        Thread.sleep(LOOK_AGAIN);
    }

    // ------------------------------------------------------------------------------------------- groups

    /** @param floors where the group is */
    record GroupFound(int ledgerPartitions, Map<Integer, Long> floors) {}

    /** Makes sure that a group durably exists: its ledger, and where it begins. */
    Operation<GroupFound> openGroup(String topic, int partitions, String group, Start start) {
        return ask(() -> {
            String ledger = Names.ledger(topic, group);
            Optional<Integer> there = partitions(ledger);
            if (there.isEmpty()) {
                make(
                        ledger,
                        partitions,
                        Map.of(
                                TopicConfig.CLEANUP_POLICY_CONFIG,
                                TopicConfig.CLEANUP_POLICY_COMPACT,
                                TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                                Integer.toString(KafkaSettings.BATCH_BYTES_MAX),
                                TopicConfig.SEGMENT_BYTES_CONFIG,
                                Integer.toString(LEDGER_SEGMENT_BYTES)));
            }
            String id = Names.group(topic, group);
            if (offsets(id, topic).isEmpty()) {
                begin(id, topic, partitions, start);
            }
            return new GroupFound(there.isPresent() ? there.get() : await(ledger), offsets(id, topic));
        });
    }

    private Map<Integer, Long> offsets(String id, String topic) throws Exception {
        Map<Integer, Long> found = new HashMap<>();
        try {
            answer(admin().listConsumerGroupOffsets(id).partitionsToOffsetAndMetadata())
                    .forEach((partition, offset) -> {
                        if (offset != null && partition.topic().equals(topic)) {
                            found.put(partition.partition(), offset.offset());
                        }
                    });
        } catch (GroupIdNotFoundException none) {
            // nobody has been here
        }
        return found;
    }

    private void begin(String id, String topic, int partitions, Start start) throws Exception {
        Map<TopicPartition, OffsetAndMetadata> begins = new HashMap<>();
        Map<Integer, Long> first = list(topic, partitions, OffsetSpec.earliest());
        Map<Integer, Long> end = list(topic, partitions, OffsetSpec.latest());
        Map<Integer, Long> at = switch (start) {
            case Start.Beginning _ -> first;
            case Start.End _ -> end;
            case Start.At(var position) -> {
                Map<Integer, Long> places = new HashMap<>(first);
                places.computeIfPresent(
                        position.partition(),
                        (partition, earliest) ->
                                Math.clamp(position.sequence(), earliest, end.getOrDefault(partition, earliest)));
                yield places;
            }
            case Start.Time(var instant) -> {
                Map<Integer, Long> places = new HashMap<>(end);
                list(topic, partitions, OffsetSpec.forTimestamp(instant.toEpochMilli()))
                        .forEach((partition, offset) -> {
                            if (offset >= 0) { // else everything there is older
                                places.put(partition, offset);
                            }
                        });
                yield places;
            }
        };
        at.forEach(
                (partition, offset) -> begins.put(new TopicPartition(topic, partition), new OffsetAndMetadata(offset)));
        try {
            answer(admin().alterConsumerGroupOffsets(id, begins).all());
        } catch (UnknownMemberIdException | GroupNotEmptyException | RebalanceInProgressException fasterThanWe) {
            // another process has just opened this group, and it began where that one said
        }
    }

    private Map<Integer, Long> list(String topic, int partitions, OffsetSpec spec) throws Exception {
        Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
        for (int i = 0; i < partitions; i++) {
            wanted.put(new TopicPartition(topic, i), spec);
        }
        Map<Integer, Long> found = new TreeMap<>();
        Map<TopicPartition, ListOffsetsResult.ListOffsetsResultInfo> all =
                answer(admin().listOffsets(wanted).all());
        all.forEach((partition, info) -> found.put(partition.partition(), info.offset()));
        return found;
    }

    /** Where those partitions end. Waits; for a thread that may. */
    Map<TopicPartition, Long> ends(Set<TopicPartition> partitions) {
        Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
        partitions.forEach(partition -> wanted.put(partition, OffsetSpec.latest()));
        Map<TopicPartition, Long> found = new HashMap<>();
        try {
            answer(admin().listOffsets(wanted).all()).forEach((partition, info) -> found.put(partition, info.offset()));
        } catch (RuntimeException failed) {
            throw failed;
        } catch (Exception failed) {
            throw new TimeoutException("the ends of " + partitions + " are not known", failed);
        }
        return found;
    }

    /** Deletes what is kept of a group. */
    Operation<Boolean> forgetGroup(String topic, String group) {
        return ask(() -> {
            String id = Names.group(topic, group);
            String ledger = Names.ledger(topic, group);
            try {
                answer(admin().deleteConsumerGroups(List.of(id)).all());
            } catch (GroupIdNotFoundException gone) {
                if (partitions(ledger).isEmpty()) {
                    throw gone;
                } // else somebody began this, and did not see its end
            }
            try {
                answer(admin().deleteTopics(List.of(ledger)).all());
            } catch (UnknownTopicOrPartitionException gone) {
                return true;
            }
            long begin = System.nanoTime();
            while (partitions(ledger).isPresent()) {
                lookAgain(begin, ledger + " was deleted, and the brokers still show it: forget the group once more");
            }
            return true;
        });
    }

    /** Looks how far a topic and its groups are. */
    Operation<Look> look(String topic, int partitions, List<String> groups) {
        return ask(() -> {
            long first = 0;
            for (long each : list(topic, partitions, OffsetSpec.earliest()).values()) {
                first += each;
            }
            Map<String, Map<Integer, Long>> floors = new HashMap<>();
            for (String group : groups) {
                floors.put(group, offsets(Names.group(topic, group), topic));
            }
            return new Look(first, bytes(topic), list(topic, partitions, OffsetSpec.latest()), floors);
        });
    }

    /** On the disks of all brokers. */
    private long bytes(String topic) throws Exception {
        long sum = 0;
        var brokers = answer(admin().describeCluster().nodes()).stream()
                .map(node -> node.id())
                .toList();
        for (var folders :
                answer(admin().describeLogDirs(brokers).allDescriptions()).values()) {
            for (var folder : folders.values()) {
                for (var replica : folder.replicaInfos().entrySet()) {
                    sum += replica.getKey().topic().equals(topic)
                            ? replica.getValue().size()
                            : 0;
                }
            }
        }
        return sum;
    }
}
