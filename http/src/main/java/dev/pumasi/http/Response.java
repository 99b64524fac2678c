package dev.pumasi.http;

import dev.pumasi.runtime.memory.Buffer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a request. Immutable; every {@code with} makes another one. A response that is always the same may be a
 * constant, and is cheapest so, if it has no body or one of bytes. What is framing is the server's: Content-Length,
 * Transfer-Encoding, Connection, Date and Server are written by it and cannot be set, except that a
 * {@linkplain #withClose close} can be asked for.
 *
 * <p>Names and values are checked when they are set, so that nothing a client has sent can end a line in a response:
 * {@link IllegalArgumentException}.
 */
public final class Response {

    private static final byte[] NO_BYTES = {};
    private static final Response OK = of(200);

    private static final Set<String> SERVERS_OWN = Set.of(
            "connection", "content-length", "date", "keep-alive", "server", "trailer", "transfer-encoding", "upgrade");

    private final int status;
    private final @Nullable MediaType type;

    /** Field lines, encoded, each with its line end. */
    private final byte[] fields;

    private final byte[] bytes;

    /** A body outside of the heap, instead of {@link #bytes}. */
    private final @Nullable Buffer buffer;

    private final @Nullable BodyWriter writer;

    /** Of a streamed body; -1 if it is not known. */
    private final long streamBytes;

    private final @Nullable Supplier<List<Field>> trailers;
    private final boolean close;

    /** Of an answer that leaves HTTP; null for all others. */
    private final @Nullable Upgrade upgrade;

    private Response(
            int status,
            @Nullable MediaType type,
            byte[] fields,
            byte[] bytes,
            @Nullable Buffer buffer,
            @Nullable BodyWriter writer,
            long streamBytes,
            @Nullable Supplier<List<Field>> trailers,
            boolean close) {
        this(status, type, fields, bytes, buffer, writer, streamBytes, trailers, close, null);
    }

    private Response(
            int status,
            @Nullable MediaType type,
            byte[] fields,
            byte[] bytes,
            @Nullable Buffer buffer,
            @Nullable BodyWriter writer,
            long streamBytes,
            @Nullable Supplier<List<Field>> trailers,
            boolean close,
            @Nullable Upgrade upgrade) {
        this.upgrade = upgrade;
        this.status = status;
        this.type = type;
        this.fields = fields;
        this.bytes = bytes;
        this.buffer = buffer;
        this.writer = writer;
        this.streamBytes = streamBytes;
        this.trailers = trailers;
        this.close = close;
    }

    /** 200 without a body. */
    public static Response ok() {
        return OK;
    }

    /** A status from 200 to 599, without a body. */
    public static Response of(int status) {
        return new Response(Status.check(status), null, NO_BYTES, NO_BYTES, null, null, -1, null, false);
    }

    /** 200 with UTF-8 text. */
    public static Response text(String text) {
        return bytes(MediaType.TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    /** 200 with an HTML page in UTF-8. */
    public static Response html(String page) {
        return bytes(MediaType.HTML, page.getBytes(StandardCharsets.UTF_8));
    }

    /** 200 with bytes, which are not copied and must not change any more. */
    public static Response bytes(MediaType type, byte[] bytes) {
        return new Response(
                200,
                Objects.requireNonNull(type, "type"),
                NO_BYTES,
                Objects.requireNonNull(bytes, "bytes"),
                null,
                null,
                -1,
                null,
                false);
    }

    /**
     * 200 with all bytes of a buffer, which must not change any more. Long ones are sent from where they are: a body that
     * is sent often is cheapest so.
     */
    public static Response bytes(MediaType type, Buffer bytes) {
        return new Response(
                200,
                Objects.requireNonNull(type, "type"),
                NO_BYTES,
                NO_BYTES,
                Objects.requireNonNull(bytes, "bytes"),
                null,
                -1,
                null,
                false);
    }

    /** As {@link #bytes(MediaType, byte[])}; the type is encoded each time, so rather keep a {@link MediaType}. */
    public static Response bytes(String contentType, byte[] bytes) {
        return bytes(MediaType.of(contentType), bytes);
    }

    /** 302 to {@code location}, a URI or a path; with {@link #withStatus} one of the others: 301, 303, 307, 308. */
    public static Response redirect(String location) {
        return of(302).withHeader("Location", location);
    }

    /** 200 with a body that is written while it is sent, of a length not known: chunked, or up to the end in HTTP/1.0. */
    public static Response stream(MediaType type, BodyWriter writer) {
        return new Response(
                200,
                Objects.requireNonNull(type, "type"),
                NO_BYTES,
                NO_BYTES,
                null,
                Objects.requireNonNull(writer, "writer"),
                -1,
                null,
                false);
    }

    /** 200 with a body of {@code lengthBytes} that is written while it is sent. */
    public static Response stream(MediaType type, long lengthBytes, BodyWriter writer) {
        if (lengthBytes < 0) {
            throw new IllegalArgumentException("length " + lengthBytes + " is negative");
        }
        return new Response(
                200,
                Objects.requireNonNull(type, "type"),
                NO_BYTES,
                NO_BYTES,
                null,
                Objects.requireNonNull(writer, "writer"),
                lengthBytes,
                null,
                false);
    }

    /**
     * 101: the connection leaves HTTP for {@code protocol}, and {@code user} has it, on a green thread of its own, until it
     * returns (RFC 9110 section 7.8). Only where the client has asked for that, and its request's body has been read; else,
     * and on servers without loops, the answer is 500.
     *
     * @param fields those of the answer beside Connection and Upgrade
     */
    public static Response upgrade(String protocol, List<Field> fields, Upgrade.User user) {
        Response answer = of(200);
        for (Field field : fields) {
            answer = answer.withHeader(field.name(), field.value());
        }
        return new Response(
                101, null, answer.fields, NO_BYTES, null, null, -1, null, true, new Upgrade(protocol, user));
    }

    public Response withStatus(int other) {
        return new Response(Status.check(other), type, fields, bytes, buffer, writer, streamBytes, trailers, close);
    }

    public Response withType(MediaType other) {
        return new Response(
                status,
                Objects.requireNonNull(other, "other"),
                fields,
                bytes,
                buffer,
                writer,
                streamBytes,
                trailers,
                close,
                upgrade);
    }

    /** With one more field; one of the same name stays. Content-Type takes the place of the one before. */
    public Response withHeader(String name, String value) {
        Field field = new Field(name, value);
        String lower = name.toLowerCase(Locale.ROOT);
        if (SERVERS_OWN.contains(lower)) {
            throw new IllegalArgumentException("the field " + name + " is set by the server");
        }
        if (lower.equals("content-type")) {
            return withType(MediaType.of(value));
        }
        byte[] line = encode(field);
        byte[] more = Arrays.copyOf(fields, fields.length + line.length);
        System.arraycopy(line, 0, more, fields.length, line.length);
        return new Response(status, type, more, bytes, buffer, writer, streamBytes, trailers, close, upgrade);
    }

    /** With a body of bytes, which are not copied and must not change any more; the type stays. */
    public Response withBody(byte[] body) {
        return new Response(
                status, type, fields, Objects.requireNonNull(body, "body"), null, null, -1, null, close, upgrade);
    }

    /** With a body that is written while it is sent, of {@code lengthBytes}, or −1 if that is not known; the type stays. */
    public Response withStream(long lengthBytes, BodyWriter body) {
        if (lengthBytes < -1) {
            throw new IllegalArgumentException("length " + lengthBytes + " is negative");
        }
        return new Response(
                status,
                type,
                fields,
                NO_BYTES,
                null,
                Objects.requireNonNull(body, "body"),
                lengthBytes,
                null,
                close,
                upgrade);
    }

    /** With these fields after those that it has. A Content-Type that is no media type is passed on as it is. */
    public Response withFields(List<Field> more) {
        ByteArrayOutputStream lines = new ByteArrayOutputStream(fields.length + 64 * more.size());
        lines.writeBytes(fields);
        MediaType typed = type;
        for (Field field : more) {
            String lower = field.name().toLowerCase(Locale.ROOT);
            if (SERVERS_OWN.contains(lower)) {
                throw new IllegalArgumentException("the field " + field.name() + " is set by the server");
            }
            if (lower.equals("content-type") && MediaType.isOne(field.value())) {
                typed = MediaType.of(field.value());
            } else {
                lines.writeBytes(encode(field));
            }
        }
        return new Response(
                status, typed, lines.toByteArray(), bytes, buffer, writer, streamBytes, trailers, close, upgrade);
    }

    /** The connection is to be closed after this response. */
    public Response withClose() {
        return new Response(status, type, fields, bytes, buffer, writer, streamBytes, trailers, true, upgrade);
    }

    /**
     * With fields after the body, which must be a stream of unknown length; the supplier is asked once the body has been
     * written. A client of HTTP/1.0 does not get them.
     */
    public Response withTrailers(Supplier<List<Field>> supplier) {
        if (writer == null || streamBytes >= 0) {
            throw new IllegalStateException("only a stream of unknown length has trailers");
        }
        return new Response(
                status,
                type,
                fields,
                bytes,
                buffer,
                writer,
                streamBytes,
                Objects.requireNonNull(supplier, "supplier"),
                close,
                upgrade);
    }

    /** With the writer of its body exchanged for another one, made of it; the same response if it is no stream. */
    public Response mapWriter(UnaryOperator<BodyWriter> map) {
        return writer == null
                ? this
                : new Response(
                        status,
                        type,
                        fields,
                        bytes,
                        buffer,
                        Objects.requireNonNull(map.apply(writer), "writer"),
                        streamBytes,
                        trailers,
                        close,
                        upgrade);
    }

    /** Without the fields of that name, in whatever case; the type stays. */
    public Response withoutHeader(String name) {
        ByteArrayOutputStream lines = new ByteArrayOutputStream(fields.length);
        for (Field field : fields()) {
            if (!field.name().equalsIgnoreCase(name)) {
                lines.writeBytes(encode(field));
            }
        }
        return lines.size() == fields.length
                ? this
                : new Response(
                        status,
                        type,
                        lines.toByteArray(),
                        bytes,
                        buffer,
                        writer,
                        streamBytes,
                        trailers,
                        close,
                        upgrade);
    }

    /**
     * With its body in another form, whose length is not known before: a compressed one. The fields stay.
     *
     * @param held makes it of a body of bytes
     * @param streamed makes it of one that is written while it is sent
     */
    public Response encoded(UnaryOperator<byte[]> held, UnaryOperator<BodyWriter> streamed) {
        if (writer != null) {
            return withStream(-1, streamed.apply(writer));
        }
        return withBody(held.apply(buffer == null ? bytes : buffer.bytes(0, buffer.capacity())));
    }

    public int status() {
        return status;
    }

    public Optional<MediaType> type() {
        return Optional.ofNullable(type);
    }

    /** The fields that have been set, without Content-Type and without those that the server adds. */
    public List<Field> fields() {
        List<Field> list = new ArrayList<>();
        String[] lines = new String(fields, StandardCharsets.ISO_8859_1).split("\r\n");
        for (String line : lines) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                list.add(new Field(line.substring(0, colon), line.substring(colon + 2)));
            }
        }
        return list;
    }

    /** The first field of that name that has been set, in whatever case. */
    public Optional<String> header(String name) {
        if (name.equalsIgnoreCase("Content-Type")) {
            return type().map(MediaType::name);
        }
        return fields().stream()
                .filter(field -> field.name().equalsIgnoreCase(name))
                .map(Field::value)
                .findFirst();
    }

    public boolean isStream() {
        return writer != null;
    }

    /** The number of bytes of the body; -1 for a stream of unknown length. */
    public long lengthBytes() {
        if (writer != null) {
            return streamBytes;
        }
        return buffer != null ? buffer.capacity() : bytes.length;
    }

    /** Not copied; empty for a stream and where there is a {@link #bodyBuffer}. */
    byte[] bodyBytes() {
        return bytes;
    }

    /** Not copied; null where the body is bytes or a stream. */
    @Nullable
    Buffer bodyBuffer() {
        return buffer;
    }

    @Nullable
    BodyWriter writer() {
        return writer;
    }

    @Nullable
    Supplier<List<Field>> trailers() {
        return trailers;
    }

    boolean closes() {
        return close;
    }

    @Nullable
    Upgrade upgrade() {
        return upgrade;
    }

    byte[] fieldBytes() {
        return fields;
    }

    byte @Nullable [] typeLine() {
        return type == null ? null : type.line();
    }

    static byte[] encode(Field field) {
        return (field.name() + ": " + field.value() + "\r\n").getBytes(StandardCharsets.ISO_8859_1);
    }

    @Override
    public String toString() {
        return "Response[" + status + (writer != null ? ", stream" : ", " + lengthBytes() + " bytes") + "]";
    }
}
