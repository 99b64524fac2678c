package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.ServerKind.Trait;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What a client may take of time and connections. */
@OnEachServer
class HttpServerLimitsTest extends Served {

    private static final Handler OK = Handler.nonBlocking(request -> Response.ok());

    @Test
    void idleConnectionsEnd() throws IOException {
        Server server = serve(OK, HttpLimits.builder().idleTimeoutMillis(100).build());
        Wire wire = wire(server);
        long began = System.nanoTime();
        assertEquals(200, wire.send(Wire.get("/")).answer().status());
        wire.expectEnd();
        assertTrue(System.nanoTime() - began >= 90_000_000, "not before its time");
        assertEquals(1, server.status().idleTimeouts());
        assertEquals(0, server.status().broken());
    }

    @Test
    void aClientThatSaysNothingIsNotWaitedFor() throws IOException {
        Server server = serve(OK, HttpLimits.builder().headTimeoutMillis(50).build());
        wire(server).expectEnd();
        assertEquals(1, server.status().idleTimeouts());
    }

    @Test
    void halfAHeadIsAnsweredWith408() throws IOException {
        Said said = inTime(
                OK, HttpLimits.builder().headTimeoutMillis(200).build(), 200, Wire.get("/") + "GET / HTTP/1.1\r\nHo");
        Wire wire = said.wire();
        assertEquals(200, wire.answer().status());
        Wire.Answer answer = wire.answer();
        assertEquals(408, answer.status());
        assertTrue(answer.closes());
        wire.expectEnd();
        assertEquals(Map.of(Violation.HEAD_TIMEOUT, 1L), said.server().status().violations());
    }

    /** Bytes that trickle do not buy time: the deadline is the head's, not the byte's. */
    @Test
    void aHeadThatTricklesIsAnsweredWith408() throws IOException {
        Wire wire = inTime(
                        OK,
                        HttpLimits.builder().headTimeoutMillis(200).build(),
                        200,
                        "GET / HTTP/1.1\r\nHost: a\r\nX: ")
                .wire();
        await("the answer", () -> {
            try {
                wire.send("x");
                return wire.hasMore();
            } catch (IOException closed) {
                return true;
            }
        });
        assertEquals(408, wire.answer().status());
    }

    /** A handler may take as long as it likes. */
    @Test
    void noLimitIsTheHandlers() throws IOException {
        int limitMillis = 200;
        HttpLimits limits = HttpLimits.builder()
                .idleTimeoutMillis(limitMillis)
                .headTimeoutMillis(limitMillis)
                .bodyTimeoutMillis(limitMillis)
                .writeTimeoutMillis(limitMillis)
                .build();
        Handler takesItsTime = request -> {
            request.body().bytes();
            park(java.time.Duration.ofMillis(2 * limitMillis));
            return Response.text("at last");
        };
        for (String request : List.of(Wire.get("/"), Wire.post("/", "body"))) {
            Wire wire = inTime(takesItsTime, limits, limitMillis, request).wire();
            assertEquals("at last", wire.answer().text());
        }
    }

    @Test
    void theLastRequestOfAConnectionIsToldSo() throws IOException {
        Server server =
                serve(OK, HttpLimits.builder().requestsPerConnectionMax(3).build());
        Wire wire = wire(server);
        for (int i = 1; i <= 3; i++) {
            assertEquals(i == 3, wire.send(Wire.get("/")).answer().closes());
        }
        wire.expectEnd();
    }

    @Test
    void oneConnectionTooManyIsTurnedAway() throws IOException {
        Server server = serve(OK, HttpLimits.builder().connectionsMax(3).build());
        List<Wire> wires = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            wires.add(wire(server));
            assertEquals(200, wires.get(i).send(Wire.get("/")).answer().status());
        }
        Wire fourth = wire(server);
        fourth.send(Wire.get("/"));
        Wire.Answer refusal = fourth.answer();
        if (!kind.has(Trait.REFUSES_CONNECTIONS)) {
            assertEquals(200, refusal.status(), "it has waited until an idle one gave up its place");
            return;
        }
        assertEquals(503, refusal.status());
        assertEquals(Optional.of("1"), refusal.header("Retry-After"));
        assertTrue(refusal.closes());
        fourth.expectEnd();
        fourth.close();
        assertEquals(1, server.status().refused());
        wires.getFirst().close();
        await("a place to be free", () -> server.status().open() < 3);
        assertEquals(200, wire(server).send(Wire.get("/")).answer().status());
        assertEquals(200, wires.getLast().send(Wire.get("/")).answer().status());
    }

    @Test
    void countsAreRight() throws IOException {
        AtomicBoolean goOn = new AtomicBoolean();
        Server server = serve((Handler) request -> {
            park(goOn::get);
            return Response.ok();
        });
        Wire one = wire(server);
        Wire two = wire(server);
        one.send(Wire.get("/"));
        two.send(Wire.get("/"));
        int atOnce = kind.has(Trait.HANDLERS_OVERLAP) ? 2 : 1;
        await("the requests", () -> server.status().requests() == atOnce);
        await("both connections", () -> server.status().open() == 2 || atOnce == 1);
        goOn.set(true);
        one.answer();
        two.answer();
        one.close();
        await("one to end", () -> server.status().open() == 1);
        HttpStatus status = server.status();
        assertEquals(new HttpStatus(2, 1, 0, 2, 0, 0, 0, 0, 0, Map.of()), status);
    }
}
