package dev.pumasi.http;

import java.io.IOException;

/** The client broke the protocol, or a limit, within the body that a handler was reading. */
public final class ViolationException extends IOException {

    private static final long serialVersionUID = 1L;

    private final Violation violation;

    /** For a handler that finds a request to break a rule. */
    public ViolationException(Violation violation) {
        super(violation.text() + " (" + violation.source() + ")");
        this.violation = violation;
    }

    /** What was broken; the server answers with its status unless the handler answers something else. */
    public Violation violation() {
        return violation;
    }
}
