package dev.pumasi.web;

import dev.pumasi.runtime.Offload;
import dev.pumasi.web.conf.ConfReader;
import dev.pumasi.web.conf.Directive;
import dev.pumasi.web.conf.Problem;
import dev.pumasi.web.conf.Problems;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * What must hold for any configuration file, however it is spoilt: it is read without an exception and within its limits; every
 * problem has a place within the file and can be shown; and either there is an error, or the site that was made can be written down.
 *
 * <p>{@link ConfFuzzTest} runs it with files spoilt from a seed; {@code web/fuzz SECONDS} runs it for longer.
 */
final class ConfFuzz {

    /** What files are made of. */
    static final List<String> PIECES = List.of(
            "http {",
            "server {",
            "location / {",
            "location ~ \\.x$ {",
            "location = /a {",
            "location @b {",
            "location ^~ /c/ {",
            "if ($host = a) {",
            "map $uri $m {",
            "types {",
            "upstream u {",
            "limit_except GET {",
            "events {",
            "}",
            "}",
            "}",
            ";",
            ";",
            "\n",
            " ",
            "#",
            "\"",
            "'",
            "\\",
            "$",
            "${",
            "${env:A}",
            "${env:",
            "listen 8080;",
            "listen [::]:80 default_server;",
            "server_name a *.b c.* ~^d(?<e>.)$;",
            "root /srv;",
            "fastcgi_pass 127.0.0.1:9000;",
            "fastcgi_param A $document_root$fastcgi_script_name;",
            "fastcgi_split_path_info ^(.+?\\.php)(/.*)$;",
            "include fastcgi-php.conf;",
            "log_format l escape=json '$uri $status';",
            "access_log /no/such/log l buffer=1k if=$uri;",
            "access_log off;",
            "alias /x/;",
            "index a b;",
            "try_files $uri $uri/ @b;",
            "autoindex on;",
            "return 200 \"a $uri\";",
            "return 301 /x;",
            "rewrite ^/(.*)$ /$1 last;",
            "set $m $1;",
            "error_page 404 =200 /x;",
            "client_max_body_size 1m;",
            "gzip on;",
            "expires 1h;",
            "add_header X y always;",
            "allow 10.0.0.0/8;",
            "deny all;",
            "proxy_pass http://u/x;",
            "proxy_pass http://127.0.0.1:9;",
            "proxy_set_header Host $host;",
            "server 127.0.0.1:9 weight=2;",
            "keepalive_timeout 65;",
            "a/b c d;",
            "default x;",
            "~* y z;",
            "include nothing-*.conf;",
            "\u0000",
            "\uFFFD",
            "품앗이",
            "(",
            ")");

    private ConfFuzz() {}

    /** Fails with an {@link AssertionError} if something does not hold. */
    static void run(byte[] input) {
        String text = new String(input, StandardCharsets.UTF_8);
        Path name = Path.of("fuzz.conf");
        Problems problems = new Problems();
        List<Directive> read = ConfReader.readText(name, text, Map.of("A", "b"), Directives.ALL, problems);
        boolean made = false;
        try (Offload offload = Offload.open(1, 1)) {
            var plan = new SiteReader(name, problems, offload).plan(read);
            made = plan.isPresent();
            plan.ifPresent(site -> {
                if (SiteDump.of(site).isEmpty()) {
                    throw new AssertionError("nothing to say of a site");
                }
                site.proxies().forEach(Proxy::close);
                site.upstreams().forEach(Upstream::close);
            });
        }
        if (made == problems.isBroken()) {
            throw new AssertionError("a site " + (made ? "in spite of" : "is missing without") + " errors: " + text);
        }
        int lines = text.split("\n", -1).length;
        for (Problem problem : problems.all()) {
            boolean inside = problem.at().line() >= 1
                    && problem.at().line() <= lines
                    && problem.at().column() >= 1;
            if (!inside || problems.shown(problem).isEmpty()) {
                throw new AssertionError(problem + " is not in the file");
            }
        }
    }

    /** A file of random pieces, some of them cut. */
    static byte[] made(Random random) {
        StringBuilder text = new StringBuilder();
        int pieces = random.nextInt(60);
        for (int i = 0; i < pieces; i++) {
            String piece = PIECES.get(random.nextInt(PIECES.size()));
            text.append(random.nextInt(12) == 0 ? piece.substring(0, random.nextInt(piece.length() + 1)) : piece);
            if (random.nextInt(3) > 0) {
                text.append(random.nextInt(4) == 0 ? '\n' : ' ');
            }
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** For the fuzzer. */
    public static void fuzzerTestOneInput(byte[] input) {
        run(input);
    }

    /** Runs for so many seconds, from a seed. */
    public static void main(String[] arguments) {
        long seconds = arguments.length > 0 ? Long.parseLong(arguments[0]) : 60;
        long seed = Long.getLong("pumasi.seed", System.nanoTime());
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        Random random = new Random(seed);
        long runs = 0;
        while (System.nanoTime() - end < 0) {
            byte[] input = made(random);
            try {
                run(input);
            } catch (RuntimeException | AssertionError | StackOverflowError found) {
                System.err.println(
                        "seed " + seed + ", run " + runs + ":\n" + new String(input, StandardCharsets.UTF_8));
                throw found;
            }
            runs++;
        }
        System.out.println(runs + " files read, seed " + seed + ": nothing found");
    }
}
