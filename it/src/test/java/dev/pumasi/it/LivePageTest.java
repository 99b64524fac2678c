package dev.pumasi.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.Eventually;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code ./pumasi serve --admin} as an operator meets it; the page itself is tested in its module. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
final class LivePageTest {

    private static String ask(Socket connection) throws IOException {
        connection
                .getOutputStream()
                .write("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        InputStream in = connection.getInputStream();
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            assertTrue(next >= 0, () -> "the connection ended after: " + head);
            head.append((char) next);
        }
        return head.toString();
    }

    @Test
    void drainLetsEachConnectionHaveItsLastAnswer() throws Exception {
        try (Launched server = Launched.serve("--admin", "0", "--loops", "1");
                Socket connection =
                        new Socket(server.uri().getHost(), server.uri().getPort())) {
            LivePage page = LivePage.of(server);
            assertEquals(200, page.get("ready").statusCode());
            assertTrue(ask(connection).startsWith("HTTP/1.1 200"));
            assertTrue(page.get("metrics").body().contains("pumasi_http_connections_open"));
            assertEquals(405, page.get("actions/drain").statusCode());
            assertEquals(200, page.press("drain").statusCode());
            HttpResponse<String> ready = page.get("ready");
            assertEquals(503, ready.statusCode());
            assertEquals("draining\n", ready.body());
            String last = ask(connection);
            assertTrue(last.startsWith("HTTP/1.1 200") && last.contains("Connection: close"), last);
            assertEquals(0, server.process().waitFor());
        }
    }

    @Test
    void onePageShowsAllWorkers() throws Exception {
        try (Launched server = Launched.serve("--model", "preforked", "--workers", "2", "--admin", "0")) {
            LivePage page = LivePage.of(server);
            assertEquals(200, page.get("ready").statusCode());
            // Soon: a worker that is not heard of within half a second, on a busy machine, is missing in one answer and
            // there in the next.
            Eventually.is(
                    "metrics of two workers",
                    () -> page.get("metrics")
                                    .body()
                                    .lines()
                                    .filter(line -> line.startsWith("pumasi_http_requests_total{worker="))
                                    .count()
                            == 2);
            HttpResponse<String> reloaded = page.press("reload");
            assertEquals(200, reloaded.statusCode(), reloaded.body());
            assertTrue(reloaded.body().contains("generation 2 serves"), reloaded.body());
            assertEquals(0, server.end("TERM"));
        }
    }
}
