package dev.pumasi.server;

import dev.pumasi.http.HttpLimits;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.RecordingSocket;
import dev.pumasi.runtime.SignalListener;
import dev.pumasi.runtime.SignalRefusedException;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.ThreadDumpSocket;
import dev.pumasi.runtime.UnixSignal;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A worker process from inside: it inherits the connection to its supervisor as descriptor {@value #CONTROL} and the listening
 * socket as {@value #LISTENER} (one whose model makes blocking calls: as 0), opens its application, asks itself some requests, says that it is ready, and accepts when it is
 * told to. See {@link Supervisor} for the whole.
 *
 * <p>It leaves when it is told to, when it gets SIGTERM, or when the supervisor is gone, which it learns by the end of their
 * connection. In all three cases requests that were begun or are on their way are answered first. Exit statuses: 0 it has
 * left in good order; {@value #EXIT_REFUSED} it never became ready, and has said why; {@value #EXIT_OUT_OF_MEMORY} the JVM ran
 * out of memory.
 */
public final class Worker {

    /** The connection to the supervisor. */
    static final int CONTROL = 3;

    /** The listening socket. */
    static final int LISTENER = 4;

    /** The variable that says how many listening sockets there are: the others follow behind {@value #LISTENER}. */
    static final String LISTENERS = "PUMASI_LISTENERS";

    static final int EXIT_REFUSED = 78;

    /** What the JVM exits with under {@code -XX:+ExitOnOutOfMemoryError}. */
    static final int EXIT_OUT_OF_MEMORY = 3;

    /** How long it lets connections go on when nobody has told it. */
    private static final Duration PATIENCE_DEFAULT = Duration.ofSeconds(30);

    private static final System.Logger LOG = System.getLogger("dev.pumasi.server");

    private final Post post;
    private final Loop loop;
    private final CompletableFuture<Leaving> leaving = new CompletableFuture<>();
    private final AtomicBoolean stopped = new AtomicBoolean();
    private ControlChannel control; // belongs to the loop
    private volatile boolean refused;

    /** How to leave: for a successor, or for good. */
    private record Leaving(boolean forGood, Duration patience) {}

    @SuppressWarnings("NullAway.Init") // connect() is called before anybody looks
    private Worker(Post post) {
        this.post = post;
        loop = post.loops().getFirst();
    }

    /** Where a worker of that model finds the listening socket: the JDK takes over standard input and no other. */
    static int listener(Model model) {
        return model.hasLoops() ? LISTENER : 0;
    }

    /** Runs a worker with these {@link WorkerSettings#arguments}, and ends the JVM with its exit status. */
    public static void main(String[] arguments) {
        System.exit(run(List.of(arguments)));
    }

    private static int run(List<String> arguments) {
        OpenApplication application;
        Post post;
        WorkerSettings settings;
        try {
            settings = WorkerSettings.parse(arguments);
            application = settings.application().open();
        } catch (ApplicationException | RuntimeException refused) {
            return refuse(String.valueOf(refused.getMessage()));
        }
        Thread.currentThread().setContextClassLoader(application.classes());
        try {
            ServerBuilder builder = ServerBuilder.of(application.endpoint())
                    .model(settings.model())
                    .loops(settings.loops())
                    .driver(settings.driver())
                    .limits(application.limits(HttpLimits.builder()
                            .connectionsMax(settings.connectionsMax())
                            .build()))
                    .inherit(listener(settings.model()));
            if (settings.threads() > 0) {
                builder.threads(settings.threads());
            }
            post = Post.of(builder.start(), settings.driver());
            for (int i = 1; i < listeners(); i++) {
                post = post.with(builder.on(post.loops()).inherit(LISTENER + i).start());
            }
        } catch (IOException | RuntimeException refused) {
            application.close();
            return refuse(String.valueOf(refused.getMessage()));
        }
        try {
            return new Worker(post).serve(settings.warmUps());
        } finally {
            post.close();
            application.close();
        }
    }

    private static int listeners() {
        String count = System.getenv(LISTENERS);
        return count == null || !count.matches("\\d{1,4}") ? 1 : Integer.parseInt(count);
    }

    /** Says so to the supervisor; there is no loop yet. */
    private static int refuse(String why) {
        try (LoopGroup loops = LoopGroup.start("pumasi-refusal", 1, "auto")) {
            Loop loop = loops.next();
            StreamSocket socket = StreamSocket.inherit(loop, CONTROL);
            socket.write(new ControlLine(ControlLine.REFUSED, why).encoded());
            socket.flush();
            socket.shutdownOutput();
            CountDownLatch heard = new CountDownLatch(1);
            loop.execute(() -> ControlChannel.open(socket, _ -> {}, heard::countDown)); // the other end hangs up
            heard.await();
        } catch (IOException | RuntimeException | InterruptedException unheard) {
            LOG.log(System.Logger.Level.ERROR, "a worker does not start: {0}", why);
        }
        return EXIT_REFUSED;
    }

    private int serve(int warmUps) {
        List<SignalListener> signals = new ArrayList<>();
        try {
            connect();
            for (UnixSignal signal : List.of(UnixSignal.TERM, UnixSignal.INT)) {
                listen(signal).ifPresent(signals::add);
            }
            say(ControlLine.of(ControlLine.WARMING));
            WarmUp warm = post.warmUp(warmUps);
            say(new ControlLine(ControlLine.READY, warm.answered() + " " + warm.failed()));
            Optional<ThreadDumpSocket> dumps = offerDumps();
            Optional<RecordingSocket> recordings = offerRecordings();
            List<AutoCloseable> companions = companions();
            Leaving how = leaving.join();
            if (how.forGood()) {
                stop(how.patience());
            } else {
                post.retire(how.patience());
            }
            if (dumps.isPresent()) {
                dumps.get().close();
            }
            if (recordings.isPresent()) {
                recordings.get().close();
            }
            companions.forEach(Worker::part);
            return 0;
        } catch (IOException refused) {
            this.refused = true;
            say(new ControlLine(ControlLine.REFUSED, String.valueOf(refused.getMessage())));
            leaving.join(); // the supervisor hangs up when it has heard this
            return EXIT_REFUSED;
        } finally {
            signals.forEach(SignalListener::close);
        }
    }

    /** For {@code pumasi threads}. A worker that cannot offer them serves all the same. */
    private Optional<ThreadDumpSocket> offerDumps() {
        try {
            return Optional.of(ThreadDumpSocket.open(post.loops()));
        } catch (IOException refused) {
            LOG.log(System.Logger.Level.WARNING, "no thread dumps can be asked for: {0}", refused.getMessage());
            return Optional.empty();
        }
    }

    /** For {@code pumasi trace}. */
    private Optional<RecordingSocket> offerRecordings() {
        try {
            return Optional.of(RecordingSocket.open(post.loops()));
        } catch (IOException refused) {
            LOG.log(System.Logger.Level.WARNING, "no recordings can be asked for: {0}", refused.getMessage());
            return Optional.empty();
        }
    }

    /** Those of this program's own class path. */
    private List<AutoCloseable> companions() {
        List<AutoCloseable> all = new ArrayList<>();
        Iterator<WorkerCompanion> found = ServiceLoader.load(WorkerCompanion.class, Worker.class.getClassLoader())
                .iterator();
        while (true) {
            try {
                if (!found.hasNext()) {
                    return all;
                }
                all.add(found.next().accompany(post.servers(), post.loops()));
            } catch (IOException | ServiceConfigurationError refused) {
                LOG.log(System.Logger.Level.WARNING, "a worker goes without: {0}", refused.getMessage());
            }
        }
    }

    private static void part(AutoCloseable companion) {
        try {
            companion.close();
        } catch (Exception failure) {
            LOG.log(System.Logger.Level.WARNING, "what went along with a worker does not end", failure);
        }
    }

    /** A shell starts what runs in its background with SIGINT ignored, and that is inherited: then nobody can send it either. */
    private Optional<SignalListener> listen(UnixSignal signal) {
        try {
            return Optional.of(SignalListener.open(loop, signal, _ -> leaveByItself()));
        } catch (SignalRefusedException refused) {
            LOG.log(System.Logger.Level.DEBUG, refused.getMessage());
            return Optional.empty();
        }
    }

    private void connect() throws IOException {
        StreamSocket socket = StreamSocket.inherit(loop, CONTROL);
        CompletableFuture<ControlChannel> opened = new CompletableFuture<>();
        loop.execute(() -> {
            control = ControlChannel.open(socket, this::told, this::supervisorIsGone);
            opened.complete(control);
        });
        opened.join();
    }

    private void say(ControlLine line) {
        loop.execute(() -> control.say(line));
    }

    private void told(ControlLine line) {
        switch (line.verb()) {
            case ControlLine.SERVE -> {
                post.accept();
                control.say(ControlLine.of(ControlLine.SERVING));
            }
            case ControlLine.LOOK -> Sighting.of(post).lines().forEach(control::say);
            case ControlLine.RETIRE -> {
                post.stopAccepting();
                control.say(ControlLine.of(ControlLine.QUIET));
                leaving.complete(new Leaving(false, Duration.ofMillis(line.number())));
            }
            case ControlLine.STOP -> {
                Duration patience = Duration.ofMillis(line.number());
                if (!leaving.complete(new Leaving(true, patience))) {
                    // It is leaving already, for a successor: that is over as well now.
                    Thread.ofPlatform().name("pumasi-stop").daemon().start(() -> stop(patience));
                }
            }
            default -> LOG.log(System.Logger.Level.WARNING, "the supervisor says something unheard of: {0}", line);
        }
    }

    private void stop(Duration patience) {
        if (stopped.compareAndSet(false, true)) {
            post.stop(patience);
        }
    }

    private void leaveByItself() {
        if (leaving.complete(new Leaving(false, PATIENCE_DEFAULT))) {
            control.say(ControlLine.of(ControlLine.LEAVING));
        }
    }

    private void supervisorIsGone() {
        if (leaving.complete(new Leaving(false, PATIENCE_DEFAULT)) && !refused) {
            LOG.log(System.Logger.Level.WARNING, "the supervisor is gone; this worker answers what it has, and leaves");
        }
    }
}
