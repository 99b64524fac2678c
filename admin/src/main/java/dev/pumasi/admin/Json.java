package dev.pumasi.admin;

import java.nio.charset.StandardCharsets;

/**
 * Writes JSON (RFC 8259). What could end a script element or a line of an event stream is escaped as well, so a name from
 * outside is text wherever the document ends up.
 */
final class Json {

    private final StringBuilder text = new StringBuilder(1024);

    /** Whether the next value needs a comma before it. */
    private boolean comma;

    Json beginObject() {
        return begin('{');
    }

    Json beginObject(String name) {
        return name(name).begin('{');
    }

    Json endObject() {
        return end('}');
    }

    Json beginArray() {
        return begin('[');
    }

    Json beginArray(String name) {
        return name(name).begin('[');
    }

    Json endArray() {
        return end(']');
    }

    Json put(String name, String value) {
        return name(name).add(value);
    }

    Json put(String name, long value) {
        return name(name).add(value);
    }

    Json put(String name, double value) {
        return name(name).add(value);
    }

    Json put(String name, boolean value) {
        name(name);
        text.append(value);
        comma = true;
        return this;
    }

    Json add(String value) {
        separate();
        quote(value);
        comma = true;
        return this;
    }

    Json add(long value) {
        separate();
        text.append(value);
        comma = true;
        return this;
    }

    /** What is no number in JSON is null. */
    Json add(double value) {
        separate();
        if (!Double.isFinite(value)) {
            text.append("null");
        } else if (value == Math.rint(value) && Math.abs(value) < 1e15) {
            text.append((long) value);
        } else {
            text.append(Math.rint(value * 1e4) / 1e4);
        }
        comma = true;
        return this;
    }

    /** The members of an object that was written elsewhere, as {@link #toString} has it. */
    Json members(String object) {
        String inner = object.substring(1, object.length() - 1);
        if (!inner.isEmpty()) {
            separate();
            text.append(inner);
            comma = true;
        }
        return this;
    }

    private Json name(String name) {
        separate();
        quote(name);
        text.append(':');
        comma = false;
        return this;
    }

    private Json begin(char bracket) {
        separate();
        text.append(bracket);
        comma = false;
        return this;
    }

    private Json end(char bracket) {
        text.append(bracket);
        comma = true;
        return this;
    }

    private void separate() {
        if (comma) {
            text.append(',');
            comma = false;
        }
    }

    private void quote(String value) {
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            boolean lone = Character.isHighSurrogate(c)
                            && (i + 1 == value.length() || !Character.isLowSurrogate(value.charAt(i + 1)))
                    || Character.isLowSurrogate(c) && (i == 0 || !Character.isHighSurrogate(value.charAt(i - 1)));
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c == '\n') {
                text.append("\\n");
            } else if (c < 0x20
                    || c >= 0x7f && c < 0xa0
                    || c == '<'
                    || c == '>'
                    || c == '&'
                    || c == 0x2028
                    || c == 0x2029
                    || lone) {
                text.append(String.format("\\u%04x", (int) c));
            } else {
                text.append(c);
            }
        }
        text.append('"');
    }

    byte[] bytes() {
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
