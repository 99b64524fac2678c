package dev.pumasi.queue.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.queue.Consumer;
import dev.pumasi.queue.Delivery;
import dev.pumasi.queue.GroupSettings;
import dev.pumasi.queue.GroupStatus;
import dev.pumasi.queue.Handling;
import dev.pumasi.queue.Message;
import dev.pumasi.queue.Position;
import dev.pumasi.queue.Publisher;
import dev.pumasi.queue.Queue;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import dev.pumasi.queue.Retention;
import dev.pumasi.queue.Start;
import dev.pumasi.queue.Topic;
import dev.pumasi.queue.TopicSettings;
import dev.pumasi.runtime.Operation;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The Java API at the other end of HTTP, on each driver: what the embedded engine promises, as far as it has to do with the way. */
final class HttpEngineTest extends OnEachDriver {

    private static final GroupSettings QUICK =
            GroupSettings.DEFAULT.withDelay(Duration.ofMillis(1), Duration.ofMillis(4));

    private static QueueFailure failureOf(org.junit.jupiter.api.function.Executable body) {
        return assertThrows(QueueException.class, body).failure();
    }

    private static GroupStatus group(Topic topic) {
        return topic.status().groups().getFirst();
    }

    @Test
    void what_is_published_is_delivered_whole_and_once() throws Exception {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("From", "the shop = ours, 100 %\n");
        headers.put("empty", "");
        headers.put("한", " 글 ");
        Message message = Message.of("key-한", new byte[] {0, 10, (byte) 0xff})
                .withId("id 1")
                .withHeaders(headers);
        try (Queue remote = remote()) {
            Topic topic = remote.topic("orders");
            assertEquals(Position.of(0), topic.publisher().publish(message));
            assertEquals(Position.of(0), topic.publisher().publish(message), "the same id is the same message");
            Consumer consumer = topic.consumer("mail");
            Delivery delivery = consumer.take();
            assertEquals("orders", delivery.topic());
            assertEquals("key-한", delivery.message().key());
            assertEquals("id 1", delivery.message().id());
            assertEquals(headers, delivery.message().headers());
            assertEquals(
                    List.copyOf(headers.keySet()),
                    List.copyOf(delivery.message().headers().keySet()));
            assertArrayEquals(message.body(), delivery.message().body());
            assertEquals(1, delivery.attempt());
            assertEquals(Position.of(0), delivery.position());
            assertTrue(Duration.between(delivery.storedAt(), Instant.now()).toMinutes() < 5);
            delivery.acknowledge();
            assertEquals(QueueFailure.STALE, failureOf(delivery::acknowledge));
            assertEquals(1, group(topic).settledBefore());
            assertEquals(List.of("orders"), remote.topics());
        }
    }

    @Test
    void what_one_thread_publishes_without_waiting_stays_in_order_and_one_that_is_refused_stops_nobody()
            throws Exception {
        int count = 600;
        try (Queue remote = remote()) {
            Topic topic = remote.topic("t");
            Publisher publisher = topic.publisher();
            List<Operation<Position>> all = new ArrayList<>();
            for (int n = 0; n < count; n++) {
                Message message = Message.of("k", "" + n);
                all.add(publisher.startPublish(n == 300 ? message.withId("i".repeat(300)) : message));
            }
            assertEquals(QueueFailure.TOO_LARGE, failureOf(() -> QueueException.await(all.remove(300))));
            long sequence = 0;
            for (Operation<Position> one : all) {
                assertEquals(sequence, one.await().sequence());
                sequence++;
            }
            try (Consumer consumer = queue.topic("t").consumer("g")) {
                for (int n = 0; n < count; n++) {
                    if (n != 300) {
                        Delivery delivery = consumer.take();
                        assertEquals("" + n, delivery.message().text());
                        delivery.startAcknowledge();
                    }
                }
            }
            assertTrue(server.status().requests() < count / 2, "they go together: " + server.status());
        }
    }

