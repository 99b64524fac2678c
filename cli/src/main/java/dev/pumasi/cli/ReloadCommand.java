package dev.pumasi.cli;

import dev.pumasi.server.SupervisorSocket;
import dev.pumasi.server.SupervisorSocket.Answer;
import dev.pumasi.server.SupervisorSocket.Wish;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code pumasi reload}: a running server takes up its new configuration and its new jar, and no request is lost. */
@Command(
        name = "reload",
        description = {
            "Let a server with worker processes start new ones, from its options and files as they are now,",
            "and let the old ones leave when the new ones serve; let a server of a configuration file read that again.",
            "Waits, and prints what has come of it."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        footer = {
            "",
            "If the new ones do not start, the old ones serve on, and the exit status is 1.",
            "SIGHUP to the server does the same; what comes of it is in the server's own output."
        })
final class ReloadCommand implements Callable<Integer> {

    @Parameters(
            arity = "0..1",
            paramLabel = "PID",
            description = "The server's process id. Without it: the only one that this user may ask.")
    private @Nullable Long pid;

    @Option(
            names = "--supervisor",
            description = {
                "Replace the supervisor as well, by one that its command line starts now: it takes over the listening socket,",
                "and has another process id."
            })
    private boolean supervisor;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs a command
    private CommandSpec spec;

    ReloadCommand() {}

    @Override
    public Integer call() throws CannotRun {
        ProcessHandle process = process();
        Answer answer;
        try {
            answer = SupervisorSocket.ask(process, supervisor ? Wish.HAND_OVER : Wish.RELOAD);
        } catch (NoSuchFileException absent) {
            throw new CannotRun(
                    "process " + process.pid()
                            + " takes no reloads: it is no server with worker processes (serve --model preforked or"
                            + " forking) and none of a configuration file (serve FILE), or runs as another user.",
                    absent);
        } catch (IOException refused) {
            throw new CannotRun("process " + process.pid() + " could not be asked: " + refused.getMessage(), refused);
        }
        if (!answer.done()) {
            throw new CannotRun(answer.text());
        }
        var out = spec.commandLine().getOut();
        out.println(answer.text());
        out.flush();
        return 0;
    }

    private ProcessHandle process() throws CannotRun {
        if (pid != null) {
            return ProcessHandle.of(pid)
                    .orElseThrow(() ->
                            new CannotRun("there is no process " + pid + "; pgrep -f 'pumasi.* serve' lists servers."));
        }
        List<ProcessHandle> all = SupervisorSocket.all();
        if (all.size() != 1) {
            throw new CannotRun(
                    all.isEmpty()
                            ? "no server that takes reloads runs here as this user."
                            : "several servers run here that take reloads; name one of "
                                    + String.join(
                                            ", ",
                                            all.stream()
                                                    .map(one -> Long.toString(one.pid()))
                                                    .toList())
                                    + ".");
        }
        return all.getFirst();
    }
}
