package dev.pumasi.server;

/** A user has set something to what it cannot be, or has not set what must be set. The message says which and what to do. */
public final class SettingException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    public SettingException(String message) {
        super(message);
    }

    public SettingException(String message, Throwable cause) {
        super(message, cause);
    }
}
