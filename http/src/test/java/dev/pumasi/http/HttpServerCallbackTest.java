package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Handlers in callback style that answer twice, late, or never. */
@OnEachDriver
@Tag("fall-back")
class HttpServerCallbackTest extends Served {

    private final AtomicReference<Responder> kept = new AtomicReference<>();

    private final AsyncHandler keeps = (request, responder) -> kept.set(responder);

    private Responder awaitKept() {
        await("the handler to be called", () -> kept.get() != null);
        return kept.getAndSet(null);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void onlyTheFirstAnswerCounts(boolean inline) throws IOException {
        Server server = serve(
                inline
                        ? (AsyncHandler) (request, responder) -> {
                            responder.respond(Response.text("first"));
                            responder.respond(Response.text("second"));
                            responder.fail(new IOException("third"));
                        }
                        : keeps);
        Wire wire = wire(server);
        for (int i = 1; i <= 2; i++) {
            wire.send(Wire.get("/"));
            if (!inline) {
                Responder responder = awaitKept();
                responder.respond(Response.text("first"));
                responder.respond(Response.text("second"));
                responder.fail(new IOException("third"));
            }
            assertEquals("first", wire.answer().text());
            int expected = 2 * i;
            await("the count", () -> server.status().lateAnswers() == expected);
        }
        assertEquals(0, server.status().handlerFailures());
    }

    /** Regression: a failure after the answer, while that was being sent, ended the connection. */
    @Test
    void aFailureAfterTheAnswerChangesNothingWhileItIsSent() throws IOException {
        byte[] body = new byte[16 << 20];
        Server server = serve(keeps);
        Wire wire = narrowWire(server);
        wire.send(Wire.get("/"));
        Responder responder = awaitKept();
        responder.respond(Response.bytes(MediaType.TEXT, body));
        responder.fail(new IOException("too late"));
        responder.respond(Response.text("too late"));
        await("the count", () -> server.status().lateAnswers() == 2);
        assertEquals(body.length, wire.answer().body().length);
        assertEquals(0, server.status().handlerFailures());
    }

    @Test
    void aFailureIsAnsweredWith500(LogWatch log) throws IOException {
        log.expect("the handler of GET /failing failed");
        Server server = serve(keeps);
        Wire wire = wire(server);
        wire.send(Wire.get("/failing"));
        awaitKept().fail(new IOException("said so"));
        assertEquals(500, wire.answer().status());
        wire.send(Wire.get("/good"));
        awaitKept().respond(Response.text("lives"));
        assertEquals("lives", wire.answer().text());
    }

    @Test
    void nullIsRefusedAtOnce() throws IOException {
        Server server = serve(keeps);
        Wire wire = wire(server);
        wire.send(Wire.get("/"));
        Responder responder = awaitKept();
        assertThrows(NullPointerException.class, () -> answerNull(responder));
        responder.respond(Response.text("real"));
        assertEquals("real", wire.answer().text());
    }

    @SuppressWarnings("NullAway") // what must not be is tried
    private static void answerNull(Responder responder) {
        responder.respond(null);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anAnswerAfterTheEndOfTheConnectionIsDropped(boolean streamed) throws IOException {
        Server server = serve(keeps);
        Wire wire = wire(server);
        wire.send(Wire.get("/"));
        Responder responder = awaitKept();
        wire.reset();
        await("the connection to end", () -> server.status().open() == 0);
        responder.respond(streamed ? Response.stream(MediaType.TEXT, out -> out.write(new byte[1])) : Response.ok());
        responder.respond(Response.ok());
        await("the count", () -> server.status().lateAnswers() == 1);
        assertEquals(0, server.status().handlerFailures());
        assertEquals(1, server.status().broken());
        wire(server).send(Wire.get("/"));
        awaitKept().respond(Response.ok());
    }

    @Test
    void nothingIsLeftOfAClientThatLeavesBeforeTheAnswer() throws IOException {
        Server server =
                serve(keeps, HttpLimits.builder().writeTimeoutMillis(100).build());
        for (int i = 0; i < 10; i++) {
            Wire wire = wire(server);
            wire.send(Wire.get("/"));
            awaitKept();
            if (i % 2 == 0) {
                wire.reset();
            } else {
                wire.close(); // which looks like a client that has ended its side only
            }
        }
        await("the connections to end", () -> server.status().open() == 0);
        assertEquals(10, server.status().broken());
    }

    @Test
    void aClientThatHasEndedItsSideGetsALateAnswer() throws IOException {
        Server server = serve(keeps);
        Wire wire = wire(server);
        long before = completions(server);
        wire.send(Wire.get("/")).halfClose();
        awaitCompletions(server, before + 1);
        awaitKept().respond(Response.text("late"));
        assertEquals("late", wire.answer().text());
        wire.expectEnd();
    }

    /** Regression: the loop moved the request's bytes while another thread looked at them. */
    @Test
    void anotherThreadMayLookAtTheRequestAtOnce() throws Exception {
        int requests = 500;
        AtomicReference<Looked> next = new AtomicReference<>();
        AtomicInteger wrong = new AtomicInteger();
        Thread looker = Thread.ofPlatform().daemon().start(() -> {
            for (int i = 0; i < requests; i++) {
                Looked looked = next.getAndSet(null);
                while (looked == null) {
                    Thread.onSpinWait();
                    looked = next.getAndSet(null);
                }
                try {
                    for (int n = 0; n < 300; n++) {
                        if (!looked.request()
                                .header("X", "")
                                .equals(looked.request().query())) {
                            wrong.incrementAndGet();
                        }
                    }
                } catch (RuntimeException torn) {
                    wrong.incrementAndGet();
                }
                looked.responder().respond(Response.ok());
            }
        });
        Server server = serve(Router.builder()
                .route("GET", "/before", Style.NON_BLOCKING.of(request -> Response.ok()))
                .get("/", (request, responder) -> {
                    next.set(new Looked(request, responder));
                    while (next.get() != null) {
                        Thread.onSpinWait(); // so that it looks while the handler returns
                    }
                })
                .build());
        Wire wire = wire(server);
        for (int i = 0; i < requests; i++) {
            String mark = Integer.toHexString(i * 31).repeat(1 + i % 7);
            // Behind another, so that it does not lie at the beginning of the memory, where it would be moved to.
            wire.send(Wire.get("/before") + "GET /?" + mark + " HTTP/1.1\r\nHost: a\r\nX: " + mark + "\r\n\r\n");
            assertEquals(200, wire.answer().status());
            assertEquals(200, wire.answer().status());
        }
        looker.join();
        assertEquals(0, wrong.get());
    }

    private record Looked(Request request, Responder responder) {}

    @ParameterizedTest
    @ValueSource(ints = {10, 16 << 20})
    void whatIsThrownAfterTheAnswerIsReportedAndTheAnswerStands(int size, LogWatch log) throws IOException {
        log.expect("a handler that had answered failed");
        byte[] body = new byte[size];
        Server server = serve((AsyncHandler) (request, responder) -> {
            responder.respond(Response.bytes(MediaType.TEXT, body));
            throw new IllegalStateException("too late");
        });
        Wire wire = narrowWire(server);
        for (int i = 0; i < 2; i++) {
            assertEquals(size, wire.send(Wire.get("/")).answer().body().length);
        }
        await("both to be counted", () -> server.status().handlerFailures() == 2);
    }

    @Test
    void aBodyThatHasNotComeCannotBeReadInline(LogWatch log) throws IOException {
        log.expect("the handler of POST / failed");
        Wire wire = wire(serve(
                Style.NON_BLOCKING.of(request -> Response.text(request.body().text()))));
        assertEquals("here", wire.send(Wire.post("/", "here")).answer().text(), "it was there already");
        wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
        assertEquals(500, wire.answer().status());
    }
}