    @Test
    void a_queue_that_closes_waits_for_what_is_being_published() throws Exception {
        Operation<Position> last;
        try (Queue remote = remote()) {
            Publisher publisher = remote.topic("t").publisher();
            for (int n = 0; n < 50; n++) {
                publisher.startPublish(Message.of("k", "" + n));
            }
            last = publisher.startPublish(Message.of("k", "last"));
        }
        assertEquals(Position.of(50), last.await());
    }

    @Test
    void what_does_not_fit_into_fields_goes_in_the_body() throws Exception {
        Message large = Message.of("k".repeat(Message.KEY_BYTES_MAX), "x").withHeader("h", "한".repeat(5_000));
        try (Queue remote = remote()) {
            Topic topic = remote.topic("t");
            assertEquals(Position.of(0), topic.publisher().publish(large));
            Message back = topic.consumer("g").take().message();
            assertEquals(large.key(), back.key());
            assertEquals(large.headers(), back.headers());
        }
    }

    @Test
    void many_at_once_each_to_one_member_and_in_order_per_key() throws Exception {
        int keys = 5;
        int each = 30;
        try (Queue remote = remote();
                Queue another = remote()) {
            Topic topic = remote.topic("t");
            Publisher publisher = topic.publisher();
            Map<String, List<Integer>> seen = new ConcurrentHashMap<>();
            List<Handling> handlings = new ArrayList<>();
            for (Queue side : List.of(remote, another, queue)) {
                handlings.add(side.topic("t")
                        .consumer("g", QUICK)
                        .handle(
                                side.loop(),
                                4,
                                delivery -> seen.computeIfAbsent(
                                                delivery.message().key(), _ -> new CopyOnWriteArrayList<>())
                                        .add(Integer.valueOf(delivery.message().text()))));
            }
            for (int n = 0; n < each; n++) {
                List<Operation<Position>> round = new ArrayList<>();
                for (int k = 0; k < keys; k++) {
                    round.add(publisher.startPublish(Message.of("k" + k, "" + n)));
                }
                for (Operation<Position> one : round) {
                    one.await();
                }
            }
            eventually("all are settled", () -> group(topic).settledBefore() == keys * each);
            for (Handling handling : handlings) {
                handling.close();
                handling.join();
                assertEquals(0, handling.failed());
            }
            for (int k = 0; k < keys; k++) {
                assertEquals(IntStream.range(0, each).boxed().toList(), seen.get("k" + k));
            }
        }
    }

    @Test
    void what_fails_comes_again_and_ends_with_the_dead_letters(LogWatch log) throws Exception {
        log.expect("the handler of t for g failed");
        try (Queue remote = remote()) {
            Topic topic = remote.topic("t");
            topic.publisher().publish(Message.of("k", "poison").withHeader("h", "v"));
            List<Integer> attempts = new CopyOnWriteArrayList<>();
            Consumer consumer = topic.consumer("g", QUICK.withDeliveriesMax(3));
            try (Handling handling = consumer.handle(away, 1, delivery -> {
                attempts.add(delivery.attempt());
                throw new IllegalArgumentException("indigestible");
            })) {
                eventually("it is dead", () -> group(topic).dead() == 1);
                handling.close();
                handling.join();
            }
            assertEquals(List.of(1, 2, 3), attempts);
            Delivery letter = remote.topic("t.dead").consumer("undertaker").take();
            assertEquals("v", letter.message().headers().get("h"));
            assertEquals(
                    "IllegalArgumentException: indigestible",
                    letter.message().headers().get(Delivery.DEAD_REASON));
        }
    }

