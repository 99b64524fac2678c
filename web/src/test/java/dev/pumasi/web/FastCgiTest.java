package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.HttpServer;
import dev.pumasi.runtime.Loop;
import dev.pumasi.testkit.HeldPort;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LoadedClasses;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** With an application of the test's own, and with PHP-FPM. */
@OnEachDriver
@ExtendWith({LoadedClasses.class, LeakWatch.class, LogWatch.class})
@Timeout(180)
class FastCgiTest {

    @Parameter
    String driver;

    @TempDir
    Path folder;

    private Path root;
    private FastCgiPeer peer;
    private FastCgi handler;
    private HttpServer server;

    @BeforeEach
    void makeFolder() throws IOException {
        root = Files.createDirectory(folder.resolve("root"));
        Files.writeString(root.resolve("x.php"), "<?php");
    }

    @AfterEach
    void close() throws IOException {
        if (server != null) {
            if (Loop.greenThreadsRunOnLoop()) {
                assertEquals(
                        0,
                        server.loops().stream().mapToLong(loop -> loop.hops()).sum(),
                        "hops");
            }
            await("all requests are over", () -> handler.status().running() == 0);
            server.close();
        }
        if (peer != null) {
            peer.close();
        }
    }

    private void serve(FastCgi.Builder of) throws IOException {
        handler = of.build();
        server = HttpServer.builder(handler).port(0).loops(1).driver(driver).start();
    }

    private FastCgi.Builder builder(SocketAddress at) {
        return FastCgi.builder(at, root).temporaryFolder(folder);
    }

    private void serve(boolean keeps, FastCgiPeer.Script script) throws IOException {
        peer = new FastCgiPeer(keeps, script);
        serve(builder(peer.address()));
    }

    private WholeAnswer get(String target, String... fields) throws IOException {
        return WholeAnswer.to(server.port(), "GET", target, fields);
    }

