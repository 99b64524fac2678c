package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.Heads.Head;
import dev.pumasi.http.Heads.Refusal;
import dev.pumasi.http.Heads.Unfinished;
import dev.pumasi.runtime.memory.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/** In the tables {@code |} stands for CR LF, {@code \r} and {@code \n} for one of them, {@code \0} for NUL. */
class RequestParserTest {

    private static final String HOST = "Host: a|";

    static String unescape(String text) {
        return text.replace("|", "\r\n")
                .replace("\\r", "\r")
                .replace("\\n", "\n")
                .replace("\\t", "\t")
                .replace("\\0", "\0");
    }

    private static Head head(String text) {
        return assertInstanceOf(Head.class, Heads.parse(unescape(text)), text);
    }

    record Refused(Violation violation, String head) {}

    static final List<Refused> REFUSED = List.of(
            // Line ends
            // Found by the fuzzer: cut behind the line feed, it had another name.
            new Refused(Violation.BARE_LF, "GET Authen\\nT / HTTP/1.1|Host: a||"),
            new Refused(Violation.BARE_LF, "GET / HTTP/1.1\\nHost: a||"),
            new Refused(Violation.BARE_LF, "GET / HTTP/1.1|Host: a\\n|"),
            new Refused(Violation.BARE_LF, "GET / HTTP/1.1|Host: a|\\n"),
            new Refused(Violation.BARE_LF, "GET / HTTP/1.1|Host\\n|"),
            new Refused(Violation.BARE_LF, "GET / HTTP/1.1|Host:\\n|"),
            new Refused(Violation.BARE_LF, "GET /\\n|"),
            new Refused(Violation.BARE_LF, "GET /?\\n|"),
            new Refused(Violation.BARE_LF, "GET /a HTTP/1\\n|"),
            new Refused(Violation.BARE_LF, "GET\\n|"),
            new Refused(Violation.BARE_LF, "GET http\\n|"),
            new Refused(Violation.TARGET_FORM, "GET http:/\\n|"),
            new Refused(Violation.BARE_LF, "GET http://\\n|"),
            new Refused(Violation.BARE_LF, "\\nGET / HTTP/1.1|Host: a||"),
            new Refused(Violation.BARE_CR, "GET / HTTP/1.1\\rHost: a||"),
            new Refused(Violation.BARE_CR, "GET / HTTP/1.1|Host: a\\rb||"),
            new Refused(Violation.BARE_CR, "GET / HTTP/1.1|Host: a\\r\\r\\n|"),
            new Refused(Violation.BARE_CR, "GET / HTTP/1.1|Host: a|\\rX: y||"),
            new Refused(Violation.BARE_CR, "GET / HTTP/1.1|Ho\\rst: a||"),
            new Refused(Violation.BARE_CR, "GET /\\r HTTP/1.1|Host: a||"),
            new Refused(Violation.BARE_CR, "\\rGET / HTTP/1.1|Host: a||"),
            new Refused(Violation.EMPTY_LINES, "|||||GET / HTTP/1.1|Host: a||"),
            // The request line
            new Refused(Violation.METHOD_MALFORMED, "G@T / HTTP/1.1|Host: a||"),
            new Refused(Violation.METHOD_MALFORMED, "GET\\t/ HTTP/1.1|Host: a||"),
            new Refused(Violation.METHOD_MALFORMED, "(GET / HTTP/1.1|Host: a||"),
            new Refused(Violation.METHOD_MALFORMED, "G\u00c9T / HTTP/1.1|Host: a||"),
            new Refused(Violation.METHOD_TOO_LONG, "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1|Host: a||"),
            new Refused(Violation.METHOD_CONNECT, "CONNECT a:443 HTTP/1.1|Host: a:443||"),
            new Refused(Violation.REQUEST_LINE_MALFORMED, " GET / HTTP/1.1|Host: a||"),
            new Refused(Violation.REQUEST_LINE_MALFORMED, "GET  / HTTP/1.1|Host: a||"),
            new Refused(Violation.REQUEST_LINE_MALFORMED, "GET /  HTTP/1.1|Host: a||"),
            new Refused(Violation.REQUEST_LINE_MALFORMED, "GET / HTTP/1.1 |Host: a||"),
            new Refused(Violation.REQUEST_LINE_MALFORMED, "GET / b HTTP/1.1|Host: a||"),
            new Refused(Violation.REQUEST_LINE_MALFORMED, "GET /|Host: a||"),
            new Refused(Violation.REQUEST_LINE_MALFORMED, "GET |Host: a||"),
            new Refused(Violation.REQUEST_LINE_MALFORMED, "GET|Host: a||"),
            new Refused(Violation.REQUEST_LINE_MALFORMED, "GET / |Host: a||"),
            new Refused(Violation.REQUEST_LINE_MALFORMED, "GET / http/1.1|Host: a||"),
            new Refused(Violation.REQUEST_LINE_MALFORMED, "GET / HTTPS/1.1|Host: a||"),
            new Refused(Violation.METHOD_MALFORMED, "Host: a||"),
            new Refused(Violation.TARGET_MALFORMED, "GET /\u00e9 HTTP/1.1|Host: a||"),
            new Refused(Violation.TARGET_MALFORMED, "GET /a\\tb HTTP/1.1|Host: a||"),
            new Refused(Violation.TARGET_MALFORMED, "GET /\\0 HTTP/1.1|Host: a||"),
            new Refused(Violation.TARGET_MALFORMED, "GET /<script> HTTP/1.1|Host: a||"),
            new Refused(Violation.TARGET_MALFORMED, "GET /a#b HTTP/1.1|Host: a||"),
            new Refused(Violation.TARGET_MALFORMED, "GET /?a#b HTTP/1.1|Host: a||"),
            new Refused(Violation.TARGET_MALFORMED, "GET /a\\b HTTP/1.1|Host: a||"),
            new Refused(Violation.TARGET_MALFORMED, "GET /?a\"b HTTP/1.1|Host: a||"),
            new Refused(Violation.TARGET_MALFORMED, "GET http://user@a/ HTTP/1.1|Host: a||"),
            new Refused(Violation.TARGET_MALFORMED, "GET http:/// HTTP/1.1|Host: a||"),
            new Refused(Violation.TARGET_MALFORMED, "GET http://a:99999/ HTTP/1.1|Host: a||"),
            new Refused(Violation.TARGET_MALFORMED, "GET \u00e9 HTTP/1.1|Host: a||"),
            new Refused(Violation.TARGET_PERCENT, "GET /% HTTP/1.1|Host: a||"),
            new Refused(Violation.TARGET_PERCENT, "GET /%4 HTTP/1.1|Host: a||"),
            new Refused(Violation.TARGET_PERCENT, "GET /%4g HTTP/1.1|Host: a||"),
            new Refused(Violation.TARGET_PERCENT, "GET /%00 HTTP/1.1|Host: a||"),
            new Refused(Violation.TARGET_PERCENT, "GET /?%zz HTTP/1.1|Host: a||"),
            new Refused(Violation.TARGET_PERCENT, "GET /%\\n|"),
            new Refused(Violation.TARGET_FORM, "GET * HTTP/1.1|Host: a||"),
            new Refused(Violation.TARGET_FORM, "OPTIONS ** HTTP/1.1|Host: a||"),
            new Refused(Violation.TARGET_FORM, "GET a HTTP/1.1|Host: a||"),
            new Refused(Violation.TARGET_FORM, "GET a.example:80 HTTP/1.1|Host: a||"),
            new Refused(Violation.TARGET_FORM, "GET ftp://a/ HTTP/1.1|Host: a||"),
            new Refused(Violation.TARGET_FORM, "GET http:/a HTTP/1.1|Host: a||"),
            new Refused(Violation.TARGET_FORM, "GET ?a HTTP/1.1|Host: a||"),
            new Refused(Violation.VERSION_MALFORMED, "GET / HTTP/1.x|Host: a||"),
            new Refused(Violation.VERSION_MALFORMED, "GET / HTTP/11|Host: a||"),
            new Refused(Violation.VERSION_MALFORMED, "GET / HTTP/1.10|Host: a||"),
            new Refused(Violation.VERSION_UNSUPPORTED, "GET / HTTP/2.0|Host: a||"),
            new Refused(Violation.VERSION_UNSUPPORTED, "GET / HTTP/0.9|Host: a||"),
            // What a client of HTTP/2 with prior knowledge sends: refused for its target before its version is reached.
            new Refused(Violation.TARGET_FORM, "PRI * HTTP/2.0||SM||"),
            // Field lines
            new Refused(Violation.FIELD_NAME_SPACE, "GET / HTTP/1.1|Host : a||"),
            new Refused(Violation.FIELD_NAME_SPACE, "GET / HTTP/1.1|Host: a|Content-Length\\t: 5||"),
            new Refused(Violation.FIELD_NAME_SPACE, "GET / HTTP/1.1|Host a||"),
            new Refused(Violation.FIELD_NAME_MALFORMED, "GET / HTTP/1.1|Host||"),
            new Refused(Violation.FIELD_NAME_MALFORMED, "GET / HTTP/1.1|: a||"),
            new Refused(Violation.FIELD_NAME_MALFORMED, "GET / HTTP/1.1|Ho(st: a||"),
            new Refused(Violation.FIELD_NAME_MALFORMED, "GET / HTTP/1.1|H\u00f6st: a||"),
            new Refused(Violation.FIELD_NAME_MALFORMED, "GET / HTTP/1.1|Ho\\0st: a||"),
            new Refused(Violation.FIELD_VALUE_CONTROL, "GET / HTTP/1.1|Host: a|X: a\\0b||"),
            new Refused(Violation.FIELD_VALUE_CONTROL, "GET / HTTP/1.1|Host: a|X: \u007f||"),
            new Refused(Violation.FIELD_VALUE_CONTROL, "GET / HTTP/1.1|Host: a|X: 12345678901234567\u001b||"),
            new Refused(Violation.OBS_FOLD, "GET / HTTP/1.1|Host: a|X: a| b||"),
            new Refused(Violation.OBS_FOLD, "GET / HTTP/1.1|Host: a|X: a|\\tb||"),
            new Refused(Violation.OBS_FOLD, "GET / HTTP/1.1|Host: a| ||"),
            new Refused(Violation.SPACE_BEFORE_FIELDS, "GET / HTTP/1.1| Host: a||"),
            new Refused(Violation.SPACE_BEFORE_FIELDS, "GET / HTTP/1.1|\\tHost: a||"),
            // Host
            new Refused(Violation.HOST_MISSING, "GET / HTTP/1.1||"),
            new Refused(Violation.HOST_MISSING, "GET http://a/ HTTP/1.1||"),
            new Refused(Violation.HOST_REPEATED, "GET / HTTP/1.1|Host: a|Host: a||"),
            new Refused(Violation.HOST_REPEATED, "GET / HTTP/1.1|Host:|hOST: a||"),
            new Refused(Violation.HOST_REPEATED, "GET / HTTP/1.0|Host: a|Host: b||"),
            new Refused(Violation.HOST_MALFORMED, "GET / HTTP/1.1|Host: a, b||"),
            new Refused(Violation.HOST_MALFORMED, "GET / HTTP/1.1|Host: a/b||"),
            new Refused(Violation.HOST_MALFORMED, "GET / HTTP/1.1|Host: u@a||"),
            // Content-Length
            new Refused(Violation.CONTENT_LENGTH_MALFORMED, "GET / HTTP/1.1|Host: a|Content-Length:||"),
            new Refused(Violation.CONTENT_LENGTH_MALFORMED, "GET / HTTP/1.1|Host: a|Content-Length: +5||"),
            new Refused(Violation.CONTENT_LENGTH_MALFORMED, "GET / HTTP/1.1|Host: a|Content-Length: -5||"),
            new Refused(Violation.CONTENT_LENGTH_MALFORMED, "GET / HTTP/1.1|Host: a|Content-Length: 5, 5||"),
            new Refused(Violation.CONTENT_LENGTH_MALFORMED, "GET / HTTP/1.1|Host: a|Content-Length: 5 5||"),
            new Refused(Violation.CONTENT_LENGTH_MALFORMED, "GET / HTTP/1.1|Host: a|Content-Length: 0x5||"),
            new Refused(Violation.CONTENT_LENGTH_MALFORMED, "GET / HTTP/1.1|Host: a|Content-Length: 5.0||"),
            new Refused(Violation.CONTENT_LENGTH_MALFORMED, "GET / HTTP/1.1|Host: a|Content-Length: \u00b2||"),
            new Refused(
                    Violation.CONTENT_LENGTH_REPEATED, "GET / HTTP/1.1|Host: a|Content-Length: 5|Content-Length: 5||"),
            new Refused(
                    Violation.CONTENT_LENGTH_REPEATED, "GET / HTTP/1.1|Host: a|Content-Length: 5|content-length: 6||"),
            new Refused(
                    Violation.CONTENT_LENGTH_OVERFLOW, "GET / HTTP/1.1|Host: a|Content-Length: 9223372036854775808||"),
            new Refused(
                    Violation.CONTENT_LENGTH_OVERFLOW, "GET / HTTP/1.1|Host: a|Content-Length: 18446744073709551621||"),
            // Transfer-Encoding
            new Refused(
                    Violation.LENGTH_AND_TRANSFER_ENCODING,
                    "POST / HTTP/1.1|Host: a|Content-Length: 5|Transfer-Encoding: chunked||"),
            new Refused(
                    Violation.LENGTH_AND_TRANSFER_ENCODING,
                    "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked|Content-Length: 0||"),
            new Refused(
                    Violation.TRANSFER_ENCODING_REPEATED,
                    "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked|Transfer-Encoding: chunked||"),
            new Refused(
                    Violation.TRANSFER_ENCODING_MALFORMED,
                    "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked, chunked||"),
            new Refused(
                    Violation.TRANSFER_ENCODING_MALFORMED,
                    "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked, gzip||"),
            new Refused(Violation.TRANSFER_ENCODING_MALFORMED, "POST / HTTP/1.1|Host: a|Transfer-Encoding:||"),
            new Refused(Violation.TRANSFER_ENCODING_MALFORMED, "POST / HTTP/1.1|Host: a|Transfer-Encoding: ,chunked||"),
            new Refused(
                    Violation.TRANSFER_ENCODING_MALFORMED, "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked;q=1||"),
            new Refused(
                    Violation.TRANSFER_ENCODING_MALFORMED, "POST / HTTP/1.1|Host: a|Transfer-Encoding: \"chunked\"||"),
            new Refused(
                    Violation.TRANSFER_ENCODING_MALFORMED,
                    "POST / HTTP/1.1|Host: a|Transfer-Encoding: \u00a0chunked||"),
            new Refused(
                    Violation.TRANSFER_ENCODING_UNKNOWN, "POST / HTTP/1.1|Host: a|Transfer-Encoding: gzip, chunked||"),
            new Refused(Violation.TRANSFER_ENCODING_UNKNOWN, "POST / HTTP/1.1|Host: a|Transfer-Encoding: identity||"),
            new Refused(Violation.TRANSFER_ENCODING_UNKNOWN, "POST / HTTP/1.1|Host: a|Transfer-Encoding: xchunked||"),
            new Refused(Violation.TRANSFER_ENCODING_HTTP_1_0, "POST / HTTP/1.0|Transfer-Encoding: chunked||"),
            new Refused(Violation.EXPECTATION_UNKNOWN, "POST / HTTP/1.1|Host: a|Expect: 200-ok||"));

