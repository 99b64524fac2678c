package dev.pumasi.cli;

import dev.pumasi.queue.Message;
import dev.pumasi.queue.Position;
import dev.pumasi.queue.Publisher;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import dev.pumasi.queue.http.MessageJson;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Timer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code pumasi queue publish}. */
@Command(
        name = "publish",
        description = {
            "Publish a message, and print its position when it is durable.",
            "Its body is TEXT, or else what comes from standard input: all of it, or a message for each line."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        footer = {
            "",
            "While the queue is full it waits. Exit status 1 as soon as a message could not be published; those whose position",
            "was printed are durable, and of the others it is not known unless the message says so.",
            "",
            "Examples:",
            "  pumasi queue publish ./shop orders --key order-17 '{\"sku\": 4711}'",
            "  pumasi queue publish http://localhost:8080 orders < order.json",
            "  pumasi queue consume ./old orders copy --wait 1 | pumasi queue publish ./new orders --json"
        })
final class QueuePublishCommand implements Callable<Integer> {

    /** How many are on their way at once: they share a sync. */
    private static final int AT_ONCE_MAX = 64;

    private static final int INPUT_BYTES_MAX = 64 << 20;
    private static final Duration FULL_PAUSE = Duration.ofMillis(100);

    @Parameters(index = "0", paramLabel = "WHERE", description = "The queue: a folder, or http://HOST:PORT.")
    private String where = "";

    @Parameters(index = "1", paramLabel = "TOPIC", description = "The topic; it comes into being if it is not there.")
    private String topic = "";

    @Parameters(index = "2", arity = "0..1", paramLabel = "TEXT", description = "The body.")
    private @Nullable String text;

    @Option(
            names = {"-k", "--key"},
            paramLabel = "KEY",
            description = "What it is about: messages with the same key stay in order.")
    private String key = "";

    @Option(
            names = "--id",
            paramLabel = "ID",
            description = "Its name: published again under it, it is the same message.")
    private String id = "";

    @Option(
            names = {"-H", "--header"},
            paramLabel = "NAME=VALUE",
            description = "A header; may be given several times.")
    private Map<String, String> headers = new LinkedHashMap<>();

    @Option(names = "--lines", description = "Each line of standard input is a message.")
    private boolean lines;

    @Option(
            names = "--json",
            description =
                    "Each line of standard input is a message in JSON, as consume prints it: key, id, headers, text or base64.")
    private boolean json;

    @Option(names = "--token-file", paramLabel = "FILE", description = "The file with the token, if one is needed.")
    private @Nullable Path tokenFile;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs a command
    private CommandSpec spec;

    QueuePublishCommand() {}

    @Override
    public Integer call() throws CannotRun {
        if (lines && json) {
            throw wrong("--lines and --json say different things about standard input; give one");
        }
        if (text != null && (lines || json)) {
            throw wrong("TEXT is the body, and --lines and --json are about standard input; give one");
        }
        if (json && !(key.isEmpty() && id.isEmpty() && headers.isEmpty())) {
            throw wrong("with --json, each line says its own key, id and headers");
        }
        if (lines && !id.isEmpty()) {
            throw wrong("with --lines there are many messages, and --id would make one of them");
        }
        try (OpenQueue open = OpenQueue.open(where, Optional.ofNullable(tokenFile), true)) {
            Publisher publisher = open.queue().topic(topic).publisher();
            if (lines || json) {
                publishLines(publisher);
            } else {
                byte[] body = text != null ? text.getBytes(StandardCharsets.UTF_8) : input();
                print(publisher.publish(message(body)));
            }
            return 0;
        } catch (IOException failure) {
            throw OpenQueue.told("publish to " + topic, failure);
        }
    }

    private Message message(byte[] body) {
        return Message.of(key, body).withId(id).withHeaders(headers);
    }

    private static byte[] input() throws IOException, CannotRun {
        byte[] body = System.in.readNBytes(INPUT_BYTES_MAX + 1);
        if (body.length > INPUT_BYTES_MAX) {
            throw new CannotRun("standard input is over " + INPUT_BYTES_MAX + " bytes; no message is so long.");
        }
        return body;
    }

    /** A message on its way. */
    private record Sent(Message message, Operation<Position> operation) {}

    private void publishLines(Publisher publisher) throws IOException, CannotRun {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Deque<Sent> sent = new ArrayDeque<>();
        int number = 0;
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            number++;
            Message message;
            try {
                message = json ? MessageJson.message(line) : message(line.getBytes(StandardCharsets.UTF_8));
            } catch (IllegalArgumentException unreadable) {
                while (!sent.isEmpty()) {
                    finish(publisher, sent);
                }
                throw new CannotRun("line " + number + ": " + unreadable.getMessage() + ".", unreadable);
            }
            sent.addLast(new Sent(message, publisher.startPublish(message)));
            // Of one key there is only one on its way: if it is refused, none behind it must be there before it.
            if (sent.size() == AT_ONCE_MAX || !message.key().isEmpty()) {
                finish(publisher, sent);
            }
        }
        while (!sent.isEmpty()) {
            finish(publisher, sent);
        }
    }

    /** Waits for the first, again if the queue was full. */
    private void finish(Publisher publisher, Deque<Sent> sent) throws IOException {
        Sent first = sent.removeFirst();
        try {
            print(QueueException.await(first.operation));
        } catch (QueueException full) {
            if (full.failure() != QueueFailure.FULL) {
                throw full;
            }
            Timer.sleep(FULL_PAUSE);
            print(publisher.publish(first.message));
        }
    }

    private void print(Position position) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(MessageJson.line(position));
        out.flush();
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
