package dev.pumasi.admin;

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

/** A client that sends exactly what it is told to, as no browser would. */
final class Ask implements AutoCloseable {

    private static final int PATIENCE_MILLIS = 60_000;

    /** An answer. */
    record Answer(int status, Map<String, String> fields, String body) {

        String field(String name) {
            return fields.getOrDefault(name.toLowerCase(Locale.ROOT), "");
        }
    }

    private final Socket socket;
    private final InputStream in;
    private boolean chunked;

    private Ask(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(PATIENCE_MILLIS);
        in = new BufferedInputStream(socket.getInputStream());
    }

    /** Asks, with these field lines after a Host that is right, and takes all of the answer. */
    static Answer get(int port, String path, String... fields) throws IOException {
        return ask(port, "GET", path, "localhost:" + port, fields);
    }

    static Answer post(int port, String path, String... fields) throws IOException {
        return ask(port, "POST", path, "localhost:" + port, fields);
    }

    static Answer ask(int port, String method, String path, String host, String... fields) throws IOException {
        try (Ask ask = new Ask(port)) {
            ask.send(method, path, host, "Connection: close", fields);
            Answer head = ask.head();
            byte[] body = ask.chunked ? ask.chunks() : ask.in.readAllBytes();
            return new Answer(head.status, head.fields, new String(body, StandardCharsets.UTF_8));
        }
    }

    /** Begins to look, and takes the head of the answer only. */
    static Ask stream(int port, String path, String... fields) throws IOException {
        Ask ask = new Ask(port);
        ask.send("GET", path, "localhost:" + port, "Accept: text/event-stream", fields);
        return ask;
    }

    private void send(String method, String path, String host, String first, String... fields) throws IOException {
        StringBuilder text =
                new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\n" + first + "\r\n");
        for (String field : fields) {
            text.append(field).append("\r\n");
        }
        socket.getOutputStream().write((text + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
    }

    Answer head() throws IOException {
        String status = line();
        Map<String, String> fields = new TreeMap<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            fields.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        chunked = fields.getOrDefault("transfer-encoding", "").equals("chunked");
        return new Answer(Integer.parseInt(status.split(" ")[1]), fields, "");
    }

    /** The next event of that name: its data. */
    String event(String name) throws IOException {
        ByteArrayOutputStream pending = new ByteArrayOutputStream();
        while (true) {
            byte[] chunk = chunk();
            if (chunk.length == 0) {
                throw new EOFException("the stream has ended");
            }
            pending.write(chunk);
            String text = pending.toString(StandardCharsets.UTF_8);
            int begin = text.indexOf("event: " + name + "\ndata: ");
            int end = begin < 0 ? -1 : text.indexOf("\n\n", begin);
            if (end >= 0) {
                return text.substring(text.indexOf("data: ", begin) + 6, end);
            }
        }
    }

    /** Whether the other end closes, sooner or later. */
    boolean ends() {
        try {
            while (in.read() >= 0) {
                continue;
            }
            return true;
        } catch (IOException reset) {
            return !(reset instanceof java.net.SocketTimeoutException);
        }
    }

    private byte[] chunks() throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] chunk = chunk(); chunk.length > 0; chunk = chunk()) {
            all.write(chunk);
        }
        return all.toByteArray();
    }

    private byte[] chunk() throws IOException {
        int size = Integer.parseInt(line().split(";")[0].strip(), 16);
        byte[] data = in.readNBytes(size);
        line();
        return data;
    }

    private String line() throws IOException {
        StringBuilder text = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("the connection has ended");
            }
            text.append((char) next);
        }
        return text.toString().stripTrailing();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
