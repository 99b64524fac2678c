package dev.pumasi.server;

import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Server;
import dev.pumasi.http.ServerKind;
import java.io.IOException;

/** A model as a kind of server that the tests of module {@code http} run on. */
abstract class ModelKind implements ServerKind {

    private static final int THREADS = 420;

    private final Model model;

    private ModelKind(Model model) {
        this.model = model;
    }

    @Override
    public final String name() {
        return model.label();
    }

    @Override
    public final boolean has(Trait trait) {
        return switch (trait) {
            case KEEPS_CONNECTIONS -> model != Model.ITERATIVE;
            case HANDLERS_OVERLAP -> model != Model.ITERATIVE && model != Model.EVENT_LOOP;
            case HANDLER_BEFORE_BODY -> model != Model.EVENT_LOOP;
            case REFUSES_CONNECTIONS -> model != Model.ITERATIVE && model != Model.THREADED;
            case HOLDS_THOUSANDS -> model.hasLoops();
        };
    }

    @Override
    public final Server start(HttpServer.Builder from) throws IOException {
        ServerBuilder builder = ServerBuilder.of(ServerKind.endpoint(from))
                .model(model)
                .limits(ServerKind.limits(from))
                .name(ServerKind.serverName(from))
                .loops(1)
                .port(0);
        if (model == Model.PRETHREADED) {
            builder.threads(THREADS); // more than the connections of any test
        }
        return builder.start();
    }

    @Override
    public final long received(Server server) {
        return switch (server) {
            case BlockingServer blocking -> ServerKind.received(blocking.http);
            case WorkerPoolServer pool -> ServerKind.received(pool.server);
            case HttpServer looped -> ServerKind.received(looped);
            default -> throw new AssertionError(server);
        };
    }

    @Override
    public final String toString() {
        return name();
    }

    /** One thread. */
    public static final class Iterative extends ModelKind {
        public Iterative() {
            super(Model.ITERATIVE);
        }
    }

    /** A thread for each connection. */
    public static final class Threaded extends ModelKind {
        public Threaded() {
            super(Model.THREADED);
        }
    }

    /** A pool of threads. */
    public static final class Prethreaded extends ModelKind {
        public Prethreaded() {
            super(Model.PRETHREADED);
        }
    }

    /** Callbacks on a loop. */
    public static final class EventLoop extends ModelKind {
        public EventLoop() {
            super(Model.EVENT_LOOP);
        }
    }

    /** A loop, and a pool for handlers. */
    public static final class WorkerPool extends ModelKind {
        public WorkerPool() {
            super(Model.WORKER_POOL);
        }
    }

    /** Green threads on a loop. */
    public static final class Green extends ModelKind {
        public Green() {
            super(Model.GREEN);
        }
    }
}
