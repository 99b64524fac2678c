package dev.pumasi.benchmarks.servers;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Helidon: a virtual thread for each connection on the JDK's scheduler. It sends the date by itself. Files are copied to the
 * response's stream, as its module for static content does; that module is not in every repository.
 */
public final class HelidonServer {
    private static final byte[] BODY = "Hello, World!".getBytes(US_ASCII);
    private static final Header CONTENT_TYPE = HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "text/plain");
    private static final Header CONTENT_LENGTH = HeaderValues.createCached(HeaderNames.CONTENT_LENGTH, BODY.length);
    private static final Header SERVER_NAME = HeaderValues.createCached(HeaderNames.SERVER, "helidon");
    private static final Header BINARY =
            HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "application/octet-stream");
    private static final Path FOLDER = Path.of(System.getProperty("pumasi.benchmarks.files", "target/files"));
    private static final int BACKLOG = 4096;

    private HelidonServer() {}

    /** Argument: the port. */
    public static void main(String[] arguments) {
        WebServer.builder()
                .host("0.0.0.0")
                .port(Integer.parseInt(arguments[0]))
                .backlog(BACKLOG)
                .connectionOptions(options -> options.tcpNoDelay(true))
                .routing(routing ->
                        routing.get("/plaintext", HelidonServer::answer).get("/files/{+name}", HelidonServer::sendFile))
                .build()
                .start();
    }

    private static void answer(ServerRequest request, ServerResponse response) {
        response.header(CONTENT_TYPE);
        response.header(CONTENT_LENGTH);
        response.header(SERVER_NAME);
        response.send(BODY);
    }

    private static void sendFile(ServerRequest request, ServerResponse response) throws IOException {
        final var path = FOLDER.resolve(request.path().pathParameters().get("name"));
        response.header(BINARY);
        response.header(SERVER_NAME);
        response.header(
                HeaderNames.LAST_MODIFIED, Files.getLastModifiedTime(path).toString());
        response.contentLength(Files.size(path));
        try (var file = Files.newInputStream(path);
                var body = response.outputStream()) {
            file.transferTo(body);
        }
    }
}
