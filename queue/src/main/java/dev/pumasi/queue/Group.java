package dev.pumasi.queue;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Timer;
import dev.pumasi.runtime.memory.Buffer;
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
import org.jspecify.annotations.Nullable;

/**
 * What one group has read of a topic, and who gets what next.
 *
 * <p><b>The window.</b> Everything before {@code floor} is settled; nothing from the cursor on has been looked at. In between
 * lies the window: an {@link Entry} for each message that is not settled, at most {@value #WINDOW_MAX}. However many
 * messages wait, that is all of them that is in memory, and of most of it only where they lie. The cursor moves only when a consumer asks; with the
 * window full it waits until the oldest message is settled, which it is at last by the dead letters.
 *
 * <p><b>Order.</b> Of the messages with one key only the first that is not settled can be given away; the others are held
 * behind it, also while it waits to be delivered again. Keys are compared by a hash of 64 bits: two that share one hold
 * each other back for nothing, and nothing else happens. What may go, goes in the order of the log, what comes again first.
 *
 * <p><b>Counting.</b> That a message is delivered is written to the {@link Ledger} before the consumer gets it, so one that
 * kills the process is not delivered without end. Whoever settles a message, that takes effect at once, and is told to be so when
 * it is durable.
 *
 * <p><b>What it will not do:</b> push. A consumer asks for each message, so a slow one is never flooded.
 *
 * <p>Belongs to the queue's loop. It is long for the many ways that a message can take; each is a few lines, and {@link
 * Entry} draws them.
 */
final class Group {

    /** So far is the cursor ahead of the oldest message that is not settled, at most. */
    static final int WINDOW_MAX = 1 << 16;

    /** With so many held back by their keys the cursor waits. */
    static final int HELD_MAX = 1 << 12;

    /** Messages that are held back are kept in memory up to so many bytes in all; others are read again. */
    private static final int KEPT_BYTES_MAX = 4 << 20;

    /** How long to wait after something that may be over soon: a full disk. */
    private static final long RETRY_NANOS = Duration.ofSeconds(1).toNanos();

    private static final System.Logger LOG = System.getLogger("dev.pumasi.queue");

    private static final String CONSUMER_CLOSED = "not settled when its consumer closed";
    private static final String PROCESS_ENDED = "not settled when the process ended";

    final int number;
    private final LogTopic topic;
    private final String name;
    private final Ledger ledger;
    private final Loop loop;
    private GroupSettings settings;

    private long floor;

    /** From {@code floor} on; a ring. */
    private Entry[] window = new Entry[64];

    private int windowSize;
    private @Nullable Cursor cursor;

    /** From the ledger, of messages that the cursor has not come to. */
    private final LedgerReplay.@Nullable GroupFound found;

    private final PriorityQueue<Entry> ready = new PriorityQueue<>(Comparator.comparingLong((Entry e) -> e.sequence));

    /** The last one of each key that is in the window. */
    private final Map<Long, Entry> keys = new HashMap<>();

    private int held;
    private long keptBytes;

    private final Deque<Take> takes = new ArrayDeque<>();
    private final Set<LogConsumer> members = new LinkedHashSet<>();
    private final Timer retry = Timer.of(this::pump);
    private boolean pumping;
    private @Nullable IOException over;

    // Figures: written on the loop, read from anywhere, now or a little later.
    private volatile int inFlight;
    private volatile long delivered;
    private volatile long acknowledged;
    private volatile long rejected;
    private volatile long overdue;
    private volatile long dead;
    private volatile long lost;
    private volatile int memberCount;
    private volatile long floorSeen;

    Group(int number, LogTopic topic, String name, Ledger ledger, long floor, LedgerReplay.@Nullable GroupFound found) {
        this.number = number;
        this.topic = topic;
        this.name = name;
        this.ledger = ledger;
        this.floor = floor;
        this.found = found;
        floorSeen = floor;
        loop = ledger.loop();
        settings = GroupSettings.DEFAULT;
    }

    Loop loop() {
        return loop;
    }

    LogTopic topic() {
        return topic;
    }

    String name() {
        return name;
    }

    long floor() {
        return floor;
    }

    // ------------------------------------------------------------------------------------------- members

    LogConsumer join(GroupSettings settings) {
        this.settings = settings;
        LogConsumer consumer = new LogConsumer(this);
        members.add(consumer);
        memberCount = members.size();
        return consumer;
    }

    boolean hasMembers() {
        return !members.isEmpty();
    }

