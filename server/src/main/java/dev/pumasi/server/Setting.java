package dev.pumasi.server;

import java.util.Objects;

/**
 * Something that can be set for an {@link Application}, for people: {@code pumasi serve --app NAME --help} lists them.
 *
 * @param name as {@link Settings} are asked for it
 * @param meaning in a line: what it is, what it can be, and what it is unless it is set
 */
public record Setting(String name, String meaning) {

    public Setting {
        Objects.requireNonNull(meaning, "meaning");
        if (name.isBlank()) {
            throw new IllegalArgumentException("a setting without a name");
        }
    }
}
