package dev.pumasi.admin;

import dev.pumasi.http.MediaType;
import dev.pumasi.http.Response;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** The page's own files, as they lie in the jar, read once. Nothing in them is of this server, so whoever can connect may have them. */
final class PageFiles {

    private static final MediaType STYLE = MediaType.of("text/css; charset=utf-8");
    private static final MediaType SCRIPT = MediaType.of("text/javascript; charset=utf-8");
    private static final MediaType PICTURE = MediaType.of("image/svg+xml");

    private static final Map<String, MediaType> NAMES = new LinkedHashMap<>(Map.of(
            "index.html", MediaType.HTML,
            "live.css", STYLE,
            "live.js", SCRIPT,
            "feed.js", SCRIPT,
            "draw.js", SCRIPT,
            "timeline.js", SCRIPT,
            "words.js", SCRIPT,
            "icon.svg", PICTURE));

    private PageFiles() {}

    /** By path. */
    static Map<String, Response> load() {
        Map<String, Response> files = new LinkedHashMap<>();
        NAMES.forEach((name, type) -> files.put(
                name.equals("index.html") ? "/" : "/" + name,
                Headers.on(Response.bytes(type, read(name))).withHeader("Cache-Control", "no-cache")));
        return files;
    }

    private static byte[] read(String name) {
        try (InputStream in = PageFiles.class.getResourceAsStream("page/" + name)) {
            if (in == null) {
                throw new IllegalStateException("the jar of pumasi-admin lacks page/" + name);
            }
            return in.readAllBytes();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
