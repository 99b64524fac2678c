package dev.pumasi.cli;

import dev.pumasi.http.Handler;
import dev.pumasi.http.MediaType;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whole files of a folder; stands in until {@code dev.pumasi.web} has the real one. */
record Folder(Path root) implements Handler {

    @Override
    public Response handle(Request request) throws IOException {
        Path file = root.resolve(request.path().substring(1)).normalize();
        if (Files.isDirectory(file)) {
            file = file.resolve("index.html");
        }
        if (!Files.isRegularFile(file) || !file.toRealPath().startsWith(root.toRealPath())) {
            return Response.of(404);
        }
        return Response.bytes(MediaType.HTML, Files.readAllBytes(file));
    }
}
