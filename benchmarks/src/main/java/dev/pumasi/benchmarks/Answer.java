package dev.pumasi.benchmarks;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * Whether a server answers as all of them must: a server that sends less, or an old date, or does not keep the connection
 * would win unfairly.
 */
final class Answer {
    static final byte[] REQUEST = "GET /plaintext HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(ISO_8859_1);

    private static final int LINE_BYTES_MAX = 1024;
    private static final int HEADERS_MAX = 32;
    private static final int PIPELINED = 16;
    private static final Duration DATE_AGE_MAX = Duration.ofSeconds(3);
    private static final int READ_TIMEOUT_MILLIS = 5000;

    private Answer() {}

    /**
     * Asks twice on one connection, then sixteen times at once.
     *
     * @return what is wrong, if anything is
     */
    static Optional<String> check(InetSocketAddress address) throws IOException {
        try (var socket = new Socket()) {
            socket.connect(address);
            socket.setSoTimeout(READ_TIMEOUT_MILLIS);
            final var input = socket.getInputStream();
            for (int i = 0; i < 2; i++) {
                socket.getOutputStream().write(REQUEST);
                final var fault = read(input);
                if (fault.isPresent()) {
                    return fault;
                }
            }
            socket.getOutputStream()
                    .write(new String(REQUEST, ISO_8859_1).repeat(PIPELINED).getBytes(ISO_8859_1));
            for (int i = 0; i < PIPELINED; i++) {
                final var fault = read(input);
                if (fault.isPresent()) {
                    return Optional.of("pipelined: " + fault.get());
                }
            }
            return Optional.empty();
        }
    }

    /** Asks as {@code ab} does, with HTTP/1.0: the server must answer and close the connection. */
    static Optional<String> checkOldVersion(InetSocketAddress address) throws IOException {
        try (var socket = new Socket()) {
            socket.connect(address);
            socket.setSoTimeout(READ_TIMEOUT_MILLIS);
            socket.getOutputStream().write("GET /plaintext HTTP/1.0\r\nHost: localhost\r\n\r\n".getBytes(ISO_8859_1));
            final var fault = read(socket.getInputStream());
            if (fault.isPresent()) {
                return fault.map(text -> "asked with HTTP/1.0, it gave " + text);
            }
            return socket.getInputStream().read() < 0
                    ? Optional.empty()
                    : Optional.of("more bytes after the answer to HTTP/1.0");
        } catch (SocketTimeoutException open) {
            return Optional.of("does not close the connection of HTTP/1.0");
        }
    }

    /** Asks twice for a file on one connection; it is made of the numbers that its length is the seed of. */
    static Optional<String> checkFile(InetSocketAddress address, String path, int bytes) throws IOException {
        final var expected = new byte[bytes];
        new Random(bytes).nextBytes(expected);
        try (var socket = new Socket()) {
            socket.connect(address);
            socket.setSoTimeout(READ_TIMEOUT_MILLIS);
            final var input = socket.getInputStream();
            for (int i = 0; i < 2; i++) {
                socket.getOutputStream()
                        .write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n").getBytes(ISO_8859_1));
                final var status = line(input);
                if (!status.matches("HTTP/1\\.1 200.*")) {
                    return Optional.of("has no " + path + ": " + status);
                }
                var length = "";
                for (var line = line(input); !line.isEmpty(); line = line(input)) {
                    if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
                        length = line.substring(line.indexOf(':') + 1).strip();
                    }
                }
                if (!length.equals(Integer.toString(bytes))) {
                    return Optional.of("Content-Length of " + path + " is " + length);
                }
                if (!Arrays.equals(expected, input.readNBytes(bytes))) {
                    return Optional.of("the bytes of " + path + " are wrong");
                }
            }
            return Optional.empty();
        } catch (IOException unable) {
            return Optional.of("serves no files: " + unable.getMessage());
        }
    }

    /** Reads one answer and says what is wrong with it. */
    static Optional<String> read(InputStream input) throws IOException {
        final var status = line(input);
        if (!status.matches("HTTP/1\\.[01] 200.*")) {
            return Optional.of("status line " + status);
        }
        final Map<String, String> headers = new HashMap<>();
        for (var line = line(input); !line.isEmpty(); line = line(input)) {
            if (headers.size() == HEADERS_MAX) {
                return Optional.of("more than " + HEADERS_MAX + " headers");
            }
            final var colon = line.indexOf(':');
            headers.put(
                    line.substring(0, Math.max(colon, 0)).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        final var body = new String(input.readNBytes("Hello, World!".length()), ISO_8859_1);
        if (!headers.getOrDefault("content-type", "").startsWith("text/plain")) {
            return Optional.of("Content-Type is " + headers.get("content-type"));
        }
        if (!headers.getOrDefault("content-length", "").equals("13")) {
            return Optional.of("Content-Length is " + headers.get("content-length"));
        }
        if (!headers.containsKey("server")) {
            return Optional.of("no Server");
        }
        if (!body.equals("Hello, World!")) {
            return Optional.of("body " + body);
        }
        return date(headers.getOrDefault("date", ""));
    }

    private static Optional<String> date(String text) {
        try {
            final var date = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME);
            final var age = Duration.between(date, ZonedDateTime.now(date.getZone()));
            return age.abs().compareTo(DATE_AGE_MAX) <= 0 ? Optional.empty() : Optional.of("Date is old: " + text);
        } catch (DateTimeParseException malformed) {
            return Optional.of("Date is '" + text + "'");
        }
    }

    private static String line(InputStream input) throws IOException {
        final var line = new StringBuilder();
        for (int next = input.read(); next != '\n'; next = input.read()) {
            if (next < 0 || line.length() == LINE_BYTES_MAX) {
                throw new IOException(next < 0 ? "connection ended within an answer" : "endless line");
            }
            line.append((char) next);
        }
        return line.toString().stripTrailing();
    }
}
