package dev.pumasi.queue;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What is published: a key, an id, headers, and a body. Immutable, except that the body's array is not copied: whoever made
 * it must leave it alone.
 *
 * <p>The <b>key</b> says what the message is about. Messages with the same key reach a group in the order of publication,
 * one at a time; those with an empty key in no order. The <b>id</b> is the publisher's own name for it: published again
 * within the topic's window it is the same message, and not stored twice. An empty one is never compared. <b>Headers</b>
 * are kept in order, and not interpreted.
 */
public final class Message {

    public static final int KEY_BYTES_MAX = 1024;
    public static final int ID_BYTES_MAX = 256;
    public static final int HEADERS_MAX = 64;

    /** All names and values together, in UTF-8. */
    public static final int HEADER_BYTES_MAX = 16 * 1024;

    private final String id;
    private final String key;
    private final Map<String, String> headers;
    private final byte[] body;

    private Message(String id, String key, Map<String, String> headers, byte[] body) {
        this.id = id;
        this.key = key;
        this.headers = headers;
        this.body = body;
    }

    /** A message with a body and nothing else. */
    public static Message of(byte[] body) {
        return new Message("", "", Map.of(), body);
    }

    /** A message about {@code key}. */
    public static Message of(String key, byte[] body) {
        return new Message("", key, Map.of(), body);
    }

    /** A message about {@code key}, whose body is the text in UTF-8. */
    public static Message of(String key, String text) {
        return of(key, text.getBytes(StandardCharsets.UTF_8));
    }

    /** The same message about another key; empty for none. */
    public Message withKey(String key) {
        return new Message(id, key, headers, body);
    }

    /** The same message with another id; empty for none. */
    public Message withId(String id) {
        return new Message(id, key, headers, body);
    }

    /** The same message with one header more, or with another value for it. */
    public Message withHeader(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(name, value);
        return new Message(id, key, Collections.unmodifiableMap(more), body);
    }

    /** The same message with these headers and no others. */
    public Message withHeaders(Map<String, String> headers) {
        return new Message(id, key, Collections.unmodifiableMap(new LinkedHashMap<>(headers)), body);
    }

    /** Empty if it has none. */
    public String id() {
        return id;
    }

    /** Empty if it has none. */
    public String key() {
        return key;
    }

    /** In the order in which they were added; cannot be changed. */
    public Map<String, String> headers() {
        return headers;
    }

    /** The array itself, which must not be changed. */
    public byte[] body() {
        return body;
    }

    /** The body as UTF-8; malformed input becomes U+FFFD. */
    public String text() {
        return new String(body, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return "message" + (id.isEmpty() ? "" : " " + id) + (key.isEmpty() ? "" : " about " + key) + ", " + body.length
                + " bytes";
    }
}
