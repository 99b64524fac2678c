package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpLimits;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Response;
import dev.pumasi.testkit.HeldPort;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Files as people have them: Debian's own, and the sites that one finds everywhere. {@link SiteFastCgiTest} has the one with PHP. */
@ExtendWith({LeakWatch.class, LogWatch.class})
@Timeout(120)
class SiteTypicalTest {

    private static final Path STOCK = Path.of("/etc/nginx");

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
        Files.writeString(file, text);
        Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2024-02-29T12:34:56Z")));
        return file;
    }

    /** What Debian installs, with other places and ports only. */
    @Test
    void debiansOwnFileIsServedAsItIs() throws Exception {
        boolean installed =
                Files.exists(STOCK.resolve("nginx.conf")) && Files.exists(STOCK.resolve("sites-available/default"));
        if (!installed) {
            System.out.println("not tested: Debian's nginx is not installed (apt-get install nginx)");
        }
        Assumptions.assumeTrue(installed, "not tested here: Debian's nginx is not installed");
        int port = held.number();
        Files.createDirectories(folder.resolve("log"));
        write("html/index.nginx-debian.html", "<p>welcome");
        write("html/sub/index.html", "<p>sub");
        write(
                "sites/default",
                Files.readString(STOCK.resolve("sites-available/default"))
                        .replace("/var/www/html", folder + "/html")
                        .replace("listen 80 ", "listen 127.0.0.1:" + port + " ")
                        .replace("listen [::]:80 ", "listen [::1]:" + port + " "));
        Path file = write(
                "nginx.conf",
                Files.readString(STOCK.resolve("nginx.conf"))
                        .replace("/var/log/nginx", folder + "/log")
                        .replace("/etc/nginx/sites-enabled/*", folder + "/sites/*"));
        try (Site site = Site.open(file, Map.of())) {
            assertEquals(
                    List.of("127.0.0.1:" + port, "[::1]:" + port),
                    site.places().stream()
                            .map(place -> place.replace("http://", "").replaceAll("/$", ""))
                            .toList());
            SocketAddress address = site.addresses().getFirst();
            try (HttpServer _ = HttpServer.builder(site.endpoint())
                    .address(address)
                    .loops(1)
                    .limits(site.limits(address, HttpLimits.DEFAULTS))
                    .start()) {
                assertEquals("<p>welcome", WholeAnswer.to(port, "GET", "/").text());
                assertEquals(301, WholeAnswer.to(port, "GET", "/sub").status());
                assertEquals("<p>sub", WholeAnswer.to(port, "GET", "/sub/").text());
                WholeAnswer missing = WholeAnswer.to(port, "GET", "/none");
                assertEquals(404, missing.status());
                assertEquals("text/html", WholeAnswer.to(port, "GET", "/").field("content-type"));
            }
        }
        List<String> lines = Files.readAllLines(folder.resolve("log/access.log"));
        assertEquals(5, lines.size(), String.join("\n", lines));
        assertTrue(lines.get(3).contains("\"GET /none HTTP/1.1\" 404 "), lines.get(3));
    }

    private static final String APPLICATION = """
            upstream api { server 127.0.0.1:API; keepalive 8; }
            server {
                listen 127.0.0.1:PORT;
                server_name app.test;
                root ROOT/app;
                index index.html;
                types { text/html html; application/javascript js; }
                location / { try_files $uri $uri/ /index.html; }
                location /assets/ { expires 1y; add_header Cache-Control "public, immutable"; try_files $uri =404; }
                location = /index.html { add_header Cache-Control "no-cache"; }
                location /api/ {
                    proxy_pass http://api/v1/;
                    proxy_http_version 1.1;
                    proxy_set_header Host $host;
                    proxy_set_header Connection "";
                    proxy_set_header X-Real-IP $remote_addr;
                    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                    proxy_set_header X-Forwarded-Proto $scheme;
                    proxy_read_timeout 30s;
                }
                location ~ /\\.ht { deny all; }
            }
            """;

    private static final String STATIC = """
            server {
                listen 127.0.0.1:PORT default_server;
                server_name www.test;
                return 301 http://static.test$request_uri;
            }
            server {
                listen 127.0.0.1:PORT;
                server_name static.test;
                root ROOT/static;
                types { text/html html; text/css css; application/javascript js; image/png png; }
                gzip on;
                gzip_vary on;
                gzip_min_length 256;
                gzip_types text/css application/javascript;
                error_page 404 /404.html;
                error_page 500 502 503 504 /50x.html;
                location ~* \\.(css|js|png)$ { expires 7d; }
                location /private/ { auth_basic "members"; auth_basic_user_file ROOT/users; autoindex on; }
                location /old { rewrite ^/old/(.*)$ /new/$1 permanent; }
                location /new/ { alias ROOT/static/moved/; }
                location = /healthz { access_log off; default_type text/plain; return 200 "ok\\n"; }
                if ($http_user_agent ~* "evilbot") { return 403; }
            }
            """;

    /** Host, method, target, then fields. */
    private static final String REQUESTS = """
            app.test|GET|/
            app.test|GET|/some/route?x=1
            app.test|GET|/assets/a.js
            app.test|GET|/assets/none.js
            app.test|GET|/api/things?id=7
            app.test|POST|/api/things|Content-Length: 0
            app.test|GET|/api/none
            app.test|GET|/.htaccess
            static.test|GET|/
            static.test|GET|/style.css|Accept-Encoding: gzip
            static.test|GET|/style.css
            static.test|GET|/small.css|Accept-Encoding: gzip
            static.test|GET|/none
            static.test|GET|/private/
            static.test|GET|/private/x.html|Authorization: Basic Y29vazpzZWNyZXQ=
            static.test|GET|/private/x.html|Authorization: Basic Y29vazp3cm9uZw==
            static.test|GET|/old/a/b
            static.test|GET|/new/m.html
            static.test|GET|/healthz
            static.test|GET|/|User-Agent: EvilBot/2
            other.test|GET|/x?y=z
            """;

    @Test
    void sitesThatOneFindsEverywhereAreAnsweredAsNginxDoes() throws Exception {
        write("app/index.html", "<p>the application");
        write("app/assets/a.js", "js()");
        write("static/index.html", "<p>front");
        write("static/style.css", "a { b: c }\n".repeat(100));
        write("static/small.css", "a{}");
        write("static/404.html", "<p>gone astray");
        write("static/private/x.html", "<p>private");
        write("static/moved/m.html", "<p>moved");
        write("users", "cook:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n");
        Handler answers = asked -> Response.bytes(
                        "application/json",
                        (asked.method() + " " + asked.target() + " " + asked.header("Host", "") + " "
                                        + asked.header("X-Real-IP", "") + " " + asked.header("X-Forwarded-For", "")
                                        + " " + asked.header("X-Forwarded-Proto", ""))
                                .getBytes(StandardCharsets.US_ASCII))
                .withStatus(asked.path().equals("/v1/things") ? 200 : 404);
        try (HttpServer api = HttpServer.builder(answers).port(0).loops(1).start()) {
            int port = held.number();
            List<String> ours;
            try (OpenSite _ = OpenSite.open(folder, site(port, api), "auto")) {
                ours = answers(port);
            }
            assertTrue(ours.get(4).contains("GET /v1/things?id=7 app.test 127.0.0.1 127.0.0.1 http"), ours.get(4));
            assertTrue(ours.get(14).contains("<p>private"), ours.get(14));
            if (NginxProcess.isInstalled()) {
                int other = heldToo.number();
                List<String> wrong = new ArrayList<>();
                try (NginxProcess _ = NginxProcess.start(folder, site(other, api), other)) {
                    List<String> expected = answers(other);
                    for (int i = 0; i < expected.size(); i++) {
                        if (!expected.get(i).equals(ours.get(i))) {
                            wrong.add("nginx:  " + expected.get(i) + "\npumasi: " + ours.get(i));
                        }
                    }
                }
                assertEquals("", String.join("\n", wrong));
            }
        }
    }

    private String site(int port, HttpServer api) {
        return (APPLICATION + STATIC)
                .replace("PORT", Integer.toString(port))
                .replace("API", Integer.toString(api.port()))
                .replace("ROOT", folder.toString());
    }

    private static List<String> answers(int port) throws IOException {
        List<String> all = new ArrayList<>();
        for (String row : REQUESTS.lines().toList()) {
            String[] parts = row.split("\\|");
            List<String> fields = new ArrayList<>(List.of("Host: " + parts[0]));
            fields.addAll(List.of(parts).subList(3, parts.length));
            WholeAnswer answer = WholeAnswer.to(port, parts[1], parts[2], fields.toArray(String[]::new));
            boolean own = answer.text().contains("<center>"); // a page of the server's own
            boolean packed = answer.field("content-encoding").equals("gzip");
            all.add(row + ": " + answer.status() + " " + answer.field("location") + " " + answer.field("content-type")
                    + " [" + answer.field("cache-control").replace("\n", ", ") + "] " + answer.field("content-encoding")
                    + " "
                    + answer.field("vary") + " " + answer.field("www-authenticate") + " "
                    + (own ? "(page)" : packed ? "(packed)" : answer.text()));
        }
        return all;
    }
}
