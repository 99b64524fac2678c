package dev.pumasi.queue.http;

import dev.pumasi.http.MediaType;
import dev.pumasi.queue.Delivery;
import dev.pumasi.queue.Message;
import dev.pumasi.queue.Position;
import dev.pumasi.runtime.Operation;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A message that came over HTTP. */
record HttpDelivery(
        HttpConsumer consumer, String topic, Message message, Position position, Instant storedAt, int attempt)
        implements Delivery {

    /** What a line of JSON says. */
    static HttpDelivery of(HttpConsumer consumer, String line) {
        Map<String, @Nullable Object> said = Json.object(line);
        Map<String, @Nullable Object> message = new HashMap<>(said);
        return new HttpDelivery(
                consumer,
                MessageJson.text(said, "topic"),
                MessageJson.message(message),
                Position.parse(MessageJson.text(said, "position")),
                Instant.parse(MessageJson.text(said, "stored")),
                (int) StatusJson.number(said, "attempt"));
    }

    @Override
    public Operation<Position> startAcknowledge() {
        return settle("acknowledge", "/acknowledge", "");
    }

    @Override
    public Operation<Position> startReject(String reason) {
        return reject(reason, Optional.empty());
    }

    @Override
    public Operation<Position> startReject(String reason, Duration delay) {
        return reject(reason, Optional.of(delay));
    }

    private Operation<Position> reject(String reason, Optional<Duration> delay) {
        String cut = reason.length() > REASON_CHARACTERS_MAX ? reason.substring(0, REASON_CHARACTERS_MAX) : reason;
        return settle(
                "reject",
                "/reject"
                        + delay.map(time -> "?delay=" + time.toMillis() + "ms").orElse(""),
                cut);
    }

    private Operation<Position> settle(String verb, String target, String body) {
        HttpQueue queue = consumer.queue();
        return HttpCall.start(
                queue,
                verb + " " + this,
                queue.request(
                                "POST",
                                consumer.target() + "/deliveries/" + MessageJson.deliveryName(position, attempt)
                                        + target)
                        .withBody(MediaType.TEXT, body.getBytes(StandardCharsets.UTF_8)),
                _ -> position);
    }

    @Override
    public String toString() {
        return "delivery " + attempt + " of " + topic + " " + position + " to " + consumer.group();
    }
}
