package dev.pumasi.web;

import dev.pumasi.http.BodyOutput;
import dev.pumasi.http.BodyWriter;
import java.io.IOException;
import java.util.List;

/**
 * A large file, or parts of one, on its way from disk to socket. The file is open since before its length was announced,
 * so what is sent is what was looked at, whatever takes its place meanwhile; this releases it. Of one that grows no more is
 * sent than was announced; one that shrinks ends the connection, as there is no other way to say so.
 */
final class FileBody implements BodyWriter {

    /**
     * A part of the file.
     *
     * @param head what goes before it
     */
    record Part(byte[] head, ByteRange range) {}

    private final SharedFile file;
    private final List<Part> parts;
    private final byte[] tail;

    FileBody(SharedFile file, List<Part> parts, byte[] tail) {
        this.file = file;
        this.parts = parts;
        this.tail = tail;
    }

    @Override
    public void writeTo(BodyOutput out) throws IOException {
        try {
            for (Part part : parts) {
                out.write(part.head);
                out.write(file.file(), part.range.from(), part.range.length());
            }
            out.write(tail);
        } finally {
            file.release();
        }
    }

    @Override
    public void discard() {
        file.release();
    }
}
