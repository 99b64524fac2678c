package dev.pumasi.examples;

import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Request;
import dev.pumasi.http.Responder;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import java.io.IOException;
import java.time.Duration;

/** An HTTP server with the three styles of handler. */
final class Hello {

    private Hello() {}

    static void main(String[] args) throws Exception {
        int port = args.length > 0 ? Integer.parseInt(args[0]) : 8080;
        try (HttpServer server = HttpServer.builder(router()).port(port).start()) {
            String url = "http://localhost:" + server.port();
            System.out.println("try: curl " + url + "/hello/you " + url + "/slow " + url + "/later; Ctrl-C ends it");
            server.awaitStop();
        }
    }

    static Router router() {
        return Router.builder()
                .get("/hello/{name}", Handler.nonBlocking(Hello::hello))
                .get("/slow", Hello::slow)
                .get("/later", Hello::later)
                .build();
    }

    /** Never waits, and is declared so: runs on the loop itself. */
    static Response hello(Request request) {
        return Response.text("Hello, " + request.pathParameter("name") + "!\n");
    }

    /** Direct style: waits, on a green thread of the loop that owns the connection. */
    static Response slow(Request request) throws IOException {
        request.loop().sleep(Duration.ofMillis(100)).await();
        return Response.text("worth waiting for\n");
    }

    /** Callback style: returns at once, and answers when the timer is due. */
    static void later(Request request, Responder responder) {
        request.loop().sleep(Duration.ofMillis(100)).onDone(over -> responder.respond(Response.text("called back\n")));
    }
}
