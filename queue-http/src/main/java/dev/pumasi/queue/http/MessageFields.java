package dev.pumasi.queue.http;

import dev.pumasi.http.Field;
import dev.pumasi.queue.Message;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a message has beside its body, as fields of HTTP: {@code Message-Key}, {@code Message-Id}, and {@code Message-Header:
 * NAME=VALUE} for each header. Names of fields know no case and their values no other characters than ASCII, those of messages do:
 * hence one field for all headers, and everything is percent-encoded UTF-8 (RFC 3986 section 2.1). Plain words need none.
 */
final class MessageFields {

    static final String KEY = "Message-Key";
    static final String ID = "Message-Id";
    static final String HEADER = "Message-Header";
    static final String POSITION = "Message-Position";
    static final String DELIVERY = "Message-Delivery";
    static final String ATTEMPT = "Message-Attempt";
    static final String STORED = "Message-Stored";

    private static final char[] HEX = "0123456789ABCDEF".toCharArray();

    private MessageFields() {}

    static List<Field> of(Message message) {
        List<Field> fields = new ArrayList<>();
        if (!message.key().isEmpty()) {
            fields.add(new Field(KEY, encode(message.key(), false)));
        }
        if (!message.id().isEmpty()) {
            fields.add(new Field(ID, encode(message.id(), false)));
        }
        message.headers()
                .forEach((name, value) ->
                        fields.add(new Field(HEADER, encode(name, true) + "=" + encode(value, false))));
        return fields;
    }

    /**
     * A message with that key, id and headers.
     *
     * @throws IllegalArgumentException if a header has no name, or something is not encoded as it should be
     */
    static Message message(String key, String id, List<String> headers, byte[] body) {
        Map<String, String> all = new LinkedHashMap<>();
        for (String header : headers) {
            int equals = header.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException(HEADER + " is NAME=VALUE, and not '" + header + "'");
            }
            all.put(decode(header.substring(0, equals)), decode(header.substring(equals + 1)));
        }
        return Message.of(body).withKey(decode(key)).withId(decode(id)).withHeaders(all);
    }

    /** Percent-encoded wherever a field could not say it, or a blank at its end would be lost; a name's equals sign, too. */
    static String encode(String text, boolean isName) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        StringBuilder encoded = new StringBuilder(bytes.length);
        for (int i = 0; i < bytes.length; i++) {
            int value = bytes[i] & 0xff;
            boolean outer = i == 0 || i == bytes.length - 1;
            boolean plain = value > ' ' && value < 0x7f && value != '%' && !(isName && value == '=');
            if (plain || value == ' ' && !outer) {
                encoded.append((char) value);
            } else {
                encoded.append('%').append(HEX[value >> 4]).append(HEX[value & 15]);
            }
        }
        return encoded.toString();
    }

    private static String decode(String field) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(field.length());
        for (int i = 0; i < field.length(); i++) {
            char character = field.charAt(i);
            if (character != '%') {
                bytes.write(character); // one character for each byte, so plain UTF-8 comes through as well
            } else {
                int high = i + 2 < field.length() ? Character.digit(field.charAt(i + 1), 16) : -1;
                int low = i + 2 < field.length() ? Character.digit(field.charAt(i + 2), 16) : -1;
                if (high < 0 || low < 0) {
                    throw new IllegalArgumentException("'" + field
                            + "' has a percent sign without two hexadecimal digits; a percent sign itself is %25");
                }
                bytes.write(high << 4 | low);
                i += 2;
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString();
        } catch (CharacterCodingException notText) {
            throw new IllegalArgumentException("'" + field + "' is not UTF-8", notText);
        }
    }
}
