package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.HeldPort;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LoadedClasses;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;

/**
 * {@code fastcgi_pass} as a configuration file has it. With PHP-FPM, the same file is given to nginx, and both must make PHP see and
 * say the same; what nginx leaves to chance is tried with an application of the test's own.
 */
@OnEachDriver
@ExtendWith({LoadedClasses.class, LeakWatch.class, LogWatch.class})
@Timeout(120)
class SiteFastCgiTest {

    /** As Debian's sites have it. What is included lies beside nginx's file, and is not there beside ours: what is built in must say the same. */
    private static final String PHP_SITE = """
            default_type application/octet-stream;
            server {
                listen 127.0.0.1:PORT;
                server_name shop.test;
                root ROOT/www;
                index index.php index.html;
                location / { try_files $uri $uri/ /index.php?$query_string; }
                location ~ \\.php(/|$) { include snippets/fastcgi-php.conf; fastcgi_pass unix:ROOT/fpm.sock; }
                location = /one { include fastcgi_params; fastcgi_param SCRIPT_FILENAME $document_root/other.php; fastcgi_param EXTRA "a $arg_x b"; fastcgi_param NONE $arg_none if_not_empty; fastcgi_pass php; }
                location /caught/ {
                    error_page 404 /sorry.html;
                    error_page 500 502 =503 /sorry.html;
                    fastcgi_intercept_errors on;
                    include fastcgi_params;
                    fastcgi_param SCRIPT_FILENAME $document_root/fails.php;
                    fastcgi_pass unix:ROOT/fpm.sock;
                }
                location /uncaught/ {
                    error_page 404 /sorry.html;
                    include fastcgi_params;
                    fastcgi_param SCRIPT_FILENAME $document_root/fails.php;
                    fastcgi_pass unix:ROOT/fpm.sock;
                }
                location /alias/ {
                    alias ROOT/other/;
                    location ~ ^/alias/(.+\\.php)$ { include fastcgi_params; fastcgi_param SCRIPT_FILENAME $request_filename; fastcgi_pass unix:ROOT/fpm.sock; }
                }
                location ^~ /hidden/ { fastcgi_hide_header X-Secret; include fastcgi_params; fastcgi_param SCRIPT_FILENAME $document_root/fails.php; fastcgi_pass unix:ROOT/fpm.sock; }
            }
            upstream php { server unix:ROOT/nobody.sock; server unix:ROOT/fpm.sock backup; }
            """;

    private static final String SHOW = """
            <?php
            header('Content-Type: text/plain');
            foreach (['SCRIPT_FILENAME','SCRIPT_NAME','PATH_INFO','REQUEST_URI','DOCUMENT_URI','DOCUMENT_ROOT','QUERY_STRING','REQUEST_METHOD','CONTENT_TYPE','CONTENT_LENGTH','SERVER_PROTOCOL','REQUEST_SCHEME','HTTPS','GATEWAY_INTERFACE','REMOTE_ADDR','REMOTE_USER','SERVER_NAME','REDIRECT_STATUS','HTTP_HOST','HTTP_X_KIND','HTTP_AUTHORIZATION','EXTRA','NONE'] as $name) {
              echo $name, '=', array_key_exists($name, $_SERVER) ? $_SERVER[$name] : '(none)', ';';
            }
            echo md5(file_get_contents('php://input')), ';', PHP_SAPI;
            """;

    private static final String FAILS = """
            <?php
            http_response_code(intval($_GET['s']));
            header('X-Secret: 1'); header('X-Shown: 1');
            header('Content-Type: text/plain');
            echo 'of the script';
            """;

    /** Method, target, body, then fields. */
    private static final String REQUESTS = """
            GET|/||
            GET|/index.php||
            GET|/index.php?a=b&c||X-Kind: one
            GET|/index.php/more/path%20x?q=1||
            GET|/sub/||
            GET|/sub/index.php/||
            GET|/pretty/page?z=1||
            POST|/index.php|dough|Content-Type: text/x
            PUT|/index.php|dough|
            GET|/none.php||
            GET|/picture.jpg/x.php||
            GET|/one?x=1||
            GET|/one?none=1||Authorization: Bearer t
            POST|/one|longer dough|
            HEAD|/index.php||
            GET|/caught/?s=200||
            GET|/caught/?s=404||
            GET|/caught/?s=500||
            GET|/caught/?s=403||
            GET|/uncaught/?s=404||
            GET|/alias/a.php?x||
            GET|/hidden/?s=201||
            GET|/away.php||
            GET|/picture.jpg||
            """;

