package dev.pumasi.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code pumasi queue}: messages that wait, from a shell. */
@Command(
        name = "queue",
        description = "Publish to a durable queue, consume from it, look at it, or serve it to other processes.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        subcommands = {
            QueueServeCommand.class,
            QueuePublishCommand.class,
            QueueConsumeCommand.class,
            QueueStatCommand.class
        },
        footer = {
            "",
            "WHERE is a folder that no process has open, or http://HOST:PORT of one that serves it.",
            "",
            "Examples:",
            "  pumasi queue serve ./shop                                   on http://localhost:8080",
            "  pumasi queue publish http://localhost:8080 orders 'soup'    prints where it stands, once it is durable",
            "  pumasi queue consume http://localhost:8080 orders mail      a line of JSON for each message",
            "  pumasi queue stat http://localhost:8080                     topics, groups, what they have still to do"
        })
final class QueueCommand implements Runnable {

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs a command
    private CommandSpec spec;

    QueueCommand() {}

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command given");
    }
}
