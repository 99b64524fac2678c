package dev.pumasi.http;

import dev.pumasi.runtime.memory.Buffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What must hold for any bytes at all that a client sends over one connection; of answers see {@link ResponseFuzz}. The fuzzer calls {@link
 * #fuzzerTestOneInput}; {@code http/fuzz} runs it for as long as you like, and {@link CodecFuzzTest} for a moment.
 *
 * <ul>
 *   <li>No exception, and every byte is consumed once, in order.
 *   <li>However the bytes are cut, the same requests come out, and the same violation.
 *   <li>A request that has been accepted can be written down again in the plainest form, and is read as the same.
 *   <li>Nobody can read its framing in another way: not even a reader who takes bare line feeds for line ends, joins
 *       folded lines, and overlooks blanks.
 * </ul>
 */
final class CodecFuzz {

    private static final HttpLimits LIMITS = HttpLimits.builder()
            .requestLineBytesMax(512)
            .fieldLineBytesMax(256)
            .headBytesMax(2_048)
            .fieldsMax(24)
            .bodyBytesMax(4_096)
            .chunkLineBytesMax(64)
            .chunkExtensionBytesMax(128)
            .trailerBytesMax(256)
            .trailersMax(4)
            .build();

    private static final int INPUT_BYTES_MAX = 8_192;

    /** What requests, and attacks on them, are made of. */
    static final List<String> PIECES = List.of(
            "GET ",
            "POST ",
            "HEAD ",
            "OPTIONS ",
            "CONNECT ",
            "PUT ",
            "X ",
            "/",
            "*",
            "http://a",
            "/%2e%2e/",
            "?a=b",
            "%00",
            "%2F",
            " HTTP/1.1\r\n",
            " HTTP/1.0\r\n",
            " HTTP/2.0\r\n",
            " HTTP/1.1\n",
            "\r\n",
            "\n",
            "\r",
            "\r\n\r\n",
            " ",
            "\t",
            ":",
            ";",
            ",",
            "Host: a\r\n",
            "Host:\r\n",
            "host : b\r\n",
            "Content-Length: 5\r\n",
            "Content-Length: 0\r\n",
            "content-length:+1\r\n",
            "Content-Length: 5, 5\r\n",
            "Content-Length: 18446744073709551617\r\n",
            "Transfer-Encoding: chunked\r\n",
            "transfer-encoding:\tchunked \r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: \u000bchunked\r\n",
            "Transfer_Encoding: chunked\r\n",
            "Connection: close\r\n",
            "Connection: keep-alive, Content-Length\r\n",
            "Expect: 100-continue\r\n",
            " folded\r\n",
            "X: y\r\n",
            "0\r\n\r\n",
            "5\r\nhello\r\n",
            "1\r\nx\r\n",
            "a;b=c\r\n0123456789\r\n",
            "5;\"\r\n",
            "1;a=\"\n\"\r\nx\r\n",
            "0\r\nA: b\r\n\r\n",
            "0\r\nContent-Length: 5\r\n\r\n",
            "ffffffffffffffff\r\n",
            "hello",
            "\0",
            "\u0080",
            "\u00ff");

    /** What to begin with. */
    static final List<String> CORPUS = List.of(
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /plaintext HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: wrk\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n",
            "POST /a?b=c HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /next HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=\"y\"\r\n world\r\n0\r\nA: b\r\n\r\n"
                    + "GET /next HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\nHost:\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
            "\r\n\r\nGET http://[::1]:80/a/../%2e%2e/b HTTP/1.1\r\nHost: b\r\nX:\r\n\r\n");

    private CodecFuzz() {}

    /** Writes the first inputs, and a dictionary of the pieces, into the folder named, for a fuzzer to begin with. */
    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        Path corpus = Files.createDirectories(folder.resolve("corpus"));
        List<String> first =
                Stream.concat(CORPUS.stream(), ResponseFuzz.CORPUS.stream()).toList();
        for (int i = 0; i < first.size(); i++) {
            Files.writeString(corpus.resolve("first-" + i), first.get(i), StandardCharsets.ISO_8859_1);
        }
        StringBuilder dictionary = new StringBuilder();
        for (String piece :
                Stream.concat(PIECES.stream(), ResponseFuzz.PIECES.stream()).toList()) {
            dictionary.append('"');
            piece.chars().forEach(c -> dictionary.append(String.format("\\x%02x", c)));
            dictionary.append("\"\n");
        }
        Files.writeString(folder.resolve("pieces.dict"), dictionary);
    }

    /** Called by the fuzzer. */
    public static void fuzzerTestOneInput(byte[] input) {
        byte[] bytes = input.length > INPUT_BYTES_MAX ? Arrays.copyOf(input, INPUT_BYTES_MAX) : input;
        if (text(bytes, 2).equals("HT")) {
            ResponseFuzz.check(bytes); // no request begins so that anybody sends
            return;
        }
        Transcript whole = read(bytes, new int[] {bytes.length});
        for (Message message : whole.messages) {
            checkAgain(message);
            checkFraming(message);
            checkChunks(message);
        }
        // Cuts that depend on the input, so that a failure can be had again from the input alone.
        int hash = Arrays.hashCode(bytes);
        same(whole, read(bytes, new int[] {Math.floorMod(hash, bytes.length + 1), bytes.length}));
        int step = 1 + Math.floorMod(hash >>> 7, 13);
        int[] steps = new int[bytes.length / step + 1];
        for (int i = 0; i < steps.length; i++) {
            steps[i] = Math.min(bytes.length, (i + 1) * step);
        }
        steps[steps.length - 1] = bytes.length;
        same(whole, read(bytes, steps));
        if (bytes.length <= 1_024) {
            int[] each = new int[bytes.length + 1];
            Arrays.setAll(each, i -> i);
            same(whole, read(bytes, each));
        }
    }

    private static String text(byte[] bytes, int length) {
        return new String(bytes, 0, Math.min(length, bytes.length), StandardCharsets.ISO_8859_1);
    }

    private record Message(
            String rawHead,
            String rawBody,
            String method,
            String target,
            String path,
            String host,
            boolean http10,
            boolean keepsAlive,
            boolean chunked,
            long contentLength,
            List<Field> fields,
            String body,
            List<Field> trailers) {}

    /** What one connection has brought; {@code end} is what the last bytes came to. */
    private record Transcript(List<Message> messages, String end) {}

    private static void same(Transcript one, Transcript other) {
        if (!one.equals(other)) {
            throw new AssertionError("the cut makes a difference:\n" + one + "\n" + other);
        }
    }

    private static void check(boolean condition, String what, Object about) {
        if (!condition) {
            throw new AssertionError(what + ": " + about);
        }
    }

    /** A connection that is shown so many bytes, then so many. */
    private static Transcript read(byte[] bytes, int[] shown) {
        Buffer in = Buffer.of(bytes);
        RequestParser parser = new RequestParser(LIMITS);
        BodyDecoder decoder = new BodyDecoder(LIMITS);
        List<Message> messages = new ArrayList<>();
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        boolean inBody = false;
        int at = 0;
        int bodyAt = 0;
        for (int limit : shown) {
            while (true) {
                if (!inBody) {
                    int outcome = parser.parse(in, at, limit);
                    if (outcome == RequestParser.NEED_MORE) {
                        break;
                    }
                    if (outcome == RequestParser.VIOLATION) {
                        return new Transcript(messages, parser.violation().name());
                    }
                    check(parser.headLength() > 0 && at + parser.headLength() <= limit, "head", parser.headLength());
                    decoder.begin(parser, LIMITS.bodyBytesMax());
                    body.reset();
                    inBody = true;
                    // The head begins where it began; the body is decoded behind it.
                    parser.moved(in, at);
                    at += parser.headLength();
                    bodyAt = at;
                }
                int outcome = decoder.decode(in, at, limit);
                check(decoder.consumed() >= 0 && at + decoder.consumed() <= limit, "consumed", decoder.consumed());
                at += decoder.consumed();
                if (outcome == BodyDecoder.NEED_MORE) {
                    check(at == limit, "left over", limit - at);
                    break;
                }
                if (outcome == BodyDecoder.VIOLATION) {
                    return new Transcript(messages, decoder.violation() + " after " + text(body));
                }
                if (outcome == BodyDecoder.DATA) {
                    check(decoder.dataLength() > 0, "data", decoder.dataLength());
                    body.writeBytes(in.bytes(decoder.dataStart(), decoder.dataLength()));
                    continue;
                }
                messages.add(message(parser, decoder, in.latin1(bodyAt, at - bodyAt), text(body)));
                parser.reset();
                inBody = false;
            }
        }
        return new Transcript(messages, inBody ? "in a body after " + text(body) : "in a head");
    }

    private static Message message(RequestParser parser, BodyDecoder decoder, String rawBody, String body) {
        Request request = new Request(parser, Heads.NO_EXCHANGE);
        request.queryParameter("a");
        return new Message(
                parser.text(0, parser.headLength()),
                rawBody,
                request.method(),
                request.target(),
                request.path(),
                request.host(),
                parser.isHttp10(),
                parser.keepsAlive(),
                parser.isChunked(),
                parser.framing.contentLength,
                request.fields(),
                body,
                decoder.trailers());
    }

    private static String text(ByteArrayOutputStream bytes) {
        return bytes.toString(StandardCharsets.ISO_8859_1);
    }

    /** Written down in the shortest form, in which no line is longer than it was, it is the same request. */
    private static void checkAgain(Message message) {
        StringBuilder plain = new StringBuilder(
                message.method + " " + message.target + (message.http10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n"));
        for (Field field : message.fields) {
            plain.append(field.name()).append(":").append(field.value()).append("\r\n");
        }
        plain.append("\r\n");
        int headLength = plain.length();
        if (message.chunked) {
            if (!message.body.isEmpty()) {
                plain.append(Integer.toHexString(message.body.length())).append("\r\n");
                plain.append(message.body).append("\r\n");
            }
            plain.append("0\r\n");
            for (Field field : message.trailers) {
                plain.append(field.name()).append(":").append(field.value()).append("\r\n");
            }
            plain.append("\r\n");
        } else {
            plain.append(message.body);
        }
        byte[] bytes = plain.toString().getBytes(StandardCharsets.ISO_8859_1);
        Transcript again = read(bytes, new int[] {bytes.length});
        check(
                again.messages.size() == 1 && again.end.equals("in a head"),
                "not one request again",
                again + "\n" + message);
        Message same = again.messages.getFirst();
        Message expected = new Message(
                plain.substring(0, headLength),
                plain.substring(headLength),
                message.method,
                message.target,
                message.path,
                message.host,
                message.http10,
                message.keepsAlive,
                message.chunked,
                message.contentLength,
                message.fields,
                message.body,
                message.trailers);
        check(same.equals(expected), "another request", same + "\n" + expected);
    }

    /** The framing, as the most careless reader would find it. */
    private static void checkFraming(Message message) {
        String head = message.rawHead;
        for (int i = 0; i < head.length(); i++) {
            char c = head.charAt(i);
            check(c >= 0x20 && c != 0x7f || c == '\r' || c == '\n' || c == '\t', "control character", head);
            check(c != '\r' || head.startsWith("\r\n", i), "bare CR", head);
            check(c != '\n' || head.charAt(i - 1) == '\r', "bare LF", head);
        }
        check(head.endsWith("\r\n\r\n") && head.indexOf("\r\n\r\n", firstLine(head)) == head.length() - 4, "end", head);
        int lengths = 0;
        int codings = 0;
        int hosts = 0;
        for (String line : head.substring(firstLine(head)).split("[\r\n]+[ \t]*")) {
            String folded = line.toLowerCase(Locale.ROOT);
            int colon = folded.indexOf(':');
            String name = colon < 0 ? "" : folded.substring(0, colon).strip().replace('_', '-');
            String value = colon < 0 ? "" : folded.substring(colon + 1).strip();
            if (name.equals("content-length") && folded.startsWith("content-l")) {
                lengths++;
                check(value.matches("[0-9]+") && Long.parseLong(value) == message.contentLength, "length", head);
            } else if (name.equals("transfer-encoding") && folded.startsWith("transfer-e")) {
                codings++;
                check(value.equals("chunked") && message.chunked, "coding", head);
            } else if (name.equals("host")) {
                hosts++;
            }
        }
        check(lengths + codings <= 1, "more than one framing field", head);
        check(message.chunked == (codings == 1), "chunked", head);
        check(message.chunked || message.body.length() == Math.max(0, message.contentLength), "body", head);
        check(hosts == 1 || message.http10 && hosts == 0, "hosts", head);
        check(!message.http10 || !message.chunked, "chunked in 1.0", head);
        List<String> segments = List.of(message.path.split("/", -1));
        check(!segments.contains("..") && !segments.contains("."), "way out", message.path);
    }

    /** A body, taken apart a second time and in another way: by lines, which must end as lines do. */
    private static void checkChunks(Message message) {
        if (!message.chunked) {
            check(message.rawBody.equals(message.body), "body", message);
            return;
        }
        StringBuilder data = new StringBuilder();
        String rest = message.rawBody;
        int size;
        do {
            int end = rest.indexOf("\r\n");
            String line = rest.substring(0, Math.max(0, end));
            check(line.matches("[0-9A-Fa-f]+([ \\t]*;[^\\x00-\\x08\\x0a-\\x1f\\x7f]+)*"), "chunk line", message);
            size = Integer.parseInt(line.split("[ \\t;]", 2)[0], 16);
            rest = rest.substring(end + 2);
            if (size > 0) {
                data.append(rest, 0, size);
                check(rest.startsWith("\r\n", size), "end of a chunk", message);
                rest = rest.substring(size + 2);
            }
        } while (size > 0);
        check(data.toString().equals(message.body), "data of the chunks", message);
        int trailers = 0;
        while (!rest.startsWith("\r\n")) {
            int end = rest.indexOf("\r\n");
            check(
                    end > 0 && rest.substring(0, end).matches("[^\\x00-\\x20:]+:[^\\x00-\\x08\\x0a-\\x1f\\x7f]*"),
                    "trailer",
                    message);
            rest = rest.substring(end + 2);
            trailers++;
        }
        check(rest.length() == 2 && trailers == message.trailers.size(), "trailers", message);
    }

    private static int firstLine(String head) {
        int at = 0;
        while (head.startsWith("\r\n", at)) {
            at += 2;
        }
        return at;
    }
}
