package dev.pumasi.web;

import dev.pumasi.http.MediaType;
import dev.pumasi.http.Response;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * {@code charset} and {@code charset_types}: which character set answers are said to be in that do not say it themselves, whoever has
 * made them. Nothing is converted.
 *
 * @param isSaid whether the configuration says anything of it
 * @param name the set; empty for none
 * @param types media types in lower case, without parameters; an asterisk for all
 */
record Charset(boolean isSaid, String name, Set<String> types) {

    /** Nginx's own, and what JavaScript is called by RFC 9239. */
    static final Set<String> TYPES_DEFAULT = Set.of(
            "text/html",
            "text/xml",
            "text/plain",
            "text/vnd.wap.wml",
            "text/javascript",
            "application/javascript",
            "application/rss+xml");

    /** Always among them. */
    static final String HTML = "text/html";

    static final Charset NONE = new Charset(false, "", TYPES_DEFAULT);

    private static final String PARAMETER = "charset=";

    /** The type as it is to be sent. */
    MediaType on(MediaType type) {
        String other = on(type.name());
        return other.isEmpty() ? type : MediaType.of(other);
    }

    /** The answer as it is to be sent. As in nginx, redirects stay as they are. */
    Response on(Response response) {
        if (name.isEmpty() || response.status() == 304 || Redirects.isOne(response.status())) {
            return response;
        }
        Optional<MediaType> type = response.type();
        String other = on(
                type.isPresent()
                        ? type.get().name()
                        : response.header("Content-Type").orElse(""));
        return other.isEmpty() ? response : response.withType(MediaType.of(other));
    }

    /** Empty if it stays as it is. */
    private String on(String type) {
        int end = type.indexOf(';');
        if (name.isEmpty() || end >= 0 && type.toLowerCase(Locale.ROOT).indexOf(PARAMETER, end) >= 0) {
            return "";
        }
        String bare = (end < 0 ? type : type.substring(0, end)).strip().toLowerCase(Locale.ROOT);
        boolean isOne = !bare.isEmpty() && (types.contains(bare) || types.contains("*"));
        return isOne ? type + "; " + PARAMETER + name : "";
    }
}
