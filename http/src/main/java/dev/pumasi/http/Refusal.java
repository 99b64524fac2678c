package dev.pumasi.http;

/** The answers that the server gives by itself, apart from {@link Violation#response}; made once. */
final class Refusal {

    /** A handler threw. */
    static final Response FAILED = of(500, "the server failed");

    /** One connection too many. */
    static final Response OVERLOADED =
            of(503, "too many connections").withHeader("Retry-After", "1").withClose();

    private Refusal() {}

    private static Response of(int status, String text) {
        return Response.text(status + " " + Status.reason(status) + ": " + text + "\n")
                .withStatus(status);
    }
}
