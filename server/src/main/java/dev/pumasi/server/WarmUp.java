package dev.pumasi.server;

import dev.pumasi.http.BlockingHttp;
import dev.pumasi.http.HttpServer;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.StreamSocket;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/**
 * Requests that a worker asks itself before it takes any from others: the JVM loads, links and begins to compile what a
 * request goes through, and a handler that is broken is found out while nobody depends on it. Each is {@code GET /} with the
 * user agent {@value #USER_AGENT}, on a connection of its own that nobody else can see.
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

    private static final int STATUS_AT = "HTTP/1.1 ".length();

    /**
     * Asks so many, in turn on each loop, one after another. Blocks.
     *
     * @throws IOException if one is not answered at all
     */
    static WarmUp ask(HttpServer server, int count) throws IOException {
        List<Loop> loops = server.on();
        return ask(count, loops.size(), number -> status(server, loops.get(number % loops.size())));
    }

    /**
     * The same for a model that serves by blocking calls; here a connection leads over the loopback interface, because nothing else gives
     * a pair of connected channels.
     */
    static WarmUp ask(BlockingHttp http, int count) throws IOException {
        return ask(count, 1, _ -> status(http));
    }

    private interface Ask {
        int status(int number) throws IOException;
    }

    private static WarmUp ask(int count, int atLeast, Ask ask) throws IOException {
        long deadlineNanos = System.nanoTime() + WHOLE_MAX.toNanos();
        int failed = 0;
        int answered = 0;
        while (answered < count && (answered < atLeast || System.nanoTime() - deadlineNanos < 0)) {
            int status = ask.status(answered);
            failed += status >= 500 ? 1 : 0;
            answered++;
        }
        return new WarmUp(answered, failed);
    }

    /** Asks for one answer, which is made on a thread of its own: it may be longer than what fits on the way. */
    static int status(BlockingHttp http) throws IOException {
        try (ServerSocketChannel listening =
                        ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1);
                SocketChannel client = SocketChannel.open(listening.getLocalAddress())) {
            SocketChannel served = listening.accept();
            Thread server = Thread.ofPlatform().name("pumasi-warm-up").daemon().start(() -> http.warmUp(served));
            client.socket().setSoTimeout((int) ANSWER_MAX.toMillis());
            client.socket().getOutputStream().write(REQUEST);
            client.shutdownOutput();
            InputStream in = client.socket().getInputStream();
            byte[] begin = in.readNBytes(STATUS_AT + 3);
            long left = ANSWER_BYTES_MAX;
            for (long skipped = 1; skipped > 0 && left > 0; left -= skipped) {
                skipped = in.read(new byte[8192]);
            }
            if (begin.length < STATUS_AT + 3) {
                throw new IOException("GET / was not answered");
            }
            client.close();
            server.join(ANSWER_MAX);
            return Integer.parseInt(new String(begin, STATUS_AT, 3, StandardCharsets.US_ASCII));
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", stop);
        }
    }

    private static int status(HttpServer server, Loop loop) throws IOException {
        StreamSocket.Pair pair = StreamSocket.pair(loop);
        server.warmUp(pair.second());
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
