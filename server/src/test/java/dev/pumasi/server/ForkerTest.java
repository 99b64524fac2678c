package dev.pumasi.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A process for each connection, real ones. */
@ExtendWith({LeakWatch.class, LogWatch.class})
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class ForkerTest {

    private final List<String> told = Collections.synchronizedList(new ArrayList<>());
    private final AtomicReference<Map<String, String>> settings = new AtomicReference<>(Map.of());

    private Forker start(int most) throws Exception {
        return Forker.start(
                new InetSocketAddress("127.0.0.1", 0),
                () -> WorkerPlan.of(most, SupervisorTest.java(Forked.class), SupervisorTest.trial(settings.get())),
                told::add);
    }

    @Test
    void eachConnectionHasAProcessOfItsOwnForAsLongAsItLives() throws Exception {
        try (Forker forker = start(4);
                Asker one = new Asker(forker.port());
                Asker other = new Asker(forker.port())) {
            String pid = one.get("/pid").body();
            assertEquals(pid, one.get("/pid").body());
            assertEquals("a body", one.post("/echo", "a body").body());
            assertNotEquals(pid, other.get("/pid").body());
            one.close();
            SupervisorTest.until(
                    "its process has ended",
                    () -> ProcessHandle.of(Long.parseLong(pid)).isEmpty());
            assertEquals("home", other.get("/").body());
            assertEquals(2, forker.connections());
        }
        assertEquals(List.of(), told);
    }

    @Test
    void whoIsOneTooManyWaitsUntilAProcessEnds() throws Exception {
        try (Forker forker = start(1);
                Asker first = new Asker(forker.port());
                Asker second = new Asker(forker.port())) {
            String pid = first.get("/pid").body();
            CompletableFuture<Asker.Answer> waits = CompletableFuture.supplyAsync(() -> second.getUnchecked("/pid"));
            assertEquals(pid, first.get("/pid").body());
            assertEquals(1, forker.connections());
            first.close();
            assertNotEquals(pid, waits.get(60, TimeUnit.SECONDS).body());
        }
    }

    /** Here nothing that a handler does is felt by anybody else. */
    @ParameterizedTest
    @ValueSource(strings = {"/exit", "/halt", "/memory", "/recurse"})
    void whatAHandlerDoesToItsProcessNobodyElseNotices(String target) throws Exception {
        try (Forker forker = start(4);
                Asker victim = new Asker(forker.port());
                Asker other = new Asker(forker.port())) {
            assertEquals("home", other.get("/").body());
            if (target.equals("/recurse")) {
                assertEquals(500, victim.get(target).status());
            } else {
                assertThrows(IOException.class, () -> victim.get(target));
                SupervisorTest.until("it is told", () -> !told.isEmpty());
            }
            assertEquals("home", other.get("/").body());
            try (Asker third = new Asker(forker.port())) {
                assertEquals("home", third.get("/").body());
            }
        }
    }

    @Test
    void aPlanIsTriedBeforeItIsTaken() throws Exception {
        try (Forker forker = start(4)) {
            settings.set(Map.of("start", "refuse"));
            assertTrue(assertInstanceOf(
                            ReloadOutcome.Refused.class, forker.reload().get())
                    .why()
                    .contains("no database today"));
            settings.set(Map.of("start", "broken"));
            assertTrue(assertInstanceOf(
                            ReloadOutcome.Refused.class, forker.reload().get())
                    .why()
                    .contains("with 5xx"));
            try (Asker asker = new Asker(forker.port())) {
                assertEquals("1", asker.get("/version").body());
            }
            settings.set(Map.of("version", "2"));
            assertInstanceOf(ReloadOutcome.Taken.class, forker.reload().get());
            try (Asker asker = new Asker(forker.port())) {
                assertEquals("2", asker.get("/version").body());
            }
        }
        settings.set(Map.of("start", "die"));
        assertTrue(assertThrows(SupervisorException.class, () -> start(1))
                .getMessage()
                .contains("exit status 9"));
    }

    @Test
    void aStopLetsARequestInProgressBeAnswered(@TempDir Path folder) throws Exception {
        try (Forker forker = start(1);
                Asker busy = new Asker(forker.port())) {
            String pid = busy.get("/pid").body();
            Path begun = folder.resolve("begun");
            CompletableFuture<Asker.Answer> slow =
                    CompletableFuture.supplyAsync(() -> busy.lastUnchecked("/slow?" + begun));
            SupervisorTest.until("its request is there", () -> Files.exists(begun));
            forker.stop(Duration.ofSeconds(60));
            assertEquals(pid, slow.get().body());
            forker.awaitEnd();
        }
    }
}
