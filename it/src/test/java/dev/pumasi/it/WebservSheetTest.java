package dev.pumasi.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The sheet by which the "42 webserv" exercise is evaluated, line by line, with the tools that it names: the real command with a
 * configuration file, curl, siege, a browser. In the words of the sheet: configuration, basic checks, CGI, browser, ports, siege.
 *
 * <p>What a line wants to be explained (which function multiplexes, that reads and writes go through it alone) is {@link SystemCallTest}'s.
 * The long siege is a command, {@code benchmarks/siege-site}.
 */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
final class WebservSheetTest {

    private static final int PATIENCE_SECONDS = 60;
    private static final int CLIENTS = 25;
    private static final int REPETITIONS = 200;

    /** What a siege may leave in a process whose heap is 48 MiB, and that has been under one before. */
    private static final long GROWTH_BYTES_MAX = 24L * 1024 * 1024;

    private static final String SITE = """
            http {
                server {
                    listen 127.0.0.1:%1$d;
                    server_name first.test;
                    root www;
                    index index.html;
                    error_page 404 /errors/404.html;
                    location / { }
                    location = /empty.html { }
                    location /kapouet/ { alias elsewhere/; }
                    location /list/ { autoindex on; }
                    location /old/ { return 301 /kapouet/page.html; }
                    location /read-only/ { dav_methods PUT DELETE; limit_except GET { deny all; } }
                    location /upload/ { dav_methods PUT POST DELETE; client_max_body_size 1m; }
                    location /post/ { dav_methods POST; client_max_body_size 100; }
                    location /cgi/ { cgi_pass executable; cgi_pass .script sh; }
                }
                server { listen 127.0.0.1:%1$d; server_name second.test; root second; }
                server { listen 127.0.0.1:%2$d; root third; }
            }
            """;

    @TempDir
    private static Path folder;

    private static LaunchedSite site;
    private static int port;
    private static int otherPort;

    @BeforeAll
    static void serve() throws Exception {
        report(isInstalled("curl"), "curl is not installed (apt-get install curl)");
        write("www/index.html", "<!doctype html><title>first</title><img src=/picture.svg><p>the first site");
        write("www/picture.svg", "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>");
        write("www/empty.html", "");
        write("www/errors/404.html", "this page of ours was not found");
        write("www/list/a.txt", "a");
        write("www/list/b & c.txt", "b");
        write("www/read-only/kept.txt", "kept");
        write("www/nolist/a.txt", "a");
        Files.createDirectories(folder.resolve("www/upload"));
        Files.createDirectories(folder.resolve("www/post"));
        write("elsewhere/page.html", "a page from elsewhere");
        write("second/index.html", "the second site");
        write("third/index.html", "the third site");
        script(
                "hello",
                "printf 'Content-Type: text/plain\\r\\n\\r\\n%s %s %s' \"$REQUEST_METHOD\" \"$QUERY_STRING\" \"$(cat)\"");
        script("relative", "printf 'Content-Type: text/plain\\r\\n\\r\\n'; cat beside.txt");
        write("www/cgi/beside.txt", "read by its relative path");
        write("www/cgi/other.script", "printf 'Content-Type: text/plain\\r\\n\\r\\nby an interpreter'");
        script("failing", "echo something is wrong >&2; exit 1");
        script("nothing", "exit 0");
        script("endless", "while :; do sleep 0.05; done");
        script(
                "cookie",
                "printf 'Content-Type: text/plain\\r\\nSet-Cookie: name=soup; HttpOnly\\r\\n\\r\\n%s' \"$HTTP_COOKIE\"");
        int[] ports = LaunchedSite.freePorts(2);
        port = ports[0];
        otherPort = ports[1];
        site = LaunchedSite.serve(folder, SITE.formatted(port, otherPort));
    }

    @AfterAll
    static void end() throws Exception {
        if (site != null) {
            try (LaunchedSite served = site) {
                assertEquals(0, served.stop(), "its exit status");
            }
        }
    }

    private static void write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private static void script(String name, String commands) throws IOException {
        write("www/cgi/" + name, "#!/bin/sh\n" + commands + "\n");
        assertTrue(folder.resolve("www/cgi/" + name).toFile().setExecutable(true));
    }

    // ------------------------------------------------------------------------------------------- configuration

