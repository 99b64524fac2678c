package dev.pumasi.queue.kafka;

import dev.pumasi.queue.Message;
import dev.pumasi.queue.Position;
import dev.pumasi.queue.Queue;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import dev.pumasi.queue.QueueFigures;
import dev.pumasi.queue.QueueUrl;
import dev.pumasi.queue.Topic;
import dev.pumasi.queue.TopicSettings;
import dev.pumasi.queue.TopicStatus;
import dev.pumasi.runtime.Figures;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Offload;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Operation.Outcome;
import dev.pumasi.runtime.Promise;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A queue in a Kafka cluster: for when one machine is not enough. The same promises as the embedded engine's, kept by other means.
 *
 * <p><b>What is kept where.</b> A topic is a topic. What a group has settled without gaps is its committed offset, so Kafka's own
 * tools show how far it is. All else that must outlive a process, how often a message was delivered, when it is to come again, what
 * is settled ahead of an older one, is the group's <em>ledger</em>: a compacted topic beside it, in {@link LedgerRecord}s. A member that
 * is given a partition reads what the ledger says of it, and goes on where the last one was.
 *
 * <p><b>Who does what.</b> The loop owns all state and decides: {@link KafkaTopic}, {@link KafkaGroup}. Kafka's client blocks, and has
 * locks, so nothing on a loop or a green thread ever calls it: the {@link Outbox}'s thread sends, each group's {@link Reader} polls and
 * commits, the {@link Clerk} asks what is seldom asked, and a steward wakes the readers and shuts everything in the end. They
 * post to the loop what has come of it; so whoever waits is woken by the loop, and nobody hops.
 *
 * <p><b>Orderings.</b> (1) What leaves here for one partition is stored in the order in which it was asked for: one thread sends,
 * and the producer is idempotent. (2) A delivery is in the ledger before the message is handed out. (3) A settlement is told to be
 * durable after the offsets were committed <em>as a member of the group</em>: a commit fails for who has lost the partition
 * without knowing, and whoever got it read the ledger after that. So what was told to be acknowledged is not delivered again,
 * by anybody. (4) What the ledger says of a message is deleted only after an offset behind it was committed.
 *
 * <p><b>What it will not do.</b> No transactions: at least once is what is promised, and they would cost a round trip for each
 * message that is handed out. No share groups (KIP-932): they know no order per key, no delay before a message comes again, and no
 * reason why it died. It keeps no copy of what Kafka does better: placement, replication, retention.
 */
final class KafkaQueue implements Queue {

    /** More topics than that are a mistake. */
    static final int TOPICS_MAX = 1024;

