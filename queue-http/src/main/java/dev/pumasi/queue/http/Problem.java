package dev.pumasi.queue.http;

import dev.pumasi.http.MediaType;
import dev.pumasi.http.Response;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What was not done, for programs (RFC 9457). Beside the members that the RFC has, {@code failure} is the queue's own word for
 * it, a {@link QueueFailure}, and {@code why} what it says beyond that word.
 *
 * @param kind the last part of its type: {@code full}
 * @param retryAfter when to try again, if that makes sense
 * @param failure empty if it is no failure of the queue
 * @param more further members
 */
record Problem(
        int status,
        String kind,
        String title,
        String detail,
        Optional<Duration> retryAfter,
        Optional<QueueFailure> failure,
        String why,
        Map<String, Object> more) {

    static final MediaType TYPE = MediaType.of("application/problem+json");

    private static final Duration SOON = Duration.ofSeconds(1);

    /** Somebody must first make room. */
    private static final Duration LATER = Duration.ofSeconds(10);

    static Problem of(int status, String kind, String title, String detail) {
        return new Problem(status, kind, title, detail, Optional.empty(), Optional.empty(), "", Map.of());
    }

    static Problem invalid(String detail) {
        return new Problem(
                400,
                "invalid",
                "That is not asked as it should be.",
                detail,
                Optional.empty(),
                Optional.of(QueueFailure.INVALID),
                detail,
                Map.of());
    }

    /** More wait already than may wait. */
    static Problem tooMany(String kind, String detail) {
        return new Problem(
                429,
                kind,
                "Too many ask at once.",
                detail,
                Optional.of(SOON),
                Optional.of(QueueFailure.FULL),
                detail,
                Map.of());
    }

    static Problem of(QueueException failed) {
        QueueFailure failure = failed.failure();
        int status = switch (failure) {
            case FULL, DISK_FULL, CLOSED, UNAVAILABLE -> 503;
            case TOO_LARGE -> 413;
            case STOPPED, DAMAGED, IN_USE -> 500;
            case STALE, TOO_MANY -> 409;
            case INVALID -> 400;
            case NOT_FOUND -> 404;
        };
        Optional<Duration> retryAfter = switch (failure) {
            case FULL, CLOSED, UNAVAILABLE -> Optional.of(SOON);
            case DISK_FULL -> Optional.of(LATER);
            case TOO_LARGE, STOPPED, DAMAGED, IN_USE, STALE, TOO_MANY, INVALID, NOT_FOUND -> Optional.empty();
        };
        return new Problem(
                status,
                failure.name().toLowerCase(Locale.ROOT).replace('_', '-'),
                failure.cause(),
                String.valueOf(failed.getMessage()),
                retryAfter,
                Optional.of(failure),
                why(failed),
                Map.of());
    }

    /** What the message says between what was tried and what to do. */
    private static String why(QueueException failed) {
        String message = String.valueOf(failed.getMessage());
        String before = "cannot " + failed.attempt() + ": ";
        String behind = " — " + failed.failure().remedy();
        return message.startsWith(before)
                        && message.endsWith(behind)
                        && message.length() > before.length() + behind.length()
                ? message.substring(before.length(), message.length() - behind.length())
                : message;
    }

    Problem with(Map<String, Object> members) {
        return new Problem(status, kind, title, detail, retryAfter, failure, why, members);
    }

    Response response() {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("type", "urn:pumasi:queue:" + kind);
        body.put("title", title);
        body.put("status", status);
        body.put("detail", detail);
        failure.ifPresent(known -> {
            body.put("failure", known.name());
            body.put("why", why);
        });
        body.putAll(more);
        Response response = Response.bytes(TYPE, Texts.line(Json.text(body))).withStatus(status);
        return retryAfter
                .map(after -> response.withHeader("Retry-After", Long.toString(after.toSeconds())))
                .orElse(response);
    }
}
