package dev.pumasi.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Everything by one poll per loop: a whole site (files, folders, scripts, uploads, a proxy and the server behind it, all with an access log)
 * is served to several clients at once while strace writes down each system call; {@link LoopTrace} says what a loop's thread may do.
 *
 * <p>The same requests are made once before, so that classes are loaded and threads of pools are started.
 */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
final class SystemCallTest {

    private static final int CLIENTS = 4;
    private static final int TIMES = 2;
    private static final int LARGE_BYTES = 300_000;

    /** In the access log for what a client asks once: eleven requests, and the one that the proxy makes of one of them. */
    private static final int LINES = 12;

    private static final byte[] NOTHING = {};

    private static final String SITE = """
            http {
                log_format times '$remote_addr "$request" $status $body_bytes_sent $request_time';
                server {
                    listen 127.0.0.1:%1$d;
                    access_log access.log times flush=1ms;
                    location /static/ { root site; autoindex on; gzip on; gzip_types text/plain; }
                    location /cgi/ { root site; cgi_pass executable; }
                    location /up/ { root site; dav_methods PUT DELETE; client_max_body_size 1m; }
                    location /api/ { proxy_pass http://127.0.0.1:%2$d/static/; }
                }
                server {
                    listen 127.0.0.1:%2$d;
                    access_log access.log;
                    location /static/ { root site; }
                }
            }
            """;

    private static final String SCRIPT = """
            #!/bin/sh
            body=$(cat)
            printf 'Content-Type: text/plain\\r\\n\\r\\nit is %s' "$body"
            """;

    @TempDir
    private Path folder;

    static Stream<String> drivers() {
        return Stream.of("io_uring", "epoll")
                .filter(name -> Drivers.refusal(name)
                        .map(reason -> {
                            System.out.println("not tested: driver " + name + " (" + reason + ")");
                            return false;
                        })
                        .orElse(true));
    }

    @ParameterizedTest
    @MethodSource("drivers")
    void noLoopReadsOrWritesWhatMightBlockItOrWaitsAnywhereElse(String driver) throws Exception {
        needsStrace();
        Files.createDirectories(folder.resolve("site/static"));
        Files.createDirectories(folder.resolve("site/up"));
        Path scripts = Files.createDirectories(folder.resolve("site/cgi"));
        Files.writeString(folder.resolve("site/static/small.txt"), "soup ".repeat(1_000));
        Files.write(folder.resolve("site/static/large.bin"), new byte[LARGE_BYTES]);
        Path script = Files.writeString(scripts.resolve("echo.sh"), SCRIPT);
        assertTrue(script.toFile().setExecutable(true));
        int[] ports = LaunchedSite.freePorts(2);
        try (LaunchedSite site = LaunchedSite.serveWithin(
                LoopTrace.WITHOUT_WAITS_OF_THE_JVM, folder, SITE.formatted(ports[0], ports[1]), "--driver", driver)) {
            AtomicInteger rounds = new AtomicInteger();
            LoopTrace trace = traced(site.process().pid(), driver, () -> {
                askForEverything(ports[0]);
                awaitLines(rounds.incrementAndGet() * CLIENTS * TIMES * LINES);
                return null;
            });
            assertEquals(List.of(), trace.violations(), () -> "of " + trace.counts());
            assertTrue(
                    trace.count("io_uring_enter", "epoll_pwait2", "epoll_pwait", "epoll_wait") > 20,
                    () -> "few waits: " + trace.counts());
            if (driver.equals("epoll")) { // whose reads and writes can be seen
                assertTrue(trace.count("recvfrom", "read") > 20, () -> "few reads: " + trace.counts());
                assertTrue(
                        trace.count("sendto", "sendmsg", "write", "writev") > 20,
                        () -> "few writes: " + trace.counts());
            }
            assertEquals(0, site.stop());
        }
    }

    /** What the test above would miss if it could not fail. */
    @Test
    void aHandlerThatReadsAFileItselfOrWaitsIsFound() throws Exception {
        needsStrace();
        Path file = Files.writeString(folder.resolve("read.txt"), "read by hand\n");
        try (Launched server = Launched.serve(
                "--app",
                BlockingApplication.class.getName(),
                "--class-path",
                Checkout.ROOT.resolve("it/target/test-classes").toString(),
                "--set",
                "file=" + file)) {
            int port = server.uri().getPort();
            String driver = server.driver().startsWith("epoll") ? "epoll" : "io_uring";
            LoopTrace trace = traced(server.process().pid(), driver, () -> {
                assertTrue(LaunchedSite.ask(port, "GET", "/", new byte[0]).endsWith("read by hand\n"));
                return null;
            });
            for (String name : List.of("openat(", "read(")) {
                assertTrue(
                        trace.violations().stream()
                                .anyMatch(call -> call.startsWith(name) && call.contains("read.txt")),
                        () -> name + " was not found in " + trace.violations());
            }
            assertEquals(
                    2, // for the latch, and for the monitor
                    trace.violations().stream()
                            .filter(call -> call.startsWith("futex("))
                            .count(),
                    () -> "of " + trace.violations());
        }
    }

