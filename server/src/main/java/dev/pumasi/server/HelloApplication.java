package dev.pumasi.server;

import dev.pumasi.http.Endpoint;
import dev.pumasi.http.Handler;
import dev.pumasi.http.Response;

/** {@code hello}: thirteen bytes to everybody, by a handler that runs wherever its model runs handlers. For measuring models. */
public final class HelloApplication implements Application {

    static final String TEXT = "Hello, World!";

    /** Called by those who look for applications. */
    public HelloApplication() {}

    @Override
    public String name() {
        return "hello";
    }

    @Override
    public String description() {
        return "13 bytes, by an ordinary handler";
    }

    @Override
    public Endpoint open(Settings settings) {
        Response answer = Response.text(TEXT);
        return (Handler) _ -> answer;
    }
}