    void leave(LogConsumer consumer) {
        if (consumer.closed) {
            return;
        }
        consumer.closed = true;
        members.remove(consumer);
        memberCount = members.size();
        for (Take take : List.copyOf(takes)) {
            if (take.consumer == consumer) {
                takes.remove(take);
                take.refused(new QueueException(take.what(), QueueFailure.CLOSED));
            }
        }
        for (Entry entry : List.copyOf(consumer.out)) {
            takeBack(entry);
            entry.reason = entry.reason.isEmpty() ? CONSUMER_CLOSED : entry.reason;
            begin(entry, 0);
        }
        pump();
    }

    /** Everybody who asks, now or later, fails with that. */
    void end(IOException why) {
        over = why;
        loop.cancel(retry);
        while (!takes.isEmpty()) {
            takes.removeFirst().refused(why);
        }
        for (int i = 0; i < windowSize; i++) {
            Entry entry = window[(int) ((floor + i) & (window.length - 1))];
            if (entry.isRunning()) {
                loop.cancel(entry);
            }
            Take take = entry.take;
            if (take != null && !take.isDone()) {
                entry.take = null;
                take.refused(why);
            }
        }
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

    // ------------------------------------------------------------------------------------------- giving

    /** Gives away what there is to whoever asks. */
    void pump() {
        if (pumping) {
            return;
        }
        pumping = true;
        try {
            while (!takes.isEmpty() && over == null && !retry.isRunning()) {
                Entry entry = ready.poll();
                if (entry == null) {
                    if (!look()) {
                        break;
                    }
                } else if (entry.state == Entry.State.READY) { // it may have been settled late
                    give(entry, takes.removeFirst());
                }
            }
        } catch (IOException unreadable) {
            end(unreadable);
            loop.report(this + ": reading", unreadable);
        } finally {
            pumping = false;
        }
    }

    /** Looks at the next message of the log; false if there is none, or none may be looked at. */
    private boolean look() throws IOException {
        if (windowSize >= WINDOW_MAX || held >= HELD_MAX) {
            return false;
        }
        Cursor reader = cursor;
        if (reader == null) {
            reader = new Cursor(topic.log(), floor, this::pump);
            cursor = reader;
        }
        if (floor + windowSize < reader.sequence()) {
            lost++;
            settleUnseen();
            return true;
        }
        switch (reader.step()) {
            case RECORD -> {
                admit(reader);
                return true;
            }
            case LOST -> {
                topic.damaged(reader.damagedBytes());
                sayLost(floor + windowSize, reader.sequence() - 1);
                return true;
            }
            case END, READING -> {
                return false;
            }
        }
        throw new IllegalStateException("unreachable");
    }

    /** On the loop's own thread: see {@link LogTopic#tell}. */
    private void sayLost(long first, long last) {
        loop.execute(() -> LOG.log(
                System.Logger.Level.WARNING,
                "{0}: messages {1} to {2} are lost: they were deleted, or cannot be read any more",
                this,
                Long.toString(first),
                Long.toString(last)));
    }

    private void settleUnseen() {
        put(Entry.SETTLED);
        raiseFloor();
    }

    private void admit(Cursor reader) {
        long sequence = reader.sequence();
        LedgerReplay.GroupFound before = found;
        boolean done = before != null && before.doneAhead.remove(sequence);
        if (done || reader.kind() != MessageCodec.KIND) {
            reader.advance();
            settleUnseen();
            return;
        }
        Buffer buffer = reader.buffer();
        int at = reader.payloadAt();
        Entry entry = new Entry(
                this::due,
                sequence,
                reader.segment().number,
                reader.position(),
                reader.length(),
                MessageCodec.keyHash(buffer, at),
                reader.millis());
        put(entry);
        LedgerReplay.Remembered remembered = before == null ? null : before.remembered.remove(sequence);
        if (remembered != null) {
            entry.attempt = remembered.attempt();
            entry.reason = remembered.reason();
        }
        boolean isFirst = lineUp(entry);
        if (isFirst || keptBytes + entry.length <= KEPT_BYTES_MAX) {
            entry.message = MessageCodec.message(buffer, at, reader.payloadLength());
            keptBytes += isFirst ? 0 : entry.length;
        }
        reader.advance();
        if (isFirst) {
            begin(entry, remembered == null ? 0 : remembered.waitsMillis(loop.wallMillis()));
        } else if (remembered != null) {
            entry.state = Entry.State.HELD; // its wait has long been over when its turn comes
        }
    }

    /** Into the line of its key; true if it is the first. */
    private boolean lineUp(Entry entry) {
        if (entry.keyHash == 0) {
            return true;
        }
        Entry last = keys.put(entry.keyHash, entry);
        if (last == null) {
            return true;
        }
        last.behind = entry;
        entry.state = Entry.State.HELD;
        held++;
        return false;
    }

    /** Its turn has come. */
    private void begin(Entry entry, long waitMillis) {
        if (isAtItsEnd(entry)) {
            die(entry, entry.reason.isEmpty() ? PROCESS_ENDED : entry.reason);
        } else if (waitMillis > 0) {
            entry.state = Entry.State.WAITING;
            forget(entry);
            loop.start(entry, Duration.ofMillis(waitMillis).toNanos());
        } else {
            makeReady(entry);
        }
    }

    private void makeReady(Entry entry) {
        entry.state = Entry.State.READY;
        ready.add(entry);
    }

    private void give(Entry entry, Take take) {
        entry.state = Entry.State.GIVEN;
        entry.take = take;
        if (entry.message != null) {
            mark(entry);
        } else {
            load(entry, () -> mark(entry));
        }
    }

    /** Reads its message again. */
    private void load(Entry entry, Runnable then) {
        topic.load(entry, outcome -> {
            switch (outcome) {
                case Operation.Success<Message>(Message message) -> {
                    entry.message = message;
                    then.run();
                }
                case Operation.Failed<Message>(Throwable failure) -> {
                    if (topic.isDeleted(entry)) {
                        lost++;
                        giveTakeBack(entry);
                        finish(entry, Ledger.Told.NOBODY, Append.Durability.WRITTEN);
                    } else {
                        end(QueueException.in("read " + topic.name() + " for " + name, failure));
                    }
                }
            }
        });
    }

    private void giveTakeBack(Entry entry) {
        Take take = entry.take;
        entry.take = null;
        if (take != null && !take.isDone()) {
            takes.addFirst(take);
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
        byte[] change = Ledger.delivered(number, entry.sequence, entry.attempt);
        ledger.write(change, Append.Durability.WRITTEN, new Ledger.Told() {
            @Override
            public void written() {
                handOut(entry);
            }

            @Override
            public void failed(IOException why) {
                entry.attempt--;
                entry.marked = false;
                giveTakeBack(entry);
                makeReady(entry);
                troubled(why);
            }
        });
    }

    /** What was to be written could not be. */
    private void troubled(IOException why) {
        IOException stopped = ledger.log().stopped();
        if (stopped != null) {
            end(stopped);
        } else if (over == null && !retry.isRunning()) {
            loop.start(retry, RETRY_NANOS);
        }
    }

    private void handOut(Entry entry) {
        Take take = entry.take;
        Message message = entry.message;
        entry.take = null;
        if (take == null || message == null || take.isDone() || take.consumer.closed || over != null) {
            makeReady(entry); // whoever wanted it does not any more
            pump();
            return;
        }
        entry.marked = false;
        entry.state = Entry.State.OUT;
        entry.owner = take.consumer;
        take.consumer.out.add(entry);
        inFlight++;
        delivered++;
        forget(entry);
        loop.start(entry, settings.settleWithin().toNanos());
        take.given(new LogDelivery(this, entry, message, entry.attempt));
    }

    /** Its message need not be in memory. */
    private static void forget(Entry entry) {
        entry.message = null;
    }

    // ------------------------------------------------------------------------------------------- settling

    void acknowledge(Entry entry, Ledger.Told told, Append.Durability durability) {
        acknowledged++;
        takeBack(entry);
        finish(entry, told, durability);
        pump();
    }

    void reject(Entry entry, String reason, @Nullable Duration delay, Ledger.Told told, Append.Durability durability) {
        rejected++;
        takeBack(entry);
        entry.reason = reason;
        Duration wait = delay == null ? settings.delayAfter(entry.attempt) : delay;
        byte[] change = Ledger.rejected(number, entry.sequence, entry.attempt, wait.toMillis(), reason);
        ledger.write(change, durability, told);
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
                overdue++;
                String late = "not settled within " + settings.settleWithin();
                reject(entry, late, null, Ledger.Told.NOBODY, Append.Durability.SOON);
            }
            case WAITING -> begin(entry, 0);
            case DYING -> die(entry, entry.reason);
            case HELD, READY, GIVEN, DONE -> {}
        }
        pump();
    }

