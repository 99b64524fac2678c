package dev.pumasi.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.LeakWatch;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What a handler that misbehaves takes down with it, in a JVM of its own for each model: the table of docs/models.md,
 * row by row.
 */
@ExtendWith(LeakWatch.class)
@Timeout(value = 180, unit = TimeUnit.SECONDS)
final class IsolationTest {

    private static final int PATIENCE_MILLIS = 60_000;

    /** A server in a JVM of its own. */
    private record Victim(Process process, BufferedReader out, int port) implements AutoCloseable {

        static Victim start(Model model, String... flags) throws IOException {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--add-opens=java.base/java.lang=ALL-UNNAMED",
                    "--enable-native-access=ALL-UNNAMED",
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-Xmx64m"));
            command.addAll(List.of(flags));
            command.addAll(List.of(
                    "-cp", System.getProperty("java.class.path"), IsolationProbe.class.getName(), model.label()));
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD) // it is full of what goes wrong on purpose
                    .start();
            BufferedReader out = process.inputReader();
            return new Victim(process, out, Integer.parseInt(String.valueOf(out.readLine())));
        }

        Socket ask(String path) throws IOException {
            Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setSoTimeout(PATIENCE_MILLIS);
            String request = "GET " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return socket;
        }

        String answer(String path) throws IOException {
            try (Socket socket = ask(path)) {
                return read(socket);
            }
        }

        void unblock() throws IOException {
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
        }

        @Override
        public void close() throws IOException {
            process.destroyForcibly().onExit().join();
            out.close();
            process.getOutputStream().close();
        }
    }

    private static String read(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    }

    @ParameterizedTest
    @EnumSource
    void memoryThatIsLetGoAndRecursionCostTheirRequestAndExitCostsTheProcess(Model model) throws Exception {
        try (Victim victim = Victim.start(model)) {
            for (String path : List.of("/memory", "/recurse", "/recurse", "/memory")) {
                String answer = victim.answer(path);
                assertTrue(answer.startsWith("HTTP/1.1 500 "), path + ": " + answer);
                assertTrue(victim.answer("/").startsWith("HTTP/1.1 200 "), "the next one, after " + path);
            }
            assertEquals("", victim.answer("/exit"), "nobody is left to answer");
            assertEquals(7, victim.process.waitFor(), "within a JVM nothing can keep a handler from ending it");
        }
    }

    /** What is kept is missing everywhere, so the only cure is another process: this flag makes room for one. */
    @ParameterizedTest
    @EnumSource
    void memoryThatIsKeptEndsTheProcessIfTheJvmIsToldSo(Model model) throws Exception {
        try (Victim victim = Victim.start(model, "-XX:+ExitOnOutOfMemoryError")) {
            assertEquals("", victim.answer("/hoard"));
            assertEquals(3, victim.process.waitFor());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aCallThatBlocksHoldsUpWhoSharesItsThread(Model model) throws Exception {
        boolean sharesItsThread = switch (model) {
            case ITERATIVE, EVENT_LOOP, GREEN -> true;
            case THREADED, PRETHREADED, WORKER_POOL -> false;
        };
        try (Victim victim = Victim.start(model);
                Socket blocked = victim.ask("/block")) {
            assertEquals("blocks", victim.out.readLine());
            try (Socket neighbour = victim.ask("/")) {
                if (sharesItsThread) {
                    // Its only thread blocks since before this was asked, so it cannot be answered before that is over.
                    victim.unblock();
                    assertTrue(read(neighbour).endsWith("released: true"));
                } else {
                    assertTrue(read(neighbour).endsWith("released: false"));
                    victim.unblock();
                }
            }
            assertTrue(read(blocked).endsWith("released: true"));
        }
    }

    /** In a wait that the JDK knows a green thread parks, and for ever costs its own memory. */
    @ParameterizedTest
    @EnumSource(names = {"THREADED", "PRETHREADED", "WORKER_POOL", "GREEN"})
    void whoWaitsForEverHoldsUpNobodyAsLongAsThereAreThreads(Model model) throws Exception {
        try (Victim victim = Victim.start(model);
                Socket waits = victim.ask("/wait")) {
            assertTrue(victim.answer("/").startsWith("HTTP/1.1 200 "));
            assertTrue(waits.isConnected());
        }
    }
}
