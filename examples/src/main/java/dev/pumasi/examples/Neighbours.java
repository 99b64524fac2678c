package dev.pumasi.examples;

import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import dev.pumasi.runtime.ChildProcess;
import dev.pumasi.runtime.Command;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Offload;
import dev.pumasi.runtime.RecordingSocket;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/**
 * The hazard of green threads as their neighbours feel it (S18), and its two cures (S06, S12, S21): a handler asks another program, which takes
 * 200 ms. It may read the answer by a call that blocks, on the loop's own thread; leave that call to a thread of a pool; or start the program
 * and read from it by operations of the loop, io_uring where there is one. Meanwhile a neighbour on the same loop asks for something that takes
 * no time at all, again and again: how long does it wait?
 */
final class Neighbours {

    /** What the handler waits for: it says something when 200 ms have gone. */
    private static final List<String> PROGRAM = List.of("sh", "-c", "sleep 0.2; echo done");

    private static final List<String> WAYS = List.of("blocking", "offload", "loop");

    private final Offload offload = Offload.open();

    private Neighbours() {}

    static void main(String[] args) throws Exception {
        Neighbours example = new Neighbours();
        try (example.offload;
                LoopGroup loops =
                        LoopGroup.start("loop", 1, Drivers.choose(Drivers.AUTO).factory());
                HttpServer server = HttpServer.builder(example.router())
                        .port(0)
                        .on(loops.loops())
                        .start()) {
            if (JsonLines.isAsked(args)) {
                serveTheLab(server, loops);
            } else {
                tell(server);
            }
        }
    }

    private Router router() {
        return Router.builder()
                .get("/tick", (Handler) _ -> Response.text("tick\n"))
                .get("/blocking", (Handler) _ -> Response.text(block()))
                .get("/offload", this::leave)
                .get("/loop", Neighbours::ask)
                .build();
    }

    /** A thread of the pool is kept instead. */
    private Response leave(Request request) throws IOException {
        return Response.text(offload.submit(request.loop(), Neighbours::block).await());
    }

    /** Reads from a pipe as java.io does: the kernel keeps the thread until something comes. */
    private static String block() throws IOException {
        Process program = new ProcessBuilder(PROGRAM).start();
        try (InputStream answer = program.getInputStream()) {
            return new String(answer.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** The same on the loop: the green thread waits, and its loop goes on. */
    private static Response ask(Request request) throws IOException {
        try (ChildProcess program = Command.of(PROGRAM).start(request.loop()).await()) {
            byte[] answer = new byte[100];
            int length = program.output().read(answer, 0, answer.length);
            program.exit().await();
            return Response.text(new String(answer, 0, Math.max(0, length), StandardCharsets.UTF_8));
        }
    }

    // ------------------------------------------------------------------------------------------- for the lab

    /** It asks and records from outside; this process ends with its standard input. */
    private static void serveTheLab(HttpServer server, LoopGroup loops) throws IOException {
        try (RecordingSocket recordings = RecordingSocket.open(loops.loops())) {
            JsonLines.print("listening", "port", server.port(), "recordings", recordings.path());
            long ignored = System.in.transferTo(OutputStream.nullOutputStream());
        }
    }

    // ------------------------------------------------------------------------------------------- for a reader

    private static void tell(HttpServer server) throws Exception {
        System.out.println("""

                A handler asks another program, which takes 200 ms; its neighbour on the same loop asks for nothing much.

                how the handler waits              its own answer    the neighbour waited at most""");
        for (String way : WAYS) {
            asked(server.port(), "/" + way); // loaded and linked now
            asked(server.port(), "/tick");
            CompletableFuture<Long> handler = new CompletableFuture<>();
            Thread.ofPlatform().start(() -> {
                try {
                    handler.complete(asked(server.port(), "/" + way));
                } catch (IOException failure) {
                    handler.completeExceptionally(failure);
                }
            });
            long longestNanos = 0;
            while (!handler.isDone()) {
                longestNanos = Math.max(longestNanos, asked(server.port(), "/tick"));
            }
            System.out.printf(
                    Locale.ROOT,
                    "%-33s %9.0f ms %18.1f ms%n",
                    switch (way) {
                        case "blocking" -> "it blocks the loop's thread";
                        case "offload" -> "a thread of the pool blocks";
                        default -> "an operation of the loop";
                    },
                    handler.get() / 1e6,
                    longestNanos / 1e6);
        }
    }

    private static long asked(int port, String path) throws IOException {
        long beganNanos = System.nanoTime();
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream()
                    .write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            if (!answer.startsWith("HTTP/1.1 200")) {
                throw new IOException("the server said: " + answer);
            }
        }
        return System.nanoTime() - beganNanos;
    }
}
