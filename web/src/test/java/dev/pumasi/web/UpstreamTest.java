package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.Origin;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.driver.Clock;
import dev.pumasi.runtime.driver.Drivers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who is chosen, and who is left alone: in a time of the test's own. */
final class UpstreamTest {

    private static final class Time implements Clock {
        private long nanos = 1_000;

        void pass(Duration time) {
            nanos += time.toNanos();
        }

        @Override
        public long nanoTime() {
            return nanos;
        }

        @Override
        public long currentTimeMillis() {
            return nanos / 1_000_000;
        }
    }

    private final Time time = new Time();
    private Loop loop;

    @BeforeEach
    void open() {
        loop = Loop.open("hand", Drivers.choose(Drivers.AUTO).factory());
    }

    @AfterEach
    void close() {
        loop.close();
    }

    private Upstream.Builder builder(int... weights) {
        Upstream.Builder builder = Upstream.builder("soup").clock(time);
        for (int i = 0; i < weights.length; i++) {
            builder.server(Origin.of("s" + i, 80), weights[i]);
        }
        return builder;
    }

    private String choose(Upstream upstream, int count) {
        StringBuilder chosen = new StringBuilder();
        for (int i = 0; i < count; i++) {
            UpstreamServer server = upstream.choose(loop, "", List.of());
            chosen.append(server == null ? "-" : server.origin().host().substring(1));
        }
        return chosen.toString();
    }

    @Test
    void inTurnsByWeightAndEvenlySpread() {
        assertEquals("012012012", choose(builder(1, 1, 1).build(), 9));
        assertEquals("0010200" + "0010200", choose(builder(5, 1, 1).build(), 14));
    }

    @Test
    void thoseThatWereTriedAreNotTriedAgain() {
        Upstream upstream = builder(1, 1, 1).build();
        List<UpstreamServer> tried = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            UpstreamServer server = Objects.requireNonNull(upstream.choose(loop, "", tried));
            assertTrue(!tried.contains(server));
            tried.add(server);
        }
        assertEquals(null, upstream.choose(loop, "", tried));
    }

    @Test
    void whoHasLeastToDoForItsWeight() {
        Upstream upstream =
                builder(1, 3).policy(Upstream.Policy.LEAST_CONNECTIONS).build();
        int[] count = new int[2];
        for (int i = 0; i < 8; i++) {
            UpstreamServer server = Objects.requireNonNull(upstream.choose(loop, "", List.of()));
            server.begin();
            count[server.origin().host().equals("s0") ? 0 : 1]++;
        }
        assertEquals("2 6", count[0] + " " + count[1]);
        for (int i = 0; i < 6; i++) {
            upstream.servers().get(1).end();
        }
        assertEquals("111", choose(upstream, 3));
    }

    @Test
    void equalKeysMeetTheSameServerAndMostStillDoWhenOneIsGone() {
        Upstream upstream = builder(1, 1, 1, 1).policy(Upstream.Policy.HASH).build();
        Map<String, UpstreamServer> before = new HashMap<>();
        Map<UpstreamServer, Integer> share = new HashMap<>();
        for (int i = 0; i < 10_000; i++) {
            UpstreamServer server = Objects.requireNonNull(upstream.choose(loop, "key" + i, List.of()));
            before.put("key" + i, server);
            share.merge(server, 1, Integer::sum);
        }
        assertTrue(share.values().stream().allMatch(n -> n > 1_500 && n < 3_500), share.toString());
        UpstreamServer gone = upstream.servers().get(2);
        gone.drain(true);
        before.forEach((key, server) -> {
            UpstreamServer now = upstream.choose(loop, key, List.of());
            if (server == gone) {
                assertNotEquals(gone, now);
            } else {
                assertEquals(server, now, key);
            }
        });
    }

    @Test
    void whoFailsTooOftenIsLeftAloneForAWhile() {
        Upstream upstream = builder(1, 1).ejectAfter(3, Duration.ofSeconds(10)).build();
        UpstreamServer first = upstream.servers().getFirst();
        first.failed();
        first.failed();
        first.succeeded();
        first.failed();
        first.failed();
        assertTrue(first.isUsable(), "a success between wipes the slate clean");
        time.pass(Duration.ofSeconds(11));
        first.failed();
        assertTrue(first.isUsable(), "old failures do not count");
        first.failed();
        first.failed();
        assertTrue(first.isEjected());
        assertEquals("1111", choose(upstream, 4));
        time.pass(Duration.ofSeconds(10));
        assertTrue(first.isUsable());
        first.failed();
        assertTrue(first.isEjected(), "it is not given all its chances again");
        time.pass(Duration.ofSeconds(10));
        first.succeeded();
        first.failed();
        assertTrue(first.isUsable());
    }

    @Test
    void ifBadLuckHasEjectedAllTheyAreAllUsed() {
        Upstream upstream = builder(1, 1).build();
        upstream.servers().forEach(UpstreamServer::failed);
        assertTrue(upstream.servers().stream().allMatch(UpstreamServer::isEjected));
        assertEquals("0101", choose(upstream, 4));
        upstream.servers().get(0).drain(true);
        assertEquals("11", choose(upstream, 2));
        upstream.servers().get(1).drain(true);
        assertEquals("-", choose(upstream, 1));
    }

    @Test
    void whoComesBackGetsASmallShareFirst() {
        Upstream upstream = builder(1, 1)
                .slowStart(Duration.ofSeconds(10))
                .ejectAfter(1, Duration.ofSeconds(1))
                .build();
        UpstreamServer first = upstream.servers().getFirst();
        first.failed();
        time.pass(Duration.ofSeconds(1));
        first.succeeded();
        assertEquals(1, first.effectiveWeight());
        time.pass(Duration.ofSeconds(2));
        assertEquals(200, first.effectiveWeight());
        long share = choose(upstream, 60).chars().filter(c -> c == '0').count();
        assertEquals(10, share, 1);
        time.pass(Duration.ofSeconds(8));
        assertEquals(1_000, first.effectiveWeight());
        assertEquals(30, choose(upstream, 60).chars().filter(c -> c == '0').count(), 1);
    }

    @Test
    void checksTakeServersOutAndBringThemBack() {
        HealthCheck check = HealthCheck.get("/health").after(3, 2);
        UpstreamServer server = builder(1).build().servers().getFirst();
        for (boolean healthy : new boolean[] {false, false, true, false, false}) {
            server.checked(healthy, check);
        }
        assertTrue(server.isUsable(), "never three in a row");
        server.checked(false, check);
        assertTrue(server.isDown());
        server.checked(true, check);
        assertTrue(server.isDown());
        server.checked(true, check);
        assertTrue(server.isUsable());
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> builder().build());
        assertThrows(IllegalArgumentException.class, () -> builder(0));
        assertThrows(IllegalArgumentException.class, () -> Upstream.builder("a").server("b c"));
        assertThrows(IllegalArgumentException.class, () -> HealthCheck.get("health"));
        assertThrows(IllegalArgumentException.class, () -> HealthCheck.get("/").every(Duration.ZERO));
    }
}
