package dev.pumasi.admin;

import dev.pumasi.http.Endpoint;
import dev.pumasi.http.Handler;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.Offload;
import dev.pumasi.server.Application;
import dev.pumasi.server.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** For workers in tests: waits, uses a pool, and blocks its loop for as long as a file is there. */
public final class HazardApplication implements Application {

    private static final long BLOCK_MAX_NANOS = 30_000_000_000L;

    private @Nullable Offload pool;
    private Path gate = Path.of("");

    /** For workers. */
    public HazardApplication() {}

    @Override
    public String name() {
        return "hazard";
    }

    @Override
    public Endpoint open(Settings settings) {
        gate = settings.path("gate", gate);
        Offload opened = Offload.open("hazards", 1, 8);
        pool = opened;
        return (Handler) request -> answer(request, opened);
    }

    private Response answer(Request request, Offload opened) throws IOException {
        switch (request.path()) {
            case "/wait" -> request.loop().sleep(Duration.ofSeconds(40)).await();
            case "/pool" -> opened.call(() -> "done");
            case "/block" -> {
                long until = System.nanoTime() + BLOCK_MAX_NANOS;
                while (Files.exists(gate) && System.nanoTime() < until) {
                    Thread.onSpinWait();
                }
            }
            default -> {}
        }
        return Response.text(ProcessHandle.current().pid() + "\n");
    }

    @Override
    public void close() {
        if (pool != null) {
            pool.close();
        }
    }
}
