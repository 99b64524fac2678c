package dev.pumasi.cli;

import dev.pumasi.runtime.ThreadDumpSocket;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code pumasi threads}: what the green threads of a running server are doing. */
@Command(
        name = "threads",
        description =
                "Print every green thread of a running server, by loop: what it waits for, since when, and its stack.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        footer = {"", "The server must run as the same user; root may ask any."})
final class ThreadsCommand implements Callable<Integer> {

    @Parameters(paramLabel = "PID", description = "The server's process id.")
    private long pid;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs a command
    private CommandSpec spec;

    ThreadsCommand() {}

    @Override
    public Integer call() throws CannotRun {
        ProcessHandle process = ProcessHandle.of(pid)
                .orElseThrow(() ->
                        new CannotRun("there is no process " + pid + "; pgrep -f 'pumasi.* serve' lists servers."));
        var out = spec.commandLine().getOut();
        try {
            out.print(ThreadDumpSocket.read(process));
        } catch (NoSuchFileException absent) {
            throw new CannotRun(
                    "process " + pid + " hands out no thread dumps: it is no Pumasi server, or runs as another user.",
                    absent);
        } catch (IOException refused) {
            throw new CannotRun("process " + pid + " could not be asked: " + refused.getMessage(), refused);
        }
        out.flush();
        return 0;
    }
}