    /** Out of its consumer's hands. */
    private void takeBack(Entry entry) {
        loop.cancel(entry);
        LogConsumer owner = entry.owner;
        if (owner != null) {
            owner.out.remove(entry);
            entry.owner = null;
            inFlight--;
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
            load(entry, () -> die(entry, reason));
            return;
        }
        forget(entry);
        Message letter = message.withId(name + "/" + topic.name() + "/" + entry.sequence)
                .withHeader(Delivery.DEAD_TOPIC, topic.name())
                .withHeader(Delivery.DEAD_GROUP, name)
                .withHeader(Delivery.DEAD_POSITION, Position.of(entry.sequence).toString())
                .withHeader(Delivery.DEAD_ATTEMPTS, Integer.toString(entry.attempt))
                .withHeader(Delivery.DEAD_REASON, reason);
        topic.queue().publish(to.orElseThrow(), letter, outcome -> {
            if (outcome instanceof Operation.Failed<?>(Throwable failure)) {
                boolean closed = QueueException.in("", failure).failure() == QueueFailure.CLOSED;
                if (over == null && !closed) {
                    loop.report("sending to the dead letters of " + topic.name(), failure);
                    loop.start(entry, RETRY_NANOS);
                }
            } else {
                dead++;
                finish(entry, Ledger.Told.NOBODY, Append.Durability.SOON);
                pump();
            }
        });
    }

