package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopStatus;
import dev.pumasi.testkit.Dice;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import dev.pumasi.testkit.Seed;
import dev.pumasi.testkit.SeedParameter;
import dev.pumasi.testkit.SimFaults;
import dev.pumasi.testkit.Simulation;
import dev.pumasi.testkit.Trace;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Client and server on simulated loops: small buffers, bytes that come one by one, connections that break. An answer is the
 * right one or none, and a run replays byte for byte.
 */
@ExtendWith({LeakWatch.class, LogWatch.class, SeedParameter.class})
final class HttpClientSimulationTest {

    private static final InetSocketAddress ADDRESS = new InetSocketAddress(Simulation.host(1), 8080);
    private static final Origin ORIGIN = Origin.of("10.0.0.1", 8080);
    private static final Duration LIMIT = Duration.ofHours(6);
    private static final int ASKERS = 12;
    private static final int REQUESTS = 8;
    private static final int BODY_BYTES_MAX = 20_000;
    private static final int SEEDS = 6;

    private record Run(Trace trace, ClientStatus status, LoopStatus loop, int right, int failed) {}

    private static Endpoint endpoint() {
        return Router.builder()
                .put("/echo", (Handler) request ->
                        Response.bytes(MediaType.OCTETS, request.body().bytes()))
                .put("/chunked", (Handler) request -> {
                    byte[] body = request.body().bytes();
                    return Response.stream(MediaType.OCTETS, out -> {
                        for (int at = 0; at < body.length; at += 700) {
                            out.write(body, at, Math.min(700, body.length - at));
                        }
                    });
                })
                .build();
    }

    private static Run run(Seed seed, SimFaults faults) throws IOException {
        try (Simulation simulation = new Simulation(seed, faults)) {
            Loop serving = simulation.loop("server", Simulation.host(1));
            Loop asking = simulation.loop("client", Simulation.host(2));
            HttpServer server = HttpServer.builder(endpoint())
                    .address(ADDRESS)
                    .on(List.of(serving))
                    .start();
            HttpClient client = HttpClient.builder()
                    .limits(ClientLimits.builder().connectionsPerOriginMax(5).build())
                    .open();
            int[] counts = new int[3];
            asking.execute(() -> {
                for (int i = 0; i < ASKERS; i++) {
                    Dice dice = seed.split("asker").split(i).dice();
                    asking.spawn(() -> {
                        for (int j = 0; j < REQUESTS; j++) {
                            ask(client, dice, counts);
                        }
                        counts[2]++;
                    });
                }
            });
            simulation.runUntil(() -> counts[2] == ASKERS, LIMIT);
            asking.execute(client::close);
            int[] drained = new int[1];
            server.beginStop(() -> drained[0]++);
            simulation.runUntil(
                    () -> drained[0] == 1
                            && client.status().open() == 0
                            && asking.status().interests() == 0
                            && serving.status().interests() == 0,
                    LIMIT);
            return new Run(simulation.trace(), client.status(), asking.status(), counts[0], counts[1]);
        }
    }

    private static void ask(HttpClient client, Dice dice, int[] counts) throws IOException {
        byte[] body = dice.bytes(dice.below(BODY_BYTES_MAX));
        ClientRequest request = ClientRequest.of("PUT", ORIGIN, dice.chance(0.5) ? "/echo" : "/chunked");
        request = switch (dice.below(3)) {
            case 0 -> request.withBody(body);
            case 1 -> request.withBody(body).withExpectContinue();
            default ->
                request.withStream(dice.chance(0.5) ? -1 : body.length, out -> {
                    for (int at = 0; at < body.length; at += 1_000) {
                        out.write(body, at, Math.min(1_000, body.length - at));
                    }
                });
        };
        try (ClientResponse response = client.send(request)) {
            if (dice.chance(0.2)) {
                response.body().read(new byte[10], 0, 10);
                counts[0]++;
                return; // the rest is not wanted
            }
            if (response.status() != 200 || !Arrays.equals(body, response.body().bytes())) {
                throw new AssertionError("a wrong answer: " + response);
            }
            counts[0]++;
        } catch (IOException broken) {
            counts[1]++;
        }
    }

    @Test
    void everyAnswerIsRightInARoughWorld(Seed seed) throws IOException {
        for (int i = 0; i < SEEDS; i++) {
            Run run = run(seed.split(i), SimFaults.rough());
            assertEquals(ASKERS * REQUESTS, run.right, "of seed part " + i);
            assertEquals(0, run.status.violations(), run.status.toString());
            check(run);
        }
    }

    @Test
    void noAnswerIsWrongWhereConnectionsBreak(Seed seed) throws IOException {
        int failed = 0;
        long retries = 0;
        for (int i = 0; i < SEEDS; i++) {
            Run run = run(seed.split(i), SimFaults.rough().withBrokenStreams(0.1, 0.5, 0.05));
            assertEquals(ASKERS * REQUESTS, run.right + run.failed);
            failed += run.failed;
            retries += run.status.retries();
            check(run);
        }
        assertTrue(failed > 0, "nothing broke");
        assertTrue(retries > 0, "nothing was sent again");
    }

    private static void check(Run run) {
        assertEquals(0, run.loop.hops(), run.loop.toString());
        assertEquals(0, run.loop.failures(), run.loop.toString());
        assertEquals(0, run.loop.timers(), run.loop.toString());
    }

    @Test
    void theSameSeedReplaysByteForByte(Seed seed) throws IOException {
        SimFaults faults = SimFaults.rough().withBrokenStreams(0.1, 0.5, 0.05);
        Run one = run(seed, faults);
        Run other = run(seed, faults);
        assertEquals(Optional.empty(), one.trace.difference(other.trace));
        assertEquals(one.status, other.status);
    }
}