    @Test
    void severalServersWithDifferentPorts() throws Exception {
        assertTrue(curl(url("/")).endsWith("the first site 200"));
        assertEquals("the third site 200", curl("http://127.0.0.1:" + otherPort + "/index.html"));
    }

    @Test
    void severalServersWithDifferentHostNames() throws Exception {
        for (String[] each :
                List.of(new String[] {"first", "the first site"}, new String[] {"second", "the second site"})) {
            String host = each[0] + ".test:" + port;
            String answer = curl("--resolve", host + ":127.0.0.1", "http://" + host + "/index.html");
            assertTrue(answer.endsWith(each[1] + " 200"), answer);
        }
    }

    @Test
    void aCustomErrorPage() throws Exception {
        assertEquals("this page of ours was not found 404", curl(url("/not/there")));
    }

    @Test
    void theBodyIsLimited() throws Exception {
        String[] post = {"-X", "POST", "-H", "Content-Type: plain/text", "--data", "BODY", url("/post/body.txt")};
        assertTrue(curl(post).endsWith(" 201"));
        post[5] = "BODY IS HERE ".repeat(20);
        assertTrue(curl(post).endsWith(" 413"));
        assertEquals("BODY", Files.readString(folder.resolve("www/post/body.txt")));
    }

    @Test
    void routesToDifferentFoldersAndADefaultFile() throws Exception {
        assertEquals("a page from elsewhere 200", curl(url("/kapouet/page.html")));
        assertEquals(curl(url("/index.html")), curl(url("/")));
    }

    @Test
    void aListOfMethodsForARoute() throws Exception {
        write("www/upload/deleted.txt", "to be deleted");
        assertEquals(" 204", curl("-X", "DELETE", url("/upload/deleted.txt")));
        assertFalse(Files.exists(folder.resolve("www/upload/deleted.txt")));
        assertTrue(curl("-X", "DELETE", url("/read-only/kept.txt")).endsWith(" 403"));
        assertEquals("kept 200", curl(url("/read-only/kept.txt")));
        assertTrue(curl("-X", "DELETE", url("/index.html")).endsWith(" 405"));
    }

    // ------------------------------------------------------------------------------------------- basic checks

    @Test
    void getPostAndDeleteHaveTheRightStatus() throws Exception {
        assertTrue(curl(url("/index.html")).endsWith(" 200"));
        assertTrue(curl("-X", "POST", "-d", "soup", url("/upload/posted.txt")).endsWith(" 201"));
        assertEquals("soup 200", curl(url("/upload/posted.txt")));
        assertEquals(" 204", curl("-X", "DELETE", url("/upload/posted.txt")));
        assertTrue(curl("-X", "DELETE", url("/upload/posted.txt")).endsWith(" 404"));
        assertTrue(curl(url("/upload/posted.txt")).endsWith(" 404"));
    }