    private static void askForEverything(int port) throws Exception {
        try (ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
            List<Callable<Void>> all = Stream.iterate(0, i -> i + 1)
                    .limit(CLIENTS)
                    .<Callable<Void>>map(client -> () -> {
                        for (int i = 0; i < TIMES; i++) {
                            ask(port, client);
                        }
                        return null;
                    })
                    .toList();
            for (var each : clients.invokeAll(all)) {
                each.get();
            }
        }
    }

    /** The log is written while the trace runs, and has every request. */
    private void awaitLines(int count) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        Path log = folder.resolve("access.log");
        while (true) {
            int written = Files.exists(log) ? Files.readAllLines(log).size() : 0;
            if (written == count) {
                return;
            }
            assertTrue(System.nanoTime() - deadline < 0, () -> written + " lines in the log, and not " + count);
            LockSupport.parkNanos(10_000_000);
        }
    }

    private static void ask(int port, int client) throws IOException {
        String large = "\r\n\r\n" + "\0".repeat(LARGE_BYTES);
        expect("soup soup ", port, "GET", "/static/small.txt", NOTHING);
        expect("Content-Encoding: gzip", port, "GET", "/static/small.txt", NOTHING, "Accept-Encoding: gzip");
        expect(large, port, "GET", "/static/large.bin", NOTHING);
        expect(" 206 ", port, "GET", "/static/large.bin", NOTHING, "Range: bytes=1000-1009");
        expect("large.bin", port, "GET", "/static/", NOTHING);
        expect(" 404 ", port, "GET", "/static/none", NOTHING);
        expect(large, port, "GET", "/api/large.bin", NOTHING);
        byte[] word = ("client " + client).getBytes(StandardCharsets.US_ASCII);
        expect("it is client " + client, port, "POST", "/cgi/echo.sh", word);
        String path = "/up/file" + client;
        expect(" 201 ", port, "PUT", path, new byte[LARGE_BYTES]);
        expect(large, port, "GET", path, NOTHING);
        expect(" 204 ", port, "DELETE", path, NOTHING);
    }

    private static void expect(String part, int port, String method, String path, byte[] body, String... fields)
            throws IOException {
        String answer = LaunchedSite.ask(port, method, path, body, fields);
        assertTrue(
                answer.contains(part),
                () -> method + " " + path + ": " + answer.substring(0, Math.min(600, answer.length())));
    }

    /** What the loops did while {@code load} ran, after it has run once untraced. */
    private LoopTrace traced(long process, String driver, Callable<Void> load) throws Exception {
        load.call();
        Path file = folder.resolve("trace");
        Path complaints = folder.resolve("strace.err");
        Process strace = new ProcessBuilder("strace", "-f", "-y", "-o", file.toString(), "-p", Long.toString(process))
                .redirectError(complaints.toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            Set<Integer> threads = awaitTraced(process, strace, complaints);
            Set<Integer> loops = new HashSet<>();
            for (int thread : threads) {
                String name = Files.readString(Path.of("/proc/" + process + "/task/" + thread + "/comm"))
                        .strip();
                if (name.matches("pumasi-loop-\\d+")) {
                    loops.add(thread);
                }
            }
            assertTrue(loops.size() > 0, "no thread is called pumasi-loop-0");
            Set<Integer> nonBlocking = LoopTrace.nonBlockingNow(process);
            load.call();
            strace.destroy(); // it lets go of the process, and writes what it has
            assertTrue(strace.waitFor(60, TimeUnit.SECONDS));
            return LoopTrace.read(file, loops, driver.equals("io_uring"), threads, nonBlocking);
        } finally {
            strace.destroyForcibly().waitFor();
        }
    }

    private static Set<Integer> awaitTraced(long process, Process strace, Path complaints)
            throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (true) {
            Set<Integer> traced = new HashSet<>();
            boolean all = true;
            try (Stream<Path> threads = Files.list(Path.of("/proc/" + process + "/task"))) {
                for (Path thread : threads.toList()) {
                    boolean is = Files.readAllLines(thread.resolve("status")).stream()
                            .anyMatch(line -> line.startsWith("TracerPid:") && !line.endsWith("\t0"));
                    all &= is;
                    traced.add(Integer.parseInt(thread.getFileName().toString()));
                }
            } catch (IOException threadHasEnded) {
                all = false;
            }
            if (all) {
                return traced;
            }
            if (strace.waitFor(0, TimeUnit.MILLISECONDS)) {
                report(false, "strace may not trace a process here: " + Files.readString(complaints));
            }
            assertTrue(System.nanoTime() - deadline < 0, "strace has not got hold of all threads");
            LockSupport.parkNanos(10_000_000);
        }
    }

    private static void needsStrace() {
        boolean isThere = Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(entry -> Files.isExecutable(Path.of(entry, "strace")));
        report(isThere, "strace is not installed (apt-get install strace)");
    }

    private static void report(boolean isThere, String otherwise) {
        if (!isThere) {
            System.out.println("not tested: " + otherwise);
        }
        Assumptions.assumeTrue(isThere, () -> "not tested here: " + otherwise);
    }
}
