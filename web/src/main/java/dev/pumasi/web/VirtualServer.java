package dev.pumasi.web;

import java.util.List;

/**
 * A {@code server} of a configuration.
 *
 * @param name its first name; may be empty
 * @param rules what is done before a location is looked for
 * @param outside what holds outside of every location
 * @param locations where a request goes on
 * @param nameExpressions names that are expressions: their groups are variables
 * @param mergesSlashes whether several slashes in a row are one
 */
record VirtualServer(
        String name,
        List<Rewrite> rules,
        Location outside,
        Locations locations,
        List<Expression> nameExpressions,
        boolean mergesSlashes) {

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
