package dev.pumasi.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.HttpLimits;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.LoopStatus;
import dev.pumasi.runtime.Offload;
import dev.pumasi.testkit.Eventually;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LoadedClasses;
import dev.pumasi.testkit.LogWatch;
import java.io.EOFException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.Parameter;

/** Viewers that are slow cost nobody anything. */
@OnEachDriver
@ExtendWith({LoadedClasses.class, LeakWatch.class, LogWatch.class})
@Timeout(value = 180, unit = TimeUnit.SECONDS)
final class ViewersTest {

    /** More than the kernel keeps for a client that does not read. */
    private static final int LARGE = 16 << 20;

    /** A hundred frames of 256 KiB, each an own one, would be 25 MiB; a queue of 32 for each, 800 MiB. */
    private static final long HELD_BYTES_MAX = 64L << 20;

    @Parameter(0)
    String driver;

    /** How many it was told that look, at most, and how often that nobody does any more. */
    private static final class Counting implements Viewers.Look {
        final AtomicInteger most = new AtomicInteger();
        final AtomicInteger overs = new AtomicInteger();
        private final byte[] frame = "1".getBytes(StandardCharsets.US_ASCII);

        @Override
        public byte[] frame(int count) {
            most.accumulateAndGet(count, Math::max);
            return frame;
        }

        @Override
        public byte[] threads() {
            return frame;
        }

        @Override
        public void over() {
            overs.incrementAndGet();
        }
    }

    private static Response stream(Viewers viewers, Request request) {
        boolean threads = request.queryParameter("threads").isPresent();
        return viewers.join(request, request.queryParameter("page").orElse(""), threads)
                .orElse(Response.of(503));
    }

    @Test
    void aHundredWhoDoNotReadHoldNoMoreThanAFrameEach() throws Exception {
        int frameBytes = 256 << 10;
        int count = 100;
        AtomicInteger looks = new AtomicInteger();
        try (LoopGroup loops = LoopGroup.start("viewers", 1, driver);
                Offload pool = Offload.open(2, 8)) {
            Viewers viewers = new Viewers(loops.next(), pool, count, Duration.ofMillis(10), new Viewers.Look() {
                @Override
                public byte[] frame(int of) {
                    looks.incrementAndGet();
                    return "x".repeat(frameBytes).getBytes(StandardCharsets.US_ASCII);
                }

                @Override
                public byte[] threads() {
                    return new byte[0];
                }

                @Override
                public void over() {}
            });
            List<Ask> deaf = new ArrayList<>();
            try (HttpServer server = HttpServer.builder(request -> stream(viewers, request))
                    .on(loops.loops())
                    .port(0)
                    .start()) {
                long before = heapBytesAfterCollecting();
                for (int i = 0; i < count; i++) {
                    deaf.add(Ask.stream(server.port(), "/"));
                }
                Eventually.is("all of them to be viewers", () -> viewers.count() == count);
                int from = looks.get();
                Eventually.is("thirty-two frames more", () -> looks.get() >= from + 32);
                long grown = heapBytesAfterCollecting() - before;
                assertTrue(grown < HELD_BYTES_MAX, () -> "a hundred viewers hold " + (grown >> 20) + " MiB");
                assertEquals(count, viewers.count(), "nobody was cut off meanwhile");
                assertEquals(503, Ask.get(server.port(), "/").status(), "and there is no place for one more");
            } finally {
                viewers.close();
                for (Ask each : deaf) {
                    each.close();
                }
            }
        }
    }

