package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.AsyncHandler;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.MediaType;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.UnixSignal;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LoadedClasses;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What stands in the file, and what is said where something does not. */
@OnEachDriver
@ExtendWith({LoadedClasses.class, LeakWatch.class, LogWatch.class})
@Timeout(180)
class AccessLogTest {

    @Parameter
    String driver;

    @TempDir
    Path folder;

    private static final Router ROUTER = Router.builder()
            .get("/hello", request -> Response.text("hello"))
            .get("/loop", dev.pumasi.http.Handler.nonBlocking(request -> Response.text("on the loop")))
            .get("/async", (AsyncHandler) (request, responder) -> responder.respond(Response.text("later")))
            .get("/stream", request -> Response.stream(MediaType.TEXT, out -> out.write(new byte[70_000])))
            .build();

    private HttpServer serve(AccessLog log) throws IOException {
        return HttpServer.builder(log.around(ROUTER))
                .port(0)
                .loops(2)
                .driver(driver)
                .start();
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "waited in vain: " + what);
            LockSupport.parkNanos(2_000_000);
        }
    }

    @Test
    void aLineForEachAnswer() throws IOException {
        Path file = folder.resolve("access.log");
        Files.writeString(file, "before\n");
        try (AccessLog log = AccessLog.builder(file)
                        .format(AccessFormat.of(
                                "$request_method $request_uri $status $body_bytes_sent $request_completion"))
                        .every(Duration.ofHours(1))
                        .build();
                HttpServer server = serve(log)) {
            for (String path : List.of("/hello", "/loop", "/async", "/stream", "/none")) {
                WholeAnswer.to(server.port(), "GET", path);
            }
            WholeAnswer.to(server.port(), "HEAD", "/stream");
            WholeAnswer.to(server.port(), "HEAD", "/hello");
            if (Loop.greenThreadsRunOnLoop()) {
                assertEquals(
                        0,
                        server.loops().stream().mapToLong(loop -> loop.hops()).sum(),
                        "hops");
            }
        } // the server's loops are over when the log is closed: nothing is lost by that
        List<String> expected = List.of(
                "GET /async 200 5 OK",
                "GET /hello 200 5 OK",
                "GET /loop 200 11 OK",
                "GET /none 404 14 OK",
                "GET /stream 200 70000 OK",
                "HEAD /hello 200 0 OK",
                "HEAD /stream 200 0 OK",
                "before");
        assertEquals(expected, lines(file).stream().sorted().toList());
    }

    @Test
    void whatTheServerAsksItselfIsNotInIt() throws Exception {
        Path file = folder.resolve("access.log");
        try (AccessLog log = AccessLog.builder(file)
                        .format(AccessFormat.of("$request_uri"))
                        .every(Duration.ofHours(1))
                        .build();
                HttpServer server = serve(log)) {
            try (Listener itself =
                    Listener.open(server.on().getFirst(), new InetSocketAddress("127.0.0.1", 0), server::warmUp)) {
                WholeAnswer.to(((InetSocketAddress) itself.address()).getPort(), "GET", "/hello");
            }
            WholeAnswer.to(server.port(), "GET", "/loop");
        }
        assertEquals(List.of("/loop"), lines(file));
    }

    @Test
    void itIsWrittenByTheWay() throws IOException {
        Path file = folder.resolve("access.log");
        try (AccessLog log =
                        AccessLog.builder(file).every(Duration.ofMillis(10)).build();
                HttpServer server = serve(log)) {
            WholeAnswer.to(server.port(), "GET", "/hello?x=1", "User-Agent: me", "Referer: http://there/");
            await("a line is there", () -> lines(file).size() == 1);
            String line = lines(file).getFirst();
            assertTrue(
                    line.matches(
                            "127\\.0\\.0\\.1 - - \\[\\d\\d/[A-Z][a-z]{2}/\\d{4}:\\d\\d:\\d\\d:\\d\\d [+-]\\d{4}\\] "
                                    + "\"GET /hello\\?x=1 HTTP/1\\.1\" 200 5 \"http://there/\" \"me\""),
                    line);
            await("it was counted", () -> log.status().lines() == 1); // a moment after the file has it
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET / HTTP/1.1\\x22 200", "\" 200 1 \"", "a\\b", "\u00e9\u00ff", "{\"x\":1}", "\t"})
    void nobodyWritesALineOfHisOwn(String agent) throws IOException {
        Path file = folder.resolve("access.log");
        Path json = folder.resolve("access.json");
        try (AccessLog log = AccessLog.builder(file).build();
                AccessLog second =
                        AccessLog.builder(json).format(AccessFormat.JSON).build();
                HttpServer server = HttpServer.builder(second.around(log.around(ROUTER)))
                        .port(0)
                        .driver(driver)
                        .start()) {
            WholeAnswer.to(server.port(), "GET", "/hello?%0a%22", "User-Agent: x" + agent + "x");
        }
        assertEquals(1, lines(file).size());
        String line = lines(file).getFirst();
        String fields = line.substring(line.lastIndexOf(" \"") + 2, line.length() - 1);
        assertTrue(fields.matches("x([\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\x[0-9A-F]{2})*x"), line);
        String object = lines(json).getFirst();
        assertTrue(object.startsWith("{\"time\":\"") && object.endsWith("x\"}"), object);
        String value = object.substring(object.lastIndexOf(":\"") + 2, object.length() - 2);
        assertTrue(value.matches("x([\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\u[0-9A-F]{4})*x"), object);
    }

    @Test
    void whatDoesNotFitIsCountedAndSaid() throws IOException {
        Path file = folder.resolve("access.log");
        try (AccessLog log = AccessLog.builder(file)
                        .bufferBytes(1024)
                        .every(Duration.ofHours(1))
                        .format(AccessFormat.of("x".repeat(600)))
                        .build();
                HttpServer server = HttpServer.builder(log.around(request -> {
                            for (int i = 0; i < 5; i++) { // without a turn of the loop in between
                                log.add(new AccessEntry(request, Response.ok(), 0, true, 0, 0));
                            }
                            return Response.ok();
                        }))
                        .port(0)
                        .loops(1)
                        .driver(driver)
                        .start()) {
            WholeAnswer.to(server.port(), "GET", "/");
            if (Loop.greenThreadsRunOnLoop()) {
                await("it was written", () -> log.status().writes() > 0);
                assertTrue(log.status().lost() > 0, "nothing was lost");
            }
            log.reopen();
            await(
                    "it says so",
                    () -> log.status().lost() == 0
                            || lines(file).stream()
                                    .anyMatch(line -> line.endsWith("the log could not be written in time")));
            long lost = log.status().lost();
            long said = lines(file).stream()
                    .filter(line -> line.startsWith("# "))
                    .mapToLong(line -> Long.parseLong(line.split(" ")[2]))
                    .sum();
            assertEquals(lost, said);
        }
        assertEquals(
                6,
                lines(file).stream().filter(line -> line.startsWith("x")).count()
                        + lines(file).stream()
                                .filter(line -> line.startsWith("# "))
                                .mapToLong(line -> Long.parseLong(line.split(" ")[2]))
                                .sum());
    }

    @Test
    void aSignalOpensTheFileAnew() throws Exception {
        Path file = folder.resolve("access.log");
        Path old = folder.resolve("access.log.1");
        try (dev.pumasi.runtime.LoopGroup ears = dev.pumasi.runtime.LoopGroup.start(
                        "pumasi-ears",
                        1,
                        dev.pumasi.runtime.driver.Drivers.choose(driver).factory());
                AccessLog log = AccessLog.builder(file)
                        .every(Duration.ofMillis(5))
                        .reopenOn(UnixSignal.USR1, ears.loops().getFirst())
                        .build();
                HttpServer server = serve(log)) {
            WholeAnswer.to(server.port(), "GET", "/hello?old");
            await("a line is there", () -> lines(file).size() == 1);
            Files.move(file, old);
            new ProcessBuilder(
                            "kill",
                            "-USR1",
                            Long.toString(ProcessHandle.current().pid()))
                    .start()
                    .waitFor();
            await("lines are in a new file", () -> {
                try {
                    WholeAnswer.to(server.port(), "GET", "/hello?new");
                } catch (IOException failure) {
                    throw new UncheckedIOException(failure);
                }
                return Files.exists(file) && !lines(file).isEmpty();
            });
        }
        assertTrue(lines(old).getFirst().contains("?old"));
        assertTrue(lines(file).stream().allMatch(line -> line.contains("?new")));
    }

    @Test
    void aFileThatCannotBeWritten(LogWatch watch) throws Exception {
        Path in = Files.createDirectory(folder.resolve("in"));
        Path file = in.resolve("access.log");
        try (AccessLog log = AccessLog.builder(file).every(Duration.ofMillis(5)).build();
                HttpServer server = serve(log)) {
            Files.delete(file);
            Files.delete(in);
            watch.expect("the access log cannot be written").allow("the access log");
            WholeAnswer.to(server.port(), "GET", "/hello?lost");
            await("it is counted", () -> log.status().lost() == 1);
            Files.createDirectory(in);
            await("it goes on, and says so", () -> {
                try {
                    WholeAnswer.to(server.port(), "GET", "/hello?seen");
                } catch (IOException failure) {
                    throw new UncheckedIOException(failure);
                }
                return Files.exists(file) && lines(file).stream().anyMatch(line -> line.contains("?seen"));
            });
        }
        assertTrue(
                lines(file).stream().anyMatch(line -> line.contains("lines are missing here")),
                lines(file).toString());
    }

    @Test
    void formatsThatAreNone() {
        assertThrows(IllegalArgumentException.class, () -> AccessFormat.of("$nothing"));
        assertThrows(IllegalArgumentException.class, () -> AccessFormat.of("${status"));
        assertThrows(IllegalArgumentException.class, () -> AccessFormat.of("a\nb"));
        assertThrows(IllegalArgumentException.class, () -> AccessFormat.json("a"));
        StringBuilder escaped = new StringBuilder();
        AccessFormat.escape("x".repeat(3000), false, escaped);
        assertEquals(AccessFormat.VALUE_CHARS_MAX + 3, escaped.length());
    }
}
