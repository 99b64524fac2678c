package dev.pumasi.cli;

import dev.pumasi.lab.Load;
import dev.pumasi.lab.LoadException;
import dev.pumasi.lab.LoadPlan;
import dev.pumasi.lab.LoadReport;
import dev.pumasi.lab.LoadResult;
import dev.pumasi.lab.LoadTarget;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code pumasi load}: asks a server, and tells how it answered. */
@Command(
        name = "load",
        description = {
            "Ask a server again and again, and tell how fast it answers and how long one waits.",
            "With --rate requests are due at fixed times, and one that waits because the server stalls is charged for all of it;"
                    + " without, each connection asks again as soon as it is answered."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        footer = {
            "",
            "Ctrl-C ends it and prints what was measured until then. Exit status 1 if not one request was answered.",
            "",
            "Examples:",
            "  pumasi load http://localhost:8080/                    as fast as it goes, 64 connections",
            "  pumasi load localhost:8080/ --rate 5000 -c 200 -d 30  5,000 requests a second for 30 seconds"
        })
final class LoadCommand implements Callable<Integer> {

    private static final double NANOS_PER_SECOND = 1e9;
    private static final double SECONDS_MAX = LoadPlan.DURATION_MAX.toSeconds();

    @Parameters(paramLabel = "URL", description = "http://HOST[:PORT][/PATH][?QUERY]")
    private String url = "";

    @Option(names = "--rate", paramLabel = "N", description = "Requests per second, however slow the server is.")
    private @Nullable Double rate;

    @Option(
            names = {"-c", "--connections"},
            paramLabel = "N",
            defaultValue = "64",
            description = "How many connections (default: ${DEFAULT-VALUE}).")
    private int connections;

    @Option(names = "--new-connections", description = "A new connection for each request.")
    private boolean newConnections;

    @Option(
            names = {"-d", "--duration"},
            paramLabel = "S",
            defaultValue = "10",
            description = "Seconds to measure (default: ${DEFAULT-VALUE}).")
    private double seconds;

    @Option(
            names = {"-n", "--requests"},
            paramLabel = "N",
            description = "Measure as many requests, and end then (or after --duration).")
    private @Nullable Long requests;

    @Option(
            names = "--warmup",
            paramLabel = "S",
            defaultValue = "2",
            description = "Seconds before that, which do not count (default: ${DEFAULT-VALUE}).")
    private double warmupSeconds;

    @Option(
            names = "--timeout",
            paramLabel = "S",
            defaultValue = "10",
            description = "Seconds a request may take (default: ${DEFAULT-VALUE}).")
    private double timeoutSeconds;

    @Option(
            names = {"-X", "--method"},
            paramLabel = "M",
            defaultValue = "GET",
            description = "The method (default: ${DEFAULT-VALUE}).")
    private String method = "";

    @Option(
            names = {"-H", "--field"},
            paramLabel = "'NAME: VALUE'",
            description = "One more field of each request; may be repeated.")
    private List<String> fields = List.of();

    @Option(names = "--body", paramLabel = "TEXT", description = "The body of each request.")
    private @Nullable String body;

    @Option(names = "--body-file", paramLabel = "FILE", description = "The file that is the body of each request.")
    private @Nullable Path bodyFile;

    @Option(
            names = "--expect",
            paramLabel = "STATUS",
            description = "The only right status (default: all from 200 to 399).")
    private @Nullable Integer status;

    @Option(
            names = "--loops",
            paramLabel = "N",
            defaultValue = "1",
            description = "Threads of the generator, each a loop (default: ${DEFAULT-VALUE}).")
    private int loops;

    @Option(
            names = "--driver",
            paramLabel = "NAME",
            defaultValue = "auto",
            description =
                    "How they talk to the kernel: auto, io_uring, epoll, poll, select or nio (default: ${DEFAULT-VALUE}).")
    private String driver = "";

    @Option(
            names = "--spin",
            description =
                    "With --rate: never sleep. Requests leave on time to some microseconds; takes a whole processor.")
    private boolean spin;

    @Option(names = "--json", paramLabel = "FILE", description = "Write all figures there, as JSON.")
    private @Nullable Path json;

    @Option(names = "--csv", paramLabel = "FILE", description = "Write a line for each second there.")
    private @Nullable Path csv;

    @Option(names = "--quiet", description = "No line for each second.")
    private boolean quiet;

    @Option(names = "--allow-remote", description = "Another machine may be asked. Have its owner's permission.")
    private boolean remoteToo;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs a command
    private CommandSpec spec;

    LoadCommand() {}

    @Override
    public Integer call() throws CannotRun, InterruptedException {
        checkWritable(json);
        checkWritable(csv);
        LoadResult result = run();
        var out = spec.commandLine().getOut();
        out.print(LoadReport.text(result));
        out.flush();
        write(json, LoadReport.json(result) + "\n");
        write(csv, LoadReport.csv(result));
        return result.answered() > 0 ? 0 : Pumasi.EXIT_CANNOT_RUN;
    }

    private LoadResult run() throws CannotRun, InterruptedException {
        var err = spec.commandLine().getErr();
        try {
            LoadPlan plan = plan();
            try (StopSignals signals = StopSignals.take();
                    Load load = Load.open(plan)) {
                Thread.ofPlatform().name("pumasi-load-stop").daemon().start(() -> stopWhenAsked(signals, load));
                return load.await(second -> {
                    if (!quiet) {
                        err.println(LoadReport.progress(second));
                        err.flush();
                    }
                });
            }
        } catch (LoadException refused) {
            throw new CannotRun(String.valueOf(refused.getMessage()), refused);
        }
    }

    private static void stopWhenAsked(StopSignals signals, Load load) {
        try {
            signals.await();
            load.stop();
        } catch (InterruptedException over) {
            // nobody interrupts it; a daemon that waits for ever ends with the process
        }
    }

    private LoadPlan plan() throws LoadException, CannotRun {
        if (!driver.equals(Drivers.AUTO) && !Drivers.names().contains(driver)) {
            throw wrong("there is no driver '" + driver + "'; choose auto, " + String.join(", ", Drivers.names()));
        }
        LoadTarget target = LoadTarget.of(url, remoteToo);
        try {
            LoadPlan.Builder plan = LoadPlan.to(target)
                    .method(method)
                    .connections(connections)
                    .loops(loops)
                    .driver(driver)
                    .warmup(duration("--warmup", warmupSeconds))
                    .duration(duration("--duration", seconds))
                    .timeout(duration("--timeout", timeoutSeconds));
            if (rate != null) {
                plan.rate(rate);
            }
            if (requests != null) {
                plan.requests(requests);
            }
            if (newConnections) {
                plan.newConnections();
            }
            if (spin) {
                plan.spin();
            }
            if (status != null) {
                plan.expect(status);
            }
            if (body != null && bodyFile != null) {
                throw wrong("--body and --body-file are two bodies; give one");
            }
            if (body != null) {
                plan.body(body.getBytes(StandardCharsets.UTF_8));
            }
            if (bodyFile != null) {
                plan.body(bytes(bodyFile));
            }
            for (String field : fields) {
                int colon = field.indexOf(':');
                if (colon < 1) {
                    throw wrong("--field '" + field + "' is not of the form 'NAME: VALUE'");
                }
                plan.field(field.substring(0, colon), field.substring(colon + 1).strip());
            }
            return plan.build();
        } catch (IllegalArgumentException senseless) {
            throw wrong(String.valueOf(senseless.getMessage()));
        }
    }

    private Duration duration(String option, double inSeconds) {
        if (!(inSeconds >= 0 && inSeconds <= SECONDS_MAX)) {
            throw wrong(option + " is " + inSeconds + " s, and must be from 0 to " + (long) SECONDS_MAX);
        }
        return Duration.ofNanos((long) (inSeconds * NANOS_PER_SECOND));
    }

    private static byte[] bytes(Path file) throws CannotRun {
        try {
            if (Files.size(file) > LoadPlan.BODY_BYTES_MAX) {
                throw new CannotRun(file + " is larger than a body may be (" + LoadPlan.BODY_BYTES_MAX + " bytes).");
            }
            return Files.readAllBytes(file);
        } catch (IOException unreadable) {
            throw new CannotRun("the body " + file + " cannot be read; check its name and mode.", unreadable);
        }
    }

    /** Before anything is measured: to lose the figures at the end would be worse. */
    private static void checkWritable(@Nullable Path file) throws CannotRun {
        if (file == null) {
            return;
        }
        Path folder = file.toAbsolutePath().getParent();
        boolean fits = Files.exists(file)
                ? Files.isRegularFile(file) && Files.isWritable(file)
                : folder != null && Files.isDirectory(folder) && Files.isWritable(folder);
        if (!fits) {
            throw new CannotRun(
                    "cannot write " + file + "; name a file in a folder that exists and may be written to.");
        }
    }

    private static void write(@Nullable Path file, String text) throws CannotRun {
        if (file != null) {
            try {
                Files.writeString(file, text);
            } catch (IOException refused) {
                throw new CannotRun(
                        "the figures could not be written to " + file + ": " + refused.getMessage(), refused);
            }
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
