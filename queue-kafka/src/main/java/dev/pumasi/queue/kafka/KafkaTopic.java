package dev.pumasi.queue.kafka;

import dev.pumasi.queue.Consumer;
import dev.pumasi.queue.GroupSettings;
import dev.pumasi.queue.GroupStatus;
import dev.pumasi.queue.Position;
import dev.pumasi.queue.Publisher;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import dev.pumasi.queue.Topic;
import dev.pumasi.queue.TopicSettings;
import dev.pumasi.queue.TopicStatus;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A topic of the cluster, as this process sees it: what is on its way to it, which ids it has seen, its groups' members here. Belongs to
 * the queue's loop.
 *
 * <p><b>Order.</b> What is published here leaves here in the order in which it was asked for, also when something in front waits:
 * for room, or until the ids are known that are in the topic already.
 */
final class KafkaTopic implements Topic {

    /** More groups than that in one topic are a mistake. */
    static final int GROUPS_MAX = 1024;

    /** How many publications wait for room at most, besides the bytes. */
    static final int WAITING_MAX = 1 << 16;

    /** Who has looked for ids, and how far that is. */
    private enum Ids {
        UNKNOWN,
        ASKED,
        KNOWN
    }

    private final KafkaQueue queue;
    private final String name;
    private final String kafkaName;
    private final int partitions;
    private final SameIds ids;
    private final TopicSettings how;
    private final Map<String, Publishing> idsOnTheirWay = new HashMap<>();
    private Ids state = Ids.UNKNOWN;

    /** Have not been sent: there is no room, or it is not known which ids are there. */
    private final Deque<Publishing> waiting = new ArrayDeque<>();

    private long pendingBytes;
    private int inFlight;

    private final Map<String, KafkaGroup> groups = new HashMap<>();

    /** Who wants to be a member of a group that is not open, by its name. */
    private final Map<String, List<Joining>> joinings = new HashMap<>();

    /** What is to be done when a group's members here have left. */
    private final Map<String, List<Runnable>> whenGone = new HashMap<>();

    private record Joining(GroupSettings how, Asked<Consumer> asked) {}

    // Figures: written on the loop, read from anywhere, now or a little later.
    private final ConcurrentSkipListMap<String, GroupFigures> figures = new ConcurrentSkipListMap<>();
    private final AtomicLongArray ends;
    private volatile long firstSeen;
    private volatile long bytesSeen;
    private volatile long published;
    private volatile long duplicates;
    private volatile long refused;

