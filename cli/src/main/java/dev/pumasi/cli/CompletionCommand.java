package dev.pumasi.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code pumasi completion}: a script that teaches bash and zsh to complete the command. */
@Command(
        name = "completion",
        description = "Print a completion script for bash and zsh.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        footer = {"", "Use it with:", "  source <(pumasi completion)"})
final class CompletionCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs a command
    private CommandSpec spec;

    CompletionCommand() {}

    @Override
    public Integer call() {
        var out = spec.commandLine().getOut();
        out.print(AutoComplete.bash("pumasi", Pumasi.commandLine()));
        out.flush();
        return 0;
    }
}
