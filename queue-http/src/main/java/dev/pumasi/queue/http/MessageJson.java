package dev.pumasi.queue.http;

import dev.pumasi.queue.Delivery;
import dev.pumasi.queue.Message;
import dev.pumasi.queue.Position;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Messages as lines of JSON, the same shape in both directions, so that what one command prints another one publishes:
 *
 * <pre>{"topic":"orders","position":"0-17","delivery":"0-17-1","attempt":1,"stored":"2026-11-21T18:00:00Z",
 * "key":"order-17","id":"4711","headers":{"from":"shop"},"text":"{\"sku\": 4711}"}</pre>
 *
 * <p>The body is {@code text} if it is UTF-8, else {@code base64}. What is empty is left out.
 */
public final class MessageJson {

    /** What a message to be published may have; and what it may have because it was once delivered, which means nothing then. */
    private static final Set<String> KNOWN =
            Set.of("key", "id", "headers", "text", "base64", "topic", "position", "delivery", "attempt", "stored");

    private MessageJson() {}

    /** A delivery as one line, without a line end. */
    public static String line(Delivery delivery) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("topic", delivery.topic());
        line.put("position", delivery.position().toString());
        line.put("delivery", deliveryName(delivery.position(), delivery.attempt()));
        line.put("attempt", delivery.attempt());
        line.put("stored", delivery.storedAt().toString());
        put(delivery.message(), line);
        return Json.text(line);
    }

    /** A message as one line, without a line end. */
    public static String line(Message message) {
        Map<String, Object> line = new LinkedHashMap<>();
        put(message, line);
        return Json.text(line);
    }

    /** {@code {"position":"0-17"}}: what publishing answers. */
    public static String line(Position position) {
        return Json.text(Map.of("position", position.toString()));
    }

    private static void put(Message message, Map<String, Object> line) {
        if (!message.key().isEmpty()) {
            line.put("key", message.key());
        }
        if (!message.id().isEmpty()) {
            line.put("id", message.id());
        }
        if (!message.headers().isEmpty()) {
            line.put("headers", message.headers());
        }
        byte[] body = message.body();
        try {
            line.put(
                    "text",
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(body))
                            .toString());
        } catch (CharacterCodingException notText) {
            line.put("base64", Base64.getEncoder().encodeToString(body));
        }
    }

    /**
     * The message in a line.
     *
     * @throws IllegalArgumentException if there is none: what is wrong with it
     */
    public static Message message(String line) {
        return message(Json.object(line));
    }

    static Message message(Map<String, @Nullable Object> line) {
        for (String name : line.keySet()) {
            if (!KNOWN.contains(name)) {
                throw new IllegalArgumentException(
                        "a message has no " + name + ", but key, id, headers, and text or base64");
            }
        }
        boolean hasText = line.containsKey("text");
        if (hasText == line.containsKey("base64")) {
            throw new IllegalArgumentException("a message has its body in text, or else in base64");
        }
        byte[] body = hasText
                ? text(line, "text").getBytes(StandardCharsets.UTF_8)
                : Base64.getDecoder().decode(text(line, "base64"));
        Message message = Message.of(body).withKey(text(line, "key")).withId(text(line, "id"));
        return switch (line.get("headers")) {
            case null -> message;
            case Map<?, ?> headers -> {
                Map<String, String> all = new LinkedHashMap<>();
                for (Map.Entry<?, ?> header : headers.entrySet()) {
                    if (!(header.getValue() instanceof String value)) {
                        throw new IllegalArgumentException(
                                "the value of the header " + header.getKey() + " is no text");
                    }
                    all.put(String.valueOf(header.getKey()), value);
                }
                yield message.withHeaders(all);
            }
            default -> throw new IllegalArgumentException("headers are an object of names and texts");
        };
    }

    static String text(Map<String, @Nullable Object> line, String name) {
        return switch (line.get(name)) {
            case null -> "";
            case String text -> text;
            default -> throw new IllegalArgumentException(name + " is no text");
        };
    }

    /** What a delivery is called in paths: it is another one after each attempt. */
    static String deliveryName(Position position, int attempt) {
        return position + "-" + attempt;
    }
}