    private void finish(Entry entry, Ledger.Told told, Append.Durability durability) {
        entry.state = Entry.State.DONE;
        forget(entry);
        window[slot(entry.sequence)] = Entry.SETTLED;
        ledger.write(Ledger.done(number, entry.sequence), durability, told);
        if (entry.keyHash != 0) {
            Entry next = entry.behind;
            if (next == null) {
                keys.remove(entry.keyHash, entry);
            } else {
                entry.behind = null;
                held--;
                keptBytes -= next.message == null ? 0 : next.length;
                begin(next, 0);
            }
        }
        raiseFloor();
    }

    // ------------------------------------------------------------------------------------------- the window

    private int slot(long sequence) {
        return (int) (sequence & (window.length - 1));
    }

    private void put(Entry entry) {
        if (windowSize == window.length) {
            Entry[] larger = new Entry[2 * window.length];
            for (int i = 0; i < windowSize; i++) {
                larger[(int) ((floor + i) & (larger.length - 1))] = window[slot(floor + i)];
            }
            window = larger;
        }
        window[slot(floor + windowSize)] = entry;
        windowSize++;
    }

    private void raiseFloor() {
        boolean raised = false;
        while (windowSize > 0 && window[slot(floor)] == Entry.SETTLED) {
            floor++;
            windowSize--;
            raised = true;
        }
        if (raised) {
            floorSeen = floor;
            topic.floorRaised();
        }
    }

    /** What the ledger must know of this group. */
    void addTo(List<byte[]> everything) {
        everything.add(Ledger.opened(number, floor, topic.name(), name));
        LedgerReplay.GroupFound before = found;
        for (int i = 0; i < windowSize; i++) {
            Entry entry = window[slot(floor + i)];
            if (entry == Entry.SETTLED) {
                everything.add(Ledger.done(number, floor + i));
            } else if (entry.state == Entry.State.WAITING) {
                everything.add(Ledger.rejected(
                        number,
                        entry.sequence,
                        entry.attempt,
                        settings.delayAfter(entry.attempt).toMillis(),
                        entry.reason));
            } else if (entry.attempt > 0) {
                everything.add(Ledger.delivered(number, entry.sequence, entry.attempt));
            }
        }
        if (before != null) {
            before.doneAhead.forEach(sequence -> everything.add(Ledger.done(number, sequence)));
            before.remembered.forEach((sequence, one) -> everything.add(Ledger.rejected(
                    number, sequence, one.attempt(), one.waitsMillis(loop.wallMillis()), one.reason())));
        }
    }

    /** Any thread. */
    GroupStatus status(long nextSequence) {
        long settled = floorSeen;
        return new GroupStatus(
                name,
                settled,
                Math.max(0, nextSequence - settled - inFlight),
                inFlight,
                delivered,
                acknowledged,
                rejected,
                overdue,
                dead,
                lost,
                memberCount);
    }

    @Override
    public String toString() {
        return "group " + name + " of " + topic.name();
    }
}
