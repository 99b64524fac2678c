package dev.pumasi.queue;

import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Promise;
import java.io.IOException;

/** Publishes to a topic of the embedded engine. What can be done on the caller's thread is done there. */
record LogPublisher(LogTopic topic) implements Publisher {

    @Override
    public Operation<Position> startPublish(Message message) {
        try {
            return publishing(message, false);
        } catch (QueueException refused) {
            return new Refused(topic, refused).asked();
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

    /** One that was refused before it began. */
    private static final class Refused extends Promise<Position> {

        private final LogTopic topic;
        private final QueueException why;

        Refused(LogTopic topic, QueueException why) {
            super(topic.loop());
            this.topic = topic;
            this.why = why;
        }

        Refused asked() {
            begun();
            return this;
        }

        @Override
        protected void begin() {
            broken(why);
        }

        @Override
        protected boolean abandon() {
            return false;
        }

        @Override
        protected String what() {
            return "publish to " + topic.name();
        }
    }
}