    @Test
    void rejected_with_a_delay_and_taken_back_when_its_time_is_over() throws Exception {
        try (Queue remote = remote()) {
            Topic topic = remote.topic("t");
            topic.publisher().publish(Message.of("k", "x"));
            Consumer patient = topic.consumer("g", QUICK.withSettleWithin(Duration.ofHours(1)));
            patient.take().reject("not now", Duration.ofMillis(1));
            Delivery again = patient.take();
            assertEquals(2, again.attempt());
            assertEquals(0, group(topic).overdue());
            again.acknowledge();
            patient.close();
            QueueException.await(topic.startForget("g"));
            Consumer consumer = topic.consumer("h", QUICK.withSettleWithin(Duration.ofMillis(50)));
            Delivery first = consumer.take();
            Delivery second = consumer.take();
            assertEquals(2, second.attempt(), "the first was not settled in time");
            assertEquals(QueueFailure.STALE, failureOf(first::acknowledge));
            assertTrue(group(topic).overdue() >= 1, "the first was, and on a slow machine the second is by now");
        }
    }

    @Test
    void what_a_consumer_has_goes_to_others_when_it_closes_or_its_queue() throws Exception {
        try (Queue remote = remote()) {
            Topic topic = remote.topic("t");
            topic.publisher().publish(Message.of("k", "x"));
            Consumer ann = topic.consumer("g", QUICK.withSettleWithin(Duration.ofHours(1)));
            assertEquals(1, ann.take().attempt());
            Operation<Delivery> never = ann.startTake();
            Queue another = remote();
            Consumer bo = another.topic("t").consumer("g", QUICK.withSettleWithin(Duration.ofHours(1)));
            Operation<Delivery> wanted = bo.startTake();
            ann.close();
            assertThrows(IOException.class, never::await);
            assertEquals(2, wanted.await().attempt());
            another.close();
            assertEquals(QueueFailure.CLOSED, failureOf(bo::take));
            assertEquals(QueueFailure.CLOSED, failureOf(() -> another.topic("t")));
            assertEquals(
                    3,
                    topic.consumer("g", QUICK).take().attempt(),
                    "the other queue's close has given it back at once");
        }
    }

    @Test
    void a_wish_that_is_given_up_costs_nobody_a_message() throws Exception {
        try (Queue remote = remote()) {
            Topic topic = remote.topic("t");
            Consumer consumer = topic.consumer("g", QUICK.withSettleWithin(Duration.ofHours(1)));
            Operation<Delivery> first = consumer.startTake();
            first.cancel();
            assertThrows(IOException.class, first::await);
            Operation<Delivery> second = consumer.startTake().within(Duration.ofMillis(1));
            assertThrows(IOException.class, second::await);
            topic.publisher().publish(Message.of("k", "x"));
            assertEquals(1, consumer.take().attempt());
        }
    }

    @Test
    void groups_begin_where_they_are_told_and_are_forgotten() throws Exception {
        try (Queue remote = remote()) {
            Topic topic = remote.topic("t");
            for (int i = 0; i < 3; i++) {
                topic.publisher().publish(Message.of("k", "" + i));
            }
            try (Consumer end = topic.consumer("end", GroupSettings.DEFAULT.withStart(Start.end()));
                    Consumer at = topic.consumer("at", GroupSettings.DEFAULT.withStart(Start.at(Position.of(1))));
                    Consumer time = topic.consumer(
                            "time",
                            GroupSettings.DEFAULT.withStart(
                                    Start.time(Instant.now().minusSeconds(3_600))))) {
                topic.publisher().publish(Message.of("k", "3"));
                assertEquals("3", end.take().message().text());
                assertEquals("1", at.take().message().text());
                assertEquals("0", time.take().message().text());
                assertEquals(QueueFailure.INVALID, failureOf(() -> QueueException.await(topic.startForget("at"))));
            }
            QueueException.await(topic.startForget("at"));
            assertEquals(QueueFailure.NOT_FOUND, failureOf(() -> QueueException.await(topic.startForget("at"))));
        }
    }