    @Parameter
    String driver;

    @TempDir
    Path folder;

    private HeldPort held;
    private HeldPort heldToo;

    @BeforeEach
    void hold() throws IOException {
        held = HeldPort.take();
        heldToo = HeldPort.take();
    }

    @AfterEach
    void letGo() throws IOException {
        held.close();
        heldToo.close();
    }

    private Path write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private String site(String text, int port) {
        return text.replace("PORT", Integer.toString(port)).replace("ROOT", folder.toString());
    }

    @Test
    void phpSeesAndSaysWhatItDoesBehindNginx(LogWatch log) throws Exception {
        log.allow("nobody.sock|nobody listens there");
        Path program = PhpFpm.program().orElse(null);
        if (program == null) {
            System.out.println("not tested: php-fpm is not installed (apt-get install php-fpm)");
        }
        Assumptions.assumeTrue(program != null, "not tested here: php-fpm is not installed");
        write("www/index.php", SHOW);
        write("www/other.php", SHOW);
        write("www/sub/index.php", SHOW);
        write("www/fails.php", FAILS);
        write("www/away.php", "<?php header('Location: /elsewhere?x=1');");
        write("www/picture.jpg", "<?php echo 'the picture ran';");
        write("www/sorry.html", "a page of its own");
        write("other/a.php", SHOW);
        List<String> wrong = new ArrayList<>();
        int port = held.number();
        List<String> ours;
        try (PhpFpm _ = PhpFpm.start(program, folder, folder.resolve("fpm.sock"), "");
                OpenSite site = OpenSite.open(folder, site(PHP_SITE, port), driver)) {
            ours = answers(port);
            assertEquals(0, site.hops());
            if (NginxProcess.isInstalled() && driver.equals("epoll")) {
                int other = heldToo.number();
                try (NginxProcess _ = NginxProcess.start(folder, site(PHP_SITE, other), other)) {
                    List<String> expected = answers(other);
                    for (int i = 0; i < expected.size(); i++) {
                        if (!expected.get(i).equals(ours.get(i))) {
                            wrong.add("nginx:  " + expected.get(i) + "\npumasi: " + ours.get(i));
                        }
                    }
                }
            }
        }
        assertEquals("", String.join("\n", wrong));
        String all = String.join("\n", ours);
        assertTrue(all.contains("SCRIPT_NAME=/index.php;PATH_INFO=/more/path x;"), all);
        assertTrue(all.contains("EXTRA=a 1 b;"), all);
        assertTrue(all.contains("/caught/?s=500: 503 a page of its own"), all);
        assertFalse(all.contains("picture ran;"), all);
    }

    private List<String> answers(int port) throws IOException {
        List<String> all = new ArrayList<>();
        for (String row : REQUESTS.lines().toList()) {
            String[] parts = row.split("\\|", 4);
            List<String> fields = new ArrayList<>(List.of("Host: shop.test"));
            if (!parts[3].isEmpty()) {
                fields.add(parts[3]);
            }
            WholeAnswer answer = WholeAnswer.to(
                    port, parts[0], parts[1], parts[2].getBytes(StandardCharsets.UTF_8), fields.toArray(String[]::new));
            boolean page = answer.text().contains("<center>"); // of the server's own
            all.add(parts[0] + " " + parts[1] + ": " + answer.status() + " "
                    + (page ? "(page)" : answer.text()) + " " + answer.field("location") + " "
                    + answer.field("x-secret") + answer.field("x-shown"));
        }
        return all;
    }

    // ------------------------------------------------------------------------------------------- an application of the
    // test's own

    @Test
    void bodiesOfAnyKindGoThrough() throws Exception {
        int port = held.number();
        try (FastCgiPeer peer = new FastCgiPeer(true, (variables, body, out) -> {
                    out.write(FastCgiPeer.output("Content-Type: text/plain\n\n" + body.length + " "
                            + variables.getOrDefault("CONTENT_LENGTH", "none") + " "
                            + variables.getOrDefault("HTTP_PROXY", "none")));
                    out.write(FastCgiPeer.end(0));
                });
                OpenSite site = open(peer.address(), port, "")) {
            byte[] body = new byte[300_000];
            assertEquals(
                    "300000 300000 none",
                    WholeAnswer.to(port, "POST", "/x", body, "Proxy: evil").text());
            assertEquals(
                    "300000 300000 none",
                    WholeAnswer.to(port, "POST", "/x", WholeAnswer.chunked(body, 7_777), "Transfer-Encoding: chunked")
                            .text());
            assertEquals("0 none none", WholeAnswer.to(port, "GET", "/x").text());
            assertEquals(
                    413, WholeAnswer.to(port, "POST", "/small", new byte[11]).status());
            assertEquals(
                    411,
                    WholeAnswer.to(
                                    port,
                                    "POST",
                                    "/small",
                                    WholeAnswer.chunked(new byte[11], 5),
                                    "Transfer-Encoding: chunked",
                                    "Connection: close")
                            .status());
            assertEquals(3, peer.accepted.get()); // no connection is kept, as PHP-FPM has one process for each
            assertEquals(0, site.hops());
        }
    }

