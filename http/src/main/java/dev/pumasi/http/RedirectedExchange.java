package dev.pumasi.http;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.memory.Buffer;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;

/**
 * Of a request that has become one for another target within the server: the same client, the same loop, and no body.
 *
 * @param original what the client has asked for
 * @param count so many times it has been redirected
 */
record RedirectedExchange(Request original, Exchange exchange, int count) implements Exchange {

    /** What describes a body that is not passed on, or conditions on something else. */
    private static final Set<String> LEFT_OUT = Set.of(
            "content-length",
            "content-type",
            "content-encoding",
            "content-range",
            "transfer-encoding",
            "trailer",
            "expect",
            "upgrade",
            "range",
            "if-match",
            "if-none-match",
            "if-modified-since",
            "if-unmodified-since",
            "if-range");

    /** See {@link Request#redirectedTo}. */
    static Request request(Request from, Exchange exchange, String method, String target) {
        Request original = from;
        Exchange connection = exchange;
        int count = 1;
        if (exchange instanceof RedirectedExchange again) {
            original = again.original;
            connection = again.exchange;
            count = again.count + 1;
        }
        if (count > Request.REDIRECTS_MAX) {
            throw new IllegalStateException(
                    "redirected " + Request.REDIRECTS_MAX + " times already, last to " + target);
        }
        StringBuilder head =
                new StringBuilder(method + " " + Uri.checkTarget(method, target) + " " + from.version() + "\r\n");
        for (Field field : from.fields()) {
            if (!LEFT_OUT.contains(field.name().toLowerCase(Locale.ROOT))) {
                head.append(field.name()).append(": ").append(field.value()).append("\r\n");
            }
        }
        byte[] bytes = head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
        Buffer buffer = Buffer.allocate(bytes.length);
        buffer.put(0, bytes, 0, bytes.length);
        // Its fields were within somebody's limits already; the target is within these.
        RequestParser parser = new RequestParser(HttpLimits.builder()
                .headBytesMax(HttpLimits.HEAD_BYTES_CEILING)
                .fieldLineBytesMax(HttpLimits.HEAD_BYTES_CEILING)
                .fieldsMax(Math.max(1, from.fields().size()))
                .build());
        if (parser.parse(buffer, 0, bytes.length) != HeadParser.HEAD) {
            throw new IllegalArgumentException("not a path with a query, percent-encoded: " + Field.visible(target));
        }
        return new Request(parser, new RedirectedExchange(original, connection, count));
    }

    @Override
    public RequestBody body() {
        return NoBody.EMPTY;
    }

    @Override
    public SocketAddress remoteAddress() {
        return exchange.remoteAddress();
    }

    @Override
    public SocketAddress localAddress() {
        return exchange.localAddress();
    }

    @Override
    public Loop loop() {
        return exchange.loop();
    }

    @Override
    public long connectionNumber() {
        return exchange.connectionNumber();
    }

    @Override
    public int requestNumber() {
        return exchange.requestNumber();
    }

    @Override
    public int headBytes(Response response) {
        return exchange.headBytes(response);
    }

    @Override
    public boolean isWarmUp() {
        return exchange.isWarmUp();
    }

    @Override
    public boolean noticesGone() {
        return exchange.noticesGone();
    }

    @Override
    public void onGone(Request asking, Runnable action) {
        exchange.onGone(original, action);
    }

    @Override
    public void forgetGone(Request asking, Runnable action) {
        exchange.forgetGone(original, action);
    }
}
