package dev.pumasi.web;

import dev.pumasi.http.Request;
import dev.pumasi.runtime.Loop;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;

/**
 * The FastCGI applications of an {@code upstream}, or the one that {@code fastcgi_pass} names: which of them is asked. One that takes no
 * connection has not seen the request, so the next one is asked; one that took it and failed is the last, whatever was asked.
 */
final class FastCgiGroup implements AutoCloseable {

    /** How many requests may be under way to each, and how many may wait for that: PHP-FPM has a queue of its own. */
    private static final int RUNNING_MAX = 512;

    private static final int WAITING_MAX = 4_096;

    /** An answer may take as long as it comes; but not for ever. */
    private static final Duration WHOLE_MAX = Duration.ofHours(6);

    private static final Path TEMPORARY = Path.of(System.getProperty("java.io.tmpdir"));

    /** Time limits as the file says them. */
    record Times(Duration connect, Duration read, Duration idle) {}

    private final Upstream upstream;
    private final Map<UpstreamServer, FastCgi> applications = new IdentityHashMap<>();

    /** @param addresses of the servers of the upstream, in their order */
    FastCgiGroup(Upstream upstream, List<SocketAddress> addresses, Times times) {
        this.upstream = upstream;
        for (int i = 0; i < addresses.size(); i++) {
            applications.put(
                    upstream.servers().get(i),
                    FastCgi.builder(addresses.get(i), Path.of("/"))
                            .timeLimits(times.read, WHOLE_MAX)
                            .silence(times.read)
                            .connections(times.connect, times.idle)
                            .concurrency(RUNNING_MAX, WAITING_MAX, times.read)
                            .outputLimits(Long.MAX_VALUE / 2, 8 * 1024)
                            .localRedirects(asked -> Redirects.to(302, asked.target()))
                            .build());
        }
    }

    /**
     * Asks one of them. Parks.
     *
     * @param variables for a body of that length
     * @param asking told who is asked
     */
    Asked ask(Request request, String key, LongFunction<Map<String, String>> variables, String name, Asking asking)
            throws Exception {
        Loop loop = request.loop();
        List<UpstreamServer> tried = new ArrayList<>(1);
        UpstreamServer server = upstream.choose(loop, key, tried);
        ScriptBody body = server == null ? null : FastCgi.body(request, TEMPORARY);
        boolean isTaken = false;
        try {
            while (server != null && body != null) {
                tried.add(server);
                UpstreamServer asked = server;
                asked.begin();
                asking.begins(asked.place());
                Asked answer = application(asked).ask(request, body, variables.apply(body.length()), name, asked::end);
                isTaken = answer.isThere();
                asking.ends(answer.response().status(), !answer.response().isStream());
                if (isTaken) {
                    // What a script answers is its own affair; that there is an answer is the application's.
                    if (answer.isOurs() && answer.response().status() != 503) {
                        asked.failed();
                    } else {
                        asked.succeeded();
                    }
                    return answer;
                }
                asked.failed();
                server = upstream.choose(loop, key, tried);
            }
        } catch (Exception failure) {
            isTaken = true; // whoever failed had it, and has closed it
            throw failure;
        } finally {
            if (!isTaken && body != null) {
                body.close();
            }
        }
        return new Asked(Cgi.error(502, "the application is not there"), false, true);
    }

    private FastCgi application(UpstreamServer server) {
        FastCgi application = applications.get(server);
        if (application == null) {
            throw new IllegalStateException("no application of this group: " + server);
        }
        return application;
    }

    /** How many connections have been made so far. Any thread. */
    long connections() {
        return applications.values().stream().mapToLong(FastCgi::connections).sum();
    }

    /** Requests that are under way. Any thread. */
    long running() {
        return applications.values().stream()
                .mapToLong(each -> each.status().running())
                .sum();
    }

    @Override
    public void close() {
        applications.values().forEach(FastCgi::close);
    }
}
