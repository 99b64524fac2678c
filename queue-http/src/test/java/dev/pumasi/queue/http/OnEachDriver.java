package dev.pumasi.queue.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.http.ClientRequest;
import dev.pumasi.http.ClientResponse;
import dev.pumasi.http.Field;
import dev.pumasi.http.HttpClient;
import dev.pumasi.http.HttpServer;
import dev.pumasi.queue.Handling;
import dev.pumasi.queue.Message;
import dev.pumasi.queue.Queue;
import dev.pumasi.queue.Topic;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs a test class once for each driver: the queue on one loop, the server on another, and a client on a third; afterwards nothing
 * has hopped and nothing is left.
 */
@ParameterizedClass(name = "{0}")
@MethodSource("dev.pumasi.queue.http.OnEachDriver#drivers")
@ExtendWith({LeakWatch.class, LogWatch.class})
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class OnEachDriver {

    /** Who has gone is noticed soon. */
    static final QueueLimits LIMITS = QueueLimits.DEFAULTS.withBeat(Duration.ofMillis(20));

    private static final long DEADLINE_NANOS = 60_000_000_000L;
    private static final long STEP_NANOS = 200_000;

    /** On which drivers everything has been loaded in this JVM. */
    private static final Set<String> WARM = new HashSet<>();

    @Parameter
    String driver;

    @TempDir
    Path folder;

    LoopGroup loops;

    /** The queue's. */
    Loop home;

    /** The client's. */
    Loop away;

    Queue queue;
    QueueHandler face;

    @Nullable
    HttpServer server;

    HttpClient client;

    /** The queue's name in the folder. */
    private String place = "";

    /** Where the server listens, once it has. */
    private int port;

    static List<String> drivers() {
        List<String> missing =
                List.of(System.getProperty("pumasi.drivers.missing", "").split(","));
        return Drivers.names().stream().filter(name -> !missing.contains(name)).toList();
    }

    @BeforeEach
    final void begin() throws Exception {
        if (WARM.add(driver)) {
            open("warm-up");
            try {
                useOnce();
            } finally {
                close();
                loops.close();
            }
        }
        open("queue");
    }

    private void open(String place) throws IOException {
        this.place = place;
        loops = LoopGroup.start("test", 3, driver);
        home = loops.loops().get(0);
        away = loops.loops().get(2);
        client = HttpClient.builder().on(List.of(away)).open();
        queue = Queue.open(home, local());
        serve(builder -> builder);
    }

    /** Loops that load the same classes at once wait for each other in the JVM, and that is a hop, though none of ours. */
    private void useOnce() throws Exception {
        String group = "/topics/warm/groups/g";
        for (int i = 0; i < 2; i++) {
            assertEquals(201, ask("POST", "/topics/warm/messages", "x").status());
            assertEquals(
                    201, ask("POST", "/topics/warm/batch", "{\"text\":\"x\"}\n").status());
            ClientResponse taken = ask("POST", group + "/take?wait=20s");
            String delivery = taken.header("Message-Delivery").orElseThrow();
            assertEquals(
                    200,
                    ask("POST", group + "/deliveries/" + delivery + "/acknowledge")
                            .status());
            ask("POST", group + "/take?max=2&wait=20s").body().text();
        }
        assertEquals(200, ask("GET", "/topics").status());
        try (Queue remote = remote()) {
            for (Queue side : List.of(queue, remote)) {
                Topic topic = side.topic("warm");
                topic.publisher().publish(Message.of("k", "x").withId("i"));
                List<String> seen = new CopyOnWriteArrayList<>();
                try (Handling handling = topic.consumer(side == queue ? "inside" : "remote")
                        .handle(
                                side.loop(),
                                2,
                                delivery -> seen.add(delivery.message().text()))) {
                    eventually("one has come", () -> !seen.isEmpty());
                    handling.close();
                    handling.join();
                }
            }
        }
    }

    /** Begins to serve, on another port each time: on a busy machine one that was given back may be somebody else's. */
    final void serve(UnaryOperator<QueueHandler.Builder> how) throws IOException {
        stopServing();
        face = how.apply(QueueHandler.builder(queue).limits(LIMITS)).open();
        listen(0);
    }

    /** Serves again, where it did. */
    final void serveAgain() {
        face = QueueHandler.builder(queue).open();
        eventually("the port is free again", () -> {
            try {
                listen(port);
                return true;
            } catch (IOException taken) {
                return false;
            }
        });
    }

    private void listen(int on) throws IOException {
        HttpServer started = HttpServer.builder(face)
                .on(List.of(loops.loops().get(1)))
                .port(on)
                .start();
        server = started;
        port = started.port();
    }

    final void stopServing() {
        HttpServer running = server;
        if (running != null) {
            face.close();
            running.stop(Duration.ofSeconds(5));
            server = null;
        }
    }

    /** Closes the queue and opens it again, with the server in front of it. */
    final void restart() throws IOException {
        stopServing();
        queue.close();
        queue = Queue.open(home, local());
        serve(builder -> builder);
    }

    @AfterEach
    final void end() throws IOException {
        try {
            close();
            for (Loop loop : loops.loops()) {
                if (Loop.greenThreadsRunOnLoop()) {
                    assertEquals(0, loop.status().hops(), "hops of " + loop.name());
                }
            }
        } finally {
            loops.close();
        }
    }

    private void close() throws IOException {
        client.close();
        stopServing();
        queue.close();
    }

    /** With small segments: a topic begins with one, filled with zeros. */
    private String local() {
        return "log:" + folder.resolve(place) + "?segment=256k&message=64k";
    }

    final String url() {
        return "http://127.0.0.1:" + port;
    }

    /** A queue as another process would open it. */
    final Queue remote() throws IOException {
        return Queue.open(away, url());
    }

    final ClientResponse ask(String method, String target, String body, Field... fields) throws IOException {
        return client.fetch(
                        away,
                        ClientRequest.of(method, url() + target)
                                .withFields(List.of(fields))
                                .withBody(body.getBytes(StandardCharsets.UTF_8)))
                .await();
    }

    final ClientResponse ask(String method, String target) throws IOException {
        return client.fetch(away, ClientRequest.of(method, url() + target)).await();
    }

    static void eventually(String what, BooleanSupplier condition) {
        long begin = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - begin > DEADLINE_NANOS) {
                throw new AssertionError("waited in vain until " + what);
            }
            LockSupport.parkNanos(STEP_NANOS);
        }
    }
}
