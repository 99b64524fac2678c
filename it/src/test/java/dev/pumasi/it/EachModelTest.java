package dev.pumasi.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.server.Model;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The real command under each model: besieged, and with the files of a folder. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
final class EachModelTest {

    private static final int CLIENTS = 16;
    private static final int REPETITIONS = 100;

    /** A JVM for each connection takes its time. */
    private static final int REPETITIONS_OF_PROCESSES = 3;

    /** Its own, but for its patience: 30 s are not much for sixteen JVMs that start at once on two processors. */
    private static final String SIEGE_SETTINGS =
            "protocol = HTTP/1.1\nconnection = close\nparser = false\ntimeout = 240\n";

    /** Long enough ago for strong validators: what was written just now has weak ones for two seconds. */
    private static final FileTime WRITTEN = FileTime.from(Instant.parse("2024-02-29T12:34:56.789Z"));

    @TempDir
    private static Path folder;

    private static Launched yardstick;

    @BeforeAll
    static void write() throws Exception {
        Files.setLastModifiedTime(Files.writeString(folder.resolve("small.txt"), "rice\n"), WRITTEN);
        Files.setLastModifiedTime(Files.write(folder.resolve("large.bin"), new byte[300_000]), WRITTEN);
        Files.createDirectory(folder.resolve("empty"));
        yardstick = Launched.serve(folder.toString());
    }

    @AfterAll
    static void end() throws IOException {
        yardstick.close();
    }

    /** Each model in one process, each in worker processes, and a process for each connection. */
    static List<String> models() {
        List<String> all = new ArrayList<>(Model.labels());
        Model.labels().forEach(each -> all.add("preforked --workers 2 --each " + each));
        all.add("forking");
        return all;
    }

    /**
     * A siege without pauses, of which every transaction must succeed; and the same answers to the same requests, but for the time: small,
     * large, in part, absent, forbidden.
     */
    @ParameterizedTest
    @MethodSource("models")
    void isAvailableUnderSiegeAndServesAFolderAsTheOthersDo(String model) throws Exception {
        List<String> requests = List.of(
                "GET /small.txt",
                "HEAD /small.txt",
                "GET /large.bin",
                "GET /missing",
                "GET /empty",
                "GET /empty/",
                "DELETE /small.txt",
                "GET /large.bin Range: bytes=299990-");
        List<String> options = new ArrayList<>(List.of(folder.toString(), "--model"));
        options.addAll(List.of(model.split(" ")));
        int repetitions = model.equals("forking") ? REPETITIONS_OF_PROCESSES : REPETITIONS;
        try (Launched server = Launched.serve(options.toArray(String[]::new))) {
            if (isInstalled("siege")) {
                String report = siege(server.uri().resolve("/small.txt").toString(), repetitions);
                assertEquals(100.0, number(report, "availability"), report);
                assertEquals(CLIENTS * repetitions, number(report, "transactions"), report);
                assertEquals(0, number(report, "failed_transactions"), report);
            }
            for (String request : requests) {
                for (int again = 0; again < 2; again++) { // the second time from what is kept, where something is
                    assertEquals(answer(yardstick, request), answer(server, request), request);
                }
            }
            assertTrue(answer(server, "GET /small.txt").endsWith("\r\n\r\nrice\n"));
            assertTrue(answer(server, "GET /large.bin").length() > 300_000);
            assertEquals(0, server.end("TERM"));
        }
    }

    private static String answer(Launched server, String request) throws IOException {
        String[] words = request.split(" ", 3);
        try (Socket socket = new Socket(server.uri().getHost(), server.uri().getPort())) {
            String head = words[0] + " " + words[1] + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                    + (words.length > 2 ? words[2] + "\r\n" : "") + "\r\n";
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            return answer.replaceFirst("\r\nDate: [^\r]*", "");
        }
    }

    private static String siege(String url, int repetitions) throws IOException, InterruptedException {
        Path settings = Files.writeString(folder.resolve("siege.rc"), SIEGE_SETTINGS);
        ProcessBuilder builder = new ProcessBuilder(
                        "siege",
                        "--rc=" + settings,
                        "--benchmark",
                        "--concurrent=" + CLIENTS,
                        "--reps=" + repetitions,
                        "--json-output",
                        "--quiet",
                        url)
                .redirectError(folder.resolve("siege.err").toFile());
        builder.environment().put("HOME", folder.toString()); // where it keeps its settings
        Process siege = builder.start();
        try (BufferedReader out = siege.inputReader()) {
            StringBuilder report = new StringBuilder();
            out.lines().forEach(line -> report.append(line).append('\n'));
            assertEquals(0, siege.waitFor(), report::toString);
            return report.toString();
        } finally {
            siege.destroyForcibly();
        }
    }

    private static double number(String report, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\\s*([0-9.]+)").matcher(report);
        assertTrue(found.find(), () -> "no " + name + " in: " + report);
        return Double.parseDouble(found.group(1));
    }

    private static boolean isInstalled(String program) {
        boolean found = Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(entry -> Files.isExecutable(Path.of(entry, program)));
        if (!found) {
            System.out.println("not tested: " + program + " is not installed (Debian package " + program + ")");
        }
        return found;
    }
}
