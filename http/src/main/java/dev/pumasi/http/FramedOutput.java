package dev.pumasi.http;

import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The body of a streamed message on its way: puts the framing around what a {@link BodyWriter} writes. Small writes of a
 * chunked body are collected, so that each does not become a chunk of its own.
 */
final class FramedOutput extends BodyOutput {

    private static final int COLLECTED_BYTES_MAX = 4096;

    /** Memory of the writer's own is worth sending without a copy from here on. */
    private static final int DIRECT_BYTES_MIN = 4096;

    private static final byte[] LINE_END = {'\r', '\n'};

    private final BodySink sink;
    private final BodyFraming framing;
    private final @Nullable Supplier<List<Field>> trailers;
    private long left;
    private byte @Nullable [] collected;
    private int collectedBytes;

    FramedOutput(BodySink sink, BodyFraming framing, Response response) {
        this(sink, framing, response.lengthBytes(), response.trailers());
    }

    /** @param lengthBytes of the body, where the framing says it */
    FramedOutput(BodySink sink, BodyFraming framing, long lengthBytes, @Nullable Supplier<List<Field>> trailers) {
        this.sink = sink;
        this.framing = framing;
        this.trailers = trailers;
        left = framing == BodyFraming.LENGTH ? lengthBytes : Long.MAX_VALUE;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        count(length);
        if (framing == BodyFraming.NONE || length == 0) {
            return;
        }
        if (framing != BodyFraming.CHUNKED) {
            sink.append(bytes, offset, length);
        } else if (length <= COLLECTED_BYTES_MAX) {
            collect(bytes, offset, length);
        } else {
            sendCollected();
            beginChunk(length);
            sink.append(bytes, offset, length);
            sink.append(LINE_END, 0, LINE_END.length);
        }
    }

    @Override
    public void write(Buffer bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.capacity());
        if (framing == BodyFraming.NONE || length < DIRECT_BYTES_MIN) {
            write(bytes.bytes(offset, length), 0, length);
            return;
        }
        count(length);
        if (framing == BodyFraming.CHUNKED) {
            sendCollected();
            beginChunk(length);
        }
        sink.send(bytes, offset, length);
        if (framing == BodyFraming.CHUNKED) {
            sink.append(LINE_END, 0, LINE_END.length);
        }
    }

    @Override
    public void write(AsyncFile file, long position, long length) throws IOException {
        count(length);
        if (framing == BodyFraming.NONE || length == 0) {
            return;
        }
        if (framing == BodyFraming.CHUNKED) {
            sendCollected();
            beginChunk(length);
        }
        sink.send(file, position, length);
        if (framing == BodyFraming.CHUNKED) {
            sink.append(LINE_END, 0, LINE_END.length);
        }
    }

    @Override
    public void flush() throws IOException {
        sendCollected();
        sink.flush();
    }

    /** The writer is done: sends what must follow. */
    void end() throws IOException {
        if (framing == BodyFraming.LENGTH && left > 0) {
            throw new IOException("the body is " + left + " bytes shorter than was announced");
        }
        if (framing == BodyFraming.CHUNKED) {
            sendCollected();
            List<Field> last = trailers == null ? List.of() : trailers.get();
            Buffer end = Buffer.allocate(ResponseEncoder.lastChunkBytes(last));
            int length = ResponseEncoder.lastChunk(last, end, 0, end.capacity());
            sink.append(end.bytes(0, length), 0, length);
        }
        sink.flush();
    }

    /** Whether the client finds the end of the body by the end of the connection. */
    boolean endsWithConnection() {
        return framing == BodyFraming.UNTIL_CLOSE;
    }

    private void count(long length) throws IOException {
        if (length > left) {
            throw new IOException("the body is longer than was announced, by " + (length - left) + " bytes");
        }
        left -= length;
    }

    private void collect(byte[] bytes, int offset, int length) throws IOException {
        if (collected == null) {
            collected = new byte[COLLECTED_BYTES_MAX];
        }
        if (collectedBytes + length > COLLECTED_BYTES_MAX) {
            sendCollected();
        }
        System.arraycopy(bytes, offset, collected, collectedBytes, length);
        collectedBytes += length;
    }

    private void sendCollected() throws IOException {
        if (collectedBytes > 0) {
            beginChunk(collectedBytes);
            sink.append(Objects.requireNonNull(collected), 0, collectedBytes);
            sink.append(LINE_END, 0, LINE_END.length);
            collectedBytes = 0;
        }
    }

    private void beginChunk(long length) throws IOException {
        byte[] line = (Long.toHexString(length) + "\r\n").getBytes(StandardCharsets.US_ASCII);
        sink.append(line, 0, line.length);
    }
}
