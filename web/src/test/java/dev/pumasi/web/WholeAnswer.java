package dev.pumasi.web;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The answer to one request on a connection of its own, read to the end of the connection; a chunked body is put together.
 *
 * @param fields by name in lower case; of repeated ones the values with a newline between
 * @param complete whether the body came as long as it was framed
 */
record WholeAnswer(int status, Map<String, String> fields, byte[] body, boolean complete) {

    private static final int TIMEOUT_MILLIS = 60_000;

    String text() {
        return new String(body, StandardCharsets.UTF_8);
    }

    String field(String name) {
        return fields.getOrDefault(name, "");
    }

    static WholeAnswer to(int port, String method, String target, String... fields) throws IOException {
        return to(port, method, target, new byte[0], fields);
    }

    /** With a body, whose length is said unless the fields say how it is sent. */
    static WholeAnswer to(int port, String method, String target, byte[] body, String... fields) throws IOException {
        StringBuilder head = new StringBuilder(method + " " + target + " HTTP/1.1\r\nConnection: close\r\n");
        boolean framed = body.length == 0;
        boolean hosted = false;
        for (String field : fields) {
            String lower = field.toLowerCase(Locale.ROOT);
            framed |= lower.startsWith("transfer-encoding:") || lower.startsWith("content-length:");
            hosted |= lower.startsWith("host:");
            head.append(field).append("\r\n");
        }
        if (!hosted) {
            head.append("Host: localhost:").append(port).append("\r\n");
        }
        if (!framed) {
            head.append("Content-Length: ").append(body.length).append("\r\n");
        }
        byte[] request = head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
        byte[] whole = Arrays.copyOf(request, request.length + body.length);
        System.arraycopy(body, 0, whole, request.length, body.length);
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            Thread sender = Thread.ofPlatform().start(() -> {
                try {
                    socket.getOutputStream().write(whole);
                } catch (IOException answeredBefore) {
                    // what counts is the answer
                }
            });
            WholeAnswer answer = read(socket.getInputStream(), method);
            return answer;
        }
    }

    static WholeAnswer read(InputStream in, String method) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try {
            in.transferTo(all);
        } catch (java.net.SocketException reset) {
            // the server has cut it off
        }
        byte[] bytes = all.toByteArray();
        int at = 0;
        String status = line(bytes, at);
        at += status.length() + 2;
        Map<String, String> fields = new TreeMap<>();
        for (String line = line(bytes, at); !line.isEmpty(); line = line(bytes, at)) {
            int colon = line.indexOf(':');
            fields.merge(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 2),
                    (a, b) -> a + "\n" + b);
            at += line.length() + 2;
        }
        at += 2;
        int code = Integer.parseInt(status.substring(9, 12));
        byte[] rest = Arrays.copyOfRange(bytes, at, bytes.length);
        if (method.equals("HEAD")) {
            return new WholeAnswer(code, fields, rest, true);
        }
        if (fields.containsKey("content-length")) {
            return new WholeAnswer(code, fields, rest, rest.length == Integer.parseInt(fields.get("content-length")));
        }
        return fields.containsKey("transfer-encoding")
                ? joined(code, fields, rest)
                : new WholeAnswer(code, fields, rest, rest.length == 0);
    }

    private static WholeAnswer joined(int code, Map<String, String> fields, byte[] chunks) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        int at = 0;
        try {
            while (true) {
                String size = line(chunks, at);
                int length = Integer.parseInt(size, 16);
                at += size.length() + 2;
                body.write(chunks, at, Math.min(length, chunks.length - at));
                at += length + 2;
                if (length == 0) {
                    return new WholeAnswer(code, fields, body.toByteArray(), true);
                }
            }
        } catch (IOException | IndexOutOfBoundsException cutOff) {
            return new WholeAnswer(code, fields, body.toByteArray(), false);
        }
    }

    private static String line(byte[] bytes, int from) throws IOException {
        for (int i = from; i + 1 < bytes.length; i++) {
            if (bytes[i] == '\r' && bytes[i + 1] == '\n') {
                return new String(bytes, from, i - from, StandardCharsets.ISO_8859_1);
            }
        }
        throw new EOFException("no line at " + from + " of " + bytes.length + " bytes: "
                + new String(bytes, StandardCharsets.ISO_8859_1));
    }

    static byte[] chunked(byte[] body, int pieceBytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int from = 0; from < body.length; from += pieceBytes) {
            int length = Math.min(pieceBytes, body.length - from);
            out.writeBytes((Integer.toHexString(length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
            out.write(body, from, length);
            out.writeBytes("\r\n".getBytes(StandardCharsets.US_ASCII));
        }
        out.writeBytes("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        return out.toByteArray();
    }
}
