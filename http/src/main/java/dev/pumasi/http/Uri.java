package dev.pumasi.http;

import java.util.Locale;
import java.util.Optional;

/**
 * A URI of {@code http}, taken apart as far as a client needs it (RFC 3986 section 3, RFC 9110 section 4.2.1), and references
 * to others, as a Location field has them.
 *
 * @param target path and query
 */
record Uri(Origin origin, String target) {

    private static final String SCHEME = "http://";

    /** Fails with {@link IllegalArgumentException} unless it is one. */
    static Uri parse(String text) {
        if (text.length() < SCHEME.length()
                || !text.substring(0, SCHEME.length()).equalsIgnoreCase(SCHEME)) {
            throw new IllegalArgumentException("not a URI that begins with http:// : " + Field.visible(text));
        }
        int from = SCHEME.length();
        int end = from;
        while (end < text.length() && "/?#".indexOf(text.charAt(end)) < 0) {
            end++;
        }
        String authority = text.substring(from, end);
        if (authority.indexOf('@') >= 0) {
            throw new IllegalArgumentException("a URI with a user in it is not sent: set the field Authorization");
        }
        int fragment = text.indexOf('#', end);
        String rest = text.substring(end, fragment < 0 ? text.length() : fragment);
        return new Uri(Origin.of(authority), checkTarget("GET", rest.startsWith("/") ? rest : "/" + rest));
    }

    /** The target, if it can stand in a request line; fails with {@link IllegalArgumentException} if not. */
    static String checkTarget(String method, String target) {
        boolean right = target.startsWith("/") || target.equals("*") && method.equals("OPTIONS");
        for (int i = 0; right && i < target.length(); i++) {
            char c = target.charAt(i);
            right = c < 0x80 && (Octets.is(Octets.QUERY, (byte) c) || c == '%');
        }
        if (!right) {
            throw new IllegalArgumentException("not a path with a query, percent-encoded: " + Field.visible(target));
        }
        return target;
    }

    /** What {@code reference} means here (RFC 3986 section 5.2); empty if this client cannot go there. */
    Optional<Uri> resolve(String reference) {
        int fragment = reference.indexOf('#');
        String text = fragment < 0 ? reference : reference.substring(0, fragment);
        try {
            if (text.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
                return Optional.of(here(parse(text)));
            }
            if (hasScheme(text)) {
                return Optional.empty();
            }
            if (text.startsWith("//")) {
                return Optional.of(here(parse("http:" + text)));
            }
            return Optional.of(new Uri(origin, checkTarget("GET", relative(text))));
        } catch (IllegalArgumentException malformed) {
            return Optional.empty();
        }
    }

    /** Who names our own host and port means us, wherever we are connected to. */
    private Uri here(Uri named) {
        return named.origin.authority().equals(origin.authority()) ? new Uri(origin, named.target) : named;
    }

    private static boolean hasScheme(String text) {
        int colon = text.indexOf(':');
        String before = colon < 0 ? "/" : text.substring(0, colon).toLowerCase(Locale.ROOT);
        return !before.isEmpty()
                && before.chars().allMatch(c -> c >= 'a' && c <= 'z' || "0123456789+-.".indexOf(c) >= 0);
    }

    private String relative(String text) {
        if (text.isEmpty()) {
            return target;
        }
        int query = target.indexOf('?');
        String path = query < 0 ? target : target.substring(0, query);
        if (text.startsWith("?")) {
            return path + text;
        }
        int ownQuery = text.indexOf('?');
        String ownPath = ownQuery < 0 ? text : text.substring(0, ownQuery);
        String merged = ownPath.startsWith("/") ? ownPath : path.substring(0, path.lastIndexOf('/') + 1) + ownPath;
        return withoutDots(merged) + (ownQuery < 0 ? "" : text.substring(ownQuery));
    }

    /** RFC 3986 section 5.2.4. */
    private static String withoutDots(String path) {
        StringBuilder out = new StringBuilder(path.length());
        int from = 0;
        while (from < path.length()) {
            int next = path.indexOf('/', from + 1);
            int end = next < 0 ? path.length() : next;
            String segment = path.substring(from, end);
            boolean last = next < 0;
            if (segment.equals("/..")) {
                out.setLength(Math.max(0, out.lastIndexOf("/")));
                out.append(last ? "/" : "");
            } else if (segment.equals("/.")) {
                out.append(last ? "/" : "");
            } else {
                out.append(segment);
            }
            from = end;
        }
        return out.isEmpty() ? "/" : out.toString();
    }
}
