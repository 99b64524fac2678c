package dev.pumasi.server;

import dev.pumasi.http.Endpoint;
import dev.pumasi.http.Handler;
import dev.pumasi.http.Response;

/** {@code plaintext}: as {@code hello}, by a handler that declares that it never waits. For measuring what is around handlers. */
public final class PlaintextApplication implements Application {

    /** Called by those who look for applications. */
    public PlaintextApplication() {}

    @Override
    public String name() {
        return "plaintext";
    }

    @Override
    public String description() {
        return "13 bytes, by a handler that declares that it never waits";
    }

    @Override
    public Endpoint open(Settings settings) {
        Response answer = Response.text(HelloApplication.TEXT);
        return Handler.nonBlocking(_ -> answer);
    }
}
