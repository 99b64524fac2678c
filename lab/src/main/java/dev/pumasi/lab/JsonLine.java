package dev.pumasi.lab;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An object of JSON (RFC 8259), as the programs that a lab runs say it in a line. A number that is {@code null} there is NaN here. What is
 * not as expected is a {@link LabException} that shows the line.
 */
final class JsonLine {

    private static final int DEPTH_MAX = 50;

    private final String source;
    private final Map<String, Object> fields;

    private JsonLine(String source, Map<String, Object> fields) {
        this.source = source;
        this.fields = fields;
    }

    static JsonLine of(String line) throws LabException {
        try {
            Reader reader = new Reader(line);
            Object value = reader.value(0);
            reader.end();
            return object(line, value);
        } catch (IllegalArgumentException | IndexOutOfBoundsException malformed) {
            throw new LabException("this line is no JSON: " + line, malformed);
        }
    }

    @SuppressWarnings("unchecked") // the reader makes no other maps
    private static JsonLine object(String source, Object value) {
        if (!(value instanceof Map<?, ?> map)) {
            throw new IllegalArgumentException("no object");
        }
        return new JsonLine(source, (Map<String, Object>) map);
    }

    boolean has(String name) {
        return fields.containsKey(name);
    }

    String text(String name) throws LabException {
        return field(name, String.class);
    }

    double number(String name) throws LabException {
        return field(name, Double.class);
    }

    boolean flag(String name) throws LabException {
        return field(name, Boolean.class);
    }

    List<JsonLine> objects(String name) throws LabException {
        List<JsonLine> objects = new ArrayList<>();
        for (Object each : field(name, List.class)) {
            try {
                objects.add(object(source, each));
            } catch (IllegalArgumentException other) {
                throw wrong(name);
            }
        }
        return objects;
    }

    private <T> T field(String name, Class<T> type) throws LabException {
        Object value = fields.get(name);
        if (!type.isInstance(value)) {
            throw wrong(name);
        }
        return type.cast(value);
    }

    private LabException wrong(String name) {
        return new LabException("the field " + name + " is missing, or is something else, in: " + source);
    }

    @Override
    public String toString() {
        return source;
    }

    /** Reads a text from its beginning to its end. */
    private static final class Reader {

        private final String text;
        private int at;

        Reader(String text) {
            this.text = text;
        }

        Object value(int depth) {
            if (depth > DEPTH_MAX) {
                throw new IllegalArgumentException("too deep");
            }
            space();
            return switch (text.charAt(at)) {
                case '{' -> object(depth);
                case '[' -> array(depth);
                case '"' -> string();
                case 't' -> word("true", true);
                case 'f' -> word("false", false);
                case 'n' -> word("null", Double.NaN);
                default -> number();
            };
        }

        void end() {
            space();
            if (at != text.length()) {
                throw new IllegalArgumentException("more behind it");
            }
        }

        private Map<String, Object> object(int depth) {
            Map<String, Object> map = new LinkedHashMap<>();
            at++;
            space();
            while (text.charAt(at) != '}') {
                space();
                String name = string();
                space();
                expect(':');
                map.put(name, value(depth + 1));
                separator('}');
            }
            at++;
            return map;
        }

        private List<Object> array(int depth) {
            List<Object> list = new ArrayList<>();
            at++;
            space();
            while (text.charAt(at) != ']') {
                list.add(value(depth + 1));
                separator(']');
            }
            at++;
            return list;
        }

        private void separator(char end) {
            space();
            if (text.charAt(at) != end) {
                expect(',');
                space();
                if (text.charAt(at) == end) {
                    throw new IllegalArgumentException("a comma too many");
                }
            }
        }

        private String string() {
            expect('"');
            StringBuilder string = new StringBuilder();
            while (text.charAt(at) != '"') {
                char character = text.charAt(at++);
                string.append(character == '\\' ? escaped() : character);
            }
            at++;
            return string.toString();
        }

        private char escaped() {
            char character = text.charAt(at++);
            return switch (character) {
                case '"', '\\', '/' -> character;
                case 'n' -> '\n';
                case 't' -> '\t';
                case 'r' -> '\r';
                case 'b' -> '\b';
                case 'f' -> '\f';
                case 'u' -> {
                    at += 4;
                    yield (char) Integer.parseInt(text.substring(at - 4, at), 16);
                }
                default -> throw new IllegalArgumentException("no such escape");
            };
        }

        private Object word(String word, Object value) {
            if (!text.startsWith(word, at)) {
                throw new IllegalArgumentException("no value");
            }
            at += word.length();
            return value;
        }

        private Double number() {
            int from = at;
            while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
            return Double.valueOf(text.substring(from, at)); // NumberFormatException is an IllegalArgumentException
        }

        private void expect(char character) {
            if (text.charAt(at) != character) {
                throw new IllegalArgumentException("expected " + character);
            }
            at++;
        }

        private void space() {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
        }
    }
}
