package dev.pumasi.queue.http;

import dev.pumasi.queue.Consumer;
import dev.pumasi.queue.GroupSettings;
import dev.pumasi.queue.Message;
import dev.pumasi.queue.Position;
import dev.pumasi.queue.Publisher;
import dev.pumasi.queue.Queue;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import dev.pumasi.queue.QueueUrl;
import dev.pumasi.queue.Topic;
import dev.pumasi.queue.TopicSettings;
import dev.pumasi.queue.TopicStatus;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A real queue whose publishers are refused for as long as a test wants. */
final class ChokedQueue implements Queue {

    private final Queue real;
    private final AtomicLong refusals = new AtomicLong();
    private final AtomicLong taken = new AtomicLong();
    private volatile @Nullable QueueFailure failure;
    private volatile long takesUntilThen;

    ChokedQueue(Queue real) {
        this.real = real;
    }

    /** Everybody is refused from now on, or nobody any more. */
    void with(@Nullable QueueFailure why) {
        takesUntilThen = 0;
        failure = why;
    }

    /** As {@link #with}, but so many are still let through. */
    void after(int count, QueueFailure why) {
        takesUntilThen = taken.get() + count;
        failure = why;
    }

    long refusals() {
        return refusals.get();
    }

    private record ChokedTopic(ChokedQueue queue, Topic real) implements Topic, Publisher {

        @Override
        public String name() {
            return real.name();
        }

        @Override
        public Publisher publisher() {
            return this;
        }

        @Override
        public Topic topic() {
            return this;
        }

        @Override
        public Operation<Position> startPublish(Message message) {
            QueueFailure why = queue.failure;
            if (why == null || queue.taken.get() < queue.takesUntilThen) {
                queue.taken.incrementAndGet();
                return real.publisher().startPublish(message);
            }
            queue.refusals.incrementAndGet();
            return Done.failed(queue.loop(), "publish", new QueueException("publish to " + name(), why));
        }

        @Override
        public Position publish(Message message) throws IOException {
            return QueueException.await(startPublish(message));
        }

        @Override
        public Operation<Consumer> startConsumer(String group, GroupSettings settings) {
            return real.startConsumer(group, settings);
        }

        @Override
        public Operation<Topic> startForget(String group) {
            return real.startForget(group);
        }

        @Override
        public TopicStatus status() {
            return real.status();
        }
    }

    @Override
    public Loop loop() {
        return real.loop();
    }

    @Override
    public QueueUrl url() {
        return real.url();
    }

    @Override
    public Topic topic(String name, TopicSettings settings) throws IOException {
        return new ChokedTopic(this, real.topic(name, settings));
    }

    @Override
    public Operation<Topic> startTopic(String name, TopicSettings settings) {
        return real.startTopic(name, settings);
    }

    @Override
    public List<String> topics() {
        return real.topics();
    }

    @Override
    public List<TopicStatus> status() {
        return real.status();
    }

    @Override
    public Operation<Queue> startClose() {
        return real.startClose();
    }

    @Override
    public void close() throws IOException {
        real.close();
    }
}
