package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.HeldPort;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;

/**
 * Variables that count: bytes, requests, connections, and the servers that were asked. What a line of the log says of them must be what
 * the client has counted itself; and nginx, where it is installed, must say so of itself, too.
 */
@OnEachDriver
@ExtendWith({LeakWatch.class, LogWatch.class})
@Timeout(120)
class SiteVariablesTest {

    private static final String SITE = """
            log_format counts '$request_uri $bytes_sent $request_length $connection $connection_requests '
                '$upstream_addr|$upstream_status|$upstream_response_time|$realpath_root|$pid|$hostname|$msec|$request_id';
            types { text/plain txt; text/html html; }
            default_type text/plain;
            proxy_connect_timeout 5s;
            upstream dead { server 127.0.0.1:DEAD; }
            upstream both { server 127.0.0.1:DEAD max_fails=0; server 127.0.0.1:BEHIND; }
            server {
                listen 127.0.0.1:PORT;
                client_max_body_size 1m;
                access_log LOGS/counts.log counts;
                location / { root ROOT/current; }
                location /word { return 200 "a word"; }
                location /gone { return 204; }
                location /one/ { proxy_pass http://127.0.0.1:BEHIND/; }
                location /both/ { proxy_pass http://both/; }
                location /lost/ { proxy_pass http://dead/; error_page 502 = @saved; }
                location @saved { proxy_pass http://127.0.0.1:BEHIND; }
                location /field/ { add_header X-Asked "$upstream_addr $upstream_status" always; proxy_pass http://127.0.0.1:BEHIND/; }
            }
            server {
                listen 127.0.0.1:BEHIND;
                access_log off;
                location / { return 200 "from behind"; }
                location /none { return 404; }
            }
            """;

    @Parameter
    String driver;

    @TempDir
    Path folder;

    /** What the client has counted of one exchange. */
    private record Counted(String target, int sent, int received) {}

    @Test
    void countsAreThoseOfTheClient() throws Exception {
        Path release = Files.createDirectories(folder.resolve("releases/1"));
        Files.writeString(release.resolve("a.txt"), "file a");
        Files.writeString(release.resolve("big.html"), "x".repeat(300_000));
        Files.createSymbolicLink(folder.resolve("current"), release);
        try (HeldPort port = HeldPort.take();
                HeldPort behind = HeldPort.take();
                HeldPort dead = HeldPort.take()) {
            int[] ports = {port.number(), behind.number(), dead.number()};
            Path ours = Files.createDirectories(folder.resolve("ours"));
            List<Counted> counted;
            try (OpenSite site = OpenSite.open(folder, site(ports, ours), driver)) {
                counted = ask(ports[0]);
                assertEquals(0, site.hops());
            }
            check("pumasi", counted, ours, ports, release);
            if (NginxProcess.isInstalled() && driver.equals("epoll")) {
                Path theirs = Files.createDirectories(folder.resolve("theirs"));
                try (NginxProcess _ = NginxProcess.start(folder, site(ports, theirs), ports[0])) {
                    counted = ask(ports[0]);
                }
                check("nginx", counted, theirs, ports, release);
            }
        }
    }

    private String site(int[] ports, Path logs) {
        return SITE.replace("PORT", Integer.toString(ports[0]))
                .replace("BEHIND", Integer.toString(ports[1]))
                .replace("DEAD", Integer.toString(ports[2]))
                .replace("ROOT", folder.toString())
                .replace("LOGS", logs.toString());
    }

