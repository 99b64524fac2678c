package dev.pumasi.queue.http;

import dev.pumasi.http.MediaType;
import dev.pumasi.http.Response;
import java.nio.charset.StandardCharsets;

/** Lines of JSON as bodies. */
final class Texts {

    static final MediaType LINES = MediaType.of("application/x-ndjson");

    private Texts() {}

    /** The bytes of a line, with its end. */
    static byte[] line(String line) {
        return (line + "\n").getBytes(StandardCharsets.UTF_8);
    }

    static Response json(Object value) {
        return Response.bytes(MediaType.JSON, line(Json.text(value)));
    }
}
