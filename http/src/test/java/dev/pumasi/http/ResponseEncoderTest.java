package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ResponseEncoderTest {

    private static final HeadBlock BLOCK = new HeadBlock("Pumasi");
    private static final String SERVER_AND_DATE = "Server: Pumasi\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n";

    private static final Response STREAM = Response.stream(MediaType.TEXT, out -> {});

    /** The head in answer to a request of that kind, with {@code |} for line ends, and without Server and Date. */
    private static String head(Response response, boolean toHead, boolean http10, boolean requestKeepsAlive) {
        BodyFraming framing = BodyFraming.of(response, toHead, http10);
        boolean keepAlive = ResponseEncoder.keepsAlive(response, framing, requestKeepsAlive);
        int most = ResponseEncoder.headBytesMax(response, BLOCK);
        Buffer out = Buffer.allocate(most + 20);
        for (int i = 0; i < out.capacity(); i++) {
            out.put(i, (byte) '#');
        }
        assertEquals(-1, ResponseEncoder.head(response, framing, http10, keepAlive, BLOCK, out, 10, most + 9));
        assertEquals('#', out.get(10), "nothing is written when it does not fit");
        int end = ResponseEncoder.head(response, framing, http10, keepAlive, BLOCK, out, 10, most + 10);
        assertTrue(end > 10 && end <= most + 10, "end " + end);
        assertEquals(end - 10, ResponseEncoder.headBytes(response, framing, http10, keepAlive, BLOCK));
        assertEquals('#', out.get(9));
        assertEquals('#', out.get(end));
        String head = out.latin1(10, end - 10);
        assertTrue(head.contains(SERVER_AND_DATE), head);
        return head.replace(SERVER_AND_DATE, "").replace("\r\n", "|");
    }

    @Test
    void plaintext() {
        Response response = Response.text("Hello, World!");
        String type = "Content-Type: text/plain; charset=utf-8|";
        String expected = "HTTP/1.1 200 OK|" + type + "Content-Length: 13||";
        assertEquals(expected, head(response, false, false, true));
        assertEquals(expected, head(response, true, false, true));
        assertEquals(
                "HTTP/1.1 200 OK|" + type + "Connection: close|Content-Length: 13||",
                head(response, false, false, false));
        assertEquals(
                "HTTP/1.1 200 OK|" + type + "Connection: keep-alive|Content-Length: 13||",
                head(response, false, true, true));
        assertEquals("HTTP/1.1 200 OK|" + type + "Content-Length: 13||", head(response, false, true, false));
        assertEquals(
                "HTTP/1.1 200 OK|" + type + "Connection: close|Content-Length: 13||",
                head(response.withClose(), false, false, true));
    }

    @Test
    void withoutBody() {
        assertEquals("HTTP/1.1 404 Not Found|Content-Length: 0||", head(Response.of(404), false, false, true));
        assertEquals("HTTP/1.1 205 Reset Content|Content-Length: 0||", head(Response.of(205), false, false, true));
        assertEquals("HTTP/1.1 204 No Content||", head(Response.of(204), false, false, true));
        assertEquals(
                "HTTP/1.1 304 Not Modified|ETag: \"a\"||",
                head(Response.of(304).withHeader("ETag", "\"a\""), false, false, true));
        assertEquals("HTTP/1.1 299 |Content-Length: 0||", head(Response.of(299), false, false, true));
        assertEquals(BodyFraming.NONE, BodyFraming.of(Response.text("a").withStatus(204), false, false));
        assertEquals(BodyFraming.NONE, BodyFraming.of(STREAM.withStatus(304), false, false));
        assertEquals(BodyFraming.NONE, BodyFraming.of(STREAM, true, false));
    }

    @Test
    void streams() {
        String start = "HTTP/1.1 200 OK|Content-Type: text/plain; charset=utf-8|";
        assertEquals(start + "Transfer-Encoding: chunked||", head(STREAM, false, false, true));
        assertEquals(start + "Connection: close|Transfer-Encoding: chunked||", head(STREAM, false, false, false));
        // Only the end of the connection ends it, so it cannot be kept.
        assertEquals(start + "|", head(STREAM, false, true, true));
        assertEquals(start + "|", head(STREAM, true, false, true));
        Response known = Response.stream(MediaType.TEXT, Long.MAX_VALUE, out -> {});
        assertEquals(start + "Content-Length: 9223372036854775807||", head(known, false, false, true));
        assertEquals(BodyFraming.LENGTH, BodyFraming.of(known, false, true));
    }

    @Test
    void fieldsInTheirOrder() {
        Response response = Response.redirect("/a").withHeader("X", "").withHeader("Set-Cookie", "a=b");
        assertEquals(
                "HTTP/1.1 302 Found|Location: /a|X: |Set-Cookie: a=b|Content-Length: 0||",
                head(response, false, false, true));
    }

    @Test
    void largeHead() {
        Response response = Response.ok();
        for (int i = 0; i < 200; i++) {
            response = response.withHeader("X-" + i, "y".repeat(500));
        }
        assertTrue(head(response, false, false, true).length() > 100_000);
    }

    @ParameterizedTest
    @EnumSource
    void violations(Violation violation) {
        String head = head(violation.response(), false, false, true);
        assertTrue(
                head.startsWith("HTTP/1.1 " + violation.status() + " " + Status.reason(violation.status()) + "|"),
                head);
        assertTrue(head.contains("|Connection: close|"), head);
        assertTrue(
                violation.status() >= 400 && !Status.reason(violation.status()).isEmpty());
        assertTrue(violation.source().matches("RFC \\d{4} section [\\d.]+"), violation.source());
        assertTrue(new String(violation.response().bodyBytes(), StandardCharsets.US_ASCII).contains(violation.text()));
    }

    @Test
    void knownStatusesFit() {
        Buffer out = Buffer.allocate(1_000);
        for (int status = 200; status < 600; status++) {
            assertTrue(Status.line(status).length <= 64);
            Response response =
                    Response.stream(MediaType.TEXT, Long.MAX_VALUE, o -> {}).withStatus(status);
            int most = ResponseEncoder.headBytesMax(response, BLOCK);
            int end = ResponseEncoder.head(response, BodyFraming.LENGTH, true, true, BLOCK, out, 0, out.capacity());
            assertTrue(end <= most, status + " takes " + end + " of " + most);
        }
    }

    @Test
    void lastChunk() {
        List<Field> trailers = List.of(new Field("A", "b"), new Field("C", ""));
        int length = ResponseEncoder.lastChunkBytes(trailers);
        Buffer out = Buffer.allocate(length);
        assertEquals(-1, ResponseEncoder.lastChunk(trailers, out, 0, length - 1));
        assertEquals(length, ResponseEncoder.lastChunk(trailers, out, 0, length));
        assertEquals("0\r\nA: b\r\nC: \r\n\r\n", out.latin1(0, length));
        assertEquals(5, ResponseEncoder.lastChunk(List.of(), out, 0, length));
        assertEquals("0\r\n\r\n", out.latin1(0, 5));
        assertThrows(
                IllegalArgumentException.class,
                () -> ResponseEncoder.lastChunk(List.of(new Field("content-length", "1")), out, 0, length));
    }

    /** Chunks of all lengths, with trailers, are taken apart again. */
    @Test
    void chunksThereAndBack() {
        byte[] data = new byte[70_000];
        IntStream.range(0, data.length).forEach(i -> data[i] = (byte) i);
        Buffer wire = Buffer.allocate(200_000);
        int at = 0;
        int from = 0;
        for (int length = 1; from < data.length; length = length * 3 + 1) {
            int chunk = Math.min(length, data.length - from);
            byte[] line = (Integer.toHexString(chunk) + "\r\n").getBytes(StandardCharsets.US_ASCII);
            wire.put(at, line, 0, line.length);
            wire.put(at + line.length, data, from, chunk);
            at += line.length + chunk;
            wire.putShort(at, (short) ('\r' | '\n' << 8));
            at += 2;
            from += chunk;
        }
        List<Field> trailers = List.of(new Field("Checksum", "1"));
        at = ResponseEncoder.lastChunk(trailers, wire, at, wire.capacity());
        BodyDecoder decoder = new BodyDecoder(HttpLimits.DEFAULTS);
        decoder.beginChunked(1 << 20);
        byte[] decoded = new byte[data.length];
        int read = 0;
        int filled = 0;
        while (true) {
            int outcome = decoder.decode(wire, read, at);
            read += decoder.consumed();
            if (outcome == BodyDecoder.END) {
                break;
            }
            assertEquals(BodyDecoder.DATA, outcome);
            wire.get(decoder.dataStart(), decoded, filled, decoder.dataLength());
            filled += decoder.dataLength();
        }
        assertEquals(at, read);
        assertEquals(data.length, filled);
        assertTrue(Arrays.equals(data, decoded));
        assertEquals(trailers, decoder.trailers());
    }
}
