package dev.pumasi.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where answers end, however their bytes are cut. */
final class AnswerScannerTest {

    private static final String NEXT = "HTTP/1.1 200 OK\r\n";

    /** Scans it whole, in two pieces at every place, and byte by byte; each must come to the same. */
    private static AnswerScanner complete(String answer, boolean toHead) {
        Buffer bytes = Buffer.of(answer + NEXT);
        int length = answer.length();
        AnswerScanner whole = new AnswerScanner();
        whole.begin(toHead);
        assertEquals(length, whole.take(bytes, 0, bytes.capacity()), answer);
        assertTrue(whole.isComplete(), answer);
        for (int cut = 1; cut < length; cut++) {
            AnswerScanner twice = new AnswerScanner();
            twice.begin(toHead);
            assertEquals(cut, twice.take(bytes, 0, cut), answer + " cut at " + cut);
            assertFalse(twice.isComplete(), answer + " cut at " + cut);
            assertEquals(length, twice.take(bytes, cut, bytes.capacity()), answer + " cut at " + cut);
            assertTrue(twice.isComplete(), answer + " cut at " + cut);
            assertEquals(whole.status(), twice.status());
            assertEquals(whole.keepsAlive(), twice.keepsAlive());
        }
        AnswerScanner slow = new AnswerScanner();
        slow.begin(toHead);
        for (int at = 0; at < length; at++) {
            assertFalse(slow.isComplete(), answer + " at " + at);
            assertEquals(at + 1, slow.take(bytes, at, at + 1));
        }
        assertTrue(slow.isComplete(), answer);
        return whole;
    }

    private static AnswerScanner scanned(String bytes) {
        AnswerScanner scanner = new AnswerScanner();
        scanner.begin(false);
        scanner.take(Buffer.of(bytes), 0, bytes.length());
        return scanner;
    }

    @Test
    void a_length_ends_it() {
        AnswerScanner answer =
                complete("HTTP/1.1 200 OK\r\nServer: x\r\ncONTENT-length:  5 \r\nCache: no\r\n\r\nhello", false);
        assertEquals(200, answer.status());
        assertTrue(answer.keepsAlive());
    }

    @Test
    void an_empty_body_ends_with_the_head() {
        assertEquals(
                404,
                complete("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", false)
                        .status());
    }

    @Test
    void chunks_end_with_the_empty_one_and_trailers() {
        String head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        complete(head + "5\r\nhello\r\n10;name=\"v\"\r\n0123456789abcdef\r\n0\r\n\r\n", false);
        complete(head + "a\r\n0123456789\r\n00\r\nDigest: x\r\nOther: y\r\n\r\n", false);
    }

    @Test
    void some_have_no_body_whatever_they_announce() {
        complete("HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", false);
        complete("HTTP/1.1 204 No Content\r\n\r\n", false);
        complete("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", true);
    }

    @Test
    void interim_answers_are_passed_over() {
        assertEquals(
                201,
                complete(
                                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
                                        + "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok",
                                false)
                        .status());
    }

    @Test
    void whether_the_connection_lives_on() {
        assertFalse(complete("HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 1\r\n\r\nx", false)
                .keepsAlive());
        assertFalse(
                complete("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", false).keepsAlive());
        assertTrue(complete("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", false)
                .keepsAlive());
    }

    @Test
    void without_a_length_the_end_of_the_connection_ends_it() {
        AnswerScanner answer = scanned("HTTP/1.1 200 OK\r\n\r\nanything");
        assertFalse(answer.isComplete());
        assertTrue(answer.endOfConnection());
        assertFalse(answer.keepsAlive());
        assertFalse(scanned("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort").endOfConnection());
        assertFalse(scanned("HTTP/1.1 200 OK\r\nContent-").endOfConnection());
    }

    @Test
    void a_line_may_be_longer_than_what_is_carried_over() {
        complete("HTTP/1.1 200 OK\r\nX: " + "y".repeat(700) + "\r\nContent-Length: 3\r\n\r\nabc", false);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SSH-2.0-OpenSSH_9.6\r\n",
                "HTTP/2 200\r\n\r\n",
                "HTTP/1.1 2x0 OK\r\n\r\n",
                "HTTP/1.1\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n"
            })
    void what_is_no_answer_is_refused(String bytes) {
        AnswerScanner answer = scanned(bytes);
        assertTrue(answer.isMalformed(), bytes);
        assertFalse(answer.isComplete(), bytes);
    }

    @Test
    void a_head_has_an_end() {
        StringBuilder head = new StringBuilder("HTTP/1.1 200 OK\r\n");
        while (head.length() <= AnswerScanner.HEAD_BYTES_MAX) {
            head.append("X: ").append("y".repeat(200)).append("\r\n");
        }
        assertTrue(scanned(head.toString()).isMalformed());
    }
}
