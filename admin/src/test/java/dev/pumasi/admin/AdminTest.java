package dev.pumasi.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopStatus;
import dev.pumasi.runtime.Offload;
import dev.pumasi.testkit.Eventually;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LoadedClasses;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.Parameter;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the page answers: to whom it should, and to whom it should not. */
@OnEachDriver
@ExtendWith({LoadedClasses.class, LeakWatch.class, LogWatch.class})
@Timeout(value = 240, unit = TimeUnit.SECONDS)
final class AdminTest {

    private static final Token TOKEN = new Token("a-token-that-is-long-enough");
    private static final String SHOWN = "Authorization: Bearer " + TOKEN.word();

    @Parameter(0)
    String driver;

    private final CountDownLatch release = new CountDownLatch(1);
    private HttpServer server;
    private Admin admin;
    private int port;

    /** The first use of sockets and of Micrometer leaves descriptors of the JDK's own behind. */
    @BeforeAll
    @Timeout(180)
    static void warmUp() throws IOException {
        for (String each : DriversHere.names()) {
            try (HttpServer server = HttpServer.builder(request -> Response.ok())
                            .driver(each)
                            .loops(1)
                            .port(0)
                            .start();
                    Admin admin = Admin.builder().show(server).driver(each).start()) {
                Ask.get(admin.port(), "/metrics");
            }
        }
    }

    @BeforeEach
    void begin() throws IOException {
        server =
                HttpServer.builder(this::answer).driver(driver).loops(2).port(0).start();
        admin = Admin.builder()
                .show(server)
                .driver(driver)
                .token(TOKEN)
                .title("<img src=x onerror=alert(1)>")
                .viewersMax(2)
                .interval(Duration.ofMillis(20))
                .start();
        port = admin.port();
    }

    /** Nothing hopped, on the loops that are shown and on the page's own. */
    @AfterEach
    void end() {
        release.countDown();
        admin.close();
        if (Loop.greenThreadsRunOnLoop()) {
            assertEquals(0, server.loops().stream().mapToLong(LoopStatus::hops).sum(), () -> "" + server.threadDump());
            assertEquals(0, admin.ownLoop().hops(), "hops of the page's own loop");
        }
        server.close();
    }

    private Response answer(Request request) throws IOException {
        if (request.path().equals("/wait")) {
            request.loop()
                    .sleep(Duration.ofSeconds(60))
                    .within(Duration.ofSeconds(60))
                    .await();
        }
        return Response.text("hello\n");
    }

    private static JsonNode json(String text) {
        return JsonMapper.builder().build().readTree(text);
    }

    // ------------------------------------------------------------------------------------------- what it answers

    @Test
    void thePageIsThereAndLoadsNothingFromElsewhere() throws IOException {
        Ask.Answer page = Ask.get(port, "/");
        assertEquals(200, page.status());
        assertTrue(page.body().contains("<title>Pumasi</title>"));
        assertFalse(page.body().matches("(?s).*(src|href)=\"(https?:)?//.*"), "something is loaded from elsewhere");
        for (String file :
                new String[] {"live.js", "feed.js", "draw.js", "timeline.js", "words.js", "live.css", "icon.svg"}) {
            Ask.Answer part = Ask.get(port, "/" + file);
            assertEquals(200, part.status(), file);
            assertEquals(Headers.POLICY, part.field("Content-Security-Policy"));
            assertEquals("nosniff", part.field("X-Content-Type-Options"));
        }
        assertEquals(404, Ask.get(port, "/../pom.xml").status());
        assertEquals(404, Ask.get(port, "/package-info.class").status());
    }

    @Test
    void metricsAreInOpenMetrics() throws IOException {
        assertEquals(200, Ask.get(server.port(), "/").status());
        Ask.Answer answer = Ask.get(port, "/metrics", "Accept: application/openmetrics-text");
        assertEquals(200, answer.status());
        assertEquals(Scrape.OPEN_METRICS, answer.field("Content-Type"));
        assertTrue(answer.body().endsWith("# EOF\n"), "OpenMetrics ends with # EOF");
        for (String meter : new String[] {
            "pumasi_loop_turns_total{driver=\"" + driver + "\",loop=\"pumasi-loop-0\"}",
            "pumasi_loop_hops_total{driver=\"" + driver + "\",loop=\"pumasi-loop-1\"} 0.0",
            "pumasi_http_requests_total{server=",
            "pumasi_offload_threads{name=\"admin\"} 3.0",
            "pumasi_ready 1.0",
            "jvm_memory_used_bytes",
        }) {
            assertTrue(answer.body().contains(meter), () -> meter + " is not in\n" + answer.body());
        }
        Ask.Answer plain = Ask.get(port, "/metrics", "Accept: text/plain");
        assertEquals(Scrape.PLAIN, plain.field("Content-Type"));
        assertFalse(plain.body().contains("# EOF"));
        String protobuf =
                "Accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
        assertEquals(
                Scrape.OPEN_METRICS,
                Ask.get(port, "/metrics", protobuf, "Accept: text/plain;q=0.3").field("Content-Type"),
                "what we do not have is not promised");
    }

