package dev.pumasi.web.conf;

/**
 * A place in a configuration file.
 *
 * @param file as it was named
 * @param line from 1
 * @param column from 1, in characters
 * @param length how many characters are meant from there on, at least one
 */
public record Position(String file, int line, int column, int length) {

    /** For an editor to jump to: {@code site.conf:12:5}. */
    @Override
    public String toString() {
        return file + ":" + line + ":" + column;
    }
}
