package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.memory.Buffer;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Parses heads for tests: whole, cut in two at every byte, and byte by byte, each time somewhere else in a buffer whose
 * other bytes are rubbish, and demands the same outcome of all.
 */
final class Heads {

    /** Bytes before and behind those that count; line feeds and digits would mislead a parser that looked at them. */
    private static final int MARGIN = 24;

    private Heads() {}

    /** What came of the parsing: all that the parser knows. */
    sealed interface Outcome permits Head, Refusal, Unfinished {}

    record Head(
            int length,
            String method,
            String target,
            String path,
            String query,
            String host,
            boolean http10,
            boolean keepsAlive,
            long contentLength,
            boolean expectsContinue,
            List<Field> fields)
            implements Outcome {}

    record Refusal(Violation violation) implements Outcome {}

    record Unfinished() implements Outcome {}

    static Outcome parse(String head) {
        return parse(head, HttpLimits.DEFAULTS);
    }

    static Outcome parse(String head, HttpLimits limits) {
        byte[] bytes = head.getBytes(StandardCharsets.ISO_8859_1);
        Outcome whole = parse(bytes, limits, bytes.length);
        for (int cut = 0; cut < bytes.length; cut++) {
            assertEquals(whole, parse(bytes, limits, cut, bytes.length), "cut at " + cut + ": " + head);
        }
        int[] steps = new int[bytes.length + 1];
        Arrays.setAll(steps, i -> i);
        assertEquals(whole, parse(bytes, limits, steps), "byte by byte: " + head);
        return whole;
    }

    /** Shows the parser so many bytes, then so many, and so on, moving them each time. */
    static Outcome parse(byte[] bytes, HttpLimits limits, int... shown) {
        RequestParser parser = new RequestParser(limits);
        int outcome = RequestParser.NEED_MORE;
        Buffer in = Buffer.allocate(0);
        int base = 0;
        int last = 0;
        for (int i = 0; i < shown.length && outcome == RequestParser.NEED_MORE; i++) {
            last = shown[i];
            base = i % MARGIN;
            in = Buffer.allocate(base + last + i * 7 % MARGIN);
            for (int j = 0; j < in.capacity(); j++) {
                in.put(j, (byte) "\n7\r: \0".charAt((i + j) % 6));
            }
            in.put(base, bytes, 0, last);
            outcome = parser.parse(in, base, base + last);
        }
        return switch (outcome) {
            case RequestParser.NEED_MORE -> new Unfinished();
            case RequestParser.VIOLATION -> new Refusal(parser.violation());
            case RequestParser.HEAD -> {
                assertTrue(parser.headLength() > 0 && parser.headLength() <= last, "length of the head");
                // The bytes of the head move once more, and those of the old place are spoilt.
                Buffer elsewhere = Buffer.allocate(parser.headLength() + 3);
                elsewhere.put(3, in, base, parser.headLength());
                for (int j = 0; j < in.capacity(); j++) {
                    in.put(j, (byte) '?');
                }
                parser.moved(elsewhere, 3);
                yield describe(parser);
            }
            default -> throw new AssertionError("outcome " + outcome);
        };
    }

    private static Head describe(RequestParser parser) {
        Request request = new Request(parser, NO_EXCHANGE);
        return new Head(
                parser.headLength(),
                request.method(),
                request.target(),
                request.path(),
                request.query(),
                request.host(),
                parser.isHttp10(),
                parser.keepsAlive(),
                request.contentLength(),
                parser.expectsContinue(),
                request.fields());
    }

    /** The request with this head, which must be a good one. */
    static Request request(String head) {
        byte[] bytes = head.getBytes(StandardCharsets.ISO_8859_1);
        RequestParser parser = new RequestParser(HttpLimits.DEFAULTS);
        assertEquals(RequestParser.HEAD, parser.parse(Buffer.of(bytes), 0, bytes.length), head);
        return new Request(parser, NO_EXCHANGE);
    }

    /** A GET of that target, with a Host. */
    static Request get(String target) {
        return request("GET " + target + " HTTP/1.1\r\nHost: pumasi.dev\r\n\r\n");
    }

    static final Exchange NO_EXCHANGE = new Exchange() {
        @Override
        public RequestBody body() {
            throw new AssertionError("nobody asked for a body");
        }

        @Override
        public SocketAddress remoteAddress() {
            return InetSocketAddress.createUnresolved("client", 1);
        }

        @Override
        public SocketAddress localAddress() {
            return InetSocketAddress.createUnresolved("server", 80);
        }

        @Override
        public Loop loop() {
            throw new AssertionError("nobody asked for a loop");
        }

        @Override
        public long connectionNumber() {
            return 1;
        }

        @Override
        public int requestNumber() {
            return 1;
        }

        @Override
        public int headBytes(Response response) {
            throw new AssertionError("nobody asked for a length");
        }

        @Override
        public boolean isWarmUp() {
            return false;
        }

        @Override
        public boolean noticesGone() {
            return false;
        }

        @Override
        public void onGone(Request asking, Runnable action) {
            throw new AssertionError("nobody asked to be told");
        }

        @Override
        public void forgetGone(Request asking, Runnable action) {
            throw new AssertionError("nobody asked to be told");
        }
    };
}