    @ParameterizedTest
    @FieldSource("REFUSED")
    void refuses(Refused refused) {
        assertEquals(new Refusal(refused.violation), Heads.parse(unescape(refused.head)));
    }

    /** Every violation that a head can have is in the table above, or in one of the tests of limits below. */
    @Test
    void tableIsComplete() {
        Set<Violation> missing = EnumSet.range(Violation.BARE_CR, Violation.EXPECTATION_UNKNOWN);
        REFUSED.forEach(refused -> missing.remove(refused.violation));
        assertEquals(
                EnumSet.of(
                        Violation.TARGET_TOO_LONG,
                        Violation.FIELD_TOO_LONG,
                        Violation.FIELDS_TOO_MANY,
                        Violation.HEAD_TOO_LARGE),
                missing);
    }

    @Test
    void browser() {
        String text = "GET /a/b.html?c=%20d HTTP/1.1|Host: www.example.com:8080|"
                + "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0|"
                + "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8|"
                + "Accept-Language: ko-KR,ko;q=0.8,en-US;q=0.5,en;q=0.3|Accept-Encoding: gzip, deflate, br, zstd|"
                + "DNT: 1|Connection: keep-alive|Cookie: a=b; c=\"d\\te\"|Upgrade-Insecure-Requests: 1|X-Empty:|"
                + "X-Latin: \u00e9\u00ff|X-Padded: \\t a  b \\t ||";
        Head head = head(text);
        assertEquals(unescape(text).length(), head.length());
        assertEquals("GET", head.method());
        assertEquals("/a/b.html?c=%20d", head.target());
        assertEquals("/a/b.html", head.path());
        assertEquals("c=%20d", head.query());
        assertEquals("www.example.com:8080", head.host());
        assertTrue(head.keepsAlive());
        assertEquals(0, head.contentLength());
        assertEquals(12, head.fields().size());
        assertEquals(new Field("Cookie", "a=b; c=\"d\te\""), head.fields().get(7));
        assertEquals(new Field("X-Empty", ""), head.fields().get(9));
        assertEquals(new Field("X-Latin", "\u00e9\u00ff"), head.fields().get(10));
        assertEquals(new Field("X-Padded", "a  b"), head.fields().get(11));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET",
                "HEAD",
                "POST",
                "PUT",
                "DELETE",
                "OPTIONS",
                "PATCH",
                "TRACE",
                "PROPFIND",
                "x",
                "GETT",
                "GE",
                "M-SEARCH"
            })
    void methods(String method) {
        assertEquals(method, head(method + " / HTTP/1.1|" + HOST + "|").method());
    }

    /** A method is known by its exact bytes: none is taken for a longer one, nor for one in capitals. */
    @ParameterizedTest
    @ValueSource(strings = {"get", "Head", "connect"})
    void methodsAreCaseSensitive(String method) {
        assertEquals(method, head(method + " / HTTP/1.1|" + HOST + "|").method());
    }

    @ParameterizedTest
    @CsvSource({
        "/, /, ''",
        "//, //, ''",
        "/?, /, ''",
        "/a?b?c, /a, b?c",
        "/a%20b, /a b, ''",
        "/%ed%92%88, /\ud488, ''",
        "/a/./b/../c, /a/c, ''",
        "/../../etc, /etc, ''",
        "/.well-known/x, /.well-known/x, ''",
        "'/[a]|b', '/[a]|b', ''",
        "'/?{a}|^`\\', /, '{a}|^`\\'",
        "http://b.example, /, ''",
        "http://b.example/, /, ''",
        "HTTP://b.example:80/a?c, /a, c",
        "https://b.example?c, /, c",
        "http://[::1]:8080/x, /x, ''",
    })
    void targets(String target, String path, String query) {
        Head head = assertInstanceOf(Head.class, Heads.parse("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n"), target);
        assertEquals(target, head.target());
        assertEquals(path, head.path());
        assertEquals(query, head.query());
    }

    @Test
    void absoluteFormGoesBeforeHost() {
        assertEquals("b:1", head("GET http://b:1/ HTTP/1.1|Host: a||").host());
    }

    @Test
    void asterisk() {
        assertEquals("*", head("OPTIONS * HTTP/1.1|Host:||").path());
    }

    @ParameterizedTest
    @CsvSource({
        "HTTP/1.1, '', true",
        "HTTP/1.1, 'Connection: close|', false",
        "HTTP/1.1, 'Connection: CLOSE|', false",
        "HTTP/1.1, 'Connection: keep-alive|', true",
        "HTTP/1.1, 'Connection: keep-alive, close|', false",
        "HTTP/1.1, 'connection: upgrade|Connection: , close ,|', false",
        "HTTP/1.1, 'Connection: closed|', true",
        "HTTP/1.1, 'Connection: not-close|', true",
        "HTTP/1.2, '', true",
        "HTTP/1.0, '', false",
        "HTTP/1.0, 'Connection: Keep-Alive|', true",
        "HTTP/1.0, 'Connection: TE,\\tKeep-Alive|', true",
        "HTTP/1.0, 'Connection: keep-alive|Connection: close|', false",
    })
    void keepAlive(String version, String fields, boolean keepsAlive) {
        Head head = head("GET / " + version + "|" + HOST + fields + "|");
        assertEquals(keepsAlive, head.keepsAlive());
        assertEquals(version.equals("HTTP/1.0"), head.http10());
    }

    @Test
    void hostIsOptionalInHttp10() {
        assertEquals("", head("GET / HTTP/1.0||").host());
    }

    @ParameterizedTest
    @CsvSource({
        "'Content-Length: 0', 0",
        "'Content-Length: 5', 5",
        "'CONTENT-length:\\t007 ', 7",
        "'Content-Length: 9223372036854775807', 9223372036854775807",
        "'Content-Length: 00000000000000000000000000005', 5",
        "'Transfer-Encoding: chunked', -1",
        "'tRANSFER-eNCODING:CHUNKED\\t', -1",
        "'X-Content-Length: 5', 0",
        "'Content_Length: 5', 0",
        "'Content-Lengt: 5', 0",
        "'Transfer-Encodin: gzip', 0",
        "'TransferXEncoding: gzip', 0",
        "'Transfer-Encodinf: gzip', 0",
    })
    void lengths(String field, long length) {
        assertEquals(length, head("POST / HTTP/1.1|" + HOST + field + "||").contentLength());
    }

    @Test
    void expectContinue() {
        assertTrue(head("POST / HTTP/1.1|Host: a|Expect: 100-Continue|Content-Length: 1||")
                .expectsContinue());
        assertTrue(head("POST / HTTP/1.1|Host: a|Expect: 100-continue|Transfer-Encoding: chunked||")
                .expectsContinue());
        assertFalse(head("POST / HTTP/1.1|Host: a|Expect: 100-continue|Content-Length: 0||")
                .expectsContinue());
        assertFalse(head("POST / HTTP/1.0|Host: a|Expect: 100-continue|Content-Length: 1||")
                .expectsContinue());
    }

    @Test
    void emptyLinesBeforeTheRequest() {
        assertEquals("/", head("||||GET / HTTP/1.1|Host: a||").path());
        assertEquals(8 + 27, head("||||GET / HTTP/1.1|Host: a||").length());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "|",
                "\\r",
                "G",
                "GET ",
                "GET /",
                "GET / HTTP/1.1",
                "GET / HTTP/1.1|",
                "GET / HTTP/1.1|Host: a|\\r"
            })
    void unfinished(String text) {
        assertEquals(new Unfinished(), Heads.parse(unescape(text)));
    }

    /** A client that speaks TLS here is told at once; it will never send a line end. */
    @Test
    void tls() {
        assertEquals(new Refusal(Violation.METHOD_MALFORMED), Heads.parse("\u0016\u0003\u0001\u0002\0\u0001"));
        // Found by the fuzzer: after an empty line that came alone, it was not said before the next line end.
        assertEquals(new Refusal(Violation.METHOD_MALFORMED), Heads.parse("\r\n\u0016\u0003\u0001"));
    }

    /** What is wrong with a line is said when the line is complete, however it was cut. */
    @Test
    void wrongLineThatIsNotCompleteYet() {
        assertEquals(new Unfinished(), Heads.parse("GET / HTTP/1.1\r\nHost : "));
        assertEquals(new Refusal(Violation.FIELD_NAME_SPACE), Heads.parse("GET / HTTP/1.1\r\nHost : \r\n"));
    }

    @Test
    void stopsAtTheEndOfTheHead() {
        String head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        assertEquals(Heads.parse(head), Heads.parse(head + "\n\0 rubbish"));
        assertEquals(Heads.parse(head), Heads.parse(head + head));
    }

    @Test
    void requestLineLimit() {
        HttpLimits limits = HttpLimits.builder().requestLineBytesMax(40).build();
        String rest = "Host: a\r\n\r\n";
        // "GET /" and " HTTP/1.1\r\n" are 16 bytes.
        assertInstanceOf(Head.class, Heads.parse("GET /" + "a".repeat(24) + " HTTP/1.1\r\n" + rest, limits));
        Refusal refusal = new Refusal(Violation.TARGET_TOO_LONG);
        assertEquals(refusal, Heads.parse("GET /" + "a".repeat(25) + " HTTP/1.1\r\n" + rest, limits));
        assertEquals(refusal, Heads.parse("GET /" + "a".repeat(100), limits));
        assertEquals(refusal, Heads.parse("GET /" + "\u00e9".repeat(100) + " HTTP/1.1\r\n" + rest, limits));
        // Empty lines do not count.
        assertInstanceOf(Head.class, Heads.parse("\r\n\r\nGET /" + "a".repeat(24) + " HTTP/1.1\r\n" + rest, limits));
    }

    @Test
    void fieldLineLimit() {
        HttpLimits limits = HttpLimits.builder().fieldLineBytesMax(40).build();
        String start = "GET / HTTP/1.1\r\nHost: a\r\n";
        assertInstanceOf(Head.class, Heads.parse(start + "X: " + "a".repeat(35) + "\r\n\r\n", limits));
        Refusal refusal = new Refusal(Violation.FIELD_TOO_LONG);
        assertEquals(refusal, Heads.parse(start + "X: " + "a".repeat(36) + "\r\n\r\n", limits));
        assertEquals(refusal, Heads.parse(start + "X".repeat(100), limits));
        assertEquals(refusal, Heads.parse(start + "X: " + " ".repeat(100) + "\r\n\r\n", limits));
        assertEquals(refusal, Heads.parse(start + "X : " + " ".repeat(100) + "\r\n\r\n", limits));
    }

    @Test
    void headLimit() {
        HttpLimits limits = HttpLimits.builder().headBytesMax(80).build();
        String start = "GET / HTTP/1.1\r\nHost: a\r\n";
        assertEquals(25, start.length());
        assertInstanceOf(Head.class, Heads.parse(start + "X: " + "a".repeat(48) + "\r\n\r\n", limits));
        Refusal refusal = new Refusal(Violation.HEAD_TOO_LARGE);
        assertEquals(refusal, Heads.parse(start + "X: " + "a".repeat(49) + "\r\n\r\n", limits));
        assertEquals(refusal, Heads.parse(start + "X: " + "a".repeat(50) + "\r\n\r\n", limits));
        assertEquals(refusal, Heads.parse(start + "X: " + "a".repeat(51) + "\r\n\r\n", limits));
        assertEquals(refusal, Heads.parse(start + "X: a\r\n".repeat(100), limits));
        assertEquals(refusal, Heads.parse(start + "X: " + "a".repeat(100), limits));
    }

    @Test
    void fieldCountLimit() {
        HttpLimits limits = HttpLimits.builder().fieldsMax(20).build();
        String start = "GET / HTTP/1.1\r\nHost: a\r\n";
        assertInstanceOf(Head.class, Heads.parse(start + "X: a\r\n".repeat(19) + "\r\n", limits));
        assertEquals(
                new Refusal(Violation.FIELDS_TOO_MANY), Heads.parse(start + "X: a\r\n".repeat(20) + "\r\n", limits));
    }

    /** The largest offsets that the index can keep. */
    @Test
    void largestHead() {
        int most = HttpLimits.HEAD_BYTES_CEILING;
        HttpLimits limits =
                HttpLimits.builder().headBytesMax(most).fieldLineBytesMax(most).build();
        String start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
        String end = "\r\nLast: z\r\n\r\n";
        String text = start + "y".repeat(most - start.length() - end.length()) + end;
        Head head = assertInstanceOf(
                Head.class, Heads.parse(text.getBytes(StandardCharsets.ISO_8859_1), limits, most - 9, most));
        assertEquals(most, head.length());
        assertEquals(new Field("Last", "z"), head.fields().getLast());
        assertEquals(
                most - start.length() - end.length(),
                head.fields().get(1).value().length());
    }

    /** Byte by byte costs a small multiple of the length, not its square: 64 KiB are done long before the deadline. */
    @Test
    void byteByByteIsLinear() {
        int most = HttpLimits.HEAD_BYTES_CEILING;
        HttpLimits limits =
                HttpLimits.builder().headBytesMax(most).fieldLineBytesMax(most).build();
        String start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
        byte[] bytes =
                (start + "y".repeat(most - start.length() - 4) + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1);
        Buffer in = Buffer.of(bytes);
        RequestParser parser = new RequestParser(limits);
        long before = System.nanoTime();
        for (int round = 0; round < 20; round++) {
            parser.reset();
            for (int limit = 1; limit < bytes.length; limit++) {
                assertEquals(RequestParser.NEED_MORE, parser.parse(in, 0, limit));
            }
            assertEquals(RequestParser.HEAD, parser.parse(in, 0, bytes.length));
        }
        // The square would be 20 * 2 * 10^9 steps: half a minute at the very least, where this takes a tenth of a
        // second.
        assertTrue(System.nanoTime() - before < 25_000_000_000L, "took " + (System.nanoTime() - before) + " ns");
    }

    @Test
    void isUsedAgain() {
        RequestParser parser = new RequestParser(HttpLimits.DEFAULTS);
        String first = unescape("POST /a/../b?c HTTP/1.0|Host: x|Connection: keep-alive|Content-Length: 3|X: y||");
        String second = unescape("GET /d HTTP/1.1|Host: y||");
        Buffer in = Buffer.of(first + "abc" + second + "G\0T / HTTP/1.1\r\n");
        assertEquals(RequestParser.HEAD, parser.parse(in, 0, in.capacity()));
        assertEquals("/b", new String(parser.path(), 0, parser.pathLength(), StandardCharsets.US_ASCII));
        int next = parser.headLength() + 3;
        parser.reset();
        assertFalse(parser.hasBegun());
        assertEquals(RequestParser.HEAD, parser.parse(in, next, in.capacity()));
        assertEquals(second.length(), parser.headLength());
        assertEquals("/d", new String(parser.path(), 0, parser.pathLength(), StandardCharsets.US_ASCII));
        assertEquals(0, parser.contentLength());
        assertEquals(1, parser.fields.count());
        assertEquals("", new Request(parser, Heads.NO_EXCHANGE).query());
        next += parser.headLength();
        parser.reset();
        assertEquals(RequestParser.VIOLATION, parser.parse(in, next, in.capacity()));
        assertEquals(Violation.METHOD_MALFORMED, parser.violation());
    }

    @Test
    void hasBegun() {
        RequestParser parser = new RequestParser(HttpLimits.DEFAULTS);
        Buffer in = Buffer.of("\r\n\r\nGET / HT");
        assertEquals(RequestParser.NEED_MORE, parser.parse(in, 0, 0));
        assertFalse(parser.hasBegun());
        assertEquals(RequestParser.NEED_MORE, parser.parse(in, 0, 4));
        assertFalse(parser.hasBegun());
        assertEquals(RequestParser.NEED_MORE, parser.parse(in, 0, 5));
        assertTrue(parser.hasBegun());
    }
}
