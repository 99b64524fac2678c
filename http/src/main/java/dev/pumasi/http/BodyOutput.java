package dev.pumasi.http;

import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.util.Objects;

/**
 * Where a {@link BodyWriter} writes. Bytes are copied into an output buffer, which is sent when it is full, at
 * {@link #flush}, and at the end. To be used by one thread at a time, while {@link BodyWriter#writeTo} runs.
 *
 * <p>Each method may park until the client has taken enough. Errors: {@link IOException} when the client has gone away or
 * is too slow, found at this or a later write; and when more is written than the announced length.
 */
public abstract class BodyOutput {

    /** For the server's connections, and for tests of writers. */
    protected BodyOutput() {}

    public abstract void write(byte[] bytes, int offset, int length) throws IOException;

    public abstract void write(Buffer bytes, int offset, int length) throws IOException;

    /**
     * Writes a range of a file of the connection's loop ({@link dev.pumasi.http.Request#loop}); where the kernel can do so
     * it does not come into this process's memory. The file must stay open until this returns.
     *
     * @throws IOException also if the file is shorter; what there was has been sent, and the connection must end
     */
    public abstract void write(AsyncFile file, long position, long length) throws IOException;

    /** Sends what has been written so far. */
    public abstract void flush() throws IOException;

    public void write(byte[] bytes) throws IOException {
        write(Objects.requireNonNull(bytes, "bytes"), 0, bytes.length);
    }
}