    @Test
    void a_topic_is_kept_as_is_said() throws Exception {
        TopicSettings how = TopicSettings.DEFAULT
                .withRetention(Retention.forever().withBytesMax(1L << 40))
                .withSameIdsMax(0);
        try (Queue remote = remote()) {
            Publisher publisher = remote.topic("t", how).publisher();
            publisher.publish(Message.of("k", "x").withId("i"));
            assertEquals(Position.of(1), publisher.publish(Message.of("k", "x").withId("i")), "no ids are remembered");
        }
    }

    @Test
    void a_consumer_waits_while_nobody_answers_and_a_publisher_is_told(LogWatch log) throws Exception {
        log.expect("cannot take messages of t");
        log.allow("an acknowledgement to t failed"); // the owner may go between taking it and saying so
        try (Queue remote = remote()) {
            Topic topic = remote.topic("t");
            List<String> seen = new CopyOnWriteArrayList<>();
            try (Handling handling = topic.consumer("g", QUICK)
                    .handle(away, 2, delivery -> seen.add(delivery.message().text()))) {
                topic.publisher().publish(Message.of("k", "before"));
                eventually("it comes", () -> seen.contains("before"));
                eventually("it is settled", () -> group(topic).settledBefore() == 1);
                stopServing();
                assertEquals(
                        QueueFailure.UNAVAILABLE,
                        failureOf(() -> topic.publisher().publish(Message.of("k", "nobody there"))));
                eventually(
                        "the consumer has noticed",
                        () -> log.messages().stream()
                                .anyMatch(message -> message.contains("cannot take messages of t")));
                serveAgain();
                topic.publisher().publish(Message.of("k", "after"));
                eventually("it goes on", () -> seen.contains("after"));
                handling.close();
                handling.join();
                assertEquals(List.of("before", "after"), seen);
            }
        }
    }

    @Test
    void a_wrong_address_is_told_with_what_to_do() throws Exception {
        assertEquals(QueueFailure.INVALID, failureOf(() -> Queue.open(away, url() + "?wiat=1s")));
        assertEquals(QueueFailure.INVALID, failureOf(() -> Queue.open(away, "http:/localhost")));
        assertEquals(QueueFailure.INVALID, failureOf(() -> Queue.open(away, "http://local host/")));
        assertEquals(QueueFailure.UNAVAILABLE, failureOf(() -> Queue.open(away, url() + "/elsewhere")));
        serve(builder -> builder.token("sesame"));
        QueueException refused = assertThrows(QueueException.class, () -> Queue.open(away, url()));
        assertEquals(QueueFailure.INVALID, refused.failure());
        assertTrue(String.valueOf(refused.getMessage()).contains("token"), refused.getMessage());
        try (Queue remote = Queue.open(away, url() + "?token=sesame&wait=5s&limit=10s")) {
            assertEquals(Position.of(0), remote.topic("t").publisher().publish(Message.of("k", "x")));
        }
        stopServing();
        QueueException nobody = assertThrows(QueueException.class, () -> Queue.open(away, url() + "?token=secret"));
        assertEquals(QueueFailure.UNAVAILABLE, nobody.failure());
        assertTrue(!String.valueOf(nobody.getMessage()).contains("secret"), nobody.getMessage());
    }

    @Test
    void refusals_are_the_same_as_in_the_process_itself() throws Exception {
        try (Queue remote = remote()) {
            assertEquals(QueueFailure.INVALID, failureOf(() -> remote.topic("a b")));
            Topic topic = remote.topic("t");
            assertEquals(QueueFailure.INVALID, failureOf(() -> topic.consumer("a/b")));
            QueueException tooLarge = assertThrows(
                    QueueException.class,
                    () -> topic.publisher().publish(Message.of("", "x").withId("i".repeat(300))));
            QueueException inside = assertThrows(
                    QueueException.class,
                    () -> queue.topic("t")
                            .publisher()
                            .publish(Message.of("", "x").withId("i".repeat(300))));
            assertEquals(inside.failure(), tooLarge.failure());
            assertEquals(inside.getMessage(), tooLarge.getMessage());
        }
    }
}
