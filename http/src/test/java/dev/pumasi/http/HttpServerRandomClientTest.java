package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.testkit.Dice;
import dev.pumasi.testkit.Seed;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/**
 * Clients that a seed decides: how much they send ahead, where they cut it, when they pause, what the bodies are and how
 * they are framed, and who answers in which way. Each answer is compared by its checksum.
 */
@OnEachServer
class HttpServerRandomClientTest extends Served {

    private static final int CLIENTS = 8;
    private static final int BURSTS = 60;
    private static final int BODY_BYTES_MAX = 60_000;

    private static final Endpoint ECHO = Router.builder()
            .post(
                    "/whole",
                    (Request request) ->
                            Response.bytes(MediaType.TEXT, request.body().bytes()))
            .post("/parks", (Request request) -> {
                park(Duration.ofMillis(1));
                byte[] body = request.body().bytes();
                park(Duration.ofMillis(1));
                return Response.bytes(MediaType.TEXT, body);
            })
            .post("/stream", (Request request) -> {
                RequestBody body = request.body();
                return Response.stream(MediaType.TEXT, out -> pump(body, out));
            })
            .post("/known", (Request request) -> {
                byte[] body = request.body().bytes();
                return Response.stream(MediaType.TEXT, body.length, out -> out.write(body));
            })
            .route(
                    "POST",
                    "/later",
                    Style.CALLBACK_LATER.of(request ->
                            Response.bytes(MediaType.TEXT, request.body().bytes())))
            .route("POST", "/unread", Style.NON_BLOCKING.of(request -> Response.text("unread")))
            .route("POST", "/callback", Style.CALLBACK.of(request -> Response.text("unread")))
            .build();

    private static final List<String> PATHS =
            List.of("/whole", "/parks", "/stream", "/known", "/later", "/unread", "/callback");

    private static void pump(RequestBody body, BodyOutput out) throws IOException {
        byte[] piece = new byte[3_000];
        for (int read = body.read(piece, 0, piece.length); read >= 0; read = body.read(piece, 0, piece.length)) {
            out.write(piece, 0, read);
        }
    }

    @Test
    void everyAnswerIsRightWhateverTheClientsDo() throws Exception {
        Seed seed = Seed.fromCommandLine();
        Server server = serve(ECHO);
        List<FutureTask<String>> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            Seed own = seed.split(i);
            Wire wire = wire(server);
            FutureTask<String> client = new FutureTask<>(() -> {
                converse(wire, own.dice());
                return "done";
            });
            clients.add(client);
            Thread.ofPlatform().daemon().start(client);
        }
        for (FutureTask<String> client : clients) {
            try {
                client.get();
            } catch (java.util.concurrent.ExecutionException failed) {
                throw new AssertionError(seed.replay(), failed.getCause());
            }
        }
        assertEquals(0, server.status().handlerFailures());
    }

    private static void converse(Wire wire, Dice dice) throws Exception {
        for (int burst = 0; burst < BURSTS; burst++) {
            List<Long> expected = new ArrayList<>();
            ByteArrayOutputStream requests = new ByteArrayOutputStream();
            for (int behind = dice.below(6); behind >= 0; behind--) {
                expected.add(request(requests, dice));
            }
            byte[] bytes = requests.toByteArray();
            Thread sender = Thread.ofPlatform().daemon().start(() -> send(wire, bytes, dice));
            for (long sum : expected) {
                Wire.Answer answer = wire.answer();
                assertEquals(200, answer.status());
                assertEquals(sum, sum(answer.body()));
            }
            sender.join();
        }
    }

    /** Adds a request and gives the checksum of what must be the answer. */
    private static long request(ByteArrayOutputStream to, Dice dice) {
        String path = PATHS.get(dice.below(PATHS.size()));
        byte[] body = dice.bytes(dice.chance(0.3) ? dice.below(BODY_BYTES_MAX) : dice.below(500));
        to.writeBytes(
                Wire.octets("POST " + path + " HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat(dice.below(300)) + "\r\n"));
        if (dice.chance(0.5)) {
            to.writeBytes(Wire.octets("Content-Length: " + body.length + "\r\n\r\n"));
            to.writeBytes(body);
        } else {
            to.writeBytes(Wire.octets("Transfer-Encoding: chunked\r\n\r\n"));
            for (int at = 0; at < body.length; ) {
                int count = 1 + dice.below(Math.min(body.length - at, 10_000));
                to.writeBytes(Wire.octets(Integer.toHexString(count) + (dice.chance(0.2) ? ";a=b\r\n" : "\r\n")));
                to.write(body, at, count);
                to.writeBytes(Wire.octets("\r\n"));
                at += count;
            }
            to.writeBytes(Wire.octets(dice.chance(0.5) ? "0\r\nT: t\r\n\r\n" : "0\r\n\r\n"));
        }
        return path.equals("/unread") || path.equals("/callback") ? sum(Wire.octets("unread")) : sum(body);
    }

    private static void send(Wire wire, byte[] bytes, Dice dice) {
        try {
            for (int at = 0; at < bytes.length; ) {
                int most = dice.chance(0.5) ? 50 : 20_000;
                int count = 1 + dice.below(Math.min(most, bytes.length - at));
                wire.send(bytes, at, count);
                at += count;
                if (dice.chance(0.05)) {
                    LockSupport.parkNanos(dice.below(500_000));
                }
            }
        } catch (IOException refused) {
            // The reader learns of it too.
        }
    }

    private static long sum(byte[] bytes) {
        CRC32C sum = new CRC32C();
        sum.update(bytes);
        return sum.getValue();
    }
}
