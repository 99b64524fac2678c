package dev.pumasi.cli;

import dev.pumasi.admin.Admin;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.RecordingSocket;
import dev.pumasi.runtime.ServiceManager;
import dev.pumasi.runtime.ServiceManager.PassedSocket;
import dev.pumasi.runtime.ThreadDumpSocket;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.server.ApplicationChoice;
import dev.pumasi.server.Model;
import dev.pumasi.server.ProcessModel;
import dev.pumasi.server.Supervisor;
import dev.pumasi.server.WorkerPlan;
import dev.pumasi.web.Site;
import dev.pumasi.web.conf.ConfException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code pumasi serve}: runs a server until it is told to stop. */
@Command(
        name = "serve",
        description =
                "Serve the files of a folder, the site of a configuration file, an application, or a welcome page.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        footer = {
            "",
            "Stop it with Ctrl-C or SIGTERM: requests in progress are answered first. A second one stops at once."
        })
final class ServeCommand implements Callable<Integer> {

    /** How long requests in progress may take once the server was told to stop. */
    static final Duration DRAIN_PATIENCE = Duration.ofSeconds(10);

    static final int PORT_MAX = 65_535;

    private static final System.Logger LOG = System.getLogger("dev.pumasi.cli");

    @Parameters(
            arity = "0..1",
            paramLabel = "DIR|FILE",
            description = {
                "The folder to serve, or a configuration file in nginx's manner (docs/site-conf.md).",
                "Without it: a welcome page."
            })
    private @Nullable Path folder;

    @Option(
            names = "--host",
            paramLabel = "H",
            defaultValue = "localhost",
            description = "The name or address to listen on (default: ${DEFAULT-VALUE}).")
    private String host = "";

    @Option(
            names = {"-p", "--port"},
            paramLabel = "P",
            defaultValue = "8080",
            description = "The port; 0 takes any free one (default: ${DEFAULT-VALUE}).")
    private int port;

    @Option(
            names = "--app",
            paramLabel = "NAME",
            completionCandidates = ApplicationNames.class,
            description = {
                "The application to serve instead: ${COMPLETION-CANDIDATES}, one of --class-path,",
                "or the full name of a class that is an Application, a Handler or an AsyncHandler."
            })
    private @Nullable String application;

    @Option(
            names = "--class-path",
            paramLabel = "P",
            split = ":",
            description = "Jars and folders with the application's classes, separated by colons.")
    private List<Path> classPath = List.of();

    @Option(
            names = "--set",
            paramLabel = "NAME=VALUE",
            description = "A setting of the application; may be given several times. --app NAME --help lists them.")
    private Map<String, String> settings = Map.of();

    @Option(
            names = "--model",
            paramLabel = "NAME",
            defaultValue = "green",
            completionCandidates = ModelNames.class,
            description = "The concurrency model: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private String model = "";

    @Option(
            names = "--loops",
            paramLabel = "N",
            description = "How many event loops, in event-loop and green (default: one per processor).")
    private @Nullable Integer loops;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = {
                "How many threads: in threaded at most (default: as many as connections), in prethreaded always (default: 200),",
                "in worker-pool for handlers (default: 4)."
            })
    private @Nullable Integer threads;

    @Option(
            names = "--connections",
            paramLabel = "N",
            description = "How many connections at most (default: " + ServeOptions.CONNECTIONS_DEFAULT + ").")
    private @Nullable Integer connections;

    @Option(
            names = "--driver",
            paramLabel = "NAME",
            description = "How loops talk to the kernel: auto, io_uring, epoll, poll, select or nio (default: auto).")
    private @Nullable String driver;

    @Option(
            names = "--socket",
            paramLabel = "NAME",
            description = "Which socket to accept from, if systemd has passed several.")
    private @Nullable String socketName;

    /** Where the site of a configuration file listens, if processes serve it; else empty. */
    private List<SocketAddress> listens = List.of();

    @Mixin
    private CrewOptions crew = new CrewOptions();

    @Mixin
    private AdminOptions admin = new AdminOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs a command
    private CommandSpec spec;

    ServeCommand() {}

