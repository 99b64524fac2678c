package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** How a server leaves that has a successor: nobody who may just be sending a request is cut off. */
@OnEachDriver
class HttpServerRetireTest extends Served {

    private static final Duration LONG = Duration.ofMinutes(10);

    private static Thread retireElsewhere(Server server) {
        return Thread.ofPlatform().daemon().start(() -> server.retire(LONG));
    }

    private static boolean isRefused(Server server) {
        try {
            Wire.to(server).close();
            return false;
        } catch (ConnectException refused) {
            return true;
        } catch (IOException other) {
            throw new UncheckedIOException(other);
        }
    }

    @Test
    void aSilentConnectionMaySendOneMoreRequestAndIsToldThatItWasTheLast() throws Exception {
        Server server = serve(Handler.nonBlocking(request -> Response.text("still here")));
        Wire kept = wire(server);
        kept.send(Wire.get("/")).answer();
        Wire fresh = wire(server);
        await("both", () -> server.status().open() == 2);
        Thread retiring = retireElsewhere(server);
        await("nobody listens", () -> isRefused(server));
        assertTrue(retiring.isAlive());
        Wire.Answer last = kept.send(Wire.get("/")).answer();
        assertEquals("still here", last.text());
        assertEquals(Optional.of("close"), last.header("Connection"));
        kept.expectEnd();
        assertTrue(retiring.isAlive());
        assertEquals("still here", fresh.send(Wire.get("/")).answer().text());
        fresh.expectEnd();
        retiring.join();
        assertEquals(0, server.status().open());
    }

    @Test
    void whoStaysSilentEndsWithThePatience() throws Exception {
        Server server = serve(Handler.nonBlocking(request -> Response.ok()));
        Wire silent = wire(server);
        await("it", () -> server.status().open() == 1);
        server.retire(Duration.ofMillis(50));
        silent.expectEnd();
        assertThrows(ConnectException.class, () -> Wire.to(server));
    }

    @Test
    void aStopPutsAnEndToIt() throws Exception {
        Server server = serve(Handler.nonBlocking(request -> Response.ok()));
        Wire silent = wire(server);
        await("it", () -> server.status().open() == 1);
        Thread retiring = retireElsewhere(server);
        await("it has begun", () -> isRefused(server));
        server.stop(LONG);
        silent.expectEnd();
        retiring.join();
    }
}
