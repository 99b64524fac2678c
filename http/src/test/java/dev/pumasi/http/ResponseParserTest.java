package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import dev.pumasi.runtime.memory.Buffer;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Status lines and what the fields of an answer say of its body: each at every cut. */
final class ResponseParserTest {

    private static ResponseHeads.Head head(String text) {
        if (ResponseHeads.parse(text) instanceof ResponseHeads.Head head) {
            return head;
        }
        throw new AssertionError("refused: " + ResponseHeads.parse(text) + ": " + text);
    }

    @Test
    void statusLines() {
        record Line(int status, String reason, boolean http10) {}
        Map<String, Line> good = Map.of(
                "HTTP/1.1 200 OK", new Line(200, "OK", false),
                "HTTP/1.1 404 Not Found at all", new Line(404, "Not Found at all", false),
                "HTTP/1.1 200 ", new Line(200, "", false),
                "HTTP/1.1 200", new Line(200, "", false),
                "HTTP/1.0 599 \u00e9\t!", new Line(599, "\u00e9\t!", true),
                "HTTP/1.7 100 x", new Line(100, "x", false));
        good.forEach((text, line) -> {
            ResponseHeads.Head head = head(text + "\r\n\r\n");
            assertEquals(line, new Line(head.status(), head.reason(), head.http10()), text);
            assertEquals(text.length() + 4, head.length());
        });
    }

    @Test
    void badStatusLines() {
        Map<String, Violation> bad = Map.ofEntries(
                Map.entry("HTTP/1.1 99 OK\r\n\r\n", Violation.STATUS_LINE_MALFORMED),
                Map.entry("HTTP/1.1 2000 OK\r\n\r\n", Violation.STATUS_LINE_MALFORMED),
                Map.entry("HTTP/1.1  200 OK\r\n\r\n", Violation.STATUS_LINE_MALFORMED),
                Map.entry("HTTP/1.1\t200 OK\r\n\r\n", Violation.STATUS_LINE_MALFORMED),
                Map.entry("HTTP/1.1\r\n\r\n", Violation.STATUS_LINE_MALFORMED),
                Map.entry("http/1.1 200 OK\r\n\r\n", Violation.STATUS_LINE_MALFORMED),
                Map.entry("ICY 200 OK\r\n\r\n", Violation.STATUS_LINE_MALFORMED),
                Map.entry("HTTP/11 200 OK\r\n\r\n", Violation.STATUS_LINE_MALFORMED),
                Map.entry("HTTP/1.x 200 OK\r\n\r\n", Violation.STATUS_LINE_MALFORMED),
                Map.entry("\r\nHTTP/1.1 200 OK\r\n\r\n", Violation.STATUS_LINE_MALFORMED),
                Map.entry("\u0016\u0003\u0001", Violation.STATUS_LINE_MALFORMED),
                Map.entry("HTTP/2.0 200 OK\r\n\r\n", Violation.VERSION_UNSUPPORTED),
                Map.entry("HTTP/1.1 099 OK\r\n\r\n", Violation.STATUS_OUT_OF_RANGE),
                Map.entry("HTTP/1.1 600 OK\r\n\r\n", Violation.STATUS_OUT_OF_RANGE),
                Map.entry("HTTP/1.1 200 OK\n\r\n", Violation.BARE_LF),
                Map.entry("HTTP/1.1 200\n\r\n", Violation.BARE_LF),
                Map.entry("HTTP/1.1 200 O\rK\r\n\r\n", Violation.BARE_CR),
                Map.entry("HTTP/1.1 200 O\0K\r\n\r\n", Violation.FIELD_VALUE_CONTROL));
        bad.forEach((text, violation) ->
                assertEquals(new ResponseHeads.Refusal(violation), ResponseHeads.parse(text), text));
    }

    @Test
    void framing() {
        String ok = "HTTP/1.1 200 OK\r\n";
        assertEquals(BodyFraming.LENGTH, head(ok + "Content-Length: 5\r\n\r\n").framing());
        assertEquals(
                BodyFraming.CHUNKED,
                head(ok + "transfer-encoding: Chunked\r\n\r\n").framing());
        assertEquals(BodyFraming.UNTIL_CLOSE, head(ok + "\r\n").framing());
        assertEquals(
                BodyFraming.NONE,
                head("HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\n").framing());
        assertEquals(
                BodyFraming.NONE,
                head("HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n").framing());
        assertEquals(
                BodyFraming.NONE,
                head("HTTP/1.1 100 x\r\nTransfer-Encoding: chunked\r\n\r\n").framing());
        assertEquals(true, head(ok + "\r\n").keepsAlive());
        assertEquals(false, head(ok + "Connection: x, Close\r\n\r\n").keepsAlive());
        assertEquals(false, head("HTTP/1.0 200 OK\r\n\r\n").keepsAlive());
        assertEquals(
                true, head("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n").keepsAlive());
        // What means something in requests only is a field like others.
        assertEquals(
                2, head(ok + "Host: a b\r\nExpect: nothing\r\n\r\n").fields().size());
    }

