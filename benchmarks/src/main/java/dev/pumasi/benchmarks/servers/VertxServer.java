package dev.pumasi.benchmarks.servers;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;

/** Vert.x: one verticle instance on one event loop, with the native transport its documentation recommends on Linux. */
public final class VertxServer extends VerticleBase {
    private static final CharSequence SERVER_NAME = HttpHeaders.createOptimized("vert.x");
    private static final CharSequence TEXT_PLAIN = HttpHeaders.createOptimized("text/plain");
    private static final CharSequence BODY_BYTES = HttpHeaders.createOptimized("13");
    private static final Buffer BODY = Buffer.buffer("Hello, World!");
    private static final CharSequence BINARY = HttpHeaders.createOptimized("application/octet-stream");
    private static final String FILES = "/files/";
    private static final String FOLDER = System.getProperty("pumasi.benchmarks.files", "target/files");
    private static final int BACKLOG = 4096;

    private final int port;
    private CharSequence date = now();

    private VertxServer(int port) {
        this.port = port;
    }

    /** Argument: the port. */
    public static void main(String[] arguments) {
        final var vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1).setPreferNativeTransport(true));
        if (!vertx.isNativeTransportEnabled()) {
            System.err.println("vertx: no native transport, on NIO: " + vertx.unavailableNativeTransportCause());
        }
        final var deployed = vertx.deployVerticle(new VertxServer(Integer.parseInt(arguments[0])));
        deployed.onFailure(failure -> {
            System.err.println("vertx: " + failure);
            System.exit(1);
        });
    }

    @Override
    public Future<?> start() {
        vertx.setPeriodic(1000, timer -> date = now());
        final var options = new HttpServerOptions().setAcceptBacklog(BACKLOG).setTcpNoDelay(true);
        return vertx.createHttpServer(options).requestHandler(this::answer).listen(port);
    }

    private void answer(HttpServerRequest request) {
        final var response = request.response();
        final var path = request.path();
        if (path != null && path.startsWith(FILES)) {
            sendFile(path.substring(FILES.length()), response);
            return;
        }
        if (!"/plaintext".equals(path)) {
            response.setStatusCode(404).end();
            return;
        }
        response.headers()
                .add(HttpHeaders.CONTENT_TYPE, TEXT_PLAIN)
                .add(HttpHeaders.SERVER, SERVER_NAME)
                .add(HttpHeaders.DATE, date)
                .add(HttpHeaders.CONTENT_LENGTH, BODY_BYTES);
        response.end(BODY);
    }

    /** As its documentation has it: the kernel sends the file, which is opened for each request. */
    private void sendFile(String name, HttpServerResponse response) {
        response.headers()
                .add(HttpHeaders.CONTENT_TYPE, BINARY)
                .add(HttpHeaders.SERVER, SERVER_NAME)
                .add(HttpHeaders.DATE, date);
        response.sendFile(FOLDER + "/" + name).onFailure(failure -> response.reset());
    }

    private static CharSequence now() {
        return HttpHeaders.createOptimized(
                DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC)));
    }
}
