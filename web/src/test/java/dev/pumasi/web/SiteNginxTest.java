package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.testkit.HeldPort;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LoadedClasses;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;

/**
 * The same file, given to Pumasi and to nginx, and what is answered to the same requests. What nginx has answered once is written down
 * here, so that it is tested where there is no nginx; where there is one, it is asked again.
 */
@OnEachDriver
@ExtendWith({LoadedClasses.class, LeakWatch.class, LogWatch.class})
@Timeout(120)
class SiteNginxTest {

    private static final String SITE = """
            default_type text/plain;
            types { text/html html; text/css css; application/json json; image/png png; }
            map $http_x_kind $kind { default other; one first; ~^t(?<rest>.*) "t and $rest"; }
            server {
                listen 127.0.0.1:PORT default_server;
                server_name _;
                root ROOT/default;
                location / { return 200 "default $host $uri\\n"; }
            }
            server {
                listen 127.0.0.1:PORT;
                server_name files.test *.wild.test mail.* ~^(?<sub>.+)\\.regex\\.test$ .dot.test;
                root ROOT/www;
                index index.html index.txt;
                error_page 404 /errors/404.html;
                error_page 410 =200 /errors/gone.html;
                error_page 403 @denied;
                add_header X-Site files;

                location = /exact { return 200 "exact\\n"; }
                location /exact { return 200 "prefix of exact\\n"; }
                location ^~ /static/ { return 200 "static first\\n"; }
                location /plain/ { return 200 "plain prefix\\n"; }
                location /plain/longer/ { return 200 "longer prefix\\n"; }
                location ~ ^/plain/.*\\.re$ { return 200 "expression\\n"; }
                location ~* \\.(jpg|jpeg)$ { return 200 "picture $1\\n"; }
                location ~ \\.jpg$ { return 200 "never\\n"; }
                location /outer/ {
                    location /outer/inner/ { return 200 "inner\\n"; }
                    location ~ \\.x$ { return 200 "inner expression\\n"; }
                    location /outer/deep/ {
                        location ~ \\.y$ { return 200 "deepest\\n"; }
                    }
                    return 200 "outer\\n";
                }
                location ~ \\.(x|y)$ { return 200 "outer expression\\n"; }
                location /alias/ { alias ROOT/other/; }
                location /aliased { alias ROOT/other/a.txt; }
                location ~ ^/user/(\\w+)/(.*)$ { alias ROOT/users/$1/$2; }
                location /try/ { try_files $uri $uri/ /fallback.html; }
                location /named/ { try_files $uri @app; }
                location /missing/ { try_files $uri =404; }
                location @app { return 200 "app for $uri $args\\n"; }
                location @denied { return 403 "denied\\n"; }
                location /gone { return 410; }
                location /forbidden { return 403; }
                location /secret/ { internal; }
                location /errors/ { internal; }
                location /list/ { autoindex on; }
                location /go { return 301 /elsewhere?x=1; }
                location /away { return 302 http://example.test$request_uri; }
                location /old/ { rewrite ^/old/(.*)$ /new/$1 last; return 200 "not rewritten\\n"; }
                location /new/ { return 200 "new $uri $args\\n"; }
                location /rw/ { rewrite ^/rw/(\\d+)$ /new/item?id=$1 last; rewrite ^/rw/p/(.*)$ /moved/$1 permanent; rewrite ^/rw/b/(.*)$ /list/$1 break; }
                location /loop/ { rewrite ^/loop/(.*)$ /loop/x$1 last; }
                location /if { set $answer none; if ($arg_a = yes) { set $answer yes; } if ($request_method = POST) { return 405; } if ($http_user_agent ~* "(bot)") { set $answer $1; } return 200 "$answer\\n"; }
                location /map { return 200 "$kind\\n"; }
                location /vars { return 200 "$scheme|$host|$request_method|$arg_a|$arg_b|$http_x_test|$cookie_c|$server_name|$sub|$args|$is_args\\n"; }
                location /only { limit_except GET { deny all; } return 200 "only\\n"; }
                location /deny/ { deny all; }
                location /allowed/ { allow 127.0.0.0/8; deny all; try_files /a.txt =404; }
                location /expires/ { expires max; add_header X-More "more"; try_files /a.txt =404; }
                location /epoch/ { expires epoch; try_files /a.txt =404; }
                location /small { client_max_body_size 10; return 200 "taken\\n"; }
                location /204 { return 204; }
                location /text { default_type application/json; return 200 "{}"; }
            }
            server {
                listen 127.0.0.1:PORT;
                server_name exact.wild.test "";
                return 200 "by exact name $host\\n";
            }
            """;

