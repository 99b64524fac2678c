package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.ServerKind.Trait;
import dev.pumasi.testkit.Dice;
import dev.pumasi.testkit.Seed;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that arrive before the one ahead of them is answered, by handlers of all styles behind one router. */
@OnEachServer
class HttpServerPipelineTest extends Served {

    private static final List<String> PATHS = List.of(
            "/inline", "/green", "/parks", "/callback", "/later", "/stream", "/inline-stream", "/parking-stream");

    private static Router.Builder allStyles() {
        Handler echo = request -> Response.text(request.target());
        Handler parks = request -> {
            park(Duration.ofMillis(1));
            return Response.text(request.target());
        };
        Handler stream = request -> {
            byte[] body = Wire.octets(request.target());
            return Response.stream(MediaType.TEXT, out -> out.write(body));
        };
        Handler parkingStream = request -> {
            byte[] body = Wire.octets(request.target());
            return Response.stream(MediaType.TEXT, out -> {
                out.write(body, 0, 1);
                out.flush();
                park(Duration.ofMillis(1));
                out.write(body, 1, body.length - 1);
            });
        };
        return Router.builder()
                .any("/inline", Style.NON_BLOCKING.of(echo))
                .any("/green", Style.GREEN.of(echo))
                .any("/parks", Style.GREEN.of(parks))
                .any("/callback", Style.CALLBACK.of(echo))
                .any("/later", Style.CALLBACK_LATER.of(echo))
                .any("/stream", Style.GREEN.of(stream))
                .any("/inline-stream", Style.NON_BLOCKING.of(stream))
                .any("/parking-stream", Style.GREEN.of(parkingStream));
    }

    @Test
    void keepsTheOrderAmongHandlersOfAllStyles() throws IOException {
        Seed seed = Seed.fromCommandLine();
        Dice dice = seed.dice();
        Wire wire = wire(serve(allStyles().build()));
        List<String> targets = new ArrayList<>();
        StringBuilder requests = new StringBuilder();
        for (int i = 0; i < 300; i++) {
            String target = PATHS.get(dice.below(PATHS.size())) + "?" + i;
            targets.add(target);
            requests.append(Wire.get(target));
        }
        wire.send(requests.toString());
        for (String target : targets) {
            assertEquals(target, wire.answer().text(), seed::replay);
        }
    }

