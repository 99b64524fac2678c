package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Handlers learn that nobody waits for their answer any more: real clients, cut off in each way there is. */
@OnEachDriver
@Tag("fall-back")
final class HttpServerGoneTest extends Served {

    private static final Duration FOREVER = Duration.ofHours(1);

    /** How a client can leave. */
    enum Leaving {
        /** It, or something on the way, breaks the connection. */
        RESET,
        /** It closes its socket, or dies: what comes here is the end of its side. */
        CLOSE;

        void by(Wire wire) throws IOException {
            if (this == RESET) {
                wire.reset();
            } else {
                wire.close();
            }
        }
    }

    private final List<String> events = new CopyOnWriteArrayList<>();
    private final AtomicInteger begun = new AtomicInteger();

    private void leave(Server server, Leaving leaving) throws IOException {
        Wire wire = wire(server);
        wire.send(Wire.get("/"));
        await("the handler to begin", () -> begun.get() == 1);
        leaving.by(wire);
    }

    /** As somebody who waits on the loop, or on a green thread of the JDK where there are none of our own. */
    private static void sleep(Request request) throws IOException {
        request.loop().sleep(FOREVER).await();
    }

    private void record(Failure why) {
        events.add(why.name());
    }

    @ParameterizedTest
    @EnumSource
    void whatAHandlerAwaitsIsCancelled(Leaving leaving) throws IOException {
        Server server = serve(Handler.untilGone(request -> {
            begun.incrementAndGet();
            try {
                sleep(request);
            } catch (OperationException broken) {
                record(broken.failure());
                throw broken;
            }
            return Response.ok();
        }));
        leave(server, leaving);
        await("the cancellation", () -> events.equals(List.of("CANCELLED")));
        await("the connection to end", () -> server.status().open() == 0);
        assertEquals(1, server.status().broken());
        assertEquals(0, server.status().handlerFailures(), "that is nobody's mistake");
    }

    @ParameterizedTest
    @EnumSource
    void anActionRunsOnceOnTheLoop(Leaving leaving) throws IOException {
        AtomicReference<Responder> kept = new AtomicReference<>();
        Server server = serve((AsyncHandler) (request, responder) -> {
            Loop loop = request.loop();
            request.onGone(() -> events.add("first " + loop.isCurrent()));
            request.onGone(() -> events.add("second"));
            kept.set(responder);
            begun.incrementAndGet();
        });
        leave(server, leaving);
        await("the actions", () -> events.equals(List.of("first true", "second")));
        kept.get().respond(Response.ok());
        await("the connection to end", () -> server.status().open() == 0);
        assertEquals(0, server.status().lateAnswers());
        assertEquals(2, events.size());
    }

    @Test
    void whoComesTooLateIsToldAtOnce() throws IOException {
        Server server = serve((Handler) request -> {
            Loop loop = request.loop();
            try {
                request.untilGone(() -> {
                    begun.incrementAndGet();
                    loop.sleep(FOREVER).await();
                    return null;
                });
            } catch (OperationException broken) {
                request.onGone(() -> events.add("told"));
                request.untilGone(() -> {
                    OperationException again = assertThrows(
                            OperationException.class, () -> loop.sleep(FOREVER).await());
                    record(again.failure());
                    return null;
                });
            }
            return Response.ok();
        });
        leave(server, Leaving.RESET);
        await("both", () -> events.size() == 2);
        assertEquals(List.of("told", "CANCELLED"), events);
    }

    /** It has said all it had to say, and waits. Being asked whether it is there costs it an interim answer or two. */
    @Test
    void aClientThatHasOnlyEndedItsSideIsNotGone() throws IOException {
        AtomicBoolean goOn = new AtomicBoolean();
        Server server = serve(Handler.untilGone(request -> {
            request.onGone(() -> events.add("gone"));
            park(goOn::get);
            request.loop()
                    .sleep(Duration.ofMillis(2 * Departure.FIRST_QUESTION_MILLIS))
                    .await();
            return Response.text("patience");
        }));
        Wire wire = wire(server);
        long began = System.nanoTime();
        Wire.Answer answer = wire.send(Wire.get("/")).halfClose().answer();
        int questions = 0;
        while (answer.status() == 102) {
            goOn.set(true);
            questions++;
            answer = wire.answer();
        }
        long millis = (System.nanoTime() - began) / 1_000_000;
        assertEquals("patience", answer.text());
        assertTrue(answer.closes());
        wire.expectEnd();
        // After 1, 2, 4, 8 times the time of the first, however long the machine took for all of it.
        assertTrue(questions >= 1, "it was asked");
        assertTrue(
                (1L << questions - 1) * Departure.FIRST_QUESTION_MILLIS <= millis,
                questions + " questions in " + millis + " ms");
        assertEquals(List.of(), events);
        assertEquals(0, server.status().broken());
    }

