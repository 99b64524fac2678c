package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.HeldPort;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LoadedClasses;
import dev.pumasi.testkit.LogWatch;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Base64;
import java.util.Locale;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;

/** What a site does beyond what nginx is asked in {@link SiteNginxTest}. */
@OnEachDriver
@ExtendWith({LoadedClasses.class, LeakWatch.class, LogWatch.class})
@Timeout(120)
class SiteTest {

    /** Each of "secret", as htpasswd writes them. */
    private static final String USERS = """
            # those who may
            plain:{PLAIN}secret
            apr:$apr1$V96.RiBZ$X93n7at25jf/Q1I8ezcnE0
            sha:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
            bcrypt:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC
            """;

    @Parameter
    String driver;

    @TempDir
    Path folder;

    private HeldPort held;
    private HeldPort heldBehind;
    private int port;
    private int behind;
    private OpenSite site;
    private final byte[] large = new byte[300_000];

    @BeforeEach
    void open() throws Exception {
        held = HeldPort.take();
        heldBehind = HeldPort.take();
        port = held.number();
        behind = heldBehind.number();
        new Random(7).nextBytes(large);
        for (int i = 0; i < large.length; i++) {
            large[i] = (byte) ('a' + (large[i] & 3));
        }
        write("www/small.css", "a{color:red}".repeat(20).getBytes(StandardCharsets.UTF_8));
        write("www/large.css", large);
        write("www/tiny.css", new byte[] {'a'});
        write("www/picture.png", large);
        write("www/ready.txt", "plain".getBytes(StandardCharsets.UTF_8));
        write("www/ready.txt.gz", "zipped".getBytes(StandardCharsets.UTF_8));
        write("www/ready.txt.br", "brotli".getBytes(StandardCharsets.UTF_8));
        write("www/list/a <b>&\"c.txt", new byte[10]);
        write("www/list/:colon", new byte[0]);
        write("www/list/z/x", new byte[0]);
        write("www/.hidden", "no".getBytes(StandardCharsets.UTF_8));
        write("secret.txt", "outside".getBytes(StandardCharsets.UTF_8));
        Files.createSymbolicLink(folder.resolve("www/out"), folder.resolve("secret.txt"));
        Files.writeString(folder.resolve("users"), USERS);
        site = OpenSite.open(
                folder,
                """
                types { text/css css; text/plain txt; image/png png; }
                upstream back { server 127.0.0.1:BEHIND; }
                upstream shared { ip_hash; server 127.0.0.1:BEHIND; server 127.0.0.1:1 backup; }
                server {
                    listen 127.0.0.1:PORT;
                    root www;
                    location / { gzip on; gzip_types text/css; gzip_vary on; }
                    location /list/ { autoindex on; autoindex_exact_size off; }
                    location = /ready.txt { gzip_static on; brotli_static on; }
                    location /private/ { auth_basic "the kitchen"; auth_basic_user_file users; try_files /tiny.css =404; add_header X-User $remote_user; }
                    location /alias { alias FOLDER/www/; }
                    location /api/ { proxy_pass http://back/v1/; proxy_set_header X-Real-IP $remote_addr; proxy_hide_header X-Hidden; }
                    location /asis/ { proxy_pass http://back; proxy_set_header Host $host; client_max_body_size 100; }
                    location /hash/ { proxy_pass http://shared; }
                    location /var/ { proxy_pass http://back/other?was=$uri; }
                    location ~ ^/re/(.*) { rewrite ^/re/(.*) /changed/$1 break; proxy_pass http://back; }
                    location /down/ { proxy_pass http://127.0.0.1:1; error_page 502 = @sorry; }
                    location @sorry { return 200 "sorry for $uri"; }
                    location /bad/ { proxy_pass http://back; proxy_intercept_errors on; error_page 404 /tiny.css; }
                    location /bounce/ { proxy_pass http://back/v1/; }
                    location /slow { if ($arg_a ~ "^(.*a){14}b$") { return 200 "matched"; } return 200 "not"; }
                    location /zip/ { gzip on; gzip_types *; proxy_pass http://back; }
                }
                server {
                    listen 127.0.0.1:BEHIND;
                    add_header X-Hidden yes always;
                    location /bad/ { return 404 "own page"; }
                    location /v1/go { return 302 http://back/v1/there; }
                    location / { return 200 "$request_method $request_uri $http_host $http_x_real_ip $http_x_forwarded_for ${http_connection}."; }
                }
                """.replace("PORT", Integer.toString(port))
                        .replace("BEHIND", Integer.toString(behind))
                        .replace("FOLDER", folder.toString()),
                driver);
    }

