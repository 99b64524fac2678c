package dev.pumasi.web;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which of the servers of an address a host belongs to: the exact name, else the longest name that begins with a star, else
 * the longest that ends with one, else the first expression, else the default (nginx.org/en/docs/http/server_names.html).
 */
final class ServerNames {

    private record Matching(Expression expression, VirtualServer server) {}

    private final VirtualServer otherwise;
    private final Map<String, VirtualServer> exact = new HashMap<>();

    /** {@code *.example.org} as {@code example.org}. */
    private final Map<String, VirtualServer> leading = new HashMap<>();

    /** {@code www.example.*} as {@code www.example}. */
    private final Map<String, VirtualServer> trailing = new HashMap<>();

    private final List<Matching> expressions = new ArrayList<>();

    ServerNames(VirtualServer otherwise) {
        this.otherwise = otherwise;
    }

    VirtualServer otherwise() {
        return otherwise;
    }

    /** Whether the host makes no difference. */
    boolean isSingle() {
        return expressions.isEmpty()
                && leading.isEmpty()
                && trailing.isEmpty()
                && exact.values().stream().allMatch(otherwise::equals);
    }

    /** Adds a name as it was written, in lower case; returns false if it was there. */
    boolean add(String name, VirtualServer server) {
        if (name.startsWith("*.")) {
            return leading.putIfAbsent(name.substring(2), server) == null;
        }
        if (name.startsWith(".")) {
            boolean free = exact.putIfAbsent(name.substring(1), server) == null;
            return leading.putIfAbsent(name.substring(1), server) == null && free;
        }
        if (name.endsWith(".*")) {
            return trailing.putIfAbsent(name.substring(0, name.length() - 2), server) == null;
        }
        return exact.putIfAbsent(name, server) == null;
    }

    void add(Expression expression, VirtualServer server) {
        expressions.add(new Matching(expression, server));
    }

    /** The server for a host in lower case, without a port; empty if the client named none. */
    VirtualServer choose(String host) {
        VirtualServer found = exact.get(host);
        for (int dot = host.indexOf('.'); found == null && dot >= 0; dot = host.indexOf('.', dot + 1)) {
            found = leading.get(host.substring(dot + 1));
        }
        for (int dot = host.lastIndexOf('.'); found == null && dot > 0; dot = host.lastIndexOf('.', dot - 1)) {
            found = trailing.get(host.substring(0, dot));
        }
        if (found != null) {
            return found;
        }
        for (Matching each : expressions) {
            if (each.expression.matches(host)) {
                return each.server;
            }
        }
        return otherwise;
    }
}
