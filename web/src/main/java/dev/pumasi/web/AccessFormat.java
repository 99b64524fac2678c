package dev.pumasi.web;

import dev.pumasi.http.Request;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;

/**
 * How a line of an access log is written. Text with variables, by the names that nginx gives them: {@code $remote_addr},
 * {@code $remote_user}, {@code $time_local}, {@code $time_iso8601}, {@code $msec}, {@code $request}, {@code $request_method}, {@code
 * $request_uri}, {@code $uri}, {@code $args}, {@code $host}, {@code $server_protocol}, {@code $status}, {@code $body_bytes_sent}, {@code $request_time}, {@code
 * $request_completion}, {@code $http_NAME} (a field of the request) and {@code $sent_http_NAME} (one of the answer); {@code ${name}}
 * where letters follow.
 *
 * <p><b>What a stranger says stays within its place.</b> Control characters, quotation marks, backslashes and what is not ASCII are written as {@code
 * \xHH}, and as JSON has it there: nobody makes a line end, or a field, of his own. A value of more than {@value #VALUE_CHARS_MAX} characters is cut.
 *
 * <p>Immutable; any thread.
 */
public final class AccessFormat {

    static final int VALUE_CHARS_MAX = 1024;

    private static final DateTimeFormatter LOCAL = DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss Z", Locale.ROOT);
    private static final DateTimeFormatter ISO = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ssxxx", Locale.ROOT);

    /** Formatting a date costs more than all the rest of a line; there is one for each second. */
    record Second(long second, String local, String iso) {

        private static final AtomicReference<Second> LAST = new AtomicReference<>(of(0));

        static Second of(long second) {
            ZonedDateTime time = Instant.ofEpochSecond(second).atZone(ZoneId.systemDefault());
            return new Second(second, LOCAL.format(time), ISO.format(time));
        }

        static Second at(long wallMillis) {
            long second = Math.floorDiv(wallMillis, 1000L);
            Second last = LAST.get();
            if (last.second == second) {
                return last;
            }
            Second made = of(second);
            LAST.lazySet(made); // whoever sees the old one makes the same
            return made;
        }
    }

    /** A piece of a line. */
    private interface Piece {
        void append(AccessEntry entry, boolean json, StringBuilder line);
    }

    private static final Map<String, Piece> VARIABLES = new TreeMap<>();

    static {
        VARIABLES.put(
                "remote_addr",
                (entry, json, line) ->
                        line.append(CgiVariables.address(entry.request().remoteAddress())));
        VARIABLES.put("remote_user", (entry, json, line) -> line.append('-'));
        VARIABLES.put("time_local", (entry, json, line) -> line.append(Second.at(entry.wallMillis()).local));
        VARIABLES.put("time_iso8601", (entry, json, line) -> line.append(Second.at(entry.wallMillis()).iso));
        VARIABLES.put("msec", (entry, json, line) -> thousandths(entry.wallMillis(), line));
        VARIABLES.put("request_time", (entry, json, line) -> thousandths(entry.nanos() / 1_000_000, line));
        VARIABLES.put(
                "status", (entry, json, line) -> line.append(entry.response().status()));
        VARIABLES.put("body_bytes_sent", (entry, json, line) -> line.append(entry.bodyBytes()));
        VARIABLES.put("request_completion", (entry, json, line) -> line.append(entry.complete() ? "OK" : "-"));
        VARIABLES.put("request", (entry, json, line) -> {
            Request request = entry.request();
            escape(request.method(), json, line);
            line.append(' ');
            escape(request.target(), json, line);
            line.append(' ').append(request.version());
        });
        asked("request_method", Request::method);
        asked("request_uri", Request::target);
        asked("uri", Request::path);
        asked("args", Request::query);
        asked("host", Request::host);
        asked("server_protocol", Request::version);
    }

    private interface Question {
        String of(Request request);
    }

    private static void asked(String name, Question question) {
        VARIABLES.put(name, (entry, json, line) -> escape(question.of(entry.request()), json, line));
    }

    // Made of the variables, so behind them.

    /** The Common Log Format of the first web servers. */
    public static final AccessFormat COMMON =
            of("$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent");

    /** That, with Referer and User-Agent. */
    public static final AccessFormat COMBINED = of("$remote_addr - $remote_user [$time_local] \"$request\" $status"
            + " $body_bytes_sent \"$http_referer\" \"$http_user_agent\"");

    /** An object on each line. */
    public static final AccessFormat JSON = json(
            "time",
            "$time_iso8601",
            "address",
            "$remote_addr",
            "user",
            "$remote_user",
            "method",
            "$request_method",
            "target",
            "$request_uri",
            "protocol",
            "$server_protocol",
            "status",
            "$status",
            "bytes",
            "$body_bytes_sent",
            "seconds",
            "$request_time",
            "referer",
            "$http_referer",
            "agent",
            "$http_user_agent");

    private final List<Piece> pieces;
    private final boolean json;

