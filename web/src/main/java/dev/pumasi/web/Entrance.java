package dev.pumasi.web;

import dev.pumasi.http.Handler;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;

/** The site itself, for those of its parts that send a request to another path and are made before it is there. */
final class Entrance implements Handler {

    /** Written once, before the first request. */
    private volatile Handler site = _ -> Response.of(503);

    void leadsTo(Handler handler) {
        site = handler;
    }

    @Override
    public Response handle(Request request) throws Exception {
        return site.handle(request);
    }
}
