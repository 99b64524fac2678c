package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import dev.pumasi.web.conf.ConfReader;
import dev.pumasi.web.conf.Problem;
import dev.pumasi.web.conf.Problems;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is said of a configuration that cannot be used: where, what, and what was likely meant. */
@ExtendWith({LeakWatch.class, LogWatch.class})
@Timeout(60)
class SiteMistakesTest {

    private static final Map<String, String> ENVIRONMENT = Map.of("ROOT", "/srv/www", "BAD", "a$b", "NONE", "");

    @TempDir
    Path folder;

    private Problems read(String text) throws IOException {
        Path file = Files.writeString(folder.resolve("site.conf"), text);
        Problems problems = new Problems();
        Optional<Site> site = Site.open(file, ENVIRONMENT, problems);
        assertEquals(!problems.isBroken(), site.isPresent());
        site.ifPresent(Site::close);
        return problems;
    }

    /** The errors, without the name of the file. */
    private List<String> errors(String text) throws IOException {
        return read(text).all().stream()
                .filter(Problem::isError)
                .map(problem -> problem.toString().substring(problem.toString().indexOf("site.conf:") + 10))
                .toList();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            rot /srv;|3:5: error: there is no directive 'rot' (did you mean 'root'?)
            serevr_name a;|3:5: error: there is no directive 'serevr_name' (did you mean 'server_name'?)
            root /a; root /b;|3:14: error: 'root' stands here a second time
            root;|3:5: error: 'root' takes one argument, and has 0
            root /a b;|3:13: error: 'root' takes one argument, and has 2
            autoindex yes;|3:15: error: 'autoindex' is on or off
            listen 99999;|3:12: error: '99999' is no port
            listen 8080 ssl;|3:17: error: there is no TLS here
            listen 8080 defaultserver;|3:17: error: listen has no parameter 'defaultserver' (did you mean 'default_server'?)
            location /a { cgi_pass python3; }|3:28: error: cgi_pass names an ending and the program
            location /a { root /tmp; cgi_pass .py x; proxy_pass http://x; }|3:30: error: both 'cgi_pass' and 'proxy_pass'
            location /a { root /no/such; cgi_pass .py x; }|3:34: error: there is no folder /no/such
            location /a { alias /tmp/; cgi_pass .py x; }|3:32: error: 'cgi_pass' needs a folder
            location /a { root /tmp; cgi_pass .py x; cgi_read_timeout 0; }|3:63: error: a script cannot run without time
            location /a { root /tmp; cgi_pass .py x; cgi_processes 0; }|3:60: error: '0' is no number from 1 to 10000
            charset a/b;|3:13: error: 'a/b' is no character set
            root /tmp; dav_methods MKCOL;|3:28: error: dav_methods does not know 'MKCOL'
            location /a { fastcgi_pass nothing; }|3:32: error: 'nothing' is no FastCGI application
            location /a { fastcgi_pass /run/x.sock; }|3:32: error: '/run/x.sock' is no FastCGI application
            location /a { fastcgi_pass unix:$uri; }|3:32: error: the application of fastcgi_pass cannot be a variable
            location /a { fastcgi_pass 127.0.0.1:9; fastcgi_split_path_info ^x$; }|3:69: error: fastcgi_split_path_info needs two groups
            location /a { fastcgi_pass 127.0.0.1:9; fastcgi_param A b c; }|3:63: error: 'c' is not 'if_not_empty'
            location /a { fastcgi_pass 127.0.0.1:9; proxy_pass http://x; }|3:19: error: both 'fastcgi_pass' and 'proxy_pass'
            access_log /no/such/a.log;|3:16: error: there is no folder /no/such
            access_log a.log nosuch;|3:22: error: there is no format 'nosuch'
            access_log syslog:server=x;|3:16: error: lines cannot be sent to a syslog server
            access_log a.log combined gzip;|3:31: error: logs are not compressed
            access_log a-$host.log;|3:16: error: the name of an access log cannot have variables
            log_format x y;|3:5: error: 'log_format' does not belong in 'server'
            fastcgi_pass 127.0.0.1:9000;|3:5: error: 'fastcgi_pass' does not belong in 'server'
            client_max_body_size 8x;|3:26: error: '8x' is no size
            send_timeout soon;|3:18: error: 'soon' is no time
            error_page nothing /x;|3:16: error: 'nothing' is no number from 300 to 599
            return 301;|3:12: error: return 301 needs a place to go
            return 99;|3:12: error: '99' is no status
            return 200 $hots;|3:16: error: there is no variable $hots; did you mean $host?
            return 200 "a $";|3:16: error: a '$' without the name of a variable behind it
            rewrite ( /x;|3:13: error: no regular expression
            rewrite [[:alpha:]] /x;|3:13: error: a class such as [:alpha:]
            rewrite a /x lost;|3:18: error: 'lost' is no flag of rewrite
            location /a { } location /a { }|3:30: error: the location '/a' is there already
            location /a/ { location /b/ { } }|3:29: error: the location '/b/' is outside of '/a/'
            location = /a { location /a/b { } }|3:30: error: nothing can stand in the location '/a'
            location == /a { }|3:14: error: '==' says not how to compare
            location /a { server { } }|3:19: error: 'server' does not belong in 'location'
            location /a { proxy_pass https://x; }|3:30: error: servers are asked without TLS
            location ~ a { proxy_pass http://x:80/b; }|3:31: error: here proxy_pass cannot have the path '/b'
            location /a { proxy_pass http://$host; }|3:30: error: the server of proxy_pass cannot be a variable
            location /a { alias /x; root /y; }|3:19: error: both 'root' and 'alias' are given
            if $host { return 200; }|3:8: error: a condition stands in parentheses
            if (host = a) { return 200; }|3:8: error: 'host' is no variable
            if ($host == a) { return 200; }|3:15: error: '==' compares nothing
            if ($host) { root /x; }|3:18: error: 'root' does not belong in 'if'
            allow localhost;|3:11: error: 'localhost' is no address
            auth_basic x;|3:16: error: auth_basic without auth_basic_user_file
            add_header Content-Length 1;|3:16: error: the field Content-Length is set by the server
            expires never;|3:13: error: 'never' is no time
            gzip_comp_level 10;|3:21: error: '10' is no number from 1 to 9
            root ${env:MISSING};|3:10: error: the environment has no variable MISSING
            root ${env:BAD};|3:10: error: the environment variable BAD holds a $
            root /a}|3:12: error: a ';' is missing before '}' (it would belong to the word '/a}')
            set host a;|3:9: error: 'host' is no variable
            set $host a;|3:9: error: $host is known already and cannot be set
            """)
    void eachMistakeIsToldWithItsPlace(String line, String said) throws IOException {
        List<String> errors = errors("http {\n  server {\n    " + line + "\n  }\n}\n");
        assertFalse(errors.isEmpty(), "nothing was said");
        assertTrue(errors.getFirst().startsWith(said), "said: " + errors);
    }

    @Test
    void severalMistakesAreToldInOneRun() throws IOException {
        List<String> errors = errors("""
                http {
                  server {
                    listen 8080
                    server_name a;
                    rot /x;
                    location / { retrun 200; }
                  }
                }
                """);
        assertEquals(
                List.of(
                        "3:16: error: a ';' is missing behind '8080' ('server_name' in line 4 begins another directive)",
                        "5:5: error: there is no directive 'rot' (did you mean 'root'?)",
                        "6:18: error: there is no directive 'retrun' (did you mean 'return'?)"),
                errors);
    }

    @Test
    void aBraceThatIsNeverClosedIsToldWhereItWasOpened() throws IOException {
        assertEquals(
                List.of(
                        "2:3: error: the block 'server' is never closed (it is opened here, and the file ends without its '}')"),
                errors("http {\n  server {\n    listen 8080;\n"));
        assertTrue(errors("http { server { } } }").getFirst().startsWith("1:21: error: a '}' that closes nothing"));
        assertTrue(errors("http { server { root 'x; } }")
                .getFirst()
                .startsWith("1:22: error: the quotation mark ' is never closed"));
    }

    @Test
    void whatIsShownHasTheLineAndACaret() throws IOException {
        Problems problems = read("http {\n\tserver { rot /x; }\n}\n");
        assertEquals(
                folder.resolve("site.conf") + """
                :2:11: error: there is no directive 'rot'
                    \tserver { rot /x; }
                    \t         ^^^
                  did you mean 'root'?""", problems.shown(problems.all().getFirst()));
    }

    @Test
    void theEnvironmentCanBeReferredTo() throws IOException {
        Problems problems = read("http { server { listen 8080; root ${env:ROOT}/${env:NONE:-a}${env:ABSENT:-b}; } }");
        assertEquals(1, problems.all().size());
        assertEquals("there is no folder /srv/www/ab", problems.all().getFirst().message());
    }

    @Test
    void includesAreFoundByPatternAndInOrder() throws IOException {
        Files.createDirectory(folder.resolve("conf.d"));
        Files.writeString(folder.resolve("conf.d/b.conf"), "server { listen 8082; }");
        Files.writeString(folder.resolve("conf.d/a.conf"), "server { listen 8081; }");
        Files.writeString(folder.resolve("conf.d/.hidden.conf"), "rubbish");
        Path file =
                Files.writeString(folder.resolve("site.conf"), "http { include conf.d/*.conf; include none/*.conf; }");
        Problems problems = new Problems();
        try (Site site = Site.open(file, Map.of(), problems).orElseThrow()) {
            assertEquals(List.of("*:8081", "*:8082"), site.places());
        }
        Files.writeString(folder.resolve("conf.d/a.conf"), "server {\n rot x; }");
        List<String> errors = errors(Files.readString(file));
        assertTrue(
                read(Files.readString(file)).all().getFirst().at().file().endsWith("conf.d/a.conf"), errors.toString());
    }

    @Test
    void aFileThatIncludesItselfIsToldWithTheChain() throws IOException {
        Files.writeString(folder.resolve("a.conf"), "include b.conf;");
        Files.writeString(folder.resolve("b.conf"), "include a.conf;");
        Problem first = read("http { include a.conf; }").all().getFirst();
        assertTrue(first.message().endsWith("a.conf includes itself"), first.message());
        assertEquals("the chain is site.conf, a.conf, b.conf, a.conf", first.likely());
        assertTrue(errors("include none.conf;").getFirst().contains("there is no file"));
    }

    @Test
    void hostileFilesAreLimited() throws IOException {
        assertTrue(errors("http {".repeat(ConfReader.BLOCKS_DEEP_MAX + 1))
                .getFirst()
                .contains("blocks are nested deeper than " + ConfReader.BLOCKS_DEEP_MAX));
        assertTrue(errors("root " + "x ".repeat(ConfReader.WORDS_MAX + 10) + ";")
                .getFirst()
                .contains("more than " + ConfReader.WORDS_MAX + " words"));
        assertTrue(errors("x".repeat(70_000) + ";").getFirst().contains("a word of more than"));
        assertEquals(Problems.ERRORS_MAX, errors("rot;".repeat(1_000)).size());
    }

    @Test
    void nothingIsIgnoredInSilence() throws IOException {
        Problems problems = read("user nobody;\nhttp { sendfile on; server { listen 8080; tcp_nodelay on; } }");
        assertFalse(problems.isBroken());
        assertEquals(
                List.of("'user' has no effect", "'sendfile' has no effect", "'tcp_nodelay' has no effect"),
                problems.all().stream().map(Problem::message).toList());
    }

    /** The file that comes with nginx, and the one of Debian. */
    @Test
    void theStockFilesCanBeUsed() throws IOException {
        Files.createDirectory(folder.resolve("html"));
        Problems problems = read("""
                user  nginx;
                worker_processes  auto;
                error_log  /var/log/nginx/error.log notice;
                pid        /run/nginx.pid;
                events { worker_connections  1024; }
                http {
                    include       mime.types;
                    default_type  application/octet-stream;
                    log_format  main  '$remote_addr - $remote_user [$time_local] "$request" '
                                      '$status $body_bytes_sent "$http_referer" '
                                      '"$http_user_agent" "$http_x_forwarded_for"';
                    access_log  /var/log/nginx/access.log  main;
                    sendfile        on;
                    #tcp_nopush     on;
                    keepalive_timeout  65;
                    #gzip  on;
                    ssl_protocols TLSv1.2 TLSv1.3;
                    types_hash_max_size 2048;
                    include conf.d/*.conf;
                    server {
                        listen       80 default_server;
                        listen       [::]:80 default_server;
                        server_name  localhost;
                        location / {
                            root   html;
                            index  index.html index.htm;
                        }
                        error_page   500 502 503 504  /50x.html;
                        location = /50x.html { root html; }
                        #location ~ \\.php$ { fastcgi_pass 127.0.0.1:9000; }
                    }
                }
                """);
        assertFalse(problems.isBroken(), problems.all().toString());
    }
}
