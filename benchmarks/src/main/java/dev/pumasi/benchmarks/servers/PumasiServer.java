package dev.pumasi.benchmarks.servers;

import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.MediaType;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Recording;
import dev.pumasi.web.StaticFiles;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Pumasi with one loop: {@code callback|green DRIVER PORT [recorded]}. Below {@code /files} it serves the folder that the system
 * property {@code pumasi.benchmarks.files} names. {@code POST /recording/on} and {@code /recording/off} begin and end a recording,
 * so that one process can be measured with and without.
 */
public final class PumasiServer {

    private static final byte[] HELLO = "Hello, World!".getBytes(StandardCharsets.US_ASCII);

    private final LoopGroup loops;
    private @Nullable Recording recording;

    private PumasiServer(LoopGroup loops) {
        this.loops = loops;
    }

    public static void main(String[] arguments) throws Exception {
        new PumasiServer(LoopGroup.start("pumasi-loop", 1, arguments[1])).run(arguments);
    }

    private void run(String[] arguments) throws Exception {
        Handler plaintext = request -> Response.bytes(MediaType.TEXT, HELLO);
        Handler handler = switch (arguments[0]) {
            case "callback" -> Handler.nonBlocking(plaintext);
            case "green" -> plaintext;
            default -> throw new IllegalArgumentException("callback or green, not " + arguments[0]);
        };
        Path files = Path.of(System.getProperty("pumasi.benchmarks.files", "target/files"));
        Router router = Router.builder()
                .get(
                        "/files/*",
                        StaticFiles.builder(Files.createDirectories(files))
                                .under("/files")
                                .build())
                .get("/plaintext", handler)
                .get("/users/{id}", handler)
                .post("/orders", handler)
                .post("/recording/on", _ -> {
                    record();
                    return Response.of(204);
                })
                .post("/recording/off", _ -> {
                    stopRecording();
                    return Response.of(204);
                })
                .build();
        if (arguments.length > 3 && arguments[3].equals("recorded")) {
            record();
        }
        HttpServer server = HttpServer.builder(router)
                .address(new InetSocketAddress(Integer.parseInt(arguments[2])))
                .on(loops.loops())
                .start();
        server.awaitStop();
    }

    /** Nobody reads it. */
    private synchronized void record() {
        if (recording == null) {
            recording = Recording.start(loops.loops(), Recording.EVENTS_DEFAULT);
        }
    }

    private synchronized void stopRecording() {
        if (recording != null) {
            recording.close();
            recording = null;
        }
    }
}
