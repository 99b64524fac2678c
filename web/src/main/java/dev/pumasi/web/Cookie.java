package dev.pumasi.web;

import dev.pumasi.http.Field;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A cookie that a client is given (RFC 6265bis section 4.1). Unless told otherwise it is for the whole site, gone with the browser's
 * session, not to be read by scripts (HttpOnly), and not sent along where another site makes the request (SameSite=Lax). Immutable.
 *
 * <p>A name that begins with {@code __Host-} or {@code __Secure-} makes browsers insist on what that means, and so does this: such a cookie is Secure, and one of {@code
 * __Host-} has the path {@code /} and no domain.
 */
public final class Cookie {

    /** Name and value together; browsers keep no larger ones. */
    public static final int BYTES_MAX = 4096;

    /** So many cookies of a request are looked at. */
    public static final int COUNT_MAX = 100;

    /** Whether it is sent along where another site makes the request. */
    public enum SameSite {
        /** Never. */
        STRICT("Strict"),
        /** Where a link was followed. */
        LAX("Lax"),
        /** Always; only with {@link Cookie#secure}. */
        NONE("None");

        private final String word;

        SameSite(String word) {
            this.word = word;
        }
    }

    private final String name;
    private final String value;
    private final String path;
    private final String domain;
    private final @Nullable Duration maxAge;
    private final boolean secure;
    private final boolean httpOnly;
    private final SameSite sameSite;

    private Cookie(
            String name,
            String value,
            String path,
            String domain,
            @Nullable Duration maxAge,
            boolean secure,
            boolean httpOnly,
            SameSite sameSite) {
        this.name = name;
        this.value = value;
        this.path = path;
        this.domain = domain;
        this.maxAge = maxAge;
        this.secure = secure;
        this.httpOnly = httpOnly;
        this.sameSite = sameSite;
        boolean host = name.startsWith("__Host-");
        if (host && (!path.equals("/") || !domain.isEmpty())) {
            throw new IllegalArgumentException(name + " has the path / and no domain, as its name says");
        }
        if (sameSite == SameSite.NONE && !secure) {
            throw new IllegalArgumentException("a cookie that is sent along everywhere must be secure: " + name);
        }
    }

    /** Fails with {@link IllegalArgumentException} if these cannot be a cookie's name and value. */
    public static Cookie of(String name, String value) {
        Objects.requireNonNull(value, "value");
        new Field(name, ""); // a token
        if (!value.chars().allMatch(Cookie::isOctet)) {
            throw new IllegalArgumentException("not a value for the cookie " + name + ": encode it");
        }
        if (name.length() + value.length() > BYTES_MAX) {
            throw new IllegalArgumentException("more than " + BYTES_MAX + " bytes in the cookie " + name);
        }
        boolean prefixed = name.startsWith("__Host-") || name.startsWith("__Secure-");
        return new Cookie(name, value, "/", "", null, prefixed, true, SameSite.LAX);
    }

    /** {@code cookie-octet}: printable ASCII without blanks, quotation marks, commas, semicolons and backslashes. */
    private static boolean isOctet(int c) {
        return c > 0x20 && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
    }

    public String name() {
        return name;
    }

    public String value() {
        return value;
    }

    /** The same with another value. */
    public Cookie withValue(String other) {
        Cookie checked = of(name, other);
        return new Cookie(name, checked.value, path, domain, maxAge, secure, httpOnly, sameSite);
    }

    /** Only below this path. That protects nothing: other paths of the site can read what they like. */
    public Cookie path(String other) {
        if (!other.startsWith("/") || other.indexOf(';') >= 0) {
            throw new IllegalArgumentException("no path of a cookie: " + other);
        }
        return new Cookie(name, value, other, domain, maxAge, secure, httpOnly, sameSite);
    }

    /** For the hosts beneath this one as well. */
    public Cookie domain(String other) {
        if (!other.chars().allMatch(c -> isOctet(c) && c != '=')) {
            throw new IllegalArgumentException("no domain of a cookie: " + other);
        }
        return new Cookie(name, value, path, other, maxAge, secure, httpOnly, sameSite);
    }

    /** For so long, also when the browser is closed; zero deletes it. */
    public Cookie maxAge(Duration age) {
        return new Cookie(name, value, path, domain, Objects.requireNonNull(age, "age"), secure, httpOnly, sameSite);
    }

    /** Only over TLS. */
    public Cookie secure(boolean only) {
        boolean prefixed = name.startsWith("__Host-") || name.startsWith("__Secure-");
        return new Cookie(name, value, path, domain, maxAge, only || prefixed, httpOnly, sameSite);
    }

    /** Whether scripts in the page cannot read it. */
    public Cookie httpOnly(boolean hidden) {
        return new Cookie(name, value, path, domain, maxAge, secure, hidden, sameSite);
    }

    public Cookie sameSite(SameSite rule) {
        return new Cookie(name, value, path, domain, maxAge, secure, httpOnly, Objects.requireNonNull(rule, "rule"));
    }

    /** The response with this cookie, beside those that it gives already. */
    public Response on(Response response) {
        return response.withHeader("Set-Cookie", toString());
    }

    /** As Set-Cookie has it. */
    @Override
    public String toString() {
        StringBuilder line = new StringBuilder(name)
                .append('=')
                .append(value)
                .append("; Path=")
                .append(path);
        if (!domain.isEmpty()) {
            line.append("; Domain=").append(domain);
        }
        Duration age = maxAge;
        if (age != null) {
            line.append("; Max-Age=").append(Math.max(0, age.toSeconds()));
        }
        if (secure) {
            line.append("; Secure");
        }
        if (httpOnly) {
            line.append("; HttpOnly");
        }
        return line.append("; SameSite=").append(sameSite.word).toString();
    }

    // ------------------------------------------------------------------------------------------- what a client sends

    /** The value of the first cookie of that name that the client has sent. */
    public static Optional<String> in(Request request, String name) {
        return Optional.ofNullable(all(request).get(name));
    }

    /**
     * All that the client has sent, in their order, the first of each name; at most {@value #COUNT_MAX}. What is no cookie, or too large, is
     * left out: a stranger's cookie must not make a site unusable.
     */
    public static Map<String, String> all(Request request) {
        Map<String, String> all = new LinkedHashMap<>();
        int looked = 0;
        for (String line : request.headers("Cookie")) {
            int from = 0;
            while (from <= line.length() && looked++ < COUNT_MAX) {
                int semicolon = line.indexOf(';', from);
                int to = semicolon < 0 ? line.length() : semicolon;
                int equals = line.indexOf('=', from);
                if (equals > from && equals < to && to - from <= BYTES_MAX) {
                    String name = line.substring(from, equals).strip();
                    String value = line.substring(equals + 1, to).strip();
                    if (value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"")) {
                        value = value.substring(1, value.length() - 1);
                    }
                    if (!name.isEmpty() && value.chars().allMatch(Cookie::isOctet)) {
                        all.putIfAbsent(name, value);
                    }
                }
                from = to + 1;
            }
        }
        return all;
    }
}
