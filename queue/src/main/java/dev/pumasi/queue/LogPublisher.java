package dev.pumasi.queue;

import dev.pumasi.runtime.Operation;
import java.io.IOException;

/** Publishes to a topic of the embedded engine. What can be done on the caller's thread is done there. */
record LogPublisher(LogTopic topic) implements Publisher {

    @Override
    public Operation<Position> startPublish(Message message) {
        try {
            return publishing(message, false);
        } catch (QueueException refused) {
            return Refused.of(topic.loop(), "publish to " + topic.name(), refused);
        }
    }

    @Override
    public Position publish(Message message) throws IOException {
        return QueueException.await(publishing(message, true));
    }

    private Operation<Position> publishing(Message message, boolean waits) throws QueueException {
        int bytesMax = topic.log().settings().messageBytesMax();
        if (message.body().length > bytesMax) {
            throw new QueueException(
                    "publish to " + topic.name(),
                    QueueFailure.TOO_LARGE,
                    "a body of " + message.body().length + " bytes is over the limit of " + bytesMax);
        }
        return new Publishing(topic, message.id(), MessageCodec.parts(message, topic.name()), waits).asked();
    }
}