    /** RFC 9110 section 15.2: a server must not send it an interim answer. */
    @Test
    void aClientOfHttp10IsNotAsked() throws IOException {
        Server server = serve(Handler.untilGone(request -> {
            request.loop()
                    .sleep(Duration.ofMillis(3 * Departure.FIRST_QUESTION_MILLIS))
                    .await();
            return Response.text("patience");
        }));
        Wire wire = wire(server);
        assertEquals(
                "patience",
                wire.send("GET / HTTP/1.0\r\n\r\n").halfClose().answer().text());
        wire.expectEnd();
    }

    /** The time that a client has which ended its side; and the answer's own time begins with the answer. */
    @Test
    void thePatienceWithAClientThatHasEndedItsSideIsLimited() throws IOException {
        Server server = serve(
                Handler.untilGone(request -> {
                    begun.incrementAndGet();
                    sleep(request);
                    return Response.ok();
                }),
                HttpLimits.builder().writeTimeoutMillis(250).build());
        Wire wire = wire(server);
        wire.send(Wire.get("/")).halfClose();
        assertEquals(102, wire.answer().status());
        wire.expectEndOrReset();
        await("the connection to end", () -> server.status().open() == 0);
    }

    @Test
    void anAnsweredRequestIsForgotten() throws IOException {
        AtomicReference<Request> first = new AtomicReference<>();
        Server server = serve((Handler) request -> {
            if (request.path().equals("/first")) {
                first.set(request);
                request.onGone(() -> events.add("first"));
                return request.<Response>untilGone(() -> Response.text("one"));
            }
            begun.incrementAndGet();
            request.onGone(() -> events.add("second"));
            sleep(request);
            return Response.ok();
        });
        Wire wire = wire(server);
        assertEquals("one", wire.send(Wire.get("/first")).answer().text());
        assertThrows(IllegalStateException.class, () -> first.get().onGone(() -> events.add("never")));
        wire.send(Wire.get("/second"));
        await("the handler to begin", () -> begun.get() == 1);
        wire.reset();
        await("the second", () -> !events.isEmpty());
        assertEquals(List.of("second"), events);
        server.close();
    }

    @Test
    void theWriterOfAStreamIsBrokenOff() throws IOException {
        Server server = serve((Handler) request -> Response.stream(MediaType.TEXT, out -> {
            out.write(Wire.octets("so far"), 0, 6);
            out.flush();
            begun.incrementAndGet();
            try {
                request.untilGone(() -> {
                    sleep(request);
                    return null;
                });
            } catch (OperationException broken) {
                record(broken.failure());
                throw broken;
            } catch (Exception other) {
                throw new AssertionError(other);
            }
        }));
        leave(server, Leaving.RESET);
        await("the cancellation", () -> events.equals(List.of("CANCELLED")));
        await("the connection to end", () -> server.status().open() == 0);
        assertEquals(0, server.status().handlerFailures());
    }

    /** A long answer that begins after the client has ended its side is not cut off by a question's time. */
    @Test
    void aStreamToAClientThatHasEndedItsSideTakesItsTime() throws IOException {
        Server server = serve(Handler.untilGone(request -> {
            Loop loop = request.loop();
            loop.sleep(Duration.ofMillis(Departure.FIRST_QUESTION_MILLIS / 2)).await();
            return Response.stream(MediaType.TEXT, out -> {
                for (int i = 0; i < 4; i++) {
                    out.write(Wire.octets("x"), 0, 1);
                    out.flush();
                    loop.sleep(Duration.ofMillis(Departure.FIRST_QUESTION_MILLIS))
                            .await();
                }
            });
        }));
        Wire wire = wire(server);
        Wire.Answer answer = wire.send(Wire.get("/")).halfClose().answer();
        while (answer.status() == 102) {
            answer = wire.answer();
        }
        assertEquals("xxxx", answer.text());
    }

