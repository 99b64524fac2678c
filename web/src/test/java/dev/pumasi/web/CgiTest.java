package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import dev.pumasi.runtime.Loop;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LoadedClasses;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Real scripts, of a real shell. */
@OnEachDriver
@ExtendWith({LoadedClasses.class, LeakWatch.class, LogWatch.class})
@Timeout(120)
class CgiTest {

    /** As long as a shell may take to say its first words, and as long as a test takes that waits for the end of it. */
    private static final Duration WHOLE = Duration.ofSeconds(2);

    private static final String HELLO = "printf 'Content-Type: text/plain\\n\\nhello'";

    @Parameter
    String driver;

    @TempDir
    Path folder;

    private Path scripts;
    private Cgi cgi;
    private HttpServer server;

    @BeforeEach
    void makeFolder(LogWatch log) throws IOException {
        log.allow("has no process groups"); // nio
        scripts = Files.createDirectory(folder.resolve("scripts"));
        script("hello.cgi", HELLO);
    }

    @AfterEach
    void close() {
        if (server != null) {
            if (Loop.greenThreadsRunOnLoop()) {
                assertEquals(
                        0,
                        server.loops().stream().mapToLong(loop -> loop.hops()).sum(),
                        "hops");
            }
            server.close();
        }
    }

    private void script(String name, String text) throws IOException {
        Path file = scripts.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/sh\n" + text + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Cgi.Builder builder() {
        return Cgi.builder(scripts).under("/cgi-bin").temporaryFolder(folder).patience(Duration.ofMillis(200));
    }

    private void serve(Cgi.Builder of) throws IOException {
        cgi = of.build();
        Router router = Router.builder()
                .any("/cgi-bin/*", cgi)
                .get("/elsewhere", request -> Response.text("elsewhere " + request.query()))
                .build();
        server = HttpServer.builder(router).port(0).loops(2).driver(driver).start();
    }

    private WholeAnswer get(String target, String... fields) throws IOException {
        return WholeAnswer.to(server.port(), "GET", target, fields);
    }

    private WholeAnswer post(String target, byte[] body, String... fields) throws IOException {
        return WholeAnswer.to(server.port(), "POST", target, body, fields);
    }

    private boolean hasGroups() {
        return !driver.equals("nio");
    }

