package dev.pumasi.web;

import dev.pumasi.http.Response;

/** {@code expires}: how long an answer may be kept. */
sealed interface Expires {

    /** Nothing is said. */
    record Off() implements Expires {}

    /** It is stale at once. */
    record Epoch() implements Expires {}

    /** For ten years. */
    record Max() implements Expires {}

    /** So long from now on, or since the file was last written. A negative one is in the past. */
    record After(long seconds, boolean sinceModified) implements Expires {}

    Expires OFF = new Off();

    /** With the fields that say so. */
    default Response on(Response response, long nowMillis) {
        return switch (this) {
            case Off _ -> response;
            case Epoch _ ->
                response.withHeader("Expires", "Thu, 01 Jan 1970 00:00:01 GMT").withHeader("Cache-Control", "no-cache");
            case Max _ ->
                response.withHeader("Expires", "Thu, 31 Dec 2037 23:55:55 GMT")
                        .withHeader("Cache-Control", "max-age=315360000");
            case After(long seconds, boolean sinceModified) -> {
                long now = Math.floorDiv(nowMillis, 1000L);
                long from = now;
                if (sinceModified) {
                    from = response.header("Last-Modified")
                            .map(text -> HttpDate.parse(text, now).orElse(now))
                            .orElse(now);
                }
                long until = from + seconds;
                yield response.withHeader("Expires", HttpDate.format(until))
                        .withHeader(
                                "Cache-Control", until < now || seconds < 0 ? "no-cache" : "max-age=" + (until - now));
            }
        };
    }
}
