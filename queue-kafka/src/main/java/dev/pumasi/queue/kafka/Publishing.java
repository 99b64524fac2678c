package dev.pumasi.queue.kafka;

import dev.pumasi.queue.Position;
import dev.pumasi.queue.QueueException;
import dev.pumasi.runtime.Promise;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/** One publication, from the call to the brokers' answer. */
final class Publishing extends Promise<Position> implements Outbox.Sent {

    final KafkaTopic topic;
    final String id;
    final long bytes;
    final ProducerRecord<byte[], byte[]> record;

    /** Whether it waits for room, because a thread waits for it. */
    final boolean waits;

    /** Publications of the same id that came before this one was durable. */
    private @Nullable List<Publishing> followers;

    Publishing(KafkaTopic topic, String id, long bytes, ProducerRecord<byte[], byte[]> record, boolean waits) {
        super(topic.loop());
        this.topic = topic;
        this.id = id;
        this.bytes = bytes;
        this.record = record;
        this.waits = waits;
    }

    Publishing asked() {
        begun();
        return this;
    }

    @Override
    protected void begin() {
        topic.publish(this);
    }

    @Override
    protected boolean abandon() {
        return false;
    }

    @Override
    protected String what() {
        return "publish to " + topic.name();
    }

    @Override
    public void sent(int partition, long offset) {
        topic.sent(this, partition, offset);
        Position at = new Position(partition, offset);
        isThere(at);
        List<Publishing> waiting = followers;
        if (waiting != null) {
            waiting.forEach(follower -> follower.isThere(at));
        }
    }

    @Override
    public void failed(QueueException why) {
        topic.notSent(this);
        refused(why);
        List<Publishing> waiting = followers;
        if (waiting != null) {
            waiting.forEach(follower -> follower.refused(why));
        }
    }

    void isThere(Position at) {
        kept(at);
    }

    /** Nothing of it was sent, or nobody knows. */
    void refused(QueueException why) {
        broken(why);
    }

    /** The same message again: it is there when this one is. */
    void follow(Publishing again) {
        List<Publishing> waiting = followers;
        if (waiting == null) {
            waiting = new ArrayList<>();
            followers = waiting;
        }
        waiting.add(again);
    }
}
