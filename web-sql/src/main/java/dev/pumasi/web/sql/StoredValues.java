package dev.pumasi.web.sql;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A session's values as text that every database keeps as it is: a line {@code name=value} for each, in order. A backslash with four
 * hexadecimal digits stands for what means something there, for control characters, and for half a character, of which no database
 * would keep both bytes.
 */
final class StoredValues {

    private static final int DIGITS = 4;

    private StoredValues() {}

    static String write(Map<String, String> values) {
        StringBuilder text = new StringBuilder();
        values.forEach((name, value) -> {
            escape(name, text);
            text.append('=');
            escape(value, text);
            text.append('\n');
        });
        return text.toString();
    }

    private static void escape(String word, StringBuilder to) {
        for (int i = 0; i < word.length(); i++) {
            char c = word.charAt(i);
            if (Character.isHighSurrogate(c) && i + 1 < word.length() && Character.isLowSurrogate(word.charAt(i + 1))) {
                to.append(c).append(word.charAt(++i));
            } else if (c < ' ' || c == '\\' || c == '=' || Character.isSurrogate(c)) {
                String digits = Integer.toHexString(c);
                to.append('\\').append("0".repeat(DIGITS - digits.length())).append(digits);
            } else {
                to.append(c);
            }
        }
    }

    /** @throws IOException if it was not written here */
    static Map<String, String> read(String text) throws IOException {
        Map<String, String> values = new LinkedHashMap<>();
        for (int at = 0; at < text.length(); ) {
            int end = text.indexOf('\n', at);
            int equals = text.indexOf('=', at);
            if (end < 0 || equals < 0 || equals > end) {
                throw new IOException(
                        "a session in the table " + SqlSessions.TABLE + " has a line that is none; delete its row");
            }
            values.put(unescape(text.substring(at, equals)), unescape(text.substring(equals + 1, end)));
            at = end + 1;
        }
        return values;
    }

    private static String unescape(String word) throws IOException {
        StringBuilder plain = new StringBuilder(word.length());
        for (int i = 0; i < word.length(); i++) {
            char c = word.charAt(i);
            if (c != '\\') {
                plain.append(c);
                continue;
            }
            try {
                plain.append((char) Integer.parseInt(word, i + 1, i + 1 + DIGITS, 16));
            } catch (IndexOutOfBoundsException | NumberFormatException broken) {
                throw new IOException(
                        "a session in the table " + SqlSessions.TABLE + " has a value that is none; delete its row",
                        broken);
            }
            i += DIGITS;
        }
        return plain.toString();
    }
}
