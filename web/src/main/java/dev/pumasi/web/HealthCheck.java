package dev.pumasi.web;

import dev.pumasi.http.ClientRequest;
import dev.pumasi.http.ClientResponse;
import dev.pumasi.http.HttpClient;
import dev.pumasi.http.Origin;
import dev.pumasi.runtime.Loop;
import java.io.IOException;
import java.time.Duration;

/**
 * How an {@link Upstream} asks its servers whether they are well: GET of a path, to be answered with 2xx or 3xx in time.
 *
 * @param path what is asked for
 * @param every the pause between two checks of a server
 * @param within how long an answer may take
 * @param falls so many failures in a row, and it is down
 * @param rises so many successes in a row, and it is up again
 */
public record HealthCheck(String path, Duration every, Duration within, int falls, int rises) {

    /** A check costs a request: not more often. */
    public static final Duration EVERY_MIN = Duration.ofMillis(10);

    public HealthCheck {
        if (every.compareTo(EVERY_MIN) < 0 || within.isNegative() || within.isZero()) {
            throw new IllegalArgumentException("every " + EVERY_MIN + " at most, and within more than no time");
        }
        if (falls < 1 || rises < 1) {
            throw new IllegalArgumentException("it falls and rises after at least one check");
        }
        ClientRequest.of("GET", Origin.of("a", 1), path); // says what is wrong with the path
    }

    /** Every 5 s, within 2 s; down after 3 failures, up after 2 successes. */
    public static HealthCheck get(String path) {
        return new HealthCheck(path, Duration.ofSeconds(5), Duration.ofSeconds(2), 3, 2);
    }

    public HealthCheck every(Duration pause) {
        return new HealthCheck(path, pause, within, falls, rises);
    }

    public HealthCheck within(Duration limit) {
        return new HealthCheck(path, every, limit, falls, rises);
    }

    public HealthCheck after(int failures, int successes) {
        return new HealthCheck(path, every, within, failures, successes);
    }

    /** Asks once; parks meanwhile. */
    boolean isHealthy(HttpClient client, Loop loop, UpstreamServer server) {
        ClientRequest request = ClientRequest.of("GET", server.origin(), path)
                .withHeader("User-Agent", "pumasi-health-check")
                .withTimeout(within)
                .withRedirects(0);
        try (ClientResponse answer = client.start(loop, request).await()) {
            return answer.status() < 400;
        } catch (IOException unwell) {
            return false;
        }
    }
}
