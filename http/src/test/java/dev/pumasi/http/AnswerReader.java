package dev.pumasi.http;

import dev.pumasi.testkit.SimClient;
import java.nio.charset.StandardCharsets;

/** Reads one response, by length or in chunks, and checks that it is 200 with this body. */
final class AnswerReader implements SimClient.Reader {

    private final String body;
    private final Runnable answered;

    AnswerReader(String body, Runnable answered) {
        this.body = body;
        this.answered = answered;
    }

    @Override
    public int consume(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int end = text.indexOf("\r\n\r\n");
        if (end < 0) {
            return -1;
        }
        String head = text.substring(0, end + 2);
        if (!head.startsWith("HTTP/1.1 200 ")) {
            throw new AssertionError("expected 200, got " + head);
        }
        int from = end + 4;
        int length = value(head, "Content-Length: ");
        int consumed = length >= 0 ? byLength(text, from, length) : inChunks(text, from);
        if (consumed >= 0) {
            answered.run();
        }
        return consumed;
    }

    /** The number in that field; −1 if there is none. */
    static int value(String head, String field) {
        int at = head.indexOf("\r\n" + field);
        if (at < 0) {
            return -1;
        }
        int from = at + 2 + field.length();
        return Integer.parseInt(head.substring(from, head.indexOf("\r\n", from)));
    }

    private int byLength(String text, int from, int length) {
        if (text.length() < from + length) {
            return -1;
        }
        check(text.substring(from, from + length));
        return from + length;
    }

    private int inChunks(String text, int from) {
        StringBuilder decoded = new StringBuilder();
        int at = from;
        while (true) {
            int end = text.indexOf("\r\n", at);
            if (end < 0) {
                return -1;
            }
            int length = Integer.parseInt(text.substring(at, end), 16);
            int next = end + 2 + length + 2;
            if (text.length() < next) {
                return -1;
            }
            decoded.append(text, end + 2, end + 2 + length);
            at = next;
            if (length == 0) {
                check(decoded.toString());
                return at;
            }
        }
    }

    private void check(String decoded) {
        if (!decoded.equals(body)) {
            throw new AssertionError("the body has " + decoded.length() + " bytes, " + same(decoded)
                    + " of them right; it should have " + body.length());
        }
    }

    private int same(String decoded) {
        int at = 0;
        while (at < Math.min(decoded.length(), body.length()) && decoded.charAt(at) == body.charAt(at)) {
            at++;
        }
        return at;
    }
}
