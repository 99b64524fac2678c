package dev.pumasi.queue.kafka;

import dev.pumasi.queue.Consumer;
import dev.pumasi.queue.Delivery;
import dev.pumasi.queue.Topic;
import dev.pumasi.runtime.Operation;
import java.util.LinkedHashSet;
import java.util.Set;

/** A consumer of a {@link KafkaGroup}: all that this process has share one membership in Kafka. Its state belongs to the queue's loop. */
final class Member implements Consumer {

    final KafkaGroup group;

    /** What it has and did not settle. */
    final Set<Entry> out = new LinkedHashSet<>();

    boolean closed;

    Member(KafkaGroup group) {
        this.group = group;
    }

    @Override
    public Topic topic() {
        return group.topic();
    }

    @Override
    public String group() {
        return group.name();
    }

    @Override
    public Operation<Delivery> startTake() {
        return new Take(this).asked();
    }

    @Override
    public void close() {
        group.loop().run(() -> group.leave(this));
    }

    @Override
    public String toString() {
        return "consumer of " + group;
    }
}
