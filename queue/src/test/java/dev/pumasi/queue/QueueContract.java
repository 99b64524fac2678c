package dev.pumasi.queue;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * What every engine must hold, as its users see it. An engine's own tests begin here: they say by which URL it is opened, and
 * add what is theirs alone.
 */
abstract class QueueContract extends OnEachDriver {

    static final GroupSettings QUICK = GroupSettings.DEFAULT.withDelay(Duration.ofMillis(1), Duration.ofMillis(4));

    static QueueFailure failureOf(org.junit.jupiter.api.function.Executable body) {
        return assertThrows(QueueException.class, body).failure();
    }

    @Test
    void what_is_published_is_delivered_whole_and_once() throws Exception {
        try (Queue queue = open()) {
            Message message = Message.of("key-한", "body".getBytes())
                    .withId("id-1")
                    .withHeader("from", "test")
                    .withHeader("empty", "");
            Topic topic = queue.topic("orders");
            Position at = topic.publisher().publish(message);
            assertEquals(Position.of(0), at);
            Consumer consumer = topic.consumer("mail");
            Delivery delivery = consumer.take();
            assertEquals("key-한", delivery.message().key());
            assertEquals("id-1", delivery.message().id());
            assertEquals(
                    List.of("from", "empty"),
                    List.copyOf(delivery.message().headers().keySet()));
            assertEquals(Map.of("from", "test", "empty", ""), delivery.message().headers());
            assertArrayEquals("body".getBytes(), delivery.message().body());
            assertEquals(1, delivery.attempt());
            assertEquals(at, delivery.position());
            delivery.acknowledge();
            assertEquals(QueueFailure.STALE, failureOf(delivery::acknowledge));
            GroupStatus status = topic.status().groups().getFirst();
            assertEquals(1, status.settledBefore());
            assertEquals(0, status.waiting());
        }
        try (Queue queue = open()) {
            Topic topic = queue.topic("orders");
            Consumer consumer = topic.consumer("mail");
            topic.publisher().publish(Message.of("", "second"));
            Delivery delivery = consumer.take();
            assertEquals("second", delivery.message().text(), "the first was acknowledged before");
        }
    }

    @Test
    void from_green_threads_of_this_loop_and_another_from_platform_threads_and_as_stages() throws Exception {
        try (Queue queue = open()) {
            Publisher publisher = queue.topic("t").publisher();
            on(home, () -> publisher.publish(Message.of("k", "home")));
            on(other, () -> publisher.publish(Message.of("k", "other")));
            publisher.publish(Message.of("k", "platform"));
            publisher
                    .startPublish(Message.of("k", "stage"))
                    .toStage()
                    .toCompletableFuture()
                    .get(60, TimeUnit.SECONDS);
            List<String> texts = on(other, () -> {
                List<String> all = new ArrayList<>();
                try (Consumer consumer = publisher.topic().consumer("g")) {
                    for (int i = 0; i < 4; i++) {
                        Delivery delivery = consumer.take();
                        all.add(delivery.message().text());
                        delivery.acknowledge();
                    }
                }
                return all;
            });
            assertEquals(List.of("home", "other", "platform", "stage"), texts);
        }
    }

    @Test
    void each_message_goes_to_one_member_and_in_order_per_key() throws Exception {
        int keys = 7;
        int each = 60;
        try (Queue queue = open()) {
            Topic topic = queue.topic("t");
            Publisher publisher = topic.publisher();
            Map<String, ConcurrentLinkedQueue<Integer>> seen = new ConcurrentHashMap<>();
            Map<String, Boolean> busy = new ConcurrentHashMap<>();
            Set<Loop> atWork = ConcurrentHashMap.newKeySet();
            List<Handling> handlings = new ArrayList<>();
            for (Loop loop : loops.loops()) {
                handlings.add(topic.consumer("g", QUICK).handle(loop, 5, delivery -> {
                    atWork.add(loop);
                    // Nobody is so much faster that nothing is left for the other.
                    for (int i = 0; i < 2_000 && atWork.size() < loops.loops().size(); i++) {
                        loop.sleep(Duration.ofMillis(20)).await();
                    }
                    String key = delivery.message().key();
                    if (busy.put(key, true) != null) {
                        throw new AssertionError("two of one key at once: " + key);
                    }
                    loop.sleep(Duration.ofNanos(1)).await(); // others run meanwhile
                    seen.computeIfAbsent(key, _ -> new ConcurrentLinkedQueue<>())
                            .add(Integer.valueOf(delivery.message().text()));
                    busy.remove(key);
                }));
            }
            List<Operation<Position>> operations = new ArrayList<>();
            for (int n = 0; n < each; n++) {
                for (int k = 0; k < keys; k++) {
                    operations.add(publisher.startPublish(Message.of("k" + k, "" + n)));
                }
            }
            for (Operation<Position> operation : operations) {
                operation.await();
            }
            eventually(
                    "all are settled", () -> topic.status().groups().getFirst().settledBefore() == keys * each);
            for (Handling handling : handlings) {
                handling.close();
                handling.join();
                assertEquals(0, handling.failed());
                assertTrue(handling.handled() > 0, "both had work");
            }
            for (int k = 0; k < keys; k++) {
                List<Integer> numbers = List.copyOf(seen.get("k" + k));
                assertEquals(java.util.stream.IntStream.range(0, each).boxed().toList(), numbers);
            }
        }
    }