    @Test
    void aFailureThatHasNothingToDoWithItIsReported(LogWatch log) throws IOException {
        log.expect("the handler of GET / failed");
        Server server = serve(Handler.untilGone(request -> {
            begun.incrementAndGet();
            assertThrows(OperationException.class, () -> sleep(request));
            throw new IllegalStateException("a mistake");
        }));
        leave(server, Leaving.RESET);
        await("the report", () -> server.status().handlerFailures() == 1);
    }

    @Test
    void anActionThatFailsIsReportedAndTheOthersRun(LogWatch log) throws IOException {
        log.expect("what was to be done when a client had gone");
        Server server = serve((Handler) request -> {
            request.onGone(() -> {
                throw new IllegalStateException("a mistake");
            });
            request.onGone(() -> events.add("second"));
            begun.incrementAndGet();
            request.untilGone(() -> {
                sleep(request);
                return null;
            });
            return Response.ok();
        });
        leave(server, Leaving.RESET);
        await("the second", () -> events.equals(List.of("second")));
    }

    @Test
    void soManyActionsAndNoMore() throws IOException {
        Server server = serve((Handler) request -> {
            for (int i = 0; i < Request.GONE_ACTIONS_MAX; i++) {
                request.untilGone(() -> null); // which takes its own back
                request.onGone(() -> events.add("gone"));
            }
            assertThrows(IllegalStateException.class, () -> request.onGone(() -> {}));
            return Response.ok();
        });
        assertEquals(200, wire(server).send(Wire.get("/")).answer().status());
    }

    /** Handlers inside handlers, and those that never wait, are what they were. */
    @Test
    void aRouterAsAWholeIsHeldToIt() throws IOException {
        Server server = serve(Handler.untilGone(Router.builder()
                .get("/quick", Handler.nonBlocking(request -> Response.text("quick")))
                .get("/async", (request, responder) -> responder.respond(Response.text("async")))
                .get("/", (Handler) request -> {
                    begun.incrementAndGet();
                    try {
                        sleep(request);
                    } catch (OperationException broken) {
                        record(broken.failure());
                    }
                    return Response.ok();
                })
                .build()));
        Wire wire = wire(server);
        assertEquals("quick", wire.send(Wire.get("/quick")).answer().text());
        assertEquals("async", wire.send(Wire.get("/async")).answer().text());
        leave(server, Leaving.RESET);
        await("the cancellation", () -> events.equals(List.of("CANCELLED")));
    }

    /** Many at once, each in its own way; nobody else is broken off. */
    @Test
    void onlyThoseWhoLeaveAreBrokenOff() throws IOException {
        Queue<String> cancelled = new ConcurrentLinkedQueue<>();
        AtomicInteger open = new AtomicInteger();
        Server server = serve(Handler.untilGone(request -> {
            String target = request.target();
            open.incrementAndGet();
            try {
                Loop loop = request.loop();
                while (open.get() >= 0) {
                    loop.sleep(Duration.ofMillis(1)).await();
                }
            } catch (OperationException broken) {
                cancelled.add(target);
                throw broken;
            }
            return Response.text(target);
        }));
        Wire[] wires = new Wire[60];
        for (int i = 0; i < wires.length; i++) {
            wires[i] = wire(server);
            wires[i].send(Wire.get("/" + i));
        }
        await("the handlers to begin", () -> open.get() == wires.length);
        for (int i = 0; i < wires.length; i += 3) {
            wires[i].reset();
            wires[i + 1].close();
        }
        await("the cancellations", () -> cancelled.size() == 40);
        open.set(-1);
        for (int i = 2; i < wires.length; i += 3) {
            assertEquals("/" + i, wires[i].answer().text());
            assertFalse(cancelled.contains("/" + i));
        }
    }
}
