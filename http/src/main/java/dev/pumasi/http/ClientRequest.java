package dev.pumasi.http;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A request that an {@link HttpClient} sends. Immutable; every {@code with} makes another one, and one that is sent often
 * may be a constant: its head is encoded once. What is framing is the client's: Host, Content-Length, Transfer-Encoding,
 * Connection, Expect and Upgrade are written by it and cannot be set as fields.
 *
 * <p>Names, values and targets are checked when they are set, so that nothing can end a line in a request: {@link
 * IllegalArgumentException}.
 */
public final class ClientRequest {

    private static final int METHOD_LENGTH_MAX = 32;
    private static final byte[] NO_BYTES = {};

    private static final Set<String> CLIENTS_OWN = Set.of(
            "connection",
            "content-length",
            "expect",
            "host",
            "keep-alive",
            "proxy-connection",
            "trailer",
            "transfer-encoding",
            "upgrade");

    /** RFC 9110 section 9.2.2. */
    private static final Set<String> IDEMPOTENT = Set.of("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE");

    /** What stands for the person who asks, and is not for everybody whom a redirect names. */
    private static final Set<String> CREDENTIALS = Set.of("authorization", "cookie", "proxy-authorization");

    /**
     * All there is to say about it; what is not said is null, −1 or false. Every {@code with} copies it, changes the copy and
     * makes another request of that; once a request has it, nobody changes it.
     */
    private static final class Parts {
        private String method;
        private Origin origin;
        private String target;
        private List<Field> fields = List.of();
        private byte[] bytes = NO_BYTES;
        private @Nullable BodyWriter writer;
        private long streamBytes = -1;
        private @Nullable Supplier<List<Field>> trailers;
        private boolean expectsContinue;
        private @Nullable String upgrade;
        private int redirectsMax = -1;
        private @Nullable Duration timeout;
        private @Nullable String host;

        Parts(String method, Origin origin, String target) {
            this.method = method;
            this.origin = origin;
            this.target = target;
        }

        Parts(Parts of) {
            this(of.method, of.origin, of.target);
            fields = of.fields;
            bytes = of.bytes;
            writer = of.writer;
            streamBytes = of.streamBytes;
            trailers = of.trailers;
            expectsContinue = of.expectsContinue;
            upgrade = of.upgrade;
            redirectsMax = of.redirectsMax;
            timeout = of.timeout;
            host = of.host;
        }

        /** Without a body, and without what goes with one. */
        void dropBody() {
            bytes = NO_BYTES;
            writer = null;
            streamBytes = -1;
            trailers = null;
        }

        ClientRequest made() {
            return new ClientRequest(this);
        }
    }

    private final Parts parts;

    /** Made when first sent. Volatile, because a constant may be sent from several loops at once. */
    private volatile byte @Nullable [] head;

    private ClientRequest(Parts parts) {
        this.parts = parts;
    }

    /** GET of {@code http://host[:port][/path][?query]}. */
    public static ClientRequest get(String uri) {
        return of("GET", uri);
    }

    /** POST to that URI. */
    public static ClientRequest post(String uri, MediaType type, byte[] body) {
        return of("POST", uri).withBody(type, body);
    }

    /**
     * Any method on that URI, of which the fragment is left out. Bytes that browsers send unencoded may stand in it as they
     * are; others must be percent-encoded.
     *
     * @throws IllegalArgumentException if the method is no token or is CONNECT, or the URI is not of {@code http}
     */
    public static ClientRequest of(String method, String uri) {
        Uri parsed = Uri.parse(uri);
        return of(method, parsed.origin(), parsed.target());
    }

    /** Any method on a target, {@code /path?query} or, for OPTIONS, {@code *}, of an origin. */
    public static ClientRequest of(String method, Origin origin, String target) {
        if (!Octets.all(Octets.TOKEN, method) || method.length() > METHOD_LENGTH_MAX || method.equals("CONNECT")) {
            throw new IllegalArgumentException("not a method that this client sends: " + Field.visible(method));
        }
        return new Parts(method, Objects.requireNonNull(origin, "origin"), Uri.checkTarget(method, target)).made();
    }

    /** With one more field; one of the same name stays. */
    public ClientRequest withHeader(String name, String value) {
        return withFields(List.of(new Field(name, value)));
    }

