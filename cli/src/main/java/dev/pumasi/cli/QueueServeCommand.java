package dev.pumasi.cli;

import dev.pumasi.admin.Admin;
import dev.pumasi.http.Endpoint;
import dev.pumasi.http.HttpLimits;
import dev.pumasi.http.HttpServer;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.server.SettingException;
import dev.pumasi.server.Settings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code pumasi queue serve}. */
@Command(
        name = "serve",
        description = {
            "Open the queue in a folder, which is made if it is not there, and let other processes publish and consume over HTTP.",
            "Without a token only programs of this machine may, and only it is listened for."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        footer = {
            "",
            "Ctrl-C, or SIGTERM, ends it: consumers are told, what was taken is delivered again after the next start.",
            "",
            "Examples:",
            "  pumasi queue serve ./shop",
            "  pumasi queue serve --admin 9090 ./shop     with a live page: topics, lag, dead letters",
            "  curl -d soup http://localhost:8080/topics/orders/messages",
            "  curl -X POST 'http://localhost:8080/topics/orders/groups/mail/take?max=1&wait=20s'"
        })
final class QueueServeCommand implements Callable<Integer> {

    private static final int PORT_MAX = 65_535;

    /** A batch holds several messages. */
    private static final long BODY_BYTES_MAX = 16L << 20;

    @Parameters(paramLabel = "FOLDER", description = "The queue's folder.")
    private String folder = "";

    @Option(
            names = {"-H", "--host"},
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
            names = "--token-file",
            paramLabel = "FILE",
            description = "The file with what everybody must show who asks.")
    private @Nullable Path tokenFile;

    @Option(
            names = "--options",
            paramLabel = "O",
            defaultValue = "",
            description = "Options of the queue: segment=64m&message=1m&pending=16m&company=2ms&damage=refuse.")
    private String options = "";

    @Mixin
    private AdminOptions admin = new AdminOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs a command
    private CommandSpec spec;

    QueueServeCommand() {}

    @Override
    public Integer call() throws CannotRun, InterruptedException {
        if (port < 0 || port > PORT_MAX) {
            throw wrong("--port is " + port + ", and must be from 0 to " + PORT_MAX);
        }
        InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw new CannotRun("no address is known for the host " + host + "; check its spelling.");
        }
        if (tokenFile == null && !address.getAddress().isLoopbackAddress()) {
            throw wrong("--host " + host + " can be reached from other machines; give a secret with --token-file");
        }
        QueueApplication application = new QueueApplication();
        Optional<AdminPage> page = admin.page(spec.commandLine(), "the queue in " + folder);
        try (StopSignals signals = StopSignals.take();
                AdminPage opened = page.orElse(null)) {
            serve(application, address, signals, opened);
            return 0;
        } finally {
            close(application);
        }
    }

    private void serve(
            QueueApplication application, InetSocketAddress address, StopSignals signals, @Nullable AdminPage page)
            throws CannotRun, InterruptedException {
        Draining draining = new Draining(signals);
        Admin live = page == null
                ? null
                : page.on(Admin.Action.DRAIN, draining::begin).open();
        Endpoint face = open(application);
        try (HttpServer server = HttpServer.builder(face)
                .address(address)
                .limits(HttpLimits.builder().bodyBytesMax(BODY_BYTES_MAX).build())
                .loops(1)
                .start()) {
            var out = spec.commandLine().getOut();
            out.println("Serving the queue in " + folder + " on " + ApplicationRun.url(host, server.port())
                    + (tokenFile == null ? " (programs of this machine)" : " (whoever has the token)"));
            out.flush();
            if (live != null && page != null) {
                draining.of(server);
                live.show(server);
                page.tell(out);
            }
            signals.await();
            if (page != null) {
                page.drains();
            }
            application.stopConsumers();
            server.stop(ServeCommand.DRAIN_PATIENCE);
            out.println("Stopped. Requests: " + server.status().requests());
            out.flush();
        } catch (IOException refused) {
            throw new CannotRun(
                    refused instanceof OperationException known && known.failure() == Failure.ADDRESS_IN_USE
                            ? "port " + port + " of " + host
                                    + " is in use; choose another with --port, or stop what listens there (ss -ltnp shows it)."
                            : String.valueOf(refused.getMessage()),
                    refused);
        }
    }

    private Endpoint open(QueueApplication application) throws CannotRun {
        Map<String, String> settings = new LinkedHashMap<>(Map.of("folder", folder, "options", options));
        if (tokenFile != null) {
            settings.put("token-file", tokenFile.toString());
        }
        try {
            return application.open(Settings.of(settings));
        } catch (IOException refused) {
            throw OpenQueue.told("open the queue in " + folder, refused);
        } catch (SettingException refused) {
            throw new CannotRun(String.valueOf(refused.getMessage()), refused);
        }
    }

    private static void close(QueueApplication application) throws CannotRun {
        try {
            application.close();
        } catch (IOException failure) {
            throw OpenQueue.told("close the queue", failure);
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