    private static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "waited in vain: " + what);
            LockSupport.parkNanos(2_000_000);
        }
    }

    @Test
    void whatAnApplicationIsTold() throws IOException {
        serve(true, (variables, body, out) -> {
            out.write(FastCgiPeer.output("Content-Type: text/plain\n\n"));
            out.write(FastCgiPeer.output(new TreeMap<>(variables).toString()));
            out.write(FastCgiPeer.end(0));
        });
        String said = get("/x.php/more?q=1", "X-Long: " + "y".repeat(300), "Proxy: no")
                .text();
        for (String part : new String[] {
            "SCRIPT_FILENAME=" + root.resolve("x.php") + ",",
            "SCRIPT_NAME=/x.php,",
            "PATH_INFO=/more,",
            "QUERY_STRING=q=1,",
            "REQUEST_URI=/x.php/more?q=1,",
            "HTTP_X_LONG=" + "y".repeat(300),
            "REDIRECT_STATUS=200",
            "GATEWAY_INTERFACE=CGI/1.1",
        }) {
            assertTrue(said.contains(part), () -> part + " in " + said);
        }
        assertFalse(said.contains("HTTP_PROXY"), said);
    }

    @ParameterizedTest
    @CsvSource({"0, false", "10, false", "300000, false", "300000, true"})
    void bodiesThereAndBackOnOneConnection(int length, boolean chunked) throws IOException {
        serve(true, (variables, body, out) -> {
            out.write(FastCgiPeer.output("Content-Type: application/x\nX-Length: "
                    + variables.getOrDefault("CONTENT_LENGTH", "none") + "\n\n"));
            for (int from = 0; from < body.length; from += 40_000) {
                byte[] piece = java.util.Arrays.copyOfRange(body, from, Math.min(body.length, from + 40_000));
                out.write(FastCgiPeer.record(6, piece, from % 255));
            }
            out.write(FastCgiPeer.end(0));
        });
        byte[] body = new byte[length];
        for (int i = 0; i < length; i++) {
            body[i] = (byte) (i * 13 + i / 999);
        }
        for (int round = 0; round < 3; round++) {
            WholeAnswer answer = chunked
                    ? WholeAnswer.to(
                            server.port(),
                            "POST",
                            "/x.php",
                            WholeAnswer.chunked(body, 7_777),
                            "Transfer-Encoding: chunked")
                    : WholeAnswer.to(server.port(), "POST", "/x.php", body);
            assertEquals(length == 0 ? "none" : Integer.toString(length), answer.field("x-length"));
            assertArrayEquals(body, answer.body());
            assertTrue(answer.complete());
        }
        assertEquals(length == 0 ? 1 : 3, handler.connections());
    }

    @Test
    void oneThatClosesItsConnectionsIsAskedOnNewOnes() throws IOException {
        serve(false, (variables, body, out) -> {
            out.write(FastCgiPeer.output("Content-Type: text/plain\n\nhello"));
            out.write(FastCgiPeer.end(0));
        });
        for (int i = 0; i < 10; i++) {
            assertEquals("hello", get("/x.php").text());
        }
        assertEquals(10, peer.accepted.get());
        assertEquals(0, handler.status().failed());
    }

    @ParameterizedTest
    @CsvSource({
        "/none.php, 404",
        "/x.txt, 404",
        "/photo.jpg/x.php, 404",
        "/.hidden.php, 404",
        "/dir.php, 404",
        "/out.php, 403",
        "/x.php, 200",
        "/, 200",
        "/sub/, 404",
    })
    void onlyScriptsThatAreThere(String target, int status) throws IOException {
        Files.writeString(root.resolve("photo.jpg"), "<?php");
        Files.writeString(root.resolve("index.php"), "<?php");
        Files.writeString(root.resolve(".hidden.php"), "<?php");
        Files.createDirectory(root.resolve("dir.php"));
        Files.writeString(folder.resolve("out.php"), "<?php");
        Files.createSymbolicLink(root.resolve("out.php"), folder.resolve("out.php"));
        serve(true, (variables, body, out) -> {
            out.write(FastCgiPeer.output("Content-Type: text/plain\n\nran"));
            out.write(FastCgiPeer.end(0));
        });
        assertEquals(status, get(target).status());
    }

    // ------------------------------------------------------------------------------------------- applications that
    // misbehave

    @Test
    void oneThatIsNotThere(LogWatch log) throws IOException {
        try (HeldPort nobody = HeldPort.take()) {
            serve(builder(new InetSocketAddress(InetAddress.getLoopbackAddress(), nobody.number())));
            log.expect("nobody listens there");
            assertEquals(502, get("/x.php").status());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0106000100000000 0103000100080000 0000000000000000 | 502 | said nothing",
                "0103000100080000 0000000002000000 | 503 | is overloaded",
                "0103000100080000 0000000003000000 | 502 | protocol status 3",
                "0103000100040000 00000000 | 502 | an end of 4 bytes",
                "0206000100000000 | 502 | not FastCGI 1",
                "0106000200000000 | 502 | a record of request 2",
                "0105000100000000 | 502 | a record of type 5",
                "48545450 2f312e31 | 502 | not FastCGI 1",
                "010600 | 502 | closed the connection in the middle",
                "0106000100010000 41 | 502 | closed the connection in the middle",
            })
    void whatIsNoAnswer(String hex, int status, String why, LogWatch log) throws IOException {
        serve(
                false,
                (variables, body, out) -> out.write(java.util.HexFormat.of().parseHex(hex.replace(" ", ""))));
        log.expect(why);
        assertEquals(status, get("/x.php").status());
        assertEquals(1, handler.status().failed());
    }

    @Test
    void oneThatIsSilent(LogWatch log) throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        peer = new FastCgiPeer(true, (variables, body, out) -> {
            try {
                over.await(60, TimeUnit.SECONDS);
            } catch (InterruptedException end) {
                throw new IOException(end);
            }
        });
        serve(builder(peer.address()).timeLimits(Duration.ofMillis(100), Duration.ofMinutes(1)));
        log.expect("was silent for PT0.1S");
        assertEquals(504, get("/x.php").status());
        over.countDown();
    }

    @Test
    void oneThatBreaksOffInTheMiddle(LogWatch log) throws IOException {
        serve(false, (variables, body, out) -> out.write(FastCgiPeer.output("Content-Type: text/plain\n\nso far")));
        log.expect("the body of the answer to GET /x.php");
        WholeAnswer answer = get("/x.php");
        assertEquals(200, answer.status());
        assertFalse(answer.complete());
    }

    @Test
    void complaintsGoIntoTheLog(LogWatch log) throws IOException {
        serve(true, (variables, body, out) -> {
            out.write(FastCgiPeer.record(7, "PHP message: bad\nworse".getBytes(StandardCharsets.UTF_8), 3));
            out.write(FastCgiPeer.output("Content-Type: text/plain\n\nhello"));
            out.write(FastCgiPeer.end(0));
        });
        log.expect("says: PHP message: bad").expect("says: worse");
        assertEquals("hello", get("/x.php").text());
    }

    @Test
    void aClientThatGoesEndsTheRequest() throws IOException {
        CountDownLatch ended = new CountDownLatch(1);
        serve(true, (variables, body, out) -> {
            try {
                out.write(FastCgiPeer.output("Content-Type: text/plain\n\n"));
                while (true) {
                    out.write(FastCgiPeer.output("x".repeat(60_000)));
                }
            } finally {
                ended.countDown();
            }
        });
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.getOutputStream()
                    .write("GET /x.php HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertTrue(socket.getInputStream().read() > 0);
            socket.setSoLinger(true, 0);
        }
        await("the application has noticed", () -> ended.getCount() == 0);
    }

    // ------------------------------------------------------------------------------------------- PHP-FPM

    @Test
    void phpFpmOverAUnixSocket() throws Exception {
        Path program = PhpFpm.program().orElse(null);
        if (program == null) {
            System.out.println("not tested: php-fpm is not installed (apt-get install php-fpm)");
        }
        Assumptions.assumeTrue(program != null, "not tested here: php-fpm is not installed");
        Path socket = folder.resolve("fpm.sock");
        Files.writeString(
                root.resolve("x.php"),
                "<?php header('X-Method: '.$_SERVER['REQUEST_METHOD']); setcookie('a','1'); setcookie('b','2');"
                        + " echo strlen(file_get_contents('php://input')),' ',$_GET['q'] ?? '',' ',$_SERVER['PATH_INFO'] ?? '';");
        Files.writeString(root.resolve("away.php"), "<?php header('Location: http://example.org/'); ?>");
        try (PhpFpm _ = PhpFpm.start(program, folder, socket, "pm.max_requests=5")) {
            serve(builder(UnixDomainSocketAddress.of(socket)));
            for (int i = 0; i < 12; i++) { // its workers end after five, and close what was kept
                WholeAnswer answer = get("/x.php/info?q=rice" + i);
                assertEquals("0 rice" + i + " /info", answer.text(), Integer.toString(answer.status()));
                assertEquals("a=1\nb=2", answer.field("set-cookie"));
                assertEquals("text/html; charset=UTF-8", answer.field("content-type"));
            }
            assertTrue(handler.connections() < 12, handler.connections() + " connections");
            WholeAnswer posted = WholeAnswer.to(
                    server.port(),
                    "POST",
                    "/x.php",
                    WholeAnswer.chunked(new byte[400_000], 10_000),
                    "Transfer-Encoding: chunked");
            assertEquals("400000  ", posted.text());
            assertEquals("POST", posted.field("x-method"));
            assertEquals(302, get("/away.php").status());
            assertEquals("", WholeAnswer.to(server.port(), "HEAD", "/x.php").text());
        }
    }
}
