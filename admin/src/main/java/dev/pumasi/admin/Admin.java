package dev.pumasi.admin;

import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpLimits;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.MediaType;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import dev.pumasi.http.Server;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.LoopStatus;
import dev.pumasi.runtime.Offload;
import dev.pumasi.runtime.ThreadDump;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.server.Supervisor;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;

/**
 * The live page: what each loop of this process does now, in a browser; and for machines its metrics, health and readiness.
 *
 * <pre>{@code
 * try (HttpServer server = HttpServer.builder(handler).port(8080).start();
 *         Admin admin = Admin.start(server, 9090)) {       // http://localhost:9090/
 *     System.out.println(admin.link());
 *     server.awaitStop();
 * }
 * }</pre>
 *
 * <p><b>Beside, not within.</b> The page is served by a loop and a small pool of its own. A loop that hangs is when the page is wanted
 * most, and a page that is looked at should not take a turn from those it shows. So everything crosses threads in one way: figures are read
 * from what loops publish anyway, and what only the loop can tell (its green threads) is asked by a task that is posted to it. Nothing
 * waits on a loop, and nobody is woken by a foreign thread: hops stay what they are.
 *
 * <p><b>What it costs.</b> While nobody looks: nothing but an idle loop, the page's own. No request is counted, timed or logged for
 * its sake. While somebody does, loops are recorded ({@link dev.pumasi.runtime.Recording}), and twice a second all is gathered
 * once, for however many viewers. Green threads are looked at only while a viewer has that list open.
 *
 * <p><b>Who is let in</b> is said in {@link Doorkeeper}. On a loopback address everybody on the machine may read; what changes something
 * needs the token. On any other address reading needs it too, metrics included.
 *
 * <p><b>Worker processes</b> tell what they do by two ways: their supervisor asks each over the connection that they have anyway,
 * which a loop of the worker answers ({@link Crews}); and while somebody looks the page asks a thread of each ({@link WorkerReport}), which
 * answers while loops hang.
 *
 * <p><b>What parts it shows.</b> Loops and servers are given to it. Pools, databases and queues offer their figures to {@link
 * dev.pumasi.runtime.Figures} when they open, so this module knows neither {@code sql} nor {@code queue}, and a database that an
 * application brings along in its own class loader is shown as well. Metrics go by Micrometer, into which an application can put its own.
 *
 * <p><b>What it will not do.</b> Remember: it shows now, and some seconds; for more, let something scrape {@code /metrics}. Show the
 * timeline while {@code pumasi trace} records the same loops. Encrypt: put a proxy before it,
 * or tunnel.
 *
 * <p>Any thread may call any method; {@link #close} blocks.
 */
public final class Admin implements AutoCloseable {

    /** How many may look at a time, unless set otherwise. */
    public static final int VIEWERS_DEFAULT = 16;

    public static final int VIEWERS_MAX = 256;

    /** For what is asked beside streams. */
    private static final int CONNECTIONS_BESIDE = 48;

    /** Looks, scrapes and actions block; more than a few at a time are somebody's mistake. */
    private static final int THREADS = 3;

    private static final int WAITING_MAX = 64;

    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(1);
    private static final Duration DRAIN_PATIENCE = Duration.ofSeconds(30);
    private static final MediaType JSON = MediaType.of("application/json; charset=utf-8");

    private static final System.Logger LOG = System.getLogger("dev.pumasi.admin");

    /** What a button does. */
    public enum Action {
        /** Accepts no more, and answers what was asked before. */
        DRAIN,
        /** Takes up new options, files and code, in new worker processes. */
        RELOAD,
        /** Every green thread with its stack. */
        DUMP;

        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final HttpServer server;
    private final LoopGroup loops;
    private final Offload pool;
    private final Viewers viewers;
    private final Observed observed;
    private final Doorkeeper door;
    private final Crews crews;
    private final WorkerReports reports;
    private final Frame frame;
    private final Pulse pulse;
    private final Scrape scrape;
    private final String title;
    private final Map<Action, Callable<String>> actions;

