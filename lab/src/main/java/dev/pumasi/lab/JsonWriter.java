package dev.pumasi.lab;

import java.util.Locale;

/**
 * Writes JSON (RFC 8259) from beginning to end: who calls decides the shape, this sees to commas and escapes. A number that is
 * none (NaN, infinity) becomes {@code null}. Whoever ends what was not begun, or begins and does not end, gets no JSON. Not thread-safe.
 */
public final class JsonWriter {

    private final StringBuilder text = new StringBuilder();
    private boolean first = true;

    /** An empty text. */
    public JsonWriter() {}

    public JsonWriter beginObject() {
        separate();
        text.append('{');
        first = true;
        return this;
    }

    public JsonWriter endObject() {
        text.append('}');
        first = false;
        return this;
    }

    public JsonWriter beginArray() {
        separate();
        text.append('[');
        first = true;
        return this;
    }

    public JsonWriter endArray() {
        text.append(']');
        first = false;
        return this;
    }

    /** The name of a field; its value must follow. */
    public JsonWriter name(String name) {
        separate();
        quote(name);
        text.append(':');
        first = true;
        return this;
    }

    public void field(String name, String value) {
        name(name).value(value);
    }

    public void field(String name, long value) {
        name(name).value(value);
    }

    public void field(String name, double value) {
        name(name).value(value);
    }

    public void field(String name, boolean value) {
        name(name).separate();
        text.append(value);
    }

    public void value(String value) {
        separate();
        quote(value);
    }

    public void value(long value) {
        separate();
        text.append(value);
    }

    public void value(double value) {
        separate();
        if (!Double.isFinite(value)) {
            text.append("null");
        } else if (value == Math.rint(value) && Math.abs(value) < 1e15) {
            text.append((long) value);
        } else {
            text.append(String.format(Locale.ROOT, "%.6f", value));
        }
    }

    /** How many characters there are so far. */
    int length() {
        return text.length();
    }

    @Override
    public String toString() {
        return text.toString();
    }

    private void separate() {
        if (!first) {
            text.append(',');
        }
        first = false;
    }

    private void quote(String value) {
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            char character = value.charAt(i);
            switch (character) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                default -> {
                    if (character < ' ' || Character.isSurrogate(character) && !isPaired(value, i)) {
                        text.append(String.format(Locale.ROOT, "\\u%04x", (int) character));
                    } else {
                        text.append(character);
                    }
                }
            }
        }
        text.append('"');
    }

    private static boolean isPaired(String value, int at) {
        return Character.isHighSurrogate(value.charAt(at))
                ? at + 1 < value.length() && Character.isLowSurrogate(value.charAt(at + 1))
                : at > 0 && Character.isHighSurrogate(value.charAt(at - 1));
    }
}
