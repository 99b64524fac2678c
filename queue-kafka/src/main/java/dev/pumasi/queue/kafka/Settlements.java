package dev.pumasi.queue.kafka;

import dev.pumasi.queue.Position;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Timer;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Makes durable what a group has settled: many at a time, one flight after the other.
 *
 * <pre>
 *   gather ──► write to the ledger ──► commit the offsets, as a member ──► told to be durable ──► bury in the ledger
 *              (rejections, and what is settled ahead of an older one)
 * </pre>
 *
 * <p>The commit is made also when no floor has risen: that it succeeds says that the partition was still ours when the ledger
 * was written, so whoever gets it next finds what stands there. What cannot be written because brokers are out of reach is tried again,
 * as long as the partition is ours; what was settled for a partition that is not ours any more is told to be {@code STALE}.
 *
 * <p>Belongs to the queue's loop.
 */
final class Settlements {

    /** @param record what to write; null: that it is done, if the floor does not say so */
    private record Settled(
            Entry entry,
            @Nullable LedgerRecord record,
            @Nullable Asked<Position> asked) {}

    private final KafkaGroup group;
    private final Reader reader;
    private final Loop loop;
    private final Timer company = Timer.of(this::flush);
    private final Timer retry = Timer.of(this::flush);
    private List<Settled> waiting = new ArrayList<>();
    private @Nullable Flight flight;

    /** To be run when nothing waits any more of partitions that are to go. */
    private final Deque<Runnable> whenFlushed = new ArrayDeque<>();

    Settlements(KafkaGroup group, Reader reader) {
        this.group = group;
        this.reader = reader;
        loop = group.loop();
    }

    void add(Entry entry, @Nullable LedgerRecord record, @Nullable Asked<Position> asked, boolean urgent) {
        waiting.add(new Settled(entry, record, asked));
        if (flight != null || retry.isRunning()) {
            return; // it goes with the next one
        }
        if (urgent) {
            loop.cancel(company);
            loop.start(company, 0); // behind all that is runnable now, which may settle something, too
        } else if (!company.isRunning()) {
            loop.start(company, group.topic().settings().company().toNanos());
        }
    }

    /** Runs {@code done} when all that was settled of partitions that are to go is durable, or cannot be. */
    void flushThen(Runnable done) {
        whenFlushed.add(done);
        flush();
    }

    private void flush() {
        if (flight != null) {
            return;
        }
        loop.cancel(company);
        loop.cancel(retry);
        if (waiting.stream().noneMatch(one -> one.entry.share.leaving)) {
            while (!whenFlushed.isEmpty()) {
                whenFlushed.removeFirst().run();
            }
        }
        if (waiting.isEmpty()) {
            return;
        }
        Flight next = new Flight(waiting);
        waiting = new ArrayList<>();
        flight = next;
        next.begin();
    }

    /** Partitions are gone: who waits for something of theirs is told. */
    void dropGone() {
        waiting.removeIf(one -> {
            if (one.entry.share.gone) {
                stale(one);
            }
            return one.entry.share.gone;
        });
    }

    /** Nothing can be written any more. */
    void end(IOException why) {
        loop.cancel(company);
        loop.cancel(retry);
        List<Settled> all = waiting;
        waiting = new ArrayList<>();
        Flight last = flight;
        if (last != null) {
            flight = null;
            last.over = true;
            all.addAll(last.all);
        }
        for (Settled one : all) {
            if (one.asked != null) {
                one.asked.fails(why);
            }
        }
        while (!whenFlushed.isEmpty()) {
            whenFlushed.removeFirst().run();
        }
    }

    private static void stale(Settled one) {
        if (one.asked != null) {
            one.asked.fails(new QueueException(one.asked.what(), QueueFailure.STALE));
        }
    }

    /** What is made durable together. */
    private final class Flight {

        private final List<Settled> all;
        private final Map<Integer, Share> shares = new HashMap<>();
        private int left;
        private boolean failed;
        private boolean over;

        Flight(List<Settled> all) {
            this.all = all;
        }

        void begin() {
            left = 1;
            for (Settled one : all) {
                Entry entry = one.entry;
                LedgerRecord record = one.record;
                if (record == null && entry.offset >= entry.share.floor) {
                    record = LedgerRecord.done(entry.attempt);
                }
                if (record != null && !entry.share.gone) {
                    left++;
                    group.write(entry, record, new Written(entry));
                }
            }
            landed();
        }

        private final class Written implements Outbox.Sent {

            private final Entry entry;

            Written(Entry entry) {
                this.entry = entry;
            }

            @Override
            public void sent(int partition, long offset) {
                group.wrote(entry, offset);
                landed();
            }

            @Override
            public void failed(QueueException why) {
                failed = true;
                landed();
            }
        }

        private void landed() {
            left--;
            if (left > 0 || over) {
                return;
            }
            if (failed) {
                again();
                return;
            }
            Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
            for (Settled one : all) {
                Share share = one.entry.share;
                if (!share.gone && shares.put(share.partition, share) == null) {
                    offsets.put(
                            new TopicPartition(group.topic().kafkaName(), share.partition),
                            share.commit(loop.nowNanos(), share.leaving));
                }
            }
            if (offsets.isEmpty()) {
                end();
            } else {
                reader.commit(offsets, failure -> committed(offsets, failure));
            }
        }

        private void committed(Map<TopicPartition, OffsetAndMetadata> offsets, @Nullable RuntimeException failure) {
            if (over) {
                return;
            }
            if (failure == null) {
                offsets.forEach((partition, floor) -> bury(shares.get(partition.partition()), floor.offset()));
                end();
            } else if (Failures.of("", failure).failure() == QueueFailure.STALE) {
                shares.clear(); // another member has them, whether we have been told or not
                end();
            } else {
                again();
            }
        }

        private void bury(@Nullable Share share, long floor) {
            if (share != null) {
                share.tombsBelow(floor).forEach(offset -> group.bury(share.partition, offset));
            }
        }

        private void again() {
            flight = null;
            List<Settled> both = new ArrayList<>(all);
            both.addAll(waiting);
            waiting = both;
            dropGone();
            loop.start(retry, KafkaGroup.RETRY_NANOS);
        }

        private void end() {
            flight = null;
            Set<Share> durable = new LinkedHashSet<>(shares.values());
            for (Settled one : all) {
                if (durable.contains(one.entry.share)) {
                    if (one.asked != null) {
                        one.asked.yields(one.entry.position());
                    }
                } else {
                    stale(one);
                }
            }
            if (!waiting.isEmpty() || !whenFlushed.isEmpty()) {
                flush();
            }
        }
    }
}