    /** A page for {@code server} on that port of localhost; 0 takes one that is free. */
    public static Admin start(Server server, int port) throws IOException {
        return builder().show(server).port(port).start();
    }

    public static Builder builder() {
        return new Builder();
    }

    private Admin(Builder builder, LoopGroup loops) throws IOException {
        this.loops = loops;
        observed = builder.observed;
        title = builder.title;
        actions = new EnumMap<>(builder.actions);
        pool = Offload.open("admin", THREADS, WAITING_MAX);
        pulse = new Pulse();
        crews = new Crews(observed);
        Loop loop = loops.next();
        reports = new WorkerReports(loop);
        frame = new Frame(observed, pulse, crews, reports);
        scrape = new Scrape(observed, crews);
        viewers = new Viewers(loop, pool, builder.viewersMax, builder.interval, new Look());
        Set<String> names = new HashSet<>(builder.names);
        names.add(builder.address.getHostString().toLowerCase(Locale.ROOT));
        door = Doorkeeper.of(builder.token, builder.address, Set.copyOf(names));
        actions.putIfAbsent(Action.DUMP, this::dump);
        try {
            server = HttpServer.builder(router())
                    .address(builder.address)
                    .on(loops.loops())
                    .limits(HttpLimits.builder()
                            .connectionsMax(builder.viewersMax + CONNECTIONS_BESIDE)
                            .bodyBytesMax(0)
                            .build())
                    .start();
        } catch (IOException | RuntimeException refused) {
            pool.close();
            throw refused;
        }
    }

    // ------------------------------------------------------------------------------------------- what is answered

    private Router router() {
        Router.Builder router = Router.builder();
        PageFiles.load()
                .forEach((path, file) -> router.get(
                        path, Handler.nonBlocking(request -> admitted(request, Doorkeeper.Wish.PAGE, () -> file))));
        router.get("/events", (Request request) -> admitted(request, Doorkeeper.Wish.READ, () -> events(request)));
        router.get("/metrics", (Request request) -> admitted(request, Doorkeeper.Wish.READ, () -> metrics(request)));
        router.get("/health", (Request request) -> admitted(request, Doorkeeper.Wish.READ, Admin::health));
        router.get("/ready", (Request request) -> admitted(request, Doorkeeper.Wish.READ, this::ready));
        router.post(
                "/actions/{name}",
                (Request request) ->
                        admitted(request, Doorkeeper.Wish.CHANGE, () -> act(request.pathParameter("name"))));
        return router.build();
    }

    private Response admitted(Request request, Doorkeeper.Wish wish, Callable<Response> answer) throws Exception {
        var refusal = door.refusal(request, wish);
        if (refusal.isPresent()) {
            Doorkeeper.Refusal why = refusal.get();
            Response refused = failure(why.status(), why.code(), why.message());
            return why.status() == 401 ? refused.withHeader("WWW-Authenticate", "Bearer realm=\"pumasi\"") : refused;
        }
        return answer.call();
    }

    private Response events(Request request) {
        boolean threads = request.queryParameter("threads").isPresent();
        return viewers.join(request, request.queryParameter("page").orElse(""), threads)
                .map(Headers::now)
                .orElseGet(() -> failure(
                                503, "viewers", "there are " + viewers.most() + " viewers, which is as many as may be")
                        .withHeader("Retry-After", "5"));
    }

    private Response metrics(Request request) throws IOException {
        String type = Scrape.contentType(request.header("Accept", ""));
        byte[] text = pool.call(() -> scrape.text(type).getBytes(StandardCharsets.UTF_8));
        return Headers.now(Response.bytes(MediaType.of(type), text));
    }

    private static Response health() {
        return Headers.now(Response.text("alive\n"));
    }

