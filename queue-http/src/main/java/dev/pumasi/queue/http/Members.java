package dev.pumasi.queue.http;

import dev.pumasi.queue.Consumer;
import dev.pumasi.queue.Delivery;
import dev.pumasi.queue.GroupSettings;
import dev.pumasi.queue.Position;
import dev.pumasi.queue.Queue;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import dev.pumasi.queue.Topic;
import dev.pumasi.queue.TopicSettings;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Promise;
import dev.pumasi.runtime.Timer;
import dev.pumasi.runtime.sync.Semaphore;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The consumers on behalf of those who ask over HTTP, and what they have and did not settle.
 *
 * <p>A request is over before its message is handled, so what a {@link Consumer} in the same process holds is held here: a
 * <em>member</em> for each name under which somebody consumes, and a delivery under its position until it is settled. Nobody
 * tells when he dies. What he had comes back by the group's own clock ({@link GroupSettings#settleWithin}), and a member
 * that has not asked for that long and somewhat more is closed.
 *
 * <p>All of it belongs to the queue's loop, so there is no lock: who comes from another one asks by {@link OnLoop}.
 */
final class Members {

    /** Beyond the time to settle: for the way of the last request. */
    private static final Duration IDLE_GRACE = Duration.ofSeconds(10);

    /** An acknowledgement that comes late still counts if nobody else was given the message; so long it is looked for. */
    private static final Duration LATE_MAX = Duration.ofMinutes(1);

    private static final long SWEEP_NANOS = Duration.ofSeconds(1).toNanos();

    /** A group of a topic. */
    record Key(String topic, String group) {}

    /** A delivery that is not settled. */
    record Out(Desk desk, Member member, Delivery delivery, long sinceNanos) {}

    /** What there is of one group. */
    static final class Desk {
        final Key key;
        final Map<String, Member> members = new HashMap<>();

        /** By position. */
        final Map<String, Out> outs = new HashMap<>();

        Desk(Key key) {
            this.key = key;
        }
    }

    /** One who consumes. */
    static final class Member {
        final Desk desk;
        final String name;
        GroupSettings settings;
        final Opening opening;

        /** Of a stream of events: how many more it may be sent. */
        final @Nullable Semaphore window;

        /** How many of its requests are in progress. */
        int asking;

        long askedNanos;
        boolean closed;

        Member(Desk desk, String name, GroupSettings settings, Opening opening, @Nullable Semaphore window) {
            this.desk = desk;
            this.name = name;
            this.settings = settings;
            this.opening = opening;
            this.window = window;
        }
    }

    private final Queue queue;
    private final Loop loop;
    private final QueueLimits limits;
    private final Map<Key, Desk> desks = new HashMap<>();
    private final Timer sweep = Timer.of(this::sweep);
    private int members;
    private int out;
    private boolean closed;

    Members(Queue queue, QueueLimits limits) {
        this.queue = queue;
        this.limits = limits;
        loop = queue.loop();
        loop.run(() -> loop.start(sweep, SWEEP_NANOS));
    }

    Loop loop() {
        return loop;
    }

    Duration beat() {
        return limits.beat();
    }

    /** A consumer on its way: the topic first, then the group. */
    final class Opening extends Promise<Consumer> {

        private final Key key;
        private final GroupSettings settings;

        Opening(Key key, GroupSettings settings) {
            super(loop);
            this.key = key;
            this.settings = settings;
        }

        Opening asked() {
            begun();
            return this;
        }

        @Override
        protected void begin() {
            queue.startTopic(key.topic, TopicSettings.DEFAULT).onDone(found -> {
                switch (found) {
                    case Operation.Success<? extends Topic>(Topic topic) ->
                        topic.startConsumer(key.group, settings).onDone(this::opened);
                    case Operation.Failed<? extends Topic>(Throwable failure) -> broken(failure);
                }
            });
        }

        private void opened(Operation.Outcome<? extends Consumer> outcome) {
            switch (outcome) {
                case Operation.Success<? extends Consumer>(Consumer consumer) -> kept(consumer);
                case Operation.Failed<? extends Consumer>(Throwable failure) -> broken(failure);
            }
        }

        @Override
        protected boolean abandon() {
            return false;
        }

        @Override
        protected String what() {
            return "join the group " + key.group + " of " + key.topic;
        }
    }

    // ------------------------------------------------------------------------------------------- on the loop

