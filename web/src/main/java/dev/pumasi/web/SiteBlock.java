package dev.pumasi.web;

import dev.pumasi.web.conf.Directive;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A block of a configuration, and those it stands in. What it does not say itself it has from the nearest one that does: of directives that
 * may be repeated, all of them or none, as in nginx.
 *
 * @param head whose block it is; null for the file itself
 * @param directives those that may be used
 */
record SiteBlock(
        ConfContext context,
        @Nullable SiteBlock parent,
        @Nullable Directive head,
        List<Directive> directives) {

    /** Its own directive of that name. */
    Optional<Directive> own(String name) {
        return directives.stream()
                .filter(each -> each.name().text().equals(name))
                .findFirst();
    }

    /** All of its own of that name. */
    List<Directive> all(String name) {
        return all(Set.of(name));
    }

    private List<Directive> all(Set<String> names) {
        List<Directive> found = new ArrayList<>();
        for (Directive each : directives) {
            if (names.contains(each.name().text())) {
                found.add(each);
            }
        }
        return found;
    }

    /** The nearest directive of that name. */
    Optional<Directive> nearest(String name) {
        return nearestAll(Set.of(name)).stream().findFirst();
    }

    /** Those of the nearest block that has any of them, in the order of the file. */
    List<Directive> nearestAll(Set<String> names) {
        for (SiteBlock block = this; block != null; block = block.parent) {
            List<Directive> found = block.all(names);
            if (!found.isEmpty()) {
                return found;
            }
        }
        return List.of();
    }

    /** The first argument of the nearest directive of that name. */
    Optional<String> word(String name) {
        return nearest(name).map(directive -> directive.argument(0));
    }

    /** Whether the nearest directive of that name says {@code on}. */
    boolean flag(String name) {
        return word(name).filter(word -> word.equals("on")).isPresent();
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
