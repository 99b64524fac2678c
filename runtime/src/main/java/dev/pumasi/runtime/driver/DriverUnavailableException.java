package dev.pumasi.runtime.driver;

/** A driver that was asked for does not work on this machine; the message says why and what to do. */
public final class DriverUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public DriverUnavailableException(String message) {
        super(message);
    }
}
