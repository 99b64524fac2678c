package dev.pumasi.web;

import dev.pumasi.http.Request;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way through a configuration: what its path has become, in which location it is, what was captured. Belongs to the
 * thread that handles the request.
 */
final class Visit {

    private static final String[] NONE = {""};

    private final Request request;
    private final VirtualServer server;
    private final String host;
    private final int ownCount;
    private final long begunNanos;
    private String uri;
    private String args;
    private @Nullable String method;
    private Location location;
    private String[] captures = NONE;
    private String @Nullable [] own;
    private String user = "";
    private int status;
    private int errorStatus;
    private boolean inside;
    private boolean rewritten;
    private @Nullable ProxyTarget proxied;
    private @Nullable String id;
    private @Nullable AskedServers asked;

    Visit(Request request, VirtualServer server, String host, String uri, int ownCount) {
        this.request = request;
        this.server = server;
        this.host = host;
        this.uri = uri;
        this.ownCount = ownCount;
        args = request.query();
        location = server.outside();
        begunNanos = System.nanoTime();
    }

    Request request() {
        return request;
    }

    VirtualServer server() {
        return server;
    }

    /** The host that the client wants, in lower case and without a port; the server's name if it says none. */
    String host() {
        return host.isEmpty() ? server.name() : host;
    }

    /** The path: decoded, without dot segments, and rewritten by then. */
    String uri() {
        return uri;
    }

    /** What stands behind the question mark. */
    String args() {
        return args;
    }

    void args(String other) {
        args = other;
    }

    /** The request becomes one for another path, from within: its location is to be found again. */
    void redirect(String path, String query) {
        uri = path;
        args = query;
        inside = true;
    }

    /** The path is another one, but the location stays. */
    void rewrite(String path) {
        uri = path;
        rewritten = true;
    }

    /** One of the files that were tried is there. */
    void found(String path) {
        uri = path;
        rewritten = true;
    }

    /** Whether a rule has changed the path; then a proxy passes on the new one. */
    boolean isRewritten() {
        return rewritten || inside;
    }

    void markInside() {
        inside = true;
    }

    /** Whether it has been sent here by a rule, and not by the client. */
    boolean isInside() {
        return inside;
    }

    String method() {
        String other = method;
        return other == null ? request.method() : other;
    }

    void method(String other) {
        method = other;
    }

    Location location() {
        return location;
    }

    void location(Location other) {
        location = other;
    }

    String capture(int index) {
        return index < captures.length ? captures[index] : "";
    }

    void captures(String[] found) {
        captures = found;
    }

    String own(int index) {
        String[] values = own;
        String value = values == null ? null : values[index];
        return value == null ? "" : value;
    }

    void own(int index, String value) {
        String[] values = own;
        if (values == null) {
            values = new String[ownCount];
            own = values;
        }
        values[index] = value;
    }

    /** Who has said a password that is right; empty for nobody. */
    String user() {
        return user;
    }

    void user(String name) {
        user = name;
    }

    /** Of the answer, as soon as it is known; 0 before. */
    int status() {
        return status;
    }

    void status(int known) {
        status = known;
    }

    /** What went wrong before, if this is a visit to a page about it; 0 if nothing has. */
    int errorStatus() {
        return errorStatus;
    }

    void errorStatus(int known) {
        errorStatus = known;
    }

    long ageNanos() {
        return System.nanoTime() - begunNanos;
    }

    /** Sixteen random bytes in hexadecimal digits; the same each time it is asked for. No secret. */
    String id() {
        String known = id;
        if (known == null) {
            ThreadLocalRandom random = ThreadLocalRandom.current();
            known = HexFormat.of().toHexDigits(random.nextLong())
                    + HexFormat.of().toHexDigits(random.nextLong());
            id = known;
        }
        return known;
    }

    /** The servers that are asked for it; somebody is about to ask one. */
    AskedServers asking() {
        AskedServers known = asked;
        if (known == null) {
            known = new AskedServers();
            asked = known;
        } else {
            known.nextGroup();
        }
        return known;
    }

    /** The servers that were asked for it, if any were. */
    Optional<AskedServers> asked() {
        return Optional.ofNullable(asked);
    }

    ProxyTarget proxied() {
        ProxyTarget target = proxied;
        return target == null ? ProxyTarget.NONE : target;
    }

    void proxied(ProxyTarget target) {
        proxied = target;
    }
}
