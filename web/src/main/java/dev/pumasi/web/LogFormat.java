package dev.pumasi.web;

import dev.pumasi.http.MediaType;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * {@code log_format}: how a line of an access log is written. Every variable of the configuration may stand in it, and some that are only
 * known when all is over.
 *
 * <p><b>What a stranger says stays within its place.</b> As nginx has it, quotation marks, backslashes, control characters and what is not
 * ASCII are written as {@code \xHH}; {@code escape=json} writes what may stand in a string of JSON. With {@code escape=none} nothing is escaped
 * but control characters, which here nobody may write into a log: one of them would end the line. A value is cut behind {@value
 * #VALUE_CHARS_MAX} characters.
 */
final class LogFormat {

    /** The most characters of one value. */
    static final int VALUE_CHARS_MAX = 8_192;

    /** How values are made harmless. */
    enum Escape {
        DEFAULT,
        JSON,
        NONE
    }

    /** What is known when an answer is over. */
    private interface Late {
        String of(Visit visit, AccessEntry entry);
    }

    /**
     * A piece of a line.
     *
     * @param octets whether its characters are bytes that came, and not text that was decoded
     * @param dashed whether nothing is written as a dash
     */
    private record Piece(Late value, boolean isPlain, boolean octets, boolean dashed) {}

    private static final Map<String, Late> LATE = late();

    /** These are not empty for lack of a value. */
    private static final Set<String> NEVER_ABSENT = Set.of("is_args", "https", "uri", "document_uri");

    private static final Set<String> OCTETS =
            Set.of("request", "request_uri", "args", "query_string", "http_host", "content_type", "remote_user");

    private static final String HEX = "0123456789ABCDEF";

    /** What is used where no other format is named. */
    static final String COMBINED = "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent"
            + " \"$http_referer\" \"$http_user_agent\"";

    private final List<Piece> pieces;
    private final Escape escape;

    private LogFormat(List<Piece> pieces, Escape escape) {
        this.pieces = List.copyOf(pieces);
        this.escape = escape;
    }

    private static Map<String, Late> late() {
        Map<String, Late> all = new TreeMap<>();
        all.put("status", (_, entry) -> Integer.toString(entry.response().status()));
        all.put("body_bytes_sent", (_, entry) -> Long.toString(entry.bodyBytes()));
        all.put(
                "bytes_sent",
                (_, entry) -> Long.toString(entry.bodyBytes() + entry.request().answerHeadBytes(entry.response())));
        all.put("request_completion", (_, entry) -> entry.complete() ? "OK" : "");
        all.put("request_time", (_, entry) -> Variables.milliseconds(entry.nanos() / 1_000_000));
        all.put(
                "time_local",
                (_, entry) -> AccessFormat.Second.at(entry.wallMillis()).local());
        all.put(
                "time_iso8601",
                (_, entry) -> AccessFormat.Second.at(entry.wallMillis()).iso());
        all.put("msec", (_, entry) -> Variables.milliseconds(entry.wallMillis()));
        all.put(
                "sent_http_content_type",
                (_, entry) -> entry.response()
                        .type()
                        .map(MediaType::name)
                        .orElseGet(() -> entry.response().header("Content-Type").orElse("")));
        return Map.copyOf(all);
    }

    /** @throws IllegalArgumentException if it names what does not exist; the message says what */
    static LogFormat parse(String text, Escape escape, Variables variables) {
        List<Piece> pieces = new ArrayList<>();
        for (Template.Part part : Template.parts(text)) {
            String said = part.text();
            if (!part.isName()) {
                pieces.add(new Piece((_, _) -> said, true, false, false));
                continue;
            }
            boolean octets = OCTETS.contains(said)
                    || said.startsWith("http_")
                    || said.startsWith("sent_http_")
                    || said.startsWith("arg_")
                    || said.startsWith("cookie_");
            Late value = LATE.get(said);
            if (value == null && said.startsWith("sent_http_") && said.length() > "sent_http_".length()) {
                String field = said.substring("sent_http_".length()).replace('_', '-');
                value = (_, entry) -> entry.response().header(field).orElse("");
            }
            if (value == null) {
                Variable variable = variables.find(said);
                value = (visit, _) -> variable.of(visit);
            }
            pieces.add(new Piece(value, false, octets, !NEVER_ABSENT.contains(said) && !variables.isOwn(said)));
        }
        return new LogFormat(pieces, escape);
    }

    /** A line with its end. */
    byte[] line(Visit visit, AccessEntry entry) {
        ByteArrayOutputStream line = new ByteArrayOutputStream(256);
        for (Piece piece : pieces) {
            String value = piece.value.of(visit, entry);
            if (piece.isPlain) {
                line.writeBytes(value.getBytes(StandardCharsets.UTF_8));
            } else if (value.isEmpty()) {
                if (escape == Escape.DEFAULT && piece.dashed) {
                    line.write('-');
                }
            } else {
                String shown = value.length() > VALUE_CHARS_MAX ? value.substring(0, VALUE_CHARS_MAX) : value;
                escape(shown.getBytes(piece.octets ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8), line);
            }
        }
        line.write('\n');
        return line.toByteArray();
    }

    private void escape(byte[] octets, ByteArrayOutputStream line) {
        for (byte octet : octets) {
            boolean control = octet >= 0 && octet < 0x20;
            boolean mark = octet == '"' || octet == '\\';
            switch (escape) {
                case DEFAULT -> {
                    if (control || mark || octet < 0 || octet == 0x7f) {
                        hex("\\x", octet, line);
                    } else {
                        line.write(octet);
                    }
                }
                case JSON -> {
                    if (mark) {
                        line.write('\\');
                        line.write(octet);
                    } else if (control) {
                        json(octet, line);
                    } else {
                        line.write(octet);
                    }
                }
                case NONE -> {
                    if (control) {
                        hex("\\x", octet, line);
                    } else {
                        line.write(octet);
                    }
                }
            }
        }
    }

    private static void json(byte octet, ByteArrayOutputStream line) {
        int known = "\n\r\t\b\f".indexOf(octet);
        if (known >= 0) {
            line.write('\\');
            line.write("nrtbf".charAt(known));
        } else {
            hex("\\u00", octet, line);
        }
    }

    private static void hex(String before, byte octet, ByteArrayOutputStream line) {
        line.writeBytes(before.getBytes(StandardCharsets.US_ASCII));
        line.write(HEX.charAt(octet >> 4 & 15));
        line.write(HEX.charAt(octet & 15));
    }

    @Override
    public String toString() {
        return pieces.size() + " pieces, escaped as " + escape.name().toLowerCase(Locale.ROOT);
    }
}
