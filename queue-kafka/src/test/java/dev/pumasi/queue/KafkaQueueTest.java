package dev.pumasi.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
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
}
