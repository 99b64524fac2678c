package dev.pumasi.web;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The locations of a server, or those within a location, and which of them a path belongs to.
 *
 * <p>As in nginx (nginx.org/en/docs/http/ngx_http_core_module.html#location): an exact one ends the search. Else the longest prefix is
 * kept, and whatever within <em>it</em> fits goes first; then, unless the prefix was marked with {@code ^~}, the first expression of
 * <em>this</em> level that is found, and what within that fits; else the prefix.
 *
 * <p>Prefixes stand in a tree by their first differing character, so that a path is looked at once from left to right, however many there
 * are. Expressions are tried one after another, in the order of the file.
 */
final class Locations {

    static final Locations NONE = new Locations(List.of(), List.of(), List.of(), Map.of());

    /** A location whose prefix the path has, or would have with a slash at its end. */
    record Prefix(String path, Location location, boolean stopsExpressions, boolean addsSlash) {}

    /** A location with an expression. */
    record Matched(Expression expression, Location location) {}

    /** The outcome of a search. */
    sealed interface Found {

        /** This one. */
        record Here(Location location) implements Found {}

        /** The path without the slash at its end was asked for; with it there is one. */
        record AddSlash(Location location) implements Found {}

        /** None. */
        record None() implements Found {}
    }

    private static final Found NOTHING = new Found.None();

    private final Map<String, Found> exact = new HashMap<>();
    private final Node tree = new Node("");
    private final List<Matched> expressions;
    private final Map<String, Location> named;
    private final boolean empty;
    private final List<Location> all = new ArrayList<>();

    Locations(List<Prefix> exactly, List<Prefix> prefixes, List<Matched> expressions, Map<String, Location> named) {
        for (Prefix each : exactly) {
            exact.put(each.path, new Found.Here(each.location));
        }
        for (Prefix each : prefixes) {
            tree.add(each, 0);
            if (each.addsSlash && each.path.length() > 1 && each.path.endsWith("/")) {
                exact.putIfAbsent(each.path.substring(0, each.path.length() - 1), new Found.AddSlash(each.location));
            }
        }
        this.expressions = List.copyOf(expressions);
        this.named = Map.copyOf(named);
        exactly.forEach(each -> all.add(each.location));
        prefixes.forEach(each -> all.add(each.location));
        expressions.forEach(each -> all.add(each.location));
        all.addAll(named.values());
        empty = exactly.isEmpty() && prefixes.isEmpty() && expressions.isEmpty();
    }

    /** All of this level. */
    List<Location> all() {
        return List.copyOf(all);
    }

    /** The location that only has a name. */
    @Nullable
    Location named(String name) {
        return named.get(name);
    }

    /** The longest prefix alone, for tests. */
    String longest(String uri) {
        Prefix found = tree.longest(uri);
        return found == null ? "none" : found.path;
    }

    /** The location of a visit's path. */
    Found find(Visit visit) {
        if (empty) {
            return NOTHING;
        }
        String uri = visit.uri();
        Found exactly = exact.get(uri);
        if (exactly instanceof Found.Here) {
            return exactly;
        }
        Prefix longest = tree.longest(uri);
        Found found = NOTHING;
        if (longest != null) {
            found = longest.location.inner().find(visit);
            if (!(found instanceof Found.None)) {
                return found;
            }
            found = new Found.Here(longest.location);
        }
        if (exactly != null) {
            return exactly;
        }
        if (longest == null || !longest.stopsExpressions) {
            for (Matched each : expressions) {
                if (each.expression.find(visit, uri)) {
                    Found within = each.location.inner().find(visit);
                    return within instanceof Found.None ? new Found.Here(each.location) : within;
                }
            }
        }
        return found;
    }

    /** Whether two prefixes are the same is the reader's business. */
    private static final class Node {

        /** What leads here from the node above. */
        private final String edge;

        private @Nullable Prefix prefix;
        private final List<Node> below = new ArrayList<>();
        private char[] first = {};

        Node(String edge) {
            this.edge = edge;
        }

        void add(Prefix added, int from) {
            String rest = added.path.substring(from);
            if (rest.isEmpty()) {
                prefix = added;
                return;
            }
            for (int i = 0; i < below.size(); i++) {
                Node node = below.get(i);
                int common = common(node.edge, rest);
                if (common == 0) {
                    continue;
                }
                if (common < node.edge.length()) {
                    Node between = new Node(node.edge.substring(0, common));
                    Node lower = new Node(node.edge.substring(common));
                    lower.prefix = node.prefix;
                    lower.below.addAll(node.below);
                    lower.first = node.first;
                    between.append(lower);
                    below.set(i, between);
                    node = between;
                }
                node.add(added, from + common);
                return;
            }
            Node leaf = new Node(rest);
            leaf.prefix = added;
            append(leaf);
        }

        private void append(Node node) {
            below.add(node);
            first = Arrays.copyOf(first, first.length + 1);
            first[first.length - 1] = node.edge.charAt(0);
        }

        private static int common(String one, String other) {
            int most = Math.min(one.length(), other.length());
            int common = 0;
            while (common < most && one.charAt(common) == other.charAt(common)) {
                common++;
            }
            return common;
        }

        @Nullable
        Prefix longest(String uri) {
            Prefix best = prefix;
            Node node = this;
            int at = 0;
            while (true) {
                Node next = at < uri.length() ? node.next(uri.charAt(at)) : null;
                if (next == null || !uri.startsWith(next.edge, at)) {
                    return best;
                }
                at += next.edge.length();
                node = next;
                if (node.prefix != null) {
                    best = node.prefix;
                }
            }
        }

        private @Nullable Node next(char c) {
            for (int i = 0; i < first.length; i++) {
                if (first[i] == c) {
                    return below.get(i);
                }
            }
            return null;
        }
    }
}
