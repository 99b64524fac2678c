package dev.pumasi.queue.kafka;

import dev.pumasi.queue.Message;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.jspecify.annotations.Nullable;

/**
 * A message as a record of Kafka's: the key is the key, or none; the body the value; headers are headers, in UTF-8; the id is one
 * more header. So other programs can read and write the same topics.
 */
final class Records {

    /** The header in which a message's id is. */
    static final String ID_HEADER = "pumasi-id";

    /** Of a record, beside what is in it: about what Kafka and this engine spend on it. */
    static final int OVERHEAD_BYTES = 256;

    private static final byte[] NOTHING = {};

    private Records() {}

    /**
     * The record of a message.
     *
     * @throws QueueException if a part is over its limit
     */
    static ProducerRecord<byte[], byte[]> record(String topic, String kafkaName, Message message, int bodyBytesMax)
            throws QueueException {
        if (message.body().length > bodyBytesMax) {
            throw tooLarge(topic, "a body of " + message.body().length, bodyBytesMax);
        }
        byte[] key = utf8(message.key(), Message.KEY_BYTES_MAX, "a key", topic);
        byte[] id = utf8(message.id(), Message.ID_BYTES_MAX, "an id", topic);
        if (message.headers().size() > Message.HEADERS_MAX) {
            throw new QueueException(
                    "publish to " + topic,
                    QueueFailure.TOO_LARGE,
                    message.headers().size() + " headers are more than " + Message.HEADERS_MAX);
        }
        List<Header> headers = new ArrayList<>();
        int headerBytes = 0;
        for (Map.Entry<String, String> header : message.headers().entrySet()) {
            byte[] value = header.getValue().getBytes(StandardCharsets.UTF_8);
            headerBytes += header.getKey().getBytes(StandardCharsets.UTF_8).length + value.length;
            headers.add(new RecordHeader(header.getKey(), value));
        }
        if (headerBytes > Message.HEADER_BYTES_MAX) {
            throw tooLarge(topic, "headers of " + headerBytes, Message.HEADER_BYTES_MAX);
        }
        if (id.length > 0) {
            headers.add(new RecordHeader(ID_HEADER, id));
        }
        return new ProducerRecord<>(kafkaName, null, null, key.length == 0 ? null : key, message.body(), headers);
    }

    private static byte[] utf8(String text, int bytesMax, String what, String topic) throws QueueException {
        byte[] bytes = text.isEmpty() ? NOTHING : text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > bytesMax) {
            throw tooLarge(topic, what + " of " + bytes.length, bytesMax);
        }
        return bytes;
    }

    private static QueueException tooLarge(String topic, String what, int bytesMax) {
        return new QueueException(
                "publish to " + topic, QueueFailure.TOO_LARGE, what + " bytes is over the limit of " + bytesMax);
    }

    /** About what a message takes on its way. */
    static long bytes(Message message) {
        return OVERHEAD_BYTES + 2L * message.key().length() + message.body().length;
    }

    /** The message of a record, whoever wrote it: what Kafka leaves out is empty, and of headers with one name the last counts. */
    static Message message(ConsumerRecord<byte[], byte[]> record) {
        Map<String, String> headers = new LinkedHashMap<>();
        String id = "";
        for (Header header : record.headers()) {
            if (header.key().equals(ID_HEADER)) {
                id = text(header.value());
            } else {
                headers.put(header.key(), text(header.value()));
            }
        }
        byte[] body = record.value();
        return Message.of(text(record.key()), body == null ? NOTHING : body)
                .withId(id)
                .withHeaders(headers);
    }

    /** Its id, without the rest. */
    static String id(ConsumerRecord<byte[], byte[]> record) {
        Header header = record.headers().lastHeader(ID_HEADER);
        return header == null ? "" : text(header.value());
    }

    private static String text(byte @Nullable [] bytes) {
        return bytes == null ? "" : new String(bytes, StandardCharsets.UTF_8);
    }
}
