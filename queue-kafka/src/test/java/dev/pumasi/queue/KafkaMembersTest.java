package dev.pumasi.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Operation;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import dev.pumasi.testkit.Seed;
import dev.pumasi.testkit.SeedParameter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A group whose members are in several processes: what only an engine on a cluster has. */
@ExtendWith({LeakWatch.class, LogWatch.class, SeedParameter.class})
@Timeout(value = 180, unit = TimeUnit.SECONDS)
final class KafkaMembersTest {

    /** Time enough to join, and to do something. */
    private static final int MEMBERS_LIVE_MILLIS_MAX = 2000;

    private static String servers;

    private final String prefix = UUID.randomUUID().toString().substring(0, 8) + ".";
    private LoopGroup loops;
    private Loop loop;

    @BeforeAll
    static void broker() throws Exception {
        servers = Broker.forAll();
    }

    @BeforeEach
    void begin() {
        loops = LoopGroup.start("members", 1, "auto");
        loop = loops.next();
    }

    @AfterEach
    void end() {
        try {
            assertEquals(0, loop.status().hops());
        } finally {
            loops.close();
        }
    }

    private String url(int partitions) {
        return "kafka:" + servers + "?prefix=" + prefix + "&partitions=" + partitions;
    }

    /** As a queue of another process's would be: its own clients, its own membership. */
    private Queue open(int partitions) throws Exception {
        return Queue.open(loop, url(partitions));
    }

    @Test
    void members_share_the_partitions_keep_the_order_and_hand_over_what_they_have_not_settled() throws Exception {
        int keys = 24;
        int each = 30;
        Map<String, List<Integer>> seen = new ConcurrentHashMap<>();
        Map<String, Integer> byWhom = new ConcurrentHashMap<>();
        try (Queue first = open(6);
                Queue second = open(6)) {
            Topic topic = first.topic("t");
            List<Operation<Position>> operations = new ArrayList<>();
            for (int n = 0; n < each; n++) {
                for (int k = 0; k < keys; k++) {
                    operations.add(topic.publisher().startPublish(Message.of("k" + k, "" + n)));
                }
            }
            Handling one = handle(first, "first", seen, byWhom);
            OnEachDriver.eventually("the first one works", () -> one.handled() > 20);
            Handling two = handle(second, "second", seen, byWhom);
            OnEachDriver.eventually("the second one has got a share", () -> two.handled() > 5);
            one.close(); // leaves: the other one gets it all
            one.join();
            for (Operation<Position> operation : operations) {
                operation.await();
            }
            OnEachDriver.eventually(
                    "all are settled", () -> topic.status().groups().getFirst().settledBefore() == keys * each);
            two.close();
            two.join();
            assertEquals(0, one.failed() + two.failed());
        }
        seen.forEach((key, numbers) -> assertEquals(
                java.util.stream.IntStream.range(0, each).boxed().toList(),
                numbers.stream().distinct().toList(),
                key + ": in order, whoever had it: " + numbers));
        assertEquals(keys, seen.size());
        assertTrue(byWhom.get("first") > 0 && byWhom.get("second") > 0, byWhom.toString());
    }

    private Handling handle(Queue queue, String who, Map<String, List<Integer>> seen, Map<String, Integer> byWhom)
            throws Exception {
        return queue.topic("t").consumer("g").handle(loop, 3, delivery -> {
            loop.sleep(Duration.ofMillis(2)).await();
            seen.computeIfAbsent(delivery.message().key(), _ -> new CopyOnWriteArrayList<>())
                    .add(Integer.valueOf(delivery.message().text()));
            byWhom.merge(who, 1, Integer::sum);
        });
    }

    @Test
    void what_a_member_had_that_died_comes_to_another_one_and_is_counted(Seed seed) throws Exception {
        Process member = Kills.start(url(2), "r0", seed);
        try (Queue queue = open(2)) {
            try (var said = member.inputReader()) {
                for (String line = said.readLine(); line != null; line = said.readLine()) {
                    if (line.startsWith("D ")) {
                        break; // it has a message in hand
                    }
                }
                member.destroyForcibly().waitFor();
            }
            Topic topic = queue.topic("t");
            List<Integer> attempts = new CopyOnWriteArrayList<>();
            Handling handling = topic.consumer(History.GROUP, KillChild.HOW)
                    .handle(loop, 4, delivery -> attempts.add(delivery.attempt()));
            OnEachDriver.eventually("its messages are handled, once more", () -> attempts.contains(2));
            OnEachDriver.eventually(
                    "all are settled",
                    () -> topic.status().groups().getFirst().settledBefore()
                            == topic.status().nextSequence());
            handling.close();
            handling.join();
        } finally {
            member.destroyForcibly().waitFor();
        }
    }

    @Test
    void killed_at_random_moments_members_keep_the_contract(Seed seed) throws Exception {
        Kills kills = new Kills(url(3), seed, Kills.PUBLISHED, MEMBERS_LIVE_MILLIS_MAX);
        kills.run(2);
        assertTrue(kills.published() > 0 && kills.delivered() > 0, kills.toString());
    }

    @Test
    void how_long_to_keep_messages_is_the_topics_setting_and_what_is_deleted_unread_is_counted(LogWatch log)
            throws Exception {
        log.expect("group slow of t: 7 messages of partition 0 are lost");
        Retention kept = Retention.DEFAULT.withBytesMax(8 << 20).withAgeMax(Duration.ofHours(3));
        try (Queue queue = open(2);
                Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            queue.topic("kept", TopicSettings.DEFAULT.withRetention(kept));
            var resource = new ConfigResource(ConfigResource.Type.TOPIC, prefix + "kept");
            var found = admin.describeConfigs(List.of(resource)).all().get().get(resource);
            assertEquals("4194304", found.get("retention.bytes").value(), "for each partition, of which there are two");
            assertEquals("10800000", found.get("retention.ms").value());
        }
        try (Queue queue = open(1);
                Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            Topic topic = queue.topic("t");
            for (int i = 0; i < 10; i++) {
                topic.publisher().publish(Message.of("", "" + i));
            }
            topic.consumer("slow").close();
            topic.startForget("nobody").await();
        } catch (java.io.IOException nobody) {
            assertEquals(QueueFailure.NOT_FOUND, QueueException.in("", nobody).failure());
        }
        try (Queue queue = open(1);
                Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            Topic topic = queue.topic("t");
            admin.deleteRecords(Map.of(new TopicPartition(prefix + "t", 0), RecordsToDelete.beforeOffset(7)))
                    .all()
                    .get();
            assertEquals("7", topic.consumer("slow").take().message().text());
            assertEquals(7, topic.status().groups().getFirst().lost());
        }
    }
}
