package dev.pumasi.lab;

/** Something that cannot be measured here. The message says what is wrong, with what, and what to do. */
public final class LabException extends Exception {

    private static final long serialVersionUID = 1L;

    LabException(String message) {
        super(message);
    }

    LabException(String message, Throwable cause) {
        super(message, cause);
    }
}