    @Test
    void connectionsAreKeptWhereTheFileSaysSo() throws Exception {
        int port = held.number();
        try (FastCgiPeer peer = new FastCgiPeer(true, (variables, body, out) -> {
                    out.write(FastCgiPeer.output("Content-Type: text/plain\n\nhello"));
                    out.write(FastCgiPeer.end(0));
                });
                OpenSite _ = open(peer.address(), port, "fastcgi_keep_conn on;");
                RawClient client = new RawClient(port)) {
            for (int i = 0; i < 5; i++) {
                assertEquals("hello", client.ask("GET", "/x").text());
            }
            assertEquals(1, peer.accepted.get());
        }
    }

    @Test
    void oneThatIsNotThereOrSilentGetsThePageForIt(LogWatch log) throws Exception {
        log.allow("nobody listens there").allow("was silent for");
        int port = held.number();
        write("www/down.html", "down");
        int nobody = heldToo.number();
        AtomicInteger asked = new AtomicInteger();
        try (FastCgiPeer silent = new FastCgiPeer(true, (variables, body, out) -> {
                    asked.incrementAndGet();
                    if (variables.getOrDefault("DOCUMENT_URI", "").equals("/half")) {
                        out.write(FastCgiPeer.output("Content-Type: text/plain\n\nhalf"));
                    }
                    throw new IOException("the application dies");
                });
                OpenSite _ = OpenSite.open(
                        folder,
                        site(
                                """
                        server {
                            listen 127.0.0.1:PORT;
                            root ROOT/www;
                            error_page 502 504 =503 /down.html;
                            fastcgi_param DOCUMENT_URI $document_uri;
                            location / { fastcgi_pass 127.0.0.1:NOBODY; }
                            location /dies { fastcgi_pass SILENT; }
                            location /half { fastcgi_pass SILENT; }
                            location = /down.html { }
                        }
                        """.replace("NOBODY", Integer.toString(nobody))
                                        .replace("SILENT", text(silent.address())),
                                port),
                        driver)) {
            log.allow("closed the connection in the middle").allow("broke off").allow("the body of the answer to");
            WholeAnswer gone = WholeAnswer.to(port, "GET", "/x");
            assertEquals("503 down", gone.status() + " " + gone.text());
            assertEquals(
                    "down", WholeAnswer.to(port, "POST", "/x", new byte[1000]).text());
            assertEquals("down", WholeAnswer.to(port, "GET", "/dies").text());
            assertEquals(1, asked.get());
            assertFalse(WholeAnswer.to(port, "GET", "/half").complete());
        }
    }

    private OpenSite open(java.net.SocketAddress peer, int port, String more) throws Exception {
        return OpenSite.open(
                folder, site("""
                server {
                    listen 127.0.0.1:PORT;
                    fastcgi_param DOCUMENT_URI $document_uri;
                    fastcgi_pass_all
                    location / { fastcgi_pass PEER; }
                    location /small { fastcgi_pass PEER; client_max_body_size 10; }
                }
                """.replace("fastcgi_pass_all", more).replace("PEER", text(peer)), port), driver);
    }

    private static String text(java.net.SocketAddress address) {
        return address.toString().substring(address.toString().indexOf('/') + 1);
    }

    /** What a variable is that is not one of these. */
    @Test
    void whatIsNotSaidIsNotTold() throws Exception {
        int port = held.number();
        try (FastCgiPeer peer = new FastCgiPeer(true, (variables, body, out) -> {
                    out.write(FastCgiPeer.output("Content-Type: text/plain\n\n" + new TreeMap<>(variables)));
                    out.write(FastCgiPeer.end(0));
                });
                OpenSite _ = open(peer.address(), port, "fastcgi_param HTTP_HOST own;")) {
            assertEquals(
                    "{DOCUMENT_URI=/x/y, HTTP_HOST=own, HTTP_X_A=b}",
                    WholeAnswer.to(port, "GET", "/x/y?q", "X-A: b").text());
        }
    }
}
