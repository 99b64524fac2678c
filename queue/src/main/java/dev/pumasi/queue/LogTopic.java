package dev.pumasi.queue;

import dev.pumasi.runtime.Background;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Operation.Outcome;
import dev.pumasi.runtime.Promise;
import dev.pumasi.runtime.Timer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A topic of the embedded engine: a {@link Log} of messages, its groups, and what it remembers of ids. Belongs to the queue's loop. */
final class LogTopic implements Topic {

    /** More groups than that in one topic are a mistake. */
    static final int GROUPS_MAX = 1024;

    /** How often it is looked whether something is too old to be kept. */
    private static final Duration RETENTION_PAUSE = Duration.ofSeconds(10);

    private static final System.Logger LOG = System.getLogger("dev.pumasi.queue");

    private final LogQueue queue;
    private final String name;
    private final Log log;
    private final Map<String, Group> groups = new LinkedHashMap<>();
    private final Timer tidying = Timer.of(this::tidyAndGoOn);
    private @Nullable TopicSettings settings;
    private RecentIds ids = new RecentIds(TopicSettings.DEFAULT.withSameIdsMax(0));
    private final Map<String, Publishing> idsOnTheirWay = new HashMap<>();
    private final long torn;
    private final List<Recovery.Damage> damages;
    private int segmentsSeen;

    // Figures: written on the loop, read from anywhere, now or a little later.
    private volatile long duplicates;
    private volatile long damaged;
    private volatile List<Group> groupsSeen = List.of();
    private volatile long bytesSeen;
    private volatile long firstSeen;
    private volatile long nextSeen;
    private volatile String stoppedSeen = "";

    LogTopic(
            LogQueue queue,
            Background background,
            String name,
            Path folder,
            LogSettings settings,
            Recovery.Found found) {
        this.queue = queue;
        this.name = name;
        log = new Log(name, queue.loop(), background, folder, settings, found, this::durable);
        damages = found.damages();
        torn = found.tornBytes();
        look();
    }

