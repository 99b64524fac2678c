package dev.pumasi.web;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A client that sends a target as it is written: others would normalise what is to be tested. */
final class RawClient implements AutoCloseable {

    private static final int TIMEOUT_MILLIS = 60_000;

    /** @param fields by name in lower case */
    record Answer(int status, Map<String, String> fields, byte[] body) {

        String field(String name) {
            return fields.getOrDefault(name, "");
        }

        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }
    }

    private final Socket socket;
    private final InputStream in;

    RawClient(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        in = new BufferedInputStream(socket.getInputStream());
    }

    /** One exchange on this connection; each field is a line. */
    Answer ask(String method, String target, String... fields) throws IOException {
        send(method, target, fields);
        return answer(method);
    }

    /** The next answer, to a request of that method. */
    Answer answer(String method) throws IOException {
        Answer head = head();
        if (head.field("transfer-encoding").equals("chunked") && !method.equals("HEAD")) {
            return new Answer(head.status, head.fields, chunks());
        }
        int length = Integer.parseInt(head.fields.getOrDefault("content-length", "0"));
        boolean bodiless = method.equals("HEAD") || head.status == 304;
        byte[] body = bodiless ? new byte[0] : in.readNBytes(length);
        if (!bodiless && body.length < length) {
            throw new EOFException("ended after " + body.length + " of " + length + " bytes");
        }
        return new Answer(head.status, head.fields, body);
    }

    private byte[] chunks() throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        while (true) {
            int length = Integer.parseInt(line(), 16);
            body.write(in.readNBytes(length));
            line();
            if (length == 0) {
                return body.toByteArray();
            }
        }
    }

    void send(String method, String target, String... fields) throws IOException {
        sendAs("localhost", method, target, fields);
    }

    void sendAs(String host, String method, String target, String... fields) throws IOException {
        StringBuilder request = new StringBuilder(method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n");
        for (String field : fields) {
            request.append(field).append("\r\n");
        }
        socket.getOutputStream().write(request.append("\r\n").toString().getBytes(StandardCharsets.UTF_8));
    }

    /** The head of the next answer. */
    Answer head() throws IOException {
        String status = line();
        Map<String, String> fields = new TreeMap<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            fields.put(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 2));
        }
        return new Answer(Integer.parseInt(status.substring(9, 12)), fields, new byte[0]);
    }

    /** What follows the head. */
    InputStream body() {
        return in;
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException("the connection ended in a head: " + line);
            }
            line.append((char) c);
        }
        line.setLength(line.length() - 1);
        return line.toString();
    }

    /** Vanishes: the server sees a reset, and not the end of a stream. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
