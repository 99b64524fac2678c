package dev.pumasi.server;

import dev.pumasi.http.AsyncHandler;
import dev.pumasi.http.Endpoint;
import dev.pumasi.http.Handler;
import dev.pumasi.http.Request;
import dev.pumasi.http.Responder;

/** Runs every handler on the loop itself, whatever it says about itself: that is the event-loop model. */
record Inline(Endpoint endpoint) implements AsyncHandler {

    @Override
    public Endpoint select(Request request) {
        Endpoint chosen = endpoint.select(request);
        return chosen instanceof Handler handler && !handler.isNonBlocking() ? Handler.nonBlocking(handler) : chosen;
    }

    @Override
    public void handle(Request request, Responder responder) {
        throw new IllegalStateException("somebody else was selected");
    }
}
