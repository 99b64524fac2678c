package dev.pumasi.admin;

import dev.pumasi.http.HttpStatus;
import dev.pumasi.http.Violation;
import java.util.EnumMap;
import java.util.Map;

/** Adds up what several servers, or several loops of one, have counted. */
final class Sums {

    static final HttpStatus NOTHING = new HttpStatus(0, 0, 0, 0, 0, 0, 0, 0, 0, Map.of());

    private Sums() {}

    static HttpStatus add(HttpStatus one, HttpStatus other) {
        Map<Violation, Long> violations = new EnumMap<>(Violation.class);
        violations.putAll(one.violations());
        other.violations().forEach((violation, count) -> violations.merge(violation, count, Long::sum));
        return new HttpStatus(
                one.connections() + other.connections(),
                one.open() + other.open(),
                one.refused() + other.refused(),
                one.requests() + other.requests(),
                one.handlerFailures() + other.handlerFailures(),
                one.lateAnswers() + other.lateAnswers(),
                one.idleTimeouts() + other.idleTimeouts(),
                one.writeTimeouts() + other.writeTimeouts(),
                one.broken() + other.broken(),
                violations);
    }
}
