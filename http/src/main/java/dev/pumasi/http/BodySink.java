package dev.pumasi.http;

import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;

/** Where a body goes, framed already. Each method returns when all of it has been taken, and waits until then. */
interface BodySink {

    /** The bytes are copied. */
    void append(byte[] bytes, int offset, int length) throws IOException;

    /** The bytes are sent from where they lie. */
    void send(Buffer bytes, int offset, int length) throws IOException;

    /** Fails if the file is shorter. */
    void send(AsyncFile file, long position, long length) throws IOException;

    /** Sends what has been appended. */
    void flush() throws IOException;
}
