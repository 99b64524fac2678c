package dev.pumasi.server;

import dev.pumasi.http.HttpServer;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.StreamSocket;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/**
 * Requests that a worker asks itself before it takes any from others: the JVM loads, links and begins to compile what a
 * request goes through, and a handler that is broken is found out while nobody depends on it. Each is {@code GET /} with the
 * user agent {@value #USER_AGENT}, on a connection of its own that leads through no network.
 *
 * @param answered how many were answered
 * @param failed how many of those with a status of 500 or more
 */
record WarmUp(int answered, int failed) {

    static final String USER_AGENT = "pumasi-warm-up";

    /** A slow page is asked for less often: it is over by then. */
    static final Duration WHOLE_MAX = Duration.ofSeconds(2);

    /** How long one answer may take. */
    static final Duration ANSWER_MAX = Duration.ofSeconds(10);

    /** What is read of an answer. */
    private static final int ANSWER_BYTES_MAX = 1 << 20;

    private static final byte[] REQUEST = ("GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: " + USER_AGENT
                    + "\r\nAccept: */*\r\nConnection: close\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII);

    /** What is asked. */
    static byte[] request() {
        return REQUEST.clone();
    }

    private static final int STATUS_AT = "HTTP/1.1 ".length();

    /**
     * Asks so many, in turn on each loop, one after another. Blocks.
     *
     * @throws IOException if one is not answered at all
     */
    static WarmUp ask(HttpServer server, int count) throws IOException {
        List<Loop> loops = server.on();
        long deadlineNanos = System.nanoTime() + WHOLE_MAX.toNanos();
        int failed = 0;
        int answered = 0;
        while (answered < count && (answered < loops.size() || System.nanoTime() - deadlineNanos < 0)) {
            int status = status(server, loops.get(answered % loops.size()));
            failed += status >= 500 ? 1 : 0;
            answered++;
        }
        return new WarmUp(answered, failed);
    }

    private static int status(HttpServer server, Loop loop) throws IOException {
        StreamSocket.Pair pair = StreamSocket.pair(loop);
        server.serve(pair.second());
        try (StreamSocket client = pair.first()) {
            client.setTimeout(ANSWER_MAX);
            client.write(REQUEST);
            client.flush();
            byte[] answer = new byte[8192];
            int begun = 0;
            long all = 0;
            for (int count = client.read(answer, 0, answer.length);
                    count > 0 && all < ANSWER_BYTES_MAX;
                    count = client.read(answer, begun, answer.length - begun)) {
                all += count;
                begun = Math.min(begun + count, STATUS_AT + 3); // the rest is read over
            }
            if (begun < STATUS_AT + 3) {
                throw new IOException("GET / was not answered");
            }
            return Integer.parseInt(new String(answer, STATUS_AT, 3, StandardCharsets.US_ASCII));
        }
    }
}
