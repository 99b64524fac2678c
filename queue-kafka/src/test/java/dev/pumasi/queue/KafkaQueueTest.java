package dev.pumasi.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What every engine must hold, held by Kafka: a real broker, topics of their own for each test. */
final class KafkaQueueTest extends QueueContract {

    private static String servers;

    private final String prefix = UUID.randomUUID().toString().substring(0, 8) + ".";

    @BeforeAll
    static void broker() throws Exception {
        servers = Broker.forAll();
    }

    @Override
    String url(String... options) {
        List<String> all = new ArrayList<>(List.of(options));
        all.add("prefix=" + prefix);
        if (all.stream().noneMatch(option -> option.startsWith("partitions="))) {
            all.add("partitions=1");
        }
        if (all.stream().noneMatch(option -> option.startsWith("patience="))) {
            all.add("patience=20s"); // less than the tests' own, so that they see the engine's failure
        }
        return "kafka:" + servers + "?" + String.join("&", all);
    }

    @Test
    void what_no_option_is_is_refused() {
        assertEquals(QueueFailure.INVALID, failureOf(() -> open("partition=4")));
        assertEquals(QueueFailure.INVALID, failureOf(() -> open("partitions=many")));
        assertEquals(QueueFailure.INVALID, failureOf(() -> open("patience=1ms")));
        assertEquals(QueueFailure.INVALID, failureOf(() -> open("client=/no/such/file")));
        assertEquals(QueueFailure.INVALID, failureOf(() -> Queue.open(home, "kafka:not an address")));
    }

    @Test
    void keys_of_many_partitions_keep_their_order_and_all_is_settled() throws Exception {
        int keys = 20;
        int each = 20;
        try (Queue queue = open("partitions=5")) {
            Topic topic = queue.topic("t");
            List<String> seen = new java.util.concurrent.CopyOnWriteArrayList<>();
            Handling handling = topic.consumer("g", QUICK)
                    .handle(
                            other,
                            8,
                            delivery -> seen.add(delivery.message().key() + ":"
                                    + delivery.message().text()));
            for (int n = 0; n < each; n++) {
                for (int k = 0; k < keys; k++) {
                    topic.publisher().startPublish(Message.of("k" + k, "" + n));
                }
            }
            eventually(
                    "all are settled", () -> topic.status().groups().getFirst().settledBefore() == keys * each);
            handling.close();
            handling.join();
            for (int k = 0; k < keys; k++) {
                String key = "k" + k + ":";
                assertEquals(
                        java.util.stream.IntStream.range(0, each)
                                .mapToObj(n -> key + n)
                                .toList(),
                        seen.stream().filter(text -> text.startsWith(key)).toList());
            }
            assertEquals(keys * each, topic.status().nextSequence());
        }
    }

    @Test
    void what_the_client_refuses_fails_each_publication_with_its_reason() throws Exception {
        Path client = Files.writeString(folder.resolve("client.properties"), "compression.type=hot-air");
        try (Queue queue = open("client=" + client)) {
            Publisher publisher = queue.topic("t").publisher();
            for (int i = 0; i < 2; i++) {
                QueueException refused =
                        assertThrows(QueueException.class, () -> publisher.publish(Message.of("k", "x")));
                assertEquals(QueueFailure.INVALID, refused.failure());
                assertTrue(refused.getMessage().contains("compression.type"), refused.getMessage());
            }
        }
        Files.writeString(client, "fetch.max.wait.ms=-5"); // without a reader nobody knows which ids there are
        try (Queue queue = open("client=" + client)) {
            Publisher publisher = queue.topic("t").publisher();
            for (int i = 0; i < 2; i++) {
                QueueException refused = assertThrows(
                        QueueException.class,
                        () -> publisher.publish(Message.of("k", "x").withId("a")));
                assertEquals(QueueFailure.INVALID, refused.failure());
                assertTrue(refused.getMessage().contains("fetch.max.wait.ms"), refused.getMessage());
            }
            assertEquals(Position.of(0), publisher.publish(Message.of("k", "without an id")));
        }
    }

    @Test
    void a_group_that_was_forgotten_by_half_can_be_forgotten() throws Exception {
        try (Queue queue = open()) {
            Topic topic = queue.topic("t");
            Consumer consumer = topic.consumer("g");
            topic.publisher().publish(Message.of("k", "x"));
            consumer.take().acknowledge();
            consumer.close();
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
                String id = admin.listGroups().all().get(20, TimeUnit.SECONDS).stream()
                        .map(group -> group.groupId())
                        .filter(group -> group.contains(prefix))
                        .findFirst()
                        .orElseThrow();
                eventually("its member has left", () -> isDeleted(admin, id));
            }
            topic.startForget("g").await();
            assertEquals("x", topic.consumer("g").take().message().text(), "a new group of the same name");
        }
    }

    private static boolean isDeleted(Admin admin, String group) {
        try {
            admin.deleteConsumerGroups(List.of(group)).all().get(20, TimeUnit.SECONDS);
            return true;
        } catch (ExecutionException stillThere) {
            return false;
        } catch (InterruptedException | TimeoutException failure) {
            throw new AssertionError(failure);
        }
    }

    @Test
    void a_topic_of_others_that_takes_less_than_is_sent_at_once_is_not_opened() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            NewTopic small = new NewTopic(prefix + "small", 1, (short) 1);
            admin.createTopics(List.of(small.configs(Map.of("max.message.bytes", "40960"))))
                    .all()
                    .get(60, TimeUnit.SECONDS);
        }
        try (Queue queue = open()) {
            QueueException refused = assertThrows(QueueException.class, () -> queue.topic("small"));
            assertEquals(QueueFailure.INVALID, refused.failure());
            assertTrue(refused.getMessage().contains("max.message.bytes, 40960"), refused.getMessage());
        }
        Path client = Files.writeString(folder.resolve("client.properties"), "batch.size=40000");
        try (Queue queue = open("client=" + client)) {
            assertEquals(Position.of(0), queue.topic("small").publisher().publish(Message.of("k", "x")));
        }
        Files.writeString(client, "batch.size=many");
        assertEquals(QueueFailure.INVALID, failureOf(() -> open("client=" + client)));
    }
}