    /** @param endsNow where each of its partitions ends */
    KafkaTopic(KafkaQueue queue, String name, Map<Integer, Long> endsNow, TopicSettings how) {
        this.queue = queue;
        this.name = name;
        kafkaName = queue.settings().prefix() + name;
        partitions = endsNow.size();
        this.how = how;
        ids = new SameIds(how);
        ends = new AtomicLongArray(partitions);
        endsNow.forEach(this::raiseEnd);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public KafkaQueue queue() {
        return queue;
    }

    Loop loop() {
        return queue.loop();
    }

    KafkaSettings settings() {
        return queue.settings();
    }

    /** What it is called in the cluster. */
    String kafkaName() {
        return kafkaName;
    }

    int partitions() {
        return partitions;
    }

    @Override
    public Publisher publisher() {
        return new KafkaPublisher(this);
    }

    // ------------------------------------------------------------------------------------------- publishing

    /** On the loop. */
    void publish(Publishing publishing) {
        if (queue.isClosed()) {
            publishing.refused(new QueueException("publish to " + name, QueueFailure.CLOSED));
        } else if (waiting.isEmpty() && mayLeave(publishing)) {
            leave(publishing);
        } else if (waiting.size() < WAITING_MAX && (publishing.waits || state == Ids.ASKED && hasRoom(publishing))) {
            pendingBytes += publishing.waits ? 0 : publishing.bytes;
            waiting.addLast(publishing);
        } else {
            refused++;
            publishing.refused(new QueueException("publish to " + name, QueueFailure.FULL));
        }
    }

    private boolean hasRoom(Publishing publishing) {
        return pendingBytes == 0
                || pendingBytes + publishing.bytes <= settings().pendingBytesMax();
    }

    /** Whether it can be sent, or is known to be there, at once. */
    private boolean mayLeave(Publishing publishing) {
        if (state == Ids.ASKED) {
            return false;
        }
        if (!publishing.id.isEmpty() && ids.isOn() && state == Ids.UNKNOWN) {
            state = Ids.ASKED;
            queue.follow(kafkaName, how, new Ears());
            return false;
        }
        return hasRoom(publishing);
    }

    private void leave(Publishing publishing) {
        String id = publishing.id;
        if (!id.isEmpty() && ids.isOn()) {
            Publishing first = idsOnTheirWay.get(id);
            if (first != null) {
                duplicates++;
                first.follow(publishing);
                return;
            }
            Position there = ids.of(id);
            if (there != null) {
                duplicates++;
                publishing.isThere(there);
                return;
            }
            idsOnTheirWay.put(id, publishing);
        }
        pendingBytes += publishing.bytes;
        inFlight++;
        queue.outbox().send(publishing.record, publishing);
    }

    void sent(Publishing publishing, int partition, long offset) {
        published++;
        if (!publishing.id.isEmpty() && ids.isOn()) {
            ids.add(publishing.id, new Position(partition, offset), loop().wallMillis());
        }
        raiseEnd(partition, offset + 1);
        notSent(publishing);
    }

    void notSent(Publishing publishing) {
        idsOnTheirWay.remove(publishing.id, publishing);
        pendingBytes -= publishing.bytes;
        inFlight--;
        drain();
        queue.closeIfIdle();
    }

    private void drain() {
        while (!waiting.isEmpty()) {
            Publishing first = waiting.getFirst();
            long held = first.waits ? 0 : first.bytes;
            pendingBytes -= held;
            if (!mayLeave(first)) {
                pendingBytes += held;
                return;
            }
            waiting.removeFirst();
            leave(first);
        }
    }

    /** Hears which ids are there. */
    private final class Ears implements Follower.Told {

        @Override
        public void seen(List<Follower.Seen> seen) {
            seen.forEach(one -> ids.add(one.id(), one.position(), one.storedMillis()));
        }

        @Override
        public void caughtUp() {
            state = Ids.KNOWN;
            drain();
        }

        @Override
        public void failed(QueueException why) {
            state = Ids.UNKNOWN;
            failWaiting(why);
        }
    }

    private void failWaiting(QueueException why) {
        List<Publishing> all = List.copyOf(waiting);
        waiting.clear();
        for (Publishing one : all) {
            pendingBytes -= one.waits ? 0 : one.bytes;
            one.refused(why);
        }
    }

    // ------------------------------------------------------------------------------------------- groups

    @Override
    public Operation<Consumer> startConsumer(String group, GroupSettings settings) {
        return Asked.of(loop(), "join the group " + group + " of " + name, asked -> join(group, settings, asked));
    }

    private void join(String group, GroupSettings settings, Asked<Consumer> asked) {
        KafkaGroup known = groups.get(group);
        List<Joining> others = joinings.get(group);
        if (queue.isClosed()) {
            asked.fails(new QueueException("join the group " + group, QueueFailure.CLOSED));
        } else if (!KafkaQueue.isName(group) || Names.ledger(kafkaName, group).length() > Names.KAFKA_MAX) {
            asked.fails(new QueueException("join the group " + group, QueueFailure.INVALID, KafkaQueue.NAMES));
        } else if (known != null && !known.isLeaving()) {
            asked.yields(known.join(settings));
        } else if (others != null) {
            others.add(new Joining(settings, asked));
        } else if (known == null && groups.size() + joinings.size() >= GROUPS_MAX) {
            asked.fails(new QueueException("join the group " + group, QueueFailure.TOO_MANY));
        } else {
            List<Joining> all = new ArrayList<>();
            all.add(new Joining(settings, asked));
            joinings.put(group, all);
            if (known == null) {
                open(group);
            } // else when that one has left
        }
    }

    private void open(String group) {
        List<Joining> all = joinings.getOrDefault(group, List.of());
        queue.admin()
                .openGroup(kafkaName, partitions, group, all.getFirst().how.start())
                .onDone(outcome -> {
                    List<Joining> wanted = joinings.remove(group);
                    if (wanted == null) {
                        return;
                    }
                    switch (outcome) {
                        case Operation.Success<? extends Clerk.GroupFound>(Clerk.GroupFound found) -> {
                            if (queue.isClosed()) {
                                failAll(wanted, new QueueException("join the group " + group, QueueFailure.CLOSED));
                                break;
                            }
                            GroupFigures known = figuresOf(group);
                            known.saw(found.floors());
                            KafkaGroup made = new KafkaGroup(this, group, found.ledgerPartitions(), known);
                            groups.put(group, made);
                            wanted.forEach(one -> one.asked.yields(made.join(one.how)));
                        }
                        case Operation.Failed<? extends Clerk.GroupFound>(Throwable failure) ->
                            failAll(wanted, Failures.of("join the group " + group + " of " + name, failure));
                    }
                    queue.closeIfIdle();
                });
    }

    private static void failAll(List<Joining> all, QueueException why) {
        all.forEach(one -> one.asked.fails(why));
    }

    /** It has no members here any more, and its thread has ended. */
    void gone(KafkaGroup group) {
        groups.remove(group.name(), group);
        List<Joining> wanted = joinings.get(group.name());
        if (wanted != null) {
            if (queue.isClosed()) {
                joinings.remove(group.name());
                failAll(wanted, new QueueException("join the group " + group.name(), QueueFailure.CLOSED));
            } else {
                open(group.name());
            }
        }
        List<Runnable> told = whenGone.remove(group.name());
        if (told != null) {
            told.forEach(Runnable::run);
        }
        queue.closeIfIdle();
    }

    @Override
    public Operation<Topic> startForget(String group) {
        return Asked.of(loop(), "forget the group " + group + " of " + name, asked -> forget(group, asked));
    }

    private void forget(String group, Asked<Topic> asked) {
        KafkaGroup known = groups.get(group);
        String what = "forget the group " + group + " of " + name;
        if (known != null && !known.isLeaving() || joinings.containsKey(group)) {
            asked.fails(new QueueException(what, QueueFailure.INVALID, "it has members; close them first"));
        } else if (known != null) {
            whenGone.computeIfAbsent(group, _ -> new ArrayList<>()).add(() -> forget(group, asked));
        } else {
            queue.admin().forgetGroup(kafkaName, group).onDone(outcome -> {
                switch (outcome) {
                    case Operation.Success<?> _ -> {
                        figures.remove(group);
                        asked.yields(this);
                    }
                    case Operation.Failed<?>(Throwable failure) -> asked.fails(Failures.of(what, failure));
                }
            });
        }
    }

    // ------------------------------------------------------------------------------------------- the end

    /** Takes nothing new. On the loop. */
    void close() {
        failWaiting(new QueueException("publish to " + name, QueueFailure.CLOSED));
        List.copyOf(groups.values()).forEach(KafkaGroup::closeAll);
    }

    boolean isIdle() {
        return inFlight == 0 && groups.isEmpty() && joinings.isEmpty();
    }

    /** The clients are being shut. */
    void halt() {
        List.copyOf(groups.values()).forEach(KafkaGroup::halt);
    }

    // ------------------------------------------------------------------------------------------- figures

    /** That partition ends there, or behind. On the loop, which alone writes. */
    void raiseEnd(int partition, long end) {
        if (partition < partitions && end > ends.get(partition)) {
            ends.set(partition, end);
        }
    }

    List<String> groupNames() {
        return List.copyOf(figures.keySet());
    }

    private GroupFigures figuresOf(String group) {
        return figures.computeIfAbsent(group, name -> new GroupFigures(name, partitions));
    }

    void saw(Clerk.Look look) {
        firstSeen = look.first();
        bytesSeen = look.bytes();
        look.ends().forEach(this::raiseEnd);
        look.floors().forEach((name, floors) -> {
            GroupFigures group = figures.get(name);
            if (group != null) {
                group.saw(floors);
            }
        });
    }

    @Override
    public TopicStatus status() {
        queue.lookAgain();
        long next = 0;
        for (int i = 0; i < partitions; i++) {
            next += ends.get(i);
        }
        List<GroupStatus> all = new ArrayList<>();
        for (GroupFigures group : figures.values()) {
            all.add(group.status(next));
        }
        return new TopicStatus(
                name, firstSeen, next, bytesSeen, published, duplicates, refused, 0, 0, 0, "", List.copyOf(all));
    }

    @Override
    public String toString() {
        return "topic " + name;
    }
}
