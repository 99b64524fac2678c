package dev.pumasi.queue.http;

import dev.pumasi.http.MediaType;
import dev.pumasi.queue.Message;
import dev.pumasi.queue.Position;
import dev.pumasi.queue.Publisher;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Timer;
import java.io.IOException;
import java.time.Duration;

/** Publishes to a topic of a queue in another process: a request for each message, as lines of JSON where fields do not suffice. */
record HttpPublisher(HttpTopic topic) implements Publisher {

    /** What fits into fields of HTTP whatever the encoding makes of it. */
    private static final int FIELD_CHARACTERS_MAX = 1_500;

    private static final Duration PAUSE = Duration.ofMillis(100);

    @Override
    public Operation<Position> startPublish(Message message) {
        HttpQueue queue = topic.queue();
        String what = "publish to " + topic.name();
        int characters = message.key().length() + message.id().length();
        for (var header : message.headers().entrySet()) {
            characters += header.getKey().length() + header.getValue().length();
        }
        if (characters <= FIELD_CHARACTERS_MAX && message.headers().size() <= Message.HEADERS_MAX) {
            return HttpCall.start(
                    queue,
                    what,
                    queue.request("POST", topic.target() + "/messages")
                            .withFields(MessageFields.of(message))
                            .withBody(MediaType.OCTETS, message.body()),
                    answer -> position(answer.body().text()));
        }
        return HttpCall.start(
                queue,
                what,
                queue.request("POST", topic.target() + "/batch")
                        .withBody(Texts.LINES, Texts.line(MessageJson.line(message))),
                answer -> position(answer.body().text()));
    }

    private static Position position(String line) {
        return Position.parse(MessageJson.text(Json.object(line), "position"));
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
