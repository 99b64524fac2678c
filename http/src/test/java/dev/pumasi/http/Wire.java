package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A client of raw bytes: what it sends goes out just so, each call in a segment of its own if the kernel will, and what
 * comes back is read strictly, so that a wrong length or a missing line end is an error here. Whoever waits longer than
 * {@value #PATIENCE_MILLIS} ms has failed.
 */
final class Wire implements Closeable {

    static final int PATIENCE_MILLIS = 30_000;

    /** A request without a body, whose answer leaves the connection open. */
    static String get(String target) {
        return "GET " + target + " HTTP/1.1\r\nHost: pumasi.dev\r\n\r\n";
    }

    /** A request with a body of a length announced. */
    static String post(String target, String body) {
        return "POST " + target + " HTTP/1.1\r\nHost: pumasi.dev\r\nContent-Length: " + body.length() + "\r\n\r\n"
                + body;
    }

    /** The bytes of ISO 8859-1 text. */
    static byte[] octets(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** A whole answer. */
    record Answer(int status, List<Field> fields, byte[] body, List<Field> trailers) {

        Optional<String> header(String name) {
            return fields.stream()
                    .filter(field -> field.name().equalsIgnoreCase(name))
                    .map(Field::value)
                    .findFirst();
        }

        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }

        boolean closes() {
            return header("Connection").filter("close"::equals).isPresent();
        }
    }

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    private Wire(Socket socket) throws IOException {
        this.socket = socket;
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(PATIENCE_MILLIS);
        in = new BufferedInputStream(socket.getInputStream(), 32 * 1024);
        out = socket.getOutputStream();
    }

    static Wire to(Server server) throws IOException {
        return to(server, 0);
    }

    /** With a receive buffer of about so many bytes, so that the server soon notices that nobody reads; 0: as usual. */
    static Wire to(Server server, int receiveBufferBytes) throws IOException {
        Socket socket = new Socket();
        if (receiveBufferBytes > 0) {
            socket.setReceiveBufferSize(receiveBufferBytes);
        }
        socket.connect(new InetSocketAddress("localhost", server.port()), PATIENCE_MILLIS);
        return new Wire(socket);
    }

    Wire send(String text) throws IOException {
        return send(octets(text));
    }

    Wire send(byte[] bytes) throws IOException {
        return send(bytes, 0, bytes.length);
    }

    Wire send(byte[] bytes, int offset, int length) throws IOException {
        out.write(bytes, offset, length);
        return this;
    }

    /** Sends what the server need not take: it may have ended the connection meanwhile. */
    Wire sendInVain(byte[] bytes) {
        try {
            send(bytes);
        } catch (IOException ended) {
            // What it has answered can be read all the same.
        }
        return this;
    }

    /** Says that nothing more will be sent; answers can still be read. */
    Wire halfClose() throws IOException {
        socket.shutdownOutput();
        return this;
    }

    /** Vanishes: the server sees a reset, and not the end of a stream. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /** The next answer to anything but HEAD; interim ones count. */
    Answer answer() throws IOException {
        return answer(false);
    }

    /** The next answer, to HEAD. */
    Answer answerToHead() throws IOException {
        return answer(true);
    }

    private Answer answer(boolean toHead) throws IOException {
        String line = line("a status line");
        if (!line.matches("HTTP/1\\.1 [1-5][0-9][0-9] .*")) {
            fail("not a status line: " + line);
        }
        int status = Integer.parseInt(line.substring(9, 12));
        List<Field> fields = fields();
        Answer head = new Answer(status, fields, new byte[0], List.of());
        if (toHead || status < 200 || status == 204 || status == 304) {
            return head;
        }
        Optional<String> length = head.header("Content-Length");
        if (head.header("Transfer-Encoding").isPresent()) {
            assertEquals("chunked", head.header("Transfer-Encoding").get());
            assertEquals(Optional.empty(), length, "both lengths");
            ByteArrayOutputStream body = new ByteArrayOutputStream();
            for (byte[] chunk = chunk(); chunk.length > 0; chunk = chunk()) {
                body.write(chunk);
            }
            return new Answer(status, fields, body.toByteArray(), fields());
        }
        byte[] body = length.isPresent() ? bytes(Integer.parseInt(length.get())) : in.readAllBytes();
        return new Answer(status, fields, body, List.of());
    }

    /** The head of an answer, whose body is then read bit by bit. */
    Answer head() throws IOException {
        return answer(true);
    }

    /** The next chunk, empty at the end; then trailers follow. */
    byte[] chunk() throws IOException {
        String size = line("a chunk size");
        if (!size.matches("[0-9a-f]{1,8}")) {
            fail("not a chunk size: " + size);
        }
        int length = Integer.parseUnsignedInt(size, 16);
        byte[] data = bytes(length);
        if (length > 0) {
            assertEquals("", line("the end of a chunk"));
        }
        return data;
    }

    /** So many bytes. */
    byte[] bytes(int count) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException("the connection ended after " + bytes.length + " of " + count + " bytes");
        }
        return bytes;
    }

    private List<Field> fields() throws IOException {
        List<Field> fields = new ArrayList<>();
        for (String line = line("a field"); !line.isEmpty(); line = line("a field")) {
            int colon = line.indexOf(": ");
            if (colon < 1) {
                fail("not a field: " + line);
            }
            fields.add(new Field(line.substring(0, colon), line.substring(colon + 2)));
        }
        return fields;
    }

    private String line(String what) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int octet = in.read(); octet != '\r'; octet = in.read()) {
            if (octet < 0) {
                throw new EOFException("the connection ended within " + what + ": \"" + line + "\"");
            }
            line.append((char) octet);
        }
        assertEquals('\n', in.read(), () -> "after a carriage return in " + what);
        return line.toString();
    }

    /** Whether something has come that was not read yet. */
    boolean hasMore() throws IOException {
        return in.available() > 0;
    }

    /** The server must end the connection in good order, and send nothing more before. */
    void expectEnd() throws IOException {
        int octet = in.read();
        if (octet >= 0) {
            fail("no end, but: " + (char) octet
                    + new String(in.readNBytes(in.available()), StandardCharsets.ISO_8859_1));
        }
    }

    /** The server must end the connection, in good order or by a reset. */
    void expectEndOrReset() {
        try {
            in.readAllBytes();
        } catch (IOException reset) {
            assertEquals(java.net.SocketException.class, reset.getClass(), "a reset, and not a timeout");
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