    @Test
    void goesFromEachStyleToEachOther() throws IOException {
        Wire wire = wire(serve(allStyles().build()));
        for (String first : PATHS) {
            for (String second : PATHS) {
                wire.send(Wire.get(first + "?1") + Wire.get(second + "?2") + Wire.get("/inline?3"));
                assertEquals(first + "?1", wire.answer().text());
                assertEquals(second + "?2", wire.answer().text());
                assertEquals("/inline?3", wire.answer().text());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/inline", "/green", "/callback", "/stream", "/inline-stream"})
    void aHandlerThatParksDoesNotHoldBackTheAnswersBeforeIt(String before) throws IOException {
        // Where it holds the loop, it holds the answers before it too.
        AtomicBoolean goOn = new AtomicBoolean(!kind.has(Trait.HANDLERS_OVERLAP));
        Wire wire = wire(serve(allStyles()
                .get("/waits", (Request request) -> {
                    park(goOn::get);
                    return Response.text(request.target());
                })
                .build()));
        wire.send(Wire.get(before) + Wire.get(before) + Wire.get("/waits") + Wire.get(before));
        assertEquals(before, wire.answer().text());
        assertEquals(before, wire.answer().text());
        assertFalse(kind.has(Trait.HANDLERS_OVERLAP) && wire.hasMore());
        goOn.set(true);
        assertEquals("/waits", wire.answer().text());
        assertEquals(before, wire.answer().text());
    }

    @Test
    void aClientThatHasEndedItsSideGetsAllItsAnswers() throws IOException {
        Wire wire = wire(serve(allStyles().build()));
        StringBuilder requests = new StringBuilder();
        PATHS.forEach(path -> requests.append(Wire.get(path)));
        wire.send(requests.toString()).halfClose();
        for (String path : PATHS) {
            assertEquals(path, wire.answer().text());
        }
        wire.expectEnd();
    }

    /** What a client may have sent ahead is bounded: regression, each answer let in another 64 KiB. */
    @Test
    void aFloodOfRequestsWaitsInTheKernel() throws Exception {
        int requests = 6_000;
        AtomicInteger handled = new AtomicInteger();
        Wire wire = wire(serve((Handler) request -> {
            if (handled.incrementAndGet() % 4 == 0 && handled.get() < 2_000) {
                park(Duration.ofMillis(1));
            }
            return Response.ok();
        }));
        byte[] one = Wire.octets("GET / HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat(6_000) + "\r\n\r\n");
        Thread sender = Thread.ofPlatform().daemon().start(() -> {
            try {
                for (int i = 0; i < requests; i++) {
                    wire.send(one);
                }
            } catch (IOException refused) {
                // The reader learns of it too.
            }
        });
        for (int i = 0; i < requests; i++) {
            assertEquals(200, wire.answer().status(), "answer " + i);
        }
        sender.join();
    }

    /** Who does not take answers is not asked for more requests. */
    @ParameterizedTest
    @EnumSource(Style.class)
    void aClientThatDoesNotReadIsNotReadFromEither(Style style) throws Exception {
        byte[] body = new byte[64 * 1024];
        Server server = serve(style.of(request -> Response.bytes(MediaType.TEXT, body)));
        Wire wire = narrowWire(server);
        byte[] requests = Wire.octets(Wire.get("/" + "a".repeat(4_000)).repeat(16));
        AtomicLong sent = new AtomicLong();
        Thread sender = Thread.ofPlatform().daemon().start(() -> {
            try {
                for (int i = 0; i < 1_000; i++) {
                    wire.send(requests);
                    sent.addAndGet(requests.length);
                }
            } catch (IOException closed) {
                // At the end of the test.
            }
        });
        awaitStill("the client to come to a halt", sent);
        assertTrue(sent.get() < 32 << 20, () -> sent + " bytes were taken in");
        long handled = server.status().requests();
        assertTrue(handled < 500, () -> handled + " requests were answered to a client that does not read");
        for (int i = 0; i < 1_000; i++) {
            assertEquals(body.length, wire.answer().body().length);
        }
        wire.close();
        sender.join();
    }

    /** What arrives after the last answer must not turn into a reset that loses it. */
    @ParameterizedTest
    @ValueSource(strings = {"/inline", "/green", "/parks", "/later"})
    void theLastAnswerIsReadThoughTheClientGoesOnSending(String path) throws IOException {
        Server server = serve(
                allStyles().build(),
                HttpLimits.builder().requestsPerConnectionMax(10).build());
        for (int round = 0; round < 5; round++) {
            Wire wire = wire(server);
            for (int i = 0; i < 10; i++) {
                wire.send(Wire.get(path + "?" + i));
            }
            long before = completions(server);
            for (int i = 0; i < 9; i++) {
                assertEquals(path + "?" + i, wire.answer().text());
            }
            await("the last answer", () -> completions(server) > before || has(wire));
            for (int i = 0; i < 50; i++) {
                wire.sendInVain(Wire.octets(Wire.get(path)));
            }
            Wire.Answer last = wire.answer();
            assertEquals(path + "?9", last.text());
            assertTrue(last.closes());
            wire.expectEnd();
            wire.close();
        }
    }

    private static boolean has(Wire wire) {
        try {
            return wire.hasMore();
        } catch (IOException ended) {
            return true;
        }
    }

    /** Regression: no room for it behind an answer, and the client waited for ever. */
    @Test
    void continueIsSentThoughTheOutputIsNearlyFull() throws IOException {
        Wire wire = wire(serve((Handler) request -> request.method().equals("POST")
                ? Response.text(request.body().text())
                : Response.bytes(MediaType.TEXT, new byte[Integer.parseInt(request.query())])));
        for (int size = 7_900; size < 8_192; size += 8) {
            wire.send(Wire.get("/?" + size)
                    + "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
            assertEquals(size, wire.answer().body().length);
            assertEquals(100, wire.answer().status(), "after " + size + " bytes");
            assertEquals("body", wire.send("body").answer().text());
        }
    }
}