    private static long heapBytesAfterCollecting() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    @Test
    void whoDoesNotReadMissesFramesAndIsCutOffAtLast() throws Exception {
        AtomicInteger looks = new AtomicInteger();
        AtomicInteger overs = new AtomicInteger();
        byte[] large = "x".repeat(LARGE).getBytes(StandardCharsets.US_ASCII);
        byte[] small = "1".getBytes(StandardCharsets.US_ASCII);
        try (LoopGroup loops = LoopGroup.start("viewers", 1, driver);
                Offload pool = Offload.open(2, 8)) {
            Viewers viewers = new Viewers(loops.next(), pool, 3, Duration.ofMillis(20), new Viewers.Look() {
                @Override
                public byte[] frame(int count) {
                    looks.incrementAndGet();
                    return small;
                }

                @Override
                public byte[] threads() {
                    return large;
                }

                @Override
                public void over() {
                    overs.incrementAndGet();
                }
            });
            try (HttpServer server = HttpServer.builder(request -> stream(viewers, request))
                    .on(loops.loops())
                    .limits(HttpLimits.builder().writeTimeoutMillis(2_000).build())
                    .port(0)
                    .start()) {
                Ask deaf;
                try (Ask other = Ask.stream(server.port(), "/")) {
                    other.head();
                    other.event("frame");
                    deaf = Ask.stream(server.port(), "/?threads=1"); // last: from now on its time runs
                    deaf.head();
                    assertEquals(2, viewers.count());
                    int before = looks.get();
                    Eventually.is("frames to go on for the others", () -> {
                        assertEquals("1", other.event("frame"));
                        return looks.get() >= before + 4;
                    });
                    Eventually.is("the deaf one to be cut off", () -> viewers.count() == 1);
                    assertEquals("1", other.event("frame"));
                }
                Eventually.is("nobody to look", () -> viewers.count() == 0);
                Eventually.is("the looking to end", () -> overs.get() > 0);
                int last = looks.get();
                deaf.close();
                LoopStatus status = loops.loops().getFirst().status();
                assertEquals(0, status.hops());
                try (Ask again = Ask.stream(server.port(), "/")) {
                    again.head();
                    assertEquals("1", again.event("frame"));
                    assertTrue(looks.get() > last);
                }
                viewers.close();
            }
        }
    }

    /** As who leafs through the page faster than it is answered. */
    @Test
    void aPageThatAsksAgainAndAgainIsOneViewer() throws Exception {
        Counting counting = new Counting();
        try (LoopGroup loops = LoopGroup.start("viewers", 1, driver);
                Offload pool = Offload.open(2, 8)) {
            Viewers viewers = new Viewers(loops.next(), pool, 1, Duration.ofMillis(1), counting);
            try (HttpServer server = HttpServer.builder(request -> stream(viewers, request))
                    .on(loops.loops())
                    .port(0)
                    .start()) {
                for (int i = 0; i < 60; i++) {
                    Ask.stream(server.port(), "/?page=one").close();
                }
                try (Ask last = Ask.stream(server.port(), "/?page=one")) {
                    assertEquals(200, last.head().status());
                    last.event("frame");
                }
                Eventually.is("nobody to look", () -> viewers.count() == 0);
                int before = counting.overs.get();
                try (Ask again = Ask.stream(server.port(), "/?page=one")) {
                    again.head();
                    again.event("frame");
                }
                Eventually.is("the looking to end, so nobody was left behind", () -> counting.overs.get() > before);
                assertEquals(1, counting.most.get(), "never counted twice");
                viewers.close();
            }
        }
    }

    @Test
    void aPageThatAsksAnewTakesItsOwnPlace() throws Exception {
        Counting counting = new Counting();
        try (LoopGroup loops = LoopGroup.start("viewers", 1, driver);
                Offload pool = Offload.open(2, 8)) {
            Viewers viewers = new Viewers(loops.next(), pool, 1, Duration.ofMillis(5), counting);
            try (HttpServer server = HttpServer.builder(request -> stream(viewers, request))
                            .on(loops.loops())
                            .port(0)
                            .start();
                    Ask first = Ask.stream(server.port(), "/?page=one")) {
                first.head();
                first.event("frame");
                assertEquals(503, Ask.get(server.port(), "/").status(), "no place for another");
                assertEquals(503, Ask.get(server.port(), "/?page=two").status(), "nor for a page of another name");
                try (Ask second = Ask.stream(server.port(), "/?page=one&threads=1")) {
                    assertEquals(200, second.head().status());
                    second.event("threads");
                    assertThrows(EOFException.class, () -> first.event("threads"), "the old stream is over");
                    second.event("frame");
                    assertEquals(1, viewers.count());
                    try (Ask third = Ask.stream(server.port(), "/?page=one")) {
                        third.head();
                        third.event("frame");
                        assertEquals(0, counting.overs.get(), "somebody has looked all the time");
                    }
                }
                Eventually.is("nobody to look", () -> viewers.count() == 0 && counting.overs.get() == 1);
                assertEquals(1, counting.most.get(), "never counted twice");
                assertEquals(0, loops.loops().getFirst().status().hops());
                viewers.close();
            }
        }
    }
}
