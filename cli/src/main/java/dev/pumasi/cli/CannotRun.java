package dev.pumasi.cli;

/** The command line is right, but the machine refuses. The message says what happened, to what, and what to do. */
final class CannotRun extends Exception {

    private static final long serialVersionUID = 1L;

    CannotRun(String message) {
        super(message);
    }

    CannotRun(String message, Throwable cause) {
        super(message, cause);
    }
}