    /** With these fields after those that it has. */
    public ClientRequest withFields(List<Field> more) {
        List<Field> fields = new ArrayList<>(parts.fields.size() + more.size());
        fields.addAll(parts.fields);
        for (Field field : more) {
            if (CLIENTS_OWN.contains(field.name().toLowerCase(Locale.ROOT))) {
                throw new IllegalArgumentException("the field " + field.name() + " is set by the client");
            }
            fields.add(field);
        }
        Parts changed = new Parts(parts);
        changed.fields = List.copyOf(fields);
        return changed.made();
    }

    /** With a body of bytes, which are not copied and must not change any more. */
    public ClientRequest withBody(MediaType type, byte[] bytes) {
        return withBody(bytes).withHeader("Content-Type", type.name());
    }

    /** As {@link #withBody(MediaType, byte[])}, with no Content-Type but what is among the fields. */
    public ClientRequest withBody(byte[] bytes) {
        Parts changed = new Parts(parts);
        changed.dropBody();
        changed.bytes = Objects.requireNonNull(bytes, "bytes");
        return changed.made();
    }

    /**
     * With a body that is written while it is sent, on a green thread of the connection's loop. It is written once: such a
     * request is never sent a second time.
     *
     * @param lengthBytes how long it is; −1 if that is not known, and then it is sent in chunks
     */
    public ClientRequest withStream(long lengthBytes, BodyWriter writer) {
        if (lengthBytes < -1) {
            throw new IllegalArgumentException("length " + lengthBytes + " is negative");
        }
        Parts changed = new Parts(parts);
        changed.dropBody();
        changed.writer = Objects.requireNonNull(writer, "writer");
        changed.streamBytes = lengthBytes;
        return changed.made();
    }

    /** With fields after a stream of unknown length; the supplier is asked once the body has been written. */
    public ClientRequest withTrailers(Supplier<List<Field>> trailers) {
        if (parts.writer == null || parts.streamBytes >= 0) {
            throw new IllegalStateException("only a stream of unknown length has trailers");
        }
        Parts changed = new Parts(parts);
        changed.trailers = Objects.requireNonNull(trailers, "trailers");
        return changed.made();
    }

    /**
     * With {@code Expect: 100-continue}: the body is sent when the server says that it wants it, or has said nothing for a
     * while ({@link ClientLimits#continueTimeoutMillis}), and not at all if the server answers before.
     */
    public ClientRequest withExpectContinue() {
        return expecting(true);
    }

    /**
     * With another host in the Host field than that of its origin: for whoever passes a request on. The connection it goes
     * by is the same.
     *
     * @param authority {@code host[:port]}
     */
    public ClientRequest withHost(String authority) {
        Parts changed = new Parts(parts);
        changed.host = authority.isEmpty() ? "" : Origin.of(authority).authority();
        return changed.made();
    }

    /** The same to another origin, but for its Host, which is that of the origin unless it was {@linkplain #withHost set}. */
    public ClientRequest to(Origin other) {
        if (other.equals(parts.origin)) {
            return this;
        }
        Parts changed = new Parts(parts);
        changed.origin = other;
        return changed.made();
    }

    ClientRequest withoutExpectContinue() {
        return expecting(false);
    }

    private ClientRequest expecting(boolean expects) {
        Parts changed = new Parts(parts);
        changed.expectsContinue = expects;
        return changed.made();
    }

    /**
     * Asks to leave HTTP for {@code protocol} ({@code websocket}, for example). If the server agrees, the status is 101 and
     * {@link ClientResponse#tunnel} is the connection (RFC 9110 section 7.8).
     */
    public ClientRequest withUpgrade(String protocol) {
        Parts changed = new Parts(parts);
        changed.upgrade = new Field("Upgrade", protocol).value();
        return changed.made();
    }

    /** Follows so many redirects at most, whatever the client's setting; 0 hands them to the caller. */
    public ClientRequest withRedirects(int most) {
        if (most < 0 || most > ClientLimits.REDIRECTS_CEILING) {
            throw new IllegalArgumentException(
                    "between 0 and " + ClientLimits.REDIRECTS_CEILING + " redirects, not " + most);
        }
        Parts changed = new Parts(parts);
        changed.redirectsMax = most;
        return changed.made();
    }

    /** Everything, to the last byte of the answer, must be over in this time, whatever the client's setting. */
    public ClientRequest withTimeout(Duration limit) {
        Parts changed = new Parts(parts);
        changed.timeout = Objects.requireNonNull(limit, "limit");
        return changed.made();
    }

