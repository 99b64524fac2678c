package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.HeldPort;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;

/** {@code access_log}: the same file and the same requests, given to Pumasi and to nginx, and what is in their logs line by line. */
@OnEachDriver
@ExtendWith({LeakWatch.class, LogWatch.class})
@Timeout(120)
class SiteLogTest {

    private static final String SITE = """
            log_format all '$remote_addr|$remote_user|$request|$status|$body_bytes_sent|$http_referer|$http_user_agent'
                '|$request_method|$uri|$args|$is_args|$host|$http_host|$server_name|$scheme|$server_protocol|$arg_a|$cookie_c'
                '|$kept|$kind|$request_completion|$request_uri|${document_root}|$sent_http_x_own|$limit';
            log_format heads '$status $sent_http_location $sent_http_content_type $sent_http_x_own $sent_http_none';
            log_format lines escape=json '{"uri":"$uri","agent":"$http_user_agent","arg":"$arg_a","none":"$http_none"}';
            log_format raw escape=none '$http_user_agent;$arg_a;$http_none;';
            map $arg_a $kind { default ''; 1 first; }
            map $status $isgood { default 0; ~^2 1; }
            types { text/html html; text/plain txt; }
            default_type text/plain;
            server {
                listen 127.0.0.1:PORT;
                server_name logged.test;
                root ROOT/www;
                set $kept "";
                set $limit "";
                error_page 404 /404.html;
                access_log LOGS/all.log all;
                location / { set $kept of-root; add_header X-Own own; }
                location /quiet/ { access_log off; return 200 "quiet"; }
                location /two/ { access_log LOGS/all.log all; access_log LOGS/lines.log lines; access_log LOGS/raw.log raw; return 200 "two"; }
                location /heads/ { access_log LOGS/heads.log heads; try_files $uri $uri/ =404; add_header X-Own "a \\"b\\""; }
                location /go { access_log LOGS/heads.log heads; return 302 /else?x=1; }
                location /some/ { access_log LOGS/some.log all if=$arg_a; return 200 "some"; }
                location /good/ { access_log LOGS/good.log all if=$isgood; try_files /a.txt =404; }
                location /away/ { rewrite ^/away/(.*)$ /two/$1 last; }
                location /combined/ { access_log LOGS/combined.log; return 200 "combined"; }
            }
            """;

    /** Method, target, then fields. */
    private static final String REQUESTS = """
            GET|/a.txt
            GET|/a.txt?a=1&b=2|User-Agent: curl/1|Referer: http://x.test/?q="quoted"
            HEAD|/a.txt
            GET|/none
            GET|/big.txt
            GET|/big.txt|Range: bytes=5-14
            GET|/a.txt|If-None-Match: *
            GET|/quiet/x
            GET|/two/caf%C3%A9%22x?a=%22|User-Agent: a\\b "c" \u00e9 z
            GET|/two/x?a=1
            GET|/away/there?a=1
            GET|/heads/d
            GET|/heads/d/
            GET|/heads/none
            GET|/go
            GET|/some/1?a=1
            GET|/some/0?a=0
            GET|/some/none
            GET|/good/x
            POST|/two/p?a=2|Content-Length: 0
            GET|/a.txt|Cookie: b=1; c=2
            GET|/a%20b.txt
            """;

    @Parameter
    String driver;

    @TempDir
    Path folder;

    private HeldPort held;
    private HeldPort heldToo;

    @BeforeEach
    void holdPorts() throws IOException {
        held = HeldPort.take();
        heldToo = HeldPort.take();
    }

    @AfterEach
    void givePortsBack() throws IOException {
        held.close();
        heldToo.close();
    }

    private Path write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private String site(int port, Path logs) throws IOException {
        Files.createDirectories(logs);
        return SITE.replace("PORT", Integer.toString(port))
                .replace("ROOT", folder.toString())
                .replace("LOGS", logs.toString());
    }

    private static void ask(int port) throws IOException {
        for (String row : REQUESTS.lines().toList()) {
            String[] parts = row.split("\\|");
            String[] fields = new String[parts.length - 2];
            System.arraycopy(parts, 2, fields, 0, fields.length);
            try (RawClient client = new RawClient(port)) {
                client.sendAs("logged.test", parts[0], parts[1], fields);
                client.answer(parts[0]);
            }
        }
    }

