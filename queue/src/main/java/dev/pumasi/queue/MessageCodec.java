package dev.pumasi.queue;

import dev.pumasi.runtime.memory.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A message as the payload of a record: lengths of id, key and headers, these three, and the body up to the end.
 * docs/queue-format.md draws it.
 */
final class MessageCodec {

    /** A record that is a message. */
    static final int KIND = 1;

    static final int PREFIX_BYTES = 8;

    private static final int ID_LENGTH_AT = 0;
    private static final int KEY_LENGTH_AT = 2;
    private static final int HEADER_COUNT_AT = 4;

    private static final byte[] NOTHING = new byte[0];

    /** A message in parts that only need to be copied. Made on the publisher's thread. */
    record Parts(byte[] id, byte[] key, byte[] headers, int headerCount, byte[] body) {

        int bytes() {
            return PREFIX_BYTES + id.length + key.length + headers.length + body.length;
        }

        void put(Buffer to, int at) {
            to.putShort(at + ID_LENGTH_AT, (short) id.length);
            to.putShort(at + KEY_LENGTH_AT, (short) key.length);
            to.putInt(at + HEADER_COUNT_AT, headerCount);
            int next = at + PREFIX_BYTES;
            next = put(to, next, id);
            next = put(to, next, key);
            next = put(to, next, headers);
            put(to, next, body);
        }

        private static int put(Buffer to, int at, byte[] bytes) {
            to.put(at, bytes, 0, bytes.length);
            return at + bytes.length;
        }
    }

    private MessageCodec() {}

    /**
     * Takes a message apart.
     *
     * @throws QueueException if a part is over its limit
     */
    static Parts parts(Message message, String topic) throws QueueException {
        byte[] id = utf8(message.id(), Message.ID_BYTES_MAX, "an id", topic);
        byte[] key = utf8(message.key(), Message.KEY_BYTES_MAX, "a key", topic);
        Map<String, String> headers = message.headers();
        return new Parts(
                id, key, headers.isEmpty() ? NOTHING : headers(headers, topic), headers.size(), message.body());
    }

    private static byte[] utf8(String text, int bytesMax, String what, String topic) throws QueueException {
        if (text.isEmpty()) {
            return NOTHING;
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > bytesMax) {
            throw tooLarge(topic, what + " of " + bytes.length + " bytes is over the limit of " + bytesMax);
        }
        return bytes;
    }

    private static byte[] headers(Map<String, String> headers, String topic) throws QueueException {
        if (headers.size() > Message.HEADERS_MAX) {
            throw tooLarge(topic, headers.size() + " headers are more than " + Message.HEADERS_MAX);
        }
        ByteBuffer out = ByteBuffer.allocate(Message.HEADER_BYTES_MAX + Message.HEADERS_MAX * 2 * Short.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        int left = Message.HEADER_BYTES_MAX;
        for (Map.Entry<String, String> header : headers.entrySet()) {
            for (String text : new String[] {header.getKey(), header.getValue()}) {
                byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                left -= bytes.length;
                if (left < 0) {
                    throw tooLarge(topic, "the headers are over the limit of " + Message.HEADER_BYTES_MAX + " bytes");
                }
                out.putShort((short) bytes.length).put(bytes);
            }
        }
        byte[] bytes = new byte[out.flip().limit()];
        out.get(bytes);
        return bytes;
    }

    private static QueueException tooLarge(String topic, String details) {
        return new QueueException("publish to " + topic, QueueFailure.TOO_LARGE, details);
    }

    // ------------------------------------------------------------------------------------------- reading

    /** The message in the payload; the record's check sum has been found right. */
    static Message message(Buffer from, int at, int length) {
        int idLength = Short.toUnsignedInt(from.getShort(at + ID_LENGTH_AT));
        int keyLength = Short.toUnsignedInt(from.getShort(at + KEY_LENGTH_AT));
        int headerCount = from.getInt(at + HEADER_COUNT_AT);
        int next = at + PREFIX_BYTES;
        String id = from.utf8(next, idLength);
        next += idLength;
        String key = from.utf8(next, keyLength);
        next += keyLength;
        Map<String, String> headers = Map.of();
        if (headerCount > 0) {
            headers = new LinkedHashMap<>();
            for (int i = 0; i < headerCount; i++) {
                int nameLength = Short.toUnsignedInt(from.getShort(next));
                String name = from.utf8(next + Short.BYTES, nameLength);
                next += Short.BYTES + nameLength;
                int valueLength = Short.toUnsignedInt(from.getShort(next));
                headers.put(name, from.utf8(next + Short.BYTES, valueLength));
                next += Short.BYTES + valueLength;
            }
            headers = Collections.unmodifiableMap(headers);
        }
        return Message.of(from.bytes(next, at + length - next))
                .withKey(key)
                .withId(id)
                .withHeaders(headers);
    }

    /** Its id, without the rest. */
    static String id(Buffer from, int at) {
        return from.utf8(at + PREFIX_BYTES, Short.toUnsignedInt(from.getShort(at + ID_LENGTH_AT)));
    }

    /** 0 without a key; else a number that is the same for the same key, and seldom for others. */
    static long keyHash(Buffer from, int at) {
        int idLength = Short.toUnsignedInt(from.getShort(at + ID_LENGTH_AT));
        int keyLength = Short.toUnsignedInt(from.getShort(at + KEY_LENGTH_AT));
        if (keyLength == 0) {
            return 0;
        }
        long hash = 0xcbf29ce484222325L; // FNV-1a, 64 bits (Fowler, Noll, Vo; RFC 9923)
        int begin = at + PREFIX_BYTES + idLength;
        for (int i = begin; i < begin + keyLength; i++) {
            hash = (hash ^ from.get(i) & 0xff) * 0x100000001b3L;
        }
        return hash == 0 ? 1 : hash;
    }
}