    static final String NAMES = "a name has 1 to " + Topic.NAME_CHARACTERS_MAX
            + " letters, digits, '-', '_', '.', begins with no dot, and not with " + Names.OWN
            + "; what a group's ledger is called then, " + Names.OWN + "N.TOPIC.GROUP, has no more than "
            + Names.KAFKA_MAX;

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]*");
    private static final int CLERK_THREADS = 2;
    private static final int ERRANDS_MAX = 4 * TOPICS_MAX;
    private static final long LOOK_AGAIN_NANOS = Duration.ofMillis(300).toNanos();

    private final Loop loop;
    private final QueueUrl url;
    private final KafkaSettings settings;
    private final Offload threads = Offload.open(CLERK_THREADS, ERRANDS_MAX);
    private final Worker steward = new Worker("steward");
    private final Clerk clerk;
    private final Presence presence;
    private @Nullable Outbox outbox;
    private @Nullable Follower follower;

    /** Changed on the loop only; others may look. */
    private final ConcurrentSkipListMap<String, KafkaTopic> topics = new ConcurrentSkipListMap<>();

    private final ConcurrentSkipListSet<String> names = new ConcurrentSkipListSet<>();
    private final Figures.Offer figures = QueueFigures.offer(this);
    private final Map<String, List<Asked<Topic>>> askings = new HashMap<>();
    private final List<Asked<Queue>> closings = new ArrayList<>();
    private boolean closed;
    private boolean shutting;
    private boolean over;

    private final AtomicBoolean looking = new AtomicBoolean();
    private volatile long lookedNanos = System.nanoTime() - LOOK_AGAIN_NANOS;

    private KafkaQueue(Loop loop, QueueUrl url, KafkaSettings settings) {
        this.loop = loop;
        this.url = url;
        this.settings = settings;
        clerk = new Clerk(loop, threads, settings);
        presence = new Presence();
    }

    static Operation<Queue> open(Loop loop, QueueUrl url, KafkaSettings settings) {
        return Asked.of(loop, "open the queue " + url, asked -> new KafkaQueue(loop, url, settings).connect(asked));
    }

    /** Is here as long as the queue, so that a loop which ends takes it along. */
    private final class Presence extends Promise<Boolean> {

        Presence() {
            super(KafkaQueue.this.loop);
        }

        void enter() {
            begun();
        }

        void leave() {
            if (!isDone()) {
                kept(true);
            }
        }

        @Override
        protected void begin() {}

        @Override
        protected boolean abandon() {
            closed = true;
            shut();
            return false;
        }

        @Override
        protected String what() {
            return "keep the queue " + url + " open";
        }
    }

    private void connect(Asked<Queue> asked) {
        presence.enter();
        clerk.open().onDone(outcome -> {
            switch (outcome) {
                case Operation.Success<? extends java.util.Set<String>>(var found) -> {
                    keepNames(found);
                    outbox = new Outbox(loop, settings);
                    asked.yields(this);
                }
                case Operation.Failed<?>(Throwable failure) -> {
                    asked.fails(Failures.of("open the queue " + url, failure));
                    closed = true;
                    shut();
                }
            }
        });
    }

    private void keepNames(java.util.Set<String> found) {
        String prefix = settings.prefix();
        TreeSet<String> ours = new TreeSet<>();
        for (String name : found) {
            if (name.startsWith(prefix) && isName(name.substring(prefix.length()))) {
                ours.add(name.substring(prefix.length()));
            }
        }
        names.retainAll(ours);
        names.addAll(ours);
        names.addAll(topics.keySet());
    }

    static boolean isName(String name) {
        return name.length() <= Topic.NAME_CHARACTERS_MAX
                && NAME.matcher(name).matches()
                && !name.startsWith(Names.OWN);
    }

    @Override
    public Loop loop() {
        return loop;
    }

    @Override
    public QueueUrl url() {
        return url;
    }

    KafkaSettings settings() {
        return settings;
    }

    boolean isClosed() {
        return closed;
    }

    Clerk admin() {
        return clerk;
    }

    Worker steward() {
        return steward;
    }

    Outbox outbox() {
        Outbox opened = outbox;
        if (opened == null) {
            throw new IllegalStateException("not open");
        }
        return opened;
    }

    /** On the loop. */
    void follow(String topic, TopicSettings how, Follower.Told told) {
        Follower opened = follower;
        if (opened == null) {
            opened = new Follower(loop, settings);
            follower = opened;
        }
        Follower to = opened;
        steward.post(() -> to.add(topic, how.sameIdWindow(), how.sameIdsMax(), told));
    }

    // ------------------------------------------------------------------------------------------- topics

    @Override
    public Operation<Topic> startTopic(String name, TopicSettings how) {
        return Asked.of(loop, "open the topic " + name, asked -> ask(name, how, asked));
    }

    private void ask(String name, TopicSettings how, Asked<Topic> asked) {
        String what = "open the topic " + name;
        KafkaTopic known = topics.get(name);
        List<Asked<Topic>> others = askings.get(name);
        if (closed) {
            asked.fails(new QueueException(what, QueueFailure.CLOSED));
        } else if (!isName(name)) {
            asked.fails(new QueueException(what, QueueFailure.INVALID, NAMES));
        } else if (known != null) {
            asked.yields(known);
        } else if (others != null) {
            others.add(asked);
        } else if (topics.size() + askings.size() >= TOPICS_MAX) {
            asked.fails(new QueueException(what, QueueFailure.TOO_MANY));
        } else {
            askings.put(name, new ArrayList<>(List.of(asked)));
            clerk.openTopic(settings.prefix() + name, how).onDone(outcome -> opened(name, how, outcome));
        }
    }

    private void opened(String name, TopicSettings how, Outcome<? extends Map<Integer, Long>> outcome) {
        List<Asked<Topic>> all = askings.remove(name);
        if (all == null) {
            return;
        }
        switch (outcome) {
            case Operation.Success<? extends Map<Integer, Long>>(Map<Integer, Long> ends) -> {
                KafkaTopic topic = new KafkaTopic(this, name, ends, how);
                topics.put(name, topic);
                names.add(name);
                all.forEach(asked -> asked.yields(topic));
            }
            case Operation.Failed<? extends Map<Integer, Long>>(Throwable failure) -> {
                QueueException why = Failures.of("open the topic " + name, failure);
                all.forEach(asked -> asked.fails(why));
            }
        }
        closeIfIdle();
    }

    /** Publishes to a topic that may not be there yet. On the loop. */
    void publish(String topic, Message message, Consumer<Outcome<Position>> then) {
        startTopic(topic, TopicSettings.DEFAULT).onDone(outcome -> {
            switch (outcome) {
                case Operation.Success<? extends Topic>(Topic found) ->
                    found.publisher().startPublish(message).onDone(then::accept);
                case Operation.Failed<? extends Topic>(Throwable failure) ->
                    then.accept(new Operation.Failed<>(failure));
            }
        });
    }

    @Override
    public List<String> topics() {
        lookAgain();
        return List.copyOf(names);
    }

    @Override
    public List<TopicStatus> status() {
        return topics.values().stream().map(KafkaTopic::status).toList();
    }

    /** Somebody looks at the figures: learns what only the cluster knows, for the next time. Any thread. */
    void lookAgain() {
        if (System.nanoTime() - lookedNanos > LOOK_AGAIN_NANOS && looking.compareAndSet(false, true)) {
            loop.execute(this::look);
        }
    }

    private void look() {
        if (closed) {
            return;
        }
        int[] left = {topics.size() + 1};
        Runnable done = () -> {
            left[0]--;
            if (left[0] == 0) {
                lookedNanos = System.nanoTime();
                looking.set(false);
            }
        };
        clerk.topics().onDone(outcome -> {
            if (outcome instanceof Operation.Success<? extends java.util.Set<String>>(var found)) {
                keepNames(found);
            }
            done.run();
        });
        for (KafkaTopic topic : topics.values()) {
            clerk.look(topic.kafkaName(), topic.partitions(), topic.groupNames())
                    .onDone(outcome -> {
                        if (outcome instanceof Operation.Success<? extends Clerk.Look>(Clerk.Look look)) {
                            topic.saw(look);
                        }
                        done.run();
                    });
        }
    }

    // ------------------------------------------------------------------------------------------- closing

    @Override
    public Operation<Queue> startClose() {
        return Asked.of(loop, "close the queue " + url, this::close);
    }

    @Override
    public void close() throws IOException {
        QueueException.await(startClose());
    }

    private void close(Asked<Queue> asked) {
        if (over) {
            asked.yields(this);
            return;
        }
        closings.add(asked);
        if (!closed) {
            closed = true;
            topics.values().forEach(KafkaTopic::close);
        }
        closeIfIdle();
    }

    void closeIfIdle() {
        if (closed && !shutting && askings.isEmpty() && topics.values().stream().allMatch(KafkaTopic::isIdle)) {
            shut();
        }
    }

    /** Ends all threads; what is still on its way fails. */
    private void shut() {
        if (shutting) {
            return;
        }
        shutting = true;
        figures.close();
        topics.values().forEach(KafkaTopic::halt);
        Outbox sending = outbox;
        Follower following = follower;
        steward.post(() -> {
            if (sending != null) {
                sending.close();
            }
            if (following != null) {
                following.close();
            }
            clerk.close();
            threads.close();
            loop.execute(this::isShut);
        });
        steward.end();
    }

    private void isShut() {
        over = true;
        presence.leave();
        closings.forEach(asked -> asked.yields(this));
        closings.clear();
    }

    @Override
    public String toString() {
        return "queue " + url;
    }
}