    private static List<String> lines(Path logs, String name) throws IOException {
        // Bytes as they are: what is no UTF-8 must be seen too.
        return Files.readString(logs.resolve(name), StandardCharsets.ISO_8859_1)
                .lines()
                .map(line -> line.replaceAll("\\[[^\\]]*\\]", "[time]"))
                .sorted() // loops write a few lines at a time, each for itself
                .toList();
    }

    @Test
    void linesAreThoseOfNginx() throws Exception {
        write("www/a.txt", "file a");
        write("www/a b.txt", "file a b");
        write("www/404.html", "not here");
        write("www/heads/d/index.html", "index");
        write("www/big.txt", "x".repeat(300_000));
        Path ours = folder.resolve("ours");
        int port = held.number();
        try (OpenSite site = OpenSite.open(folder, site(port, ours), driver)) {
            ask(port);
            assertEquals(0, site.hops());
        }
        List<String> names = List.of("all.log", "heads.log", "lines.log", "raw.log", "some.log", "good.log");
        assertEquals(
                List.of(
                        "{\"uri\":\"/two/caf\u00c3\u00a9\\\"x\",\"agent\":\"a\\\\b \\\"c\\\" \u00c3\u00a9 z\",\"arg\":\"%22\",\"none\":\"\"}"),
                lines(ours, "lines.log").subList(0, 1));
        String all = String.join("\n", lines(ours, "all.log"));
        assertTrue(all.contains("|a\\x5Cb \\x22c\\x22 \\xC3\\xA9 z|"), all);
        assertEquals(1, lines(ours, "some.log").size());
        assertEquals("", Files.readString(ours.resolve("combined.log")));
        if (NginxProcess.isInstalled() && driver.equals("epoll")) {
            Path theirs = folder.resolve("theirs");
            int other = heldToo.number();
            try (NginxProcess _ = NginxProcess.start(folder, site(other, theirs), other)) {
                ask(other);
            }
            List<String> wrong = new ArrayList<>();
            for (String name : names) {
                List<String> expected = lines(theirs, name);
                List<String> got = lines(ours, name);
                for (int i = 0; i < Math.max(expected.size(), got.size()); i++) {
                    String one = i < expected.size() ? expected.get(i) : "(no line)";
                    String two = i < got.size() ? got.get(i) : "(no line)";
                    if (!one.equals(two)) {
                        wrong.add(name + " nginx:  " + one + "\n" + name + " pumasi: " + two);
                    }
                }
            }
            assertEquals("", String.join("\n", wrong));
        }
    }

    @Test
    void aLogThatIsRenamedIsOpenedAnew() throws Exception {
        Path logs = folder.resolve("logs");
        int port = held.number();
        try (OpenSite site = OpenSite.open(folder, site(port, logs), driver)) {
            get(port, "/combined/1");
            await("a line", () -> site.site.logStatus().lines() == 1);
            Files.move(logs.resolve("combined.log"), logs.resolve("combined.log.1"));
            site.site.reopenLogs();
            get(port, "/combined/2");
            await(
                    "another line",
                    () -> site.site.logStatus().lines() == 2 && Files.exists(logs.resolve("combined.log")));
            assertEquals(0, site.site.logStatus().lost());
        }
        assertEquals(
                List.of("127.0.0.1 - - [time] \"GET /combined/1 HTTP/1.1\" 200 8 \"-\" \"-\""),
                lines(logs, "combined.log.1"));
        assertEquals(
                List.of("127.0.0.1 - - [time] \"GET /combined/2 HTTP/1.1\" 200 8 \"-\" \"-\""),
                lines(logs, "combined.log"));
    }

    private static void get(int port, String target) throws IOException {
        try (RawClient client = new RawClient(port)) {
            assertEquals(200, client.ask("GET", target).status());
        }
    }

    private static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "waited in vain: " + what);
            LockSupport.parkNanos(2_000_000);
        }
    }
}
