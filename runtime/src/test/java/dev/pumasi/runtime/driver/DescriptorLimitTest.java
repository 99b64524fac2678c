package dev.pumasi.runtime.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Out of descriptors: accepting ends with an error, nothing spins, and it goes on once some are back. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class DescriptorLimitTest {

    private static final int GIVEN_BACK = 10;

    /** What the JVM itself may open or close meanwhile, to load a class or to look at its control group. */
    private static final int JVM_OWN = 2;

    @ParameterizedTest
    @EnumSource(DriverUnderTest.class)
    void withoutDescriptorsAcceptingPausesAndResumes(DriverUnderTest kind) throws Exception {
        assertTrue(probe(kind, 160, 200) < 160);
    }

    @ParameterizedTest
    @EnumSource(value = DriverUnderTest.class, names = "SELECT")
    void beyondItsSetsSelectRefusesAsIfTheProcessHadNoMore(DriverUnderTest kind) throws Exception {
        int accepted = probe(kind, 2048, 1100);
        assertTrue(accepted > 900 && accepted < 1024, () -> "accepted " + accepted);
    }

    /** Starts the probe with that limit, connects so many times, and returns how many it accepted at first. */
    private int probe(DriverUnderTest kind, int descriptorsMax, int connections) throws Exception {
        try {
            kind.open().close();
        } catch (DriverUnavailableException lacking) {
            Assumptions.abort("not tested here: " + lacking.getMessage());
        }
        Process process = new ProcessBuilder(
                        "sh",
                        "-c",
                        "ulimit -n " + descriptorsMax + " && exec \"$@\"",
                        "sh",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        DescriptorLimitProbe.class.getName(),
                        kind.name(),
                        String.valueOf(GIVEN_BACK))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        List<Socket> clients = new ArrayList<>();
        try (BufferedReader lines = process.inputReader()) {
            int port = Integer.parseInt(expect(lines, "port (\\d+)"));
            for (int i = 0; i < connections; i++) {
                clients.add(new Socket(InetAddress.getLoopbackAddress(), port));
            }
            int accepted = Integer.parseInt(expect(lines, "error 24 after (\\d+)"));
            assertEquals("true", expect(lines, "idle (.*)"));
            int more = Integer.parseInt(expect(lines, "error 24 after (\\d+) more"));
            assertTrue(Math.abs(more - GIVEN_BACK) <= JVM_OWN, () -> "accepted " + more + " after " + GIVEN_BACK);
            expect(lines, "(done)");
            assertTrue(process.waitFor(30, TimeUnit.SECONDS), "the probe does not end");
            assertEquals(0, process.exitValue());
            return accepted;
        } finally {
            process.destroyForcibly().waitFor();
            for (Socket client : clients) {
                client.close();
            }
        }
    }

    private static String expect(BufferedReader lines, String pattern) throws IOException {
        String line = lines.readLine();
        assertTrue(line != null && line.matches(pattern), () -> "expected " + pattern + ", the probe says " + line);
        return line.replaceFirst(pattern, "$1");
    }
}
