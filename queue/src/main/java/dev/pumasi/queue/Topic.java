package dev.pumasi.queue;

import dev.pumasi.runtime.Operation;
import java.io.IOException;

/** A named sequence of messages, which any number of groups read, each at its own pace. Any thread may call any method. */
public interface Topic {

    /** How long a name is at most. Letters, digits, {@code - _ .}; it does not begin with a dot. */
    int NAME_CHARACTERS_MAX = 128;

    String name();

    Queue queue();

    /** What publishes to this topic; costs nothing, needs no closing. */
    Publisher publisher();

    /** A member of that group, which comes into being with its first member. */
    default Consumer consumer(String group) throws IOException {
        return consumer(group, GroupSettings.DEFAULT);
    }

    /** As {@link #consumer(String)}, with settings for the whole group. Waits until the group durably exists. */
    default Consumer consumer(String group, GroupSettings settings) throws IOException {
        return QueueException.await(startConsumer(group, settings));
    }

    /** As {@link #consumer(String, GroupSettings)}; the operation yields the consumer. */
    Operation<Consumer> startConsumer(String group, GroupSettings settings);

    /** Deletes a group: what it has read, and what it still needs, is forgotten. Fails if it has members. Yields this topic. */
    Operation<Topic> startForget(String group);

    /** Figures, as of about now. */
    TopicStatus status();
}
