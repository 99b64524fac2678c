package dev.pumasi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.RecordingSocket;
import dev.pumasi.runtime.Ticker;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code pumasi trace} as its user meets it; the server is this process. */
final class TraceCommandTest {

    private static final String SELF = Long.toString(ProcessHandle.current().pid());

    private record Run(int status, String out, String err) {}

    private static Run trace(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] all = new String[args.length + 1];
        all[0] = "trace";
        System.arraycopy(args, 0, all, 1, args.length);
        int status = Pumasi.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(all);
        return new Run(status, out.toString(), err.toString());
    }

    private static void assertTold(Run run, int status, String told) {
        assertEquals(status, run.status, run.toString());
        assertTrue(run.err.contains(told), () -> "expected '" + told + "' in: " + run.err);
        assertFalse(run.err.contains("Exception"), () -> "a class name leaked: " + run.err);
        assertTrue(run.err.lines().count() <= 2, () -> "more than two lines: " + run.err);
    }

    @Test
    void itWritesATrace(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("trace.json");
        try (LoopGroup loops = LoopGroup.start("traced", 1, "auto");
                RecordingSocket socket = RecordingSocket.open(loops.loops())) {
            assertTrue(Files.exists(socket.path()));
            Loop loop = loops.loops().getFirst();
            Ticker.atRate(loop, Duration.ofMillis(5), () -> {}); // a loop that sleeps all the time does not turn
            Run run = trace(SELF, "--seconds", "1", "-o", file.toString());
            assertEquals(0, run.status, run.toString());
            assertTrue(run.out.contains("ui.perfetto.dev"), run.out);
        }
        String trace = Files.readString(file);
        assertTrue(trace.contains("\"traced-0\""), trace);
        assertTrue(trace.contains("\"turn\""), trace);
    }

    @Test
    void aServerWithoutLoopsHasNothingToShow(@TempDir Path folder) throws IOException {
        try (RecordingSocket none = RecordingSocket.open(List.of())) {
            assertTrue(Files.exists(none.path()));
            assertTold(
                    trace(SELF, "-o", folder.resolve("x").toString()), Pumasi.EXIT_CANNOT_RUN, "runs no event loops");
        }
    }

    @Test
    void whatCannotBeIsSaid(@TempDir Path folder) {
        String file = folder.resolve("x").toString();
        assertTold(trace(SELF, "-o", file), Pumasi.EXIT_CANNOT_RUN, "it is no Pumasi server");
        assertTold(trace("999999999", "-o", file), Pumasi.EXIT_CANNOT_RUN, "there is no process 999999999");
        assertTold(trace(SELF, "-o", "/no/such/folder/x"), Pumasi.EXIT_CANNOT_RUN, "cannot write /no/such/folder/x");
        assertTold(trace(SELF, "--seconds", "0"), Pumasi.EXIT_USAGE, "--seconds is 0.0");
    }
}
