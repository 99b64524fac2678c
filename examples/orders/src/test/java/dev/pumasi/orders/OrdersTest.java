package dev.pumasi.orders;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.HttpServer;
import dev.pumasi.runtime.LoopStatus;
import dev.pumasi.server.ApplicationChoice;
import dev.pumasi.server.ApplicationException;
import dev.pumasi.server.Setting;
import dev.pumasi.server.SettingException;
import dev.pumasi.server.Settings;
import dev.pumasi.sql.Continuation;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LoadedClasses;
import dev.pumasi.testkit.LogWatch;
import dev.pumasi.testkit.Postgres;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The service from outside, on both databases and with each continuation. */
@ParameterizedClass(name = "{0}")
@MethodSource("ways")
@ExtendWith({LoadedClasses.class, LeakWatch.class})
@Timeout(value = 180, unit = TimeUnit.SECONDS)
final class OrdersTest {

    record Way(boolean postgres, String queries, Continuation continuation) {
        @Override
        public String toString() {
            return (postgres ? "PostgreSQL" : "H2") + ", queries=" + queries + ", " + continuation;
        }
    }

    static List<Way> ways() {
        List<Way> ways = new ArrayList<>();
        for (Continuation continuation : Continuation.values()) {
            ways.add(new Way(false, "threads", continuation));
            ways.add(new Way(true, "threads", continuation));
        }
        ways.add(new Way(true, "loop", Continuation.NOTIFICATION));
        return ways;
    }

    private static Postgres postgres;

    @Parameter
    Way way;

    @TempDir
    Path folder;

    @RegisterExtension
    final LogWatch log = new LogWatch();

    private OrdersApplication application;
    private HttpServer server;
    private HttpClient client;

    @BeforeAll
    static void startDatabase() throws Exception {
        postgres = Postgres.start();
    }

    @AfterAll
    static void stopDatabase() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void start() throws Exception {
        if (way.postgres) {
            try (Connection connection = postgres.connect("");
                    Statement statement = connection.createStatement()) {
                statement.execute("drop table if exists order_lines, orders, dishes");
            }
        }
        open(Map.of());
        client = HttpClient.newHttpClient();
    }

    private void open(Map<String, String> more) throws Exception {
        Map<String, String> settings = new HashMap<>(more);
        settings.put("queries", way.queries);
        settings.put("continuation", way.continuation.name().toLowerCase(Locale.ROOT));
        settings.put("data", folder.toString());
        settings.putIfAbsent("connections", "3");
        if (way.postgres) {
            settings.put("database", postgres.url(""));
            settings.put("user", Postgres.USER);
            settings.put("password", Postgres.PASSWORD);
        }
        application = new OrdersApplication();
        server = HttpServer.builder(application.open(Settings.of(settings)))
                .port(0)
                .loops(1)
                .start();
    }

    @AfterEach
    void stop() {
        client.close();
        server.stop(Duration.ofSeconds(5));
        application.close();
    }

    private URI uri(String path) {
        return URI.create("http://localhost:" + ((InetSocketAddress) server.address()).getPort() + path);
    }

