package dev.pumasi.server;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A client with one connection, which it keeps. */
final class Asker implements AutoCloseable {

    private static final int PATIENCE_MILLIS = 60_000;

    /** @param isLast whether the connection ends with it */
    record Answer(int status, boolean isLast, String body) {}

    private final Socket socket;
    private final InputStream in;

    Asker(int port) throws IOException {
        socket = new Socket("127.0.0.1", port);
        socket.setSoTimeout(PATIENCE_MILLIS);
        in = new BufferedInputStream(socket.getInputStream());
    }

    Answer get(String target) throws IOException {
        return ask("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
    }

    Answer getUnchecked(String target) {
        try {
            return get(target);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** The same, and closes, for which a server that stops gives its clients time. */
    Answer lastUnchecked(String target) {
        try (this) {
            return get(target);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /**
     * The answer with which the connection ends. A server that has just stopped to accept may answer those that it has once more
     * before it tells them so.
     */
    Answer last(String target) throws IOException {
        Answer answer = get(target);
        while (!answer.isLast()) {
            answer = get(target);
        }
        return answer;
    }

    Answer post(String target, String body) throws IOException {
        return ask("POST " + target + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
    }

    private Answer ask(String request) throws IOException {
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        int status = Integer.parseInt(line().split(" ")[1]);
        boolean isLast = false;
        int length = 0;
        for (String field = line(); !field.isEmpty(); field = line()) {
            isLast |= field.equalsIgnoreCase("connection: close");
            if (field.toLowerCase(java.util.Locale.ROOT).startsWith("content-length:")) {
                length = Integer.parseInt(field.substring(15).trim());
            }
        }
        byte[] body = in.readNBytes(length);
        if (body.length < length) {
            throw new EOFException("cut off within a body");
        }
        return new Answer(status, isLast, new String(body, StandardCharsets.US_ASCII));
    }

    boolean hasEnded() throws IOException {
        return in.read() < 0;
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("cut off after '" + line + "'");
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