    private Response ready() {
        Readiness now = observed.readiness();
        Response answer = Response.text(now.name().toLowerCase(Locale.ROOT) + "\n");
        return Headers.now(
                now == Readiness.READY ? answer : answer.withStatus(503).withHeader("Retry-After", "1"));
    }

    private Response act(String name) throws IOException {
        for (Map.Entry<Action, Callable<String>> each : actions.entrySet()) {
            if (each.getKey().label().equals(name)) {
                return act(each.getKey(), each.getValue());
            }
        }
        return failure(404, "action", "there is no action '" + name + "' here");
    }

    private Response act(Action action, Callable<String> what) throws IOException {
        if (action != Action.DUMP) {
            LOG.log(System.Logger.Level.INFO, "{0}: asked for on the live page", action.label());
        }
        try {
            String said = pool.call(what);
            if (action == Action.DRAIN) {
                observed.readiness(Readiness.DRAINING); // at once, and not when a thread has got round to it
            }
            return answer(200, new Json().beginObject().put("done", true).put("said", said));
        } catch (IOException | RuntimeException failed) {
            return failure(500, "failed", String.valueOf(failed.getMessage()));
        }
    }

    private static Response failure(int status, String code, String message) {
        return answer(status, new Json().beginObject().put("error", code).put("message", message));
    }

    private static Response answer(int status, Json open) {
        return Headers.now(Response.bytes(JSON, open.endObject().bytes()).withStatus(status));
    }

    private String dump() {
        return ThreadDump.of(observed.loops()) + crews.dump();
    }

    /** Accepts no more on all servers, and returns; they end by themselves. */
    private static String drain(List<Server> servers) {
        int open = servers.stream().mapToInt(one -> one.status().open()).sum();
        for (Server server : servers) {
            Thread.ofPlatform().name("pumasi-drain").daemon().start(() -> server.retire(DRAIN_PATIENCE));
        }
        return "accepts no more; " + open + " connections have " + DRAIN_PATIENCE.toSeconds()
                + " s for their last answer";
    }

    private final class Look implements Viewers.Look {

        @Override
        public byte[] frame(int count) {
            return frame.look(
                    title,
                    count,
                    viewers.most(),
                    actions.keySet().stream().map(Action::label).toList());
        }

        @Override
        public byte[] threads() {
            return frame.threads();
        }

        @Override
        public void over() {
            pulse.close();
            reports.close();
        }
    }

    // ------------------------------------------------------------------------------------------- for the program

    /** Where it listens, with the port that was chosen. */
    public InetSocketAddress address() {
        return (InetSocketAddress) server.address();
    }

    /** The port. */
    public int port() {
        return address().getPort();
    }

    /** The page, with the token behind the {@code #}, which a browser keeps to itself: for whoever started the program. */
    public String link() {
        return url() + "#token=" + door.token().word();
    }