    @Test
    void what_fails_comes_again_holds_back_its_key_and_ends_with_the_dead_letters(LogWatch log) throws Exception {
        log.expect("the handler of t for g failed");
        try (Queue queue = open()) {
            Topic topic = queue.topic("t");
            topic.publisher().publish(Message.of("k", "poison").withHeader("h", "v"));
            topic.publisher().publish(Message.of("k", "behind"));
            topic.publisher().publish(Message.of("l", "beside"));
            List<String> seen = new ArrayList<>();
            Consumer consumer = topic.consumer("g", QUICK.withDeliveriesMax(3));
            try (Handling handling = consumer.handle(home, 1, delivery -> {
                seen.add(delivery.message().text() + delivery.attempt());
                if (delivery.message().text().equals("poison")) {
                    throw new IllegalArgumentException("indigestible");
                }
            })) {
                eventually(
                        "all are settled",
                        () -> topic.status().groups().getFirst().settledBefore() == 3);
                handling.close();
                handling.join();
            }
            assertEquals("poison1", seen.getFirst());
            assertEquals(
                    List.of("poison1", "poison2", "poison3", "behind1"),
                    seen.stream().filter(text -> !text.startsWith("beside")).toList());
            assertTrue(seen.indexOf("beside1") < seen.indexOf("behind1"), "another key goes on: " + seen);
            Delivery letter =
                    queue.topic("t" + GroupSettings.DEAD).consumer("undertaker").take();
            assertEquals("poison", letter.message().text());
            assertEquals("k", letter.message().key());
            assertEquals("v", letter.message().headers().get("h"));
            assertEquals("t", letter.message().headers().get(Delivery.DEAD_TOPIC));
            assertEquals("g", letter.message().headers().get(Delivery.DEAD_GROUP));
            assertEquals("0-0", letter.message().headers().get(Delivery.DEAD_POSITION));
            assertEquals("3", letter.message().headers().get(Delivery.DEAD_ATTEMPTS));
            assertEquals(
                    "IllegalArgumentException: indigestible",
                    letter.message().headers().get(Delivery.DEAD_REASON));
            assertEquals(1, topic.status().groups().getFirst().dead());
        }
    }

    @Test
    void counts_of_deliveries_and_delays_outlive_a_restart() throws Exception {
        GroupSettings slow = GroupSettings.DEFAULT.withDelay(Duration.ofHours(1), Duration.ofHours(1));
        try (Queue queue = open()) {
            Topic topic = queue.topic("t");
            topic.publisher().publish(Message.of("a", "in hand"));
            topic.publisher().publish(Message.of("b", "rejected"));
            topic.publisher().publish(Message.of("c", "again at once"));
            Consumer consumer = topic.consumer("g", slow);
            assertEquals("in hand", consumer.take().message().text());
            consumer.take().reject("later");
            consumer.take().reject("now", Duration.ZERO);
            assertEquals(2, consumer.take().attempt());
        }
        try (Queue queue = open()) {
            Topic topic = queue.topic("t");
            Consumer consumer = topic.consumer("g", slow);
            Delivery first = consumer.take();
            assertEquals("in hand", first.message().text());
            assertEquals(2, first.attempt());
            Delivery second = consumer.take();
            assertEquals("again at once", second.message().text());
            assertEquals(3, second.attempt());
            Operation<Delivery> third = consumer.startTake();
            assertEquals(2, topic.status().groups().getFirst().inFlight());
            third.cancel();
            assertThrows(IOException.class, third::await, "the other one still waits for its hour");
        }
    }