    public String method() {
        return parts.method;
    }

    public Origin origin() {
        return parts.origin;
    }

    /** {@code /path?query}. */
    public String target() {
        return parts.target;
    }

    /** {@code http://host:port/path?query}. */
    public String uri() {
        return "http://" + parts.origin.authority() + (parts.target.equals("*") ? "" : parts.target);
    }

    /** The fields that have been set, without those that the client adds. */
    public List<Field> fields() {
        return parts.fields;
    }

    /** Whether sending it twice does what sending it once does (RFC 9110 section 9.2.2). */
    public boolean isIdempotent() {
        return IDEMPOTENT.contains(parts.method);
    }

    /** Whether its body is still there after it has been sent once. */
    public boolean isRepeatable() {
        return parts.writer == null;
    }

    boolean isHead() {
        return parts.method.equals("HEAD");
    }

    byte[] bytes() {
        return parts.bytes;
    }

    @Nullable
    BodyWriter writer() {
        return parts.writer;
    }

    long streamBytes() {
        return parts.streamBytes;
    }

    @Nullable
    Supplier<List<Field>> trailers() {
        return parts.trailers;
    }

    boolean expectsContinue() {
        return parts.expectsContinue && (parts.writer != null || parts.bytes.length > 0);
    }

    @Nullable
    String upgrade() {
        return parts.upgrade;
    }

    int redirectsMax(int otherwise) {
        return parts.redirectsMax < 0 ? otherwise : parts.redirectsMax;
    }

    @Nullable
    Duration timeout() {
        return parts.timeout;
    }

    BodyFraming framing() {
        return parts.writer != null && parts.streamBytes < 0 ? BodyFraming.CHUNKED : BodyFraming.LENGTH;
    }

    /**
     * What a redirect makes of it (RFC 9110 section 15.4).
     *
     * @param asGet without its body, as GET or HEAD
     */
    ClientRequest redirected(Origin origin, String target, boolean asGet) {
        boolean crosses = !origin.equals(parts.origin);
        List<Field> kept = new ArrayList<>();
        for (Field field : parts.fields) {
            String name = field.name().toLowerCase(Locale.ROOT);
            if (!(crosses && CREDENTIALS.contains(name)) && !(asGet && name.startsWith("content-"))) {
                kept.add(field);
            }
        }
        Parts changed = new Parts(parts);
        changed.origin = origin;
        changed.target = Uri.checkTarget(parts.method, target);
        changed.fields = List.copyOf(kept);
        if (crosses) {
            changed.host = null;
        }
        if (asGet) {
            changed.method = isHead() ? parts.method : "GET";
            changed.dropBody();
            changed.expectsContinue = false;
        }
        return changed.made();
    }

    /** The head as it is sent, with the empty line after it. */
    byte[] head() {
        byte[] made = head;
        if (made == null) {
            made = encode();
            head = made;
        }
        return made;
    }

    private byte[] encode() {
        ByteArrayOutputStream out = new ByteArrayOutputStream(256);
        put(out, parts.method + " " + parts.target + " HTTP/1.1\r\n");
        if (parts.host == null) {
            out.writeBytes(parts.origin.hostLine());
        } else {
            put(out, "Host: " + parts.host + "\r\n");
        }
        for (Field field : parts.fields) {
            out.writeBytes(Response.encode(field));
        }
        if (framing() == BodyFraming.CHUNKED) {
            put(out, "Transfer-Encoding: chunked\r\n");
        } else if (parts.writer != null || parts.bytes.length > 0 || meansBody()) {
            put(out, "Content-Length: " + (parts.writer != null ? parts.streamBytes : parts.bytes.length) + "\r\n");
        }
        if (expectsContinue()) {
            put(out, "Expect: 100-continue\r\n");
        }
        if (parts.upgrade != null) {
            put(out, "Connection: Upgrade\r\nUpgrade: " + parts.upgrade + "\r\n");
        }
        put(out, "\r\n");
        return out.toByteArray();
    }

    /** Whether a server expects a body with this method, so that it must be told of none (RFC 9110 section 8.6). */
    private boolean meansBody() {
        return parts.method.equals("POST") || parts.method.equals("PUT") || parts.method.equals("PATCH");
    }

    private static void put(ByteArrayOutputStream out, String text) {
        out.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    @Override
    public String toString() {
        return parts.method + " " + uri();
    }
}
