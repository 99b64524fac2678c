package dev.pumasi.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Operation;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A broker in this process that is not there, comes, goes, and comes back with what it had. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class KafkaOutageTest {

    @Test
    void brokers_that_are_out_of_reach_are_waited_for_and_said_so(@TempDir Path folder) throws Exception {
        Broker broker = new Broker(folder.resolve("broker"));
        try (LoopGroup loops = LoopGroup.start("outage", 1, "auto")) {
            Loop loop = loops.next();
            String url = "kafka:" + broker.servers() + "?partitions=2";
            QueueException down = assertThrows(QueueException.class, () -> Queue.open(loop, url + "&patience=1s"));
            assertEquals(QueueFailure.UNAVAILABLE, down.failure());
            assertTrue(down.getMessage().contains(broker.servers()), down.getMessage());

            Operation<Queue> early = Queue.startOpen(loop, url + "&patience=60s"); // before there is a broker
            broker.start();
            Queue patient = early.await();
            Queue hasty = Queue.open(loop, url + "&patience=10s");
            Topic topic = patient.topic("t");
            Set<String> seen = ConcurrentHashMap.newKeySet();
            Handling handling = topic.consumer("g")
                    .handle(loop, 4, delivery -> seen.add(delivery.message().text()));
            Publisher hastyPublisher = hasty.topic("t").publisher();
            topic.publisher().publish(Message.of("k", "before"));
            hastyPublisher.publish(Message.of("k", "hasty"));
            OnEachDriver.eventually("both are handled", () -> seen.size() == 2);

            broker.stop();
            assertEquals(
                    QueueFailure.UNAVAILABLE,
                    assertThrows(QueueException.class, () -> hastyPublisher.publish(Message.of("k", "lost")))
                            .failure());
            List<Operation<Position>> waiting = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                waiting.add(topic.publisher().startPublish(Message.of("k" + i, "waiting " + i)));
            }
            assertFalse(waiting.getFirst().isDone());
            broker.start();
            for (Operation<Position> one : waiting) {
                one.await();
            }
            hastyPublisher.publish(Message.of("k", "after"));
            OnEachDriver.eventually("all are handled", () -> seen.contains("after") && seen.size() >= 23);
            OnEachDriver.eventually(
                    "all are settled",
                    () -> topic.status().groups().getFirst().settledBefore()
                            == topic.status().nextSequence());
            handling.close();
            handling.join();
            assertEquals(0, handling.failed());
            hasty.close();
            patient.close();
            assertEquals(0, loop.status().hops());
        } finally {
            broker.close();
        }
    }

    @Test
    void a_loop_that_ends_takes_the_queue_along(@TempDir Path folder) throws Exception {
        try (Broker broker = new Broker(folder.resolve("broker")).start()) {
            Queue queue;
            Operation<Delivery> take;
            try (LoopGroup loops = LoopGroup.start("outage", 1, "auto")) {
                queue = Queue.open(loops.next(), "kafka:" + broker.servers());
                Consumer consumer = queue.topic("t").consumer("g");
                queue.topic("t").publisher().publish(Message.of("k", "x").withId("an id, so ids are followed"));
                consumer.take();
                take = consumer.startTake();
            }
            assertThrows(IOException.class, take::await);
            OnEachDriver.eventually(
                    "no thread is left",
                    () -> Thread.getAllStackTraces().keySet().stream()
                            .noneMatch(thread -> thread.getName().startsWith("pumasi-")));
        }
    }

    /** Kafka's client would split what is too large at once, and send it and all behind it again. */
    @Test
    void what_is_sent_at_once_is_never_too_large_for_a_topic_that_was_made_for_short_messages(@TempDir Path folder)
            throws Exception {
        // They wait for company, and want more of it than a topic takes.
        Path client = Files.writeString(folder.resolve("client.properties"), "linger.ms=300\nbatch.size=1000000");
        try (Broker broker = new Broker(folder.resolve("broker")).start();
                LoopGroup loops = LoopGroup.start("outage", 1, "auto");
                Queue queue = Queue.open(
                        loops.next(), "kafka:" + broker.servers() + "?partitions=1&message=8k&client=" + client)) {
            Publisher publisher = queue.topic("t").publisher();
            List<Operation<Position>> all = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                all.add(publisher.startPublish(Message.of(new byte[8000])));
            }
            for (int i = 0; i < all.size(); i++) {
                assertEquals(Position.of(i), all.get(i).await());
            }
            assertEquals(0L, meter("BytesRejectedPerSec"));
            assertTrue(meter("BytesInPerSec") > 64 * 8000);
        }
    }

    /** What the broker of this process has counted. */
    private static long meter(String name) throws Exception {
        return (long) ManagementFactory.getPlatformMBeanServer()
                .getAttribute(new ObjectName("kafka.server:type=BrokerTopicMetrics,name=" + name), "Count");
    }
}
