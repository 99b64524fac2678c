package dev.pumasi.cli;

import dev.pumasi.lab.Timeline;
import dev.pumasi.lab.TraceFile;
import dev.pumasi.runtime.RecordingSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code pumasi trace}: records what the loops of a running server do, for a picture. */
@Command(
        name = "trace",
        description = {
            "Record what the loops of a running server do, and write it as a trace:",
            "who ran when, which green thread waited for what, which requests were under way."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        footer = {
            "",
            "Open the file with https://ui.perfetto.dev (it stays in your browser) or chrome://tracing.",
            "The server must run as the same user; root may ask any."
        })
final class TraceCommand implements Callable<Integer> {

    private static final double NANOS_PER_SECOND = 1e9;

    @Parameters(paramLabel = "PID", description = "The server's process id.")
    private long pid;

    @Option(
            names = {"-s", "--seconds"},
            paramLabel = "S",
            defaultValue = "5",
            description = "For how long (default: ${DEFAULT-VALUE}).")
    private double seconds;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            defaultValue = "pumasi-trace.json",
            description = "Where to (default: ${DEFAULT-VALUE}).")
    private Path file = Path.of("");

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs a command
    private CommandSpec spec;

    TraceCommand() {}

    @Override
    public Integer call() throws CannotRun {
        double most = RecordingSocket.RECORDING_MAX.toSeconds();
        if (!(seconds >= 0.001 && seconds <= most)) {
            throw new ParameterException(
                    spec.commandLine(), "--seconds is " + seconds + ", and must be from 0.001 to " + (long) most);
        }
        ProcessHandle process = ProcessHandle.of(pid)
                .orElseThrow(() ->
                        new CannotRun("there is no process " + pid + "; pgrep -f 'pumasi.* serve' lists servers."));
        try {
            Files.writeString(file, ""); // before it is recorded: to find out afterwards would be late
        } catch (IOException refused) {
            throw new CannotRun(
                    "cannot write " + file + "; name a file in a folder that exists and may be written to.", refused);
        }
        RecordingSocket.Recorded recorded = record(process);
        Timeline timeline = Timeline.of(recorded.events());
        try {
            Files.writeString(file, TraceFile.json(timeline, "pumasi " + pid, pid));
        } catch (IOException refused) {
            throw new CannotRun("the trace could not be written to " + file + ": " + refused.getMessage(), refused);
        }
        var out = spec.commandLine().getOut();
        out.printf(
                "%s: %,d events on %,d lanes%s; open it with https://ui.perfetto.dev%n",
                file,
                recorded.events().size(),
                timeline.lanes().size(),
                recorded.lost() == 0 ? "" : String.format(", %,d lost", recorded.lost()));
        out.flush();
        return 0;
    }

    private RecordingSocket.Recorded record(ProcessHandle process) throws CannotRun {
        try {
            return RecordingSocket.record(process, Duration.ofNanos((long) (seconds * NANOS_PER_SECOND)));
        } catch (NoSuchFileException absent) {
            throw new CannotRun(
                    "process " + pid + " lets itself not be recorded: it is no Pumasi server, or runs as another user.",
                    absent);
        } catch (IOException refused) {
            throw new CannotRun("process " + pid + " could not be recorded: " + refused.getMessage(), refused);
        }
    }
}
