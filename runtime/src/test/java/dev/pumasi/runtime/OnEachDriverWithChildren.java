package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.function.Executable;

/** Tests that start processes; afterwards no zombie is left. */
class OnEachDriverWithChildren extends OnEachDriver {

    /** Far longer than any test: who sleeps so long must be ended. */
    static final String LONG = "600";

    @AfterEach
    final void nobodyIsLeft() {
        Eventually.until("zombies are reaped", () -> Family.zombies().isEmpty());
        assertEquals(List.of(), Family.zombies());
    }

    /** What the JDK has no words for. */
    final boolean isPortable() {
        return driver.equals("nio");
    }

    static Command sh(String script, String... arguments) {
        String[] all = new String[arguments.length + 3];
        all[0] = "-c";
        all[1] = script;
        all[2] = "sh";
        System.arraycopy(arguments, 0, all, 3, arguments.length);
        return Command.of("/bin/sh", all);
    }

    final ChildProcess start(Loop loop, Command command) throws IOException {
        return closing(command.start(loop).await());
    }

    static String readAll(StreamSocket stream) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] chunk = new byte[8192];
        stream.setTimeout(Duration.ofSeconds(30));
        for (int count = stream.read(chunk, 0, chunk.length); count > 0; count = stream.read(chunk, 0, chunk.length)) {
            all.write(chunk, 0, count);
        }
        return all.toString(StandardCharsets.UTF_8);
    }

    static String readLine(StreamSocket stream) throws IOException {
        StringBuilder line = new StringBuilder();
        byte[] one = new byte[1];
        stream.setTimeout(Duration.ofSeconds(30));
        while (stream.read(one, 0, 1) == 1 && one[0] != '\n') {
            line.append((char) one[0]);
        }
        return line.toString();
    }

    /** What a command says, when it ends well. */
    final String said(Loop loop, Command command) throws IOException {
        try (ChildProcess child = command.start(loop).await()) {
            String said = readAll(child.output());
            assertEquals(new Exit.Status(0), child.exit().await(), () -> command + " said " + said);
            return said;
        }
    }

    static void assertFails(Failure expected, Executable attempt) {
        OperationException thrown = assertThrows(OperationException.class, attempt);
        assertEquals(expected, thrown.failure(), thrown.getMessage());
    }
}
