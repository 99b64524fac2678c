package dev.pumasi.web;

import dev.pumasi.http.ClientException;
import dev.pumasi.http.ClientException.Reason;
import dev.pumasi.http.ClientLimits;
import dev.pumasi.http.ClientRequest;
import dev.pumasi.http.ClientResponse;
import dev.pumasi.http.Field;
import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpClient;
import dev.pumasi.http.Request;
import dev.pumasi.http.RequestBody;
import dev.pumasi.http.Response;
import dev.pumasi.http.Violation;
import dev.pumasi.http.ViolationException;
import dev.pumasi.runtime.Loop;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Passes requests on to an {@link Upstream}, and its answers back (S31): a {@link Handler}, for a whole server or for a route.
 *
 * <p><b>The way of a request.</b> Its green thread chooses a server, writes the request anew and sends it with the {@link HttpClient} of
 * the same loop; nobody hops. A body that is short is taken in first, so that it can be sent twice; a long one goes through
 * while it arrives, each end waiting for the other. An answer likewise: if it is short it is all there before a byte of it
 * goes on, so that a server that dies in the middle of it costs nothing.
 *
 * <p><b>Nothing is copied that decides where a message ends.</b> Requests and answers are parsed by a codec that refuses
 * whatever could be read in two ways, and their fields, target and framing are written again by our own encoder: the path
 * in canonical form, one Host, one length or chunks. So what a server reads is what we have read, and no request is smuggled
 * past us.
 *
 * <p><b>Tried again</b>, on another server, is a request that cannot have reached the first one, whatever its method; and
 * one that is idempotent, whose body is still there, and of whose answer nothing has gone on. At most {@code triesMax}
 * servers are tried, and none twice.
 *
 * <p><b>Failures</b>: 502 if the server broke off, broke the protocol or was not there; 504 if it was too late; 503 if there is no
 * server to ask, or too many wait. What went wrong with the client's own body is answered as if there were no proxy.
 *
 * <p><b>A client that goes</b> ({@link Request#onGone}) takes its exchange with the server along: the connection to that is closed,
 * so that the server may stop as well; the server is not blamed, and nobody else is tried.
 *
 * <p><b>Upgrades</b> of the protocols allowed are passed through: after 101, bytes both ways until both ends are done, or
 * nothing has moved for a while.
 *
 * <p><b>What it will not do</b>: TLS, caching, rewriting of bodies or of Location, buffering of long answers on disk.
 */
public final class Proxy implements Handler, AutoCloseable {

    /** What is held in memory of one body at most. */
    public static final int HELD_BYTES_CEILING = 16 * 1024 * 1024;

    /** What of a long body is read before it is sent on. */
    static final int PIECE_BYTES = 16 * 1024;

    private final Upstream upstream;
    private final HttpClient client;
    private final String mount;
    private final String target;
    private final boolean keepsHost;
    private final Predicate<SocketAddress> trusts;
    private final Function<Request, String> hashKey;
    private final int heldBytesMax;
    private final int triesMax;
    private final Set<Integer> retryStatuses;
    private final Set<String> upgrades;
    private final Duration tunnelIdle;
    private final int tunnelsMax;
    private final AtomicInteger tunnels = new AtomicInteger();
    private final LongAdder requests = new LongAdder();
    private final LongAdder retries = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final LongAdder unserved = new LongAdder();

    private Proxy(Builder builder) {
        upstream = builder.upstream;
        client = HttpClient.builder().limits(builder.limits).open();
        mount = builder.mount;
        target = builder.target;
        keepsHost = builder.keepsHost;
        trusts = builder.trusts;
        hashKey = builder.hashKey;
        heldBytesMax = builder.heldBytesMax;
        triesMax = builder.triesMax;
        retryStatuses = Set.copyOf(builder.retryStatuses);
        upgrades = Set.copyOf(builder.upgrades);
        tunnelIdle = builder.tunnelIdle;
        tunnelsMax = builder.tunnelsMax;
    }

    /** A proxy before these servers. */
    public static Builder builder(Upstream upstream) {
        return new Builder(upstream);
    }

    /** A proxy before the one server at {@code host:port}, as it is. */
    public static Proxy to(String authority) {
        return builder(Upstream.builder(authority).server(authority).build()).build();
    }

    public Upstream upstream() {
        return upstream;
    }

    /** Figures since it was made, as of about now. */
    public ProxyStatus status() {
        return new ProxyStatus(
                requests.sum(), retries.sum(), failures.sum(), unserved.sum(), tunnels.get(), client.status());
    }

    /** Ends its connections to the servers; requests in progress fail. */
    @Override
    public void close() {
        client.close();
    }

    // ------------------------------------------------------------------------------------------- a request

    @Override
    public Response handle(Request request) throws IOException {
        ClientRequest rewritten;
        try {
            rewritten = rewritten(request);
        } catch (IllegalArgumentException unsendable) {
            requests.increment();
            return refusal(400, "the host or the path cannot be passed on");
        }
        return pass(
                        request,
                        new Onward(
                                rewritten,
                                keyOf(request),
                                Long.MAX_VALUE,
                                upgrades,
                                _ -> false,
                                fields -> fields,
                                Asking.UNHEARD))
                .response();
    }

    /**
     * A request as it goes on, and what becomes of its answer.
     *
     * @param request but for the server it goes to and its body
     * @param key what {@link Upstream.Policy#HASH} goes by
     * @param bodyBytesMax what its body may have
     * @param upgrades to which protocols the connection may be upgraded
     * @param intercepted the statuses for which somebody else will make an answer
     * @param fields what becomes of the fields of the answer
     * @param asking told which servers are asked
     */
    record Onward(
            ClientRequest request,
            String key,
            long bodyBytesMax,
            Set<String> upgrades,
            IntPredicate intercepted,
            UnaryOperator<List<Field>> fields,
            Asking asking) {}

    /**
     * An answer.
     *
     * @param ours whether it is one about a failure, and of no server behind this one; or one that was intercepted
     */
    record Passed(Response response, boolean ours) {

        static Passed ours(Response response) {
            return new Passed(response, true);
        }
    }

    private String keyOf(Request request) {
        return upstream.policy() == Upstream.Policy.HASH ? hashKey.apply(request) : "";
    }

    Passed pass(Request request, Onward onward) throws IOException {
        requests.increment();
        if (request.method().equals("TRACE")) {
            return Passed.ours(refusal(405, "TRACE is not passed on")); // it would show what we add
        }
        if (Forwarding.goesInCircles(request)) {
            return Passed.ours(refusal(508, "the request goes in circles"));
        }
        String protocol = wantedUpgrade(request, onward.upgrades);
        if (!protocol.isEmpty()) {
            return upgraded(request, onward, protocol);
        }
        return ask(request, onward, withBody(request, onward));
    }

    /** As it is sent on, but for the server it goes to and its body. */
    private ClientRequest rewritten(Request request) {
        ClientRequest made = ClientRequest.of(
                        request.method(), upstream.servers().getFirst().origin(), target(request))
                .withFields(Forwarding.ofRequest(request, trusts.test(request.remoteAddress())));
        return keepsHost ? made.withHost(request.host()) : made;
    }

    private String target(Request request) {
        String path = request.canonicalPath();
        if (path.equals("*")) {
            return path;
        }
        if (!mount.isEmpty()) {
            path = path.startsWith(mount) ? target + path.substring(mount.length()) : path;
            path = path.startsWith("/") ? path : "/" + path;
        }
        return request.query().isEmpty() ? path : path + "?" + request.query();
    }

    private ClientRequest withBody(Request request, Onward onward) throws IOException {
        ClientRequest rewritten = onward.request;
        long length = request.contentLength();
        if (length == 0) {
            return rewritten;
        }
        RequestBody body = request.body();
        if (length > 0 && length <= heldBytesMax) {
            return rewritten.withBody(body.bytes());
        }
        ClientRequest streamed = rewritten.withStream(length, out -> {
            byte[] piece = new byte[PIECE_BYTES];
            long left = onward.bodyBytesMax;
            for (int count = body.read(piece, 0, piece.length); count >= 0; count = body.read(piece, 0, piece.length)) {
                left -= count;
                if (left < 0) {
                    throw new ViolationException(Violation.BODY_TOO_LARGE);
                }
                out.write(piece, 0, count);
                out.flush();
            }
        });
        return length >= 0 ? streamed : streamed.withTrailers(body::trailers);
    }

    /** Asks one server after another, until one has answered or no more may be tried. */
    private Passed ask(Request request, Onward onward, ClientRequest asked) throws IOException {
        Loop loop = request.loop();
        String key = onward.key;
        List<UpstreamServer> tried = new ArrayList<>(1);
        UpstreamServer server = upstream.choose(loop, key, tried);
        if (server == null) {
            return Passed.ours(unserved());
        }
        ProxyExchange exchange = new ProxyExchange(request);
        while (true) {
            tried.add(server);
            UpstreamServer next;
            server.begin();
            onward.asking.begins(server.place());
            boolean handedOver = false;
            ClientResponse answer = null;
            try {
                answer = exchange.await(client.start(loop, asked.to(server.origin())));
                onward.asking.ends(answer.status(), false);
                boolean wanted = !retryStatuses.contains(answer.status());
                if (wanted) {
                    server.succeeded();
                } else {
                    server.failed();
                }
                next = wanted || !mayRepeat(asked) ? null : another(loop, key, tried);
                if (next == null) {
                    if (onward.intercepted.test(answer.status())) {
                        onward.asking.ends(answer.status(), true);
                        return Passed.ours(Response.of(answer.status()));
                    }
                    boolean through = goesThrough(answer);
                    Response response = passedOn(request, answer, onward, server);
                    handedOver = through;
                    onward.asking.ends(answer.status(), !through);
                    return new Passed(response, false);
                }
                onward.asking.ends(answer.status(), true);
            } catch (IOException failure) {
                ClientException why = ClientException.in(failure);
                onward.asking.ends(why != null && why.reason().isTimeout() ? 504 : 502, true);
                if (why == null || why.reason() == Reason.BODY_FAILED) {
                    throw failure; // the client's own fault, or an end of all: the server knows what to say
                }
                if (why.reason() != Reason.QUEUE_FULL) {
                    server.failed();
                }
                next = why.isUnsent() || mayRepeat(asked) ? another(loop, key, tried) : null;
                if (next == null) {
                    return Passed.ours(failed(why));
                }
            } finally {
                if (!handedOver) {
                    server.end();
                    if (answer != null) {
                        answer.close();
                    }
                }
            }
            retries.increment();
            server = next;
        }
    }

    /** Whom to try next; null if nobody is left, or enough have been tried. */
    private @Nullable UpstreamServer another(Loop loop, String key, List<UpstreamServer> tried) {
        return tried.size() >= triesMax ? null : upstream.choose(loop, key, tried);
    }

    private Response unserved() {
        unserved.increment();
        return refusal(503, "no server is there to answer").withHeader("Retry-After", "1");
    }

    private static boolean mayRepeat(ClientRequest asked) {
        return asked.isIdempotent() && asked.isRepeatable();
    }

    // ------------------------------------------------------------------------------------------- an answer

    /** Whether the body goes through as it comes; else it is there, or is taken in first. */
    private boolean goesThrough(ClientResponse answer) {
        long length = answer.body().length();
        return !answer.body().isReceived() && (length < 0 || length > heldBytesMax);
    }

    private Response passedOn(Request request, ClientResponse answer, Onward onward, UpstreamServer server)
            throws IOException {
        Response head = Response.of(answer.status()).withFields(onward.fields.apply(Forwarding.ofAnswer(answer)));
        if (answer.request().method().equals("HEAD")) {
            return headOnly(head, answer);
        }
        if (!goesThrough(answer)) {
            return head.withBody(answer.body().bytes());
        }
        request.onGone(answer::close);
        long length = answer.body().length();
        Response streamed = head.withStream(length, new Passage(answer, server));
        return length >= 0 ? streamed : streamed.withTrailers(answer.body()::trailers);
    }

    /** The answer to HEAD says how long that to GET would be. */
    private static Response headOnly(Response head, ClientResponse answer) {
        long length = answer.header("Content-Length").map(Long::parseLong).orElse(-1L);
        return head.withStream(length, out -> {});
    }

    private Response failed(ClientException why) {
        failures.increment();
        if (why.reason().isTimeout()) {
            return refusal(504, "the server behind this one was too late");
        }
        if (why.reason() == Reason.QUEUE_FULL) {
            return refusal(503, "too many requests wait for the server behind this one")
                    .withHeader("Retry-After", "1");
        }
        return refusal(502, "the server behind this one gave no answer that could be passed on");
    }

    private static Response refusal(int status, String text) {
        return Response.text(status + " " + text + "\n").withStatus(status);
    }

    // ------------------------------------------------------------------------------------------- upgrades

    /** The protocol that the client wants to change to, if that is allowed; else empty. */
    private static String wantedUpgrade(Request request, Set<String> upgrades) {
        if (!request.hasHeader("Upgrade")
                || request.contentLength() != 0
                || !request.version().equals("HTTP/1.1")
                || !Forwarding.hasMember(request.headers("Connection"), "upgrade")) {
            return "";
        }
        for (String protocol : upgrades) {
            if (Forwarding.hasMember(request.headers("Upgrade"), protocol)) {
                return protocol;
            }
        }
        return "";
    }

    private Passed upgraded(Request request, Onward onward, String protocol) throws IOException {
        ClientRequest asked = onward.request.withUpgrade(protocol);
        if (tunnels.incrementAndGet() > tunnelsMax) {
            tunnels.decrementAndGet();
            return Passed.ours(
                    refusal(503, "too many connections have been upgraded").withHeader("Retry-After", "1"));
        }
        boolean handedOver = false;
        try {
            Loop loop = request.loop();
            String key = onward.key;
            UpstreamServer server = upstream.choose(loop, key, List.of());
            if (server == null) {
                return Passed.ours(unserved());
            }
            server.begin();
            onward.asking.begins(server.place());
            try {
                ClientResponse answer = new ProxyExchange(request).await(client.start(loop, asked.to(server.origin())));
                onward.asking.ends(answer.status(), answer.status() == 101);
                server.succeeded();
                if (answer.status() != 101) {
                    boolean through = goesThrough(answer);
                    Response response = passedOn(request, answer, onward, server);
                    handedOver = through;
                    if (handedOver) {
                        tunnels.decrementAndGet();
                    }
                    return new Passed(response, false);
                }
                handedOver = true;
                Response tunnel = Response.upgrade(
                        protocol, Forwarding.ofAnswer(answer), new Passthrough(answer.tunnel(), tunnelIdle, () -> {
                            server.end();
                            tunnels.decrementAndGet();
                        }));
                return new Passed(tunnel, false);
            } catch (IOException failure) {
                ClientException why = ClientException.in(failure);
                onward.asking.ends(why != null && why.reason().isTimeout() ? 504 : 502, true);
                if (why == null) {
                    throw failure;
                }
                server.failed();
                return Passed.ours(failed(why));
            } finally {
                if (!handedOver) {
                    server.end();
                }
            }
        } finally {
            if (!handedOver) {
                tunnels.decrementAndGet();
            }
        }
    }

    // ------------------------------------------------------------------------------------------- how it is made

    /** What a proxy is made of; every setting has a default. Not thread-safe. */
    public static final class Builder {

        private final Upstream upstream;
        private ClientLimits limits = ClientLimits.builder()
                .connectTimeoutMillis(5_000)
                .firstByteTimeoutMillis(60_000)
                .connectionsPerOriginMax(512)
                .connectionsMax(4_096)
                .waitingMax(4_096)
                .retriesMax(1)
                .build();
        private String mount = "";
        private String target = "";
        private boolean keepsHost;
        private Predicate<SocketAddress> trusts = peer -> false;
        private Function<Request, String> hashKey = Builder::address;
        private int heldBytesMax = 64 * 1024;
        private int triesMax = 3;
        private final Set<Integer> retryStatuses = new TreeSet<>();
        private Set<String> upgrades = Set.of("websocket");
        private Duration tunnelIdle = Duration.ofMinutes(10);
        private int tunnelsMax = 10_000;

        private Builder(Upstream upstream) {
            this.upstream = Objects.requireNonNull(upstream, "upstream");
        }

        private static String address(Request request) {
            return request.remoteAddress() instanceof InetSocketAddress inet && inet.getAddress() != null
                    ? inet.getAddress().getHostAddress()
                    : "";
        }

        /** Time limits of each phase, connections, sizes; for each loop. */
        public Builder limits(ClientLimits of) {
            limits = Objects.requireNonNull(of, "limits");
            return this;
        }

        /** Paths that begin with {@code prefix} go on with {@code replacement} in its place. */
        public Builder mount(String prefix, String replacement) {
            if (!prefix.startsWith("/") || !replacement.startsWith("/")) {
                throw new IllegalArgumentException("both begin with a slash: " + prefix + ", " + replacement);
            }
            mount = prefix;
            target = replacement;
            return this;
        }

        /** Whether the servers get the client's Host, instead of their own. Default: their own. */
        public Builder keepsHost(boolean keeps) {
            keepsHost = keeps;
            return this;
        }

        /** Peers that are proxies of ours: what they say of where a request came from is kept. Default: nobody. */
        public Builder trusting(Predicate<SocketAddress> peers) {
            trusts = Objects.requireNonNull(peers, "peers");
            return this;
        }

        /** What {@link Upstream.Policy#HASH} goes by. Default: the client's address. */
        public Builder hashKey(Function<Request, String> of) {
            hashKey = Objects.requireNonNull(of, "hashKey");
            return this;
        }

        /** Bodies up to so many bytes are held in memory, so that they can be sent again. Default: 64 KiB. */
        public Builder heldBytesMax(int bytes) {
            if (bytes < 0 || bytes > HELD_BYTES_CEILING) {
                throw new IllegalArgumentException("between 0 and " + HELD_BYTES_CEILING + " bytes, not " + bytes);
            }
            heldBytesMax = bytes;
            return this;
        }

        /** So many servers are asked at most, the first included. Default: 3. */
        public Builder triesMax(int most) {
            if (most < 1 || most > Upstream.SERVERS_MAX) {
                throw new IllegalArgumentException("between 1 and " + Upstream.SERVERS_MAX + " tries, not " + most);
            }
            triesMax = most;
            return this;
        }

        /** Answers that count as failures, for which another server is asked where that is safe. Default: none. */
        public Builder retryOn(int... statuses) {
            for (int status : statuses) {
                retryStatuses.add(status);
            }
            return this;
        }

        /** Protocols to which a connection may be upgraded through us. Default: {@code websocket}. */
        public Builder upgrades(String... protocols) {
            upgrades = Set.of(protocols);
            return this;
        }

        /** How long nothing may move in an upgraded connection, and how many there may be. Default: 10 minutes, 10,000. */
        public Builder tunnels(Duration idle, int most) {
            tunnelIdle = Objects.requireNonNull(idle, "idle");
            tunnelsMax = most;
            return this;
        }

        public Proxy build() {
            return new Proxy(this);
        }
    }
}
