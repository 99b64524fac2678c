package dev.pumasi.queue;

import dev.pumasi.runtime.AsyncFolder;
import dev.pumasi.runtime.Background;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Figures;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Operation.Outcome;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.Promise;
import dev.pumasi.runtime.driver.FileAttributes;
import dev.pumasi.runtime.driver.Listing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A queue in a folder: the embedded engine's.
 *
 * <pre>
 *   FOLDER/lock            who has it open
 *   FOLDER/format          which format this is
 *   FOLDER/ledger/         what groups have read: a {@link Log}, read by {@link LedgerReplay}
 *   FOLDER/topics/NAME/    the messages of a topic: a {@link Log}
 * </pre>
 *
 * <p><b>Who does what.</b> The loop owns all state: topics, groups, and the writing ends of all logs. What takes several
 * steps on the disk (opening, making a segment, deleting one) runs in direct style in the {@linkplain Background background},
 * on green threads of the same loop, and touches nothing of that state: it hands its result over when it is done.
 *
 * <p><b>A message's way:</b> {@link Publishing} → {@link LogTopic} (same id?) → {@link Log} (a place, then a commit) → durable, the publisher
 * learns it → {@link Group} (cursor, key, who asks) → {@link Ledger} (that it is delivered) → {@link LogDelivery} → acknowledged, in
 * the ledger again.
 */
final class LogQueue implements Queue {

    /** More topics than that are a mistake: each keeps files open. */
    static final int TOPICS_MAX = 1024;