    @Test
    void a_message_that_ended_the_process_so_often_goes_to_the_dead_letters_unasked() throws Exception {
        for (int restart = 1; restart <= 2; restart++) {
            try (Queue queue = open()) {
                Topic topic = queue.topic("t");
                if (restart == 1) {
                    topic.publisher().publish(Message.of("k", "killer"));
                }
                assertEquals(
                        restart,
                        topic.consumer("g", QUICK.withDeliveriesMax(2)).take().attempt());
            }
        }
        try (Queue queue = open()) {
            Consumer consumer = queue.topic("t").consumer("g", QUICK.withDeliveriesMax(2));
            Operation<Delivery> nothing = consumer.startTake();
            Delivery letter = queue.topic("t.dead").consumer("g").take();
            assertEquals("killer", letter.message().text());
            assertEquals("2", letter.message().headers().get(Delivery.DEAD_ATTEMPTS));
            nothing.cancel();
        }
    }

    @Test
    void who_does_not_settle_in_time_loses_the_message_and_may_still_acknowledge_it_until_another_has_it()
            throws Exception {
        try (Queue queue = open()) {
            Topic topic = queue.topic("t");
            GroupSettings strict = QUICK.withSettleWithin(Duration.ofMillis(20));
            topic.publisher().publish(Message.of("k", "slow"));
            Consumer one = topic.consumer("g", strict);
            Consumer two = topic.consumer("g", strict);
            Delivery first = one.take();
            Delivery second = two.take();
            assertEquals(2, second.attempt());
            assertEquals(QueueFailure.STALE, failureOf(first::acknowledge));
            GroupSettings patient = strict.withDelay(Duration.ofHours(1), Duration.ofHours(1));
            topic.consumer("g", patient).close();
            eventually("it is overdue", () -> topic.status().groups().getFirst().overdue() >= 2);
            second.acknowledge();
            assertEquals(1, topic.status().groups().getFirst().settledBefore());
        }
    }

    @Test
    void a_consumer_that_closes_gives_back_what_it_has() throws Exception {
        try (Queue queue = open()) {
            Topic topic = queue.topic("t");
            topic.publisher().publish(Message.of("k", "given back"));
            Consumer one = topic.consumer("g");
            Consumer two = topic.consumer("g");
            one.take();
            Operation<Delivery> waiting = two.startTake();
            one.close();
            assertEquals(2, waiting.await().attempt());
            assertEquals(QueueFailure.CLOSED, failureOf(one::take));
        }
    }

    @Test
    void the_same_id_is_the_same_message_also_after_a_restart() throws Exception {
        try (Queue queue = open()) {
            Publisher publisher = queue.topic("t").publisher();
            Operation<Position> first =
                    publisher.startPublish(Message.of("k", "once").withId("a"));
            Operation<Position> again =
                    publisher.startPublish(Message.of("k", "once").withId("a"));
            assertEquals(first.await(), again.await());
            assertEquals(
                    Position.of(1), publisher.publish(Message.of("k", "two").withId("b")));
            assertEquals(
                    Position.of(0), publisher.publish(Message.of("k", "once").withId("a")));
            assertEquals(2, queue.topic("t").status().duplicates());
        }
        try (Queue queue = open()) {
            Publisher publisher = queue.topic("t").publisher();
            assertEquals(
                    Position.of(1), publisher.publish(Message.of("k", "two").withId("b")));
            assertEquals(
                    Position.of(2), publisher.publish(Message.of("k", "three").withId("c")));
        }
        try (Queue queue = open()) {
            Publisher one =
                    queue.topic("t", TopicSettings.DEFAULT.withSameIdsMax(1)).publisher();
            assertEquals(Position.of(2), one.publish(Message.of("k", "three").withId("c")));
            assertEquals(
                    Position.of(3), one.publish(Message.of("k", "two").withId("b")), "out of the window by number");
        }
    }

