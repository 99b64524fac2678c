package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

/** In the tables {@code |} stands for CR LF, {@code \r} and {@code \n} for one of them. */
class BodyDecoderTest {

    private static final HttpLimits LIMITS = HttpLimits.builder()
            .chunkLineBytesMax(40)
            .chunkExtensionBytesMax(60)
            .trailerBytesMax(64)
            .trailersMax(3)
            .build();

    private static final long BYTES_MAX = 1_000;

    sealed interface Outcome permits Body, Refusal, Unfinished {}

    /** {@code rest} is what has not been consumed: it belongs to the next request. */
    record Body(String data, List<Field> trailers, String rest) implements Outcome {}

    record Refusal(Violation violation, String data) implements Outcome {}

    record Unfinished(String data) implements Outcome {}

    private static Outcome chunked(String body) {
        return decode(decoder -> decoder.beginChunked(BYTES_MAX), RequestParserTest.unescape(body));
    }

    private static Outcome fixed(long length, String body) {
        return decode(decoder -> decoder.beginFixed(length, BYTES_MAX), body);
    }

    /** Whole, cut in two at every byte, and byte by byte: the same outcome each time. */
    private static Outcome decode(Consumer<BodyDecoder> begin, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.ISO_8859_1);
        Outcome whole = decode(begin, bytes, bytes.length);
        for (int cut = 0; cut < bytes.length; cut++) {
            assertEquals(whole, decode(begin, bytes, cut, bytes.length), "cut at " + cut + ": " + body);
        }
        int[] steps = new int[bytes.length + 1];
        Arrays.setAll(steps, i -> i);
        assertEquals(whole, decode(begin, bytes, steps), "byte by byte: " + body);
        return whole;
    }

    private static Outcome decode(Consumer<BodyDecoder> begin, byte[] bytes, int... shown) {
        BodyDecoder decoder = new BodyDecoder(LIMITS);
        begin.accept(decoder);
        Buffer in = Buffer.of(bytes);
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        int at = 0;
        for (int limit : shown) {
            while (true) {
                int outcome = decoder.decode(in, at, limit);
                assertTrue(decoder.consumed() >= 0 && at + decoder.consumed() <= limit, "consumed");
                at += decoder.consumed();
                if (outcome == BodyDecoder.NEED_MORE) {
                    assertEquals(limit, at, "all is consumed before more is asked for");
                    break;
                }
                switch (outcome) {
                    case BodyDecoder.DATA -> {
                        assertTrue(decoder.dataLength() > 0, "data");
                        assertEquals(at, decoder.dataStart() + decoder.dataLength());
                        data.writeBytes(in.bytes(decoder.dataStart(), decoder.dataLength()));
                        assertEquals(data.size(), decoder.decodedBytes());
                    }
                    case BodyDecoder.END -> {
                        assertTrue(decoder.isEnded());
                        // A body that has ended may have done so before the last bytes were shown.
                        String rest = new String(bytes, at, bytes.length - at, StandardCharsets.ISO_8859_1);
                        return new Body(data.toString(StandardCharsets.ISO_8859_1), decoder.trailers(), rest);
                    }
                    case BodyDecoder.VIOLATION -> {
                        return new Refusal(decoder.violation(), data.toString(StandardCharsets.ISO_8859_1));
                    }
                    default -> throw new AssertionError("outcome " + outcome);
                }
            }
        }
        assertFalse(decoder.isEnded());
        return new Unfinished(data.toString(StandardCharsets.ISO_8859_1));
    }

    @Test
    void fixedLength() {
        assertEquals(new Body("hello", List.of(), ""), fixed(5, "hello"));
        assertEquals(new Body("hello", List.of(), "GET / HTTP/1.1"), fixed(5, "helloGET / HTTP/1.1"));
        assertEquals(new Body("", List.of(), "rest"), fixed(0, "rest"));
        assertEquals(new Unfinished("hell"), fixed(5, "hell"));
        assertEquals(new Refusal(Violation.BODY_TOO_LARGE, ""), fixed(BYTES_MAX + 1, "x"));
        assertEquals(new Unfinished("x"), fixed(BYTES_MAX, "x"));
    }

    /** The server wants to know before it asks the client to go on. */
    @Test
    void tooLargeIsKnownWithoutAnyByte() {
        BodyDecoder decoder = new BodyDecoder(LIMITS);
        decoder.beginFixed(BYTES_MAX + 1, BYTES_MAX);
        assertEquals(BodyDecoder.VIOLATION, decoder.decode(Buffer.allocate(0), 0, 0));
        assertEquals(Violation.BODY_TOO_LARGE, decoder.violation());
    }

    @Test
    void noBodyHasEndedAtOnce() {
        BodyDecoder decoder = new BodyDecoder(LIMITS);
        decoder.beginFixed(0, BYTES_MAX);
        assertTrue(decoder.isEnded());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '!',
            value = {
                "0|| ! ''",
                "5|hello|0|| ! hello",
                "5|hello|6| world|0|| ! hello world",
                "6|he|lo|0|| ! 'he|lo'",
                "00005|hello|000|| ! hello",
                "a|0123456789|A|0123456789|0|| ! 01234567890123456789",
                "1;a|x|0|| ! x",
                "1;a=b|x|0;c|| ! x",
                "1 ; a = b ; c=\"d\\te; \\\"\" ;e|x|0|| ! x",
                "1;a=\"\"|x|0|| ! x",
                "1;a=\"\u00e9\"|x|0|| ! x",
            })
    void chunks(String body, String data) {
        Body expected = new Body(RequestParserTest.unescape(data), List.of(), "next");
        assertEquals(expected, chunked(body + "next"));
    }

    @Test
    void trailers() {
        assertEquals(
                new Body("x", List.of(new Field("A", "b"), new Field("Checksum", "1 2\t3"), new Field("E", "")), "|"),
                replaced(chunked("1|x|0|A:b|Checksum: \\t1 2\\t3 |E:|||")));
    }

    private static Outcome replaced(Outcome outcome) {
        Body body = assertInstanceOf(Body.class, outcome);
        return new Body(body.data(), body.trailers(), body.rest().replace("\r\n", "|"));
    }

    record Refused(Violation violation, String body) {}

    static final List<Refused> REFUSED = List.of(
            new Refused(Violation.CHUNK_SIZE_MALFORMED, "|"),
            new Refused(Violation.CHUNK_SIZE_MALFORMED, "x|"),
            new Refused(Violation.CHUNK_SIZE_MALFORMED, "-1|x|0||"),
            new Refused(Violation.CHUNK_SIZE_MALFORMED, "+1|x|0||"),
            new Refused(Violation.CHUNK_SIZE_MALFORMED, " 1|x|0||"),
            new Refused(Violation.CHUNK_SIZE_MALFORMED, "0x1|x|0||"),
            new Refused(Violation.CHUNK_SIZE_MALFORMED, "1_0|x|0||"),
            new Refused(Violation.CHUNK_SIZE_MALFORMED, ";a|x|0||"),
            new Refused(Violation.CHUNK_SIZE_MALFORMED, "1\u00b2|x|0||"),
            new Refused(Violation.CHUNK_SIZE_OVERFLOW, "10000000000000000|x"),
            new Refused(Violation.CHUNK_SIZE_OVERFLOW, "ffffffffffffffff|x"),
            new Refused(Violation.CHUNK_SIZE_OVERFLOW, "0000000000000001|x|0||"),
            new Refused(Violation.BODY_TOO_LARGE, "fffffffffffffff|x"),
            new Refused(Violation.BODY_TOO_LARGE, "3e9|x"),
            new Refused(Violation.BARE_LF, "1\\nx|0||"),
            new Refused(Violation.BARE_LF, "1;a\\nx|0||"),
            new Refused(Violation.BARE_LF, "1;a=\"\\n\"|x|0||"),
            new Refused(Violation.BARE_LF, "0|\\n"),
            new Refused(Violation.BARE_LF, "0|A: b\\n|"),
            new Refused(Violation.BARE_CR, "1\\rx|0||"),
            new Refused(Violation.BARE_CR, "0|\\rx"),
            new Refused(Violation.BARE_CR, "0|A: b\\rc||"),
            new Refused(Violation.CHUNK_EXTENSION_MALFORMED, "1 |x|0||"),
            new Refused(Violation.CHUNK_EXTENSION_MALFORMED, "1 1|x|0||"),
            new Refused(Violation.CHUNK_EXTENSION_MALFORMED, "1;|x|0||"),
            new Refused(Violation.CHUNK_EXTENSION_MALFORMED, "1;;|x|0||"),
            new Refused(Violation.CHUNK_EXTENSION_MALFORMED, "1;a=|x|0||"),
            new Refused(Violation.CHUNK_EXTENSION_MALFORMED, "1;a |x|0||"),
            new Refused(Violation.CHUNK_EXTENSION_MALFORMED, "1;a b|x|0||"),
            new Refused(Violation.CHUNK_EXTENSION_MALFORMED, "1;a=b=c|x|0||"),
            new Refused(Violation.CHUNK_EXTENSION_MALFORMED, "1;a=\"b\"c|x|0||"),
            new Refused(Violation.CHUNK_EXTENSION_MALFORMED, "1;a=\"|x|0||"),
            new Refused(Violation.CHUNK_EXTENSION_MALFORMED, "1;a=\"\\r\"|x|0||"),
            new Refused(Violation.CHUNK_EXTENSION_MALFORMED, "1;a=\"\0\"|x|0||"),
            new Refused(Violation.CHUNK_EXTENSION_MALFORMED, "1;\u00e9|x|0||"),
            new Refused(Violation.CHUNK_LINE_TOO_LONG, "1;" + "a".repeat(39) + "|x|0||"),
            new Refused(Violation.CHUNK_LINE_TOO_LONG, "1" + " ".repeat(100)),
            new Refused(
                    Violation.CHUNK_EXTENSIONS_TOO_LARGE, "1;" + "a".repeat(30) + "|x|1;" + "a".repeat(30) + "|x|0||"),
            new Refused(Violation.CHUNK_END_MISSING, "1|xx|0||"),
            new Refused(Violation.CHUNK_END_MISSING, "1|x\\n0||"),
            new Refused(Violation.CHUNK_END_MISSING, "1|x\\r0||"),
            new Refused(Violation.CHUNK_END_MISSING, "1|x0||"),
            new Refused(Violation.FIELD_NAME_MALFORMED, "0|: b||"),
            new Refused(Violation.FIELD_NAME_MALFORMED, "0|A||"),
            new Refused(Violation.FIELD_NAME_MALFORMED, "0|GET / HTTP/1.1||".replace(" ", "")),
            new Refused(Violation.FIELD_NAME_SPACE, "0|A : b||"),
            new Refused(Violation.FIELD_VALUE_CONTROL, "0|A: \0||"),
            new Refused(Violation.OBS_FOLD, "0|A: b| c||"),
            new Refused(Violation.OBS_FOLD, "0| A: b||"),
            new Refused(Violation.TRAILER_FORBIDDEN, "0|Content-Length: 5||"),
            new Refused(Violation.TRAILER_FORBIDDEN, "0|transfer-encoding: chunked||"),
            new Refused(Violation.TRAILER_FORBIDDEN, "0|HOST: a||"),
            new Refused(Violation.TRAILER_FORBIDDEN, "0|Authorization: a||"),
            new Refused(Violation.TRAILERS_TOO_MANY, "0|A: a|A: a|A: a|A: a||"),
            new Refused(Violation.TRAILERS_TOO_LARGE, "0|A: " + "a".repeat(60) + "||"),
            new Refused(Violation.TRAILERS_TOO_LARGE, "0|" + "A".repeat(100)));

    @ParameterizedTest
    @FieldSource("REFUSED")
    void refuses(Refused refused) {
        Refusal refusal = assertInstanceOf(Refusal.class, chunked(refused.body), refused.body);
        assertEquals(refused.violation, refusal.violation());
    }

    @Test
    void tableIsComplete() {
        Set<Violation> missing = EnumSet.range(Violation.BODY_TOO_LARGE, Violation.TRAILERS_TOO_LARGE);
        REFUSED.forEach(refused -> missing.remove(refused.violation));
        assertEquals(Set.of(), missing);
    }

    /** The chunk that makes it too much is refused before its data is taken. */
    @Test
    void limitCountsAllChunks() {
        String hundred = "64|" + "x".repeat(100) + "|";
        assertEquals(new Body("x".repeat(1_000), List.of(), ""), chunked(hundred.repeat(10) + "0||"));
        assertEquals(new Refusal(Violation.BODY_TOO_LARGE, "x".repeat(1_000)), chunked(hundred.repeat(10) + "1|x|0||"));
    }

    @Test
    void refusalIsFinal() {
        BodyDecoder decoder = new BodyDecoder(LIMITS);
        decoder.beginChunked(BYTES_MAX);
        Buffer in = Buffer.of("x5\r\nhello");
        assertEquals(BodyDecoder.VIOLATION, decoder.decode(in, 0, in.capacity()));
        assertEquals(BodyDecoder.VIOLATION, decoder.decode(in, 1, in.capacity()));
        assertFalse(decoder.isEnded());
    }

    @Test
    void isUsedAgain() {
        BodyDecoder decoder = new BodyDecoder(LIMITS);
        decoder.beginChunked(BYTES_MAX);
        Buffer in = Buffer.of("0\r\nA: b\r\n\r\n");
        assertEquals(BodyDecoder.END, decoder.decode(in, 0, in.capacity()));
        assertEquals(1, decoder.trailers().size());
        decoder.beginChunked(BYTES_MAX);
        Buffer other = Buffer.of("1\r\n");
        assertEquals(BodyDecoder.NEED_MORE, decoder.decode(other, 0, other.capacity()));
        assertEquals(List.of(), decoder.trailers());
        decoder.beginFixed(2, BYTES_MAX);
        assertEquals(BodyDecoder.DATA, decoder.decode(other, 0, other.capacity()));
        assertEquals(2, decoder.dataLength());
        assertTrue(decoder.isEnded());
    }

    @Test
    void beginsAsTheHeadSays() {
        BodyDecoder decoder = new BodyDecoder(LIMITS);
        decoder.begin(Heads.request("GET / HTTP/1.0\r\n\r\n").head(), BYTES_MAX);
        assertTrue(decoder.isEnded());
        decoder.begin(
                Heads.request("GET / HTTP/1.0\r\nContent-Length: 1\r\n\r\n").head(), BYTES_MAX);
        assertEquals(BodyDecoder.DATA, decoder.decode(Buffer.of("0"), 0, 1));
        decoder.begin(
                Heads.request("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                        .head(),
                BYTES_MAX);
        assertEquals(BodyDecoder.NEED_MORE, decoder.decode(Buffer.of("0"), 0, 1));
    }
}
