package dev.pumasi.queue.kafka;

import dev.pumasi.queue.Delivery;
import dev.pumasi.queue.Message;
import dev.pumasi.queue.Position;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import dev.pumasi.runtime.Operation;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** One attempt of one entry. */
final class KafkaDelivery implements Delivery {

    private final KafkaGroup group;
    private final Entry entry;
    private final Message message;
    private final int attempt;

    KafkaDelivery(KafkaGroup group, Entry entry, Message message, int attempt) {
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
        return entry.position();
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
        return acknowledging(false);
    }

    @Override
    public void acknowledge() throws IOException {
        QueueException.await(acknowledging(true));
    }

    @Override
    public Operation<Position> startReject(String reason) {
        return rejecting(reason, null, false);
    }

    @Override
    public Operation<Position> startReject(String reason, Duration delay) {
        return rejecting(reason, delay, false);
    }

    @Override
    public void reject(String reason) throws IOException {
        QueueException.await(rejecting(reason, null, true));
    }

    @Override
    public void reject(String reason, Duration delay) throws IOException {
        QueueException.await(rejecting(reason, delay, true));
    }

    /** @param urgent whether somebody waits for it */
    private Operation<Position> acknowledging(boolean urgent) {
        String what = "acknowledge " + this;
        return Asked.of(group.loop(), what, asked -> {
            if (isMine()) {
                group.acknowledge(entry, asked, urgent);
            } else {
                asked.fails(new QueueException(what, QueueFailure.STALE));
            }
        });
    }

    private Operation<Position> rejecting(String reason, @Nullable Duration delay, boolean urgent) {
        String what = "reject " + this;
        String cut = reason.length() > REASON_CHARACTERS_MAX ? reason.substring(0, REASON_CHARACTERS_MAX) : reason;
        return Asked.of(group.loop(), what, asked -> {
            if (isMine() && entry.state == Entry.State.OUT) {
                group.reject(entry, cut, delay, asked, urgent);
            } else {
                asked.fails(new QueueException(what, QueueFailure.STALE));
            }
        });
    }

    /** Whether nobody has settled it, and nobody else been given it. */
    private boolean isMine() {
        return entry.attempt == attempt
                && !entry.marked
                && switch (entry.state) {
                    case OUT, WAITING, READY -> true;
                    case HELD, GIVEN, DYING, DONE, GONE -> false;
                };
    }

    @Override
    public String toString() {
        return "delivery " + attempt + " of " + topic() + " " + position() + " to " + group.name();
    }
}
