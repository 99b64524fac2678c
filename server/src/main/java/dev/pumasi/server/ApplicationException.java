package dev.pumasi.server;

/** An application cannot be had: what happened, to which, and what to do. The cause, if there is one, is the application's own. */
public final class ApplicationException extends Exception {

    private static final long serialVersionUID = 1L;

    ApplicationException(String message) {
        super(message);
    }

    ApplicationException(String message, Throwable cause) {
        super(message, cause);
    }
}
