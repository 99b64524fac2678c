package dev.pumasi.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The {@code ./pumasi} script as a user meets it: as a process, with its output, its signals and its exit status. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
final class LauncherTest {

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT"})
    void servesUntilItIsToldToStop(String signal, @TempDir Path folder) throws Exception {
        Files.writeString(folder.resolve("index.html"), "<p>rice</p>");
        try (Launched server = Launched.serve(folder.toString(), "--loops", "1")) {
            HttpResponse<String> answer = get(server.uri());
            assertEquals(200, answer.statusCode());
            assertEquals("<p>rice</p>", answer.body());
            // The script has become the JVM: no shell is left between an operator and the server.
            String command = server.process().info().command().orElse("unknown");
            assertTrue(command.endsWith("/java"), command);
            assertEquals(0, server.end(signal));
        }
    }

    @Test
    void welcomesWithoutAFolder() throws Exception {
        try (Launched server = Launched.serve()) {
            HttpResponse<String> answer = get(server.uri());
            assertEquals(200, answer.statusCode());
            assertTrue(answer.headers().firstValue("content-type").orElse("").startsWith("text/html"));
            assertTrue(answer.body().contains("품앗이"), answer.body());
            assertEquals(0, server.end("TERM"));
        }
    }

    /** From another process, without a port and without a tool of the JDK's; and the socket goes with the server. */
    @Test
    void printsTheThreadsOfARunningServer() throws Exception {
        try (Launched server = Launched.serve("--loops", "2")) {
            get(server.uri());
            String pid = Long.toString(server.process().pid());
            String dump = text(Launched.pumasi("threads", pid));
            for (int i = 0;
                    i < 20 && dump.isEmpty();
                    i++) { // it is offered a moment after the server says that it serves
                dump = text(Launched.pumasi("threads", pid));
            }
            assertTrue(dump.contains("pumasi-loop-0 ("), dump);
            assertTrue(dump.contains("pumasi-loop-1 ("), dump);
            assertTrue(dump.contains(", hops: 0, stalls: 0, failures: 0"), dump);
            assertEquals(0, server.end("TERM"));
            assertEquals(1, end(Launched.pumasi("threads", pid)));
        }
    }

    @Test
    void passesExitStatusesOn() throws Exception {
        assertEquals(2, end(Launched.pumasi("serve", "--port", "70000")));
        assertEquals(1, end(Launched.pumasi("serve", "no/such/folder")));
        assertEquals(0, end(Launched.pumasi("--version")));
    }

    @Test
    void worksFromAnotherFolderAndThroughALink() throws Exception {
        Path folder = Files.createTempDirectory("pumasi-link");
        Path link = Files.createSymbolicLink(folder.resolve("pumasi"), Checkout.ROOT.resolve("pumasi"));
        try {
            ProcessBuilder builder = new ProcessBuilder(link.toString(), "--version");
            assertEquals(
                    0,
                    end(builder.directory(folder.toFile())
                            .redirectErrorStream(true)
                            .start()));
        } finally {
            Files.delete(link);
            Files.delete(folder);
        }
    }

    /** An older JDK in JAVA_HOME and on PATH is passed over, a newer one is taken. */
    @Test
    void choosesAJdkByItsVersion(@TempDir Path folder) throws Exception {
        Path old = jdk(folder.resolve("old"), "17.0.15");
        Path young = jdk(folder.resolve("young"), "26.0.1");
        assertEquals("young 26.0.1", findJdk(young, old, folder));
        assertEquals("young 26.0.1", findJdk(old, young, folder));
    }

    @Test
    void saysInOneLineWhatToInstall(@TempDir Path folder) throws Exception {
        String script = ". .mvn/find-jdk.sh; JDK_MIN=999; find_jdk || jdk_missing";
        Process shell = new ProcessBuilder("sh", "-c", script)
                .directory(Checkout.ROOT.toFile())
                .redirectErrorStream(true)
                .start();
        String told = text(shell);
        assertEquals(1, told.lines().count(), told);
        assertTrue(told.contains("JAVA_HOME"), told);
        assertTrue(told.contains("install"), told);
    }

    private static Path jdk(Path home, String version) throws IOException {
        Path bin = Files.createDirectories(home.resolve("bin"));
        for (String tool : List.of("java", "javac")) {
            Files.writeString(bin.resolve(tool), "#!/bin/sh\n").toFile().setExecutable(true);
        }
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
        return home;
    }

    private static String findJdk(Path javaHome, Path onPath, Path below) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                "/bin/sh", "-c", ". .mvn/find-jdk.sh; find_jdk && echo \"${JAVA_HOME##*/} $JDK_VERSION\"");
        builder.directory(Checkout.ROOT.toFile()).redirectErrorStream(true);
        builder.environment().putAll(Map.of("JAVA_HOME", javaHome.toString(), "HOME", below.toString()));
        builder.environment().merge("PATH", onPath.resolve("bin").toString(), (path, first) -> first + ":" + path);
        return text(builder.start()).strip();
    }

    private static HttpResponse<String> get(URI uri) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest request =
                    HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(60)).build();
            return client.send(request, BodyHandlers.ofString());
        }
    }

    private static int end(Process process) throws IOException, InterruptedException {
        text(process);
        return process.waitFor();
    }

    private static String text(Process process) throws IOException {
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
}
