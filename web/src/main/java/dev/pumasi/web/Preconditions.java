package dev.pumasi.web;

import dev.pumasi.http.Request;
import java.util.OptionalLong;

/**
 * A request's conditions on the version a client has, in the order of RFC 9110 section 13.2.2, for GET and HEAD. A date
 * that is none is ignored.
 *
 * @param entityTag of the current version
 * @param modifiedSecond of the current version
 * @param isStrong whether the date is as good as a strong entity tag (section 8.8.2.2)
 */
record Preconditions(String entityTag, long modifiedSecond, boolean isStrong, long nowSecond) {

    enum Verdict {
        PROCEED,
        NOT_MODIFIED,
        FAILED
    }

    Verdict of(Request request) {
        if (request.hasHeader("If-Match")) {
            if (!lists(request, "If-Match", true)) {
                return Verdict.FAILED;
            }
        } else {
            OptionalLong since = date(request, "If-Unmodified-Since");
            if (since.isPresent() && modifiedSecond > since.getAsLong()) {
                return Verdict.FAILED;
            }
        }
        if (request.hasHeader("If-None-Match")) {
            return lists(request, "If-None-Match", false) ? Verdict.NOT_MODIFIED : Verdict.PROCEED;
        }
        OptionalLong since = date(request, "If-Modified-Since");
        return since.isPresent() && modifiedSecond <= since.getAsLong() ? Verdict.NOT_MODIFIED : Verdict.PROCEED;
    }

    /** Whether a part may be sent: what the client has is of this very version, or it has not said what it has. */
    boolean allowRange(Request request) {
        if (!request.hasHeader("If-Range")) {
            return true;
        }
        String value = request.header("If-Range", "");
        if (value.startsWith("\"") || value.startsWith("W/")) {
            return matches(value, true);
        }
        OptionalLong date = date(request, "If-Range");
        return isStrong && date.isPresent() && date.getAsLong() == modifiedSecond;
    }

    private OptionalLong date(Request request, String name) {
        return request.hasHeader(name) ? HttpDate.parse(request.header(name, ""), nowSecond) : OptionalLong.empty();
    }

    private boolean lists(Request request, String name, boolean strongly) {
        for (String list : request.headers(name)) {
            if (list.equals("*") || listed(list, strongly)) {
                return true;
            }
        }
        return false;
    }

    /** {@code #entity-tag}; commas inside quotation marks separate nothing. What does not parse matches nothing. */
    private boolean listed(String list, boolean strongly) {
        int at = 0;
        while (at < list.length()) {
            char c = list.charAt(at);
            if (c == ' ' || c == '\t' || c == ',') {
                at++;
                continue;
            }
            int open = list.startsWith("W/", at) ? at + 2 : at;
            int close = open < list.length() && list.charAt(open) == '"' ? list.indexOf('"', open + 1) : -1;
            if (close < 0) {
                return false;
            }
            if (matches(list.substring(at, close + 1), strongly)) {
                return true;
            }
            at = close + 1;
        }
        return false;
    }

    /** Section 8.8.3.2: strongly, neither may be weak; weakly, it makes no difference. */
    private boolean matches(String tag, boolean strongly) {
        if (strongly) {
            return !tag.startsWith("W/") && tag.equals(entityTag);
        }
        return opaque(tag).equals(opaque(entityTag));
    }

    private static String opaque(String tag) {
        return tag.startsWith("W/") ? tag.substring(2) : tag;
    }
}
