package dev.pumasi.server;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How a server does several things at once by processes: what {@link Model} is within one. A handler object cannot be handed to
 * another process, so they serve an {@link ApplicationChoice}, which each process opens for itself.
 */
public enum ProcessModel {
    /** A fixed number of worker processes, which all accept from one listening socket: {@link Supervisor}. */
    PREFORKED("worker processes that share the listening socket"),

    /** A process for each connection, for as long as it lives: {@link Forker}. */
    FORKING("a process for each connection");

    private final String description;

    ProcessModel(String description) {
        this.description = description;
    }

    /** What runs, in a few words. */
    public String description() {
        return description;
    }

    /** As users write it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** All, as users write them. */
    public static List<String> labels() {
        return Arrays.stream(values()).map(ProcessModel::label).toList();
    }

    /** The one that users call so, if there is one. */
    public static Optional<ProcessModel> find(String label) {
        return Arrays.stream(values())
                .filter(model -> model.label().equals(label))
                .findFirst();
    }
}
