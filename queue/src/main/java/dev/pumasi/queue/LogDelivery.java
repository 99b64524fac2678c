package dev.pumasi.queue;

import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Promise;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** One attempt of one entry. */
final class LogDelivery implements Delivery {

    private final Group group;
    private final Entry entry;
    private final Message message;
    private final int attempt;

    LogDelivery(Group group, Entry entry, Message message, int attempt) {
        this.group = group;
        this.entry = entry;
        this.message = message;
        this.attempt = attempt;
    }

    @Override
    public String topic() {
        return group.topic().name();
    }

    @Override
    public Message message() {
        return message;
    }

    @Override
    public Position position() {
        return Position.of(entry.sequence);
    }

    @Override
    public Instant storedAt() {
        return Instant.ofEpochMilli(entry.storedMillis);
    }

    @Override
    public int attempt() {
        return attempt;
    }

    @Override
    public Operation<Position> startAcknowledge() {
        return new Acknowledging(Append.Durability.SOON).asked();
    }

    @Override
    public void acknowledge() throws IOException {
        QueueException.await(new Acknowledging(Append.Durability.NOW).asked());
    }

    @Override
    public Operation<Position> startReject(String reason) {
        return new Rejecting(Append.Durability.SOON, reason, null).asked();
    }

    @Override
    public Operation<Position> startReject(String reason, Duration delay) {
        return new Rejecting(Append.Durability.SOON, reason, delay).asked();
    }

    @Override
    public void reject(String reason) throws IOException {
        QueueException.await(new Rejecting(Append.Durability.NOW, reason, null).asked());
    }

    @Override
    public void reject(String reason, Duration delay) throws IOException {
        QueueException.await(new Rejecting(Append.Durability.NOW, reason, delay).asked());
    }

    @Override
    public String toString() {
        return "delivery " + attempt + " of " + topic() + " " + position() + " to " + group.name();
    }

    /** Takes effect when the loop comes to it, and is done when it is durable. It cannot be taken back. */
    abstract class Settling extends Promise<Position> implements Ledger.Told {

        final Append.Durability durability;

        Settling(Append.Durability durability) {
            super(group.loop());
            this.durability = durability;
        }

        final Settling asked() {
            begun();
            return this;
        }

        @Override
        protected final void begin() {
            if (!isMine()) {
                broken(new QueueException(what(), QueueFailure.STALE));
            } else {
                settle();
            }
        }

        abstract void settle();

        @Override
        protected final boolean abandon() {
            return false;
        }

        @Override
        public final void written() {
            kept(position());
        }

        @Override
        public final void failed(IOException why) {
            broken(why);
        }
    }

    /** Whether nobody has settled it, and nobody else been given it. */
    private boolean isMine() {
        return entry.attempt == attempt
                && !entry.marked
                && switch (entry.state) {
                    case OUT, WAITING, READY -> true;
                    case HELD, GIVEN, DYING, DONE -> false;
                };
    }

    private final class Acknowledging extends Settling {

        Acknowledging(Append.Durability durability) {
            super(durability);
        }

        @Override
        void settle() {
            group.acknowledge(entry, this, durability);
        }

        @Override
        protected String what() {
            return "acknowledge " + LogDelivery.this;
        }
    }

    private final class Rejecting extends Settling {

        private final String reason;
        private final @Nullable Duration delay;

        Rejecting(Append.Durability durability, String reason, @Nullable Duration delay) {
            super(durability);
            this.reason = reason.length() > REASON_CHARACTERS_MAX ? reason.substring(0, REASON_CHARACTERS_MAX) : reason;
            this.delay = delay;
        }

        @Override
        void settle() {
            if (entry.state == Entry.State.OUT) {
                group.reject(entry, reason, delay, this, durability);
            } else {
                broken(new QueueException(what(), QueueFailure.STALE)); // it is to be delivered again anyway
            }
        }

        @Override
        protected String what() {
            return "reject " + LogDelivery.this;
        }
    }
}
