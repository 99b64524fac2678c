package dev.pumasi.http;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** What the connections of one loop count. Written on the loop's thread; read from anywhere, as of about now. */
final class HttpCounters {

    /** The number of the last connection of this process, whoever serves it. */
    static final AtomicLong CONNECTION_NUMBERS = new AtomicLong();

    long connections;
    int open;
    long refused;
    long requests;
    long handlerFailures;
    long lateAnswers;
    long idleTimeouts;
    long writeTimeouts;
    long broken;
    private final long[] violations = new long[Violation.values().length];

    void count(Violation violation) {
        violations[violation.ordinal()]++;
    }

    void addTo(Map<Violation, Long> sums) {
        for (Violation violation : Violation.values()) {
            long count = violations[violation.ordinal()];
            if (count > 0) {
                sums.merge(violation, count, Long::sum);
            }
        }
    }

    /** Both together, of connections that are over. */
    static HttpCounters joined(HttpCounters one, HttpCounters other) {
        HttpCounters both = new HttpCounters();
        for (HttpCounters each : List.of(one, other)) {
            both.connections += each.connections;
            both.refused += each.refused;
            both.requests += each.requests;
            both.handlerFailures += each.handlerFailures;
            both.lateAnswers += each.lateAnswers;
            both.idleTimeouts += each.idleTimeouts;
            both.writeTimeouts += each.writeTimeouts;
            both.broken += each.broken;
            for (int i = 0; i < both.violations.length; i++) {
                both.violations[i] += each.violations[i];
            }
        }
        return both;
    }

    static HttpStatus sum(Iterable<HttpCounters> all) {
        long connections = 0;
        int open = 0;
        long refused = 0;
        long requests = 0;
        long handlerFailures = 0;
        long lateAnswers = 0;
        long idleTimeouts = 0;
        long writeTimeouts = 0;
        long broken = 0;
        Map<Violation, Long> violations = new EnumMap<>(Violation.class);
        for (HttpCounters one : all) {
            connections += one.connections;
            open += one.open;
            refused += one.refused;
            requests += one.requests;
            handlerFailures += one.handlerFailures;
            lateAnswers += one.lateAnswers;
            idleTimeouts += one.idleTimeouts;
            writeTimeouts += one.writeTimeouts;
            broken += one.broken;
            one.addTo(violations);
        }
        return new HttpStatus(
                connections,
                open,
                refused,
                requests,
                handlerFailures,
                lateAnswers,
                idleTimeouts,
                writeTimeouts,
                broken,
                Map.copyOf(violations));
    }
}
