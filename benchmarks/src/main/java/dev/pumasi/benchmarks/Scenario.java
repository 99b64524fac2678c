package dev.pumasi.benchmarks;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Set;

/** What is asked of a server, and by how many connections. */
enum Scenario {
    KEEPALIVE_16("keepalive-16", Kind.KEEPALIVE, 16),
    KEEPALIVE_256("keepalive-256", Kind.KEEPALIVE, 256),
    KEEPALIVE_2000("keepalive-2000", Kind.KEEPALIVE, 2000),
    PIPELINED_256("pipelined-256", Kind.PIPELINED, 256),
    CONNECT("connect", Kind.CONNECT, 64),
    IDLE("idle", Kind.IDLE, 10_000),
    FILE_1K("file-1k", Kind.FILE, 64, "/files/1k.bin", 1 << 10),
    FILE_64K("file-64k", Kind.FILE, 64, "/files/64k.bin", 64 << 10),
    FILE_10M("file-10m", Kind.FILE, 16, "/files/10m.bin", 10 << 20);

    enum Kind {
        /** One request after the other on each connection. */
        KEEPALIVE,
        /** Sixteen requests in one write, then their sixteen answers. */
        PIPELINED,
        /** A new connection for every request. */
        CONNECT,
        /** Connections that asked once and stay open: memory instead of time. */
        IDLE,
        /** A file, one request after the other on each connection. */
        FILE
    }

    final String label;
    final Kind kind;
    final int connections;

    /** What is asked for. */
    final String path;

    /** The length of the file that is asked for; 0 where it is none. */
    final int fileBytes;

    Scenario(String label, Kind kind, int connections) {
        this(label, kind, connections, "/plaintext", 0);
    }

    Scenario(String label, Kind kind, int connections, String path, int fileBytes) {
        this.label = label;
        this.kind = kind;
        this.connections = connections;
        this.path = path;
        this.fileBytes = fileBytes;
    }

    String title() {
        return switch (kind) {
            case KEEPALIVE -> "keep-alive, " + connections + " connections";
            case PIPELINED -> "16 requests pipelined, " + connections + " connections";
            case CONNECT -> "a new connection for every request, " + connections + " at a time";
            case IDLE -> connections + " idle connections";
            case FILE -> "a file of " + fileBytes + " bytes, " + connections + " connections";
        };
    }

    /** The scenarios whose label is one of these or begins with one of these ({@code keepalive} is all three). */
    static Set<Scenario> named(Iterable<String> names) {
        final var found = new LinkedHashSet<Scenario>();
        for (final var name : names) {
            final var matches = Arrays.stream(values())
                    .filter(scenario -> scenario.label.equals(name) || scenario.label.startsWith(name + "-"))
                    .toList();
            if (matches.isEmpty()) {
                throw new IllegalArgumentException("no scenario " + name + "; there are "
                        + Arrays.stream(values())
                                .map(scenario -> scenario.label)
                                .toList());
            }
            found.addAll(matches);
        }
        return found;
    }
}
