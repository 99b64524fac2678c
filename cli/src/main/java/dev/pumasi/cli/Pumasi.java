package dev.pumasi.cli;

import dev.pumasi.server.Forked;
import dev.pumasi.server.Worker;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The {@code pumasi} command.
 *
 * <p>One class per subcommand. This class owns what all of them share: names, exit statuses, and the way an error is
 * told. An error is one or two lines on standard error that say what happened and what to do; a stack trace is for
 * defects of Pumasi, never for a wrong argument or a port that is taken.
 *
 * <p>Exit statuses: 0 done (a server: drained and stopped), 1 the machine refused ({@link CannotRun}), 2 the command
 * line is wrong, 70 a defect of Pumasi (with its stack trace).
 */
@Command(
        name = "pumasi",
        description = "Pumasi, an asynchronous server runtime for Java 25.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        subcommands = {
            ServeCommand.class,
            CheckCommand.class,
            ReloadCommand.class,
            LoadCommand.class,
            ThreadsCommand.class,
            TraceCommand.class,
            LabCommand.class,
            QueueCommand.class,
            CompletionCommand.class,
            RehearseCommand.class
        },
        footer = {
            "",
            "Examples:",
            "  pumasi serve             a welcome page on http://localhost:8080",
            "  pumasi serve ./site      the files below ./site",
            "  pumasi serve site.conf   the site that a file in nginx's manner describes",
            "  pumasi check site.conf   what is wrong with such a file",
            "  pumasi serve --model prethreaded --app hello",
            "                           an application, under another concurrency model",
            "  pumasi load URL          how fast that server answers, and how long one waits",
            "  pumasi threads PID       what each green thread of that server waits for",
            "  pumasi trace PID         what its loops do, as a trace for ui.perfetto.dev",
            "  pumasi lab               what each concurrency model costs on this machine, as a page with plots",
            "  pumasi queue --help      a durable queue: serve it, publish, consume, look at it"
        })
public final class Pumasi implements Runnable {

    static final int EXIT_CANNOT_RUN = 1;
    static final int EXIT_USAGE = 2;
    static final int EXIT_DEFECT = 70;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs a command
    private CommandSpec spec;

    Pumasi() {}

    /** Runs the command line {@code args} and ends the JVM with its exit status. */
    public static void main(String[] args) {
        // Before anything of the command line is loaded: these are started often, and somebody waits for them.
        switch (args.length == 0 ? "" : args[0]) {
            case CrewOptions.WORKER -> Worker.main(Arrays.copyOfRange(args, 1, args.length));
            case CrewOptions.CONNECTION -> Forked.main(Arrays.copyOfRange(args, 1, args.length));
            default -> {}
        }
        int status = commandLine().execute(args);
        System.exit(status);
    }

    static CommandLine commandLine() {
        CommandLine all = new CommandLine(new Pumasi());
        ApplicationHelp.addTo(Objects.requireNonNull(all.getSubcommands().get("serve")));
        return all.setParameterExceptionHandler(Pumasi::tellWrongUsage)
                .setExecutionExceptionHandler((failure, command, _) -> tellFailure(failure, command));
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command given");
    }

    private static int tellWrongUsage(ParameterException wrong, String[] args) {
        CommandLine command = wrong.getCommandLine();
        PrintWriter err = command.getErr();
        err.println(command.getCommandSpec().qualifiedName() + ": " + wrong.getMessage());
        if (!UnmatchedArgumentException.printSuggestions(wrong, err)) {
            err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
        }
        return EXIT_USAGE;
    }

    private static int tellFailure(Exception failure, CommandLine command) {
        PrintWriter err = command.getErr();
        if (failure instanceof CannotRun refused) {
            err.println(command.getCommandSpec().qualifiedName() + ": " + refused.getMessage());
            return EXIT_CANNOT_RUN;
        }
        err.println("pumasi: this is a defect of Pumasi; please report it with what follows.");
        failure.printStackTrace(err);
        return EXIT_DEFECT;
    }
}
