package dev.pumasi.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import dev.pumasi.testkit.Seed;
import dev.pumasi.testkit.SeedParameter;
import dev.pumasi.testkit.SimDisk;
import dev.pumasi.testkit.SimFaults;
import dev.pumasi.testkit.Simulation;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;

/** Disks that are full, fail, or have forgotten a bit. */
@ExtendWith({LeakWatch.class, LogWatch.class, SeedParameter.class})
final class BadDiskTest {

    private static final Duration LIMIT = Duration.ofHours(5);
    private static final Path TOPIC = Life.FOLDER.resolve("topics/t");

    /** What the body answers on a green thread of a loop on that disk. */
    private static <T> T on(Seed seed, SimFaults faults, SimDisk disk, Body<T> body) {
        try (Simulation simulation = new Simulation(seed, faults)) {
            simulation.insert(Simulation.host(1), disk);
            Loop loop = simulation.loop("loop");
            List<T> answer = new ArrayList<>();
            Throwable[] failure = new Throwable[1];
            loop.spawn(() -> {
                try {
                    answer.add(body.run(loop));
                } catch (Throwable thrown) {
                    failure[0] = thrown;
                }
            });
            simulation.runUntil(() -> !answer.isEmpty() || failure[0] != null, LIMIT);
            if (failure[0] != null) {
                throw new AssertionError(failure[0] + " — " + seed.replay(), failure[0]);
            }
            return answer.getFirst();
        }
    }

    private interface Body<T> {
        T run(Loop loop) throws Throwable;
    }

    private static Queue open(Loop loop, boolean skip) throws IOException {
        LogSettings small = Life.SMALL;
        LogSettings settings = new LogSettings(
                small.segmentBytes(),
                small.messageBytesMax(),
                small.pendingBytesMax(),
                small.company(),
                skip,
                small.direct());
        return QueueException.await(
                LogQueue.open(loop, QueueUrl.parse("log:" + Life.FOLDER), Life.FOLDER, settings, FolderLock.NONE));
    }

    private static QueueFailure failureOf(Executable body) {
        IOException thrown = assertThrows(IOException.class, body);
        return QueueException.in("", thrown).failure();
    }

    // ------------------------------------------------------------------------------------------- full

    @Test
    void wherever_the_disk_is_full_nothing_that_was_acknowledged_is_lost(Seed seed, LogWatch log) {
        log.allow("loop: .*");
        log.allow("bytes were cut off");
        int refused = 0;
        int capacities = 0;
        for (int bytes = 4 << 10; bytes < 150 << 10; bytes += 3 << 10) {
            capacities++;
            Seed mine = seed.split(bytes);
            History history = new History();
            Life life = new Life(mine, SimFaults.calm().withDiskCapacity(bytes), new SimDisk(), history, 2, 40)
                    .onABadDisk();
            life.live((_, _) -> {});
            refused += life.wasRefused() ? 1 : 0;
            new Life(mine.split("more room"), SimFaults.calm(), life.disk(), history.afterCrash(), 1, 3)
                    .live((_, _) -> {});
        }
        assertTrue(refused > 0 && refused < capacities, refused + " of " + capacities + " were full");
    }

    @Test
    void a_full_disk_refuses_publishers_until_there_is_room_again(Seed seed, LogWatch log) {
        log.allow("loop: .*");
        log.allow("bytes were cut off");
        int published = on(seed, SimFaults.calm().withDiskCapacity(150 << 10), new SimDisk(), loop -> {
            Path ballast = Path.of("/ballast");
            try (AsyncFile file = loop.files().open(ballast, AsyncFile.Option.WRITE, AsyncFile.Option.CREATE)) {
                file.truncate(60 << 10);
            }
            Queue queue = open(loop, false);
            Publisher publisher = queue.topic("t").publisher();
            int count = 0;
            QueueFailure why = null;
            while (why == null) {
                try {
                    publisher.publish(Message.of(new byte[1000]));
                    count++;
                } catch (QueueException refused) {
                    why = refused.failure();
                }
                assertTrue(count < 200, "it was never full");
            }
            assertEquals(QueueFailure.DISK_FULL, why);
            assertEquals(QueueFailure.DISK_FULL, failureOf(() -> publisher.publish(Message.of(new byte[1000]))));
            loop.files().delete(ballast);
            loop.sleep(Duration.ofSeconds(2)).await();
            for (int i = 0; i < 11; i++) {
                publisher.publish(Message.of(new byte[1000]));
                count++;
            }
            Consumer consumer = queue.topic("t").consumer("g");
            for (int i = 0; i < count; i++) {
                assertEquals(i, consumer.take().position().sequence());
            }
            queue.close();
            return count;
        });
        assertTrue(published > 11);
    }