    @Test
    void whatCouldBeReadInTwoWaysIsRefused() {
        Map<String, Violation> bad = Map.ofEntries(
                Map.entry(
                        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", Violation.LENGTH_AND_TRANSFER_ENCODING),
                Map.entry("Content-Length: 5\r\nContent-Length: 5\r\n", Violation.CONTENT_LENGTH_REPEATED),
                Map.entry("Content-Length: 5, 5\r\n", Violation.CONTENT_LENGTH_MALFORMED),
                Map.entry("Content-Length: -5\r\n", Violation.CONTENT_LENGTH_MALFORMED),
                Map.entry("Content-Length: 99999999999999999999\r\n", Violation.CONTENT_LENGTH_OVERFLOW),
                Map.entry("Transfer-Encoding: gzip\r\n", Violation.TRANSFER_ENCODING_UNKNOWN),
                Map.entry("Transfer-Encoding: chunked, identity\r\n", Violation.TRANSFER_ENCODING_MALFORMED),
                Map.entry(
                        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                        Violation.TRANSFER_ENCODING_REPEATED),
                Map.entry("X: y\r\n z\r\n", Violation.OBS_FOLD),
                Map.entry(" X: y\r\n", Violation.SPACE_BEFORE_FIELDS),
                Map.entry("X : y\r\n", Violation.FIELD_NAME_SPACE),
                Map.entry("X: y\nZ: 1\r\n", Violation.BARE_LF),
                Map.entry("nothing\r\n", Violation.FIELD_NAME_MALFORMED));
        bad.forEach((fields, violation) -> assertEquals(
                new ResponseHeads.Refusal(violation),
                ResponseHeads.parse("HTTP/1.1 200 OK\r\n" + fields + "\r\n"),
                fields));
        assertEquals(
                new ResponseHeads.Refusal(Violation.TRANSFER_ENCODING_HTTP_1_0),
                ResponseHeads.parse("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
    }

    @Test
    void limits() {
        HttpLimits limits = ClientLimits.builder()
                .statusLineBytesMax(32)
                .fieldLineBytesMax(24)
                .headBytesMax(100)
                .fieldsMax(3)
                .build()
                .codec();
        String ok = "HTTP/1.1 200 OK\r\n";
        Map<String, Violation> bad = Map.of(
                "HTTP/1.1 200 " + "x".repeat(19), Violation.STATUS_LINE_TOO_LONG,
                "HTTP/1.1 200 " + "x".repeat(18) + "\r\n\r\n", Violation.STATUS_LINE_TOO_LONG,
                ok + "X: " + "y".repeat(22), Violation.FIELD_TOO_LONG,
                ok + "A: b\r\n".repeat(4) + "\r\n", Violation.FIELDS_TOO_MANY,
                "HTTP/1.1 200 " + "x".repeat(17) + "\r\n" + ("X: " + "y".repeat(19) + "\r\n").repeat(3) + "\r\n",
                        Violation.HEAD_TOO_LARGE);
        bad.forEach((text, violation) ->
                assertEquals(new ResponseHeads.Refusal(violation), ResponseHeads.parse(text, limits), text));
        assertEquals(new ResponseHeads.Unfinished(), ResponseHeads.parse("HTTP/1.1 200 " + "x".repeat(17), limits));
    }

    @Test
    void unfinished() {
        String whole = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n";
        for (int length = 0; length < whole.length(); length++) {
            assertEquals(new ResponseHeads.Unfinished(), ResponseHeads.parse(whole.substring(0, length)));
        }
        assertEquals(List.of(new Field("A", "b")), head(whole).fields());
    }

    @Test
    void parsingAllocatesNothing() {
        Buffer in = Buffer.of("HTTP/1.1 200 OK\r\nServer: pumasi\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
                + "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\n\r\n");
        ResponseParser parser = new ResponseParser(ClientLimits.DEFAULTS.codec());
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int run = 0; run < 8; run++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 10_000; i++) {
                parser.reset();
                if (parser.parse(in, 0, 50) != HeadParser.NEED_MORE
                        || parser.parse(in, 0, in.capacity()) != HeadParser.HEAD
                        || parser.contentLength() != 13) {
                    throw new AssertionError("not parsed");
                }
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertEquals(0, least);
    }
}