    /** Method, host, target, further fields; then status, Location, Content-Type and body, with a star for any. */
    private static final String REQUESTS = """
            GET|nobody.test|/x||200||text/plain|default nobody.test /x
            GET|exact.wild.test|/||200||text/plain|by exact name exact.wild.test
            GET|a.wild.test|/exact||200||text/plain|exact
            GET|A.Wild.Test:8080|/vars||200||text/plain|http|a.wild.test|GET|||||files.test|||
            GET|mail.anything.org|/exact||200||text/plain|exact
            GET|a.b.regex.test|/vars||200||text/plain|http|a.b.regex.test|GET|||||files.test|a.b||
            GET|dot.test|/exact||200||text/plain|exact
            GET|x.dot.test|/exact||200||text/plain|exact
            GET|files.test.|/exact||200||text/plain|exact
            GET|files.test|/exact||200||text/plain|exact
            GET|files.test|/exact/||200||text/plain|prefix of exact
            GET|files.test|/exactly||200||text/plain|prefix of exact
            GET|files.test|/static/a.jpg||200||text/plain|static first
            GET|files.test|/plain/a||200||text/plain|plain prefix
            GET|files.test|/plain/a.re||200||text/plain|expression
            GET|files.test|/plain/longer/a||200||text/plain|longer prefix
            GET|files.test|/plain/longer/a.re||200||text/plain|expression
            GET|files.test|/plain/a.JPG||200||text/plain|picture JPG
            GET|files.test|/%70lain/a.jpeg||200||text/plain|picture jpeg
            GET|files.test|//plain///a||200||text/plain|plain prefix
            GET|files.test|/x/../plain/a||200||text/plain|plain prefix
            GET|files.test|/outer/a||200||text/plain|outer
            GET|files.test|/outer/inner/a||200||text/plain|inner
            GET|files.test|/outer/a.x||200||text/plain|inner expression
            GET|files.test|/outer/inner/a.x||200||text/plain|inner expression
            GET|files.test|/outer/a.y||200||text/plain|outer expression
            GET|files.test|/outer/deep/a.y||200||text/plain|deepest
            GET|files.test|/outer/deep/a.x||200||text/plain|inner expression
            GET|files.test|/||200||text/html|the front page
            GET|files.test|/index.html||200||text/html|the front page
            HEAD|files.test|/||200||text/html|
            GET|files.test|/a.txt||200||text/plain|file a
            GET|files.test|/a%2Etxt||200||text/plain|file a
            GET|files.test|/A.txt||404||text/html|not here
            GET|files.test|/sub||301|/sub/|text/html|*
            GET|files.test|/sub?q=1||301|/sub/?q=1|text/html|*
            GET|files.test|/sub/||200||text/plain|sub by its second index
            GET|files.test|/empty/||403||text/plain|denied
            GET|files.test|/empty||301|/empty/|text/html|*
            GET|files.test|/a.txt/||404||text/html|not here
            GET|files.test|/none||404||text/html|not here
            GET|files.test|/none/||404||text/html|not here
            POST|files.test|/a.txt||405||text/html|*
            DELETE|files.test|/a.txt||405||text/html|*
            PUT|files.test|/sub/||405||text/html|*
            GET|files.test|/alias/a.txt||200||text/plain|other a
            GET|files.test|/alias/none||404||text/html|not here
            GET|files.test|/alias/||403||text/plain|denied
            GET|files.test|/aliased||200||text/plain|other a
            GET|files.test|/user/kim/page.html||200||text/html|page of kim
            GET|files.test|/user/lee/page.html||404||text/html|not here
            GET|files.test|/try/a.txt||200||text/plain|try a
            GET|files.test|/try/none||200||text/html|fell back
            GET|files.test|/try/dir||301|/try/dir/|text/html|*
            GET|files.test|/try/dir/||200||text/html|index of try
            GET|files.test|/named/none?x=y||200||text/plain|app for /named/none x=y
            GET|files.test|/missing/none||404||text/html|not here
            GET|files.test|/gone||200||text/html|gone
            GET|files.test|/forbidden||403||text/plain|denied
            GET|files.test|/secret/x||404||text/html|not here
            GET|files.test|/errors/404.html||404||text/html|not here
            GET|files.test|/list/||200||*|*
            GET|files.test|/list/b.txt||200||text/plain|listed b
            GET|files.test|/go||301|/elsewhere?x=1|text/html|*
            GET|files.test|/away?a=b||302|http://example.test/away?a=b|text/html|*
            GET|files.test|/old/a?b=c||200||text/plain|new /new/a b=c
            GET|files.test|/old/||200||text/plain|new /new/
            GET|files.test|/rw/12?z=1||200||text/plain|new /new/item id=12&z=1
            GET|files.test|/rw/p/q?z=1||301|/moved/q?z=1|text/html|*
            GET|files.test|/rw/b/b.txt||200||text/plain|listed b
            GET|files.test|/rw/none||404||text/html|not here
            GET|files.test|/loop/a||500||text/html|*
            GET|files.test|/if||200||text/plain|none
            GET|files.test|/if?a=yes||200||text/plain|yes
            GET|files.test|/if?a=yes|User-Agent: GoogleBot|200||text/plain|Bot
            POST|files.test|/if|Content-Length: 0|405||text/html|*
            GET|files.test|/map||200||text/plain|other
            GET|files.test|/map|X-Kind: ONE|200||text/plain|first
            GET|files.test|/map|X-Kind: two|200||text/plain|t and wo
            GET|files.test|/only||200||text/plain|only
            HEAD|files.test|/only||200||text/plain|
            POST|files.test|/small|Content-Length: 11|413||text/html|*
            GET|files.test|/deny/x||403||text/plain|denied
            GET|files.test|/allowed/x||200||text/plain|file a
            GET|files.test|/expires/x||200||text/plain|file a
            GET|files.test|/204||204|||
            GET|files.test|/text||200||application/json|{}
            GET|files.test|/a.txt|If-None-Match: *|304|||
            GET|files.test|/a.txt|Range: bytes=0-3|206||text/plain|file
            GET|files.test|/a.txt|Range: bytes=100-|416||text/html|*
            GET|files.test|/a.txt|If-Modified-Since: Thu, 29 Feb 2024 12:34:56 GMT|304|||
            """;

