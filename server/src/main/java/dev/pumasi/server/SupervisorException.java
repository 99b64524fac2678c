package dev.pumasi.server;

/** A supervisor cannot start, or cannot go on: what happened, to which worker, and what to do. */
public final class SupervisorException extends Exception {

    private static final long serialVersionUID = 1L;

    SupervisorException(String message) {
        super(message);
    }

    SupervisorException(String message, Throwable cause) {
        super(message, cause);
    }
}
