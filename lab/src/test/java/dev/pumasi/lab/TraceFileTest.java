package dev.pumasi.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Offload;
import dev.pumasi.runtime.Recording;
import dev.pumasi.runtime.ThreadDump;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LoadedClasses;
import dev.pumasi.testkit.LogWatch;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A trace of a real server under load, read back: it is JSON, it has the events that Perfetto asks for, and on each lane they
 * are nested or apart.
 */
@OnEachDriver
@ExtendWith({LoadedClasses.class, LeakWatch.class, LogWatch.class})
final class TraceFileTest {

    private static final int REQUESTS = 40;
    private static final double ROUNDING_MICROS = 0.002;

    private final String driver;

    TraceFileTest(String driver) {
        this.driver = driver;
    }

    private record Slice(double from, double to, String name) {}

    @Test
    void a_server_under_load_comes_to_a_trace_that_can_be_loaded() throws Exception {
        Timeline timeline = recorded();
        Map<String, Object> trace =
                JsonReader.object(JsonReader.parse(TraceFile.json(timeline, "a \"server\"\n", 4711)));
        assertEquals(Set.of("displayTimeUnit", "traceEvents"), trace.keySet());
        Map<Double, String> lanes = new TreeMap<>();
        Map<Double, List<Slice>> slices = new HashMap<>();
        Set<String> names = new HashSet<>();
        for (Object each : JsonReader.array(trace.get("traceEvents"))) {
            Map<String, Object> event = JsonReader.object(each);
            assertEquals(4711.0, event.get("pid"));
            double tid = (double) event.get("tid");
            String name = (String) event.get("name");
            switch ((String) event.get("ph")) {
                case "M" -> {
                    if (name.equals("thread_name")) {
                        lanes.put(tid, (String)
                                JsonReader.object(event.get("args")).get("name"));
                    }
                }
                case "X" -> {
                    double from = (double) event.get("ts");
                    double micros = (double) event.get("dur");
                    assertTrue(from >= 0 && micros > 0, event.toString());
                    assertTrue(lanes.containsKey(tid), () -> "no lane for " + event);
                    slices.computeIfAbsent(tid, _ -> new ArrayList<>()).add(new Slice(from, from + micros, name));
                    names.add(name);
                }
                default -> throw new AssertionError("an event of another kind: " + event);
            }
        }
        slices.forEach((tid, lane) -> assertNested(lanes.get(tid), lane));
        assertTrue(names.contains("turn"), names.toString());
        assertTrue(names.contains("kernel, may wait"), names.toString());
        assertEquals(2 * REQUESTS, count(timeline, Timeline.Kind.SPAN));
        if (Loop.greenThreadsRunOnLoop()) {
            assertTrue(names.contains("waits: Offload.Work"), names.toString());
            assertTrue(names.stream().anyMatch(name -> name.startsWith("green thread #")), names.toString());
        }
        assertEquals(REQUESTS, count(timeline, Timeline.Kind.POOL_THREAD));
    }

    private static long count(Timeline timeline, Timeline.Kind kind) {
        return timeline.lanes().stream()
                .filter(lane -> lane.kind() == kind)
                .mapToLong(lane -> lane.spans().size())
                .sum();
    }

    /** Perfetto drops a slice that begins in one and ends outside of it. */
    private static void assertNested(String lane, List<Slice> slices) {
        slices.sort((one, other) ->
                one.from != other.from ? Double.compare(one.from, other.from) : Double.compare(other.to, one.to));
        ArrayDeque<Slice> open = new ArrayDeque<>();
        for (Slice slice : slices) {
            while (!open.isEmpty() && open.peek().to <= slice.from + ROUNDING_MICROS) {
                open.pop();
            }
            assertTrue(
                    open.isEmpty() || slice.to <= open.peek().to + ROUNDING_MICROS,
                    () -> lane + ": " + slice + " is neither in nor after " + open.peek());
            open.push(slice);
        }
    }

    /** Requests of which half hand work to a pool, and one connection at a time asks. */
    private Timeline recorded() throws Exception {
        try (Offload pool = Offload.open(2, 100);
                LoopGroup loops = LoopGroup.start("traced", 2, driver);
                HttpServer server = HttpServer.builder(Router.builder()
                                .get("/", Handler.nonBlocking(_ -> Response.text("hello")))
                                .get("/work", (Handler) request -> Response.text(pool.submit(
                                                request.loop(),
                                                () -> Integer.toString(
                                                        Thread.currentThread().hashCode()))
                                        .await()))
                                .build())
                        .address(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                        .on(loops.loops())
                        .start()) {
            // The first request of its kind loads classes, and two loops that load the same one wait for each other in
            // the JVM.
            load(server.port(), "/");
            load(server.port(), "/work");
            List<Long> hops = hops(loops);
            try (Recording recording = Recording.start(loops.loops(), Recording.EVENTS_DEFAULT)) {
                load(server.port(), "/");
                load(server.port(), "/work");
                Timeline timeline = Timeline.of(recording.take());
                assertEquals(0, recording.lost());
                assertEquals(
                        hops, hops(loops), () -> ThreadDump.of(loops.loops()).toString());
                return timeline;
            }
        }
    }

    private static List<Long> hops(LoopGroup loops) {
        return loops.loops().stream()
                .map(loop -> Loop.greenThreadsRunOnLoop() ? loop.status().hops() : 0)
                .toList();
    }

    private void load(int port, String path) throws Exception {
        LoadPlan plan = LoadPlan.to(LoadTarget.of("http://127.0.0.1:" + port + path, false))
                .driver(driver)
                .connections(4)
                .warmup(Duration.ZERO)
                .requests(REQUESTS)
                .build();
        try (Load load = Load.open(plan)) {
            assertEquals(REQUESTS, load.await(_ -> {}).answered());
        }
    }

    @Test
    void words_are_escaped() {
        JsonWriter json = new JsonWriter();
        json.beginArray();
        json.value("a\"b\\c\nd\te\u0001f 품앗이 \ud83d\ude00 \ud83d");
        json.value(Double.NaN);
        json.value(-0.5);
        json.value(1e300);
        json.value(Long.MIN_VALUE);
        json.endArray();
        List<Object> read = JsonReader.array(JsonReader.parse(json.toString()));
        assertEquals("a\"b\\c\nd\te\u0001f 품앗이 \ud83d\ude00 \ud83d", read.get(0));
        assertEquals(-0.5, read.get(2));
        assertEquals(1e300, read.get(3));
    }
}