    @Parameter
    String driver;

    @TempDir
    Path folder;

    private void write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2024-02-29T12:34:56Z")));
    }

    private void files() throws IOException {
        write("www/index.html", "the front page");
        write("www/a.txt", "file a");
        write("www/sub/index.txt", "sub by its second index");
        Files.createDirectories(folder.resolve("www/empty"));
        write("www/try/a.txt", "try a");
        write("www/try/dir/index.html", "index of try");
        write("www/fallback.html", "fell back");
        write("www/errors/404.html", "not here");
        write("www/errors/gone.html", "gone");
        write("www/secret/x", "secret");
        write("www/list/b.txt", "listed b");
        write("other/a.txt", "other a");
        write("users/kim/page.html", "page of kim");
        Files.createDirectories(folder.resolve("default"));
    }

    @Test
    void theSameFileIsAnsweredAlike(LogWatch log) throws Exception {
        files();
        log.expect(".*is sent to another path more than 10 times.*");
        List<String> wrong = new ArrayList<>();
        try (HeldPort held = HeldPort.take();
                OpenSite site = OpenSite.open(folder, site(held.number()), driver)) {
            for (String row : REQUESTS.lines().toList()) {
                Row wanted = Row.parse(row);
                String got = wanted.ask(held.number());
                if (!wanted.agrees(got)) {
                    wrong.add("pumasi: " + row + "\n   -> " + got);
                }
            }
            assertEquals(0, site.hops());
        }
        if (NginxProcess.isInstalled() && driver.equals("epoll")) {
            try (HeldPort held = HeldPort.take();
                    NginxProcess _ = NginxProcess.start(folder, site(held.number()), held.number())) {
                for (String row : REQUESTS.lines().toList()) {
                    Row wanted = Row.parse(row);
                    String got = wanted.ask(held.number());
                    if (!wanted.agrees(got)) {
                        wrong.add("nginx: " + row + "\n   -> " + got);
                    }
                }
            }
        }
        assertEquals("", String.join("\n", wrong));
    }

    private String site(int port) {
        return SITE.replace("PORT", Integer.toString(port)).replace("ROOT", folder.toString());
    }

    /** A request, and what is to be answered. */
    private record Row(
            String method,
            String host,
            String target,
            String field,
            String status,
            String place,
            String type,
            String body) {

        static Row parse(String line) {
            String[] parts = line.split("\\|", 8);
            return new Row(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], parts[6], parts[7]);
        }

        String ask(int port) throws IOException {
            try (RawClient client = new RawClient(port)) {
                client.sendAs(host, method, target, field.isEmpty() ? new String[0] : new String[] {field});
                RawClient.Answer answer = client.answer(method);
                String contentType = answer.field("content-type");
                int end = contentType.indexOf(';');
                return answer.status() + "|" + answer.field("location") + "|"
                        + (end < 0 ? contentType : contentType.substring(0, end)) + "|"
                        + answer.text().strip().replace("\n", "\\n").replace("\r", "");
            }
        }

        boolean agrees(String got) {
            String[] parts = got.split("\\|", 4);
            return parts[0].equals(status)
                    && parts[1].equals(place)
                    && (type.equals("*") || parts[2].equals(type))
                    && (body.equals("*") || parts[3].equals(body));
        }
    }
}
