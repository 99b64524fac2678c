package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.RawServer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Requests made to be read in two ways (RFC 9112 section 11.2, and the published collections of CL.TE, TE.CL and TE.TE): none
 * leads to a request behind the proxy that the proxy has not seen. What arrives there is plain, and as many as were answered.
 */
@OnEachDriver
final class ProxySmugglingTest extends Proxied {

    private static final String SMUGGLED = "GET /smuggled?attack000 HTTP/1.1\r\nHost: a\r\n\r\n";

    /** A head as our encoder writes it: nothing that two could read differently. */
    private static final Pattern PLAIN = Pattern.compile(
            "[A-Z]+ /[!-~]* HTTP/1\\.1\\r\\nHost: [!-~]+\\r\\n(?:[!-9;-~]+: [^\\r\\n\\x00]*\\r\\n)*\\r\\n");

    private final List<String> heads = new CopyOnWriteArrayList<>();

    private RawServer recording() throws IOException {
        return raw(peer -> {
            for (String head = peer.head(); !head.isEmpty(); head = peer.head()) {
                heads.add(head);
                Matcher length =
                        Pattern.compile("\r\nContent-Length: (\\d+)\r\n").matcher(head);
                if (length.find()) {
                    peer.bytes(Integer.parseInt(length.group(1)));
                } else if (head.contains("\r\nTransfer-Encoding: chunked\r\n")) {
                    skipChunks(peer);
                }
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        });
    }

    private static void skipChunks(RawServer.Peer peer) throws IOException {
        while (true) {
            StringBuilder line = new StringBuilder();
            while (!line.toString().endsWith("\r\n")) {
                String octet = peer.bytes(1);
                if (octet.isEmpty()) {
                    return; // the proxy has found fault with it and broken off
                }
                line.append(octet);
            }
            int size = Integer.parseInt(line.toString().strip(), 16);
            if (size == 0) {
                assertTrue("\r\n".startsWith(peer.bytes(2)), "no trailers were sent");
                return;
            }
            peer.bytes(size + 2);
        }
    }

    private static List<String> attacks() {
        List<String> all = new ArrayList<>();
        String post = "POST / HTTP/1.1\r\nHost: a\r\n";
        String chunks = "0\r\n\r\n" + SMUGGLED;
        // Both lengths, either way round: CL.TE and TE.CL.
        all.add(post + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
        all.add(post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\n" + SMUGGLED + "\r\n0\r\n\r\n");
        // A Transfer-Encoding that one sees and the other does not: TE.TE.
        for (String te : List.of(
                "Transfer-Encoding: xchunked",
                "Transfer-Encoding : chunked",
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
                "Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
                "Transfer-Encoding:[tab]chunked",
                "Transfer-Encoding: \u000bchunked",
                "Transfer-Encoding: chunked\u000b",
                "Transfer-Encoding: \"chunked\"",
                "Transfer-Encoding: chunked, identity",
                "Transfer-Encoding: identity, chunked",
                "Transfer-Encoding: identity",
                "Transfer-Encoding: chunked;q=1",
                "Transfer-Encoding:\r\n chunked",
                "Transfer\r\n-Encoding: chunked",
                " Transfer-Encoding: chunked",
                "X: y\nTransfer-Encoding: chunked",
                "X: y\rTransfer-Encoding: chunked",
                "X: y\0\r\nTransfer-Encoding: chunked",
                "Transfer_Encoding: chunked",
                "Transfer-Encoding\0: chunked",
                "Trans\u017ffer-Encoding: chunked",
                "Transfer-Encoding: \u0441hunked",
                "Content-Encoding: chunked",
                "Foo: bar\r\n\tTransfer-Encoding: chunked")) {
            String field = te.replace("[tab]", "\t");
            all.add(post + "Content-Length: " + chunks.length() + "\r\n" + field + "\r\n\r\n" + chunks);
            all.add(post + field + "\r\n\r\n" + chunks);
        }
        // Lengths that are read in two ways.
        for (String length : List.of(
                "Content-Length: 0\r\nContent-Length: 42",
                "Content-Length: 42\r\nContent-Length: 42",
                "Content-Length: 0, 42",
                "Content-Length: +0",
                "Content-Length: -0",
                "Content-Length: 0x0",
                "Content-Length: 0 0",
                "Content-Length: ",
                "Content-Length:\u00a00",
                "Content-Length : 0",
                "Content-Length\t: 0",
                "Content-Length: 18446744073709551616",
                "Content-Length: 1e1",
                "Content_Length: 42",
                "Content-Length: 0\n",
                "Content-Length: 0\rX: y")) {
            all.add(post + length + "\r\n\r\n" + SMUGGLED);
        }
        // Chunks that are read in two ways.
        String chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
        for (String body : List.of(
                "0\n\n" + SMUGGLED,
                "0\r\n\n" + SMUGGLED,
                "0\r\r\n\r\n" + SMUGGLED,
                "0;\n" + SMUGGLED + "\r\n\r\n",
                "2;\nxx\r\n4c\r\n0\r\n\r\n" + SMUGGLED,
                "1;a=\"\r\n\"\r\nx\r\n0\r\n\r\n" + SMUGGLED,
                "0x0\r\n\r\n" + SMUGGLED,
                "-0\r\n\r\n" + SMUGGLED,
                " 0\r\n\r\n" + SMUGGLED,
                "100000000\r\n" + SMUGGLED,
                "ffffffffffffffff\r\n" + SMUGGLED,
                "1\r\nxx0\r\n\r\n" + SMUGGLED,
                "1\r\nx\n0\r\n\r\n" + SMUGGLED,
                "0\r\nTransfer-Encoding: chunked\r\n\r\n" + SMUGGLED,
                "0\r\nContent-Length: 5\r\n\r\n" + SMUGGLED,
                "0\r\nX\r\n\r\n" + SMUGGLED)) {
            all.add(chunked + body);
        }
        // Heads that are read in two ways.
        for (String head : List.of(
                "GET / HTTP/1.1\r\nHost: a\r\nX: y\n\n" + SMUGGLED,
                "GET / HTTP/1.1\nHost: a\n\n" + SMUGGLED,
                "GET / HTTP/1.1\r\nHost: a\r\n\n" + SMUGGLED,
                "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nHost : b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a/smuggled\r\n\r\n",
                "GET /\u0020/smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /%0d%0aX:%20y HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /\r/smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET / HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n",
                "GET http://b/smuggled HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n",
                "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n" + SMUGGLED,
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: Content-Length\r\nContent-Length: " + SMUGGLED.length()
                        + "\r\n\r\n" + SMUGGLED,
                "POST / HTTP/1.1\r\nHost: a\r\nConnection: Transfer-Encoding, close\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + Integer.toHexString(SMUGGLED.length()) + "\r\n" + SMUGGLED + "\r\n0\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: Host\r\n\r\n",
                "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks,
                "GET / HTTP/1.0\r\nContent-Length: " + SMUGGLED.length() + "\r\n\r\n" + SMUGGLED,
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: " + SMUGGLED.length() + "\r\nExpect: 100-continue\r\n\r\n"
                        + SMUGGLED,
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 777\r\n\r\n"
                        + SMUGGLED.replace("/smuggled", "/behind"))) {
            all.add(head);
        }
        return all;
    }

    @Test
    void nothingIsSmuggledPast() throws IOException {
        RawServer raw = recording();
        front(Proxy.to(raw.authority()));
        int number = 0;
        for (String plain : attacks()) {
            // A head may arrive late, when the next attack is under way: each has its mark.
            String mark = String.format("?attack%03d", number++);
            String attack = plain.replaceFirst(" HTTP/1\\.", Matcher.quoteReplacement(mark) + " HTTP/1.")
                    .replace("?attack000", mark);
            String answer = exchange(attack);
            List<String> behind =
                    heads.stream().filter(head -> head.contains(mark + " ")).toList();
            assertTrue(answer.startsWith("HTTP/1.1 "), attack + "\n=>\n" + answer);
            int good = count(answer, "HTTP/1.1 200 OK\r\n");
            String about = attack + "\n=>\n" + answer + "\nbehind:\n" + behind;
            for (String head : behind) {
                assertTrue(PLAIN.matcher(head).matches(), about);
                assertFalse(head.contains("Content-Length: ") && head.contains("Transfer-Encoding: "), about);
                assertFalse(head.toLowerCase(Locale.ROOT).contains("http2-settings"), about);
            }
            // Each that was answered was seen behind. One more may have been on its way there when it went wrong.
            assertTrue(behind.size() == good || behind.size() == good + 1 && answer.contains("HTTP/1.1 4"), about);
            // What follows an ordinary request on the same connection is a request in its own right, and answered as
            // one.
            boolean smuggled = behind.stream().anyMatch(head -> head.startsWith("GET /smuggled"));
            assertTrue(!smuggled || good >= 2, about);
        }
        assertEquals("200 ok", get("/after")); // and nobody's connection is poisoned
        assertTrue(heads.stream().anyMatch(head -> head.startsWith("GET /after HTTP/1.1")), "behind");
    }

    private static int count(String text, String part) {
        return text.split(Pattern.quote(part), -1).length - 1;
    }
}
