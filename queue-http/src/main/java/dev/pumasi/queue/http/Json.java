package dev.pumasi.queue.http;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON (RFC 8259), as much of it as messages need: values to text on one line, and text to values. Objects are maps in their
 * order, arrays lists, numbers {@link BigDecimal}s; a name that stands twice is refused, because two readers would not agree.
 */
final class Json {

    /** A text nested deeper than that is meant to exhaust somebody's stack. */
    private static final int DEPTH_MAX = 32;

    private static final int NUMBER_CHARACTERS_MAX = 32;

    private final String text;
    private int at;
    private int depth;

    private Json(String text) {
        this.text = text;
    }

    // ------------------------------------------------------------------------------------------- writing

    /** A value as text: of maps, lists, strings, numbers, booleans and null; anything else by its own text, as a string. */
    static String text(@Nullable Object value) {
        StringBuilder out = new StringBuilder();
        write(value, out);
        return out.toString();
    }

    private static void write(@Nullable Object value, StringBuilder out) {
        switch (value) {
            case null -> out.append("null");
            case Map<?, ?> map -> {
                out.append('{');
                String between = "";
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    out.append(between);
                    quote(String.valueOf(entry.getKey()), out);
                    out.append(':');
                    write(entry.getValue(), out);
                    between = ",";
                }
                out.append('}');
            }
            case List<?> list -> {
                out.append('[');
                String between = "";
                for (Object each : list) {
                    out.append(between);
                    write(each, out);
                    between = ",";
                }
                out.append(']');
            }
            case Number number -> out.append(number);
            case Boolean flag -> out.append(flag);
            default -> quote(String.valueOf(value), out);
        }
    }

    private static void quote(String value, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < value.length(); i++) {
            char character = value.charAt(i);
            switch (character) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (character < ' ' || character == 0x7f || isAlone(value, i)) {
                        out.append(String.format("\\u%04x", (int) character));
                    } else {
                        out.append(character);
                    }
                }
            }
        }
        out.append('"');
    }

    /** Half a pair of surrogates has no form in UTF-8. */
    private static boolean isAlone(String value, int at) {
        char character = value.charAt(at);
        if (Character.isHighSurrogate(character)) {
            return at + 1 >= value.length() || !Character.isLowSurrogate(value.charAt(at + 1));
        }
        return Character.isLowSurrogate(character) && (at == 0 || !Character.isHighSurrogate(value.charAt(at - 1)));
    }

    // ------------------------------------------------------------------------------------------- reading

    /**
     * What the text says.
     *
     * @throws IllegalArgumentException if that is no JSON: what was expected, and where
     */
    static @Nullable Object parse(String text) {
        Json json = new Json(text);
        Object value = json.value();
        json.blanks();
        if (json.at != text.length()) {
            throw json.wrong("nothing more");
        }
        return value;
    }

    /** As {@link #parse}, of an object. */
    static Map<String, @Nullable Object> object(String text) {
        Json json = new Json(text);
        json.blanks();
        if (json.peek() != '{') {
            throw json.wrong("an object");
        }
        Map<String, @Nullable Object> object = json.members();
        json.blanks();
        if (json.at != text.length()) {
            throw json.wrong("nothing more");
        }
        return object;
    }

    private @Nullable Object value() {
        blanks();
        return switch (peek()) {
            case '{' -> members();
            case '[' -> elements();
            case '"' -> string();
            case 't' -> word("true", true);
            case 'f' -> word("false", false);
            case 'n' -> word("null", null);
            default -> number();
        };
    }

    private Map<String, @Nullable Object> members() {
        deeper();
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        at++;
        if (!next('}')) {
            do {
                blanks();
                if (peek() != '"') {
                    throw wrong("a name");
                }
                String name = string();
                require(':');
                if (object.containsKey(name)) {
                    throw wrong("each name once, and " + name + " is there twice");
                }
                object.put(name, value());
            } while (next(','));
            require('}');
        }
        depth--;
        return object;
    }

    private List<@Nullable Object> elements() {
        deeper();
        List<@Nullable Object> array = new ArrayList<>();
        at++;
        if (!next(']')) {
            do {
                array.add(value());
            } while (next(','));
            require(']');
        }
        depth--;
        return array;
    }

    private void deeper() {
        depth++;
        if (depth > DEPTH_MAX) {
            throw wrong("no more than " + DEPTH_MAX + " levels");
        }
    }

    private String string() {
        StringBuilder string = new StringBuilder();
        at++;
        while (peek() != '"') {
            char character = text.charAt(at++);
            if (character < ' ') {
                throw wrong("no control character within a string");
            }
            string.append(character == '\\' ? escaped() : character);
        }
        at++;
        return string.toString();
    }

    private char escaped() {
        char escape = peek();
        at++;
        return switch (escape) {
            case '"', '\\', '/' -> escape;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> {
                int value = 0;
                for (int i = 0; i < 4; i++) {
                    int digit = Character.digit(peek(), 16);
                    if (digit < 0 || peek() > 'f') {
                        throw wrong("four hexadecimal digits");
                    }
                    value = value * 16 + digit;
                    at++;
                }
                yield (char) value;
            }
            default -> throw wrong("an escape that JSON has");
        };
    }

    private BigDecimal number() {
        int from = at;
        while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        String number = text.substring(from, at);
        if (number.length() > NUMBER_CHARACTERS_MAX
                || !number.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")) {
            at = from;
            throw wrong("a value");
        }
        return new BigDecimal(number);
    }

    private @Nullable Object word(String word, @Nullable Object meaning) {
        if (!text.startsWith(word, at)) {
            throw wrong("a value");
        }
        at += word.length();
        return meaning;
    }

    private boolean next(char wanted) {
        blanks();
        boolean there = at < text.length() && text.charAt(at) == wanted;
        at += there ? 1 : 0;
        return there;
    }

    private void require(char wanted) {
        if (!next(wanted)) {
            throw wrong("'" + wanted + "'");
        }
    }

    /** The next character, which must be there. */
    private char peek() {
        if (at >= text.length()) {
            throw wrong("more");
        }
        return text.charAt(at);
    }

    private void blanks() {
        while (at < text.length() && " \n\r\t".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private IllegalArgumentException wrong(String expected) {
        return new IllegalArgumentException(
                "that is no JSON: expected " + expected + " at character " + Math.min(at, text.length()));
    }
}
