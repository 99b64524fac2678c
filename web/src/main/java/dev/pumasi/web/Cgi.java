package dev.pumasi.web;

import dev.pumasi.http.Handler;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.AsyncFolder;
import dev.pumasi.runtime.ChildProcess;
import dev.pumasi.runtime.Command;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.driver.FileAttributes;
import dev.pumasi.runtime.driver.ProcessGroup;
import dev.pumasi.runtime.driver.Redirect;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Answers with what scripts say: CGI/1.1 (RFC 3875). Each request is a process of its own, which reads the request's body and writes the
 * answer.
 *
 * <p><b>The way of a request.</b> The path is walked beneath the folder of scripts until it meets a file; the names behind that are the
 * script's PATH_INFO. {@link CgiVariables} says what the script is told, {@link Turns} when it may begin. Then {@link CgiRun} feeds it,
 * reads its head ({@link CgiHeadReader}) and passes on its body as it comes. Nothing here blocks a thread: the process, its pipes and
 * its end belong to the connection's loop.
 *
 * <p><b>What a script gets.</b> The variables of the RFC, {@code PATH}, what {@link Builder#environment} adds, and nothing else of this
 * process's environment; three pipes and no other descriptor; the folder it stands in as working folder; a process group of its own,
 * which is killed when it has ended, so that no child of it stays (one that makes a session of its own does). No argument ever: a query without an equals
 * sign could be one by section 4.4, and has been a way in too often.
 *
 * <p><b>Bodies without a length</b> (chunked): scripts read as many bytes as CONTENT_LENGTH says, and there would be none. So such a body is
 * {@linkplain Unannounced#TAKEN_FIRST taken in first}, decoded, and the script starts when its length is known. For scripts that
 * read to the end of their input it can be {@linkplain Unannounced#STREAMED streamed}, or {@linkplain Unannounced#REFUSED refused}.
 *
 * <p><b>Answers.</b> Document, client redirect, and local redirect (section 6.2), which this server follows by itself. Where the script's name begins
 * with {@code nph-} its output begins with a status line. That is written anew like everything that leaves this server, instead of being
 * copied: a body that ends otherwise than announced would let one client read another's answer.
 *
 * <p><b>Failures</b>: 404 no such script; 403 it is outside of the folder, no file, or may not be run; 503 too many run and wait; 504 its head
 * was not there in time; 502 it said nothing, or what is no head; 500 it cannot be started. Once the head is out, a script that is cut off by a limit ends
 * the connection, because HTTP has no other way to say that the answer is not complete.
 *
 * <p><b>What it will not do.</b> Change the user, keep processes for the next request (see {@link FastCgi}), or limit what a script
 * may use of the machine other than by time, output and number.
 */
public final class Cgi implements Handler {

    static final Duration UNTIL_HEAD_DEFAULT = Duration.ofSeconds(30);
    static final Duration UNTIL_END_DEFAULT = Duration.ofMinutes(5);

    /** How many requests wait for a script to end, and how long. */
    static final int WAITING_DEFAULT = 128;

    static final Duration WAIT_DEFAULT = Duration.ofSeconds(10);

    /** What becomes of a body whose length the client has not said. */
    public enum Unannounced {
        /** It is taken in, up to the server's limit, before the script starts: 64 KiB in memory, more in a file. */
        TAKEN_FIRST,
        /** The script gets it as it comes, without CONTENT_LENGTH; the end of its input is the end. */
        STREAMED,
        /** 411: the client shall say a length. */
        REFUSED
    }

    private static final System.Logger LOG = System.getLogger("dev.pumasi.web");

    private static final int EXECUTABLE_BITS = 0111;

    private static final Response NOT_FOUND = error(404, "Not Found");
    private static final Response FORBIDDEN = error(403, "Forbidden");
    private static final Response LENGTH_REQUIRED = error(411, "Length Required");
    private static final Response FAILED = error(500, "the script cannot be started");

    private final Path root;
    private final Path documentRoot;
    private final FilePath mount;
    private final Map<String, List<String>> interpreters;
    private final boolean executables;
    private final Map<String, String> environment;
    private final boolean fileNames;
    private final String software;
    private final CgiLimits limits;
    private final Unannounced unannounced;
    private final Path temporaryFolder;
    private final @Nullable Handler localRedirects;
    private final Turns turns;
    private final LongAdder started = new LongAdder();
    private final LongAdder ended = new LongAdder();
    private final LongAdder failed = new LongAdder();

    /** Until a driver has said that it has no process groups; any thread may find that out. */
    private volatile boolean hasGroups = true;

    private Cgi(Builder of) {
        root = of.root.toAbsolutePath();
        documentRoot = of.documentRoot.toAbsolutePath();
        mount = of.mount;
        interpreters = Map.copyOf(of.interpreters);
        executables = of.executables;
        environment = Map.copyOf(of.environment);
        fileNames = of.fileNames;
        software = of.software;
        limits = new CgiLimits(of.firstByte, of.whole, of.patience, of.outputBytesMax, of.errorBytesMax);
        unannounced = of.unannounced;
        temporaryFolder = of.temporaryFolder;
        localRedirects = of.localRedirects;
        turns = new Turns("scripts of " + root, of.runningMax, of.waitingMax, of.wait);
    }

    /** Scripts in this folder and those beneath. */
    public static Builder builder(Path scripts) {
        return new Builder(scripts);
    }

    /** Figures so far. Any thread. */
    public CgiStatus status() {
        long over = ended.sum(); // read first, so that running is not negative
        long begun = started.sum();
        return new CgiStatus(begun, begun - over, turns.refused(), failed.sum());
    }

    @Override
    public Response handle(Request request) throws Exception {
        Optional<FilePath> below = FilePath.of(request.rawPath()).flatMap(path -> path.below(mount));
        return below.isEmpty() ? NOT_FOUND : ask(request, below.get(), Map.of()).response();
    }

    /**
     * What the script at a path beneath the folder says.
     *
     * @param said variables that go before those of the request
     */
    Asked ask(Request request, FilePath below, Map<String, String> said) throws Exception {
        Loop loop = request.loop();
        CgiTarget target;
        try (AsyncFolder folder = loop.files().openFolder(root)) {
            int count = namesToScript(folder, below);
            target = CgiTarget.of(root, mount, below, count, documentRoot);
        } catch (OperationException refused) {
            return Asked.ours(
                    switch (refused.failure()) {
                        case NOT_FOUND, NOT_A_FOLDER, IS_A_FOLDER, NAME_TOO_LONG -> NOT_FOUND;
                        case PERMISSION_DENIED, OUTSIDE, TOO_MANY_LINKS, NOT_EXECUTABLE -> FORBIDDEN;
                        case REJECTED, TOO_MANY_DESCRIPTORS -> Turns.refusal();
                        default -> throw refused;
                    });
        }
        return run(request, target, said);
    }

    /** So many names of the path lead to a file that may be run. */
    private int namesToScript(AsyncFolder folder, FilePath path) throws IOException {
        Path file = Path.of("");
        for (int count = 1; count <= path.names().size(); count++) {
            String name = path.names().get(count - 1);
            file = file.resolve(name);
            try (AsyncFile opened = folder.openBeneath(file, AsyncFile.Option.READ)) {
                FileAttributes found = opened.status();
                switch (found.kind()) {
                    case FILE -> {
                        boolean runs = interpreters.containsKey(ending(name))
                                || executables && (found.mode() & EXECUTABLE_BITS) != 0;
                        if (!runs) {
                            throw new OperationException("run " + opened.path(), Failure.NOT_EXECUTABLE);
                        }
                        return count;
                    }
                    case FOLDER -> {}
                    case SYMBOLIC_LINK, OTHER ->
                        throw new OperationException("run " + opened.path(), Failure.NOT_EXECUTABLE);
                }
            }
        }
        throw new OperationException("run " + folder.path().resolve(file), Failure.IS_A_FOLDER);
    }

    private static String ending(String name) {
        int dot = name.lastIndexOf('.');
        return dot < 0 ? "" : name.substring(dot);
    }

    /** Runs a script that is known to be one. Parks. */
    private Asked run(Request request, CgiTarget target, Map<String, String> said) throws Exception {
        if (request.contentLength() < 0 && unannounced == Unannounced.REFUSED) {
            return Asked.ours(LENGTH_REQUIRED);
        }
        boolean takenFirst = request.contentLength() < 0 && unannounced == Unannounced.TAKEN_FIRST;
        ScriptBody body = takenFirst
                ? ScriptBody.taken(request.body(), request.loop(), temporaryFolder)
                : ScriptBody.asItComes(request.body());
        CgiRun run = null;
        try {
            if (!request.<Boolean>untilGone(turns::take)) {
                return Asked.ours(Turns.refusal());
            }
            ChildProcess child = null;
            try {
                child = start(request, target, body.length(), said);
            } catch (OperationException refused) {
                return Asked.ours(
                        switch (refused.failure()) {
                            case TOO_MANY_PROCESSES, TOO_MANY_DESCRIPTORS, OUT_OF_MEMORY, REJECTED -> Turns.refusal();
                            case NOT_FOUND, NOT_EXECUTABLE, PERMISSION_DENIED, ARGUMENTS_TOO_LONG, NOT_A_FOLDER -> {
                                failed.increment();
                                LOG.log(
                                        System.Logger.Level.WARNING,
                                        Printable.of(String.valueOf(refused.getMessage())));
                                yield FAILED;
                            }
                            default -> throw refused;
                        });
            } finally {
                if (child == null) {
                    turns.giveBack();
                }
            }
            run = new CgiRun(child, limits, !target.isNonParsed(), body);
        } finally {
            if (run == null) {
                body.close();
            }
        }
        started.increment();
        run.begin(() -> {
            ended.increment();
            turns.giveBack();
        });
        request.onGone(run::abandoned);
        Handler within = localRedirects;
        Response answer = run.answer(request, within == null ? this : within);
        if (run.isRefused()) {
            failed.increment();
        }
        return new Asked(answer, true, run.isRefused());
    }

    private ChildProcess start(Request request, CgiTarget target, long bodyBytes, Map<String, String> said)
            throws IOException {
        Loop loop = request.loop();
        if (hasGroups) {
            try {
                return command(request, target, bodyBytes, said)
                        .group(ProcessGroup.OWN)
                        .takesGroupAlong()
                        .start(loop)
                        .await();
            } catch (OperationException refused) {
                if (refused.failure() != Failure.NOT_SUPPORTED) {
                    throw refused;
                }
                hasGroups = false;
                LOG.log(
                        System.Logger.Level.WARNING,
                        "the driver {0} has no process groups: what scripts leave behind is not killed",
                        loop.driverName());
            }
        }
        return command(request, target, bodyBytes, said).start(loop).await();
    }

    private Command command(Request request, CgiTarget target, long bodyBytes, Map<String, String> said) {
        List<String> words = new ArrayList<>(
                interpreters.getOrDefault(ending(String.valueOf(target.file().getFileName())), List.of()));
        words.add(target.file().toString());
        Command command = Command.of(words)
                .emptyEnvironment()
                .folder(Objects.requireNonNull(target.file().getParent()))
                .input(Redirect.Plain.PIPE)
                .output(Redirect.Plain.PIPE)
                .error(Redirect.Plain.PIPE)
                .timeLimit(limits.whole())
                .patience(limits.patience());
        String path = System.getenv("PATH");
        if (path != null) {
            command.environment("PATH", path);
        }
        environment.forEach(command::environment);
        if (fileNames) {
            command.environment("SCRIPT_FILENAME", target.file().toString());
            command.environment("DOCUMENT_ROOT", target.documentRoot().toString());
            command.environment("REQUEST_URI", request.target());
            command.environment("REDIRECT_STATUS", "200");
        }
        CgiVariables.of(request, target, bodyBytes, software, "").forEach(command::environment);
        said.forEach(command::environment);
        return command;
    }

    static Response error(int status, String reason) {
        return Response.text(status + " " + reason + "\n").withStatus(status);
    }

    @Override
    public String toString() {
        return "CGI scripts in " + root;
    }

    // ------------------------------------------------------------------------------------------- how it is made

    /** Settings, each with a default. Not thread-safe. */
    public static final class Builder {

        private final Path root;
        private Path documentRoot;
        private FilePath mount = new FilePath(List.of(), true);
        private final Map<String, List<String>> interpreters = new TreeMap<>();
        private boolean executables = true;
        private final Map<String, String> environment = new LinkedHashMap<>();
        private boolean fileNames;
        private String software = "pumasi";
        private Duration firstByte = UNTIL_HEAD_DEFAULT;
        private Duration whole = UNTIL_END_DEFAULT;
        private Duration patience = Duration.ofSeconds(1);
        private long outputBytesMax = 1L << 30;
        private int errorBytesMax = 8 * 1024;
        private int runningMax = 32;
        private int waitingMax = WAITING_DEFAULT;
        private Duration wait = WAIT_DEFAULT;
        private Unannounced unannounced = Unannounced.TAKEN_FIRST;
        private Path temporaryFolder = Path.of(System.getProperty("java.io.tmpdir"));
        private @Nullable Handler localRedirects;

        private Builder(Path root) {
            this.root = Objects.requireNonNull(root, "scripts");
            documentRoot = root;
        }

        /** The folder stands for this path, below which its scripts are asked for. Default: {@code /}. */
        public Builder under(String path) {
            mount = FilePath.of(path).orElseThrow(() -> new IllegalArgumentException("no path for scripts: " + path));
            return this;
        }

        /** Where PATH_TRANSLATED begins. Default: the folder of scripts. */
        public Builder documentRoot(Path folder) {
            documentRoot = Objects.requireNonNull(folder, "folder");
            return this;
        }

        /**
         * Files whose name ends so are run by this program, whether they are marked executable or not: {@code (".py", "python3")}.
         *
         * @param command the program and its first arguments; the script's path comes behind
         */
        public Builder interpreter(String ending, String... command) {
            if (!ending.startsWith(".") || ending.indexOf('.', 1) >= 0 || command.length == 0) {
                throw new IllegalArgumentException("an ending with its dot, and a program: " + ending);
            }
            interpreters.put(ending, List.of(command));
            return this;
        }

        /** Whether files that are marked executable are run. Default: yes. */
        public Builder executables(boolean run) {
            executables = run;
            return this;
        }

        /** A variable beside those of the RFC, whose own go before it. {@code HTTP_…} is the request's and refused. */
        public Builder environment(String name, String value) {
            if (name.startsWith("HTTP_")) {
                throw new IllegalArgumentException(name + " would look like a field of the request");
            }
            environment.put(name, value);
            return this;
        }

        /**
         * Adds SCRIPT_FILENAME, DOCUMENT_ROOT, REQUEST_URI and REDIRECT_STATUS, which the RFC does not have and {@code php-cgi} does
         * not run without.
         */
        public Builder withFileNames() {
            fileNames = true;
            return this;
        }

        /** SERVER_SOFTWARE. Default: {@code pumasi}. */
        public Builder software(String name) {
            software = Objects.requireNonNull(name, "name");
            return this;
        }

        /** Until the head of the answer is there (beyond it 504), and until all is over. Default: 30 s, 5 min. */
        public Builder timeLimits(Duration untilHead, Duration untilEnd) {
            firstByte = positive(untilHead);
            whole = positive(untilEnd);
            return this;
        }

        /** How long a script that was asked to end may take before it is killed. Default: 1 s. */
        public Builder patience(Duration limit) {
            patience = positive(limit);
            return this;
        }

        /** The most bytes of an answer's body, and of complaints in the log. Default: 1 GiB, 8 KiB. */
        public Builder outputLimits(long bodyBytesMax, int complaintBytesMax) {
            if (bodyBytesMax < 1 || complaintBytesMax < 0) {
                throw new IllegalArgumentException("limits in bytes: " + bodyBytesMax + ", " + complaintBytesMax);
            }
            outputBytesMax = bodyBytesMax;
            errorBytesMax = complaintBytesMax;
            return this;
        }

        /** So many scripts at once, so many requests that wait for one to end, each for so long; then 503. Default: 32, 128, 10 s. */
        public Builder concurrency(int running, int waiting, Duration longest) {
            if (running < 1 || waiting < 0) {
                throw new IllegalArgumentException(
                        "at least one at once, and none waiting: " + running + ", " + waiting);
            }
            runningMax = running;
            waitingMax = waiting;
            wait = positive(longest);
            return this;
        }

        /** What becomes of a body whose length the client has not said. Default: {@link Unannounced#TAKEN_FIRST}. */
        public Builder unannounced(Unannounced policy) {
            unannounced = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /** Where bodies lie that are taken in first and too large for memory; nothing of them is ever to be seen there. */
        public Builder temporaryFolder(Path folder) {
            temporaryFolder = Objects.requireNonNull(folder, "folder");
            return this;
        }

        /** Who answers when a script names a path instead of an answer: the site's router, as a rule. Default: these scripts. */
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

        /**
         * The handler. Blocks a moment.
         *
         * @throws IOException if there is no such folder, or it may not be entered
         */
        public Cgi build() throws IOException {
            if (!Files.isDirectory(root.toRealPath())) {
                throw new NotDirectoryException(root.toString());
            }
            return new Cgi(this);
        }
    }
}