    /** The page. */
    public String url() {
        InetSocketAddress bound = address();
        String host = bound.getAddress().isAnyLocalAddress() ? "localhost" : bound.getHostString();
        return "http://" + (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port() + "/";
    }

    /** Whether requests should be sent here, as {@code /ready} answers. A server that stops is DRAINING whatever was said. */
    public void readiness(Readiness now) {
        observed.readiness(now);
    }

    /** Shows one more server and its loops; it is READY from now on. */
    public void show(Server another) {
        observed.add(another);
        observed.readiness(Readiness.READY);
    }

    /** No longer shows a server: one that stops would be taken for the whole. */
    public void hide(Server gone) {
        observed.remove(gone);
    }

    /** Shows one more loop. */
    public void show(Loop another) {
        observed.add(another);
    }

    /** Shows the worker processes of a supervisor. */
    public void show(Supervisor supervisor) {
        observed.add(supervisor);
        observed.readiness(Readiness.READY);
    }

    /** What {@code /metrics} answers: an application adds its own meters. */
    public MeterRegistry metrics() {
        return scrape.registry();
    }

    /** How many look at the page. */
    public int viewers() {
        return viewers.count();
    }

    /** The figures of the page's own loop. */
    public LoopStatus ownLoop() {
        return loops.loops().getFirst().status();
    }

    /** Sends viewers away, and closes. */
    @Override
    public void close() {
        viewers.close();
        server.stop(CLOSE_PATIENCE);
        pool.close(); // first: a look asks the loop
        reports.close();
        loops.close();
        pulse.close();
    }

    /** What a page is made of; every setting has a default. Not thread-safe. */
    public static final class Builder {

        private final Observed observed = new Observed();
        private final Set<String> names = new HashSet<>();
        private final Map<Action, Callable<String>> actions = new EnumMap<>(Action.class);
        private InetSocketAddress address = new InetSocketAddress("localhost", 0);
        private Token token = Token.fresh();
        private String title = "";
        private String driver = Drivers.AUTO;
        private int viewersMax = VIEWERS_DEFAULT;
        private Duration interval = Viewers.INTERVAL;

        private Builder() {}

        /** Where to listen. Default: a free port of localhost. On an address that is not of the loopback, reading needs the token. */
        public Builder address(InetSocketAddress where) {
            address = Objects.requireNonNull(where, "address");
            return this;
        }

        /** The port, on the host that is set; 0 takes one that is free. */
        public Builder port(int port) {
            address = new InetSocketAddress(address.getHostString(), port);
            return this;
        }

        /** Default: {@link Token#fresh}, to be had from {@link Admin#link}. */
        public Builder token(Token word) {
            token = Objects.requireNonNull(word, "token");
            return this;
        }

        /** A name by which browsers may ask for the page, beside its address and {@code localhost}. */
        public Builder name(String host) {
            names.add(host.toLowerCase(Locale.ROOT));
            return this;
        }

        /** What is served, for the page's title. */
        public Builder title(String what) {
            title = Objects.requireNonNull(what, "title");
            return this;
        }

        /** The driver of the page's own loop. Default: {@link Drivers#AUTO}. */
        public Builder driver(String called) {
            driver = Objects.requireNonNull(called, "driver");
            return this;
        }

        /** How long from one frame to the next; for tests, which have no time. */
        Builder interval(Duration time) {
            interval = time;
            return this;
        }

        /** How many may look at a time. Default: {@value #VIEWERS_DEFAULT}. */
        public Builder viewersMax(int count) {
            if (count < 1 || count > VIEWERS_MAX) {
                throw new IllegalArgumentException("between 1 and " + VIEWERS_MAX + " viewers, not " + count);
            }
            viewersMax = count;
            return this;
        }

        /** Shows that server and its loops; the button DRAIN retires all servers shown so, unless {@link #on} says otherwise. */
        public Builder show(Server server) {
            observed.add(server);
            observed.readiness(Readiness.READY);
            actions.putIfAbsent(Action.DRAIN, () -> Admin.drain(observed.servers()));
            return this;
        }

        /** Shows that loop. */
        public Builder show(Loop loop) {
            observed.add(loop);
            return this;
        }

        /**
         * What a button does; without it there is none, DUMP apart.
         *
         * @param what may block; what it returns is shown, and the message of what it throws
         */
        public Builder on(Action action, Callable<String> what) {
            actions.put(action, what);
            return this;
        }

        /**
         * Starts it.
         *
         * @throws IOException if the address is taken, forbidden, unknown, or none of this machine's; nothing is left running
         */
        public Admin start() throws IOException {
            if (address.isUnresolved()) {
                throw new IOException("no address is known for the host " + address.getHostString());
            }
            LoopGroup loops =
                    LoopGroup.start("pumasi-admin", 1, Drivers.choose(driver).factory());
            try {
                return new Admin(this, loops);
            } catch (IOException | RuntimeException refused) {
                loops.close();
                throw refused;
            }
        }
    }
}
