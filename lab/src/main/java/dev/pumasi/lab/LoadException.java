package dev.pumasi.lab;

/** A load that cannot begin. The message says what is wrong, with what, and what to do, in one sentence or two. */
public final class LoadException extends Exception {

    private static final long serialVersionUID = 1L;

    LoadException(String message) {
        super(message);
    }

    LoadException(String message, Throwable cause) {
        super(message, cause);
    }
}