    @Test
    void a_group_starts_where_it_wants_and_goes_on_where_it_was() throws Exception {
        try (Queue queue = open()) {
            Topic topic = queue.topic("t");
            Publisher publisher = topic.publisher();
            for (int i = 0; i < 5; i++) {
                publisher.publish(Message.of("", "" + i));
            }
            Instant published = Instant.now();
            eventually("the clock has moved on", () -> Instant.now().isAfter(published.plusMillis(250)));
            Instant middle = Instant.now();
            eventually("the queue's clock has moved on", () -> Instant.now().isAfter(middle.plusMillis(250)));
            Consumer end = topic.consumer("end", GroupSettings.DEFAULT.withStart(Start.end()));
            publisher.publish(Message.of("", "5"));
            assertEquals("5", end.take().message().text());
            assertEquals("0", topic.consumer("beginning").take().message().text());
            assertEquals(
                    "3",
                    topic.consumer("at", GroupSettings.DEFAULT.withStart(Start.at(Position.of(3))))
                            .take()
                            .message()
                            .text());
            assertEquals(
                    "5",
                    topic.consumer("time", GroupSettings.DEFAULT.withStart(Start.time(middle)))
                            .take()
                            .message()
                            .text());
            Consumer early = topic.consumer("early", GroupSettings.DEFAULT.withStart(Start.time(Instant.EPOCH)));
            early.take().acknowledge();
            early.close();
            Consumer again = topic.consumer("early", GroupSettings.DEFAULT.withStart(Start.end()));
            assertEquals("1", again.take().message().text());
        }
    }

    @Test
    void over_the_limit_is_refused_and_nothing_is_stored() throws Exception {
        try (Queue queue = open("message=4k")) {
            Topic topic = queue.topic("t");
            Publisher publisher = topic.publisher();
            assertEquals(QueueFailure.TOO_LARGE, failureOf(() -> publisher.publish(Message.of(new byte[4097]))));
            assertEquals(
                    QueueFailure.TOO_LARGE, failureOf(() -> publisher.publish(Message.of("x".repeat(1025), "body"))));
            assertEquals(
                    QueueFailure.TOO_LARGE,
                    failureOf(() -> publisher.publish(Message.of("k", "b").withHeader("h", "x".repeat(16_384)))));
            publisher.publish(Message.of(new byte[4096]));
            assertEquals(1, topic.status().nextSequence());
            assertEquals(4096, topic.consumer("g").take().message().body().length);
        }
    }

    @Test
    void with_too_much_on_its_way_who_waits_waits_and_who_does_not_is_refused() throws Exception {
        try (Queue queue = open("pending=64k", "message=8k")) {
            Topic topic = queue.topic("t");
            Publisher publisher = topic.publisher();
            byte[] body = new byte[8000];
            int[] counts = on(home, () -> {
                List<Operation<Position>> all = new ArrayList<>();
                for (int i = 0; i < 100; i++) {
                    all.add(publisher.startPublish(Message.of(body)));
                }
                int refused = 0;
                for (Operation<Position> one : all) {
                    try {
                        one.await();
                    } catch (IOException full) {
                        assertEquals(
                                QueueFailure.FULL, QueueException.in("", full).failure());
                        refused++;
                    }
                }
                return new int[] {all.size() - refused, refused};
            });
            assertTrue(counts[0] >= 7, counts[0] + " taken");
            assertTrue(counts[1] > 0, "some refused");
            assertEquals(counts[1], topic.status().refused());
            List<Thread> waiting = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                waiting.add(other.spawn(() -> publisher.publish(Message.of(body))));
            }
            for (Thread thread : waiting) {
                thread.join();
            }
            assertEquals(counts[0] + 100, topic.status().nextSequence());
            assertEquals(0, other.status().failures());
        }
    }

    @Test
    void a_group_can_be_forgotten() throws Exception {
        try (Queue queue = open()) {
            Topic topic = queue.topic("t");
            topic.publisher().publish(Message.of("", "x"));
            Consumer consumer = topic.consumer("g");
            consumer.take().acknowledge();
            assertThrows(IOException.class, () -> topic.startForget("g").await(), "it has a member");
            consumer.close();
            topic.startForget("g").await();
            assertEquals(List.of(), topic.status().groups());
            assertThrows(IOException.class, () -> topic.startForget("g").await());
        }
        try (Queue queue = open()) {
            Topic topic = queue.topic("t");
            assertEquals("x", topic.consumer("g").take().message().text(), "a new group of the same name");
        }
    }
}
