package dev.pumasi.it;

import dev.pumasi.http.Handler;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;

/** A user's own handler, for the lab: it works under every model but one. */
public final class PickyHandler implements Handler {

    public PickyHandler() {}

    @Override
    public Response handle(Request request) {
        return Thread.currentThread().getName().equals("pumasi-connection") // the model threaded calls them so
                ? Response.of(500)
                : Response.text("checked out\n");
    }
}
