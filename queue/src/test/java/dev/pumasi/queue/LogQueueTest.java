package dev.pumasi.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Figures;
import dev.pumasi.runtime.Loop;
import dev.pumasi.testkit.LogWatch;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the embedded engine promises, on each driver and a real disk. */
final class LogQueueTest extends QueueContract {

    @Test
    void what_no_option_is_is_refused() {
        assertEquals(QueueFailure.INVALID, failureOf(() -> open("segmnt=64k")));
        assertEquals(QueueFailure.INVALID, failureOf(() -> open("segment=lots")));
        assertEquals(QueueFailure.INVALID, failureOf(() -> open("write=twice")));
        assertEquals(QueueFailure.INVALID, failureOf(() -> open("segment=64k", "message=1m")));
        assertEquals(QueueFailure.INVALID, failureOf(() -> Queue.open(home, "rabbit:/x")));
    }

    @Test
    void its_figures_are_there_to_be_shown_while_it_is_open() throws Exception {
        try (Queue queue = open()) {
            Topic topic = queue.topic("shown");
            Consumer consumer = topic.consumer("viewers");
            topic.publisher().publish(Message.of("k", "one"));
            topic.publisher().publish(Message.of("k", "two"));
            Delivery first = consumer.take();
            eventually(
                    "both figures",
                    () -> figure("queue_topic", "shown", "messages") == 2
                            && figure("queue_group", "shown / viewers", "in_flight") == 1);
            assertEquals(0, figure("queue_group", "shown / viewers", "dead_letters"));
            first.acknowledge();
        }
        assertEquals(-1, figure("queue_topic", "shown", "messages"));
    }

    /** -1 if nobody shows it. */
    private static double figure(String kind, String name, String figure) {
        return Figures.all().stream()
                .filter(row -> row.kind().equals(kind) && row.name().equals(name))
                .flatMap(row -> row.figures().stream())
                .filter(each -> each.name().equals(figure))
                .mapToDouble(Figures.Figure::value)
                .findFirst()
                .orElse(-1);
    }

    @Test
    void many_publishers_share_a_sync() throws Exception {
        int threads = 64;
        int each = 20;
        try (Queue queue = open()) {
            Topic topic = queue.topic("t");
            Publisher publisher = topic.publisher();
            List<Thread> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                String key = "k" + i;
                Loop loop = i % 2 == 0 ? home : other;
                all.add(loop.spawn(() -> {
                    for (int n = 0; n < each; n++) {
                        publisher.publish(Message.of(key, key + ":" + n));
                    }
                }));
            }
            for (Thread thread : all) {
                thread.join();
            }
            TopicStatus status = topic.status();
            assertEquals(threads * each, status.published());
            assertTrue(status.syncs() < threads * each / 4, status.syncs() + " syncs");
        }
    }

    @Test
    void a_second_owner_is_refused_and_told_who_the_first_is() throws Exception {
        try (Queue queue = open()) {
            QueueException refused = assertThrows(QueueException.class, this::open);
            assertEquals(QueueFailure.IN_USE, refused.failure());
            assertTrue(refused.getMessage().contains("this process has it open"), refused.getMessage());
            assertEquals(List.of(), queue.topics());
        }
        open().close();
    }

    @Test
    void old_segments_go_when_nobody_needs_them() throws Exception {
        try (Queue queue = open("message=8k", "segment=64k")) {
            Topic topic =
                    queue.topic("t", TopicSettings.DEFAULT.withRetention(Retention.DEFAULT.withBytesMax(128 << 10)));
            Publisher publisher = topic.publisher();
            Consumer reader = topic.consumer("reader");
            byte[] body = new byte[8000];
            for (int i = 0; i < 40; i++) {
                publisher.publish(Message.of(body));
            }
            assertTrue(
                    topic.status().bytes() >= 5 * 65536,
                    "the group needs them: " + topic.status().bytes());
            for (int i = 0; i < 40; i++) {
                reader.take().acknowledge();
            }
            eventually("they are gone", () -> topic.status().bytes() <= 128 << 10);
            assertTrue(topic.status().firstSequence() > 0);
            Consumer late = topic.consumer("late");
            Delivery first = late.take();
            assertEquals(topic.status().firstSequence(), first.position().sequence());
        }
        try (Queue queue = open("message=8k", "segment=64k")) {
            Topic topic = queue.topic("t");
            assertEquals(40, topic.publisher().publish(Message.of("", "next")).sequence());
        }
    }

    @Test
    void old_segments_go_although_somebody_needs_them_if_told_so(LogWatch log) throws Exception {
        log.expect("group slow of t: messages 0 to [0-9]+ are lost");
        try (Queue queue = open("message=8k", "segment=64k")) {
            Retention hard = Retention.DEFAULT.withBytesMax(128 << 10).withUnreadToo(true);
            Topic topic = queue.topic("t", TopicSettings.DEFAULT.withRetention(hard));
            Consumer slow = topic.consumer("slow");
            byte[] body = new byte[8000];
            for (int i = 0; i < 40; i++) {
                topic.publisher().publish(Message.of(body));
            }
            eventually("they are gone", () -> topic.status().bytes() <= 3 * 65536);
            Delivery first = slow.take();
            assertEquals(topic.status().firstSequence(), first.position().sequence());
            assertEquals(
                    topic.status().firstSequence(),
                    topic.status().groups().getFirst().lost());
        }
    }

    @Test
    void messages_in_many_segments_are_read_in_their_order_after_a_restart() throws Exception {
        try (Queue queue = open("message=8k", "segment=64k")) {
            Publisher publisher = queue.topic("t").publisher();
            for (int i = 0; i < 200; i++) {
                publisher.publish(Message.of("k", i + " " + "x".repeat(i * 37)));
            }
        }
        try (Queue queue = open("message=8k", "segment=64k")) {
            Topic topic = queue.topic("t");
            List<Integer> numbers = new ArrayList<>();
            Consumer consumer = topic.consumer("g");
            for (int i = 0; i < 200; i++) {
                Delivery delivery = consumer.take();
                numbers.add(Integer.valueOf(delivery.message().text().split(" ", 2)[0]));
                delivery.startAcknowledge();
            }
            assertEquals(java.util.stream.IntStream.range(0, 200).boxed().toList(), numbers);
        }
    }
}
