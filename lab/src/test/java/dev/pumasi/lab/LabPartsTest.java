package dev.pumasi.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Response;
import dev.pumasi.testkit.HeldPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What scenarios are made of, one by one and small. The whole is in {@code it}, with the real command. */
final class LabPartsTest {

    private static Bench bench(Duration budget) {
        return new Bench(
                new LabPlan(Path.of("nowhere"), List.of(), Effort.quick(), budget, List.of(), "/", Path.of("none")),
                _ -> {});
    }

    @Test
    void everyScenarioHasANameAQuestionAndItsRows() {
        Set<String> names = new HashSet<>(Lab.names());
        assertEquals(Lab.names().size(), names.size(), "names are told apart");
        assertTrue(names.containsAll(Set.of(
                "models", "io-matrix", "multiplexers", "kitchen", "database", "blocking", "switching", "services")));
        assertEquals(names, Lab.questions().keySet());
        Lab.questions().values().forEach(question -> assertFalse(question.isBlank()));
    }

    @Test
    void aListOfProcessorsIsReadAsTheKernelWritesIt() {
        assertEquals(List.of(0, 1, 2, 3, 8), Processors.numbers("0-3,8"));
        assertEquals(List.of(5), Processors.numbers("5"));
    }

    @Test
    void aNeighbourIsChargedFromWhenItWasDue() throws IOException {
        AtomicInteger asked = new AtomicInteger();
        Handler tick = request -> {
            if (asked.incrementAndGet() == 3) {
                request.loop().sleep(Duration.ofMillis(60)).await();
            }
            return Response.text("tick\n");
        };
        try (HttpServer server = HttpServer.builder(tick)
                .address(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .loops(1)
                .start()) {
            long begin = System.nanoTime();
            List<Neighbour.Asked> all = new Neighbour(server.port(), begin, begin + 10 * Neighbour.PERIOD_NANOS).call();
            assertEquals(10, all.size());
            assertTrue(all.get(2).waitedMillis() >= 60, "the one that the server kept: " + all);
            // It was due 5 ms after the other, which was sent no earlier than it was due itself.
            assertTrue(all.get(3).waitedMillis() >= 55, "and the next, which waited for it: " + all);
            assertTrue(Neighbour.askOnceMillis(server.port(), "/") >= 0);
        }
    }

    @Test
    void idleConnectionsAreOpenUntilTheyAreClosed() throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            try (IdleConnections _ = IdleConnections.open(listener.getLocalPort(), 20)) {
                try (var one = listener.accept()) {
                    assertTrue(one.isConnected());
                }
            }
        }
        try (HeldPort nobody = HeldPort.take()) {
            LabException refused = assertThrows(LabException.class, () -> IdleConnections.open(nobody.number(), 3));
            assertTrue(String.valueOf(refused.getMessage()).contains("of 3 idle connections only 0"));
        }
    }

    @Test
    void connectionsThatDoNotFitIntoThisProcessAreOpenedByHelpers() throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            listener.setSoTimeout(60_000);
            List<Socket> accepted = new ArrayList<>();
            try (IdleConnections _ = IdleConnections.open(listener.getLocalPort(), 25, 10)) {
                for (int i = 0; i < 25; i++) {
                    accepted.add(listener.accept());
                }
            }
            for (Socket socket : accepted) {
                try (socket) {
                    socket.setSoTimeout(60_000);
                    assertThrows(
                            SocketException.class,
                            () -> socket.getInputStream().read(),
                            "each is reset when they are closed");
                }
            }
            LabException tooMany =
                    assertThrows(LabException.class, () -> IdleConnections.open(listener.getLocalPort(), 25, 0));
            assertTrue(String.valueOf(tooMany.getMessage()).contains("only 0 have a place"), tooMany.toString());
        }
    }

    @Test
    void descriptorsAreCountedOfThisProcessAndOfOthers() throws Exception {
        assertTrue(Descriptors.hardLimit().orElseThrow() >= Descriptors.left().orElseThrow());
        try (Child child = Child.start("trial", List.of("sh", "-c", "echo begun; read line"), Map.of())) {
            assertEquals("begun", child.line(30).orElseThrow());
            assertTrue(Descriptors.left(child.handle().pid()).orElseThrow() > 0);
        }
    }

    @Test
    void modelsAreComparedWhereMostWereBusyAndTheBaselineIsSubtracted() {
        Findings findings = new Findings(new ModelsScenario());
        for (int round = 0; round < 4; round++) {
            for (int at : new int[] {1, 128, 1000}) {
                findings.add(ModelsScenario.CPU, "green", at, 5 + round * 0.01);
                findings.add(ModelsScenario.CPU, "event-loop", at, 5.005 + round * 0.01);
                findings.add(ModelsScenario.CPU, "threaded", at, 10 + round);
            }
            findings.add(ModelsScenario.CONNECTION_CPU, "iterative", Double.NaN, 20.0);
            findings.add(ModelsScenario.CONNECTION_CPU, "threaded", Double.NaN, 90.0 + round);
            findings.add(ModelsScenario.CONNECTION_CPU, "forking", Double.NaN, 80_000.0);
        }
        new ModelsPlots(findings, (_, _) -> false).draw(bench(Duration.ofSeconds(60)));
        assertTrue(
                findings.verdicts().stream()
                        .anyMatch(line ->
                                line.contains("128 connections, event-loop against green: no significant difference")),
                findings.verdicts().toString());
        assertTrue(
                findings.verdicts().stream()
                        .anyMatch(line -> line.contains("threaded against green: 2.29 times as much (p = 0.029)")),
                findings.verdicts().toString());
        Plot.Bars cost = (Plot.Bars) findings.plots().stream()
                .filter(Plot.Bars.class::isInstance)
                .findFirst()
                .orElseThrow();
        assertEquals(
                List.of("threaded"), cost.bars().stream().map(Plot.Bar::name).toList());
        assertEquals(71.5, cost.bars().getFirst().spread().median());
        assertTrue(cost.says().contains("at 80 ms"), cost.says());
    }

    @Test
    void whatIsStoppedOrOutOfTimeSaysSo() {
        Bench stopped = bench(Duration.ofSeconds(60));
        stopped.stop();
        assertThrows(StoppedException.class, stopped::goOn);
        StoppedException late = assertThrows(StoppedException.class, bench(Duration.ZERO)::goOn);
        assertTrue(String.valueOf(late.getMessage()).contains("--budget"));
    }

    @Test
    void aFolderThatExistsIsNeverWrittenTo(@TempDir Path folder) {
        Lab lab = new Lab(
                new LabPlan(
                        Path.of("nowhere"), List.of(), Effort.quick(), Duration.ofSeconds(1), List.of(), "/", folder),
                _ -> {});
        LabException refused = assertThrows(LabException.class, lab::run);
        assertTrue(String.valueOf(refused.getMessage()).contains("exists already"));
    }

    @Test
    void aProcessThatSaysNothingMoreIsToldWithItsLastWords() throws Exception {
        try (Child child =
                Child.start("trial", List.of("sh", "-c", "echo begun; echo no port left; exit 3"), Map.of())) {
            assertEquals("begun", child.line(30).orElseThrow());
            assertEquals("no port left", child.line(30).orElseThrow());
            assertTrue(child.line(30).isEmpty());
            child.handle().onExit().join();
            assertEquals(
                    "trial ended with status 3: begun / no port left",
                    child.ended().getMessage());
        }
    }
}
