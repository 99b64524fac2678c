package dev.pumasi.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.MediaType;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import dev.pumasi.runtime.Loop;
import dev.pumasi.testkit.HeldPort;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Loads on a real server, on each driver: everything that is asked is counted, as what it was. */
@OnEachDriver
@ExtendWith({LeakWatch.class, LogWatch.class})
final class LoadTest {

    private static final int REQUESTS = 500;
    private static final Duration LONG = Duration.ofSeconds(30);

    private final String driver;
    private final AtomicInteger asked = new AtomicInteger();
    private HttpServer server;

    LoadTest(String driver) {
        this.driver = driver;
    }

    @BeforeEach
    void serve() throws IOException {
        server = HttpServer.builder(Router.builder()
                        .get("/", Handler.nonBlocking(_ -> Response.text("hello")))
                        .get("/large", Handler.nonBlocking(_ -> Response.bytes(MediaType.OCTETS, new byte[100_000])))
                        .get("/stream", (Handler) _ -> Response.stream(MediaType.TEXT, body -> {
                            for (int i = 0; i < 20; i++) {
                                body.write(new byte[i]);
                                body.flush();
                            }
                        }))
                        .get("/counted", Handler.nonBlocking(_ -> {
                            asked.incrementAndGet();
                            return Response.text("counted");
                        }))
                        .get("/never", (Handler) _ -> {
                            Loop.current()
                                    .orElseThrow()
                                    .sleep(Duration.ofHours(1))
                                    .await();
                            return Response.text("late");
                        })
                        .post("/echo", (Handler) LoadTest::echo)
                        .build())
                .address(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .loops(1)
                .driver(driver)
                .start();
    }

    @AfterEach
    void stop() {
        server.stop(Duration.ofMillis(100));
    }

    private static Response echo(Request request) throws IOException {
        byte[] body = request.body().bytes();
        return new String(body, StandardCharsets.UTF_8).equals("품앗이")
                        && request.header("X-Who").isPresent()
                ? Response.bytes(MediaType.OCTETS, body)
                : Response.of(400);
    }

    private LoadPlan.Builder plan(String path) throws LoadException {
        return LoadPlan.to(LoadTarget.of("http://127.0.0.1:" + server.port() + path, false))
                .driver(driver)
                .connections(8)
                .warmup(Duration.ZERO)
                .duration(LONG)
                .requests(REQUESTS);
    }

    private static LoadResult run(LoadPlan.Builder plan) throws LoadException, InterruptedException {
        try (Load load = Load.open(plan.build())) {
            LoadResult result = load.await(_ -> {});
            assertTrue(result.isComplete());
            return result;
        }
    }

    private static void assertAllAnswered(LoadResult result) {
        assertEquals(Map.of(), result.errors());
        assertEquals(REQUESTS, result.answered());
        assertEquals(REQUESTS, result.response().count());
        assertTrue(result.response().minNanos() > 0);
    }

    @Test
    void every_request_of_a_closed_loop_is_counted() throws Exception {
        LoadResult result = run(plan("/counted"));
        assertAllAnswered(result);
        assertEquals(REQUESTS, asked.get());
        assertEquals(8, result.connectionsOpened());
    }

    @Test
    void an_open_loop_asks_at_its_rate() throws Exception {
        LoadResult result = run(plan("/").rate(2_000));
        assertAllAnswered(result);
        // The last of 500 requests is due after 249.5 ms: it cannot have taken less.
        assertTrue(result.seconds() >= (REQUESTS - 1) / 2_000.0, "it took " + result.seconds() + " s");
        assertTrue(result.service().count() == REQUESTS);
        assertTrue(result.lateness().count() > 0);
    }

    @Test
    void a_spinning_loop_asks_at_its_rate_too() throws Exception {
        assertAllAnswered(run(plan("/").rate(5_000).spin()));
    }

    @Test
    void several_loops_share_the_load() throws Exception {
        LoadResult result = run(plan("/counted").loops(3).rate(3_000));
        assertAllAnswered(result);
        assertEquals(REQUESTS, asked.get());
        assertEquals(3, result.cpuShares().size());
    }

    @Test
    void each_request_has_a_connection_of_its_own_if_asked_for() throws Exception {
        LoadResult result = run(plan("/").newConnections());
        assertAllAnswered(result);
        assertTrue(result.connectionsOpened() >= REQUESTS, "only " + result.connectionsOpened());
    }

    @Test
    void long_bodies_and_streams_are_read_to_their_end() throws Exception {
        LoadResult large = run(plan("/large"));
        assertAllAnswered(large);
        assertTrue(large.answerBytes() > REQUESTS * 100_000L);
        assertAllAnswered(run(plan("/stream")));
        assertAllAnswered(run(plan("/stream").newConnections()));
    }

    @Test
    void a_body_and_fields_are_sent() throws Exception {
        assertAllAnswered(run(
                plan("/echo").method("POST").field("X-Who", "pumasi").body("품앗이".getBytes(StandardCharsets.UTF_8))));
    }

    @Test
    void a_wrong_status_is_an_error() throws Exception {
        LoadResult result = run(plan("/missing"));
        assertEquals(Map.of(LoadError.WRONG_STATUS, (long) REQUESTS), result.errors());
        assertEquals(0, result.answered());
        assertAllAnswered(run(plan("/missing").expect(404)));
    }

    @Test
    void who_is_not_answered_in_time_is_given_up_and_charged() throws Exception {
        Duration timeout = Duration.ofMillis(300);
        LoadResult result = run(plan("/never").requests(8).timeout(timeout));
        assertEquals(Map.of(LoadError.TIMED_OUT, 8L), result.errors());
        assertEquals(8, result.response().count());
        assertTrue(result.response().minNanos() >= timeout.toNanos() * 999 / 1000, result.toString());
    }

    /** All of the second's requests were due, and one of them could be sent. */
    @Test
    void what_could_not_even_be_sent_is_charged_too() throws Exception {
        LoadResult result = run(plan("/never")
                .requests(10)
                .rate(100)
                .duration(Duration.ofMillis(100))
                .connections(1)
                .timeout(Duration.ofMillis(300)));
        assertEquals(10, result.errorCount());
        assertEquals(10, result.response().count());
        assertTrue(
                result.errors().containsKey(LoadError.NEVER_SENT),
                result.errors().toString());
    }

    @Test
    void it_can_be_stopped() throws Exception {
        try (Load load = Load.open(
                plan("/").requests(Long.MAX_VALUE).duration(Duration.ofDays(1)).build())) {
            LoadResult result = load.await(second -> {
                if (second.answered() > 0) {
                    load.stop();
                }
            });
            assertFalse(result.isComplete());
            assertTrue(result.answered() > 0);
            assertEquals(Map.of(), result.errors());
        }
    }

    @Test
    void it_can_be_stopped_before_it_begins() throws Exception {
        try (Load load = Load.open(plan("/").build())) {
            load.stop();
            LoadResult result = load.await(_ -> {});
            assertFalse(result.isComplete());
            assertEquals(0, result.answered());
        }
    }

    @Test
    void nobody_there_is_said_at_once() throws Exception {
        try (HeldPort nobody = HeldPort.take()) {
            LoadPlan plan = LoadPlan.to(LoadTarget.of("127.0.0.1:" + nobody.number(), false))
                    .driver(driver)
                    .build();
            LoadException refused = assertThrows(LoadException.class, () -> Load.open(plan));
            assertTrue(String.valueOf(refused.getMessage()).contains("nobody listens"), refused.getMessage());
        }
    }
}
