package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.ClientRequest;
import dev.pumasi.http.ClientResponse;
import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import dev.pumasi.testkit.HeldPort;
import dev.pumasi.testkit.RawServer;
import java.io.IOException;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Servers that go and come: what of it those in front of the proxy notice. */
@OnEachDriver
final class ProxyFailOverTest extends Proxied {

    private static final int SERVERS = 3;
    private static final int ASKERS = 16;

    /** How many answers there must be between two events: so that each is met under load, on machines fast and slow. */
    private static final int ANSWERS_BETWEEN = 150;

    /** Each server is killed and comes back, under load, the others healthy: nobody notices. */
    @Test
    void killedAndBackUnderLoad() throws Exception {
        int[] ports = new int[SERVERS];
        UpstreamProcess[] servers = new UpstreamProcess[SERVERS];
        Upstream.Builder upstream = Upstream.builder("soup").ejectAfter(1, Duration.ofMillis(100));
        AtomicBoolean stop = new AtomicBoolean();
        AtomicLong answers = new AtomicLong();
        AtomicInteger asking = new AtomicInteger(ASKERS);
        Queue<String> wrong = new ConcurrentLinkedQueue<>();
        try {
            for (int i = 0; i < SERVERS; i++) {
                ports[i] = opened(HeldPort.take()).number(); // also while nobody serves there
                servers[i] = UpstreamProcess.start(ports[i]);
                upstream.server("127.0.0.1:" + ports[i]);
            }
            front(Proxy.builder(upstream.build()).build());
            ClientRequest request = request("GET", "/");
            for (int i = 0; i < ASKERS; i++) {
                loops.next().spawn(() -> {
                    while (!stop.get()) {
                        try (ClientResponse response = client.send(request)) {
                            int length = response.body().bytes().length;
                            if (response.status() != 200 || length != 25_000) {
                                wrong.add(response.status() + " with " + length + " bytes");
                            }
                            answers.incrementAndGet();
                        } catch (IOException failure) {
                            wrong.add(failure.toString());
                        }
                    }
                    asking.decrementAndGet();
                });
            }
            for (int i = 0; i < SERVERS; i++) {
                awaitAnswers(answers);
                servers[i].kill();
                awaitAnswers(answers);
                servers[i].close();
                servers[i] = UpstreamProcess.start(ports[i]);
                UpstreamServer back = proxy.upstream().servers().get(i);
                long before = back.requests();
                await(back + " to be used again", () -> back.requests() > before + 10);
            }
        } finally {
            stop.set(true);
            await("the askers to end", () -> asking.get() == 0 || front == null);
            for (UpstreamProcess server : servers) {
                if (server != null) {
                    server.close();
                }
            }
        }
        assertTrue(wrong.isEmpty(), wrong.size() + " of " + answers + ": " + wrong.peek() + ", " + proxy.status());
        assertTrue(proxy.status().retries() > 0 || proxy.status().client().retries() > 0, "none was lost to a kill");
    }

    private static void awaitAnswers(AtomicLong answers) {
        long before = answers.get();
        await("answers", () -> answers.get() > before + ANSWERS_BETWEEN);
    }

    private final AtomicInteger asked = new AtomicInteger();

    private RawServer silent() throws IOException {
        return raw(peer -> {
            peer.head();
            asked.incrementAndGet();
        });
    }

    @Test
    void triedOnAnotherOnlyWhereThatIsSafe() throws IOException {
        HttpServer good = server((Handler)
                request -> Response.text(request.method() + request.body().text()));
        front(Proxy.builder(Upstream.builder("soup")
                        .server(silent().authority())
                        .server(authority(good))
                        .ejectAfter(0, Duration.ZERO)
                        .build())
                .limits(dev.pumasi.http.ClientLimits.builder().retriesMax(0).build())
                .build());
        for (int i = 0; i < 6; i++) {
            assertEquals("200 GET", get("/"));
            assertEquals("200 PUTbody", ask(request("PUT", "/").withBody("body".getBytes())));
        }
        int before = asked.get();
        assertTrue(before > 3, "asked " + before + " times");
        int refused = 0;
        for (int i = 0; i < 6; i++) {
            String answer = ask(request("POST", "/").withBody("body".getBytes()));
            refused += answer.startsWith("502") ? 1 : 0;
            assertTrue(answer.startsWith("502") || answer.equals("200 POSTbody"), answer);
        }
        assertEquals(asked.get() - before, refused, "each that was asked for a POST was asked once");
        assertTrue(refused > 0);
    }

