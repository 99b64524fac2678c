package dev.pumasi.http;

import java.util.Objects;

/**
 * Answers requests in direct style. It runs on a green thread of the loop that owns the connection, where it may wait for
 * whatever it needs; while it does, the loop goes on with others. Handlers of one server run on several loops, thus several
 * threads, at the same time.
 *
 * <p>What it throws is answered with 500 and reported once.
 */
@FunctionalInterface
public non-sealed interface Handler extends Endpoint {

    Response handle(Request request) throws Exception;

    /**
     * Whether {@link #handle} never waits and is short: then it runs on the loop itself, without a green thread. Every
     * other connection of the loop waits while it runs.
     */
    default boolean isNonBlocking() {
        return false;
    }

    /** The same handler, declared never to wait. */
    static Handler nonBlocking(Handler handler) {
        return new NonBlocking(Objects.requireNonNull(handler, "handler"));
    }

    /**
     * The same handler, for as long as somebody waits for its answer: if the client goes away, what the handler awaits is
     * cancelled ({@link Request#untilGone}). A stream that it answers with is not: its next write fails.
     */
    static Handler untilGone(Handler handler) {
        return new UntilGone(Objects.requireNonNull(handler, "handler"));
    }

    /** A handler that is broken off when nobody waits for it. */
    record UntilGone(Handler handler) implements Handler {

        @Override
        public Response handle(Request request) throws Exception {
            return handler.isNonBlocking()
                    ? handler.handle(request)
                    : request.<Response>untilGone(() -> handler.handle(request));
        }

        @Override
        public boolean isNonBlocking() {
            return handler.isNonBlocking();
        }

        @Override
        public Endpoint select(Request request) {
            Endpoint selected = handler.select(request);
            return selected == handler ? this : selected instanceof Handler found ? new UntilGone(found) : selected;
        }
    }

    /** A handler with a promise that its author could not express in a lambda. */
    record NonBlocking(Handler handler) implements Handler {

        @Override
        public Response handle(Request request) throws Exception {
            return handler.handle(request);
        }

        @Override
        public boolean isNonBlocking() {
            return true;
        }

        @Override
        public Endpoint select(Request request) {
            Endpoint selected = handler.select(request);
            return selected == handler ? this : selected;
        }
    }
}
