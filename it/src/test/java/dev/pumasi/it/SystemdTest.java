package dev.pumasi.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.UdpSocket;
import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.testkit.HeldPort;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The real command as systemd starts it: on sockets that are passed to it, and telling a manager that listens. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
final class SystemdTest {

    private static final String ACTIVATE = "systemd-socket-activate";
    private static final long PATIENCE_NANOS = 60_000_000_000L;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"green", "preforked"})
    void aManagerIsToldWhenItIsReadyAndWhenItStops(String model) throws Exception {
        Path path = folder.resolve("notify");
        try (LoopGroup loops = LoopGroup.start("manager", 1, "auto");
                UdpSocket manager = UdpSocket.open(loops.next(), UnixDomainSocketAddress.of(path))) {
            Process server = new ProcessBuilder(
                            "env",
                            "--default-signal",
                            "NOTIFY_SOCKET=" + path,
                            Checkout.ROOT.resolve("pumasi").toString(),
                            "serve",
                            "--port",
                            "0",
                            "--app",
                            "hello",
                            "--model",
                            model)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try {
                String ready = receive(manager);
                assertTrue(ready.startsWith("READY=1\nSTATUS=Serving hello on http://localhost:"), ready);
                server.destroy();
                String stopping = receive(manager);
                assertTrue(stopping.startsWith("STOPPING=1\nSTATUS="), stopping);
                assertEquals(0, server.waitFor());
            } finally {
                server.descendants().forEach(ProcessHandle::destroyForcibly);
                server.destroyForcibly().onExit().join();
            }
        }
    }

    @Test
    void aReloadAndANewSupervisorAreTold() throws Exception {
        Path path = folder.resolve("notify");
        try (LoopGroup loops = LoopGroup.start("manager", 1, "auto");
                UdpSocket manager = UdpSocket.open(loops.next(), UnixDomainSocketAddress.of(path))) {
            ProcessBuilder start = new ProcessBuilder(
                            "env",
                            "--default-signal",
                            "NOTIFY_SOCKET=" + path,
                            Checkout.ROOT.resolve("pumasi").toString(),
                            "serve",
                            "--port",
                            "0",
                            "--app",
                            "hello",
                            "--model",
                            "preforked",
                            "--workers",
                            "1")
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.INHERIT);
            Process server = start.start();
            long successor = 0;
            try {
                assertTrue(receive(manager).startsWith("READY=1\n"));
                long beforeMicros = System.nanoTime() / 1000;
                assertEquals(0, reload(server.pid()).waitFor());
                assertReloading(receive(manager), beforeMicros);
                String reloaded = receive(manager);
                assertTrue(reloaded.startsWith("READY=1\nSTATUS=generation 2 serves: worker "), reloaded);

                beforeMicros = System.nanoTime() / 1000;
                assertEquals(0, reload(server.pid(), "--supervisor").waitFor());
                assertReloading(receive(manager), beforeMicros);
                // The new one says that it is ready, too; which of the two is heard first is not said.
                String main = receive(manager);
                String others = "";
                while (!main.startsWith("MAINPID=")) {
                    others += main;
                    main = receive(manager);
                }
                successor = Long.parseLong(main.substring("MAINPID=".length()));
                assertTrue(ProcessHandle.of(successor).isPresent(), main);
                while (!others.contains("has taken over") || !others.contains("Serving hello on")) {
                    others += receive(manager);
                }
                assertEquals(0, server.waitFor(), "the one before ends in good order");
                ProcessHandle.of(successor).orElseThrow().destroy();
                assertTrue(receive(manager).startsWith("STOPPING=1\n"));
                ProcessHandle.of(successor).ifPresent(last -> last.onExit().join());
            } finally {
                ProcessHandle.of(successor).ifPresent(last -> {
                    last.descendants().forEach(ProcessHandle::destroyForcibly);
                    last.destroyForcibly();
                });
                server.descendants().forEach(ProcessHandle::destroyForcibly);
                server.destroyForcibly().onExit().join();
            }
        }
    }

    /** What {@code Type=notify-reload} asks for: the manager compares the time with that of its own signal. */
    private static void assertReloading(String message, long beforeMicros) {
        String[] lines = message.split("\n");
        assertEquals("RELOADING=1", lines[0]);
        assertTrue(lines[1].startsWith("MONOTONIC_USEC="), message);
        long micros = Long.parseLong(lines[1].substring("MONOTONIC_USEC=".length()));
        assertTrue(micros >= beforeMicros && micros <= System.nanoTime() / 1000, message);
    }

    private static Process reload(long pid, String... options) throws IOException {
        List<String> command =
                new ArrayList<>(List.of(Checkout.ROOT.resolve("pumasi").toString(), "reload", Long.toString(pid)));
        command.addAll(List.of(options));
        return new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static String receive(UdpSocket manager) throws IOException {
        Buffer into = Buffer.allocate(1000);
        return into.utf8(0, manager.receive(into, 0, 1000).await().length());
    }

    @ParameterizedTest
    @ValueSource(strings = {"green", "event-loop", "worker-pool"})
    void aSocketThatIsPassedIsAcceptedFrom(String model) throws Exception {
        if (isMissing()) {
            return;
        }
        HeldPort held = HeldPort.take();
        int port = held.number();
        Process server = activated(port, "--model", model, "--app", "hello");
        try (held;
                BufferedReader out = server.inputReader()) {
            assertTrue(ask(port).endsWith("Hello, World!"), "the one that started it");
            assertTrue(ask(port).endsWith("Hello, World!"), "another");
            String line = String.valueOf(out.readLine());
            assertTrue(line.startsWith("Serving hello on http://127.0.0.1:" + port + "/ (model " + model), line);
            server.destroy();
            assertEquals(0, server.waitFor());
        } finally {
            server.destroyForcibly().onExit().join();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--model prethreaded|accepts through the JDK",
                "--model preforked|takes over none",
                "--port 80|--port means nothing",
                "--socket admin|no socket 'admin'"
            })
    void whatCannotBeIsTold(String optionsAndAnswer) throws Exception {
        if (isMissing()) {
            return;
        }
        String[] parts = optionsAndAnswer.split("\\|");
        HeldPort held = HeldPort.take();
        int port = held.number();
        List<String> options = new ArrayList<>(List.of(parts[0].split(" ")));
        options.addAll(List.of("--app", "hello"));
        Process server = activated(port, options.toArray(String[]::new));
        try (held;
                BufferedReader complaints = server.errorReader();
                Socket first = connected(port)) {
            assertTrue(first.isConnected());
            String said = String.join("\n", complaints.lines().toList());
            assertTrue(said.contains(parts[1]), said);
            assertTrue(server.waitFor() != 0);
        } finally {
            server.destroyForcibly().onExit().join();
        }
    }

    /** Three addresses of a file: one is passed as it is written, one stands for all addresses, and one is nobody's business but ours. */
    @Test
    void socketsThatArePassedAreThoseThatAFileListensOn() throws Exception {
        if (isMissing()) {
            return;
        }
        try (HeldPort one = HeldPort.take();
                HeldPort all = HeldPort.take();
                HeldPort own = HeldPort.take()) {
            Path file = Files.writeString(
                    folder.resolve("site.conf"), """
                    http {
                        server { listen 127.0.0.1:%d; return 200 "one"; }
                        server { listen %d; return 200 "all"; }
                        server { listen 127.0.0.1:%d; return 200 "own"; }
                    }
                    """.formatted(one.number(), all.number(), own.number()));
            Process server = activated(List.of("127.0.0.1:" + one.number(), "[::]:" + all.number()), file.toString());
            try (BufferedReader out = server.inputReader()) {
                assertTrue(ask(one.number()).endsWith("one"));
                assertTrue(ask(all.number()).endsWith("all"));
                assertTrue(ask(own.number()).endsWith("own"));
                String line = String.valueOf(out.readLine());
                assertTrue(line.startsWith("Serving " + file + " on 127.0.0.1:" + one.number() + ", "), line);
                assertEquals(0, reload(server.pid()).waitFor());
                assertTrue(ask(one.number()).endsWith("one"), "after a reload");
                assertTrue(ask(all.number()).endsWith("all"), "after a reload");
                server.destroy();
                assertEquals(0, server.waitFor());
            } finally {
                server.destroyForcibly().onExit().join();
            }
        }
    }

    @Test
    void aPassedSocketThatNoListenNamesIsTold() throws Exception {
        if (isMissing()) {
            return;
        }
        try (HeldPort one = HeldPort.take();
                HeldPort other = HeldPort.take()) {
            Path file = Files.writeString(
                    folder.resolve("site.conf"),
                    "http { server { listen 127.0.0.1:" + one.number() + "; return 200 one; } }");
            Process server = activated(List.of("127.0.0.1:" + other.number()), file.toString());
            try (BufferedReader complaints = server.errorReader();
                    Socket first = connected(other.number())) {
                assertTrue(first.isConnected());
                String said = String.join("\n", complaints.lines().toList());
                assertTrue(said.contains("no 'listen' in " + file + " names that"), said);
                assertTrue(server.waitFor() != 0);
            } finally {
                server.destroyForcibly().onExit().join();
            }
        }
    }

    private static Process activated(int port, String... options) throws IOException {
        return activated(List.of("127.0.0.1:" + port), options);
    }

    /** It becomes the program when the first client comes; its own lines go to standard error. */
    private static Process activated(List<String> addresses, String... options) throws IOException {
        List<String> command = new ArrayList<>(List.of("env", "--default-signal", ACTIVATE));
        addresses.forEach(address -> command.add("--listen=" + address));
        command.addAll(List.of(
                "--fdname=" + String.join(":", Collections.nCopies(addresses.size(), "http")),
                Checkout.ROOT.resolve("pumasi").toString(),
                "serve"));
        command.addAll(List.of(options));
        return new ProcessBuilder(command).start();
    }

    private static String ask(int port) throws IOException {
        try (Socket socket = connected(port)) {
            String request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    /** As soon as somebody listens. */
    private static Socket connected(int port) throws IOException {
        long deadlineNanos = System.nanoTime() + PATIENCE_NANOS;
        while (true) {
            try {
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
                socket.setSoTimeout((int) TimeUnit.NANOSECONDS.toMillis(PATIENCE_NANOS));
                return socket;
            } catch (ConnectException notYet) {
                if (System.nanoTime() - deadlineNanos > 0) {
                    throw notYet;
                }
                LockSupport.parkNanos(10_000_000);
            }
        }
    }

    private static boolean isMissing() {
        boolean missing = Stream.of(System.getenv("PATH").split(":"))
                .noneMatch(entry -> Files.isExecutable(Path.of(entry, ACTIVATE)));
        if (missing) {
            System.out.println("not tested: " + ACTIVATE + " is not installed (Debian package systemd)");
        }
        return missing;
    }
}
