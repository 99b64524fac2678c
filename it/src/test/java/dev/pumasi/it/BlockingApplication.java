package dev.pumasi.it;

import dev.pumasi.http.Endpoint;
import dev.pumasi.http.Handler;
import dev.pumasi.http.Response;
import dev.pumasi.server.Application;
import dev.pumasi.server.Settings;
import java.nio.file.Files;
import java.nio.file.Path;

/** What nobody should do: says that it never waits, and reads a file by itself, on the loop. */
public final class BlockingApplication implements Application {

    /** For those who look for applications. */
    public BlockingApplication() {}

    @Override
    public String name() {
        return "blocking";
    }

    @Override
    public Endpoint open(Settings settings) throws Exception {
        Path file = Path.of(settings.required("file", "what is read"));
        return Handler.nonBlocking(_ -> Response.text(Files.readString(file)));
    }
}