    @Test
    void metersComeAndGoWithWhatTheyAreOf() throws IOException {
        try (Offload _ = Offload.open("of this test", 1, 10)) {
            assertTrue(Ask.get(port, "/metrics").body().contains("pumasi_offload_threads{name=\"of this test\"} 1.0"));
        }
        assertFalse(Ask.get(port, "/metrics").body().contains("of this test"));
    }

    @Test
    void itIsReadyUntilItIsStopped() throws Exception {
        assertEquals("alive\n", Ask.get(port, "/health").body());
        assertEquals(200, Ask.get(port, "/ready").status());
        admin.readiness(Readiness.WARMING);
        Ask.Answer warming = Ask.get(port, "/ready");
        assertEquals(503, warming.status());
        assertEquals("warming\n", warming.body());
        admin.readiness(Readiness.READY);
        server.retire(Duration.ofSeconds(5));
        Ask.Answer draining = Ask.get(port, "/ready");
        assertEquals(503, draining.status());
        assertEquals("draining\n", draining.body());
        assertEquals(200, Ask.get(port, "/health").status(), "it is alive all the same");
    }

    @Test
    void framesTellWhatLoopsDo() throws Exception {
        try (Ask waiting = Ask.stream(server.port(), "/wait");
                Ask viewer = Ask.stream(port, "/events?threads=1")) {
            assertEquals(200, viewer.head().status());
            JsonNode first = json(viewer.event("frame"));
            assertEquals("READY", first.get("state").stringValue());
            assertEquals("<img src=x onerror=alert(1)>", first.get("title").stringValue());
            assertEquals(2, first.get("loops").size());
            assertEquals(driver, first.get("loops").get(0).get("driver").stringValue());
            JsonNode recorded = json(viewer.event("frame"));
            assertTrue(recorded.get("recorded").booleanValue());
            assertTrue(recorded.get("loops").get(0).has("busy"));
            for (int i = 0; i < 5; i++) {
                assertEquals(200, Ask.get(server.port(), "/").status());
            }
            Eventually.is(
                    "a frame that counts them",
                    () -> json(viewer.event("frame"))
                                    .get("http")
                                    .get("requests")
                                    .longValue()
                            >= 6);
            Eventually.is("the green thread that waits", () -> {
                JsonNode threads = json(viewer.event("threads")).get("threads");
                return threads.size() == 1
                        && threads.get(0).get("waitsFor").stringValue().startsWith("sleep")
                        && threads.get(0).get("state").stringValue().equals("WAITS");
            });
            assertEquals(1, admin.viewers());
            waiting.close();
        }
        Eventually.is("the viewer to be gone", () -> admin.viewers() == 0);
        server.stop(Duration.ZERO);
    }

    @Test
    void nobodyIsRecordedWhileNobodyLooks() throws Exception {
        try (Ask viewer = Ask.stream(port, "/events")) {
            viewer.head();
            viewer.event("frame");
        }
        Eventually.is("the loops to be free for another recording", () -> {
            try (var _ = dev.pumasi.runtime.Recording.start(server.on(), 64)) {
                return true;
            } catch (IllegalStateException stillRecorded) {
                return false;
            }
        });
    }

    @Test
    void whileOthersRecordThereIsNoTimelineAndAllElse() throws Exception {
        try (var _ = dev.pumasi.runtime.Recording.start(server.on(), 64);
                Ask viewer = Ask.stream(port, "/events")) {
            viewer.head();
            JsonNode frame = json(viewer.event("frame"));
            assertFalse(frame.get("recorded").booleanValue());
            assertEquals(2, frame.get("loops").size());
        }
    }

    @Test
    void loopsOfTheSameNameAreToldApart() throws Exception {
        try (HttpServer other =
                HttpServer.builder(this::answer).driver(driver).loops(1).port(0).start()) {
            admin.show(other);
            try (Ask viewer = Ask.stream(port, "/events")) {
                viewer.head();
                JsonNode loops = json(viewer.event("frame")).get("loops");
                assertEquals(3, loops.size());
                assertEquals("pumasi-loop-0", loops.get(0).get("name").stringValue());
                assertEquals("pumasi-loop-0 (2)", loops.get(2).get("name").stringValue());
                assertTrue(loops.get(2).has("busy"));
            }
            assertTrue(Ask.get(port, "/metrics").body().contains("loop=\"pumasi-loop-0 (2)\"} "));
            Eventually.is("the viewer to be gone", () -> admin.viewers() == 0);
        }
    }

    // ------------------------------------------------------------------------------------------- who gets in

    @Test
    void aNameThatIsNotOursIsRefused() throws IOException {
        for (String path : new String[] {"/", "/events", "/metrics", "/health", "/ready"}) {
            for (String host : new String[] {
                "evil.example", "evil.example:" + port, "localhost.evil.example", "127.0.0.1.evil.example"
            }) {
                Ask.Answer refused = Ask.ask(port, "GET", path, host);
                assertEquals(403, refused.status(), path + " for " + host);
                assertEquals("host", json(refused.body()).get("error").stringValue());
            }
            for (String host : new String[] {"127.0.0.1", "127.0.0.1:" + port, "[::1]:1", "LOCALHOST"}) {
                if (!path.equals("/events")) {
                    assertEquals(200, Ask.ask(port, "GET", path, host).status(), path + " for " + host);
                }
            }
        }
    }

