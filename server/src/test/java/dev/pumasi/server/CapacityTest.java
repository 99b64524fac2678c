package dev.pumasi.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.Capacity;
import dev.pumasi.http.Capacity.Beyond;
import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpLimits;
import dev.pumasi.http.Response;
import dev.pumasi.http.Server;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How many connections each model holds is what it says, and the next one waits in order or is refused in order. */
@ExtendWith({LeakWatch.class, LogWatch.class})
@Timeout(value = 180, unit = TimeUnit.SECONDS)
final class CapacityTest {

    private static final int PATIENCE_MILLIS = 60_000;
    private static final Handler HELLO = _ -> Response.text("hello");

    private static Server start(Model model, int connections) throws IOException {
        return ServerBuilder.of(HELLO)
                .model(model)
                .loops(1)
                .limits(HttpLimits.builder().connectionsMax(connections).build())
                .port(0)
                .start();
    }

    private static Socket connect(int port) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(PATIENCE_MILLIS);
        return socket;
    }

    private static Socket ask(Socket socket) throws IOException {
        socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    /** The head and the five bytes of the body of one answer. */
    private static String answer(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        StringBuilder answer = new StringBuilder();
        while (!answer.toString().endsWith("\r\n\r\nhello")) {
            int octet = in.read();
            if (octet < 0) {
                return answer.toString();
            }
            answer.append((char) octet);
        }
        return answer.toString();
    }

    @ParameterizedTest
    @EnumSource
    void itSaysWhatItHolds(Model model) throws IOException {
        try (Server server = start(model, 3)) {
            Capacity expected = switch (model) {
                case ITERATIVE -> new Capacity(1, 0, 1, Beyond.WAITS_IN_KERNEL);
                case THREADED -> new Capacity(3, 0, 3, Beyond.WAITS_IN_KERNEL);
                case PRETHREADED -> new Capacity(3, 0, 3, Beyond.IS_TOLD); // it has 200 threads
                case EVENT_LOOP -> new Capacity(3, 0, 1, Beyond.IS_TOLD);
                case WORKER_POOL -> new Capacity(3, 0, ServerBuilder.WORKERS_DEFAULT, Beyond.IS_TOLD);
                case GREEN -> new Capacity(3, 0, 3, Beyond.IS_TOLD);
            };
            assertEquals(expected, server.capacity());
        }
    }

    @ParameterizedTest
    @EnumSource
    void theNextOneIsToldOrWaitsUntilThereIsRoom(Model model) throws IOException {
        for (int connections = 1; connections <= 3; connections++) {
            try (Server server = start(model, connections)) {
                fill(server);
            }
        }
    }

    private static void fill(Server server) throws IOException {
        Capacity capacity = server.capacity();
        List<Socket> held = new ArrayList<>();
        try {
            for (int i = 0; i < capacity.served(); i++) {
                held.add(ask(connect(server.port())));
                assertTrue(answer(held.get(i)).startsWith("HTTP/1.1 200 "), "an answer shows that it is served");
            }
            try (Socket next = ask(connect(server.port()))) {
                if (capacity.beyond() == Beyond.IS_TOLD) {
                    String refusal = new String(next.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
                    assertTrue(refusal.startsWith("HTTP/1.1 503 "), refusal);
                    assertTrue(refusal.contains("\r\nRetry-After: 1\r\n"), refusal);
                    assertTrue(refusal.contains("\r\nConnection: close\r\n"), refusal);
                    assertEquals(1, server.status().refused());
                    ask(held.getLast());
                    assertTrue(answer(held.getLast()).startsWith("HTTP/1.1 200 "), "the others do not notice");
                } else {
                    for (Socket one : held) {
                        one.close();
                    }
                    assertTrue(answer(next).startsWith("HTTP/1.1 200 "), "it has waited");
                    assertEquals(0, server.status().refused());
                }
            }
        } finally {
            for (Socket one : held) {
                one.close();
            }
        }
    }

    /** Stacks of 64 MiB in a process that may have 6 GiB: after some dozens the system refuses. */
    private static Process scarce(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "sh",
                "-c",
                "ulimit -v 6000000; exec \"$0\" \"$@\"",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx64m",
                "-XX:ReservedCodeCacheSize=32m",
                "-XX:CompressedClassSpaceSize=64m",
                "-XX:ThreadStackSize=65536",
                "-cp",
                System.getProperty("java.class.path"),
                IsolationProbe.class.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    @Test
    void moreThreadsThanMemoryAreRefusedAtTheStart() throws Exception {
        Process process = scarce("prethreaded", "5000");
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(1, process.waitFor(), said);
        assertTrue(
                said.contains("TooManyThreadsException: 5000 threads cannot be had; the system refused after "), said);
    }

    @Test
    void moreConnectionsThanThreadsFitIntoMemoryAreToldSoAndTheOthersAreServed() throws Exception {
        Process process = scarce("threaded", "5000");
        List<Socket> held = new ArrayList<>();
        try (BufferedReader out = process.inputReader()) {
            int port = Integer.parseInt(String.valueOf(out.readLine()));
            String answer = "";
            while (!answer.startsWith("HTTP/1.1 503 ")) {
                assertTrue(held.size() < 1000, "the system refuses no thread");
                held.add(ask(connect(port)));
                answer = firstLine(held.getLast());
                assertFalse(answer.isEmpty(), "closed without an answer after " + held.size());
            }
            assertTrue(held.size() > 2, "some threads there were");
            for (Socket one : held) {
                one.close();
            }
            SupervisorTest.until("the threads of the others have ended, and the service goes on", () -> {
                try (Socket next = ask(connect(port))) {
                    return firstLine(next).startsWith("HTTP/1.1 200 ");
                } catch (IOException failed) {
                    throw new UncheckedIOException(failed);
                }
            });
        } finally {
            process.destroyForcibly().onExit().join();
            process.getOutputStream().close();
            for (Socket one : held) {
                one.close();
            }
        }
    }

    private static String firstLine(Socket socket) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int octet = socket.getInputStream().read(); octet >= 0 && octet != '\r'; ) {
            line.append((char) octet);
            octet = socket.getInputStream().read();
        }
        return line.toString();
    }
}
