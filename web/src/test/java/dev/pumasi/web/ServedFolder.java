package dev.pumasi.web;

import dev.pumasi.http.HttpServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;

/** A folder, and a server of its files on a port of its own. */
final class ServedFolder implements AutoCloseable {

    /** When its files were last written, unless a test writes one: long enough ago for strong validators. */
    static final Instant WRITTEN = Instant.parse("2024-02-29T12:34:56.789Z");

    static final String LAST_MODIFIED = "Thu, 29 Feb 2024 12:34:56 GMT";

    final Path root;
    final HttpServer server;

    ServedFolder(Path root, String driver, long cacheBytes) throws IOException {
        this.root = root;
        server = HttpServer.builder(
                        StaticFiles.builder(root).cacheBytes(cacheBytes).build())
                .port(0)
                .loops(2)
                .driver(driver)
                .start();
    }

    Path write(String name, String text) throws IOException {
        return write(name, text.getBytes(StandardCharsets.UTF_8));
    }

    Path write(String name, byte[] bytes) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
        return Files.setLastModifiedTime(file, FileTime.from(WRITTEN));
    }

    RawClient client() throws IOException {
        return new RawClient(server.port());
    }

    /** One exchange on a connection of its own. */
    RawClient.Answer ask(String method, String target, String... fields) throws IOException {
        try (RawClient client = client()) {
            return client.ask(method, target, fields);
        }
    }

    RawClient.Answer get(String target, String... fields) throws IOException {
        return ask("GET", target, fields);
    }

    long hops() {
        return server.loops().stream().mapToLong(loop -> loop.hops()).sum();
    }

    @Override
    public void close() {
        server.close();
    }
}