    private static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "waited in vain: " + what);
            LockSupport.parkNanos(2_000_000);
        }
    }

    private void awaitNoneRunning() {
        await("all scripts have ended", () -> cgi.status().running() == 0);
    }

    // ------------------------------------------------------------------------------------------- what a script is told

    @Test
    void theVariablesAreThoseOfTheRfcAndNoOthers() throws IOException {
        script("env.cgi", "printf 'Content-Type: text/plain\\n\\n'; tr '\\0' '\\n' < /proc/$$/environ");
        serve(builder().documentRoot(Path.of("/site")));
        WholeAnswer answer = get(
                "/cgi-bin/env.cgi/a%20b/c?x=1&y=%41",
                "Host: Example.org:8123",
                "User-Agent: test",
                "X-Two: one",
                "x-two: two",
                "Cookie: a=1",
                "Cookie: b=2",
                "Proxy: http://attacker.example/",
                "X_Underscore: no",
                "Authorization: Basic c2VjcmV0",
                "X-Name: pum\u00c3\u00a4si");
        assertEquals(200, answer.status());
        Map<String, String> variables = new TreeMap<>();
        answer.text().lines().forEach(line -> {
            int equals = line.indexOf('=');
            variables.put(line.substring(0, equals), line.substring(equals + 1));
        });
        Map<String, String> expected = new TreeMap<>(Map.of(
                "GATEWAY_INTERFACE", "CGI/1.1",
                "REQUEST_METHOD", "GET",
                "SCRIPT_NAME", "/cgi-bin/env.cgi",
                "PATH_INFO", "/a b/c",
                "PATH_TRANSLATED", "/site/a b/c",
                "QUERY_STRING", "x=1&y=%41",
                "SERVER_NAME", "example.org",
                "SERVER_PORT", "8123",
                "SERVER_PROTOCOL", "HTTP/1.1",
                "SERVER_SOFTWARE", "pumasi"));
        expected.putAll(Map.of(
                "REMOTE_ADDR", "127.0.0.1",
                "REMOTE_HOST", "127.0.0.1",
                "HTTP_HOST", "Example.org:8123",
                "HTTP_USER_AGENT", "test",
                "HTTP_X_TWO", "one, two",
                "HTTP_COOKIE", "a=1; b=2",
                "HTTP_X_NAME", "pum\u00e4si",
                "PATH", System.getenv("PATH")));
        assertEquals(expected, variables);
    }

    @Test
    void aScriptRunsInItsOwnFolder() throws IOException {
        script("deep/er/where.cgi", "printf 'Content-Type: text/plain\\n\\n%s %s' \"$PWD\" \"$#\"");
        serve(builder());
        assertEquals(
                scripts.toRealPath().resolve("deep/er") + " 0",
                get("/cgi-bin/deep/er/where.cgi?a+b").text());
    }

    @Test
    void anInterpreterByItsEnding() throws IOException {
        Files.writeString(
                scripts.resolve("plain.sh"), "printf 'Content-Type: text/plain\\n\\n%s' \"$SCRIPT_FILENAME\"");
        serve(builder().interpreter(".sh", "/bin/sh").withFileNames().executables(false));
        assertEquals(
                scripts.resolve("plain.sh").toString(), get("/cgi-bin/plain.sh").text());
        assertEquals(403, get("/cgi-bin/hello.cgi").status());
    }

    // ------------------------------------------------------------------------------------------- bodies

    @Test
    void aBodyWithItsLengthThereAndBack() throws IOException {
        script("echo.cgi", "printf 'Content-Type: application/x\\nX-Length: %s\\n\\n' \"$CONTENT_LENGTH\"; cat");
        serve(builder());
        byte[] body = bytes(1_000_000);
        WholeAnswer answer = post("/cgi-bin/echo.cgi", body);
        assertEquals("1000000", answer.field("x-length"));
        assertArrayEquals(body, answer.body());
        assertTrue(answer.complete());
    }

    @ParameterizedTest
    @CsvSource({"10, 3", "65536, 8192", "700000, 30000"})
    void aChunkedBodyIsDecodedAndItsLengthIsSaid(int length, int chunk) throws IOException {
        script("echo.cgi", "printf 'Content-Type: application/x\\nX-Length: %s\\n\\n' \"$CONTENT_LENGTH\"; cat");
        serve(builder());
        byte[] body = bytes(length);
        WholeAnswer answer = post("/cgi-bin/echo.cgi", WholeAnswer.chunked(body, chunk), "Transfer-Encoding: chunked");
        assertEquals(Integer.toString(length), answer.field("x-length"));
        assertArrayEquals(body, answer.body());
        try (var left = Files.list(folder)) {
            assertEquals(List.of(scripts), left.toList(), "nothing is left of the body");
        }
    }

    @Test
    void aChunkedBodyCanBeStreamedOrRefused() throws IOException {
        script("echo.cgi", "printf 'Content-Type: application/x\\nX-Length: %s\\n\\n' \"${CONTENT_LENGTH-none}\"; cat");
        serve(builder().unannounced(Cgi.Unannounced.STREAMED));
        byte[] body = bytes(300_000);
        WholeAnswer answer = post("/cgi-bin/echo.cgi", WholeAnswer.chunked(body, 5_000), "Transfer-Encoding: chunked");
        assertEquals("none", answer.field("x-length"));
        assertArrayEquals(body, answer.body());
        close();
        serve(builder().unannounced(Cgi.Unannounced.REFUSED));
        assertEquals(
                411,
                post("/cgi-bin/echo.cgi", WholeAnswer.chunked(body, 5_000), "Transfer-Encoding: chunked")
                        .status());
    }

    @Test
    void aBodyThatIsTooLargeIsTheClientsMistake() throws IOException {
        script("count.cgi", "n=$(wc -c); printf 'Content-Type: text/plain\\n\\n%s' $n");
        serve(builder());
        byte[] body = bytes(1_100_000);
        assertEquals(413, post("/cgi-bin/count.cgi", body).status());
        assertEquals(
                413,
                post("/cgi-bin/count.cgi", WholeAnswer.chunked(body, 9_000), "Transfer-Encoding: chunked")
                        .status());
        awaitNoneRunning();
    }

    @Test
    void aScriptThatDoesNotReadItsBody() throws IOException {
        serve(builder());
        WholeAnswer answer = post("/cgi-bin/hello.cgi", bytes(900_000));
        assertEquals("hello", answer.text());
        assertEquals(200, answer.status());
    }

    @Test
    void whatAScriptWritesIsSentAtOnce() throws IOException {
        script(
                "slow.cgi",
                "printf 'Content-Type: text/plain\\n\\nfirst\\n'; read answer; printf 'then %s' \"$answer\"");
        serve(builder());
        try (java.net.Socket socket = new java.net.Socket(java.net.InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream()
                    .write("POST /cgi-bin/slow.cgi HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n".getBytes());
            InputStream in = socket.getInputStream();
            StringBuilder seen = new StringBuilder();
            readUntil("first\n", in, seen);
            socket.getOutputStream().write("later\n".getBytes()); // the script has answered before it got its body
            readUntil("then later", in, seen);
        }
    }

    private static void readUntil(String text, InputStream in, StringBuilder seen) throws IOException {
        while (seen.indexOf(text) < 0) {
            int c = in.read();
            assertTrue(c >= 0, seen.toString());
            seen.append((char) c);
        }
    }

    @Test
    void aClientThatReadsSlowlyHoldsUpTheScriptAndNothingElse() throws IOException {
        script("much.cgi", "printf 'Content-Type: text/plain\\n\\n'; head -c 20000000 /dev/zero");
        serve(builder());
        try (java.net.Socket socket = new java.net.Socket(java.net.InetAddress.getLoopbackAddress(), server.port())) {
            socket.getOutputStream()
                    .write("GET /cgi-bin/much.cgi HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".getBytes());
            assertEquals("hello", get("/cgi-bin/hello.cgi").text());
            WholeAnswer answer = WholeAnswer.read(socket.getInputStream(), "GET");
            assertEquals(20_000_000, answer.body().length);
            assertTrue(answer.complete());
        }
        awaitNoneRunning();
    }

    // ------------------------------------------------------------------------------------------- answers

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Status: 404 Nope\\nContent-Type: text/plain\\n\\ngone | 404 | gone",
                "Status: 201\\r\\nContent-Type: text/plain\\r\\n\\r\\nmade | 201 | made",
                "content-type:text/plain\\nContent-Length: 4\\n\\nfour | 200 | four",
                "Content-Type: text/plain\\nX-CGI-Own: no\\nDate: never\\nConnection: close\\n\\nb | 200 | b",
                "Status: 204\\n\\n | 204 | ''",
                "Content-Type: text/plain\\n\\n | 200 | ''",
                "Location: http://example.org/x#y\\n\\n | 302 | ''",
                "Status: 307 Go\\nLocation: /there\\nContent-Type: text/html\\n\\ngo | 307 | go",
            })
    void aHeadAndABody(String output, int status, String body) throws IOException {
        script("say.cgi", "printf '" + output + "'");
        serve(builder());
        WholeAnswer answer = get("/cgi-bin/say.cgi");
        assertEquals(status, answer.status());
        assertEquals(body, answer.text());
        assertFalse(answer.fields().containsKey("x-cgi-own"));
    }

    @Test
    void aLocalRedirectIsFollowedWithin() throws IOException {
        script("away.cgi", "printf 'Location: /elsewhere?a=%%20b\\n\\n'");
        script("again.cgi", "printf 'Location: /cgi-bin/again.cgi\\n\\n'");
        script("odd.cgi", "printf 'Location: /a b\\n\\n'");
        List<Router> routers = new ArrayList<>();
        Cgi made = builder()
                .localRedirects(request -> routers.getFirst().handle(request))
                .build();
        cgi = made;
        routers.add(Router.builder()
                .any("/cgi-bin/*", made)
                .get(
                        "/elsewhere",
                        request -> Response.text(request.method() + " " + request.query() + " "
                                + request.header("X-Kept", "") + request.contentLength()))
                .build());
        server = HttpServer.builder(routers.getFirst()).port(0).driver(driver).start();
        WholeAnswer answer = post("/cgi-bin/away.cgi", bytes(10), "X-Kept: kept");
        assertEquals("GET a=%20b kept0", answer.text());
    }

    @Test
    void aLocalRedirectWithoutEndOrSense(LogWatch log) throws IOException {
        script("again.cgi", "printf 'Location: /cgi-bin/again.cgi\\n\\n'");
        script("odd.cgi", "printf 'Location: /a b\\n\\n'");
        serve(builder());
        log.expect("redirected 10 times already").expect("not a path with a query");
        assertEquals(502, get("/cgi-bin/again.cgi").status());
        assertEquals(502, get("/cgi-bin/odd.cgi").status());
        assertEquals(11 + 1, cgi.status().started());
    }

    @Test
    void headHasTheFieldsOfGetAndNoBody() throws IOException {
        script("sized.cgi", "printf 'Content-Type: text/plain\\nContent-Length: 5\\n\\nhello'");
        serve(builder());
        WholeAnswer answer = WholeAnswer.to(server.port(), "HEAD", "/cgi-bin/sized.cgi");
        assertEquals(200, answer.status());
        assertEquals("5", answer.field("content-length"));
        assertEquals("", answer.text());
        awaitNoneRunning();
    }

    @Test
    void aNonParsedHeadIsReadAsOneOfHttp() throws IOException {
        script("nph-own.cgi", "printf 'HTTP/1.1 209 Own\\r\\nContent-Type: text/plain\\r\\nX-Own: yes\\r\\n\\r\\nraw'");
        serve(builder());
        WholeAnswer answer = get("/cgi-bin/nph-own.cgi");
        assertEquals(209, answer.status());
        assertEquals("yes", answer.field("x-own"));
        assertEquals("raw", answer.text());
    }

    // ------------------------------------------------------------------------------------------- scripts that
    // misbehave

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                ": | said nothing",
                "printf 'Content-Type: text/plain\\n' | ended before its head did",
                "printf 'hello world\\n\\n' | a line that is no field: hello world",
                "printf 'X-Only: this\\n\\n' | neither Content-Type nor Location nor Status",
                "printf 'Status: 200\\n\\nuntyped' | a body without a Content-Type",
                "printf 'Status: 99\\n\\n' | a Status that is none",
                "printf 'Status: 101\\n\\n' | a Status that is none",
                "printf 'Content-Type: a/b\\nContent-Type: c/d\\n\\n' | two fields Content-Type",
                "printf 'Content-Type: a/b\\nTransfer-Encoding: chunked\\n\\n' | a Transfer-Encoding",
                "printf 'Content-Type: a/b\\nContent-Length: -4\\n\\n' | a Content-Length that is no number",
                "printf 'Location: nowhere\\n\\n' | a Location that is neither",
                "printf 'X: \\001\\n\\n' | not a value for the field X",
                "head -c 50000 /dev/zero | more than 32768 bytes before an empty line",
                "for i in $(seq 120); do printf 'X-%s: y\\n' $i; done; echo | more than 100 fields",
            })
    void noHeadIsABadGateway(String commands, String why, LogWatch log) throws IOException {
        script("bad.cgi", commands);
        serve(builder());
        log.expect(java.util.regex.Pattern.quote(why));
        WholeAnswer answer = get("/cgi-bin/bad.cgi");
        assertEquals(502, answer.status());
        assertTrue(answer.complete());
        assertEquals(1, cgi.status().failed());
        awaitNoneRunning();
    }

    @Test
    void silenceIsATimeout(LogWatch log) throws IOException {
        script("silent.cgi", "exec sleep 600");
        serve(builder().timeLimits(Duration.ofMillis(100), Duration.ofMinutes(5)));
        log.expect("was silent for PT0.1S");
        assertEquals(504, get("/cgi-bin/silent.cgi").status());
        awaitNoneRunning();
    }

    @Test
    void whoeverTalksForEverIsCutOff(LogWatch log) throws IOException {
        script("yes.cgi", "printf 'Content-Type: text/plain\\n\\n'; exec yes");
        serve(builder().outputLimits(3_000_000, 100));
        log.expect("the body of the answer to GET /cgi-bin/yes.cgi");
        WholeAnswer answer = get("/cgi-bin/yes.cgi");
        assertEquals(200, answer.status());
        assertFalse(answer.complete(), "a cut answer must not look complete");
        assertTrue(answer.body().length <= 3_000_000, () -> answer.body().length + " bytes");
        awaitNoneRunning();
    }

    @Test
    void whoeverTakesTooLongIsCutOff(LogWatch log) throws IOException {
        script(
                "stuck.cgi",
                "trap '' TERM; printf 'Content-Type: text/plain\\n\\nso far'; while :; do sleep 0.05; done");
        serve(builder().timeLimits(Duration.ofSeconds(20), WHOLE));
        log.expect("the body of the answer to GET /cgi-bin/stuck.cgi");
        WholeAnswer answer = get("/cgi-bin/stuck.cgi");
        assertEquals("so far", answer.text());
        assertFalse(answer.complete());
        awaitNoneRunning();
    }

    @Test
    void anAnnouncedLengthIsHeldTo(LogWatch log) throws IOException {
        script("less.cgi", "printf 'Content-Type: text/plain\\nContent-Length: 10\\n\\nfour'");
        script("more.cgi", "printf 'Content-Type: text/plain\\nContent-Length: 4\\n\\nfour and more'");
        serve(builder());
        log.expect("the body of the answer to GET /cgi-bin/less.cgi").expect("more than the 4 bytes it had announced");
        assertFalse(get("/cgi-bin/less.cgi").complete());
        WholeAnswer answer = get("/cgi-bin/more.cgi");
        assertEquals("four", answer.text());
        assertTrue(answer.complete());
    }

    @Test
    void complaintsGoIntoTheLogUpToTheLimit(LogWatch log) throws IOException {
        script(
                "loud.cgi",
                "echo 'first complaint' >&2; printf 'with \\033[31m colour\\n' >&2; head -c 200000 /dev/zero >&2; "
                        + HELLO);
        serve(builder().outputLimits(1000, 100));
        log.expect("says: first complaint").expect("says: with ..1b.31m colour").expect("more bytes of complaints");
        log.allow("says: ");
        assertEquals("hello", get("/cgi-bin/loud.cgi").text());
        awaitNoneRunning();
        await("the complaints are logged", () -> log.messages().stream().anyMatch(m -> m.contains("more bytes of")));
    }

    @Test
    void childrenAreKilledWithTheScript() throws IOException {
        Path pid = folder.resolve("pid");
        script("leaves.cgi", "sleep 600 & echo $! > " + pid + "; " + HELLO);
        serve(builder());
        if (!hasGroups()) {
            return; // what such a driver leaves behind is said in the docs
        }
        WholeAnswer answer = get("/cgi-bin/leaves.cgi"); // whose child holds the pipe
        assertEquals("hello", answer.text());
        assertTrue(answer.complete());
        awaitNoneRunning();
        long child = Long.parseLong(Files.readString(pid).strip());
        await("the child is gone", () -> !isAlive(child));
    }

    @Test
    void whoLeavesTheGroupHoldsUpNobody() throws IOException {
        Path pid = folder.resolve("pid");
        script(
                "daemon.cgi",
                "setsid sh -c 'echo $$ > " + pid + "; exec sleep 600' & while [ ! -s " + pid
                        + " ]; do sleep 0.01; done; " + HELLO);
        serve(builder());
        WholeAnswer answer = get("/cgi-bin/daemon.cgi");
        assertEquals("hello", answer.text());
        assertTrue(answer.complete());
        ProcessHandle.of(Long.parseLong(Files.readString(pid).strip())).ifPresent(ProcessHandle::destroyForcibly);
    }

    private static boolean isAlive(long process) {
        try {
            return !Files.readString(Path.of("/proc/" + process + "/stat")).matches("(?s)\\d+ \\(.*\\) [ZX].*");
        } catch (IOException gone) {
            return false;
        }
    }

    @Test
    void aClientThatGoesTakesTheScriptAlong() throws IOException {
        script("endless.cgi", "printf 'Content-Type: text/plain\\n\\n'; while :; do echo tick; sleep 0.01; done");
        serve(builder());
        try (java.net.Socket socket = new java.net.Socket(java.net.InetAddress.getLoopbackAddress(), server.port())) {
            socket.getOutputStream().write("GET /cgi-bin/endless.cgi HTTP/1.1\r\nHost: x\r\n\r\n".getBytes());
            assertTrue(socket.getInputStream().read() > 0);
            socket.setSoLinger(true, 0);
        }
        awaitNoneRunning();
    }

    @Test
    void aClientThatGoesBeforeTheScriptHasSaidAnything() throws IOException {
        script("silent.cgi", "exec sleep 600");
        serve(builder());
        try (java.net.Socket socket = new java.net.Socket(java.net.InetAddress.getLoopbackAddress(), server.port())) {
            socket.getOutputStream().write("GET /cgi-bin/silent.cgi HTTP/1.1\r\nHost: x\r\n\r\n".getBytes());
            await("it runs", () -> cgi.status().running() == 1);
            socket.setSoLinger(true, 0);
        }
        awaitNoneRunning();
    }

    // ------------------------------------------------------------------------------------------- how many at once

    @Test
    void soManyAtOnceSoManyWaitAndTheRestIsTold() throws Exception {
        Path gate = folder.resolve("gate");
        script("held.cgi", "while [ ! -e " + gate + " ]; do sleep 0.01; done; " + HELLO);
        serve(builder().concurrency(2, 1, Duration.ofSeconds(60)));
        try (ExecutorService clients = Executors.newCachedThreadPool()) {
            List<Future<WholeAnswer>> two = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                two.add(clients.submit(() -> get("/cgi-bin/held.cgi")));
            }
            await("two run", () -> cgi.status().running() == 2);
            Future<WholeAnswer> third = clients.submit(() -> get("/cgi-bin/held.cgi"));
            List<WholeAnswer> refused = new ArrayList<>();
            await("one waits, so that the next is refused", () -> {
                try {
                    Future<WholeAnswer> next = clients.submit(() -> get("/cgi-bin/hello.cgi"));
                    WholeAnswer answer = next.get(100, java.util.concurrent.TimeUnit.MILLISECONDS);
                    refused.add(answer);
                    return true;
                } catch (java.util.concurrent.TimeoutException itWaits) {
                    return false; // it was faster than the third
                } catch (Exception failure) {
                    throw new AssertionError(failure);
                }
            });
            assertEquals(503, refused.getFirst().status());
            assertEquals("1", refused.getFirst().field("retry-after"));
            assertEquals(2, cgi.status().running());
            Files.createFile(gate);
            for (Future<WholeAnswer> answer : two) {
                assertEquals("hello", answer.get().text());
            }
            assertTrue(List.of(200, 503).contains(third.get().status()));
        }
        awaitNoneRunning();
    }

    @Test
    void manyScripts() throws Exception {
        serve(builder());
        try (ExecutorService clients = Executors.newCachedThreadPool()) {
            List<Future<WholeAnswer>> answers = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                answers.add(clients.submit(() -> get("/cgi-bin/hello.cgi")));
            }
            for (Future<WholeAnswer> answer : answers) {
                assertEquals("hello", answer.get().text());
            }
        }
        assertEquals(60, cgi.status().started());
        awaitNoneRunning();
    }

    // ------------------------------------------------------------------------------------------- what may be run

    @ParameterizedTest
    @CsvSource({
        "/cgi-bin/none.cgi, 404",
        "/cgi-bin/, 404",
        "/cgi-bin, 404",
        "/cgi-bin/sub, 404",
        "/cgi-bin/sub/data.txt, 403",
        "/cgi-bin/../cgi-bin/hello.cgi, 200",
        "/cgi-bin/..%2f..%2fsecret.cgi, 404",
        "/cgi-bin/.hidden.cgi, 404",
        "/cgi-bin/hello.cgi/, 200",
        "/cgi-bin/hello.cgi%00.txt, 400",
        "/cgi-bin/out.cgi, 403",
    })
    void onlyScriptsBeneathTheFolder(String target, int status) throws IOException {
        script(".hidden.cgi", HELLO);
        script("../secret.cgi", HELLO);
        Files.createDirectory(scripts.resolve("sub"));
        Files.writeString(scripts.resolve("sub/data.txt"), "data");
        Files.createSymbolicLink(scripts.resolve("out.cgi"), folder.resolve("secret.cgi"));
        serve(builder());
        assertEquals(status, get(target).status());
    }

    @ParameterizedTest
    @ValueSource(strings = {"#!/no/such/interpreter\n", "#!\n"})
    void whatCannotBeStarted(String text, LogWatch log) throws IOException {
        script("bad.cgi", ":");
        Files.writeString(scripts.resolve("bad.cgi"), text);
        serve(builder());
        log.allow("cannot start|says: |said nothing|bad.cgi");
        WholeAnswer answer = get("/cgi-bin/bad.cgi");
        assertTrue(answer.status() == 500 || !hasGroups() && answer.status() == 502, () -> "status " + answer.status());
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 31 + i / 251);
        }
        return bytes;
    }
}
