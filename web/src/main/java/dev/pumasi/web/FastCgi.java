package dev.pumasi.web;

import dev.pumasi.http.Handler;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.AsyncFolder;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.driver.FileAttributes;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Lets an application answer that runs for itself and speaks FastCGI 1.0, such as PHP-FPM; over TCP or a Unix domain socket.
 *
 * <p><b>Which script.</b> The first name in the path that ends with {@code .php} (or what {@link Builder#ending} says) is the script, and what follows is its
 * PATH_INFO; a path that ends with a slash means the {@linkplain Builder#index index}. The file must be there, beneath the document root and an ordinary file: an application
 * is never asked for a path that this server has not seen, so that no picture somebody has uploaded is run because of what stands behind it in the path.
 * Where the files are on another machine, {@link Builder#elsewhere} leaves that out.
 *
 * <p><b>Connections</b> are kept on each loop ({@link FastCgiConnections}), one request at a time on each. A connection that was used before may be closed by the
 * application in the very moment in which it is used again; then, if nothing was answered and there was no body, the request is sent once more on a new one.
 *
 * <p><b>Back-pressure, bodies without a length, answers, limits</b> are as with {@link Cgi}: what a script is told and what is made of its answer is the same code.
 *
 * <p><b>Failures</b>: 404 no such script; 502 the application is not there, breaks off, or gives no answer; 503 it says that it is overloaded, or too many wait; 504 it is too late.
 *
 * <p><b>What it will not do</b>: the roles Authorizer and Filter, several requests on one connection, several applications for one location.
 */
public final class FastCgi implements Handler, AutoCloseable {

    private static final System.Logger LOG = System.getLogger("dev.pumasi.web");

    private static final Response NOT_FOUND = Cgi.error(404, "Not Found");
    private static final Response FORBIDDEN = Cgi.error(403, "Forbidden");

    private final SocketAddress peer;
    private final Path root;
    private final FilePath mount;
    private final String ending;
    private final String index;
    private final boolean looks;
    private final Map<String, String> variables;
    private final CgiLimits limits;
    private final Duration connectLimit;
    private final Duration idle;
    private final Duration silence;
    private final Path temporaryFolder;
    private final @Nullable Handler localRedirects;
    private final Turns turns;
    private final AtomicReference<Map<Loop, FastCgiConnections>> pools = new AtomicReference<>(Map.of());
    private final LongAdder connected = new LongAdder();
    private final LongAdder begun = new LongAdder();
    private final LongAdder over = new LongAdder();
    private final LongAdder failed = new LongAdder();

    private FastCgi(Builder of) {
        peer = of.peer;
        root = of.root.toAbsolutePath();
        mount = of.mount;
        ending = of.ending;
        index = of.index;
        looks = of.looks;
        variables = Map.copyOf(of.variables);
        limits = new CgiLimits(of.firstByte, of.whole, Duration.ZERO, of.outputBytesMax, of.errorBytesMax);
        connectLimit = of.connectLimit;
        idle = of.idle;
        silence = of.silence;
        temporaryFolder = of.temporaryFolder;
        localRedirects = of.localRedirects;
        turns = new Turns("requests to " + peer, of.runningMax, of.waitingMax, of.wait);
    }

    /**
     * @param peer where the application listens
     * @param documentRoot the folder with its scripts
     */
    public static Builder builder(SocketAddress peer, Path documentRoot) {
        return new Builder(peer, documentRoot);
    }

    /** Figures so far; what {@code started} counts are requests. Any thread. */
    public CgiStatus status() {
        long ended = over.sum();
        long all = begun.sum();
        return new CgiStatus(all, all - ended, turns.refused(), failed.sum());
    }

    /** How many connections have been made so far. Any thread. */
    public long connections() {
        return connected.sum();
    }

    @Override
    public Response handle(Request request) throws Exception {
        Optional<FilePath> below = FilePath.of(request.rawPath()).flatMap(path -> path.below(mount));
        if (below.isEmpty()) {
            return NOT_FOUND;
        }
        FilePath path = below.get();
        int count = 0;
        while (count < path.names().size() && !path.names().get(count).endsWith(ending)) {
            count++;
        }
        if (count == path.names().size()) {
            if (!path.isFolder() || index.isEmpty()) {
                return NOT_FOUND;
            }
            List<String> names = new ArrayList<>(path.names());
            names.add(index);
            path = new FilePath(names, false);
        }
        CgiTarget target = CgiTarget.of(root, mount, path, count + 1, root);
        if (looks) {
            Response refused = look(request.loop(), target);
            if (refused != null) {
                return refused;
            }
        }
        return ask(request, target);
    }

    private @Nullable Response look(Loop loop, CgiTarget target) throws IOException {
        try (AsyncFolder folder = loop.files().openFolder(root);
                AsyncFile file = folder.openBeneath(root.relativize(target.file()), AsyncFile.Option.READ)) {
            return file.status().kind() == FileAttributes.Kind.FILE ? null : NOT_FOUND;
        } catch (OperationException refused) {
            return switch (refused.failure()) {
                case NOT_FOUND, NOT_A_FOLDER, IS_A_FOLDER, NAME_TOO_LONG -> NOT_FOUND;
                case PERMISSION_DENIED, OUTSIDE, TOO_MANY_LINKS -> FORBIDDEN;
                case REJECTED, TOO_MANY_DESCRIPTORS -> Turns.refusal();
                default -> throw refused;
            };
        }
    }

    private Response ask(Request request, CgiTarget target) throws Exception {
        ScriptBody body = body(request, temporaryFolder);
        Map<String, String> all = new HashMap<>(variables);
        all.put("SCRIPT_FILENAME", target.file().toString());
        all.put("DOCUMENT_ROOT", root.toString());
        all.put("DOCUMENT_URI", target.scriptName() + target.pathInfo());
        all.put("REQUEST_URI", request.target());
        all.put("REDIRECT_STATUS", "200");
        all.putAll(CgiVariables.of(request, target, body.length(), "pumasi", ""));
        Asked asked = ask(request, body, all, "FastCGI " + target.file(), () -> {});
        if (!asked.isThere()) {
            body.close();
        }
        return asked.response();
    }

    /** The body of a request as an application takes it: of a known length. Parks. */
    static ScriptBody body(Request request, Path temporaryFolder) throws IOException {
        return request.contentLength() < 0
                ? ScriptBody.taken(request.body(), request.loop(), temporaryFolder)
                : ScriptBody.asItComes(request.body());
    }

    /**
     * Asks with these variables. Parks.
     *
     * @param body is closed in the end, but if nobody was there
     * @param name whose answer it is, for the log
     * @param then is run once, when all is over: the body of the answer has been written, or nothing will be
     */
    Asked ask(Request request, ScriptBody body, Map<String, String> all, String name, Runnable then) throws Exception {
        boolean hasTurn = false;
        FastCgiExchange exchange = null;
        boolean isThere = true;
        try {
            if (!request.<Boolean>untilGone(turns::take)) {
                return Asked.ours(Turns.refusal());
            }
            hasTurn = true;
            begun.increment();
            exchange = begun(pool(request.loop()), body, name, all, then);
        } catch (NotThereException nobody) {
            LOG.log(System.Logger.Level.WARNING, "{0}: {1}", name, Printable.of(String.valueOf(nobody.getMessage())));
            isThere = nobody.connected;
        } finally {
            if (exchange == null) {
                then.run();
                if (isThere) {
                    body.close();
                }
                if (hasTurn) {
                    turns.giveBack();
                }
            }
        }
        if (exchange == null) {
            failed.increment();
            over.increment();
            return new Asked(Cgi.error(502, "the application is not there"), isThere, true);
        }
        request.onGone(exchange::abandoned);
        return answered(request, exchange);
    }

    /** No connection could be made, or it broke while the request was being sent. */
    private static final class NotThereException extends IOException {

        private static final long serialVersionUID = 1L;

        private final boolean connected;

        NotThereException(IOException cause, boolean connected) {
            super(cause.getMessage(), cause);
            this.connected = connected;
        }
    }

    /** A request on its way, on a connection that lives: it was answered on, or is new. */
    private FastCgiExchange begun(
            FastCgiConnections pool, ScriptBody body, String name, Map<String, String> all, Runnable then)
            throws NotThereException {
        Runnable whenOver = () -> {
            over.increment();
            turns.giveBack();
            then.run();
        };
        byte[] opening = FastCgiRecords.opening(all);
        StreamSocket used = body.length() == 0 ? pool.used() : null;
        if (used != null) {
            FastCgiExchange exchange = new FastCgiExchange(used, pool, body, limits, silence, name, whenOver);
            if (exchange.isHeardOn(opening)) {
                return exchange;
            }
            used.close();
        }
        StreamSocket fresh;
        try {
            fresh = pool.fresh();
        } catch (IOException refused) {
            throw new NotThereException(refused, false);
        }
        connected.increment();
        FastCgiExchange exchange = new FastCgiExchange(fresh, pool, body, limits, silence, name, whenOver);
        try {
            exchange.begin(opening);
            return exchange;
        } catch (IOException broken) {
            exchange.cancel();
            throw new NotThereException(broken, true);
        }
    }

    private Asked answered(Request request, FastCgiExchange exchange) throws Exception {
        Handler within = localRedirects;
        try {
            Response answer = exchange.answer(request, within == null ? this : within);
            if (exchange.isRefused()) {
                failed.increment();
            }
            return new Asked(answer, true, exchange.isRefused());
        } catch (FastCgiRecords.BrokenException broken) {
            failed.increment();
            LOG.log(
                    System.Logger.Level.WARNING,
                    "{0}: {1}",
                    exchange,
                    Printable.of(String.valueOf(broken.getMessage())));
            return Asked.ours(Cgi.error(502, "the application gave no answer"));
        }
    }

    private FastCgiConnections pool(Loop loop) {
        FastCgiConnections known = pools.get().get(loop);
        if (known != null) {
            return known;
        }
        FastCgiConnections made = new FastCgiConnections(loop, peer, connectLimit, idle);
        return pools.updateAndGet(before -> {
                    Map<Loop, FastCgiConnections> after = new HashMap<>(before);
                    after.putIfAbsent(loop, made);
                    return Map.copyOf(after);
                })
                .getOrDefault(loop, made);
    }

    /** Closes the connections that nobody uses. */
    @Override
    public void close() {
        pools.getAndSet(Map.of()).forEach((loop, pool) -> loop.execute(pool::close));
    }

    @Override
    public String toString() {
        return "FastCGI at " + peer;
    }

    // ------------------------------------------------------------------------------------------- how it is made

    /** Settings, each with a default. Not thread-safe. */
    public static final class Builder {

        private final SocketAddress peer;
        private final Path root;
        private FilePath mount = new FilePath(List.of(), true);
        private String ending = ".php";
        private String index = "index.php";
        private boolean looks = true;
        private final Map<String, String> variables = new LinkedHashMap<>();
        private Duration firstByte = Duration.ofSeconds(60);
        private Duration whole = Duration.ofMinutes(5);
        private Duration connectLimit = Duration.ofSeconds(5);
        private Duration idle = Duration.ofSeconds(30);
        private Duration silence = Duration.ZERO;
        private long outputBytesMax = 1L << 30;
        private int errorBytesMax = 8 * 1024;
        private int runningMax = 64;
        private int waitingMax = 256;
        private Duration wait = Duration.ofSeconds(10);
        private Path temporaryFolder = Path.of(System.getProperty("java.io.tmpdir"));
        private @Nullable Handler localRedirects;

        private Builder(SocketAddress peer, Path root) {
            this.peer = Objects.requireNonNull(peer, "peer");
            this.root = Objects.requireNonNull(root, "documentRoot");
        }

        /** The document root stands for this path. Default: {@code /}. */
        public Builder under(String path) {
            mount = FilePath.of(path).orElseThrow(() -> new IllegalArgumentException("no path for scripts: " + path));
            return this;
        }

        /** How a script's name ends. Default: {@code .php}. */
        public Builder ending(String text) {
            if (text.isEmpty()) {
                throw new IllegalArgumentException("every name ends with nothing");
            }
            ending = text;
            return this;
        }

        /** The script of a path that ends with a slash; empty for none. Default: {@code index.php}. */
        public Builder index(String name) {
            index = Objects.requireNonNull(name, "name");
            return this;
        }

        /** The files are on another machine: whether a script is there is not looked at. See above what that means. */
        public Builder elsewhere() {
            looks = false;
            return this;
        }

        /** A variable beside those of CGI, whose own go before it. {@code HTTP_…} is the request's and refused. */
        public Builder variable(String name, String value) {
            if (name.startsWith("HTTP_")) {
                throw new IllegalArgumentException(name + " would look like a field of the request");
            }
            variables.put(name, value);
            return this;
        }

        /** Until the head of the answer is there (beyond it 504), and until all is over. Default: 60 s, 5 min. */
        public Builder timeLimits(Duration untilHead, Duration untilEnd) {
            firstByte = positive(untilHead);
            whole = positive(untilEnd);
            return this;
        }

        /** How long it may take to connect, and how long a connection is kept that nobody uses. Default: 5 s, 30 s. */
        public Builder connections(Duration connect, Duration keptIdle) {
            connectLimit = positive(connect);
            idle = keptIdle;
            return this;
        }

        /** How long nothing may come in the middle of an answer, before it is cut off. Default: as long as all may take. */
        public Builder silence(Duration longest) {
            silence = positive(longest);
            return this;
        }

        /** The most bytes of an answer's body, and of complaints in the log for each request. Default: 1 GiB, 8 KiB. */
        public Builder outputLimits(long bodyBytesMax, int complaintBytesMax) {
            if (bodyBytesMax < 1 || complaintBytesMax < 0) {
                throw new IllegalArgumentException("limits in bytes: " + bodyBytesMax + ", " + complaintBytesMax);
            }
            outputBytesMax = bodyBytesMax;
            errorBytesMax = complaintBytesMax;
            return this;
        }

        /** So many requests at once, so many that wait, each for so long; then 503. Default: 64, 256, 10 s. */
        public Builder concurrency(int running, int waiting, Duration longest) {
            if (running < 1 || waiting < 0) {
                throw new IllegalArgumentException("at least one at once: " + running + ", " + waiting);
            }
            runningMax = running;
            waitingMax = waiting;
            wait = positive(longest);
            return this;
        }

        /** Where bodies lie whose length the client has not said, if they are large. */
        public Builder temporaryFolder(Path folder) {
            temporaryFolder = Objects.requireNonNull(folder, "folder");
            return this;
        }

        /** Who answers when a script names a path instead of an answer. Default: this application. */
        public Builder localRedirects(Handler handler) {
            localRedirects = Objects.requireNonNull(handler, "handler");
            return this;
        }

        private static Duration positive(Duration limit) {
            if (limit.isNegative() || limit.isZero()) {
                throw new IllegalArgumentException("a limit of " + limit);
            }
            return limit;
        }

        public FastCgi build() {
            return new FastCgi(this);
        }
    }
}