    @Override
    public Integer call() throws CannotRun, InterruptedException {
        Optional<ProcessModel> processes = ProcessModel.find(model);
        if (processes.isPresent()) {
            return callWithProcesses(processes.get());
        }
        if (isSite()) {
            return callSite();
        }
        crew.requireNone(spec.commandLine(), model);
        ServeOptions options = options();
        // Before the server stands: whoever stops it while it starts gets the orderly end too.
        Optional<AdminPage> page = admin.page(spec.commandLine(), content());
        try (StopSignals signals = StopSignals.take();
                AdminPage opened = page.orElse(null)) {
            Draining draining = new Draining(signals);
            Admin live = opened == null
                    ? null
                    : opened.on(Admin.Action.DRAIN, draining::begin).open();
            ApplicationRun site = ApplicationRun.start(options);
            var out = spec.commandLine().getOut();
            out.println(site.line());
            out.flush();
            if (live != null && opened != null) {
                draining.of(site.server());
                live.show(site.server());
                opened.tell(out);
            }
            ServiceManager manager = ServiceManager.ofThisProcess();
            manager.ready(site.line());
            Optional<ThreadDumpSocket> dumps = offerDumps(site); // afterwards: it is wanted less than the first answer
            Optional<RecordingSocket> recordings = offerRecordings(site);
            signals.await();
            manager.stopping("answering what was asked before");
            if (opened != null) {
                opened.drains();
            }
            site.stop(DRAIN_PATIENCE);
            close(dumps);
            close(recordings);
            out.println(site.lastLine());
            out.flush();
            return 0;
        }
    }

    /** Whether it is a configuration file that was named. */
    private boolean isSite() {
        return folder != null && Files.isRegularFile(folder);
    }

    private int callSite() throws CannotRun, InterruptedException {
        Path file = Objects.requireNonNull(folder);
        crew.requireNone(spec.commandLine(), model);
        notWithSite();
        Optional<AdminPage> page = admin.page(spec.commandLine(), content());
        Model chosen = model();
        if (!ServiceManager.ofThisProcess().sockets().isEmpty()) {
            requireLoops(chosen);
        }
        if (socketName != null) {
            throw wrong("--socket means nothing with a configuration file: its addresses say which socket is which");
        }
        boolean countsLoops = chosen == Model.EVENT_LOOP || chosen == Model.GREEN;
        try (StopSignals signals = StopSignals.take();
                AdminPage opened = page.orElse(null)) {
            return new SiteRun(
                            spec.commandLine().getOut(),
                            file,
                            chosen,
                            number("--loops", loops, LoopGroup.LOOPS_MAX, countsLoops),
                            number("--threads", threads, chosen.threadsMax(), chosen.hasThreads()),
                            number("--connections", connections, Integer.MAX_VALUE, true),
                            driver(chosen))
                    .with(Optional.ofNullable(opened))
                    .run(signals, DRAIN_PATIENCE);
        }
    }

