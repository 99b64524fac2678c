package dev.pumasi.queue.kafka;

import dev.pumasi.queue.Delivery;
import dev.pumasi.queue.GroupSettings;
import dev.pumasi.queue.Message;
import dev.pumasi.queue.Position;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Timer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * What this process has of a group: the partitions that Kafka has given it, and who of its consumers gets what next.
 *
 * <p><b>Order.</b> Of the messages with one key only the first that is not settled can be given away; the others are held behind it,
 * also while it waits to be delivered again. All messages of a key are in one partition, and a partition belongs to one process, so
 * that holds for the whole group.
 *
 * <p><b>Counting.</b> That a message is delivered is written to the ledger, and durable there, before the consumer gets it.
 *
 * <p><b>Settling</b> is {@link Settlements}' affair: it takes effect here at once, and is told to be so when it is durable.
 *
 * <p><b>Memory.</b> What was fetched and not settled is held, up to {@link KafkaSettings#fetchedBytesMax}, and no more than {@value
 * #WINDOW_MAX} messages behind the oldest one that is not settled: then the group waits for it, which ends at last with the dead
 * letters.
 *
 * <p>Belongs to the queue's loop. It lives from its first consumer here to its last; when that one closes it leaves the group, so that
 * others get its partitions at once. It is long for the many ways that a message can take; each is a few lines, and {@link
 * Entry} draws them.
 */
final class KafkaGroup {

    /** So many messages of a partition may be fetched behind the oldest that is not settled. */
    static final int WINDOW_MAX = 1 << 16;

    /** How long to wait after something that may be over soon: brokers out of reach. */
    static final long RETRY_NANOS = Duration.ofSeconds(1).toNanos();

    private static final System.Logger LOG = System.getLogger("dev.pumasi.queue");

    private static final String CONSUMER_CLOSED = "not settled when its consumer closed";
    private static final String PROCESS_ENDED = "not settled when the process ended";

    private final KafkaTopic topic;
    private final String name;
    private final Loop loop;
    private final int ledgerPartitions;
    private final Reader reader;
    private final Settlements settlements;
    private GroupSettings settings = GroupSettings.DEFAULT;

    private final Map<Integer, Share> shares = new HashMap<>();
    private long nextOrder;

    private final PriorityQueue<Entry> ready = new PriorityQueue<>(Comparator.comparingLong((Entry e) -> e.order));

    /** The last one of each key that is in a window. */
    private final Map<String, Entry> keys = new HashMap<>();

    private final Deque<Take> takes = new ArrayDeque<>();
    private final Set<Member> members = new LinkedHashSet<>();
    private final Timer retry = Timer.of(this::pump);
    private boolean pumping;
    private boolean leaving;
    private @Nullable IOException over;

    private final GroupFigures figures;

    KafkaGroup(KafkaTopic topic, String name, int ledgerPartitions, GroupFigures figures) {
        this.figures = figures;
        this.topic = topic;
        this.name = name;
        this.ledgerPartitions = ledgerPartitions;
        loop = topic.loop();
        reader = new Reader(this, topic.queue(), topic.kafkaName(), name, ledgerPartitions);
        settlements = new Settlements(this, reader);
    }

    Loop loop() {
        return loop;
    }

    KafkaTopic topic() {
        return topic;
    }

    String name() {
        return name;
    }

    // ------------------------------------------------------------------------------------------- members

    Member join(GroupSettings settings) {
        this.settings = settings;
        Member consumer = new Member(this);
        members.add(consumer);
        figures.members = members.size();
        return consumer;
    }

    boolean isLeaving() {
        return leaving;
    }

    void leave(Member consumer) {
        if (consumer.closed) {
            return;
        }
        consumer.closed = true;
        members.remove(consumer);
        figures.members = members.size();
        for (Take take : List.copyOf(takes)) {
            if (take.consumer == consumer) {
                takes.remove(take);
                take.refused(new QueueException(take.what(), QueueFailure.CLOSED));
            }
        }
        leaving |= members.isEmpty();
        for (Entry entry : List.copyOf(consumer.out)) {
            takeBack(entry);
            entry.reason = entry.reason.isEmpty() ? CONSUMER_CLOSED : entry.reason;
            begin(entry, 0);
        }
        if (leaving) {
            reader.close();
        } else {
            pump();
        }
    }

    void closeAll() {
        List.copyOf(members).forEach(this::leave);
        leaving = true;
        reader.close();
    }

    /** The clients are being shut: nothing can be written any more. */
    void halt() {
        leaving = true;
        reader.halt();
        end(new QueueException("read " + topic.name(), QueueFailure.CLOSED));
    }

    /** The reader has ended: because it was told to, or because of that. */
    void ended(@Nullable RuntimeException failure) {
        String what = "read " + topic.name() + " for " + name;
        gone(List.copyOf(shares.keySet()));
        if (failure == null) {
            end(new QueueException(what, QueueFailure.CLOSED));
        } else {
            end(Failures.of(what, failure));
            loop.report(this + ": reading", failure);
        }
        leaving = true;
        topic.gone(this);
    }

    /** Everybody who asks, now or later, fails with that. */
    private void end(IOException why) {
        over = why;
        loop.cancel(retry);
        while (!takes.isEmpty()) {
            takes.removeFirst().refused(why);
        }
        settlements.end(why);
    }

    void ask(Take take) {
        IOException why = over;
        if (why != null) {
            take.refused(why);
        } else if (take.consumer.closed) {
            take.refused(new QueueException(take.what(), QueueFailure.CLOSED));
        } else {
            takes.addLast(take);
            pump();
        }
    }

    /** What is on its way to it is found to have lost its taker when it arrives. */
    void noLongerAsks(Take take) {
        takes.remove(take);
    }

    // ------------------------------------------------------------------------------------------- partitions

    /** A partition is this process's now, and what the ledger says of it is known. */
    void assigned(Share share, long lostBefore) {
        shares.put(share.partition, share);
        see(share);
        lose(share, lostBefore);
    }

    private void lose(Share share, long count) {
        if (count > 0) {
            figures.lost += count;
            LOG.log(
                    System.Logger.Level.WARNING,
                    "{0}: {1} messages of partition {2} are lost: Kafka deleted them before they were read",
                    this,
                    Long.toString(count),
                    Integer.toString(share.partition));
        }
    }

    void arrived(List<Arrival> arrivals) {
        for (Arrival arrival : arrivals) {
            Share share = shares.get(arrival.partition());
            if (share == null || share.leaving || arrival.offset() < share.next) {
                reader.release(arrival.bytes());
            } else {
                lose(share, arrival.lost());
                admit(share, arrival);
            }
        }
        pump();
    }

    private void admit(Share share, Arrival arrival) {
        share.next = arrival.offset() + 1;
        topic.raiseEnd(share.partition, share.next);
        Entry entry = new Entry(this::due, share, arrival, nextOrder++);
        share.window.addLast(entry);
        if (share.window.size() >= WINDOW_MAX) {
            holdIfFull();
        }
        Share.Known known = share.remembered.remove(arrival.offset());
        if (known != null) {
            entry.attempt = known.record().attempt();
            entry.reason = known.record().reason();
            entry.ledgerAt = known.at();
            if (known.record().kind() == LedgerRecord.Kind.DONE) {
                entry.state = Entry.State.DONE;
                entry.message = null;
                reader.release(entry.bytes);
                raiseFloor(share);
                return;
            }
        }
        if (lineUp(entry)) {
            begin(entry, known == null ? 0 : known.record().waitsMillis(loop.wallMillis()));
        }
    }

    private void holdIfFull() {
        boolean full = false;
        for (Share share : shares.values()) {
            full |= share.window.size() >= WINDOW_MAX;
        }
        reader.hold(full);
    }

    /** Into the line of its key; true if it is the first. */
    private boolean lineUp(Entry entry) {
        if (entry.key.isEmpty()) {
            return true;
        }
        Entry last = keys.put(entry.key, entry);
        if (last == null) {
            return true;
        }
        last.behind = entry;
        entry.state = Entry.State.HELD;
        return false;
    }

    /** Those partitions are about to go: {@code done} is run when what was settled of them is durable. */
    void revoke(List<Integer> partitions, Runnable done) {
        for (int partition : partitions) {
            Share share = shares.get(partition);
            if (share != null) {
                share.leaving = true;
            }
        }
        settlements.flushThen(done);
    }

    /** Those partitions are gone: what was not settled of them comes to somebody else. */
    void gone(List<Integer> partitions) {
        for (int partition : partitions) {
            Share share = shares.remove(partition);
            if (share == null) {
                continue;
            }
            share.gone = true;
            keys.values().removeIf(last -> last.share == share);
            for (Entry entry : share.window) {
                forget(entry);
            }
            share.window.clear();
        }
        if (reader.isHeld()) {
            holdIfFull();
        }
        settlements.dropGone();
        pump();
    }

    private void forget(Entry entry) {
        if (entry.state == Entry.State.DONE) {
            return;
        }
        takeBack(entry);
        entry.state = Entry.State.GONE;
        entry.message = null;
        reader.release(entry.bytes);
        giveTakeBack(entry);
    }

    // ------------------------------------------------------------------------------------------- giving

    /** Gives away what there is to whoever asks. */
    private void pump() {
        if (pumping) {
            return;
        }
        pumping = true;
        try {
            while (!takes.isEmpty() && over == null && !leaving && !retry.isRunning()) {
                Entry entry = ready.poll();
                if (entry == null) {
                    break;
                }
                if (entry.state == Entry.State.READY && !entry.share.leaving) { // it may have been settled late
                    entry.state = Entry.State.GIVEN;
                    entry.take = takes.removeFirst();
                    mark(entry);
                }
            }
        } finally {
            pumping = false;
        }
    }

    /** Its turn has come. */
    private void begin(Entry entry, long waitMillis) {
        if (isAtItsEnd(entry)) {
            die(entry, entry.reason.isEmpty() ? PROCESS_ENDED : entry.reason);
        } else if (waitMillis > 0) {
            entry.state = Entry.State.WAITING;
            loop.start(entry, Duration.ofMillis(waitMillis).toNanos());
        } else {
            makeReady(entry);
        }
    }

    private void makeReady(Entry entry) {
        entry.state = Entry.State.READY;
        ready.add(entry);
    }

    private void giveTakeBack(Entry entry) {
        Take take = entry.take;
        entry.take = null;
        if (take != null && !take.isDone()) {
            IOException why = over;
            if (why != null) {
                take.refused(why);
            } else if (take.consumer.closed) {
                take.refused(new QueueException(take.what(), QueueFailure.CLOSED));
            } else {
                takes.addFirst(take);
            }
        }
    }

    /** Counts the delivery, and writes that down first. */
    private void mark(Entry entry) {
        if (entry.marked) {
            handOut(entry);
            return;
        }
        entry.attempt++;
        entry.marked = true;
        write(entry, LedgerRecord.delivered(entry.attempt, entry.reason), new Outbox.Sent() {
            @Override
            public void sent(int partition, long offset) {
                wrote(entry, offset);
                if (entry.state == Entry.State.GIVEN) {
                    handOut(entry);
                }
            }

            @Override
            public void failed(QueueException why) {
                if (entry.state == Entry.State.GIVEN) {
                    entry.attempt--;
                    entry.marked = false;
                    giveTakeBack(entry);
                    makeReady(entry);
                    if (over == null && !retry.isRunning()) {
                        loop.start(retry, RETRY_NANOS);
                    }
                }
            }
        });
    }

    private void handOut(Entry entry) {
        Take take = entry.take;
        Message message = entry.message;
        entry.take = null;
        if (take == null || message == null || take.isDone() || take.consumer.closed || over != null) {
            if (take != null && !take.isDone()) {
                take.refused(new QueueException(take.what(), QueueFailure.CLOSED));
            }
            makeReady(entry); // whoever wanted it does not any more
            pump();
            return;
        }
        entry.marked = false;
        entry.state = Entry.State.OUT;
        entry.owner = take.consumer;
        take.consumer.out.add(entry);
        figures.inFlight++;
        figures.delivered++;
        loop.start(entry, settings.settleWithin().toNanos());
        take.given(new KafkaDelivery(this, entry, message, entry.attempt));
    }

    // ------------------------------------------------------------------------------------------- the ledger

    /** Writes down what holds of a message from now on. */
    void write(Entry entry, LedgerRecord record, Outbox.Sent told) {
        write(entry.share.partition, entry.offset, record.value(), told);
    }

    /** Nothing need be known of a message any more; if that is not written, no harm is done. */
    void bury(int partition, long offset) {
        write(partition, offset, null, new Outbox.Sent() {
            @Override
            public void sent(int partition, long offset) {}

            @Override
            public void failed(QueueException why) {}
        });
    }

    private void write(int partition, long offset, byte @Nullable [] value, Outbox.Sent told) {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(
                Names.ledger(topic.kafkaName(), name),
                partition % ledgerPartitions,
                LedgerRecord.key(partition, offset),
                value);
        topic.queue().outbox().send(record, told);
    }

    /** A record of it is in the ledger, there. */
    void wrote(Entry entry, long ledgerOffset) {
        entry.ledgerAt = ledgerOffset;
        if (entry.share.partition % ledgerPartitions == entry.share.partition) {
            entry.share.ledgerNext = Math.max(entry.share.ledgerNext, ledgerOffset + 1);
        } // else partitions share a part of the ledger, and one knows nothing of the other's records
    }

    // ------------------------------------------------------------------------------------------- settling

    void acknowledge(Entry entry, Asked<Position> asked, boolean urgent) {
        figures.acknowledged++;
        takeBack(entry);
        finish(entry, asked, urgent);
        pump();
    }

    void reject(Entry entry, String reason, @Nullable Duration delay, @Nullable Asked<Position> asked, boolean urgent) {
        figures.rejected++;
        takeBack(entry);
        entry.reason = reason;
        Duration wait = delay == null ? settings.delayAfter(entry.attempt) : delay;
        long waitMillis = wait.toMillis();
        settlements.add(
                entry,
                LedgerRecord.rejected(entry.attempt, loop.wallMillis() + waitMillis, waitMillis, reason),
                asked,
                urgent);
        if (isAtItsEnd(entry)) {
            die(entry, reason);
        } else {
            entry.state = Entry.State.WAITING;
            loop.start(entry, wait.toNanos());
        }
    }

    /** Its time is over: to be settled, or to wait. */
    private void due(Entry entry) {
        switch (entry.state) {
            case OUT -> {
                figures.overdue++;
                reject(entry, "not settled within " + settings.settleWithin(), null, null, false);
            }
            case WAITING -> begin(entry, 0);
            case DYING -> die(entry, entry.reason);
            case HELD, READY, GIVEN, DONE, GONE -> {}
        }
        pump();
    }

    /** Out of its consumer's hands. */
    private void takeBack(Entry entry) {
        loop.cancel(entry);
        Member owner = entry.owner;
        if (owner != null) {
            owner.out.remove(entry);
            entry.owner = null;
            figures.inFlight--;
        }
    }

    private boolean isAtItsEnd(Entry entry) {
        return settings.deliveriesMax() > 0
                && entry.attempt >= settings.deliveriesMax()
                && settings.deadLettersOf(topic.name()).isPresent();
    }

    /** To the dead letters, durably; only then is it settled. A crash in between sends it twice, with the same id. */
    private void die(Entry entry, String reason) {
        entry.state = Entry.State.DYING;
        entry.reason = reason;
        Optional<String> to = settings.deadLettersOf(topic.name());
        Message message = entry.message;
        if (message == null) {
            throw new IllegalStateException("a message that is not settled is held: " + entry.position());
        }
        Message letter = message.withId(name + "/" + topic.name() + "/" + entry.position())
                .withHeader(Delivery.DEAD_TOPIC, topic.name())
                .withHeader(Delivery.DEAD_GROUP, name)
                .withHeader(Delivery.DEAD_POSITION, entry.position().toString())
                .withHeader(Delivery.DEAD_ATTEMPTS, Integer.toString(entry.attempt))
                .withHeader(Delivery.DEAD_REASON, reason);
        topic.queue().publish(to.orElseThrow(), letter, outcome -> {
            if (entry.state != Entry.State.DYING) {
                return; // another member has the partition, and comes to the same end with the same id
            }
            if (outcome instanceof Operation.Failed<?>(Throwable failure)) {
                if (over == null && !topic.queue().isClosed()) {
                    loop.report("sending to the dead letters of " + topic.name(), failure);
                    loop.start(entry, RETRY_NANOS);
                }
            } else {
                figures.dead++;
                finish(entry, null, false);
                pump();
            }
        });
    }

    private void finish(Entry entry, @Nullable Asked<Position> asked, boolean urgent) {
        entry.state = Entry.State.DONE;
        entry.message = null;
        reader.release(entry.bytes);
        if (!entry.key.isEmpty()) {
            Entry next = entry.behind;
            if (next == null) {
                keys.remove(entry.key, entry);
            } else {
                entry.behind = null;
                begin(next, 0);
            }
        }
        settlements.add(entry, null, asked, urgent);
        raiseFloor(entry.share);
    }

    private void raiseFloor(Share share) {
        if (share.raiseFloor()) {
            see(share);
            if (reader.isHeld()) {
                holdIfFull();
            }
        }
    }

    private void see(Share share) {
        figures.saw(Map.of(share.partition, share.floor));
    }

    @Override
    public String toString() {
        return "group " + name + " of " + topic.name();
    }
}