    @Test
    void anUnknownMethodOrRubbishCrashesNothing() throws Exception {
        assertTrue(curl("-X", "UNKNOWN", url("/index.html")).endsWith(" 405"));
        for (String rubbish :
                List.of("UNKNOWN\r\n\r\n", "\0\1\2\3\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\n\r\n")) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                socket.setSoTimeout(PATIENCE_SECONDS * 1000);
                socket.getOutputStream().write(rubbish.getBytes(StandardCharsets.ISO_8859_1));
                socket.shutdownOutput();
                String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
                assertTrue(
                        answer.matches("(?s)HTTP/1\\.1 (400|505) .*"), () -> rubbish + " was answered with " + answer);
            }
        }
        assertTrue(curl(url("/index.html")).endsWith(" 200"));
    }

    @Test
    void aFileIsUploadedAndGotBack() throws Exception {
        byte[] bytes = RestartsApplication.bytes(42, 200_000);
        Path file = Files.write(folder.resolve("sent.bin"), bytes);
        Path back = folder.resolve("back.bin");
        assertTrue(curl("-T", file.toString(), url("/upload/put.bin")).endsWith(" 201"));
        assertEquals(" 200", curl("-o", back.toString(), url("/upload/put.bin")));
        assertEquals(-1, Files.mismatch(file, back));
        assertTrue(curl("-F", "file=@" + file + ";filename=form.bin", url("/upload/"))
                .endsWith(" 201"));
        assertEquals(" 200", curl("-o", back.toString(), url("/upload/form.bin")));
        assertEquals(-1, Files.mismatch(file, back));
    }

    // ------------------------------------------------------------------------------------------- CGI

    @Test
    void scriptsAreGivenGetAndPostAndRunInTheirFolder() throws Exception {
        assertEquals("GET a=1  200", curl(url("/cgi/hello?a=1")));
        assertEquals("POST  soup 200", curl("-d", "soup", url("/cgi/hello")));
        assertEquals("POST  soup 200", curl("-d", "soup", "-H", "Transfer-Encoding: chunked", url("/cgi/hello")));
        assertEquals("read by its relative path 200", curl(url("/cgi/relative")));
        assertEquals("by an interpreter 200", curl(url("/cgi/other.script")));
    }

    @Test
    void scriptsWithErrorsAreToldAndCrashNothing() throws Exception {
        assertTrue(curl(url("/cgi/failing")).endsWith(" 502"));
        assertTrue(curl(url("/cgi/nothing")).endsWith(" 502"));
        assertTrue(curl(url("/cgi/none")).endsWith(" 404"));
        assertTrue(curl(url("/index.html")).endsWith(" 200"));
    }

    /** Its client gives up after a second; others have been served meanwhile, and nothing of it is left. */
    @Test
    void aScriptThatLoopsForEverHoldsUpNobody() throws Exception {
        Process waiting = start("curl", "-s", "-m", "1", url("/cgi/endless"));
        try {
            await("the script to run", () -> isRunning("cgi/endless"));
            assertTrue(curl(url("/index.html")).endsWith(" 200"));
            assertEquals("GET   200", curl(url("/cgi/hello")));
            assertNotEquals(0, waiting.waitFor());
            await("the script to be ended", () -> !isRunning("cgi/endless"));
        } finally {
            waiting.destroyForcibly().waitFor();
        }
    }

    private static boolean isRunning(String script) {
        return site.process().descendants().anyMatch(child -> {
            try {
                return Files.readString(Path.of("/proc/" + child.pid() + "/cmdline"))
                        .contains(script);
            } catch (IOException ended) {
                return false;
            }
        });
    }

    @Test
    void cookiesGoThereAndBack() throws Exception {
        String jar = folder.resolve("cookies").toString();
        assertEquals(" 200", curl("-c", jar, url("/cgi/cookie")));
        assertEquals("name=soup 200", curl("-b", jar, url("/cgi/cookie")));
    }

    // ------------------------------------------------------------------------------------------- browser

    @Test
    void aBrowserShowsAStaticSite() throws Exception {
        report(isInstalled("chromium"), "chromium is not installed (apt-get install chromium)");
        String page = run(
                "chromium",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--user-data-dir=" + Files.createDirectories(folder.resolve("chromium")),
                "--dump-dom",
                url("/"));
        assertTrue(page.contains("the first site"), page);
    }

    @Test
    void aWrongAddressAFolderAndARedirection() throws Exception {
        assertTrue(curl(url("/wrong")).endsWith(" 404"));
        String list = curl(url("/list/"));
        assertTrue(list.endsWith(" 200") && list.contains("a.txt") && list.contains("b &amp; c.txt"), list);
        assertTrue(curl(url("/nolist/")).endsWith(" 403"));
        assertTrue(curl(url("/old/page")).endsWith(" 301"));
        assertEquals("a page from elsewhere 200", curl("-L", url("/old/page")));
    }

    // ------------------------------------------------------------------------------------------- ports

    @Test
    void thePortTwiceInAServerIsAMistakeWithItsPlace() throws Exception {
        Path file = Files.writeString(
                folder.resolve("twice.conf"),
                "http { server { listen 127.0.0.1:%1$d; listen 127.0.0.1:%1$d; root www; } }".formatted(otherPort));
        assertTrue(said("check", file).contains("is named twice in this server"));
    }

    @Test
    void aSecondServerWithACommonPortSaysWhyItDoesNotStart() throws Exception {
        Path other = Files.createDirectories(folder.resolve("other"));
        int free = LaunchedSite.freePorts(1)[0];
        String text = "http { server { listen 127.0.0.1:%d; root www; } server { listen 127.0.0.1:%d; root www; } }";
        Path file = Files.writeString(other.resolve("site.conf"), text.formatted(free, port));
        assertTrue(said("serve", file).contains("cannot listen on /127.0.0.1:" + port + ": it is in use"));
        assertTrue(curl(url("/")).endsWith("the first site 200"));
    }

    /** What the command says before it ends with status 1. */
    private static String said(String command, Path file) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(Checkout.ROOT.resolve("pumasi").toString(), command, file.toString())
                .redirectErrorStream(true)
                .start();
        try {
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(1, process.waitFor(), said);
            return said;
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    // ------------------------------------------------------------------------------------------- siege

    /** Availability, no hanging connection, no growth, and never a restart. */
    @Test
    void underSiegeItIsAvailableAndDoesNotGrow() throws Exception {
        report(isInstalled("siege"), "siege is not installed (apt-get install siege)");
        Path besieged = Files.createDirectories(folder.resolve("besieged"));
        Files.createDirectories(besieged.resolve("www"));
        Files.writeString(besieged.resolve("www/empty.html"), "");
        int alone = LaunchedSite.freePorts(1)[0];
        String text = "http { server { listen 127.0.0.1:%d; root www; } }".formatted(alone);
        try (LaunchedSite server = LaunchedSite.serveWithin("-Xmx48m", besieged, text)) {
            long pid = server.process().pid();
            String page = "http://127.0.0.1:" + alone + "/empty.html";
            siege(page);
            siege(page);
            long before = residentBytes(pid);
            for (int i = 0; i < 3; i++) {
                siege(page);
            }
            long grown = residentBytes(pid) - before;
            assertTrue(grown < GROWTH_BYTES_MAX, "it has grown by " + grown + " bytes");
            await("no connection to be left", () -> connections(alone) == 0);
            assertTrue(server.process().isAlive());
            assertEquals(" 200", curl(page));
            assertEquals(0, server.stop());
        }
    }

    private static void siege(String url) throws IOException, InterruptedException {
        Path home = Files.createDirectories(folder.resolve("siege")); // where it keeps its settings
        String report = run(
                "env",
                "HOME=" + home,
                "siege",
                "-b",
                "--concurrent=" + CLIENTS,
                "--reps=" + REPETITIONS,
                "--json-output",
                "--quiet",
                url);
        Matcher availability = Pattern.compile("\"availability\":\\s*([0-9.]+)").matcher(report);
        assertTrue(availability.find(), report);
        assertTrue(Double.parseDouble(availability.group(1)) > 99.5, report);
    }

    private static long residentBytes(long pid) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                .findFirst()
                .orElseThrow();
    }

    /** Connections of that port that are there, or that the other side has left and this one has not (proc_net_tcp(5)). */
    private static long connections(int ofPort) {
        String local = "%04X".formatted(ofPort);
        try {
            return Files.readAllLines(Path.of("/proc/net/tcp")).stream()
                    .map(line -> line.strip().split("\\s+"))
                    .filter(words -> words[1].endsWith(":" + local) && (words[3].equals("01") || words[3].equals("08")))
                    .count();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    // ------------------------------------------------------------------------------------------- tools

    private static String url(String path) {
        return "http://127.0.0.1:" + port + path;
    }

    /** The body of the answer, a space and the status. */
    private static String curl(String... arguments) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of("curl", "-s", "-m", Integer.toString(PATIENCE_SECONDS), "-w", " %{http_code}"));
        command.addAll(List.of(arguments));
        return run(command.toArray(String[]::new));
    }

    private static Process start(String... command) throws IOException {
        return new ProcessBuilder(command)
                .redirectError(folder.resolve("complaints").toFile())
                .start();
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = start(command);
        try {
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            process.waitFor();
            return said;
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    private static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - deadline < 0, () -> "waited in vain for " + what);
            LockSupport.parkNanos(10_000_000);
        }
    }

    private static boolean isInstalled(String program) {
        return Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(entry -> Files.isExecutable(Path.of(entry, program)));
    }

    private static void report(boolean isThere, String otherwise) {
        if (!isThere) {
            System.out.println("not tested: " + otherwise);
        }
        Assumptions.assumeTrue(isThere, () -> "not tested here: " + otherwise);
    }
}
