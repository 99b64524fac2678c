package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.pumasi.runtime.memory.Buffer;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** What a request costs in memory, counted by the JVM: nothing beside the request object and what is asked for. */
class AllocationTest {

    private static final String BROWSER = "GET /plaintext HTTP/1.1\r\nHost: www.example.com:8080\r\n"
            + "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0\r\n"
            + "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
            + "Accept-Language: ko-KR,ko;q=0.8,en-US;q=0.5,en;q=0.3\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
            + "DNT: 1\r\nConnection: keep-alive\r\nCookie: a=b; c=d\r\nUpgrade-Insecure-Requests: 1\r\n\r\n";

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** The bytes that {@code rounds} calls allocate, once they are compiled and everything has been touched. */
    private static long allocated(int rounds, Runnable step) {
        for (int i = 0; i < 20_000; i++) {
            step.run();
        }
        // What runs for the first time may allocate for itself; the least of a few runs is what the step costs.
        long least = Long.MAX_VALUE;
        for (int run = 0; run < 5; run++) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < rounds; i++) {
                step.run();
            }
            least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
        }
        return least;
    }

    /** The counter counts: an array of 16 bytes takes 32. */
    @Test
    void measuresAnything() {
        byte[][] kept = new byte[1][];
        assertEquals(32_000, allocated(1_000, () -> kept[0] = new byte[16]));
    }

    @Test
    void parsing() {
        Buffer in = Buffer.of(BROWSER);
        RequestParser parser = new RequestParser(HttpLimits.DEFAULTS);
        assertEquals(0, allocated(1_000, () -> {
            parser.reset();
            if (parser.parse(in, 0, 100) != RequestParser.NEED_MORE
                    || parser.parse(in, 0, in.capacity()) != RequestParser.HEAD
                    || parser.fields.find("cookie", 0) != 7) {
                throw new AssertionError("not parsed");
            }
        }));
    }

    @Test
    void refusing() {
        Buffer in = Buffer.of("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n");
        RequestParser parser = new RequestParser(HttpLimits.DEFAULTS);
        assertEquals(0, allocated(1_000, () -> {
            parser.reset();
            if (parser.parse(in, 0, in.capacity()) != RequestParser.VIOLATION
                    || parser.violation().response().status() != 400) {
                throw new AssertionError("not refused");
            }
        }));
    }

    @Test
    void chunkedBody() {
        Buffer in = Buffer.of("5\r\nhello\r\n6;a=\"b\"\r\n world\r\n0\r\n\r\n");
        BodyDecoder decoder = new BodyDecoder(HttpLimits.DEFAULTS);
        assertEquals(0, allocated(1_000, () -> {
            decoder.beginChunked(100);
            int at = 0;
            int outcome;
            do {
                outcome = decoder.decode(in, at, in.capacity());
                at += decoder.consumed();
            } while (outcome == BodyDecoder.DATA);
            if (outcome != BodyDecoder.END || at != in.capacity()) {
                throw new AssertionError("not decoded");
            }
        }));
    }

    /** The whole way of a request through the codec: only the request object remains. */
    @Test
    void requestRouteAndResponse() {
        Buffer in = Buffer.of(BROWSER);
        Buffer out = Buffer.allocate(1_024);
        RequestParser parser = new RequestParser(HttpLimits.DEFAULTS);
        HeadBlock block = new HeadBlock("Pumasi");
        Response response = Response.text("Hello, World!");
        Router router = Router.builder()
                .get("/users/{id}", request -> response)
                .get("/plaintext", request -> response)
                .build();
        Request[] kept = new Request[1];
        long bytes = allocated(1_000, () -> {
            parser.reset();
            if (parser.parse(in, 0, in.capacity()) != RequestParser.HEAD) {
                throw new AssertionError("not parsed");
            }
            Request request = new Request(parser, Heads.NO_EXCHANGE);
            kept[0] = request;
            try {
                Response answer = ((Handler) router.select(request)).handle(request);
                BodyFraming framing = BodyFraming.of(answer, parser.isHead(), parser.isHttp10());
                boolean keepAlive = ResponseEncoder.keepsAlive(answer, framing, parser.keepsAlive());
                block.tick(1_000_000);
                int at = ResponseEncoder.head(
                        answer, framing, parser.isHttp10(), keepAlive, block, out, 0, out.capacity());
                out.put(at, answer.bodyBytes(), 0, answer.bodyBytes().length);
            } catch (Exception failure) {
                throw new AssertionError(failure);
            }
            request.retire();
        });
        assertTrue(bytes <= 48 * 1_000, "a request takes " + bytes / 1_000 + " bytes");
    }
}
