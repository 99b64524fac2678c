package dev.pumasi.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ten million rows go through a heap of 48 MB: as many as are fetched at once are all there ever are. */
@ExtendWith(PostgresServer.class)
@Timeout(value = 240, unit = TimeUnit.SECONDS)
final class LargeResultTest {

    private static final long ROWS = 10_000_000;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"h2", "threads", "loop"})
    void tenMillionRowsInABoundedHeap(String where) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Xmx48m",
                "-XX:+UseSerialGC",
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                LargeResult.class.getName(),
                where,
                where.equals("h2")
                        ? folder.toString()
                        : PostgresServer.running().url(""),
                Long.toString(ROWS)));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes());
        process.waitFor();
        assertEquals(ROWS + " " + ROWS * (ROWS + 1) / 2, said.strip().lines().reduce("", (_, last) -> last), said);
    }
}
