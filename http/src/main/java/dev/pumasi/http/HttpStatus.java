package dev.pumasi.http;

import java.util.EnumMap;
import java.util.Map;

/**
 * Figures of an HTTP server. All but {@code open} only grow.
 *
 * @param connections connections accepted
 * @param open connections now
 * @param refused connections answered with 503 because there were too many
 * @param requests requests whose head was complete and valid
 * @param handlerFailures handlers that threw, answered with 500
 * @param lateAnswers answers to a request that had been answered
 * @param idleTimeouts connections closed because no further request came
 * @param writeTimeouts connections closed because the client did not take the response
 * @param broken connections that ended in the middle of a request or a response
 * @param violations how often each was answered
 */
public record HttpStatus(
        long connections,
        int open,
        long refused,
        long requests,
        long handlerFailures,
        long lateAnswers,
        long idleTimeouts,
        long writeTimeouts,
        long broken,
        Map<Violation, Long> violations) {

    /** Of a server that nobody has connected to. */
    public static final HttpStatus NOTHING = new HttpStatus(0, 0, 0, 0, 0, 0, 0, 0, 0, Map.of());

    /** What this one and the other have done together. */
    public HttpStatus plus(HttpStatus other) {
        Map<Violation, Long> both = new EnumMap<>(Violation.class);
        both.putAll(violations);
        other.violations.forEach((violation, count) -> both.merge(violation, count, Long::sum));
        return new HttpStatus(
                connections + other.connections,
                open + other.open,
                refused + other.refused,
                requests + other.requests,
                handlerFailures + other.handlerFailures,
                lateAnswers + other.lateAnswers,
                idleTimeouts + other.idleTimeouts,
                writeTimeouts + other.writeTimeouts,
                broken + other.broken,
                Map.copyOf(both));
    }
}
