package dev.pumasi.web;

import java.io.IOException;

/** A form that was sent is none, or is more than may be sent. */
public final class FormException extends IOException {

    private static final long serialVersionUID = 1L;

    private final int status;

    FormException(int status, String what) {
        super(what);
        this.status = status;
    }

    /** What to answer: 400 if it is malformed, 413 if it is too much. */
    public int status() {
        return status;
    }
}
