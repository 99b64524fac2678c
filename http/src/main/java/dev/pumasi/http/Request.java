package dev.pumasi.http;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Scope;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * A request as a handler sees it: a view of the bytes that were received. Text is made when it is asked for, each time
 * anew except for the path, so that a handler pays for what it looks at.
 *
 * <p>Valid until its response has been sent; afterwards every method fails with {@link IllegalStateException}, because
 * the bytes belong to another request. Whoever needs something longer takes it out before. Not thread-safe: one thread at
 * a time, which for an {@link AsyncHandler} may be any.
 */
public final class Request {

    /** So many actions may wait for the client's going at once. */
    public static final int GONE_ACTIONS_MAX = 64;

    /** So many times a request may be {@linkplain #redirectedTo redirected} within the server. */
    public static final int REDIRECTS_MAX = 10;

    private static final String[] NONE = {};

    private @Nullable RequestParser head;
    private final Exchange exchange;
    private @Nullable String path;
    private String[] parameterNames = NONE;
    private String[] parameterValues = NONE;
    private int goneActions;

    Request(RequestParser head, Exchange exchange) {
        this.head = head;
        this.exchange = exchange;
    }

    /** The response has been sent. */
    void retire() {
        head = null;
    }

    RequestParser head() {
        RequestParser valid = head;
        if (valid == null) {
            throw new IllegalStateException(
                    "this request has been answered, and its bytes are gone: take what you need before you respond");
        }
        return valid;
    }

    /** The method, as sent: {@code GET}. Known ones are always the same string. */
    public String method() {
        return head().method();
    }

    /** The request target, as sent: {@code /a%20b?c=d}. */
    public String target() {
        RequestParser parser = head();
        return parser.text(parser.requestLine.targetAt, parser.requestLine.targetLength);
    }

    /**
     * The path, decoded: percent-encodings as UTF-8 (malformed input becomes U+FFFD), dot segments removed; {@code ..}
     * above the root stays at the root. It begins with a slash, except that it is {@code *} for {@code OPTIONS *}. An
     * encoded slash cannot be told from a plain one here; the parameters of a {@link Router} can.
     */
    public String path() {
        RequestParser parser = head();
        String made = path;
        if (made == null) {
            byte[] canonical = parser.path();
            made = CanonicalPath.text(canonical, parser.pathLength());
            path = made;
        }
        return made;
    }

    /** The path as sent: encoded, with dot segments. Empty where an absolute-form target has none. */
    public String rawPath() {
        RequestParser parser = head();
        return parser.text(parser.requestLine.pathAt, parser.requestLine.pathLength);
    }

    /**
     * The path in canonical form (RFC 3986 section 6.2.2), encoded: without dot segments, percent-encodings in capitals and
     * only where they are needed. An encoded slash stays one. For whoever passes the request on: everybody reads it alike.
     */
    public String canonicalPath() {
        RequestParser parser = head();
        byte[] canonical = parser.path();
        return new String(canonical, 0, parser.pathLength(), StandardCharsets.ISO_8859_1);
    }

    /** What stands behind the question mark, as sent; empty if nothing does. */
    public String query() {
        RequestParser parser = head();
        return parser.requestLine.queryLength == 0
                ? ""
                : parser.text(parser.requestLine.queryAt, parser.requestLine.queryLength);
    }

    /**
     * The first parameter of that name in the query, {@code name=value} between ampersands; both are decoded, a plus sign
     * is a space, and a name alone has the empty value.
     */
    public Optional<String> queryParameter(String name) {
        List<String> values = queryParameters(name);
        return values.isEmpty() ? Optional.empty() : Optional.of(values.getFirst());
    }

    /** All parameters of that name, in their order. */
    public List<String> queryParameters(String name) {
        Objects.requireNonNull(name, "name");
        byte[] query = query().getBytes(StandardCharsets.ISO_8859_1);
        List<String> values = new ArrayList<>(1);
        int from = 0;
        while (from < query.length) {
            int end = from;
            int equals = -1;
            while (end < query.length && query[end] != '&') {
                if (query[end] == '=' && equals < 0) {
                    equals = end;
                }
                end++;
            }
            int nameEnd = equals < 0 ? end : equals;
            if (CanonicalPath.queryText(query, from, nameEnd - from).equals(name) && end > from) {
                values.add(equals < 0 ? "" : CanonicalPath.queryText(query, equals + 1, end - equals - 1));
            }
            from = end + 1;
        }
        return values;
    }

    /** {@code HTTP/1.1} or {@code HTTP/1.0}. */
    public String version() {
        return head().isHttp10() ? "HTTP/1.0" : "HTTP/1.1";
    }

    /** The value of the first field of that name, in whatever case; one character for each byte. */
    public Optional<String> header(String name) {
        FieldIndex fields = head().fields;
        int line = fields.find(name, 0);
        return line < 0 ? Optional.empty() : Optional.of(fields.value(line));
    }

    /** As {@link #header(String)}, or {@code otherwise} if there is no such field. */
    public String header(String name, String otherwise) {
        FieldIndex fields = head().fields;
        int line = fields.find(name, 0);
        return line < 0 ? otherwise : fields.value(line);
    }

    /** The values of all fields of that name, in their order; a value may be a list itself. */
    public List<String> headers(String name) {
        FieldIndex fields = head().fields;
        List<String> values = new ArrayList<>(1);
        for (int line = fields.find(name, 0); line >= 0; line = fields.find(name, line + 1)) {
            values.add(fields.value(line));
        }
        return values;
    }

    /** Whether there is a field of that name. Allocates nothing. */
    public boolean hasHeader(String name) {
        return head().fields.find(name, 0) >= 0;
    }

