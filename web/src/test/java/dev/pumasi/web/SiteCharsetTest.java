package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.testkit.HeldPort;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;

/** {@code charset} and {@code charset_types}: what nginx says of the same answers is written down here, and asked again where there is one. */
@OnEachDriver
@ExtendWith({LeakWatch.class, LogWatch.class})
@Timeout(120)
class SiteCharsetTest {

    private static final String SITE = """
            types {
                text/html html; text/css css; text/plain txt; text/xml xml; text/vnd.wap.wml wml; application/rss+xml rss;
                application/javascript js; application/json json; image/png png;
            }
            default_type text/plain;
            server {
                listen 127.0.0.1:PORT;
                root ROOT/www;
                charset koi8-r;
                location /off/ { charset off; alias ROOT/www/; }
                location /few/ { charset_types text/css application/json; alias ROOT/www/; }
                location /all/ { charset_types *; alias ROOT/www/; }
                location /said/ { types { } default_type "text/plain; charset=utf-8"; alias ROOT/www/; }
                location /word { return 200 "a word"; }
                location /json { default_type application/json; return 200 "{}"; }
                location /away { return 302 /else; }
                location /proxied/ { proxy_pass http://127.0.0.1:PORT/off/; }
                location /again/ { proxy_pass http://127.0.0.1:PORT/; charset utf-8; }
            }
            """;

    private static final String EXPECTED = """
            /a.html -> 200 text/html; charset=koi8-r
            /a.txt -> 200 text/plain; charset=koi8-r
            /a.xml -> 200 text/xml; charset=koi8-r
            /a.wml -> 200 text/vnd.wap.wml; charset=koi8-r
            /a.rss -> 200 application/rss+xml; charset=koi8-r
            /a.js -> 200 application/javascript; charset=koi8-r
            /a.css -> 200 text/css
            /a.json -> 200 application/json
            /a.png -> 200 image/png
            /other -> 200 text/plain; charset=koi8-r
            /off/a.html -> 200 text/html
            /few/a.css -> 200 text/css; charset=koi8-r
            /few/a.json -> 200 application/json; charset=koi8-r
            /few/a.html -> 200 text/html; charset=koi8-r
            /few/a.txt -> 200 text/plain
            /all/a.png -> 200 image/png; charset=koi8-r
            /word -> 200 text/plain; charset=koi8-r
            /json -> 200 application/json
            /none -> 404 text/html; charset=koi8-r
            /away -> 302 text/html
            /proxied/a.html -> 200 text/html; charset=koi8-r
            /proxied/a.css -> 200 text/css
            /again/a.html -> 200 text/html; charset=koi8-r
            """;

    @Parameter
    String driver;

    @TempDir
    Path folder;

    @Test
    void charsetsAreSaidAsNginxSaysThem() throws Exception {
        Path www = Files.createDirectories(folder.resolve("www"));
        for (String name : List.of("html", "txt", "xml", "wml", "rss", "js", "css", "json", "png")) {
            Files.writeString(www.resolve("a." + name), "x");
        }
        Files.writeString(www.resolve("other"), "x");
        try (HeldPort held = HeldPort.take();
                OpenSite site = OpenSite.open(folder, site(held.number()), driver)) {
            assertEquals(EXPECTED, answers(held.number()));
            assertEquals(0, site.hops());
        }
        if (NginxProcess.isInstalled() && driver.equals("epoll")) {
            try (HeldPort held = HeldPort.take();
                    NginxProcess _ = NginxProcess.start(folder, site(held.number()), held.number())) {
                assertEquals(EXPECTED, answers(held.number()), "nginx");
            }
        }
    }

    /** Without {@code types}, the table that is built in says UTF-8; whoever says another set, or none, is believed. */
    @Test
    void whatIsBuiltInGivesWay() throws Exception {
        Path www = Files.createDirectories(folder.resolve("www"));
        Files.writeString(www.resolve("a.html"), "x");
        Files.writeString(www.resolve("a.css"), "x");
        try (HeldPort held = HeldPort.take();
                OpenSite _ = OpenSite.open(
                        folder,
                        "server { listen 127.0.0.1:" + held.number() + "; root www;"
                                + " location /off/ { charset off; alias www/; }"
                                + " location /old/ { charset koi8-r; alias www/; } }",
                        driver)) {
            List<String> types = new ArrayList<>();
            for (String target :
                    List.of("/a.html", "/a.css", "/off/a.html", "/off/a.css", "/old/a.html", "/old/a.css")) {
                types.add(type(held.number(), target));
            }
            assertEquals(
                    List.of(
                            "200 text/html; charset=utf-8",
                            "200 text/css; charset=utf-8",
                            "200 text/html",
                            "200 text/css",
                            "200 text/html; charset=koi8-r",
                            "200 text/css"),
                    types);
        }
    }

    private String site(int port) {
        return SITE.replace("PORT", Integer.toString(port)).replace("ROOT", folder.toString());
    }

    private static String answers(int port) throws IOException {
        StringBuilder got = new StringBuilder();
        for (String row : EXPECTED.lines().toList()) {
            String target = row.substring(0, row.indexOf(" -> "));
            got.append(target).append(" -> ").append(type(port, target)).append('\n');
        }
        return got.toString();
    }

    private static String type(int port, String target) throws IOException {
        try (RawClient client = new RawClient(port)) {
            RawClient.Answer answer = client.ask("GET", target);
            return answer.status() + " " + answer.field("content-type");
        }
    }
}