    private HttpResponse<String> get(String path) throws Exception {
        return client.send(
                HttpRequest.newBuilder(uri(path)).build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
    }

    private HttpRequest order(String json) {
        return HttpRequest.newBuilder(uri("/orders"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json))
                .build();
    }

    private HttpResponse<String> post(String json) throws Exception {
        return client.send(order(json), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
    }

    private static JsonNode json(HttpResponse<String> response) {
        return Json.tree(response.body().getBytes(StandardCharsets.UTF_8));
    }

    private static final String DINNER = """
            {"customer": "<b>마루</b>", "lines": [{"dish": "soup", "portions": 2}, {"dish": "밥", "portions": 1}]}""";

    @Test
    void anOrderIsPlacedAndFoundAgain() throws Exception {
        HttpResponse<String> placed = post(DINNER);
        assertEquals(201, placed.statusCode(), placed.body());
        String place = placed.headers().firstValue("Location").orElseThrow();
        JsonNode receipt = json(placed);
        assertEquals(1050, receipt.get("totalCents").intValue());
        JsonNode found = json(get(place));
        assertEquals("<b>마루</b>", found.get("customer").stringValue());
        assertEquals(2, found.get("positions").size());
        JsonNode all = json(get("/orders"));
        assertEquals(1, all.get("all").intValue());
        JsonNode dishes = json(get("/dishes"));
        assertTrue(dishes.valueStream()
                .anyMatch(dish -> dish.get("english").stringValue().equals("soup")
                        && dish.get("stock").intValue() == 999_998));
        assertEquals(2, json(get("/sold")).get("국").intValue());
        assertEquals(404, get("/orders/99").statusCode());
        assertEquals(404, get("/orders/soup").statusCode());
    }

    @Test
    void everythingThatIsWrongIsSaidAtOnce() throws Exception {
        HttpResponse<String> refused = post("""
                {"customer": "", "tip": 1, "lines": [{"dish": "stone", "portions": 1}, {"dish": "rice", "portions": 0.5}]}""");
        assertEquals(422, refused.statusCode());
        assertEquals(
                "application/problem+json",
                refused.headers().firstValue("Content-Type").orElseThrow());
        List<String> pointers = json(refused)
                .get("errors")
                .valueStream()
                .map(error -> error.get("pointer").stringValue())
                .sorted()
                .toList();
        assertEquals(List.of("#/customer", "#/lines/0/dish", "#/lines/1/portions", "#/tip"), pointers);
        for (String broken : List.of("", "{", "{\"customer\": 1, \"customer\": 2}", "[".repeat(2000), "nul")) {
            HttpResponse<String> answer = post(broken);
            assertEquals(400, answer.statusCode(), broken + " → " + answer.body());
        }
        assertEquals(422, post("[]").statusCode());
        assertEquals(413, post("\"" + "x".repeat(70_000) + "\"").statusCode());
        HttpRequest noJson = HttpRequest.newBuilder(uri("/orders"))
                .POST(HttpRequest.BodyPublishers.ofString(DINNER))
                .build();
        assertEquals(
                415, client.send(noJson, HttpResponse.BodyHandlers.discarding()).statusCode());
        assertEquals(0, json(get("/orders")).get("all").intValue());
    }

    @Test
    void whatIsSoldOutIsNotHalfOrdered() throws Exception {
        String cake = "{\"customer\": \"a\", \"lines\": [{\"dish\": \"rice\", \"portions\": 1},"
                + " {\"dish\": \"rice cake\", \"portions\": 7}]}";
        assertEquals(201, post(cake).statusCode());
        HttpResponse<String> refused = post(cake);
        assertEquals(409, refused.statusCode());
        assertEquals("/problems/sold-out", json(refused).get("type").stringValue());
        assertEquals(1, json(get("/orders")).get("all").intValue());
        assertTrue(json(get("/dishes"))
                .valueStream()
                .anyMatch(dish -> dish.get("english").stringValue().equals("rice")
                        && dish.get("stock").intValue() == 999_999));
    }

    @Test
    void manyOrdersAtOnceAddUp() throws Exception {
        assertEquals(201, post(DINNER).statusCode());
        if (way.queries.equals("loop")) { // on the server's loop, and on the one that prepared the tables
            until(
                    "all connections are made",
                    () -> json(get("/status")).get("connections").intValue() == 5);
        }
        orderAtOnce(20); // loads classes, on the loop and on database threads at once
        long hops = server.loops().stream().mapToLong(LoopStatus::hops).sum();
        orderAtOnce(100);
        assertEquals(2 * 121, json(get("/sold")).get("국").intValue());
        assertEquals(121, json(get("/orders")).get("all").intValue());
        assertEquals(hops, server.loops().stream().mapToLong(LoopStatus::hops).sum());
    }

    private void orderAtOnce(int orders) throws Exception {
        List<CompletableFuture<HttpResponse<String>>> all = new ArrayList<>();
        for (int i = 0; i < orders; i++) {
            all.add(client.sendAsync(order(DINNER), HttpResponse.BodyHandlers.ofString()));
        }
        for (CompletableFuture<HttpResponse<String>> each : all) {
            assertEquals(201, each.get(60, TimeUnit.SECONDS).statusCode());
        }
    }

    @Test
    void thePageNeedsNobodyElse() throws Exception {
        HttpResponse<String> page = get("/");
        assertEquals(200, page.statusCode());
        assertFalse(page.body().contains("http://") || page.body().contains("https://"));
        assertFalse(get("/orders.js").body().contains("innerHTML"));
        assertEquals(200, get("/orders.css").statusCode());
        assertNotNull(page.headers().firstValue("Content-Security-Policy").orElse(null));
    }

    /** It asks, and does not stay for the answer: its order is placed whole or not at all, and the pool is whole. */
    @Test
    void aClientThatVanishesLeavesNothingHalfDone() throws Exception {
        byte[] body = DINNER.getBytes(StandardCharsets.UTF_8);
        byte[] head = ("POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
                        + body.length + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < 40; i++) {
            try (Socket socket = new Socket("localhost", uri("/").getPort())) {
                OutputStream out = socket.getOutputStream();
                out.write(head);
                out.write(body, 0, i % 2 == 0 ? body.length : body.length / 2);
                out.flush();
                socket.setSoLinger(true, 0); // a reset, not a goodbye
            }
        }
        assertEquals(201, post(DINNER).statusCode());
        // The last of them may not even have been accepted when the first are done: it is looked at until all is.
        int[] orders = new int[1];
        until("each order has taken two portions, and all connections are back", () -> {
            orders[0] = json(get("/orders")).get("all").intValue();
            JsonNode status = json(get("/status"));
            return status.get("inUse").intValue() == 0
                    && status.get("waiting").intValue() == 0
                    && 1_000_000 - stockOfSoup() == 2 * orders[0];
        });
        assertTrue(orders[0] >= 1 && orders[0] <= 21, orders[0] + " orders");
    }

    private int stockOfSoup() throws Exception {
        return json(get("/dishes"))
                .valueStream()
                .filter(dish -> dish.get("english").stringValue().equals("soup"))
                .findFirst()
                .orElseThrow()
                .get("stock")
                .intValue();
    }

    /** Its statement waits for a lock; nobody but itself would ever end it while the lock is held. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aStatementEndsWithTheClientThatAskedForIt(boolean reset) throws Exception {
        if (way.continuation == Continuation.SYNCHRONOUS || !way.postgres && !reset) {
            return; // there the main thread waits, and cannot look after clients; and H2 is slow to hear: once is
            // enough
        }
        assertEquals(201, post(DINNER).statusCode());
        try (Connection other = way.postgres ? postgres.connect("") : h2();
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("update dishes set stock = stock where english = 'soup'");
            byte[] request = ("POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
                            + DINNER.getBytes(StandardCharsets.UTF_8).length + "\r\n\r\n" + DINNER)
                    .getBytes(StandardCharsets.UTF_8);
            try (Socket socket = new Socket("localhost", uri("/").getPort())) {
                socket.getOutputStream().write(request);
                until("it asks", () -> json(get("/status")).get("inUse").intValue() == 1);
                if (reset) {
                    socket.setSoLinger(true, 0);
                }
            }
            until(
                    "its statement is cancelled",
                    () -> json(get("/status")).get("inUse").intValue() == 0);
            other.rollback();
        }
        assertEquals(1, json(get("/orders")).get("all").intValue(), "it was rolled back");
        assertEquals(201, post(DINNER).statusCode());
    }

    /** A second connection to the files of the service, which is in this JVM. */
    private Connection h2() throws Exception {
        return DriverManager.getConnection("jdbc:h2:file:" + folder.resolve("orders"));
    }

    @Test
    void whatWasOrderedIsStillThereAfterARestart() throws Exception {
        assertEquals(201, post(DINNER).statusCode());
        server.stop(Duration.ofSeconds(5));
        application.close();
        open(Map.of());
        assertEquals(1, json(get("/orders")).get("all").intValue());
    }

    /** One connection, which somebody keeps; room for one to wait. */
    @Test
    void tooManyAreAskedToComeBackLater() throws Exception {
        if (!way.postgres || way.continuation == Continuation.SYNCHRONOUS) {
            return; // synchronous: the main thread waits, so nobody else can even ask
        }
        server.stop(Duration.ofSeconds(5));
        application.close();
        open(Map.of("connections", "1", "waiting", "1", "wait-millis", "20000"));
        assertEquals(200, get("/orders").statusCode());
        List<CompletableFuture<HttpResponse<String>>> waiting = new ArrayList<>();
        try (Connection other = postgres.connect("");
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("lock table orders");
            waiting.add(client.sendAsync(order(DINNER), HttpResponse.BodyHandlers.ofString()));
            until("one asks", () -> json(get("/status")).get("inUse").intValue() == 1);
            waiting.add(client.sendAsync(order(DINNER), HttpResponse.BodyHandlers.ofString()));
            until("one waits", () -> json(get("/status")).get("waiting").intValue() == 1);
            HttpResponse<String> refused = post(DINNER);
            assertEquals(503, refused.statusCode(), refused.body());
            assertTrue(
                    Integer.parseInt(refused.headers().firstValue("Retry-After").orElseThrow()) >= 1);
            other.rollback();
        }
        for (CompletableFuture<HttpResponse<String>> each : waiting) {
            assertEquals(201, each.get(60, TimeUnit.SECONDS).statusCode());
        }
    }

    @Test
    void settingsThatMakeNoSenseAreRefused() {
        assertThrows(
                SettingException.class,
                () -> new OrdersApplication().open(Settings.of(Map.of("continuation", "tomorrow"))));
        assertThrows(
                SettingException.class,
                () -> new OrdersApplication().open(Settings.of(Map.of("continuation", "callback", "queries", "loop"))));
        SettingException h2 = assertThrows(
                SettingException.class, () -> new OrdersApplication().open(Settings.of(Map.of("queries", "loop"))));
        assertTrue(h2.getMessage().contains("cannot run on loops"), h2.getMessage());
    }

    @FunctionalInterface
    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void until(String what, Condition condition) throws Exception {
        long begin = System.nanoTime();
        while (!condition.holds()) {
            if (System.nanoTime() - begin > 60_000_000_000L) {
                throw new AssertionError("waited in vain until " + what);
            }
            LockSupport.parkNanos(2_000_000);
        }
    }

    /** What {@code --help} lists is what may be set: the refusal of a name that means nothing tells all that were asked for. */
    @Test
    void whatItTellsOfIsWhatItAsksFor() {
        String refusal = assertThrows(
                        ApplicationException.class,
                        () -> new ApplicationChoice(
                                        OrdersApplication.class.getName(),
                                        List.of(),
                                        Map.of("data", folder.toString(), "nothing", "1"))
                                .open())
                .getMessage();
        String told = new OrdersApplication()
                .settings().stream().map(Setting::name).sorted().collect(Collectors.joining(", "));
        assertTrue(refusal.endsWith("it has " + told), refusal + " but it tells of " + told);
    }
}