    /** Somebody asks under that name. {@link #leave} must follow. */
    Member enter(Key key, String name, Optional<GroupSettings> settings, @Nullable Semaphore window)
            throws QueueException {
        if (closed) {
            throw new QueueException("join the group " + key.group + " of " + key.topic, QueueFailure.CLOSED);
        }
        Desk desk = desks.computeIfAbsent(key, Desk::new);
        Member member = desk.members.get(name);
        if (member == null) {
            if (members >= limits.membersMax()) {
                throw new QueueException(
                        "join the group " + key.group + " of " + key.topic,
                        QueueFailure.TOO_MANY,
                        limits.membersMax() + " consumers are there already");
            }
            GroupSettings how = settings.orElse(GroupSettings.DEFAULT);
            Member made = new Member(desk, name, how, new Opening(key, how), window);
            member = made;
            desk.members.put(name, made);
            members++;
            made.opening.asked().onDone(outcome -> {
                if (outcome instanceof Operation.Failed<? extends Consumer>) {
                    remove(made);
                }
            });
        } else if (settings.isPresent() && !settings.get().equals(member.settings)) {
            GroupSettings changed = settings.get();
            member.settings = changed;
            // Who opens last says how the group is; that it closes at once changes nothing of that.
            new Opening(key, changed).asked().onDone(Members::close);
        }
        member.asking++;
        member.askedNanos = loop.nowNanos();
        return member;
    }

    private static void close(Operation.Outcome<? extends Consumer> opened) {
        if (opened instanceof Operation.Success<? extends Consumer>(Consumer consumer)) {
            consumer.close();
        }
    }

    /** Whether so many more may be out. */
    boolean hasRoom(int count) {
        return out + count <= limits.outMax();
    }

    /** It has been given these. What its closing has taken back already is not kept. */
    void took(Member member, List<Delivery> deliveries) {
        if (member.closed) {
            return;
        }
        for (Delivery delivery : deliveries) {
            String at = delivery.position().toString();
            drop(member.desk.outs.get(at)); // an earlier attempt, whose time was over
            member.desk.outs.put(at, new Out(member.desk, member, delivery, loop.nowNanos()));
            out++;
        }
    }

    /** A request of its is over. */
    void leave(Member member) {
        member.asking--;
        member.askedNanos = loop.nowNanos();
    }

    /** The delivery of that name, which whoever calls is to settle; it is no longer looked after here. */
    Out settle(Key key, String position, int attempt) throws QueueException {
        Desk desk = desks.get(key);
        Out found = desk == null ? null : desk.outs.get(position);
        if (found == null || found.delivery.attempt() != attempt) {
            throw new QueueException(
                    "settle " + MessageJson.deliveryName(Position.parse(position), attempt) + " of " + key.topic
                            + " for " + key.group,
                    QueueFailure.STALE);
        }
        drop(found);
        return found;
    }

    /** It could not be settled, for a reason that may pass. */
    void restore(Out unsettled) {
        if (!unsettled.member.closed
                && unsettled.desk.outs.putIfAbsent(unsettled.delivery.position().toString(), unsettled) == null) {
            out++;
        }
    }

    private void drop(@Nullable Out gone) {
        if (gone != null && gone.desk.outs.remove(gone.delivery.position().toString(), gone)) {
            out--;
            Semaphore window = gone.member.window;
            if (window != null) {
                window.release();
            }
        }
    }

    /** Closes a member, if it is there: what it has goes to others at once. */
    void close(Key key, String name) {
        Desk desk = desks.get(key);
        Member member = desk == null ? null : desk.members.get(name);
        if (member != null) {
            close(member);
        }
    }

    void close(Member member) {
        remove(member);
        List.copyOf(member.desk.outs.values()).stream()
                .filter(one -> one.member.equals(member))
                .forEach(this::drop);
        Operation.Outcome<Consumer> opened = member.opening.poll().orElse(null);
        if (opened == null) {
            member.opening.onDone(Members::close);
        } else {
            close(opened); // now, and not after whoever calls has asked for something that needs it closed
        }
    }

    private void remove(Member member) {
        if (!member.closed) {
            member.closed = true;
            members--;
            member.desk.members.remove(member.name, member);
        }
    }

    private void sweep() {
        long now = loop.nowNanos();
        for (Desk desk : List.copyOf(desks.values())) {
            for (Member member : List.copyOf(desk.members.values())) {
                long idleNanos = now - member.askedNanos;
                if (member.asking == 0
                        && idleNanos
                                > member.settings
                                        .settleWithin()
                                        .plus(IDLE_GRACE)
                                        .toNanos()) {
                    close(member);
                }
            }
            for (Out one : List.copyOf(desk.outs.values())) {
                long mostNanos =
                        one.member.settings.settleWithin().plus(LATE_MAX).toNanos();
                if (now - one.sinceNanos > mostNanos) {
                    drop(one);
                }
            }
            if (desk.members.isEmpty() && desk.outs.isEmpty()) {
                desks.remove(desk.key);
            }
        }
        loop.start(sweep, SWEEP_NANOS);
    }

    /** Closes all; nobody may come any more. Any thread. */
    void close() {
        loop.run(() -> {
            closed = true;
            loop.cancel(sweep);
            Collection<Desk> all = List.copyOf(desks.values());
            all.forEach(desk -> List.copyOf(desk.members.values()).forEach(this::close));
        });
    }
}