    private void write(String name, byte[] bytes) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
        Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2024-02-29T12:34:56Z")));
    }

    @AfterEach
    void close() throws IOException {
        site.close();
        held.close();
        heldBehind.close();
    }

    private RawClient.Answer ask(String method, String target, String... fields) throws IOException {
        try (RawClient client = new RawClient(port)) {
            return client.ask(method, target, fields);
        }
    }

    private RawClient.Answer get(String target, String... fields) throws IOException {
        return ask("GET", target, fields);
    }

    private static byte[] unzipped(byte[] zipped) throws IOException {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(zipped))) {
            return in.readAllBytes();
        }
    }

    @Test
    void smallAndLargeFilesAreCompressedForThoseWhoTakeIt() throws IOException {
        for (String name : new String[] {"/small.css", "/large.css"}) {
            RawClient.Answer plain = get(name);
            assertEquals("", plain.field("content-encoding"));
            assertEquals("Accept-Encoding", plain.field("vary"));
            for (int i = 0; i < 2; i++) {
                RawClient.Answer zipped = get(name, "Accept-Encoding: br, gzip;q=0.5");
                assertEquals(200, zipped.status());
                assertEquals("gzip", zipped.field("content-encoding"));
                assertEquals("Accept-Encoding", zipped.field("vary"));
                assertEquals("W/" + plain.field("etag"), zipped.field("etag"));
                assertEquals("", zipped.field("accept-ranges"));
                assertTrue(zipped.body().length < plain.body().length / 2);
                assertArrayEquals(plain.body(), unzipped(zipped.body()));
            }
            String tag = plain.field("etag");
            assertEquals(
                    304,
                    get(name, "Accept-Encoding: gzip", "If-None-Match: W/" + tag)
                            .status());
            assertEquals(
                    200, get(name, "Accept-Encoding: gzip", "Range: bytes=0-1").status());
            assertEquals(206, get(name, "Range: bytes=0-1").status());
            assertEquals("gzip", ask("HEAD", name, "Accept-Encoding: gzip").field("content-encoding"));
            assertEquals("", get(name, "Accept-Encoding: gzip;q=0").field("content-encoding"));
        }
        assertEquals("", get("/tiny.css", "Accept-Encoding: gzip").field("content-encoding"));
        assertEquals("", get("/picture.png", "Accept-Encoding: gzip").field("content-encoding"));
        assertEquals(0, site.hops());
    }

    @Test
    void filesThatWereCompressedBeforeGoFirst() throws IOException {
        assertEquals("plain", get("/ready.txt").text());
        assertEquals("zipped", get("/ready.txt", "Accept-Encoding: gzip").text());
        RawClient.Answer best = get("/ready.txt", "Accept-Encoding: gzip, br");
        assertEquals("brotli", best.text());
        assertEquals("br", best.field("content-encoding"));
        assertEquals("text/plain", best.field("content-type"));
    }

    @Test
    void aFolderIsListedWithItsNamesEscaped() throws IOException {
        String page = get("/list/").text();
        assertTrue(page.indexOf("z/") < page.indexOf(":colon"), page);
        assertTrue(page.contains("<a href=\"./:colon\">:colon</a>"), page);
        assertTrue(page.contains("<a href=\"./a%20%3Cb%3E&amp;%22c.txt\">a &lt;b&gt;&amp;&quot;c.txt</a>"), page);
        assertFalse(page.contains("<b>"), page);
    }

    @Test
    void passwordsAreChecked() throws IOException {
        RawClient.Answer nobody = get("/private/x");
        assertEquals(401, nobody.status());
        assertEquals("Basic realm=\"the kitchen\"", nobody.field("www-authenticate"));
        for (String user : new String[] {"plain", "apr", "sha"}) {
            for (int i = 0; i < 2; i++) {
                RawClient.Answer let = get("/private/x", authorization(user, "secret"));
                assertEquals(200, let.status(), user);
                assertEquals(user, let.field("x-user"));
                assertEquals(
                        401, get("/private/x", authorization(user, "Secret")).status());
            }
        }
        assertEquals(401, get("/private/x", authorization("bcrypt", "secret")).status());
        assertEquals(401, get("/private/x", authorization("nobody", "secret")).status());
        for (String wrong :
                new String[] {"Basic", "Basic !", "Basic YQ==", "Digest x", "Basic " + "YQ==".repeat(400)}) {
            assertEquals(401, get("/private/x", "Authorization: " + wrong).status(), wrong);
        }
        assertEquals(0, site.hops());
    }

    private static String authorization(String user, String password) {
        return "Authorization: Basic "
                + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void nothingLeadsOutOfAFolder() throws IOException {
        for (String target : new String[] {
            "/../secret.txt",
            "/%2e%2e/secret.txt",
            "/..%2fsecret.txt",
            "/alias../secret.txt",
            "/alias..%2fsecret.txt",
            "/alias%2e%2e/secret.txt",
            "/alias/../../secret.txt",
            "/%c0%ae%c0%ae/secret.txt",
            "/..%5csecret.txt",
            "/out",
            "/.hidden",
            "/%2ehidden",
            "/SECRET.TXT",
            "/small.css%00.txt"
        }) {
            RawClient.Answer answer = get(target);
            assertTrue(answer.status() >= 400, target + " " + answer.status());
            assertFalse(answer.text().contains("outside"), target);
        }
        assertEquals(200, get("/alias/tiny.css").status());
    }

    @Test
    void aProxyGetsThePathThatTheFileSays() throws IOException {
        assertEquals(
                "GET /v1/a%20b?c=d back 127.0.0.1 127.0.0.1 .",
                get("/api/a%20b?c=d").text());
        assertEquals("", get("/api/x").field("x-hidden"));
        assertEquals(
                "GET /asis/a%2Fb localhost  127.0.0.1 .", get("/asis/a%2Fb").text());
        assertEquals("yes", get("/asis/x").field("x-hidden"));
        assertEquals("GET /hash/x shared  127.0.0.1 .", get("/hash/x").text());
        assertEquals("GET /other?was=/var/x back  127.0.0.1 .", get("/var/x").text());
        assertEquals("GET /changed/a?b=c back  127.0.0.1 .", get("/re/a?b=c").text());
        assertEquals("sorry for /down/x", get("/down/x").text());
        assertEquals(404, get("/bad/x").status());
        assertEquals("a", get("/bad/x").text());
        assertEquals("/bounce/there", get("/bounce/go").field("location"));
        assertEquals("/api/", get("/api").field("location"));
        assertEquals(413, ask("POST", "/asis/x", "Content-Length: 101").status());
        assertEquals(0, site.hops());
    }

    @Test
    void whatComesThroughAProxyIsCompressed() throws IOException {
        RawClient.Answer zipped = get("/zip/" + "x".repeat(300), "Accept-Encoding: gzip");
        assertEquals("gzip", zipped.field("content-encoding"));
        assertTrue(new String(unzipped(zipped.body()), StandardCharsets.UTF_8)
                .toLowerCase(Locale.ROOT)
                .startsWith("get /zip/xxx"));
    }

    @Test
    void anExpressionThatTriesEverythingEndsWith500(LogWatch log) throws IOException {
        log.expect(".*takes more than .* steps.*");
        assertEquals("matched", get("/slow?a=" + "a".repeat(15) + "b").text());
        assertEquals(500, get("/slow?a=" + "a".repeat(60) + "c").status());
    }
}
