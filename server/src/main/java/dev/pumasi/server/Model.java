package dev.pumasi.server;

import dev.pumasi.runtime.Offload;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * How a server does several things at once. The names are those of Stevens (<i>UNIX Network Programming</i>, volume 1,
 * chapter 30) where he has one.
 */
public enum Model {
    /** One thread: accept, serve, close, next. Everybody else waits meanwhile. */
    ITERATIVE("one thread, one connection at a time"),

    /** A platform thread for each connection, for as long as it lives. */
    THREADED("a platform thread for each connection"),

    /** A fixed pool of platform threads; a connection keeps its thread until it ends, or others wait for one. */
    PRETHREADED("a fixed pool of platform threads"),

    /** Callbacks on loops: the handler runs on the loop itself, and while it does, nothing else does. */
    EVENT_LOOP("callbacks on event loops"),

    /** One loop, and handlers on a small pool of threads, as Node.js does with what blocks. */
    WORKER_POOL("one event loop, handlers on a pool of threads"),

    /** Loops, and a green thread for each request that is being handled. */
    GREEN("green threads on event loops");

    private final String description;

    Model(String description) {
        this.description = description;
    }

    /** What runs, in a few words. */
    public String description() {
        return description;
    }

    /** As users write it: {@code worker-pool}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** All, as users write them. */
    public static List<String> labels() {
        return Arrays.stream(values()).map(Model::label).toList();
    }

    /**
     * The model that users call so.
     *
     * @throws IllegalArgumentException for any other name; the message lists them all
     */
    public static Model of(String label) {
        return Arrays.stream(values())
                .filter(model -> model.label().equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "there is no model '" + label + "'; choose " + String.join(", ", labels())));
    }

    /** Whether the number of its threads can be chosen. */
    public boolean hasThreads() {
        return this == THREADED || this == PRETHREADED || this == WORKER_POOL;
    }

    /** The most that the number of its threads can be. */
    public int threadsMax() {
        return this == WORKER_POOL ? Offload.THREADS_MAX : ServerBuilder.THREADS_MAX;
    }

    /** Whether it has event loops, and so a driver; the others make plain blocking calls. */
    public boolean hasLoops() {
        return this == EVENT_LOOP || this == WORKER_POOL || this == GREEN;
    }
}