    /**
     * Says what was found at the opening. On the loop's own thread, not on the green one that found it: who logs may hold a lock
     * of the log's, and a loop that waits for one of its own green threads waits for ever.
     */
    void tell() {
        for (Recovery.Damage damage : damages) {
            damaged += damage.bytes();
            LOG.log(System.Logger.Level.WARNING, "{0}: {1}", this, damage);
        }
        if (torn > 0) {
            LOG.log(
                    System.Logger.Level.INFO,
                    "{0}: {1} bytes were cut off that were being written when the process or the machine ended",
                    this,
                    Long.toString(torn));
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public LogQueue queue() {
        return queue;
    }

    Loop loop() {
        return queue.loop();
    }

    Log log() {
        return log;
    }

    @Override
    public Publisher publisher() {
        return new LogPublisher(this);
    }

    // ------------------------------------------------------------------------------------------- publishing

    /** On the loop. */
    void publish(Publishing publishing) {
        String id = publishing.id();
        if (!id.isEmpty() && ids.isOn()) {
            Publishing first = idsOnTheirWay.get(id);
            if (first != null) {
                duplicates++;
                first.follow(publishing);
                return;
            }
            Long there = ids.sequenceOf(id, log.storedMillis());
            if (there != null) {
                duplicates++;
                publishing.isThere(there);
                return;
            }
            idsOnTheirWay.put(id, publishing);
        }
        log.append(publishing);
    }

    void placed(Publishing publishing, long sequence) {
        if (ids.isOn()) {
            ids.add(publishing.id(), sequence, log.storedMillis());
        }
    }

    void settled(Publishing publishing) {
        idsOnTheirWay.remove(publishing.id(), publishing);
    }

    void lost(Publishing publishing) {
        if (idsOnTheirWay.remove(publishing.id(), publishing)) {
            ids.remove(publishing.id());
        }
    }

    private void durable() {
        IOException stopped = log.stopped();
        for (Group group : groups.values()) {
            if (stopped != null) {
                group.end(stopped);
            } else {
                group.pump();
            }
        }
        if (log.segments().size() > segmentsSeen) {
            tidy();
        }
        look();
    }

    // ------------------------------------------------------------------------------------------- being asked for

    /** Whether somebody has said how it is to be kept. */
    boolean isConfigured() {
        return settings != null;
    }

    /** Is kept like that from now on. On the loop. */
    void configure(TopicSettings settings, RecentIds ids) {
        if (this.settings == null) {
            this.settings = settings;
            this.ids = ids;
            tidyAndGoOn();
        }
    }

    /**
     * The ids of the last messages, read from the log in direct style. Nobody writes to it meanwhile: to publish, one must have
     * asked for the topic, and that waits for this.
     */
    RecentIds readIds(TopicSettings settings) throws IOException {
        RecentIds recent = new RecentIds(settings);
        if (!recent.isOn()) {
            return recent;
        }
        long since = log.storedMillis() - settings.sameIdWindow().toMillis();
        long fewest = log.nextSequence() - settings.sameIdsMax();
        List<Segment> segments = log.segments();
        int first = segments.size() - 1;
        while (first > 0 && segments.get(first).firstMillis > since && segments.get(first).firstSequence > fewest) {
            first--;
        }
        for (Segment segment : List.copyOf(segments.subList(first, segments.size()))) {
            Scan scan = new Scan(segment, log.settings().recordBytesMax(), Segment.HEADER_BYTES);
            while (scan.position() < segment.end && scan.isRecord()) {
                if (scan.kind() == MessageCodec.KIND && scan.sequence() >= fewest && scan.millis() >= since) {
                    String id = MessageCodec.id(scan.buffer(), scan.payloadAt());
                    if (!id.isEmpty()) {
                        recent.add(id, scan.sequence(), scan.millis());
                    }
                }
                scan.skipRecord();
            }
        }
        return recent;
    }

    // ------------------------------------------------------------------------------------------- groups

    /** One that was there when the queue was opened. */
    void restore(Group group) {
        groups.put(group.name(), group);
        groupsSeen = List.copyOf(groups.values());
    }

    @Override
    public Operation<dev.pumasi.queue.Consumer> startConsumer(String group, GroupSettings settings) {
        return new Joining(group, settings).asked();
    }

    @Override
    public Operation<Topic> startForget(String group) {
        return new Forgetting(group).asked();
    }

    /** A consumer on its way to be a member. */
    private final class Joining extends Promise<dev.pumasi.queue.Consumer> {

        private final String group;
        private final GroupSettings how;

        Joining(String group, GroupSettings how) {
            super(queue.loop());
            this.group = group;
            this.how = how;
        }

        Joining asked() {
            begun();
            return this;
        }

        @Override
        protected void begin() {
            Group known = groups.get(group);
            if (queue.isClosed()) {
                broken(new QueueException(what(), QueueFailure.CLOSED));
            } else if (!LogQueue.isName(group)) {
                broken(new QueueException(what(), QueueFailure.INVALID, LogQueue.NAMES));
            } else if (known != null) {
                kept(known.join(how));
            } else if (groups.size() >= GROUPS_MAX) {
                broken(new QueueException(what(), QueueFailure.TOO_MANY));
            } else {
                switch (how.start()) {
                    case Start.Beginning _ -> beginAt(log.firstSequence());
                    case Start.End _ -> beginAt(log.nextSequence());
                    case Start.At(Position position) ->
                        beginAt(Math.clamp(position.sequence(), log.firstSequence(), log.nextSequence()));
                    case Start.Time(var instant) -> new TimeSearch(log, instant.toEpochMilli(), this::foundTime).go();
                }
            }
        }

        private void foundTime(Outcome<Long> found) {
            switch (found) {
                case Operation.Success<Long>(Long sequence) -> beginAt(sequence);
                case Operation.Failed<Long>(Throwable failure) -> broken(QueueException.in(what(), failure));
            }
        }

        private void beginAt(long sequence) {
            Group other = groups.get(group);
            if (other != null) {
                kept(other.join(how)); // somebody was faster
                return;
            }
            Group made = new Group(queue.nextGroupNumber(), LogTopic.this, group, queue.ledger(), sequence, null);
            restore(made);
            byte[] change = Ledger.opened(made.number, sequence, name, group);
            queue.ledger().write(change, Append.Durability.NOW, new Ledger.Told() {
                @Override
                public void written() {
                    kept(made.join(how));
                }

                @Override
                public void failed(IOException why) {
                    if (!made.hasMembers()) {
                        drop(made);
                    }
                    broken(why);
                }
            });
        }

        @Override
        protected boolean abandon() {
            return false;
        }

        @Override
        protected String what() {
            return "join the group " + group + " of " + name;
        }
    }

    private void drop(Group group) {
        groups.remove(group.name(), group);
        groupsSeen = List.copyOf(groups.values());
    }

    /** A group on its way out. */
    private final class Forgetting extends Promise<Topic> {

        private final String group;

        Forgetting(String group) {
            super(queue.loop());
            this.group = group;
        }

        Forgetting asked() {
            begun();
            return this;
        }

        @Override
        protected void begin() {
            Group known = groups.get(group);
            if (known == null) {
                broken(new QueueException(what(), QueueFailure.NOT_FOUND));
            } else if (known.hasMembers()) {
                broken(new QueueException(what(), QueueFailure.INVALID, "it has members; close them first"));
            } else {
                known.end(new QueueException(what(), QueueFailure.CLOSED));
                drop(known);
                queue.ledger().write(Ledger.forgotten(known.number), Append.Durability.NOW, new Ledger.Told() {
                    @Override
                    public void written() {
                        kept(LogTopic.this);
                        tidy();
                    }

                    @Override
                    public void failed(IOException why) {
                        broken(why);
                    }
                });
            }
        }

        @Override
        protected boolean abandon() {
            return false;
        }

        @Override
        protected String what() {
            return "forget the group " + group + " of " + name;
        }
    }

    // ------------------------------------------------------------------------------------------- reading

    /** Reads the message of an entry again. */
    void load(Entry entry, Consumer<Outcome<Message>> then) {
        Segment segment = log.segmentOf(entry.sequence);
        if (segment.number != entry.segment) {
            then.accept(new Operation.Failed<>(new QueueException("read " + name, QueueFailure.NOT_FOUND)));
            return;
        }
        new RecordRead(segment, entry, then).go();
    }

    /** Whether it was deleted though it was not settled. */
    boolean isDeleted(Entry entry) {
        return entry.segment < log.segments().getFirst().number;
    }

    void damaged(long bytes) {
        damaged = Math.max(damaged, bytes);
    }

    // ------------------------------------------------------------------------------------------- retention

    /** Of a group. */
    void floorRaised() {
        List<Segment> segments = log.segments();
        if (segments.size() > 1
                && groups.values().stream().allMatch(group -> group.floor() >= segments.get(1).firstSequence)) {
            tidy();
        }
    }

    private void tidyAndGoOn() {
        if (!queue.isClosed()) {
            tidy();
            loop().start(tidying, RETENTION_PAUSE.toNanos());
        }
    }

    /** Deletes what need not be kept. */
    private void tidy() {
        TopicSettings how = settings;
        if (how == null || queue.isClosed()) {
            return; // nobody has said yet how long to keep it
        }
        Retention retention = how.retention();
        long needed = Long.MAX_VALUE;
        if (!retention.unreadToo()) {
            for (Group group : groups.values()) {
                needed = Math.min(needed, group.floor());
            }
        }
        List<Segment> segments = log.segments();
        long bytes = log.bytes();
        long oldest = loop().wallMillis() - retention.ageMax().toMillis();
        int count = 0;
        while (count < segments.size() - 1) {
            Segment following = segments.get(count + 1);
            // What the next one begins with was stored no earlier than anything in this one.
            boolean unwanted = bytes > retention.bytesMax() || following.firstMillis < oldest;
            if (!unwanted || following.firstSequence > needed) {
                break;
            }
            bytes -= segments.get(count).bytes;
            count++;
        }
        if (count > 0) {
            log.deleteFirst(count);
            look();
        }
    }

    // ------------------------------------------------------------------------------------------- the end

    /** Runs {@code whenIdle} when everything that was taken is durable. On the loop. */
    void close(Runnable whenIdle) {
        loop().cancel(tidying);
        groups.values().forEach(group -> group.end(new QueueException("read " + name, QueueFailure.CLOSED)));
        log.close(whenIdle);
    }

    /** What groups have read cannot be written down any more. */
    void end(IOException why) {
        groups.values().forEach(group -> group.end(why));
    }

    void addTo(List<byte[]> everything) {
        groups.values().forEach(group -> group.addTo(everything));
    }

    private void look() {
        segmentsSeen = log.segments().size();
        bytesSeen = log.bytes();
        firstSeen = log.firstSequence();
        nextSeen = log.durableSequence();
        IOException stopped = log.stopped();
        stoppedSeen = stopped == null ? "" : String.valueOf(stopped.getMessage());
    }

    @Override
    public TopicStatus status() {
        long next = nextSeen;
        List<GroupStatus> all = new ArrayList<>();
        groupsSeen.forEach(group -> all.add(group.status(next)));
        return new TopicStatus(
                name,
                firstSeen,
                next,
                bytesSeen,
                log.appended(),
                duplicates,
                log.refused(),
                log.syncs(),
                torn,
                damaged,
                stoppedSeen,
                List.copyOf(all));
    }

    @Override
    public String toString() {
        return "topic " + name;
    }
}
