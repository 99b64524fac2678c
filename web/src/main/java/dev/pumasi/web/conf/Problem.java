package dev.pumasi.web.conf;

/**
 * What is to be said about a configuration file.
 *
 * @param level how bad it is
 * @param at where
 * @param message what is wrong
 * @param likely what was probably meant, or what to do; empty if nobody can tell
 */
public record Problem(Level level, Position at, String message, String likely) {

    /** How bad it is. */
    public enum Level {
        /** The file cannot be used. */
        ERROR,
        /** It can, but this does nothing here, or not quite what it says. */
        NOTE
    }

    public boolean isError() {
        return level == Level.ERROR;
    }

    /** In a line, without the text it is about. */
    @Override
    public String toString() {
        return at + ": " + (isError() ? "error: " : "note: ") + message + (likely.isEmpty() ? "" : " (" + likely + ")");
    }
}
