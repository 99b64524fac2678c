package dev.pumasi.queue.http;

import dev.pumasi.http.ClientLimits;
import dev.pumasi.http.Origin;
import dev.pumasi.queue.Engine;
import dev.pumasi.queue.Queue;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import dev.pumasi.queue.QueueUrl;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import java.time.Duration;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The queue of another process: {@code http://HOST:PORT[/PATH]}, where a {@link QueueHandler} answers. The same interfaces, so
 * a program does not see the difference, except here:
 *
 * <ul>
 *   <li><b>Publishing</b> fails with {@code UNAVAILABLE} when the other process cannot be reached; the message may be there or
 *       not. In direct style it waits while the queue is full, as it does there.
 *   <li><b>Consuming</b> waits while it cannot be reached, as it waits for a message, and goes on when it can.
 *   <li><b>Acknowledging</b> is durable as soon as its operation succeeds, also where nobody waits for it.
 *   <li><b>Settings</b> of a group travel with each request, so a restart of the other process does not lose them. Those of a
 *       topic are told once, by who asks for the topic: after a restart it is kept as by default until somebody asks again.
 *   <li><b>Figures</b> are asked for: {@link Queue#status} waits for the answer.
 * </ul>
 *
 * <p>Options: {@code token=SECRET} if one is needed; {@code wait=20s}, how long one request waits for messages; {@code
 * limit=30s}, how long any other may take.
 *
 * <p>Found by {@link java.util.ServiceLoader}.
 */
public final class HttpEngine implements Engine {

    private static final Set<String> OPTIONS = Set.of("token", "wait", "limit");
    private static final Pattern PLACE = Pattern.compile("//([^/]+)((?:/[A-Za-z0-9._~-]+)*)/?");
    private static final Duration WAIT_MAX = Duration.ofSeconds(60);

    /** Called by those who look for engines. */
    public HttpEngine() {}

    @Override
    public String scheme() {
        return "http";
    }

    @Override
    public Operation<Queue> open(Loop loop, QueueUrl url) {
        try {
            return new HttpQueue(loop, url, settings(url)).opening();
        } catch (QueueException refused) {
            return Done.failed(loop, "open a queue", refused);
        }
    }

    private static Settings settings(QueueUrl url) throws QueueException {
        // Its options may hold a secret, so they are left out of what is said.
        String attempt = "open the queue " + url.scheme() + ":" + url.place();
        url.requireOnly(OPTIONS);
        Matcher matcher = PLACE.matcher(url.place());
        if (!matcher.matches()) {
            throw new QueueException(
                    attempt,
                    QueueFailure.INVALID,
                    "that is no such address; one looks like http://localhost:8080/queue");
        }
        Origin origin;
        try {
            origin = Origin.of(matcher.group(1));
        } catch (IllegalArgumentException wrong) {
            throw new QueueException(attempt, QueueFailure.INVALID, String.valueOf(wrong.getMessage()));
        }
        Duration wait = url.time("wait", Duration.ofSeconds(20));
        if (wait.compareTo(WAIT_MAX) > 0) {
            throw new QueueException(
                    attempt, QueueFailure.INVALID, "wait is " + wait + ", and may be " + WAIT_MAX + " at most");
        }
        return new Settings(
                origin, matcher.group(2), url.text("token", ""), wait, url.time("limit", Duration.ofSeconds(30)));
    }

    /** @param path without a slash at its end; empty for none */
    record Settings(Origin origin, String path, String token, Duration patience, Duration limit) {

        /** Consumers wait by a connection each. */
        static final ClientLimits LIMITS = ClientLimits.builder()
                .connectionsPerOriginMax(256)
                .firstByteTimeoutMillis((int) WAIT_MAX.plusSeconds(10).toMillis())
                .build();
    }
}