    private void notWithSite() {
        for (String option : List.of("--host", "--port")) {
            if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
                throw wrong(
                        option + " means nothing with a configuration file, which says where to listen; leave it out");
            }
        }
    }

    /** Where the site listens that processes serve, and how many it wants. Tells what is wrong with the file. */
    private List<SocketAddress> siteAddresses() throws CannotRun {
        Path file = Objects.requireNonNull(folder);
        notWithSite();
        try (Site site = Site.open(file, System.getenv())) {
            crew.byDefault(site.processes());
            boolean severalAreFine = crew.takesSeveralAddresses(model);
            boolean isOne = site.addresses().size() == 1 && site.addresses().getFirst() instanceof InetSocketAddress;
            if (!severalAreFine && !isOne) {
                throw new CannotRun(file + " listens on " + String.join(", ", site.places())
                        + ", and here it can be one TCP address;"
                        + " serve it with --model preforked and workers that have loops, or with --model green.");
            }
            if (site.addresses().size() > Supervisor.ADDRESSES_MAX) {
                throw new CannotRun(file + " listens on " + site.addresses().size() + " addresses, and the model "
                        + model + " has " + Supervisor.ADDRESSES_MAX + " at most; serve it with --model green.");
            }
            return site.addresses();
        } catch (ConfException broken) {
            throw new CannotRun(file + " cannot be used:\n" + broken.getMessage(), broken);
        }
    }

    private int callWithProcesses(ProcessModel processes) throws CannotRun, InterruptedException {
        List<String> words = spec.root().commandLine().getParseResult().originalArgs();
        if (!ServiceManager.ofThisProcess().sockets().isEmpty()) {
            throw wrong(
                    "the model " + model
                            + " opens its own socket, and takes over none that was passed; choose event-loop, worker-pool or green");
        }
        try (StopSignals signals = StopSignals.take()) {
            if (isSite()) {
                listens = siteAddresses();
            }
            plan(); // wrong options are told as such
            Optional<AdminPage> page = admin.page(spec.commandLine(), content());
            if (page.isPresent() && processes == ProcessModel.FORKING) {
                throw wrong(
                        "--admin means nothing in the model forking, whose processes have a connection each and no loop;"
                                + " leave it out");
            }
            return new CrewSite(spec.commandLine().getOut(), host, port, listens, crew.deaths())
                    .with(page.map(wanted -> wanted.forCrew(DRAIN_PATIENCE)))
                    .run(processes, content(), crew.words(processes), () -> planAnew(words), signals, DRAIN_PATIENCE);
        }
    }

    /** What the options, and the files they name, say now. */
    private WorkerPlan planAnew(List<String> words) throws CannotRun {
        CommandLine again = Pumasi.commandLine();
        ServeCommand fresh = (ServeCommand) again.parseArgs(words.toArray(String[]::new))
                .subcommand()
                .commandSpec()
                .userObject();
        if (fresh.isSite()) {
            fresh.listens = fresh.siteAddresses();
        }
        if (!fresh.model.equals(model)
                || !fresh.host.equals(host)
                || fresh.port != port
                || !fresh.listens.equals(listens)) {
            throw new CannotRun(
                    isSite()
                            ? "the model and the addresses cannot be changed by a reload; stop the server, and start it anew"
                            : "--model, --host and --port cannot be changed by a reload; stop the server, and start it anew");
        }
        return fresh.plan();
    }

    private WorkerPlan plan() {
        if (port < 0 || port > PORT_MAX) {
            throw wrong("--port is " + port + ", and must be from 0 to " + PORT_MAX);
        }
        return crew.plan(
                spec.commandLine(),
                ProcessModel.find(model).orElseThrow(),
                application(),
                number("--loops", loops, LoopGroup.LOOPS_MAX, crew.countsLoops(model)),
                number("--threads", threads, crew.threadsMax(), crew.hasThreads()),
                number("--connections", connections, Integer.MAX_VALUE, true),
                Optional.ofNullable(driver));
    }

    /** For {@code pumasi threads}. A server that cannot offer them serves all the same. */
    private static Optional<ThreadDumpSocket> offerDumps(ApplicationRun site) {
        try {
            return Optional.of(ThreadDumpSocket.open(site.loops()));
        } catch (IOException refused) {
            LOG.log(System.Logger.Level.WARNING, "no thread dumps can be asked for: {0}", refused.getMessage());
            return Optional.empty();
        }
    }

    /** For {@code pumasi trace}. */
    private static Optional<RecordingSocket> offerRecordings(ApplicationRun site) {
        try {
            return Optional.of(RecordingSocket.open(site.loops()));
        } catch (IOException refused) {
            LOG.log(System.Logger.Level.WARNING, "no recordings can be asked for: {0}", refused.getMessage());
            return Optional.empty();
        }
    }

    private static void close(Optional<? extends AutoCloseable> socket) {
        try {
            if (socket.isPresent()) {
                socket.get().close();
            }
        } catch (Exception refused) {
            LOG.log(System.Logger.Level.WARNING, "a socket is left behind: {0}", refused.getMessage());
        }
    }

    private ServeOptions options() {
        if (port < 0 || port > PORT_MAX) {
            throw wrong("--port is " + port + ", and must be from 0 to " + PORT_MAX);
        }
        Model chosen = model();
        boolean countsLoops = chosen == Model.EVENT_LOOP || chosen == Model.GREEN;
        int processors = Runtime.getRuntime().availableProcessors();
        return new ServeOptions(
                application(),
                content(),
                host,
                port,
                chosen,
                number("--loops", loops, LoopGroup.LOOPS_MAX, countsLoops).orElse(processors),
                number("--threads", threads, chosen.threadsMax(), chosen.hasThreads()),
                number("--connections", connections, Integer.MAX_VALUE, true).orElse(ServeOptions.CONNECTIONS_DEFAULT),
                driver(chosen),
                socket(chosen));
    }

    /** What the service manager listens on for this process, if it does; then host and port mean nothing. */
    private Optional<PassedSocket> socket(Model chosen) {
        List<PassedSocket> passed = ServiceManager.ofThisProcess().sockets();
        if (passed.isEmpty()) {
            if (socketName != null) {
                throw wrong("--socket " + socketName + " means nothing: no socket was passed to this process");
            }
            return Optional.empty();
        }
        for (String option : List.of("--host", "--port")) {
            if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
                throw wrong(
                        option + " means nothing: a socket to accept from was passed to this process; leave it out");
            }
        }
        requireLoops(chosen);
        String names = String.join(", ", passed.stream().map(PassedSocket::name).toList());
        List<PassedSocket> wanted = passed.stream()
                .filter(one -> socketName == null || one.name().equals(socketName))
                .toList();
        if (wanted.isEmpty()) {
            throw wrong("there is no socket '" + socketName + "'; passed were " + names);
        }
        if (wanted.size() > 1) {
            throw wrong("several sockets were passed (" + names + "); choose one by its name with --socket");
        }
        return Optional.of(wanted.getFirst());
    }

    private void requireLoops(Model chosen) {
        if (!chosen.hasLoops()) {
            throw wrong("the model " + model
                    + " accepts through the JDK, which takes over no socket; choose event-loop, worker-pool or green");
        }
    }

    private Model model() {
        try {
            return Model.of(model);
        } catch (IllegalArgumentException unknown) {
            throw wrong(unknown.getMessage() + ", " + String.join(", ", ProcessModel.labels()));
        }
    }

    /** What is set must mean something: a number that nobody looks at would be believed to hold. */
    private OptionalInt number(String option, @Nullable Integer given, int most, boolean meaningful) {
        if (given == null) {
            return OptionalInt.empty();
        }
        if (!meaningful) {
            throw wrong(option + " " + given + " means nothing in the model " + model + "; leave it out");
        }
        if (given < 1 || given > most) {
            throw wrong(option + " is " + given + ", and must be from 1 to " + most);
        }
        return OptionalInt.of(given);
    }

    private String driver(Model chosen) {
        String wanted = driver == null ? Drivers.AUTO : driver;
        if (!wanted.equals(Drivers.AUTO) && !Drivers.names().contains(wanted)) {
            throw wrong("there is no driver '" + wanted + "'; choose auto, " + String.join(", ", Drivers.names()));
        }
        if (driver != null && !chosen.hasLoops()) {
            throw wrong("--driver " + wanted + " means nothing in the model " + model
                    + ", which has no loops; leave it out");
        }
        return wanted;
    }

    /** What {@code --app} names; empty without. */
    Optional<ApplicationChoice> named() {
        return Optional.ofNullable(application).map(name -> new ApplicationChoice(name, classPath, Map.of()));
    }

    /** By the classes' names where they are known: nobody need look for applications then. */
    private ApplicationChoice application() {
        if (application != null && folder != null) {
            throw wrong("both a folder and --app " + application + " are given; choose one");
        }
        if (application != null) {
            return new ApplicationChoice(application, classPath, settings);
        }
        if (!classPath.isEmpty() || !settings.isEmpty()) {
            String given = classPath.isEmpty() ? "--set " + settings : "--class-path " + classPath;
            throw wrong(given + " means nothing without --app");
        }
        if (isSite()) {
            return new ApplicationChoice(
                    SiteApplication.class.getName(),
                    List.of(),
                    Map.of(
                            SiteApplication.FILE,
                            Objects.requireNonNull(folder).toAbsolutePath().toString()));
        }
        return folder == null
                ? ApplicationChoice.of(WelcomeApplication.class.getName())
                : new ApplicationChoice(
                        FilesApplication.class.getName(),
                        List.of(),
                        Map.of(FilesApplication.FOLDER, folder.toString()));
    }

    private String content() {
        if (application != null) {
            return application;
        }
        return folder == null
                ? "a welcome page"
                : folder.toAbsolutePath().normalize().toString();
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    /** For the completion script and the help. */
    static final class ModelNames implements Iterable<String> {

        ModelNames() {}

        @Override
        public Iterator<String> iterator() {
            return Stream.concat(Model.labels().stream(), ProcessModel.labels().stream())
                    .iterator();
        }
    }

    /** For the completion script and the help. */
    static final class ApplicationNames implements Iterable<String> {

        ApplicationNames() {}

        @Override
        public Iterator<String> iterator() {
            return ApplicationChoice.names().iterator();
        }
    }
}
