package dev.pumasi.queue.http;

import dev.pumasi.queue.Message;
import dev.pumasi.queue.Position;
import dev.pumasi.queue.Publisher;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Timer;
import java.io.IOException;
import java.time.Duration;

/** Publishes to a topic of a queue in another process. */
record HttpPublisher(HttpTopic topic, HttpLane lane) implements Publisher {

    private static final Duration PAUSE = Duration.ofMillis(100);

    @Override
    public Operation<Position> startPublish(Message message) {
        return lane.publish(message);
    }

    @Override
    public Position publish(Message message) throws IOException {
        while (true) {
            try {
                return QueueException.await(startPublish(message));
            } catch (QueueException full) {
                if (full.failure() != QueueFailure.FULL) {
                    throw full;
                }
                Timer.sleep(PAUSE);
            }
        }
    }
}
