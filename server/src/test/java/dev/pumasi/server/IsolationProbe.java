package dev.pumasi.server;

import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpLimits;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.http.Server;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** A server with a handler that misbehaves as it is asked to, in a JVM of its own: {@code MODEL [THREADS]}. It says its port. */
final class IsolationProbe {

    private static final int PIECE_BYTES = 1 << 20;

    /** Whether the call that blocked has come to its end. */
    private static volatile boolean released;

    private static final List<byte[]> HOARD = new ArrayList<>();

    private IsolationProbe() {}

    public static void main(String[] args) throws Exception {
        try (Server server = ServerBuilder.of((Handler) IsolationProbe::handle)
                .model(Model.of(args[0]))
                .threads(args.length > 1 ? Integer.parseInt(args[1]) : 2)
                .loops(1)
                .limits(HttpLimits.builder().idleTimeoutMillis(60_000).build())
                .port(0)
                .start()) {
            System.out.println(server.port());
            server.awaitStop();
        }
    }

    private static Response handle(Request request) throws Exception {
        switch (request.path()) {
            case "/memory" -> allocate(new ArrayList<>());
            case "/hoard" -> allocate(HOARD);
            case "/recurse" -> recurse(0);
            case "/exit" -> System.exit(7);
            case "/block" -> block();
            case "/wait" -> new CountDownLatch(1).await();
            default -> {}
        }
        return Response.text("released: " + released);
    }

    private static void allocate(List<byte[]> into) {
        while (true) {
            into.add(new byte[PIECE_BYTES]);
        }
    }

    private static long recurse(long depth) {
        return depth + recurse(depth + 1) + 1;
    }

    /** Blocks in the kernel until whoever has started this says something. */
    private static void block() throws IOException {
        System.out.println("blocks");
        if (System.in.read() >= 0) {
            released = true;
        }
    }
}