    /** All fields, in their order. */
    public List<Field> fields() {
        FieldIndex index = head().fields;
        List<Field> fields = new ArrayList<>(index.count());
        for (int line = 0; line < index.count(); line++) {
            fields.add(new Field(index.name(line), index.value(line)));
        }
        return fields;
    }

    /** Host and port as the client wrote them: of an absolute-form target, else of the Host field, else empty. */
    public String host() {
        RequestParser parser = head();
        if (parser.requestLine.authorityLength > 0) {
            return parser.text(parser.requestLine.authorityAt, parser.requestLine.authorityLength);
        }
        int line = parser.framing.hostLine;
        return line < 0 ? "" : parser.fields.value(line);
    }

    /** The number of bytes of the body as the client has announced it: 0 without a body, -1 for a chunked one. */
    public long contentLength() {
        return head().contentLength();
    }

    /** The body; an empty one where there is none. */
    public RequestBody body() {
        head();
        return exchange.body();
    }

    /**
     * Whether the server asks this of itself, so that its code is loaded and compiled before anybody else asks. It is answered like any
     * other, and is nobody's visit: a log or a count of visitors leaves it out. No client can pretend it.
     */
    public boolean isWarmUp() {
        head();
        return exchange.isWarmUp();
    }

    /** The client's end of the connection. */
    public SocketAddress remoteAddress() {
        head();
        return exchange.remoteAddress();
    }

    /** Our end of the connection: the address and port that the client has connected to. */
    public SocketAddress localAddress() {
        head();
        return exchange.localAddress();
    }

    /** The number of the connection, which no other one of this process has. */
    public long connectionNumber() {
        head();
        return exchange.connectionNumber();
    }

    /** Which of the requests of its connection this is; the first one is 1. */
    public int numberOnConnection() {
        head();
        return exchange.requestNumber();
    }

    /** How many bytes the head of this request had on its way: request line, fields and the empty line. */
    public int headBytes() {
        return head().headLength();
    }

    /**
     * How many bytes the head of {@code response} has on its way, with all that is added to it, if it is the answer to this request
     * and is sent now. 0 if nobody is there any more to send it to.
     */
    public int answerHeadBytes(Response response) {
        head();
        return exchange.headBytes(response);
    }

    /**
     * The loop that owns the connection, and as a rule the handler's green thread: where operations belong that the
     * handler starts.
     */
    public Loop loop() {
        head();
        return exchange.loop();
    }

    /**
     * Runs {@code action} if the client goes away before it is answered: for what need not go on then. It runs once, on the loop
     * that owns the connection, which it must not keep: it should cancel something, and return. It runs soon if the client has gone
     * already, and never once the handler has answered (where the answer is a stream: once its writer has ended).
     *
     * <p>A client has gone if its connection broke, or if it has ended its side and does not even take an interim answer (RFC 9110
     * section 15.2). One that has only ended its side may be waiting for the answer, and gets it. Nobody looks while the
     * handler keeps the thread that would: in a blocking server, and in a handler on the loop's own thread.
     *
     * @throws IllegalStateException if {@value #GONE_ACTIONS_MAX} wait already
     */
    public void onGone(Runnable action) {
        head();
        Objects.requireNonNull(action, "action");
        if (goneActions == GONE_ACTIONS_MAX) {
            throw new IllegalStateException(GONE_ACTIONS_MAX + " actions wait for the client's going already");
        }
        goneActions++;
        exchange.onGone(this, action);
    }

    /**
     * Does {@code work} for as long as the client waits for it: if it goes away ({@link #onGone}), what the calling thread awaits
     * in {@code work}, and what it has forked in scopes there, is cancelled. A statement of a database is then cancelled there, a
     * transaction rolled back, an exchange with another server broken off. To say so of a whole handler: {@link Handler#untilGone}.
     *
     * @throws Exception what {@code work} throws; that is an {@link java.io.IOException} as a rule where something was cancelled
     */
    public <T extends @Nullable Object> T untilGone(Callable<? extends T> work) throws Exception {
        head();
        if (!exchange.noticesGone()) {
            return work.call();
        }
        try (Scope scope = Scope.builder().on(exchange.loop()).open()) {
            Runnable breakOff = scope::breakOff;
            onGone(breakOff);
            try {
                return work.call();
            } finally {
                goneActions--;
                exchange.forgetGone(this, breakOff);
            }
        }
    }

    /**
     * The same client's request for something else: {@code GET target} (or HEAD, if this was one), with these fields but those that
     * describe a body or are conditions, and without a body. For an answer that is found elsewhere within this server (RFC 3875
     * section 6.2.2). Valid for as long as this one.
     *
     * @param target path and query, percent-encoded
     * @throws IllegalArgumentException if that is none
     * @throws IllegalStateException if it has been redirected {@value #REDIRECTS_MAX} times already
     */
    public Request redirectedTo(String target) {
        return RedirectedExchange.request(this, exchange, method().equals("HEAD") ? "HEAD" : "GET", target);
    }

    /**
     * What the route's {@code {name}} stands for in this path, decoded. Fails with {@link IllegalArgumentException} if the
     * route has no such name.
     */
    public String pathParameter(String name) {
        head();
        for (int i = 0; i < parameterNames.length; i++) {
            if (parameterNames[i].equals(name)) {
                return parameterValues[i];
            }
        }
        throw new IllegalArgumentException("the route has no parameter {" + name + "}");
    }

    /** A route has been found; its parameters follow one by one. */
    void setPathParameters(String[] names) {
        parameterNames = names;
        parameterValues = new String[names.length];
    }

    void setPathParameter(int index, String value) {
        parameterValues[index] = value;
    }

    @Override
    public String toString() {
        return head == null ? "Request[answered]" : "Request[" + method() + " " + target() + "]";
    }
}
