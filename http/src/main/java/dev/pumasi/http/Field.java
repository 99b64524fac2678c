package dev.pumasi.http;

import java.util.Locale;
import java.util.Set;

/**
 * A field of a message: a name, of which the case has no meaning, and a value (RFC 9110 section 5).
 *
 * @param name a token
 * @param value one character for each byte, without line ends, control characters, or blanks at either end
 */
public record Field(String name, String value) {

    /** Framing, routing, request modifiers, authentication, content: RFC 9110 section 6.5.1. */
    private static final Set<String> FORBIDDEN_IN_TRAILERS = Set.of(
            "authorization",
            "cache-control",
            "connection",
            "content-encoding",
            "content-length",
            "content-range",
            "content-type",
            "cookie",
            "expect",
            "host",
            "if-match",
            "if-modified-since",
            "if-none-match",
            "if-range",
            "if-unmodified-since",
            "keep-alive",
            "max-forwards",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-connection",
            "range",
            "set-cookie",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "www-authenticate");

    /** Fails with {@link IllegalArgumentException} if the name or the value could not be sent as it is. */
    public Field {
        if (!Octets.all(Octets.TOKEN, name)) {
            throw new IllegalArgumentException("not a field name: " + visible(name));
        }
        if (!value.isEmpty() && !Octets.all(Octets.VALUE, value)) {
            throw new IllegalArgumentException("not a value for the field " + name + ": " + visible(value));
        }
        if (!value.equals(withoutBlanks(value))) {
            throw new IllegalArgumentException(
                    "the value for the field " + name + " begins or ends with a blank: " + visible(value));
        }
    }

    static boolean isForbiddenInTrailers(String name) {
        return FORBIDDEN_IN_TRAILERS.contains(name.toLowerCase(Locale.ROOT));
    }

    /** Only spaces and tabs are blanks: other characters below the space are not allowed in the first place. */
    static String withoutBlanks(String value) {
        int from = 0;
        int to = value.length();
        while (to > from && isBlank(value.charAt(to - 1))) {
            to--;
        }
        while (from < to && isBlank(value.charAt(from))) {
            from++;
        }
        return value.substring(from, to);
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t';
    }

    /** In quotation marks, with control characters made visible: it may end up in a log. */
    static String visible(String text) {
        StringBuilder visible = new StringBuilder("\"");
        for (int i = 0; i < Math.min(text.length(), 100); i++) {
            char c = text.charAt(i);
            if (c < 0x20 || c >= 0x7f) {
                visible.append(String.format("\\u%04x", (int) c));
            } else {
                visible.append(c);
            }
        }
        return visible.append('"').toString();
    }
}
