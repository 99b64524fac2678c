package dev.pumasi.queue.http;

import dev.pumasi.queue.Consumer;
import dev.pumasi.queue.GroupSettings;
import dev.pumasi.queue.Publisher;
import dev.pumasi.queue.Topic;
import dev.pumasi.queue.TopicStatus;
import dev.pumasi.runtime.Operation;
import java.util.List;

/** A topic of a queue in another process. */
record HttpTopic(HttpQueue queue, String name) implements Topic {

    String target() {
        return "/topics/" + HttpQueue.encoded(name);
    }

    String target(String group) {
        return target() + "/groups/" + HttpQueue.encoded(group);
    }

    @Override
    public Publisher publisher() {
        return new HttpPublisher(this, queue.lane(name));
    }

    @Override
    public Operation<Consumer> startConsumer(String group, GroupSettings settings) {
        HttpConsumer consumer = new HttpConsumer(this, group, settings);
        return HttpCall.start(
                queue,
                "join the group " + group + " of " + name,
                queue.request("PUT", consumer.member() + "?" + SettingsQuery.query(settings)),
                _ -> {
                    queue.opened(consumer);
                    return consumer;
                });
    }

    @Override
    public Operation<Topic> startForget(String group) {
        return new Forgetting(this, group).asked();
    }

    @Override
    public TopicStatus status() {
        for (TopicStatus status : queue.status()) {
            if (status.name().equals(name)) {
                return status;
            }
        }
        return new TopicStatus(name, 0, 0, 0, 0, 0, 0, 0, 0, 0, "", List.of());
    }

    @Override
    public String toString() {
        return "topic " + name + " of " + queue;
    }
}
