package dev.pumasi.web.conf;

/**
 * A word of a directive.
 *
 * @param text without quotation marks and escapes, references to the environment replaced
 * @param at where it begins
 * @param quoted whether it stood in quotation marks: then it is no sign and no name of a directive
 * @param firstOfLine whether nothing stands before it in its line
 */
public record Word(String text, Position at, boolean quoted, boolean firstOfLine) {

    @Override
    public String toString() {
        return text;
    }
}
