package dev.pumasi.web;

import dev.pumasi.http.Field;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Reads what a script or a FastCGI application says before the body: field lines up to an empty one (RFC 3875 section 6.3). Lines
 * end with a line feed, with a carriage return before it or not. Script authors are many and careful ones few, so what is wrong is
 * said in words for the log; the client only learns that there is no answer.
 *
 * <p>The names that frame a message on its way to the client are the server's (section 6.3.4), and are left out; a
 * Transfer-Encoding is refused, because the body behind it is not what it seems.
 */
final class CgiHeadReader {

    /** All lines together. */
    static final int BYTES_MAX = 32 * 1024;

    static final int FIELDS_MAX = 100;

    private static final Set<String> SERVERS_OWN =
            Set.of("connection", "content-length", "date", "keep-alive", "server", "status", "trailer", "upgrade");

    /** Of which a script may say each once (section 6.3). */
    private static final Set<String> ONCE = Set.of("content-type", "location", "status", "content-length");

    /** What was said is no head of an answer. */
    static final class MalformedException extends Exception {

        private static final long serialVersionUID = 1L;

        MalformedException(String what) {
            super(what);
        }
    }

    private final boolean parsed;
    private byte[] bytes = new byte[512];
    private int size;
    private int lineStart;

    /** @param parsed false for a script that writes a whole HTTP answer, with its status line ({@code nph-}, section 5) */
    CgiHeadReader(boolean parsed) {
        this.parsed = parsed;
    }

    /** Whether nothing has come yet. */
    boolean isEmpty() {
        return size == 0;
    }

    /**
     * Takes what has come.
     *
     * @return where in {@code from} the body begins, or −1 if more of the head must come
     */
    int feed(byte[] from, int offset, int count) throws MalformedException {
        for (int i = offset; i < offset + count; i++) {
            if (size == BYTES_MAX) {
                throw new MalformedException("more than " + BYTES_MAX + " bytes before an empty line");
            }
            if (size == bytes.length) {
                bytes = java.util.Arrays.copyOf(bytes, Math.min(BYTES_MAX, 2 * size));
            }
            byte octet = from[i];
            bytes[size++] = octet;
            if (octet == '\n') {
                int end = size - 1;
                if (end > lineStart && bytes[end - 1] == '\r') {
                    end--;
                }
                if (end == lineStart) {
                    return i + 1;
                }
                lineStart = size;
            }
        }
        return -1;
    }

    /** What was said, once {@link #feed} has found the end. */
    CgiHead head() throws MalformedException {
        // The last line is the empty one; split leaves it out.
        String[] lines = new String(bytes, 0, size, StandardCharsets.ISO_8859_1).split("\r?\n");
        int status = 0;
        int first = 0;
        if (!parsed) {
            status = statusOfLine(lines.length == 0 ? "" : lines[0]);
            first = 1;
        }
        if (lines.length - first > FIELDS_MAX) {
            throw new MalformedException("more than " + FIELDS_MAX + " fields");
        }
        List<Field> fields = new ArrayList<>();
        Set<String> once = new HashSet<>();
        String location = "";
        long length = -1;
        for (int i = first; i < lines.length; i++) {
            Field field = field(lines[i]);
            String name = field.name().toLowerCase(Locale.ROOT);
            if (ONCE.contains(name) && !once.add(name)) {
                throw new MalformedException("two fields " + field.name());
            }
            switch (name) {
                case "status" -> {
                    if (parsed) {
                        status = status(field.value());
                    }
                }
                case "location" -> location = field.value();
                case "content-length" -> length = length(field.value());
                case "transfer-encoding" ->
                    throw new MalformedException("a Transfer-Encoding: how the body travels is the server's business");
                default -> {}
            }
            if (!SERVERS_OWN.contains(name) && !name.startsWith("x-cgi-")) {
                fields.add(field);
            }
        }
        boolean typed = once.contains("content-type");
        if (location.isEmpty()) {
            if (parsed && status == 0 && !typed) {
                throw new MalformedException("neither Content-Type nor Location nor Status");
            }
            return new CgiHead(status == 0 ? 200 : status, fields, length, "", typed);
        }
        if (status == 0 && location.startsWith("/")) {
            return new CgiHead(302, List.of(), -1, location, typed);
        }
        if (status == 0 && !hasScheme(location)) {
            throw new MalformedException("a Location that is neither a path from the root nor a URI: " + location);
        }
        return new CgiHead(status == 0 ? 302 : status, fields, length, "", typed);
    }

    private static Field field(String line) throws MalformedException {
        int colon = line.indexOf(':');
        try {
            if (colon > 0) {
                return new Field(line.substring(0, colon), withoutBlanks(line.substring(colon + 1)));
            }
        } catch (IllegalArgumentException malformed) {
            throw new MalformedException(String.valueOf(malformed.getMessage()));
        }
        throw new MalformedException("a line that is no field: " + Printable.of(line));
    }

    private static String withoutBlanks(String value) {
        int from = 0;
        int to = value.length();
        while (from < to && (value.charAt(from) == ' ' || value.charAt(from) == '\t')) {
            from++;
        }
        while (to > from && (value.charAt(to - 1) == ' ' || value.charAt(to - 1) == '\t')) {
            to--;
        }
        return value.substring(from, to);
    }

    /** Three digits, and a reason behind a blank or none. */
    private static int status(String value) throws MalformedException {
        boolean right = value.length() >= 3 && (value.length() == 3 || value.charAt(3) == ' ');
        for (int i = 0; right && i < 3; i++) {
            right = value.charAt(i) >= '0' && value.charAt(i) <= '9';
        }
        int status = right ? Integer.parseInt(value.substring(0, 3)) : 0;
        if (status < 200 || status > 599) {
            throw new MalformedException("a Status that is none from 200 to 599: " + Printable.of(value));
        }
        return status;
    }

    private static int statusOfLine(String line) throws MalformedException {
        if (!line.startsWith("HTTP/1.") || line.length() < 12 || line.charAt(8) != ' ') {
            throw new MalformedException("a first line that is no status line of HTTP/1: " + Printable.of(line));
        }
        return status(line.substring(9));
    }

    private static long length(String value) throws MalformedException {
        boolean right =
                !value.isEmpty() && value.length() <= 18 && value.chars().allMatch(c -> c >= '0' && c <= '9');
        if (!right) {
            throw new MalformedException("a Content-Length that is no number: " + Printable.of(value));
        }
        return Long.parseLong(value);
    }

    private static boolean hasScheme(String location) {
        int colon = location.indexOf(':');
        return colon > 0
                && location.substring(0, colon)
                        .chars()
                        .allMatch(c -> Character.isLetterOrDigit(c) || c == '+' || c == '-' || c == '.');
    }
}
