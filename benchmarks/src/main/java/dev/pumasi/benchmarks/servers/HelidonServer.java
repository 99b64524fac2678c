package dev.pumasi.benchmarks.servers;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;

/** Helidon: a virtual thread for each connection on the JDK's scheduler. It sends the date by itself. */
public final class HelidonServer {
    private static final byte[] BODY = "Hello, World!".getBytes(US_ASCII);
    private static final Header CONTENT_TYPE = HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "text/plain");
    private static final Header CONTENT_LENGTH = HeaderValues.createCached(HeaderNames.CONTENT_LENGTH, BODY.length);
    private static final Header SERVER_NAME = HeaderValues.createCached(HeaderNames.SERVER, "helidon");
    private static final int BACKLOG = 4096;

    private HelidonServer() {}

    /** Argument: the port. */
    public static void main(String[] arguments) {
        WebServer.builder()
                .host("0.0.0.0")
                .port(Integer.parseInt(arguments[0]))
                .backlog(BACKLOG)
                .connectionOptions(options -> options.tcpNoDelay(true))
                .routing(routing -> routing.get("/plaintext", HelidonServer::answer))
                .build()
                .start();
    }

    private static void answer(ServerRequest request, ServerResponse response) {
        response.header(CONTENT_TYPE);
        response.header(CONTENT_LENGTH);
        response.header(SERVER_NAME);
        response.send(BODY);
    }
}
