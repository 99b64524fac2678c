package dev.pumasi.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of workers when their supervisor is killed, or replaced: it is a process of its own here. */
@ExtendWith({LeakWatch.class, LogWatch.class})
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class SupervisorEndTest {

    private record Probe(Process process, BufferedReader out, Writer in, int port) implements AutoCloseable {

        static Probe start(String... arguments) throws IOException {
            List<String> command = new ArrayList<>(SupervisorTest.java(SupervisorProbe.class));
            command.addAll(List.of(arguments));
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            BufferedReader out = process.inputReader();
            String[] words = String.valueOf(out.readLine()).split(" ");
            assertEquals("serving", words[0]);
            return new Probe(process, out, process.outputWriter(), Integer.parseInt(words[1]));
        }

        void handOver() throws IOException {
            in.write("hand over\n");
            in.flush();
        }

        List<ProcessHandle> children() {
            return process.children().toList();
        }

        @Override
        public void close() throws IOException {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().onExit().join();
            in.close();
            out.close();
        }
    }

    @Test
    void workersOfASupervisorThatIsKilledAnswerWhatTheyHaveAndLeave(@TempDir Path folder) throws Exception {
        try (Probe probe = Probe.start();
                Asker idle = new Asker(probe.port());
                Asker busy = new Asker(probe.port())) {
            assertEquals("home", idle.get("/").body());
            String pid = busy.get("/pid").body();
            List<ProcessHandle> workers = probe.children();
            assertEquals(2, workers.size());
            Path begun = folder.resolve("begun");
            CompletableFuture<Asker.Answer> slow =
                    CompletableFuture.supplyAsync(() -> busy.getUnchecked("/slow?" + begun));
            SupervisorTest.until("its request is there", () -> Files.exists(begun));
            probe.process().destroyForcibly().waitFor();
            assertEquals(pid, slow.get().body());
            SupervisorTest.until("nobody accepts any more", () -> {
                try (Asker refused = new Asker(probe.port())) {
                    return false;
                } catch (IOException refused) {
                    return true;
                }
            });
            assertEquals("home", idle.last("/").body());
            SupervisorTest.until("the workers have left", () -> workers.stream().noneMatch(ProcessHandle::isAlive));
        }
    }

    @Test
    void aNewSupervisorTakesOverTheSocketAndTheOldOneEnds() throws Exception {
        try (Probe probe = Probe.start("well");
                Asker kept = new Asker(probe.port())) {
            String before = kept.get("/pid").body();
            List<ProcessHandle> workers = probe.children();
            probe.handOver();
            String[] serving = String.valueOf(probe.out().readLine()).split(" ");
            assertEquals("serving", serving[0]);
            assertEquals(probe.port(), Integer.parseInt(serving[1]));
            ProcessHandle successor =
                    ProcessHandle.of(Long.parseLong(serving[2])).orElseThrow();
            try {
                String said = String.valueOf(probe.out().readLine());
                assertTrue(said.startsWith("supervisor " + serving[2] + " has taken over"), said);
                SupervisorTest.until("the new ones serve", () -> {
                    try (Asker asker = new Asker(probe.port())) {
                        return successor
                                .children()
                                .anyMatch(child -> Long.toString(child.pid())
                                        .equals(asker.getUnchecked("/pid").body()));
                    } catch (IOException failed) {
                        throw new AssertionError(failed);
                    }
                });
                Asker.Answer last = kept.get("/pid");
                assertEquals(before, last.body());
                SupervisorTest.until("the old one says that it leaves", () -> {
                    try {
                        return last.isLast() || kept.get("/pid").isLast();
                    } catch (IOException ended) {
                        return true;
                    }
                });
                SupervisorTest.until(
                        "the old workers have left", () -> workers.stream().noneMatch(ProcessHandle::isAlive));
                assertEquals(0, probe.process().waitFor());
                assertNotEquals(probe.process().pid(), successor.pid());
                assertTrue(successor.isAlive());
            } finally {
                List<ProcessHandle> left = successor.children().toList();
                successor.destroyForcibly();
                left.forEach(ProcessHandle::destroyForcibly);
                SupervisorTest.until(
                        "all are gone",
                        () -> !successor.isAlive() && left.stream().noneMatch(ProcessHandle::isAlive));
            }
        }
    }

    @Test
    void aNewSupervisorThatFailsChangesNothing() throws Exception {
        try (Probe probe = Probe.start("refuse");
                Asker kept = new Asker(probe.port())) {
            String before = kept.get("/pid").body();
            probe.handOver();
            String said = String.valueOf(probe.out().readLine());
            assertTrue(said.startsWith("nothing has changed: ") && said.contains("no database today"), said);
            Asker.Answer answer = kept.get("/pid");
            assertEquals(before, answer.body());
            assertFalse(answer.isLast());
            SupervisorTest.until(
                    "only its workers are left", () -> probe.children().size() == 2);
        }
    }
}
