package dev.pumasi.queue.kafka;

import dev.pumasi.queue.Message;
import dev.pumasi.queue.Position;
import dev.pumasi.queue.Publisher;
import dev.pumasi.queue.QueueException;
import dev.pumasi.runtime.Operation;
import java.io.IOException;

/** Publishes to a topic. What can be done on the caller's thread is done there. */
record KafkaPublisher(KafkaTopic topic) implements Publisher {

    @Override
    public Operation<Position> startPublish(Message message) {
        try {
            return publishing(message, false);
        } catch (QueueException refused) {
            return Asked.of(topic.loop(), "publish to " + topic.name(), asked -> asked.fails(refused));
        }
    }

    @Override
    public Position publish(Message message) throws IOException {
        return QueueException.await(publishing(message, true));
    }

    private Operation<Position> publishing(Message message, boolean waits) throws QueueException {
        var record = Records.record(
                topic.name(), topic.kafkaName(), message, topic.settings().messageBytesMax());
        return new Publishing(topic, message.id(), Records.bytes(message), record, waits).asked();
    }
}
