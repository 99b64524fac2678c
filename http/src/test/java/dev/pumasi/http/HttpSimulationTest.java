package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopStatus;
import dev.pumasi.testkit.Dice;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import dev.pumasi.testkit.Seed;
import dev.pumasi.testkit.SeedParameter;
import dev.pumasi.testkit.SimClient;
import dev.pumasi.testkit.SimFaults;
import dev.pumasi.testkit.Simulation;
import dev.pumasi.testkit.Trace;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The whole server on simulated loops: small buffers, bytes that come one by one, stalls, vanishing clients. Every answer
 * that arrives is right, and a run replays byte for byte.
 */
@ExtendWith({LeakWatch.class, LogWatch.class, SeedParameter.class})
final class HttpSimulationTest {

    private static final InetSocketAddress ADDRESS = new InetSocketAddress(InetAddress.getLoopbackAddress(), 8080);
    private static final Duration LIMIT = Duration.ofHours(6);
    private static final Duration NAP = Duration.ofMillis(250);
    private static final int LOOPS = 2;
    private static final int CLIENTS = 16;
    private static final int EXCHANGES_MAX = 12;
    private static final int BODY_BYTES_MAX = 9_000;
    private static final int STREAM_PIECES = 40;

    private record Run(Trace trace, HttpStatus status, List<LoopStatus> loops, List<SimClient> clients, int answers) {}

    /** Each style of handler, each kind of body. */
    private static Router router() {
        return Router.builder()
                .get("/hello", Handler.nonBlocking(request -> Response.text("hello")))
                .get("/nap", (Handler) request -> {
                    Loop.current().orElseThrow().sleep(NAP).await();
                    return Response.text("rested");
                })
                .get(
                        "/later",
                        (request, responder) -> Loop.current()
                                .orElseThrow()
                                .sleep(NAP)
                                .onDone(done -> responder.respond(Response.text("later"))))
                .post("/echo", (Handler) request ->
                        Response.bytes(MediaType.OCTETS, request.body().bytes()))
                .get("/stream", (Handler) request -> Response.stream(MediaType.TEXT, body -> {
                    for (int i = 0; i < STREAM_PIECES; i++) {
                        body.write(piece(i).getBytes(StandardCharsets.US_ASCII));
                    }
                }))
                .build();
    }

    private static String piece(int number) {
        return "piece " + number + " of the stream, ".repeat(1 + number % 7) + "\n";
    }

