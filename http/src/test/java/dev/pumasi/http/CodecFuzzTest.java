package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** A moment of {@link CodecFuzz}, with requests that are spoilt at random; {@code http/fuzz} looks for hours, and better. */
class CodecFuzzTest {

    private static final int ROUNDS = 60_000;

    private static final String[] PIECES = {
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
        "\u00ff"
    };

    static final List<String> CORPUS = List.of(
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /plaintext HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: wrk\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n",
            "POST /a?b=c HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /next HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=\"y\"\r\n world\r\n0\r\nA: b\r\n\r\n"
                    + "GET /next HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\nHost:\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
            "\r\n\r\nGET http://[::1]:80/a/../%2e%2e/b HTTP/1.1\r\nHost: b\r\nX:\r\n\r\n");

    @Test
    void anyBytes() {
        long seed = Seeds.next();
        Random random = new Random(seed);
        Consumer<byte[]> run = bytes -> {
            try {
                CodecFuzz.fuzzerTestOneInput(bytes);
            } catch (Throwable failure) {
                throw new AssertionError(
                        "seed " + seed + ", input: " + new String(bytes, StandardCharsets.ISO_8859_1), failure);
            }
        };
        CORPUS.forEach(text -> run.accept(text.getBytes(StandardCharsets.ISO_8859_1)));
        for (int round = 0; round < ROUNDS; round++) {
            String text = round % 4 == 0 ? "" : CORPUS.get(random.nextInt(CORPUS.size()));
            run.accept(spoilt(text, random).getBytes(StandardCharsets.ISO_8859_1));
        }
    }

    private static String spoilt(String text, Random random) {
        StringBuilder spoilt = new StringBuilder(text);
        for (int changes = random.nextInt(text.isEmpty() ? 14 : 4) + 1; changes > 0; changes--) {
            int at = random.nextInt(spoilt.length() + 1);
            String piece = PIECES[random.nextInt(PIECES.length)];
            switch (text.isEmpty() ? 0 : random.nextInt(5)) {
                case 0 -> spoilt.insert(text.isEmpty() ? spoilt.length() : at, piece);
                case 1 -> spoilt.delete(at, Math.min(spoilt.length(), at + 1 + random.nextInt(6)));
                case 2 -> {
                    if (at < spoilt.length()) {
                        spoilt.setCharAt(at, (char) random.nextInt(256));
                    }
                }
                case 3 -> {
                    // Between lines is where a piece does most harm.
                    int line = spoilt.indexOf("\r\n", at);
                    spoilt.insert(line < 0 ? at : line + 2, piece);
                }
                default -> {
                    int from = random.nextInt(spoilt.length() + 1);
                    spoilt.insert(at, spoilt.substring(from, Math.min(spoilt.length(), from + random.nextInt(300))));
                }
            }
        }
        return spoilt.toString();
    }

    /** Spoilt just enough: part of the inputs is still accepted, so that the checks have something to look at. */
    @Test
    void someInputsAreAccepted() {
        Random random = new Random(1);
        List<Integer> accepted = new ArrayList<>();
        for (int round = 0; round < 2_000; round++) {
            String text = spoilt(CORPUS.get(round % CORPUS.size()), random);
            byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
            if (Heads.parse(bytes, HttpLimits.DEFAULTS, bytes.length) instanceof Heads.Head) {
                accepted.add(round);
            }
        }
        assertTrue(accepted.size() > 200 && accepted.size() < 1_800, accepted.size() + " of 2000 heads are accepted");
    }
}
