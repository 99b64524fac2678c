package dev.pumasi.sql;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A statement and what takes the places of its {@code ?}. Immutable.
 *
 * @param sql the statement's text, written by the programmer: nothing a user said belongs in it
 */
public record Query(String sql, List<? extends @Nullable Object> parameters) {

    private static final int CHARACTERS_SHOWN_MAX = 200;

    public Query {
        parameters = Collections.unmodifiableList(new ArrayList<>(parameters));
    }

    public static Query of(String sql, @Nullable Object... parameters) {
        return new Query(sql, Arrays.asList(parameters));
    }

    /** For messages. */
    String attempt() {
        return attempt(sql);
    }

    static String attempt(String sql) {
        String line = sql.strip().replaceAll("\\s+", " ");
        return "run \"" + (line.length() > CHARACTERS_SHOWN_MAX ? line.substring(0, CHARACTERS_SHOWN_MAX) + "…" : line)
                + '"';
    }

    /** Without the values, which may be secrets. */
    @Override
    public String toString() {
        return attempt();
    }
}
