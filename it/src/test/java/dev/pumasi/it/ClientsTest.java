package dev.pumasi.it;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The clients people point at a web server: each asks for the same page, from a server on each driver,
 * and its own report is what is judged.
 *
 * <p>A client that is not installed has no test; its absence is written to the log, with what to install.
 */
final class ClientsTest {

    private static final String PAGE = "<!doctype html><title>Rice</title><p>rice waits for water</p>";
    private static final int REQUESTS = 2_000;
    private static final Duration CLIENT_TIMEOUT = Duration.ofSeconds(180);

    @TempDir
    private static Path folder;

    /** What a client is called with, and what its report must say. */
    private record Client(String command, String debianPackage, List<String> arguments, Verdict verdict) {}

    @FunctionalInterface
    private interface Verdict {
        void judge(String report);
    }

    @BeforeAll
    static void writePage() throws IOException {
        Files.writeString(folder.resolve("index.html"), PAGE);
    }

    @ParameterizedTest
    @MethodSource("drivers")
    void eachClientGetsThePage(String driver) throws IOException, InterruptedException {
        try (Launched server = Launched.serve(folder.toString(), "--driver", driver)) {
            assertAll(clients(server.uri())
                    .filter(ClientsTest::installed)
                    .map(client -> () -> client.verdict.judge(run(client))));
            assertEquals(0, server.end("TERM"));
        }
    }

    private static Stream<String> drivers() {
        return Drivers.names().stream().filter(name -> {
            Optional<String> refusal = Drivers.refusal(name);
            refusal.ifPresent(reason -> System.out.println("not tested: driver " + name + " (" + reason + ")"));
            return refusal.isEmpty();
        });
    }

    private static Stream<Client> clients(URI uri) {
        String url = uri.toString();
        String count = Integer.toString(REQUESTS);
        return Stream.of(
                client("curl", "curl", report -> assertEquals(PAGE, report), "--silent", "--show-error", url),
                client("ab", "apache2-utils", ClientsTest::judgeAb, "-q", "-n", count, "-c", "16", url),
                client("ab", "apache2-utils", ClientsTest::judgeAb, "-q", "-k", "-n", count, "-c", "16", url),
                client("wrk", "wrk", ClientsTest::judgeWrk, "-t1", "-c32", "-d2s", "--timeout", "60s", url),
                client(
                        "siege",
                        "siege",
                        report -> assertEquals(400, number(report, "\"transactions\":\\s*(\\d+)"), report),
                        "--concurrent=8",
                        "--reps=50",
                        "--benchmark",
                        "--json-output",
                        "--quiet",
                        url),
                client("h2load", "nghttp2-client", ClientsTest::judgeH2load, "--h1", "-n", count, "-c", "16", url),
                client(
                        "chromium",
                        "chromium",
                        report -> assertTrue(report.contains("rice waits for water"), report),
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--user-data-dir=" + folder.resolve("chromium"),
                        "--dump-dom",
                        url));
    }

    private static Client client(String command, String debianPackage, Verdict verdict, String... arguments) {
        return new Client(command, debianPackage, Arrays.asList(arguments), verdict);
    }

    private static void judgeAb(String report) {
        assertEquals(REQUESTS, number(report, "Complete requests:\\s+(\\d+)"), report);
        assertEquals(0, number(report, "Failed requests:\\s+(\\d+)"), report);
        assertTrue(!report.contains("Non-2xx"), report);
    }

    private static void judgeWrk(String report) {
        assertTrue(number(report, "(\\d+) requests in") > 0, report);
        assertTrue(!report.contains("Socket errors") && !report.contains("Non-2xx"), report);
    }

    private static void judgeH2load(String report) {
        assertEquals(REQUESTS, number(report, "status codes: (\\d+) 2xx"), report);
        assertEquals(0, number(report, "(\\d+) failed,"), report);
    }

    private static int number(String report, String pattern) {
        Matcher found = Pattern.compile(pattern).matcher(report);
        assertTrue(found.find(), () -> "no '" + pattern + "' in: " + report);
        return Integer.parseInt(found.group(1));
    }

    private static boolean installed(Client client) {
        boolean found = Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(entry -> Files.isExecutable(Path.of(entry, client.command)));
        if (!found) {
            System.out.println("not tested: " + client.command + " is not installed (Debian package "
                    + client.debianPackage + ")");
        }
        return found;
    }

    private static String run(Client client) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(client.command));
        command.addAll(client.arguments);
        Path report = Files.createTempFile(folder, client.command, ".out");
        Path complaints = Files.createTempFile(folder, client.command, ".err");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(report.toFile()).redirectError(complaints.toFile());
        // siege keeps its settings, and chromium its caches, in the home of whoever runs it.
        builder.environment().put("HOME", folder.toString());
        Process process = builder.start();
        try {
            if (!process.waitFor(CLIENT_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
                throw new AssertionError(client.command + " did not end within " + CLIENT_TIMEOUT);
            }
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
        assertEquals(0, process.exitValue(), () -> text(complaints) + text(report));
        return text(report);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new java.io.UncheckedIOException(unreadable);
        }
    }
}
