package dev.pumasi.queue;

import dev.pumasi.runtime.Operation;
import java.util.LinkedHashSet;
import java.util.Set;

/** A member of a {@link Group}. Its state belongs to the queue's loop. */
final class LogConsumer implements Consumer {

    final Group group;

    /** What it has and did not settle. */
    final Set<Entry> out = new LinkedHashSet<>();

    boolean closed;

    LogConsumer(Group group) {
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