    /** Ten exchanges on one connection, and one on another. */
    private static List<Counted> ask(int port) throws IOException {
        List<Counted> counted = new ArrayList<>();
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            for (String target : List.of(
                    "/a.txt",
                    "/big.html",
                    "/none.txt",
                    "/word",
                    "/gone",
                    "/one/x",
                    "/one/none",
                    "/both/x",
                    "/both/y",
                    "/lost/x")) {
                counted.add(exchange(socket, "GET " + target + " HTTP/1.1\r\nHost: counts.test\r\n\r\n", target));
            }
        }
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            String body = "dough".repeat(200);
            counted.add(exchange(
                    socket,
                    "POST /field/x HTTP/1.1\r\nHost: counts.test\r\nContent-Length: " + body.length()
                            + "\r\nConnection: close\r\n\r\n" + body,
                    "/field/x"));
        }
        return counted;
    }

    private static Counted exchange(Socket socket, String request, String target) throws IOException {
        socket.setSoTimeout(60_000);
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = socket.getInputStream().read();
            assertTrue(next >= 0, () -> "ended in the head for " + target + ": " + head);
            head.append((char) next);
        }
        int at = head.indexOf("Content-Length: ");
        int length = at < 0 ? 0 : Integer.parseInt(head.substring(at + 16, head.indexOf("\r", at)));
        int body = socket.getInputStream().readNBytes(length).length;
        return new Counted(target, request.length(), head.length() + body);
    }

    private static void check(String who, List<Counted> counted, Path logs, int[] ports, Path release)
            throws IOException {
        Path log = logs.resolve("counts.log");
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (Files.readAllLines(log).size() < counted.size()) {
            assertTrue(System.nanoTime() - deadline < 0, () -> who + " has not written its log");
            LockSupport.parkNanos(2_000_000);
        }
        List<String> lines = Files.readAllLines(log); // two connections on two loops: the last line may come first
        String behind = "127.0.0.1:" + ports[1];
        String dead = "127.0.0.1:" + ports[2];
        List<String> asked = List.of(
                "", "", "", "", "", behind, behind, behind, dead + ", " + behind, dead + " : " + behind, behind);
        List<String> said = List.of("", "", "", "", "", "200", "404", "200", "502, 200", "502 : 200", "200");
        String time = "\\d+\\.\\d{3}";
        List<String> connections = new ArrayList<>();
        boolean bothWasTriedTwice = false;
        for (int i = 0; i < counted.size(); i++) {
            Counted one = counted.get(i);
            String line = lines.stream()
                    .filter(each -> each.startsWith(one.target + " "))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError(who + " has no line for " + one + " in " + lines));
            String[] words = line.split(" ", 6);
            assertEquals(one.received, Integer.parseInt(words[1]), () -> who + ": bytes sent in " + line);
            assertEquals(one.sent, Integer.parseInt(words[2]), () -> who + ": bytes received in " + line);
            connections.add(words[3]);
            assertEquals(i == counted.size() - 1 ? 1 : i + 1, Integer.parseInt(words[4]), () -> who + ": " + line);
            String[] rest = words[5].split("\\|");
            if (one.target.startsWith("/both/")) { // who is asked first is the upstream's affair
                boolean twice = rest[0].contains(dead);
                bothWasTriedTwice |= twice;
                assertEquals(twice ? dead + ", " + behind : behind, rest[0], who);
                assertEquals(twice ? "502, 200" : "200", rest[1], who);
            } else {
                assertEquals(asked.get(i).isEmpty() ? "-" : asked.get(i), rest[0], () -> who + ": " + line);
                assertEquals(said.get(i).isEmpty() ? "-" : said.get(i), rest[1], () -> who + ": " + line);
            }
            String times =
                    rest[0].equals("-") ? "-" : rest[0].replaceAll("127[.0-9:]*\\d", Matcher.quoteReplacement(time));
            assertTrue(rest[2].matches(times), () -> who + ": " + line);
            if (i < 3) {
                assertEquals(release.toRealPath().toString(), rest[3], who);
            }
            assertTrue(Long.parseLong(rest[4]) > 1, who);
            assertTrue(rest[5].length() > 0, who);
            assertTrue(rest[6].matches("\\d{10,}\\.\\d{3}"), () -> who + ": " + line);
            assertTrue(rest[7].matches("[0-9a-f]{32}"), () -> who + ": " + line);
        }
        assertTrue(bothWasTriedTwice, () -> who + " never asked the dead server: " + lines);
        assertEquals(
                1,
                connections.subList(0, connections.size() - 1).stream()
                        .distinct()
                        .count(),
                who);
        assertEquals(2, connections.stream().distinct().count(), who);
    }

    /** A link that is turned to another folder is noticed within a second, and not looked at again for each request. */
    @Test
    void aLinkThatIsTurnedIsFollowed() throws Exception {
        Path one = Files.createDirectories(folder.resolve("one"));
        Path two = Files.createDirectories(folder.resolve("two"));
        Path link = Files.createSymbolicLink(folder.resolve("current"), one);
        try (HeldPort held = HeldPort.take();
                OpenSite _ = OpenSite.open(
                        folder,
                        "server { listen 127.0.0.1:" + held.number() + "; root current; return 200 $realpath_root; }",
                        driver);
                RawClient client = new RawClient(held.number())) {
            assertEquals(one.toRealPath().toString(), client.ask("GET", "/").text());
            Files.delete(link);
            Files.createSymbolicLink(link, two);
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (!client.ask("GET", "/").text().equals(two.toRealPath().toString())) {
                assertTrue(System.nanoTime() - deadline < 0, "it is still believed to lead to the first folder");
                LockSupport.parkNanos(10_000_000);
            }
        }
    }
}
