package dev.pumasi.queue.http;

import dev.pumasi.queue.Message;
import dev.pumasi.queue.Position;
import dev.pumasi.queue.Publisher;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.Topic;
import dev.pumasi.runtime.Operation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Messages to be published in their order, as many at once as the queue takes. They are started on the queue's loop, where the
 * embedded engine refuses at once: so what is behind a refused one is not started, and what is durable is the beginning of them.
 */
final class Publication {

    private final Topic topic;
    private final List<Message> messages;
    private final List<Position> durable = new ArrayList<>();

    Publication(Topic topic, List<Message> messages) {
        this.topic = topic;
        this.messages = messages;
    }

    /**
     * Goes on with the first that is not durable, and returns when all are.
     *
     * @throws QueueException of the first that failed
     */
    void goOn() throws IOException {
        Publisher publisher = topic.publisher();
        List<Operation<Position>> started = new ArrayList<>();
        OnLoop.<Boolean>ask(topic.queue().loop(), () -> {
            for (Message message : messages.subList(durable.size(), messages.size())) {
                Operation<Position> one = publisher.startPublish(message);
                started.add(one);
                if (one.poll().orElse(null) instanceof Operation.Failed<Position>) {
                    break;
                }
            }
            return true;
        });
        @Nullable QueueException first = null;
        for (Operation<Position> one : started) {
            try {
                Position position = QueueException.await(one);
                if (first == null) {
                    durable.add(position);
                }
            } catch (IOException failed) {
                QueueException why = QueueException.in("publish to " + topic.name(), failed);
                first = first == null ? why : first;
            }
        }
        if (first != null) {
            throw first;
        }
    }

    /** Where those stand that are durable: of the first ones. */
    List<Position> positions() {
        return durable;
    }
}