    // ------------------------------------------------------------------------------------------- failing

    @Test
    void a_sync_that_fails_stops_the_writer_for_good(Seed seed, LogWatch log) {
        log.expect("loop: the log t stops: it failed");
        log.allow("loop: the log ledger stops: it failed");
        SimDisk disk = new SimDisk();
        on(seed, SimFaults.calm(), disk, loop -> {
            Queue queue = open(loop, false);
            queue.topic("t").publisher().publish(Message.of("k", "before"));
            queue.close();
            return 0;
        });
        // The first sync of each file at opening succeeds or not; so it is tried until one opens.
        int stopped = 0;
        for (int i = 0; i < 200 && stopped == 0; i++) {
            stopped = on(seed.split(i), SimFaults.calm().withDiskErrors(0, 0, 0.3), disk, loop -> {
                Queue queue;
                Topic topic;
                try {
                    queue = open(loop, false);
                    topic = queue.topic("t");
                } catch (IOException failed) {
                    return 0;
                }
                Publisher publisher = topic.publisher();
                int found = 0;
                for (int n = 0; n < 20 && found == 0; n++) {
                    try {
                        publisher.publish(Message.of("k", "after"));
                    } catch (QueueException failed) {
                        assertEquals(QueueFailure.STOPPED, failed.failure());
                        assertEquals(
                                QueueFailure.STOPPED, failureOf(() -> publisher.publish(Message.of("k", "after"))));
                        long syncs = topic.status().syncs();
                        loop.sleep(Duration.ofMinutes(1)).await();
                        assertEquals(syncs, topic.status().syncs(), "no other sync was tried");
                        assertTrue(
                                topic.status().stopped().contains("syncing failed"),
                                topic.status().stopped());
                        found = 1;
                    }
                }
                queue.close();
                return found;
            });
        }
        assertEquals(1, stopped);
    }

    // ------------------------------------------------------------------------------------------- forgetful

    /** A topic with so many messages, each in a commit of its own, and the names of its segments' files. */
    private static SimDisk published(Seed seed, int messages) {
        SimDisk disk = new SimDisk();
        on(seed, SimFaults.calm(), disk, loop -> {
            Queue queue = open(loop, false);
            Publisher publisher = queue.topic("t").publisher();
            for (int i = 0; i < messages; i++) {
                publisher.publish(Message.of("k", "message " + i + " " + "x".repeat(i % 7)));
            }
            queue.close();
            return 0;
        });
        return disk;
    }

    /** What a group reads; ends with the failure, if there is one. */
    private static List<String> readAll(Loop loop, boolean skip) throws IOException {
        Queue queue = open(loop, skip);
        Topic topic = queue.topic("t");
        List<String> texts = new ArrayList<>();
        Consumer consumer = topic.consumer("g");
        try {
            while (topic.status().groups().getFirst().settledBefore()
                    < topic.status().nextSequence()) {
                Delivery delivery = QueueException.await(consumer.startTake().within(Duration.ofMinutes(1)));
                texts.add(delivery.message().text());
                delivery.acknowledge();
            }
        } catch (IOException failed) {
            texts.add(QueueException.in("", failed).failure().toString());
        }
        queue.close();
        return texts;
    }

    @Test
    void a_flipped_bit_anywhere_is_never_served_and_the_rest_is_on_demand(Seed seed, LogWatch log) {
        log.allow("loop: .*");
        log.allow("bytes were cut off");
        log.allow("are lost");
        int messages = 12;
        SimDisk disk = published(seed, messages);
        Path file = TOPIC.resolve("000000000001.log");
        byte[] bytes = disk.bytes(file);
        int end = bytes.length;
        while (bytes[end - 1] == 0) {
            end--;
        }
        int refused = 0;
        for (int at = 0; at < end; at += 3) {
            byte[] flipped = bytes.clone();
            flipped[at] ^= (byte) (1 << at % 8);
            SimDisk bad = published(seed, messages); // the same seed, the same disk
            bad.put(file, flipped);
            List<String> read;
            try {
                read = on(seed.split(at), SimFaults.calm(), bad, loop -> readAll(loop, false));
            } catch (AssertionError unopened) {
                assertEquals(
                        QueueFailure.DAMAGED,
                        QueueException.in("", unopened.getCause()).failure(),
                        () -> "" + unopened.getCause());
                refused++;
                if (at < Segment.HEADER_BYTES) {
                    continue; // without its header a segment cannot be read at all
                }
                read = on(seed.split(at), SimFaults.calm(), bad, loop -> readAll(loop, true));
                assertEquals(messages - 1, read.size(), "the others, with the bit at " + at + ": " + read);
            }
            for (String text : read) {
                int number = Integer.parseInt(text.split(" ", -1)[1]);
                assertEquals("message " + number + " " + "x".repeat(number % 7), text);
            }
            assertTrue(read.size() >= messages - 1, "only the last may be taken for torn: " + read);
        }
        assertTrue(refused > end / 3 * 8 / 10, refused + " of " + end / 3 + " were refused");
    }

