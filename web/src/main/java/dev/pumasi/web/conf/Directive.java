package dev.pumasi.web.conf;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A directive: {@code name argument argument;}, or with a block of directives instead of the semicolon.
 *
 * @param name its first word
 * @param arguments those after it
 * @param block what is between its braces; null without
 */
public record Directive(
        Word name, List<Word> arguments, @Nullable List<Directive> block) {

    public Directive {
        arguments = List.copyOf(arguments);
        block = block == null ? null : List.copyOf(block);
    }

    /** Where it stands. */
    public Position at() {
        return name.at();
    }

    /** The text of an argument. */
    public String argument(int index) {
        return arguments.get(index).text();
    }
}