    @Test
    void otherSitesAreRefused() throws IOException {
        for (String field : new String[] {
            "Origin: http://evil.example",
            "Origin: null",
            "Origin: http://localhost:1",
            "Sec-Fetch-Site: cross-site",
            "Sec-Fetch-Site: same-site"
        }) {
            assertEquals(403, Ask.get(port, "/events", field).status(), field);
            assertEquals(403, Ask.get(port, "/metrics", field).status(), field);
            assertEquals(403, Ask.post(port, "/actions/dump", SHOWN, field).status(), field);
        }
        assertEquals(
                200,
                Ask.get(port, "/", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate")
                        .status(),
                "a link from elsewhere may lead here");
        assertEquals(
                200,
                Ask.post(port, "/actions/dump", SHOWN, "Origin: http://localhost:" + port)
                        .status());
        Ask.Answer preflight =
                Ask.ask(port, "OPTIONS", "/actions/dump", "localhost:" + port, "Origin: http://evil.example");
        assertNotEquals(200, preflight.status());
        assertEquals("", preflight.field("Access-Control-Allow-Origin"));
    }

    @Test
    void whatChangesSomethingNeedsTheToken() throws Exception {
        for (String[] wrong : new String[][] {
            {},
            {"Authorization: Bearer"},
            {"Authorization: Bearer " + TOKEN.word() + "x"},
            {"Authorization: Bearer " + TOKEN.word().substring(1)},
            {"Authorization: Basic " + TOKEN.word()},
            {"Cookie: token=" + TOKEN.word()},
        }) {
            Ask.Answer refused = Ask.post(port, "/actions/drain", wrong);
            assertEquals(401, refused.status(), String.join(",", wrong));
            assertTrue(refused.field("WWW-Authenticate").startsWith("Bearer"));
            assertEquals(
                    401,
                    Ask.post(port, "/actions/drain?token=" + TOKEN.word(), wrong)
                            .status());
        }
        assertEquals(404, Ask.post(port, "/actions/explode", SHOWN).status());
        assertEquals(405, Ask.get(port, "/actions/drain", SHOWN).status());
        assertFalse(server.isStopping());
        String dump =
                json(Ask.post(port, "/actions/dump", SHOWN).body()).get("said").stringValue();
        assertTrue(dump.contains("pumasi-loop-0 (" + driver + ")"), dump);
        assertEquals(200, Ask.post(port, "/actions/drain", SHOWN).status());
        assertEquals(503, Ask.get(port, "/ready").status(), "from that moment on");
        Eventually.is("the server to stop", server::isStopping);
    }

    @Test
    void whereOthersCanConnectReadingNeedsTheTokenToo() throws IOException {
        try (Admin open = Admin.builder()
                .show(server)
                .driver(driver)
                .token(TOKEN)
                .name("ops.example")
                .address(new InetSocketAddress("0.0.0.0", 0))
                .start()) {
            assertEquals(200, Ask.get(open.port(), "/").status(), "the page itself has nothing to hide");
            for (String path : new String[] {"/events", "/metrics", "/health", "/ready"}) {
                assertEquals(401, Ask.get(open.port(), path).status(), path);
            }
            assertEquals(200, Ask.get(open.port(), "/metrics", SHOWN).status());
            assertEquals(
                    200,
                    Ask.ask(open.port(), "GET", "/ready", "OPS.example", SHOWN).status());
            assertEquals(
                    403,
                    Ask.ask(open.port(), "GET", "/ready", "other.example", SHOWN)
                            .status());
            assertTrue(open.link().startsWith("http://localhost:"), open.link());
        }
    }

    @Test
    void oneViewerTooManyIsTold() throws Exception {
        try (Ask one = Ask.stream(port, "/events");
                Ask two = Ask.stream(port, "/events")) {
            assertEquals(200, one.head().status());
            assertEquals(200, two.head().status());
            Ask.Answer third = Ask.get(port, "/events");
            assertEquals(503, third.status());
            assertEquals("viewers", json(third.body()).get("error").stringValue());
            assertEquals(200, Ask.get(port, "/metrics").status(), "all else is answered");
            one.close();
            Eventually.is("the place to be free", () -> admin.viewers() == 1);
            try (Ask next = Ask.stream(port, "/events")) {
                assertEquals(200, next.head().status());
                next.event("frame");
            }
        }
    }

    @Test
    void aBodyIsRefused() throws IOException {
        assertEquals(
                413,
                Ask.post(port, "/actions/dump", SHOWN, "Content-Length: 100000").status());
    }

    @Test
    void viewersAreSentAwayWhenItCloses() throws Exception {
        try (Ask viewer = Ask.stream(port, "/events")) {
            viewer.head();
            viewer.event("frame");
            admin.close();
            assertTrue(viewer.ends());
        }
    }
}
