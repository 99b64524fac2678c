package dev.pumasi.cli;

import dev.pumasi.queue.Consumer;
import dev.pumasi.queue.Delivery;
import dev.pumasi.queue.GroupSettings;
import dev.pumasi.queue.Position;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.Start;
import dev.pumasi.queue.http.MessageJson;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code pumasi queue consume}. */
@Command(
        name = "consume",
        description = {
            "Print the messages of a topic for a group, a line of JSON for each, and acknowledge each that was printed.",
            "It goes on until Ctrl-C, until there were as many as --max, or until none came for --wait seconds."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        footer = {
            "",
            "A message is acknowledged after it was printed: if the command dies in between, it comes again.",
            "",
            "Examples:",
            "  pumasi queue consume http://localhost:8080 orders mail",
            "  pumasi queue consume ./shop orders.dead look --keep --wait 1    look at the dead letters, and leave them there",
            "  pumasi queue consume ./shop orders mail --raw --max 1           the body of the next message"
        })
final class QueueConsumeCommand implements Callable<Integer> {

    /** How often it looks whether it shall stop. */
    private static final Duration SLICE = Duration.ofMillis(200);

    private static final double SECONDS_MAX = 1e6;
    private static final double NANOS_PER_SECOND = 1e9;

    @Parameters(index = "0", paramLabel = "WHERE", description = "The queue: a folder, or http://HOST:PORT.")
    private String where = "";

    @Parameters(index = "1", paramLabel = "TOPIC", description = "The topic.")
    private String topic = "";

    @Parameters(index = "2", paramLabel = "GROUP", description = "The group; it comes into being if it is not there.")
    private String group = "";

    @Option(
            names = {"-n", "--max"},
            paramLabel = "N",
            description = "End after so many messages.")
    private @Nullable Long most;

    @Option(names = "--wait", paramLabel = "S", description = "End when no message came for so many seconds.")
    private @Nullable Double waitSeconds;

    @Option(
            names = "--start",
            paramLabel = "WHERE",
            description =
                    "Where a new group begins: beginning (the default), end, a position like 0-42, or a time like 2026-11-21T18:00:00Z.")
    private String start = "beginning";

    @Option(names = "--raw", description = "Print bodies only, each with a line end behind it.")
    private boolean raw;

    @Option(names = "--keep", description = "Acknowledge nothing: when it ends, the messages are the group's again.")
    private boolean keep;

    @Option(names = "--token-file", paramLabel = "FILE", description = "The file with the token, if one is needed.")
    private @Nullable Path tokenFile;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs a command
    private CommandSpec spec;

    private volatile boolean stopping;

    QueueConsumeCommand() {}

    @Override
    public Integer call() throws CannotRun {
        if (most != null && most < 1) {
            throw wrong("--max is " + most + ", and must be 1 or more");
        }
        if (waitSeconds != null && !(waitSeconds >= 0 && waitSeconds <= SECONDS_MAX)) {
            throw wrong("--wait is " + waitSeconds + ", and must be from 0 to " + (long) SECONDS_MAX);
        }
        GroupSettings settings = GroupSettings.DEFAULT.withStart(start());
        if (keep) {
            settings = settings.withSettleWithin(Duration.ofDays(1)).withDeliveriesMax(0);
        }
        try (StopSignals signals = StopSignals.take();
                OpenQueue open = OpenQueue.open(where, Optional.ofNullable(tokenFile), false);
                Consumer consumer = open.queue().topic(topic).consumer(group, settings)) {
            Thread.ofPlatform().name("pumasi-consume-stop").daemon().start(() -> stopWhenAsked(signals));
            consume(consumer);
            return 0;
        } catch (IOException failure) {
            throw OpenQueue.told("consume " + topic + " for " + group, failure);
        }
    }

    private void stopWhenAsked(StopSignals signals) {
        try {
            signals.await();
            stopping = true;
        } catch (InterruptedException over) {
            // nobody interrupts it; a daemon that waits for ever ends with the process
        }
    }

    private void consume(Consumer consumer) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        long left = most == null ? Long.MAX_VALUE : most;
        long patienceNanos = waitSeconds == null ? Long.MAX_VALUE : (long) (waitSeconds * NANOS_PER_SECOND);
        long since = System.nanoTime();
        while (!stopping && left > 0) {
            Optional<Delivery> next = next(consumer);
            if (next.isEmpty()) {
                if (System.nanoTime() - since >= patienceNanos) {
                    return;
                }
                continue;
            }
            Delivery delivery = next.get();
            if (raw) {
                spec.commandLine().getOut().println(delivery.message().text());
            } else {
                out.println(MessageJson.line(delivery));
            }
            if (out.checkError()) { // also flushes; whoever reads has gone: it was not seen
                return;
            }
            if (!keep) {
                delivery.acknowledge();
            }
            left--;
            since = System.nanoTime();
        }
    }

    private static Optional<Delivery> next(Consumer consumer) throws IOException {
        Operation<Delivery> take = consumer.startTake().within(SLICE);
        try {
            return Optional.of(QueueException.await(take));
        } catch (OperationException late) {
            if (late.failure() == Failure.TIMED_OUT) {
                return Optional.empty();
            }
            throw late;
        }
    }

    private Start start() {
        switch (start) {
            case "beginning" -> {
                return Start.beginning();
            }
            case "end" -> {
                return Start.end();
            }
            default -> {}
        }
        try {
            return start.indexOf('T') > 0 ? Start.time(Instant.parse(start)) : Start.at(Position.parse(start));
        } catch (DateTimeException | IllegalArgumentException neither) {
            throw wrong("--start is beginning, end, a position like 0-42 or a time like 2026-11-21T18:00:00Z, not "
                    + start);
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