    private static String stream() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < STREAM_PIECES; i++) {
            text.append(piece(i));
        }
        return text.toString();
    }

    private static Run run(Seed seed, SimFaults faults, boolean mayBreak) throws IOException {
        try (Simulation simulation = new Simulation(seed, faults)) {
            List<Loop> loops = new ArrayList<>();
            for (int i = 0; i < LOOPS; i++) {
                loops.add(simulation.loop("loop-" + i));
            }
            HttpServer server = HttpServer.builder(Handler.untilGone(router()))
                    .address(ADDRESS)
                    .on(loops)
                    .start();
            int[] answers = new int[1];
            List<SimClient> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                SimClient client = simulation.client("client-" + i);
                if (mayBreak) {
                    client.tolerant(Duration.ofMinutes(5));
                }
                script(client, seed.split("script").split(i).dice(), answers);
                clients.add(client);
            }
            simulation.runUntil(() -> clients.stream().allMatch(SimClient::isDone), LIMIT);
            int[] drained = new int[1];
            server.beginStop(() -> drained[0]++);
            simulation.runUntil(
                    () -> drained[0] == LOOPS
                            && loops.stream().allMatch(loop -> loop.status().interests() == 0),
                    LIMIT);
            return new Run(
                    simulation.trace(),
                    server.status(),
                    loops.stream().map(Loop::status).toList(),
                    clients,
                    answers[0]);
        }
    }

    private static void script(SimClient client, Dice dice, int[] answers) {
        client.pause(Duration.ofMillis(dice.below(2_000))).connect(ADDRESS);
        int exchanges = 1 + dice.below(EXCHANGES_MAX);
        for (int i = 0; i < exchanges; i++) {
            // Some send the next requests before the last is answered.
            int pipelined = dice.chance(0.3) ? 1 + dice.below(4) : 1;
            StringBuilder requests = new StringBuilder();
            List<String> bodies = new ArrayList<>();
            for (int j = 0; j < pipelined; j++) {
                requests.append(request(dice, bodies));
            }
            byte[] bytes = requests.toString().getBytes(StandardCharsets.ISO_8859_1);
            int pieceBytes = dice.chance(0.3) ? 1 + dice.below(50) : bytes.length;
            client.send(bytes, pieceBytes, Duration.ofMillis(dice.chance(0.3) ? 1 : 0));
            for (String body : bodies) {
                client.expect("an answer of " + body.length() + " bytes", new AnswerReader(body, () -> answers[0]++));
            }
        }
        if (dice.chance(0.5)) {
            client.shutdownOutput().expectEnd();
        }
        client.close();
    }

    /** A request; what its answer must hold is added to {@code bodies}. */
    private static String request(Dice dice, List<String> bodies) {
        return switch (dice.below(6)) {
            case 0 -> get("/hello", "hello", bodies);
            case 1 -> get("/nap", "rested", bodies);
            case 2 -> get("/later", "later", bodies);
            case 3 -> get("/stream", stream(), bodies);
            case 4 -> {
                String body = new String(dice.bytes(dice.below(BODY_BYTES_MAX)), StandardCharsets.ISO_8859_1);
                bodies.add(body);
                yield "POST /echo HTTP/1.1\r\nHost: pumasi\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
            }
            default -> {
                String body = new String(dice.bytes(dice.below(BODY_BYTES_MAX)), StandardCharsets.ISO_8859_1);
                bodies.add(body);
                yield "POST /echo HTTP/1.1\r\nHost: pumasi\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(body, dice);
            }
        };
    }

    private static String get(String path, String answer, List<String> bodies) {
        bodies.add(answer);
        return "GET " + path + " HTTP/1.1\r\nHost: pumasi\r\n\r\n";
    }

    private static String chunked(String body, Dice dice) {
        StringBuilder framed = new StringBuilder();
        int at = 0;
        while (at < body.length()) {
            int length = 1 + dice.below(body.length() - at);
            framed.append(Integer.toHexString(length)).append("\r\n");
            framed.append(body, at, at + length).append("\r\n");
            at += length;
        }
        return framed.append("0\r\n\r\n").toString();
    }

    /** As {@code docs/simulation.md} shows it. */
    @Test
    void the_first_example_of_the_docs(Seed seed) throws IOException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 8080);
        try (Simulation simulation = new Simulation(seed, SimFaults.rough())) {
            Loop loop = simulation.loop("server");
            HttpServer.builder(request -> Response.text("hello"))
                    .address(address)
                    .on(List.of(loop))
                    .start();

            SimClient client = simulation
                    .client("client")
                    .connect(address)
                    .send("GET / HTTP/1.1\r\nHost: pumasi\r\nConnection: close\r\n\r\n")
                    .expect("HTTP/1.1 200 OK\r\n");

            simulation.runUntil(client::isDone, Duration.ofMinutes(1));
        }
    }

    @Test
    void a_handler_that_throws_is_answered_and_reported_once(Seed seed, LogWatch log) throws IOException {
        log.expect("the handler of GET /broken failed");
        try (Simulation simulation = new Simulation(seed, SimFaults.rough())) {
            Handler broken = request -> {
                throw new IllegalStateException("no more rice");
            };
            HttpServer server = HttpServer.builder(broken)
                    .address(ADDRESS)
                    .on(List.of(simulation.loop("server")))
                    .start();
            SimClient client = simulation.client("client").connect(ADDRESS);
            for (int i = 0; i < 5; i++) {
                client.send("GET /broken HTTP/1.1\r\nHost: pumasi\r\n\r\n")
                        .expect("HTTP/1.1 500 Internal Server Error\r\n")
                        .expect("the rest of the answer", HttpSimulationTest::rest);
            }
            simulation.runUntil(client::isDone, LIMIT);
            assertEquals(5, server.status().handlerFailures());
            assertEquals(
                    1,
                    log.messages().stream()
                            .filter(line -> line.contains("no more rice") || line.contains("failed"))
                            .count());
        }
    }

    @Test
    void slow_and_silent_clients_are_timed_out_by_the_virtual_clock(Seed seed) throws IOException {
        try (Simulation simulation = new Simulation(seed, SimFaults.rough())) {
            HttpServer server = HttpServer.builder(router())
                    .address(ADDRESS)
                    .on(List.of(simulation.loop("server")))
                    .start();
            SimClient silent = simulation.client("silent").connect(ADDRESS).expectEnd();
            SimClient slow = simulation
                    .client("slow")
                    .connect(ADDRESS)
                    .send("GET /hello HTTP/1.1\r\nHost: pum")
                    .expect("a time-out", HttpSimulationTest::timeout)
                    .expectEnd();
            SimClient deaf = simulation
                    .client("deaf")
                    .tolerant(Duration.ofHours(1))
                    .connect(ADDRESS)
                    .send("GET /stream HTTP/1.1\r\nHost: pumasi\r\n\r\n".repeat(20))
                    .pause(Duration.ofMinutes(10))
                    .send("GET /hello HTTP/1.1\r\nHost: pumasi\r\n\r\n")
                    .expect("what never comes", bytes -> -1);
            simulation.runUntil(() -> silent.isDone() && slow.isDone() && deaf.isDone(), LIMIT);
            assertTrue(deaf.broken().isPresent());
            assertEquals(0, server.status().open());
            assertTrue(server.status().writeTimeouts() > 0, server.status().toString());
        }
    }

    /** The rest of an answer whose status line has been read. */
    private static int rest(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int end = text.indexOf("\r\n\r\n");
        int length = end < 0 ? -1 : AnswerReader.value("\r\n" + text.substring(0, end + 2), "Content-Length: ");
        return length < 0 || text.length() < end + 4 + length ? -1 : end + 4 + length;
    }

    private static int timeout(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        if (!text.startsWith("HTTP/1.1 408 ".substring(0, Math.min(text.length(), 13)))) {
            throw new AssertionError("expected 408, got " + text);
        }
        int rest = text.indexOf("\r\n") < 0
                ? -1
                : rest(text.substring(text.indexOf("\r\n") + 2).getBytes(StandardCharsets.ISO_8859_1));
        return rest < 0 ? -1 : text.indexOf("\r\n") + 2 + rest;
    }

    @Test
    void the_same_seed_replays_byte_for_byte(Seed seed) throws IOException {
        SimFaults faults = SimFaults.rough().withBrokenStreams(0.05, 0.2, 0.1);
        Run one = run(seed, faults, true);
        Run other = run(seed, faults, true);
        assertEquals(Optional.empty(), one.trace.difference(other.trace));
        assertEquals(one.status, other.status);
        assertTrue(one.trace.count() > 500, one.trace + " is too little to prove anything");
    }

    @Test
    void another_seed_is_another_run(Seed seed) throws IOException {
        assertNotEquals(
                run(seed, SimFaults.rough(), false).trace.hash(),
                run(seed.split("other"), SimFaults.rough(), false).trace.hash());
    }

    @Test
    void every_request_is_answered_in_a_rough_world_and_nothing_hops(Seed seed) throws IOException {
        Run run = run(seed, SimFaults.rough(), false);
        assertEquals(run.answers, run.status.requests());
        assertEquals(CLIENTS, run.status.connections());
        assertEquals(0, run.status.open());
        assertEquals(0, run.status.handlerFailures());
        assertTrue(run.status.violations().isEmpty(), run.status.toString());
        for (LoopStatus loop : run.loops) {
            assertEquals(0, loop.hops(), loop.toString());
            assertEquals(0, loop.failures(), loop.toString());
            assertEquals(0, loop.interests(), loop.toString());
            assertEquals(0, loop.timers(), loop.toString());
        }
    }

    @Test
    void clients_that_vanish_leave_nothing_behind(Seed seed) throws IOException {
        Run run = run(seed, SimFaults.rough().withBrokenStreams(0.1, 0.4, 0.4), true);
        assertEquals(0, run.status.open());
        assertTrue(run.clients.stream().anyMatch(client -> client.broken().isPresent()), "nobody vanished");
        for (LoopStatus loop : run.loops) {
            assertEquals(0, loop.failures(), loop.toString());
            assertEquals(0, loop.interests(), loop.toString());
            assertEquals(0, loop.timers(), loop.toString());
        }
    }
}
