package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.HttpServer;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.driver.Driver;
import dev.pumasi.testkit.Dice;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import dev.pumasi.testkit.Seed;
import dev.pumasi.testkit.SeedParameter;
import dev.pumasi.testkit.SimClient;
import dev.pumasi.testkit.SimDriver;
import dev.pumasi.testkit.SimFaults;
import dev.pumasi.testkit.Simulation;
import dev.pumasi.testkit.Span;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Files of a simulated disk: slow, by halves, failing; and whatever happens nothing stays open. */
@ExtendWith({LeakWatch.class, LogWatch.class, SeedParameter.class})
final class StaticFilesSimulationTest {

    private static final InetSocketAddress ADDRESS = new InetSocketAddress(InetAddress.getLoopbackAddress(), 80);
    private static final Duration LIMIT = Duration.ofHours(2);

    /** Must exist, and be empty, on the real disk when the handler is built. */
    @TempDir
    Path root;

    private final class World implements AutoCloseable {

        final Simulation simulation;
        final SimDriver driver;
        final Loop loop;
        final HttpServer server;

        World(Seed seed, SimFaults faults) throws IOException {
            simulation = new Simulation(seed, faults);
            driver = simulation.driver("server");
            loop = Loop.open("server", () -> driver);
            simulation.add(driver, () -> loop.turn(Driver.FOREVER), loop::hasWork);
            server = HttpServer.builder(StaticFiles.builder(root).build())
                    .address(ADDRESS)
                    .on(List.of(loop))
                    .start();
        }

        void put(String name, byte[] bytes) {
            simulation.disk().put(root.resolve(name), bytes);
        }

        SimClient client(String name, String method, String target) {
            return simulation
                    .client(name)
                    .tolerant(Duration.ofMinutes(30))
                    .connect(ADDRESS)
                    .send(method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        }

        void runUntilDone(List<SimClient> clients) {
            simulation.runUntil(() -> clients.stream().allMatch(SimClient::isDone), LIMIT);
        }

        /** Nothing that was opened for an answer is open when the answer is over, nor the folder a second later. */
        void nothingIsOpen() {
            simulation.runUntil(() -> driver.openFiles() == 0, LIMIT);
            assertEquals(0, loop.status().hops());
        }

        @Override
        public void close() {
            loop.close();
            simulation.close();
        }
    }

    /** Takes an answer of 200 with this body, or of one of the other statuses. */
    private static SimClient expect(SimClient client, byte[] body, String statuses) {
        return client.expect("an answer of " + body.length + " bytes", found -> {
            String text = new String(found, StandardCharsets.ISO_8859_1);
            int head = text.indexOf("\r\n\r\n") + 4;
            if (head < 4) {
                return -1;
            }
            String status = text.substring(9, 12);
            if (statuses.contains(status)) {
                return found.length;
            }
            assertEquals("200", status);
            int there = Math.min(found.length - head, body.length);
            assertTrue(Arrays.equals(found, head, head + there, body, 0, there), "wrong bytes");
            return there < body.length ? -1 : head + there;
        });
    }

    private static byte[] bytes(Seed seed, int length) {
        return seed.split("bytes").dice().bytes(length);
    }

    @Test
    void everyByteArrivesFromARoughDiskThroughARoughNetwork(Seed seed) throws Exception {
        try (World world = new World(seed, SimFaults.rough())) {
            Dice dice = seed.split("files").dice();
            List<SimClient> clients = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                byte[] bytes = dice.bytes((int) dice.between(0, i % 2 == 0 ? 3_000 : 150_000));
                world.put(i + ".bin", bytes);
                clients.add(expect(world.client("client-" + i, "GET", "/" + i + ".bin"), bytes, "")
                        .expectEnd()
                        .close());
            }
            world.runUntilDone(clients);
            for (SimClient client : clients) {
                assertEquals(Optional.empty(), client.broken());
            }
            world.nothingIsOpen();
        }
    }

    @Test
    void whoAsksForTheHeadOnlyOrGoesAwayLeavesNothingOpen(Seed seed) throws Exception {
        try (World world = new World(seed, SimFaults.rough().withSlowDisk(Span.millis(1, 100)))) {
            world.put("large.bin", bytes(seed, 200_000));
            Dice dice = seed.split("clients").dice();
            List<SimClient> clients = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                SimClient client = world.client("client-" + i, i % 4 == 0 ? "HEAD" : "GET", "/large.bin");
                clients.add(client.pause(Duration.ofMillis(dice.below(500))).reset());
            }
            world.runUntilDone(clients);
            world.nothingIsOpen();
            assertEquals(0, world.server.status().handlerFailures());
        }
    }

    @Test
    void aDiskThatFailsIsAnErrorAndNeverWrongBytes(Seed seed, LogWatch log) throws Exception {
        log.allow("failed");
        try (World world = new World(seed, SimFaults.rough().withDiskErrors(0.1, 0, 0))) {
            byte[] small = bytes(seed, 3_000);
            byte[] large = bytes(seed, 100_000);
            world.put("small.bin", small);
            world.put("large.bin", large);
            List<SimClient> clients = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                boolean isSmall = i % 2 == 0;
                SimClient client = world.client("client-" + i, "GET", isSmall ? "/small.bin" : "/large.bin");
                clients.add(expect(client, isSmall ? small : large, "500"));
            }
            world.runUntilDone(clients);
            long broken =
                    clients.stream().filter(one -> one.broken().isPresent()).count();
            assertTrue(world.server.status().handlerFailures() >= broken, "each that ended early was counted");
            clients.forEach(SimClient::close);
            world.runUntilDone(clients);
            world.nothingIsOpen();
        }
    }

    @Test
    void withoutHandlesItIsUnavailable(Seed seed) throws Exception {
        try (World world = new World(seed, SimFaults.calm().withHandlesMax(3))) {
            byte[] page = bytes(seed, 100);
            world.put("page.html", page);
            // The listener and this connection are open; the folder takes the last one.
            SimClient client = expect(world.client("client", "GET", "/page.html"), page, "503");
            world.runUntilDone(List.of(client));
            assertEquals(Optional.empty(), client.broken());
            assertTrue(new String(client.received(), StandardCharsets.ISO_8859_1).contains("503"));
            client.close();
            world.nothingIsOpen();
        }
    }

    @Test
    void aSlowDiskHoldsUpNobodyElse(Seed seed) throws Exception {
        SimFaults faults = SimFaults.calm().withSlowDisk(Span.of(Duration.ofSeconds(20), Duration.ofSeconds(30)));
        try (World world = new World(seed, faults)) {
            byte[] page = bytes(seed, 100);
            world.put("page.html", page);
            SimClient waits = expect(world.client("waits", "GET", "/page.html"), page, "");
            long[] answeredNanos = new long[1];
            SimClient other = expect(world.client("other", "DELETE", "/page.html"), page, "405")
                    .then(() -> answeredNanos[0] = world.simulation.clock().elapsedNanos());
            world.runUntilDone(List.of(waits, other));
            assertTrue(answeredNanos[0] < Duration.ofSeconds(1).toNanos(), answeredNanos[0] + " ns");
            assertTrue(world.simulation.clock().elapsedNanos()
                    > Duration.ofSeconds(60).toNanos());
        }
    }
}
