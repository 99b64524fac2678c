package dev.pumasi.server;

import dev.pumasi.http.Handler;
import dev.pumasi.http.MediaType;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The handler that {@link EachWayTest} puts under each model, in this process and in others: what it is to do, the request says.
 * Public, with a public constructor, because workers make their own by its name.
 */
public final class SameHandler implements Handler {

    /** Of this process. */
    private static final AtomicInteger WARM_UPS = new AtomicInteger();

    /** Called by reflection in workers. */
    public SameHandler() {}

    @Override
    public Response handle(Request request) throws Exception {
        if (request.isWarmUp()) {
            WARM_UPS.incrementAndGet();
        }
        return switch (request.path()) {
            case "/warm" -> Response.text(request.isWarmUp() + " after " + WARM_UPS.get());
            case "/throw" -> throw new IllegalStateException("on purpose");
            case "/unread" -> Response.text("not read");
            case "/stream" -> {
                byte[] bytes = echo(request).getBytes(StandardCharsets.UTF_8);
                yield Response.stream(MediaType.TEXT, out -> out.write(bytes));
            }
            case "/large" ->
                Response.bytes(MediaType.TEXT, "rice ".repeat(100_000).getBytes(StandardCharsets.UTF_8));
            case "/pid" -> Response.text(Long.toString(ProcessHandle.current().pid()));
            default -> Response.text(echo(request)).withHeader("X-Model", "any");
        };
    }

    private static String echo(Request request) throws Exception {
        return request.method() + " " + request.target() + " "
                + (request.contentLength() == 0 ? "" : request.body().text());
    }
}
