package dev.pumasi.cli;

import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.ThreadDumpSocket;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code pumasi serve}: runs a server until it is told to stop. */
@Command(
        name = "serve",
        description = "Serve the files of a folder, or a welcome page.",
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

    @Parameters(arity = "0..1", paramLabel = "DIR", description = "The folder to serve. Without it: a welcome page.")
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

    @Option(names = "--loops", paramLabel = "N", description = "How many event loops (default: one per processor).")
    private @Nullable Integer loops;

    @Option(
            names = "--driver",
            paramLabel = "NAME",
            defaultValue = "auto",
            description =
                    "How loops talk to the kernel: auto, io_uring, epoll, poll, select or nio (default: ${DEFAULT-VALUE}).")
    private String driver = "";

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs a command
    private CommandSpec spec;

    ServeCommand() {}

    @Override
    public Integer call() throws CannotRun, InterruptedException {
        ServeOptions options = options();
        // Before the server stands: whoever stops it while it starts gets the orderly end too.
        try (StopSignals signals = StopSignals.take()) {
            Site site = Site.start(options);
            var out = spec.commandLine().getOut();
            out.println(site.line());
            out.flush();
            Optional<ThreadDumpSocket> dumps = offerDumps(site); // afterwards: it is wanted less than the first answer
            signals.await();
            site.stop(DRAIN_PATIENCE);
            close(dumps);
            out.println(site.lastLine());
            out.flush();
            return 0;
        }
    }

    /** For {@code pumasi threads}. A server that cannot offer them serves all the same. */
    private static Optional<ThreadDumpSocket> offerDumps(Site site) {
        try {
            return Optional.of(ThreadDumpSocket.open(site.loops()));
        } catch (IOException refused) {
            LOG.log(System.Logger.Level.WARNING, "no thread dumps can be asked for: {0}", refused.getMessage());
            return Optional.empty();
        }
    }

    private static void close(Optional<ThreadDumpSocket> dumps) {
        try {
            if (dumps.isPresent()) {
                dumps.get().close();
            }
        } catch (IOException refused) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "the socket for thread dumps is left behind: {0}",
                    refused.getMessage());
        }
    }

    private ServeOptions options() throws CannotRun {
        if (port < 0 || port > PORT_MAX) {
            throw wrong("--port is " + port + ", and must be from 0 to " + PORT_MAX);
        }
        int loopCount = loops == null ? Runtime.getRuntime().availableProcessors() : loops;
        if (loopCount < 1 || loopCount > LoopGroup.LOOPS_MAX) {
            throw wrong("--loops is " + loopCount + ", and must be from 1 to " + LoopGroup.LOOPS_MAX);
        }
        if (!driver.equals(Drivers.AUTO) && !Drivers.names().contains(driver)) {
            throw wrong("there is no driver '" + driver + "'; choose auto, " + String.join(", ", Drivers.names()));
        }
        if (folder != null && !Files.isDirectory(folder)) {
            throw new CannotRun(
                    Files.exists(folder)
                            ? folder + " is not a folder; name the folder it lies in."
                            : "there is no folder " + folder + "; create it, or name another.");
        }
        if (folder != null && !Files.isReadable(folder)) {
            throw new CannotRun("the folder " + folder + " may not be read by this user; change its mode or the user.");
        }
        return new ServeOptions(Optional.ofNullable(folder), host, port, loopCount, driver);
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
