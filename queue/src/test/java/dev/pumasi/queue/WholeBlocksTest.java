package dev.pumasi.queue;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Operation;
import dev.pumasi.testkit.Dice;
import dev.pumasi.testkit.Seed;
import dev.pumasi.testkit.SeedParameter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A topic's log that is written past the page cache, and read through it or from memory, on each driver and a real disk. */
@ExtendWith(SeedParameter.class)
final class WholeBlocksTest extends OnEachDriver {

    private static final String[] OPTIONS = {"segment=4m", "message=400k"};

    /** Several batches in a commit, records over the ends of blocks and batches, some larger than a batch, and segments that end. */
    @Test
    void whatever_lengths_records_have_all_are_there_also_after_a_restart(Seed seed) throws Exception {
        Dice dice = seed.dice();
        List<byte[]> bodies = new ArrayList<>();
        try (Queue queue = open(OPTIONS)) {
            publish(queue.topic("t"), dice, 300, bodies);
            read(queue.topic("t"), "while open", bodies);
        }
        try (Queue queue = open(OPTIONS)) {
            read(queue.topic("t"), "opened again", bodies);
            publish(queue.topic("t"), dice, 50, bodies);
            read(queue.topic("t"), "gone on", bodies);
        }
        try (Queue queue = open(OPTIONS)) {
            read(queue.topic("t"), "in the end", bodies);
        }
    }

    @Test
    void who_keeps_up_and_falls_behind_and_keeps_up_again_gets_all(Seed seed) throws Exception {
        Dice dice = seed.dice();
        List<byte[]> bodies = new ArrayList<>();
        try (Queue queue = open(OPTIONS)) {
            Topic topic = queue.topic("t");
            Consumer consumer = topic.consumer("g");
            int read = 0;
            for (int round = 0; round < 6; round++) {
                // Now a few, which are still in memory, now more than is kept there.
                publish(topic, dice, round % 2 == 0 ? 5 : 2 + Recent.BYTES / 10_000, bodies);
                for (; read < bodies.size(); read++) {
                    Delivery delivery = consumer.take();
                    assertArrayEquals(bodies.get(read), delivery.message().body(), "message " + read);
                    delivery.startAcknowledge();
                }
            }
        }
    }

    @Test
    void behind_the_last_record_are_zeros(Seed seed) throws Exception {
        try (Queue queue = open("segment=1m", "message=40k")) {
            Publisher publisher = queue.topic("t").publisher();
            publisher.publish(Message.of(ones(30_000))); // whose memory is used again
            for (int i = 0; i < 10; i++) {
                publisher.publish(Message.of(ones(100 + i)));
            }
        }
        Path segment = folder.resolve("queue/topics/t/000000000001.log");
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(segment)).order(ByteOrder.LITTLE_ENDIAN);
        int at = Segment.HEADER_BYTES;
        int records = 0;
        while (bytes.getInt(at + 4) != 0) {
            at += RecordFormat.aligned(bytes.getInt(at + 4));
            records++;
        }
        assertEquals(11, records);
        assertNotEquals(0, WholeBlocks.within(at), "else this shows nothing");
        for (int i = at; i < bytes.capacity(); i++) {
            assertEquals(0, bytes.get(i), "at " + i);
        }
    }

    @Test
    void what_was_written_through_the_page_cache_goes_on_past_it_and_back() throws Exception {
        List<String> expected = new ArrayList<>();
        for (int life = 0; life < 4; life++) {
            try (Queue queue = open("write=" + (life % 2 == 0 ? "cached" : "direct"))) {
                Publisher publisher = queue.topic("t").publisher();
                for (int i = 0; i < 7; i++) {
                    expected.add(life + " " + i);
                    publisher.publish(Message.of("k", life + " " + i));
                }
                Consumer consumer = queue.topic("t").consumer("g" + life);
                for (String text : expected) {
                    Delivery delivery = consumer.take();
                    assertEquals(text, delivery.message().text());
                    delivery.startAcknowledge();
                }
            }
        }
    }

    private static byte[] ones(int length) {
        byte[] bytes = new byte[length];
        java.util.Arrays.fill(bytes, (byte) 1);
        return bytes;
    }

    /** All at once. */
    private static void publish(Topic topic, Dice dice, int count, List<byte[]> bodies) throws Exception {
        List<Operation<Position>> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] body = new byte[dice.below(20) == 0 ? 200_000 + dice.below(150_000) : dice.below(20_000)];
            java.util.Arrays.fill(body, (byte) (1 + bodies.size()));
            bodies.add(body);
            all.add(topic.publisher().startPublish(Message.of(body)));
        }
        for (Operation<Position> one : all) {
            one.await();
        }
        assertTrue(topic.status().published() >= count);
    }

    private static void read(Topic topic, String group, List<byte[]> bodies) throws Exception {
        try (Consumer consumer = topic.consumer(group.replace(' ', '-'))) {
            for (int i = 0; i < bodies.size(); i++) {
                Delivery delivery = consumer.take();
                assertEquals(i, delivery.position().sequence());
                assertArrayEquals(bodies.get(i), delivery.message().body(), group + ", message " + i);
                delivery.startAcknowledge();
            }
        }
    }
}
