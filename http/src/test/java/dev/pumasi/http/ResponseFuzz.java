package dev.pumasi.http;

import dev.pumasi.runtime.memory.Buffer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What must hold for any bytes at all that a server sends as an answer: no exception; every byte is consumed once, in order;
 * however the bytes are cut, the same comes out; and an answer that was accepted, written down plainly, is read as the same.
 * {@link CodecFuzz} calls it for inputs that begin as answers do.
 */
final class ResponseFuzz {

    private static final HttpLimits LIMITS = ClientLimits.builder()
            .statusLineBytesMax(128)
            .fieldLineBytesMax(256)
            .headBytesMax(1_024)
            .fieldsMax(16)
            .chunkLineBytesMax(64)
            .chunkExtensionBytesMax(128)
            .trailerBytesMax(256)
            .trailersMax(4)
            .build()
            .codec();

    static final List<String> PIECES = List.of(
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.0 200 OK\r\n",
            "HTTP/1.1 204\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 999 \r\n",
            "HTTP/1.",
            " 200",
            "OK\r\n");

    static final List<String> CORPUS = List.of(
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n",
            "HTTP/1.0 404 Not Found\r\nConnection: keep-alive\r\n\r\nuntil the end",
            "HTTP/1.1 304\r\nContent-Length: 7\r\n\r\nHTTP/1.1 204 No Content\r\nX:\r\n\r\n");

    private record Answer(
            int status,
            String reason,
            boolean http10,
            boolean keepsAlive,
            BodyFraming framing,
            List<Field> fields,
            String body,
            List<Field> trailers) {}

    private record Transcript(List<Answer> answers, String end) {}

    private ResponseFuzz() {}

    static void check(byte[] bytes) {
        Transcript whole = read(bytes, bytes.length);
        int hash = Arrays.hashCode(bytes);
        same(whole, read(bytes, Math.floorMod(hash, bytes.length + 1), bytes.length));
        if (bytes.length <= 1_024) {
            int[] each = new int[bytes.length + 1];
            Arrays.setAll(each, i -> i);
            same(whole, read(bytes, each));
        }
        for (Answer answer : whole.answers) {
            byte[] again = plain(answer).getBytes(StandardCharsets.ISO_8859_1);
            Transcript reread = read(again, again.length);
            if (!reread.answers.equals(List.of(answer))) {
                throw new AssertionError("written down again it is another:\n" + answer + "\n" + reread);
            }
        }
    }

    private static void same(Transcript one, Transcript other) {
        if (!one.equals(other)) {
            throw new AssertionError("the cut makes a difference:\n" + one + "\n" + other);
        }
    }

    private static Transcript read(byte[] bytes, int... shown) {
        Buffer in = Buffer.of(bytes);
        ResponseParser parser = new ResponseParser(LIMITS);
        BodyDecoder decoder = new BodyDecoder(LIMITS);
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        List<Answer> answers = new ArrayList<>();
        boolean inBody = false;
        int at = 0;
        for (int limit : shown) {
            while (true) {
                if (!inBody) {
                    int outcome = parser.parse(in, at, limit);
                    if (outcome == HeadParser.NEED_MORE) {
                        break;
                    }
                    if (outcome == HeadParser.VIOLATION) {
                        return new Transcript(answers, parser.violation().name());
                    }
                    parser.moved(in, at);
                    at += parser.headLength();
                    body.reset();
                    inBody = true;
                    switch (parser.bodyFraming(false)) {
                        case NONE -> decoder.beginFixed(0, Long.MAX_VALUE);
                        case LENGTH -> decoder.beginFixed(parser.contentLength(), Long.MAX_VALUE);
                        case CHUNKED -> decoder.beginChunked(Long.MAX_VALUE);
                        case UNTIL_CLOSE -> decoder.beginFixed(Long.MAX_VALUE, Long.MAX_VALUE);
                    }
                }
                int outcome = decoder.decode(in, at, limit);
                at += decoder.consumed();
                if (at > limit) {
                    throw new AssertionError("consumed beyond the end");
                }
                if (outcome == BodyDecoder.NEED_MORE) {
                    break;
                }
                if (outcome == BodyDecoder.VIOLATION) {
                    return new Transcript(answers, decoder.violation() + " after " + body);
                }
                if (outcome == BodyDecoder.DATA) {
                    body.writeBytes(in.bytes(decoder.dataStart(), decoder.dataLength()));
                    continue;
                }
                answers.add(answer(parser, body, decoder.trailers()));
                parser.reset();
                inBody = false;
            }
        }
        return new Transcript(answers, inBody ? "in a body after " + body : "in a head");
    }

    private static Answer answer(ResponseParser parser, ByteArrayOutputStream body, List<Field> trailers) {
        ReceivedFields received = parser.fields.copy(parser.headLength());
        List<Field> fields = new ArrayList<>();
        for (int line = 0; line < received.count(); line++) {
            fields.add(new Field(received.name(line), received.value(line)));
        }
        return new Answer(
                parser.status(),
                parser.reason(),
                parser.isHttp10(),
                parser.keepsAlive(),
                parser.bodyFraming(false),
                fields,
                body.toString(StandardCharsets.ISO_8859_1),
                List.copyOf(trailers));
    }

    private static String plain(Answer answer) {
        StringBuilder text = new StringBuilder(answer.http10 ? "HTTP/1.0 " : "HTTP/1.1 ");
        text.append(answer.status).append(' ').append(answer.reason).append("\r\n");
        answer.fields.forEach(field ->
                text.append(field.name()).append(": ").append(field.value()).append("\r\n"));
        text.append("\r\n");
        if (answer.framing == BodyFraming.CHUNKED) {
            if (!answer.body.isEmpty()) {
                text.append(Integer.toHexString(answer.body.length())).append("\r\n");
                text.append(answer.body).append("\r\n");
            }
            text.append("0\r\n");
            answer.trailers.forEach(field ->
                    text.append(field.name()).append(": ").append(field.value()).append("\r\n"));
            return text.append("\r\n").toString();
        }
        return text.append(answer.body).toString();
    }
}