    @Test
    void damage_in_a_full_segment_is_found_by_who_reads_it(Seed seed, LogWatch log) {
        log.expect("loop: group g of t: reading failed");
        log.expect("group g of t: messages [0-9]+ to [0-9]+ are lost");
        int messages = 400;
        SimDisk disk = published(seed, messages);
        Path first = TOPIC.resolve("000000000001.log");
        byte[] bytes = disk.bytes(first);
        bytes[bytes.length / 2] ^= 4;
        disk.put(first, bytes);
        List<String> read = on(seed.split("read"), SimFaults.calm(), disk, loop -> readAll(loop, false));
        assertEquals("DAMAGED", read.getLast());
        int before = read.size() - 1;
        assertTrue(before > 10 && before < messages / 2, "those before it: " + before);
        List<String> rest = on(seed.split("skip"), SimFaults.calm(), disk, loop -> readAll(loop, true));
        assertEquals(messages - 1 - before, rest.size(), "and those behind it, on demand");
        assertEquals("message " + (before + 1) + " " + "x".repeat((before + 1) % 7), rest.getFirst());
    }

    @Test
    void a_segment_that_is_missing_in_the_middle_is_refused(Seed seed) {
        SimDisk disk = published(seed, 800);
        assertTrue(disk.files().contains(TOPIC.resolve("000000000003.log").toString()), "" + disk.files());
        on(seed.split("delete"), SimFaults.calm(), disk, loop -> {
            loop.files().delete(TOPIC.resolve("000000000002.log"));
            assertEquals(QueueFailure.DAMAGED, failureOf(() -> open(loop, false)));
            return 0;
        });
    }

    @Test
    void a_body_that_looks_like_a_record_is_a_body(Seed seed) {
        SimDisk disk = published(seed, 3);
        Path file = TOPIC.resolve("000000000001.log");
        byte[] records =
                java.util.Arrays.copyOfRange(disk.bytes(file), Segment.HEADER_BYTES, Segment.HEADER_BYTES + 400);
        on(seed.split("more"), SimFaults.calm(), disk, loop -> {
            Queue queue = open(loop, false);
            queue.topic("other").publisher().publish(Message.of(records));
            queue.close();
            return 0;
        });
        Path other = Life.FOLDER.resolve("topics/other/000000000001.log");
        byte[] bytes = disk.bytes(other);
        bytes[Segment.HEADER_BYTES + 4] ^=
                1; // the outer record's length: whoever looks for the next one meets the inner ones
        disk.put(other, bytes);
        long next = on(seed.split("read"), SimFaults.calm(), disk, loop -> {
            Queue queue = open(loop, false);
            long found = queue.topic("other").status().nextSequence();
            queue.close();
            return found;
        });
        assertEquals(0, next, "what was torn is cut, and nothing in it is taken for a record");
    }

    @Test
    void many_operations_fail_with_the_reason_when_the_queue_is_closed(Seed seed) {
        on(seed, SimFaults.calm(), new SimDisk(), loop -> {
            Queue queue = open(loop, false);
            Topic topic = queue.topic("t");
            Consumer consumer = topic.consumer("g");
            Operation<Delivery> waiting = consumer.startTake();
            Operation<Position> last = topic.publisher().startPublish(Message.of("k", "last"));
            Delivery delivery = waiting.await();
            Operation<Delivery> nothing = consumer.startTake();
            Operation<Position> onItsWay = topic.publisher().startPublish(Message.of("k", "on its way"));
            queue.close();
            assertEquals(0, last.await().sequence());
            assertEquals(1, onItsWay.await().sequence(), "what was taken is made durable first");
            assertEquals(QueueFailure.CLOSED, failureOf(nothing::await));
            assertEquals(QueueFailure.CLOSED, failureOf(delivery::acknowledge));
            assertEquals(QueueFailure.CLOSED, failureOf(() -> topic.publisher().publish(Message.of("k", "late"))));
            assertEquals(QueueFailure.CLOSED, failureOf(() -> queue.topic("u")));
            assertEquals(QueueFailure.CLOSED, failureOf(() -> topic.consumer("h")));
            queue.close();
            return 0;
        });
    }
}
