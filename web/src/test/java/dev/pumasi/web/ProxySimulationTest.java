package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.ClientRequest;
import dev.pumasi.http.ClientResponse;
import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpClient;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.MediaType;
import dev.pumasi.http.Origin;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopStatus;
import dev.pumasi.testkit.Dice;
import dev.pumasi.testkit.LeakWatch;
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
 * A client, a proxy and three servers on simulated loops: small buffers, bytes that come one by one, connections that break
 * on either side of the proxy. What is passed on is right, or it is said that there is nothing; and a run replays byte for
 * byte.
 */
@ExtendWith({LeakWatch.class, SeedParameter.class})
final class ProxySimulationTest {

    private static final Duration LIMIT = Duration.ofHours(12);
    private static final int SERVERS = 3;
    private static final int FRONT = 10;
    private static final int ASKERS = 8;
    private static final int REQUESTS = 6;
    private static final int BODY_BYTES_MAX = 20_000;
    private static final int SEEDS = 4;
    private static final Origin ORIGIN = Origin.of("10.0.0." + FRONT, 80);

    private record Run(Trace trace, ProxyStatus status, List<LoopStatus> loops, int right, int refused, int broken) {}

    private static InetSocketAddress address(int machine) {
        return new InetSocketAddress(Simulation.host(machine), 80);
    }

    private static Router echo() {
        return Router.builder()
                .put("/whole", (Handler) request ->
                        Response.bytes(MediaType.OCTETS, request.body().bytes()))
                .put("/pieces", (Handler) request -> {
                    byte[] body = request.body().bytes();
                    return Response.stream(MediaType.OCTETS, out -> out.write(body));
                })
                .build();
    }

    private static Run run(Seed seed, SimFaults faults) throws IOException {
        try (Simulation simulation = new Simulation(seed, faults)) {
            Upstream.Builder upstream = Upstream.builder("soup").clock(simulation.clock());
            for (int i = 1; i <= SERVERS; i++) {
                HttpServer.builder(echo())
                        .address(address(i))
                        .on(List.of(simulation.loop("server-" + i, Simulation.host(i))))
                        .start();
                upstream.server("10.0.0." + i + ":80");
            }
            Loop passing = simulation.loop("proxy", Simulation.host(FRONT));
            Proxy proxy = Proxy.builder(upstream.build()).heldBytesMax(8_000).build();
            HttpServer.builder(proxy)
                    .address(address(FRONT))
                    .on(List.of(passing))
                    .start();
            Loop asking = simulation.loop("client", Simulation.host(FRONT + 1));
            HttpClient client = HttpClient.open();
            int[] counts = new int[4];
            asking.execute(() -> {
                for (int i = 0; i < ASKERS; i++) {
                    Dice dice = seed.split("asker").split(i).dice();
                    asking.spawn(() -> {
                        for (int j = 0; j < REQUESTS; j++) {
                            ask(client, dice, counts);
                        }
                        counts[3]++;
                    });
                }
            });
            simulation.runUntil(() -> counts[3] == ASKERS, LIMIT);
            asking.execute(client::close);
            passing.execute(proxy::close);
            simulation.runUntil(
                    () -> client.status().open() == 0 && proxy.status().client().open() == 0, LIMIT);
            return new Run(
                    simulation.trace(),
                    proxy.status(),
                    List.of(passing.status(), asking.status()),
                    counts[0],
                    counts[1],
                    counts[2]);
        }
    }

    private static void ask(HttpClient client, Dice dice, int[] counts) {
        byte[] body = dice.bytes(1 + dice.below(BODY_BYTES_MAX));
        ClientRequest request = ClientRequest.of("PUT", ORIGIN, dice.chance(0.5) ? "/whole" : "/pieces");
        request = dice.chance(0.5)
                ? request.withBody(body)
                : request.withStream(dice.chance(0.5) ? -1 : body.length, out -> out.write(body));
        try (ClientResponse response = client.send(request)) {
            byte[] answer = response.body().bytes();
            if (response.status() >= 500) {
                counts[1]++;
            } else if (response.status() == 200 && Arrays.equals(body, answer)) {
                counts[0]++;
            } else {
                throw new AssertionError("a wrong answer: " + response + " with " + answer.length + " bytes");
            }
        } catch (IOException brokenOff) {
            counts[2]++;
        }
    }

    @Test
    void everyAnswerIsRightInARoughWorld(Seed seed) throws IOException {
        for (int i = 0; i < SEEDS; i++) {
            Run run = run(seed.split(i), SimFaults.rough());
            assertEquals(ASKERS * REQUESTS, run.right, run.status.toString());
            for (LoopStatus loop : run.loops) {
                assertEquals(0, loop.hops() + loop.failures(), loop.toString());
            }
        }
    }

    @Test
    void noAnswerIsWrongWhereConnectionsBreak(Seed seed) throws IOException {
        long retries = 0;
        int right = 0;
        for (int i = 0; i < SEEDS; i++) {
            Run run = run(seed.split(i), SimFaults.rough().withBrokenStreams(0.05, 0.3, 0));
            assertEquals(ASKERS * REQUESTS, run.right + run.refused + run.broken);
            retries += run.status.retries() + run.status.client().retries();
            right += run.right;
        }
        assertTrue(retries > 0, "nothing was tried again");
        assertTrue(right > ASKERS * REQUESTS, "only " + right + " were served");
    }

    @Test
    void theSameSeedReplaysByteForByte(Seed seed) throws IOException {
        SimFaults faults = SimFaults.rough().withBrokenStreams(0.05, 0.3, 0);
        Run one = run(seed, faults);
        Run other = run(seed, faults);
        assertEquals(Optional.empty(), one.trace.difference(other.trace));
        assertEquals(one.status, other.status);
    }
}