    /** Whatever the method: who is not there has done nothing. */
    @Test
    void anyRequestIsTriedOnAnotherIfTheFirstIsNotThere() throws IOException {
        int port = opened(HeldPort.take()).number();
        HttpServer good = server((Handler)
                request -> Response.text(request.method() + request.body().bytes().length));
        front(Proxy.builder(Upstream.builder("soup")
                        .server("127.0.0.1:" + port)
                        .server(authority(good))
                        .ejectAfter(0, Duration.ZERO)
                        .build())
                .heldBytesMax(10)
                .build());
        for (int i = 0; i < 4; i++) {
            assertEquals("200 POST4", ask(request("POST", "/").withBody(new byte[4])));
            assertEquals("200 POST500", ask(request("POST", "/").withBody(new byte[500])));
        }
        assertTrue(proxy.status().retries() >= 3, proxy.status().toString());
    }

    @Test
    void statusesThatCountAsFailures() throws IOException {
        HttpServer tired = server(Handler.nonBlocking(request -> Response.of(503)));
        HttpServer good = server(Handler.nonBlocking(request -> Response.text("good")));
        Upstream upstream = Upstream.builder("soup")
                .server(authority(tired))
                .server(authority(good))
                .build();
        front(Proxy.builder(upstream).retryOn(503).build());
        for (int i = 0; i < 5; i++) {
            assertEquals("200 good", get("/"));
        }
        assertEquals(1, upstream.servers().getFirst().failures());
        upstream.servers().get(1).drain(true);
        assertEquals("503 ", get("/")); // the last one's word is passed on
        upstream.servers().get(1).drain(false);
    }

    @Test
    void drainedServersGetNoNewRequestsAndEndTheOldOnes() throws Exception {
        AtomicBoolean go = new AtomicBoolean();
        HttpServer slow = server((Handler) request -> {
            while (!go.get()) {
                request.loop().sleep(Duration.ofMillis(1)).await();
            }
            return Response.text("slow");
        });
        HttpServer other = server(Handler.nonBlocking(request -> Response.text("other")));
        Upstream upstream = Upstream.builder("soup")
                .server(authority(slow))
                .server(authority(other))
                .build();
        UpstreamServer first = upstream.servers().getFirst();
        front(Proxy.builder(upstream).build());
        var pending = client.fetch(loops.next(), request("GET", "/"));
        await("the request to arrive", () -> first.active() == 1);
        first.drain(true);
        for (int i = 0; i < 4; i++) {
            assertEquals("200 other", get("/"));
        }
        go.set(true);
        assertEquals("slow", pending.await().body().text());
        await("it to be drained", () -> first.active() == 0);
        first.drain(false);
        await("it to be used again", () -> {
            try {
                return get("/").equals("200 slow");
            } catch (IOException failure) {
                throw new AssertionError(failure);
            }
        });
    }

    @Test
    void checksFindOutBeforeARequestDoes() throws IOException {
        AtomicBoolean well = new AtomicBoolean(true);
        HttpServer sick = server(Router.builder()
                .get("/health", Handler.nonBlocking(request -> Response.of(well.get() ? 204 : 500)))
                .get("/", Handler.nonBlocking(request -> Response.text("sick")))
                .build());
        HttpServer good = server(Handler.nonBlocking(request -> Response.text("good")));
        Upstream upstream = Upstream.builder("soup")
                .server(authority(sick))
                .server(authority(good))
                .check(HealthCheck.get("/health").every(HealthCheck.EVERY_MIN).after(2, 2))
                .build();
        UpstreamServer first = upstream.servers().getFirst();
        front(Proxy.builder(upstream).build());
        upstream.startChecks(loops.next());
        try {
            assertTrue(first.isUsable());
            well.set(false);
            await("it to be found ill", first::isDown);
            for (int i = 0; i < 4; i++) {
                assertEquals("200 good", get("/"));
            }
            well.set(true);
            await("it to be found well", () -> !first.isDown());
            assertTrue((get("/") + get("/")).contains("sick"));
        } finally {
            upstream.close();
        }
    }
}
