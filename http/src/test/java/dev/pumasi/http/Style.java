package dev.pumasi.http;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The ways in which the same answer can be given. */
enum Style {
    /** Inline, on the loop. */
    NON_BLOCKING,
    /** On a green thread. */
    GREEN,
    /** By a callback, before the handler returns. */
    CALLBACK,
    /** By a callback, later, from another thread. */
    CALLBACK_LATER;

    private static final ExecutorService ELSEWHERE = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("elsewhere").factory());

    Endpoint of(Handler handler) {
        return switch (this) {
            case NON_BLOCKING -> Handler.nonBlocking(handler);
            case GREEN -> handler;
            case CALLBACK -> (AsyncHandler) (request, responder) -> responder.respond(handler.handle(request));
            case CALLBACK_LATER ->
                (AsyncHandler) (request, responder) -> ELSEWHERE.execute(() -> {
                    try {
                        responder.respond(handler.handle(request));
                    } catch (Throwable failure) {
                        responder.fail(failure);
                    }
                });
        };
    }
}
