package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopStatus;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.Parameter;

/**
 * What the tests of the server have in common: a server on the driver under test, clients, and the demand that nothing is
 * left when they are gone: no connection, no timer, no operation but the accepting, no wake-up of a green thread from
 * outside its loop; and when the server is stopped, no thread and no descriptor.
 */
@ExtendWith({LeakWatch.class, LogWatch.class})
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class Served {

    private static final long STILL_NANOS = 100_000_000;

    @Parameter(0)
    ServerKind kind;

    private final List<Server> servers = new ArrayList<>();
    private final List<Wire> wires = new ArrayList<>();
    private boolean hops;

    /**
     * The first use of sockets in a JVM leaves descriptors of the JDK's own behind, and that of a timeout JUnit's thread. And
     * where two threads load the same classes at once, a green thread waits for a lock of the JVM's, which is a hop.
     */
    @BeforeAll
    @Timeout(60)
    static void warmUp() throws IOException {
        for (String each : DriversHere.names()) {
            try (HttpServer server = HttpServer.builder((Handler) request -> {
                                park(Duration.ofMillis(1));
                                return Response.text(request.target() + request.header("Host", "") + request.fields());
                            })
                            .driver(each)
                            .loops(1)
                            .port(0)
                            .start();
                    Wire wire = Wire.to(server)) {
                wire.send(Wire.get("/")).answer();
            }
        }
    }

    final Server serve(Endpoint endpoint) throws IOException {
        return serve(endpoint, HttpLimits.DEFAULTS);
    }

    final Server serve(Endpoint endpoint, HttpLimits limits) throws IOException {
        return serve(HttpServer.builder(endpoint).loops(1).limits(limits));
    }

    final Server serve(HttpServer.Builder builder) throws IOException {
        Server server = kind.start(builder);
        servers.add(server);
        return server;
    }

    final Wire wire(Server server) throws IOException {
        return keep(Wire.to(server));
    }

    /** A client that takes little before the server must wait for it. */
    final Wire narrowWire(Server server) throws IOException {
        return keep(Wire.to(server, 4096));
    }

    /** A server, and a client that has said something to it in time. */
    record Said(Server server, Wire wire) {}

    /**
     * A server with these limits, and a client of it that has said this well within {@code limitMillis} of its connection's
     * beginning. On a machine where the client itself stood still that long nothing is to be seen: then it is another one's
     * turn, at another server.
     */
    final Said inTime(Endpoint endpoint, HttpLimits limits, int limitMillis, String text) throws IOException {
        while (true) {
            Server server = serve(endpoint, limits);
            long began = System.nanoTime();
            Wire wire = wire(server).sendInVain(Wire.octets(text));
            if (System.nanoTime() - began < limitMillis * 500_000L) {
                return new Said(server, wire);
            }
            wire.close();
        }
    }

    private Wire keep(Wire wire) {
        wires.add(wire);
        return wire;
    }

    /** Green threads of this test are woken by other threads, on purpose. */
    final void allowHops() {
        hops = true;
    }

    @AfterEach
    final void nothingIsLeft() throws IOException {
        for (Wire wire : wires) {
            wire.close();
        }
        try {
            for (Server server : servers) {
                await("the connections to end", () -> server.status().open() == 0);
                if (server instanceof HttpServer looped) {
                    nothingIsLeft(looped);
                }
            }
        } finally {
            servers.forEach(Server::close);
        }
    }

    private void nothingIsLeft(HttpServer server) {
        await("the timers to end", () -> sum(server, LoopStatus::timers) == 0);
        await(
                "the operations to end",
                () -> sum(server, LoopStatus::interests) <= server.loops().size());
        if (!hops && Loop.greenThreadsRunOnLoop()) {
            assertEquals(
                    0, server.loops().stream().mapToLong(LoopStatus::hops).sum(), () -> "hops: " + server.threadDump());
        }
    }

    private interface Figure {
        int of(LoopStatus status);
    }

    private static int sum(HttpServer server, Figure figure) {
        return server.loops().stream().mapToInt(figure::of).sum();
    }

    /** Waits until it is so. */
    static void await(String what, BooleanSupplier condition) {
        long deadlineNanos = System.nanoTime() + Wire.PATIENCE_MILLIS * 1_000_000L;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadlineNanos > 0) {
                fail("waited in vain for " + what);
            }
            LockSupport.parkNanos(50_000);
        }
    }

    /** Waits until the number has not changed for a while. */
    static void awaitStill(String what, AtomicLong number) {
        long[] last = {-1, System.nanoTime()};
        await(what, () -> {
            long now = System.nanoTime();
            if (number.get() != last[0]) {
                last[0] = number.get();
                last[1] = now;
            }
            return now - last[1] > STILL_NANOS;
        });
    }

    /** Waits on a green thread, which parks meanwhile, until it is so. */
    static void park(BooleanSupplier condition) throws IOException {
        long deadlineNanos = System.nanoTime() + Wire.PATIENCE_MILLIS * 1_000_000L;
        while (!condition.getAsBoolean() && System.nanoTime() - deadlineNanos < 0) {
            park(Duration.ofMillis(1));
        }
    }

    /** Parks the green thread so long. */
    static void park(Duration duration) throws IOException {
        Optional<Loop> loop = Loop.current();
        if (loop.isPresent() && Thread.currentThread().isVirtual()) {
            loop.get().sleep(duration).await();
        } else {
            // A connection's own thread, a loop's own where handlers run there, or green threads that have no loop.
            LockSupport.parkNanos(duration.toNanos());
        }
    }

    /** Waits until the server has taken in something since it reported {@code before} completions. */
    final void awaitCompletions(Server server, long before) {
        await("the server to receive", () -> completions(server) > before);
    }

    final long completions(Server server) {
        return kind.received(server);
    }
}
