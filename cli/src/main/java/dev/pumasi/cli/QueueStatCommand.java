package dev.pumasi.cli;

import dev.pumasi.queue.GroupStatus;
import dev.pumasi.queue.TopicStatus;
import dev.pumasi.queue.http.StatusJson;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code pumasi queue stat}. */
@Command(
        name = "stat",
        description = "Print the topics of a queue, the groups that read them, and what these have still to do.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        footer = {
            "",
            "LAG is what a group has still to settle, OUT of that is in the hands of consumers, DEAD went to the dead letters.",
            "DELIVERED, LATE (taken back, because it was not settled in time) and DEAD are counted since the queue was opened."
        })
final class QueueStatCommand implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "WHERE", description = "The queue: a folder, or http://HOST:PORT.")
    private String where = "";

    @Parameters(index = "1", arity = "0..1", paramLabel = "TOPIC", description = "Only this topic.")
    private @Nullable String topic;

    @Option(names = "--json", description = "A line of JSON for each topic, with all figures.")
    private boolean json;

    @Option(names = "--token-file", paramLabel = "FILE", description = "The file with the token, if one is needed.")
    private @Nullable Path tokenFile;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs a command
    private CommandSpec spec;

    QueueStatCommand() {}

    @Override
    public Integer call() throws CannotRun {
        List<TopicStatus> all;
        try (OpenQueue open = OpenQueue.open(where, Optional.ofNullable(tokenFile), false)) {
            all = open.queue().status();
        }
        if (topic != null) {
            all = all.stream().filter(status -> status.name().equals(topic)).toList();
            if (all.isEmpty()) {
                throw new CannotRun(
                        "there is no topic " + topic + " in " + where + "; without a name, stat lists them.");
            }
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            all.forEach(status -> out.println(StatusJson.line(status)));
        } else {
            table(all, out);
        }
        out.flush();
        return 0;
    }

    private static void table(List<TopicStatus> all, PrintWriter out) {
        int width = 16;
        for (TopicStatus topic : all) {
            width = Math.max(width, topic.name().length());
            for (GroupStatus group : topic.groups()) {
                width = Math.max(width, group.name().length() + 2);
            }
        }
        String line = "%-" + width + "s %12s %12s %12s %8s %10s %6s %6s%n";
        out.printf(line, "TOPIC, GROUP", "MESSAGES", "MIB", "LAG", "OUT", "DELIVERED", "LATE", "DEAD");
        for (TopicStatus topic : all) {
            String mebibytes = String.format(Locale.ROOT, "%.1f", topic.bytes() / (double) (1 << 20));
            out.printf(line, topic.name(), topic.nextSequence() - topic.firstSequence(), mebibytes, "", "", "", "", "");
            if (!topic.stopped().isEmpty()) {
                out.println("  stopped: " + topic.stopped());
            }
            for (GroupStatus group : topic.groups()) {
                out.printf(
                        line,
                        "  " + group.name(),
                        "",
                        "",
                        group.waiting() + group.inFlight(),
                        group.inFlight(),
                        group.delivered(),
                        group.overdue(),
                        group.dead());
            }
        }
        if (all.isEmpty()) {
            out.println("(no topics)");
        }
    }
}
