package dev.pumasi.it;

import dev.pumasi.http.Endpoint;
import dev.pumasi.http.Handler;
import dev.pumasi.http.Response;
import dev.pumasi.server.Application;
import dev.pumasi.server.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** What nobody should do: says that it never waits, and reads a file by itself, on the loop; it parks there, and waits for a monitor. */
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
        CountDownLatch never = new CountDownLatch(1);
        Object silent = new Object();
        return Handler.nonBlocking(_ -> {
            boolean reached = never.await(1, TimeUnit.MILLISECONDS);
            synchronized (silent) {
                silent.wait(1);
            }
            return Response.text(reached + ": " + Files.readString(file));
        });
    }
}