    private AccessFormat(List<Piece> pieces, boolean json) {
        this.pieces = List.copyOf(pieces);
        this.json = json;
    }

    /**
     * Text with variables.
     *
     * @throws IllegalArgumentException if there is no such variable, or the text has a line end
     */
    public static AccessFormat of(String text) {
        return new AccessFormat(pieces(text), false);
    }

    /** An object with these names and values, which are text with variables: {@code json("address", "$remote_addr", …)}. */
    public static AccessFormat json(String... namesAndValues) {
        if (namesAndValues.length == 0 || namesAndValues.length % 2 != 0) {
            throw new IllegalArgumentException("a value for each name");
        }
        List<Piece> pieces = new ArrayList<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            StringBuilder name = new StringBuilder(i == 0 ? "{\"" : ",\"");
            escape(namesAndValues[i], true, name);
            String value = namesAndValues[i + 1];
            boolean number = List.of("$status", "$body_bytes_sent", "$request_time", "$msec")
                    .contains(value);
            String before = name + (number ? "\":" : "\":\"");
            pieces.add((entry, escaped, line) -> line.append(before));
            pieces.addAll(pieces(value));
            if (!number) {
                pieces.add((entry, escaped, line) -> line.append('"'));
            }
        }
        pieces.add((entry, escaped, line) -> line.append('}'));
        return new AccessFormat(pieces, true);
    }

    private static List<Piece> pieces(String text) {
        if (text.indexOf('\n') >= 0 || text.indexOf('\r') >= 0) {
            throw new IllegalArgumentException("a line of a log is one line");
        }
        List<Piece> pieces = new ArrayList<>();
        int from = 0;
        while (from < text.length()) {
            int dollar = text.indexOf('$', from);
            String plain = text.substring(from, dollar < 0 ? text.length() : dollar);
            if (!plain.isEmpty()) {
                pieces.add((entry, json, line) -> line.append(plain));
            }
            if (dollar < 0) {
                break;
            }
            boolean braced = text.startsWith("{", dollar + 1);
            int begin = dollar + (braced ? 2 : 1);
            int end = begin;
            while (end < text.length() && (Character.isLetterOrDigit(text.charAt(end)) || text.charAt(end) == '_')) {
                end++;
            }
            pieces.add(variable(text.substring(begin, end)));
            if (braced && !text.startsWith("}", end)) {
                throw new IllegalArgumentException("${" + text.substring(begin, end) + " has no end");
            }
            from = braced ? end + 1 : end;
        }
        return pieces;
    }

    private static Piece variable(String name) {
        Piece known = VARIABLES.get(name);
        if (known != null) {
            return known;
        }
        if (name.startsWith("http_") && name.length() > 5) {
            String field = name.substring(5).replace('_', '-');
            return (entry, json, line) -> orDash(entry.request().header(field, ""), json, line);
        }
        if (name.startsWith("sent_http_") && name.length() > 10) {
            String field = name.substring(10).replace('_', '-');
            return (entry, json, line) -> orDash(entry.response().header(field).orElse(""), json, line);
        }
        throw new IllegalArgumentException("no variable is called $" + name);
    }

    private static void orDash(String value, boolean json, StringBuilder line) {
        if (value.isEmpty()) {
            line.append('-');
        } else {
            escape(value, json, line);
        }
    }

    private static void thousandths(long count, StringBuilder line) {
        line.append(count / 1000).append('.');
        long rest = count % 1000;
        line.append((char) ('0' + rest / 100))
                .append((char) ('0' + rest / 10 % 10))
                .append((char) ('0' + rest % 10));
    }

    static void escape(String value, boolean json, StringBuilder line) {
        int shown = Math.min(value.length(), VALUE_CHARS_MAX);
        for (int i = 0; i < shown; i++) {
            char c = value.charAt(i);
            if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
                line.append(c);
            } else if (json) {
                line.append("\\u");
                hex(c >> 8, line);
                hex(c, line);
            } else if (c < 0x100) {
                hex(c, line.append("\\x"));
            } else { // of a decoded path: as its bytes
                for (byte octet : String.valueOf(c).getBytes(java.nio.charset.StandardCharsets.UTF_8)) {
                    hex(octet, line.append("\\x"));
                }
            }
        }
        if (value.length() > shown) {
            line.append("...");
        }
    }

    private static void hex(int octet, StringBuilder line) {
        line.append(Character.toUpperCase(Character.forDigit(octet >> 4 & 15, 16)))
                .append(Character.toUpperCase(Character.forDigit(octet & 15, 16)));
    }

    /** Appends a line, without its end. */
    public void append(AccessEntry entry, StringBuilder line) {
        for (Piece piece : pieces) {
            piece.append(entry, json, line);
        }
    }

    /** What is written where lines are missing. */
    String ofLost(long count, long wallMillis) {
        String time = Second.at(wallMillis).iso;
        return json
                ? "{\"time\":\"" + time + "\",\"lost\":" + count + "}"
                : "# " + time + " " + count + " lines are missing here: the log could not be written in time";
    }
}