    static final String NAMES =
            "a name has 1 to " + Topic.NAME_CHARACTERS_MAX + " letters, digits, '-', '_', '.', and begins with no dot";

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]*");
    private static final String FORMAT = "pumasi queue 1\n";
    private static final int BACKGROUND_MAX = 4 * TOPICS_MAX;
    private static final long LEDGER_SEGMENT_BYTES = 8L << 20;

    /** Of what the ledger writes at once. */
    private static final int LEDGER_RECORD_BYTES = 16 * 1024;

    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(30);

    private final Loop loop;
    private final QueueUrl url;
    private final Path folder;
    private final LogSettings settings;
    private final Background background;
    private final FolderLock lock;
    private final Ledger ledger;

    /** Changed on the loop only; others may look. */
    private final ConcurrentSkipListMap<String, LogTopic> topics = new ConcurrentSkipListMap<>();

    private final Map<String, List<Asking>> askings = new HashMap<>();
    private int nextGroupNumber;
    private boolean closed;
    private final Figures.Offer figures = QueueFigures.offer(this);
    private @Nullable List<Closing> closings;
    private boolean closing;
    private boolean over;

    private LogQueue(
            Loop loop,
            QueueUrl url,
            Path folder,
            LogSettings settings,
            Background background,
            FolderLock lock,
            Opened opened) {
        this.loop = loop;
        this.url = url;
        this.folder = folder;
        this.settings = settings;
        this.background = background;
        this.lock = lock;
        Log log = new Log(
                "ledger",
                loop,
                background,
                folder.resolve("ledger"),
                ledgerSettings(settings),
                opened.ledger,
                this::ledgerIsDurable);
        ledger = new Ledger(log, this::everything);
        nextGroupNumber = opened.replay.nextNumber();
        opened.topics.forEach((name, found) ->
                topics.put(name, new LogTopic(this, background, name, topicFolder(folder, name), settings, found)));
        for (LedgerReplay.GroupFound found : opened.replay.groups().values()) {
            LogTopic topic = topics.get(found.topic);
            if (topic != null) {
                topic.restore(new Group(found.number, topic, found.name, ledger, found.floor, found));
            }
        }
    }

    private static LogSettings ledgerSettings(LogSettings settings) {
        return new LogSettings(
                Math.min(settings.segmentBytes(), LEDGER_SEGMENT_BYTES),
                LEDGER_RECORD_BYTES,
                settings.pendingBytesMax(),
                settings.company(),
                settings.skipDamage(),
                false); // what is delivered is written down, and not waited for: that is the page cache's work
    }

    private static Path topicFolder(Path folder, String name) {
        return folder.resolve("topics").resolve(name);
    }

    static boolean isName(String name) {
        return name.length() <= Topic.NAME_CHARACTERS_MAX && NAME.matcher(name).matches();
    }

    // ------------------------------------------------------------------------------------------- opening

    private record Opened(Recovery.Found ledger, LedgerReplay replay, Map<String, Recovery.Found> topics) {}

    static Operation<Queue> open(Loop loop, QueueUrl url, Path folder, LogSettings settings, FolderLock.Kind locks) {
        Background background = Background.open(loop, BACKGROUND_MAX);
        Operation<Queue> opening = background.start("open the queue in " + folder, () -> {
            makeFolders(loop, folder.toAbsolutePath());
            FolderLock lock = locks.take(folder);
            try {
                Opened opened = open(loop, folder, settings);
                return new LogQueue(loop, url, folder, settings, background, lock, opened);
            } catch (IOException | RuntimeException failure) {
                lock.close();
                throw failure;
            }
        });
        opening.onDone(outcome -> {
            switch (outcome) {
                case Operation.Success<? extends Queue>(Queue opened) ->
                    ((LogQueue) opened).topics.values().forEach(LogTopic::tell);
                case Operation.Failed<? extends Queue> _ -> loop.spawn(background::close);
            }
        });
        return opening;
    }

    /** Direct style. */
    private static Opened open(Loop loop, Path folder, LogSettings settings) throws IOException {
        List<Recovery.Found> all = new ArrayList<>();
        try {
            checkFormat(loop, folder);
            Path ledgerFolder = folder.resolve("ledger");
            makeFolder(loop, ledgerFolder, folder);
            makeFolder(loop, folder.resolve("topics"), folder);
            syncNames(loop, folder.resolve("topics"));
            LogSettings ledgerSettings = ledgerSettings(settings);
            Recovery.Found ledger = Recovery.open(loop, ledgerFolder, ledgerSettings);
            all.add(ledger);
            LedgerReplay replay = LedgerReplay.of(ledger, ledgerSettings);
            Map<String, Recovery.Found> topics = new TreeMap<>();
            for (Listing.Entry entry : loop.files().list(folder.resolve("topics"))) {
                String name = entry.name().toString();
                if (entry.kind() != FileAttributes.Kind.FILE && isName(name)) {
                    Recovery.Found found = Recovery.open(loop, topicFolder(folder, name), settings);
                    all.add(found);
                    topics.put(name, found);
                }
            }
            checkGroups(replay, topics, settings, folder);
            return new Opened(ledger, replay, topics);
        } catch (IOException | RuntimeException failure) {
            for (Recovery.Found found : all) {
                found.segments().forEach(Segment::close);
                if (found.next() != null) {
                    found.next().close();
                }
            }
            throw failure;
        }
    }

    /** No group can have read what was never durable. */
    private static void checkGroups(
            LedgerReplay replay, Map<String, Recovery.Found> topics, LogSettings settings, Path folder)
            throws QueueException {
        for (LedgerReplay.GroupFound group : replay.groups().values()) {
            Recovery.Found topic = topics.get(group.topic);
            long next = topic == null ? 0 : topic.nextSequence();
            if (group.floor > next) {
                if (!settings.skipDamage()) {
                    throw Segment.damaged(
                            topicFolder(folder, group.topic),
                            "the group " + group.name + " has read up to " + group.floor
                                    + ", and messages are there up to " + next);
                }
                group.floor = next;
            }
        }
    }

    private static void checkFormat(Loop loop, Path folder) throws IOException {
        Path file = folder.resolve("format");
        if (!loop.files().exists(file)) {
            loop.files().writeAll(file, FORMAT.getBytes(StandardCharsets.UTF_8));
            return;
        }
        String found = new String(loop.files().readAll(file, 1024), StandardCharsets.UTF_8);
        if (!found.equals(FORMAT)) {
            throw new QueueException(
                    "open the queue in " + folder,
                    QueueFailure.INVALID,
                    "its format is '" + found.strip() + "', and this program knows '" + FORMAT.strip() + "'");
        }
    }

    /** Makes a folder and those above it, as far as they are not there, durably. */
    private static void makeFolders(Loop loop, Path folder) throws IOException {
        loop.files().makeFolders(folder);
        for (Path above = folder.getParent(); above != null; above = above.getParent()) {
            try {
                syncNames(loop, above);
            } catch (OperationException notOurs) {
                if (notOurs.failure() != Failure.PERMISSION_DENIED) {
                    throw notOurs;
                }
            }
        }
    }

    /** As the other, in a folder that is durable. Synced also if it was there: whoever made it may not have come to that. */
    private static void makeFolder(Loop loop, Path folder, Path above) throws IOException {
        loop.files().makeFolders(folder);
        syncNames(loop, above);
    }

    private static void syncNames(Loop loop, Path folder) throws IOException {
        try (AsyncFolder names = loop.files().openFolder(folder)) {
            names.sync();
        }
    }

    // ------------------------------------------------------------------------------------------- topics

    @Override
    public Loop loop() {
        return loop;
    }

    @Override
    public QueueUrl url() {
        return url;
    }

    Ledger ledger() {
        return ledger;
    }

    boolean isClosed() {
        return closed;
    }

    int nextGroupNumber() {
        return nextGroupNumber++;
    }

    @Override
    public Operation<Topic> startTopic(String name, TopicSettings how) {
        return new Asking(name, how).asked();
    }

    /** Somebody who asks for a topic. */
    private final class Asking extends Promise<Topic> {

        private final String name;
        private final TopicSettings how;

        Asking(String name, TopicSettings how) {
            super(loop);
            this.name = name;
            this.how = how;
        }

        Asking asked() {
            begun();
            return this;
        }

        @Override
        protected void begin() {
            LogTopic known = topics.get(name);
            List<Asking> others = askings.get(name);
            if (closed || background.isStopped()) { // the latter when the loop ends, of which nobody has told the queue
                broken(new QueueException(what(), QueueFailure.CLOSED));
            } else if (!isName(name)) {
                broken(new QueueException(what(), QueueFailure.INVALID, NAMES));
            } else if (known != null && known.isConfigured()) {
                kept(known);
            } else if (others != null) {
                others.add(this);
            } else if (known == null && topics.size() + askings.size() >= TOPICS_MAX) {
                broken(new QueueException(what(), QueueFailure.TOO_MANY));
            } else {
                askings.put(name, new ArrayList<>(List.of(this)));
                background.start(what(), () -> prepare(known)).onDone(this::prepared);
            }
        }

        private record Prepared(LogTopic topic, RecentIds ids) {}

        /** Direct style. */
        private Prepared prepare(@Nullable LogTopic known) throws IOException {
            LogTopic topic = known;
            if (topic == null) {
                Path at = topicFolder(folder, name);
                makeFolder(loop, at, folder.resolve("topics"));
                topic = new LogTopic(LogQueue.this, background, name, at, settings, Recovery.open(loop, at, settings));
            }
            return new Prepared(topic, topic.readIds(how));
        }

        private void prepared(Outcome<? extends Prepared> outcome) {
            List<Asking> all = askings.remove(name);
            switch (outcome) {
                case Operation.Success<? extends Prepared>(Prepared prepared) -> {
                    if (topics.put(name, prepared.topic) == null) {
                        prepared.topic.tell();
                    }
                    prepared.topic.configure(how, prepared.ids);
                    if (all != null) {
                        all.forEach(one -> one.kept(prepared.topic));
                    }
                }
                case Operation.Failed<? extends Prepared>(Throwable failure) -> {
                    QueueException why = QueueException.in(what(), failure);
                    if (all != null) {
                        all.forEach(one -> one.broken(why));
                    }
                }
            }
            closeIfAsked();
        }

        @Override
        protected boolean abandon() {
            return false;
        }

        @Override
        protected String what() {
            return "open the topic " + name;
        }
    }

    /** Publishes to a topic of this queue that may not be there yet. On the loop. */
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
        return List.copyOf(topics.keySet());
    }

    @Override
    public List<TopicStatus> status() {
        return topics.values().stream().map(LogTopic::status).toList();
    }

    private List<byte[]> everything() {
        List<byte[]> all = new ArrayList<>();
        topics.values().forEach(topic -> topic.addTo(all));
        return all;
    }

    private void ledgerIsDurable() {
        IOException stopped = ledger.log().stopped();
        if (stopped != null) {
            topics.values().forEach(topic -> topic.end(stopped));
        }
    }

    // ------------------------------------------------------------------------------------------- closing

    @Override
    public Operation<Queue> startClose() {
        return new Closing().asked();
    }

    @Override
    public void close() throws IOException {
        QueueException.await(startClose());
    }

    /** Somebody who waits for the end. */
    private final class Closing extends Promise<Queue> {

        Closing() {
            super(loop);
        }

        Closing asked() {
            begun();
            return this;
        }

        @Override
        protected void begin() {
            List<Closing> others = closings;
            if (over) {
                kept(LogQueue.this);
            } else if (others != null) {
                others.add(this);
            } else {
                closings = new ArrayList<>(List.of(this));
                closed = true;
                closeIfAsked();
            }
        }

        @Override
        protected boolean abandon() {
            return false;
        }

        @Override
        protected String what() {
            return "close the queue in " + folder;
        }

        void ended() {
            kept(LogQueue.this);
        }
    }

    private void closeIfAsked() {
        if (closings == null || closing || !askings.isEmpty()) {
            return;
        }
        closing = true;
        int[] left = {topics.size()};
        if (left[0] == 0) {
            ledger.log().close(this::closedLogs);
        }
        // The ledger last: what the topics' groups have just settled is still written.
        for (LogTopic topic : topics.values()) {
            topic.close(() -> {
                left[0]--;
                if (left[0] == 0) {
                    ledger.log().close(this::closedLogs);
                }
            });
        }
    }

    private void closedLogs() {
        figures.close();
        loop.spawn(() -> {
            background.stop(CLOSE_PATIENCE);
            lock.close();
            loop.run(() -> {
                over = true;
                List<Closing> all = closings;
                if (all != null) {
                    all.forEach(Closing::ended);
                }
            });
        });
    }

    @Override
    public String toString() {
        return "queue " + url;
    }
}
