package dev.pumasi.web;

import dev.pumasi.http.BodyOutput;
import dev.pumasi.http.BodyWriter;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Offload;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A large file, or parts of one, on its way: while one buffer is sent, a thread of the pool reads the next piece into
 * another, so that disk and network overlap.
 *
 * <p>The file is opened with the first piece, because an answer whose client has gone is never written, and nobody would
 * close it. If another has taken its place by then, the connection ends; once it is open, it is read to the end
 * whatever takes its place. Of one that grows no more is sent than was announced; one that shrinks ends the connection, as there is no other
 * way to say so.
 */
final class FileBody implements BodyWriter {

    /**
     * A part of the file.
     *
     * @param head what goes before it
     */
    record Part(byte[] head, ByteRange range) {}

    private final Offload offload;
    private final Loop loop;
    private final FileBuffers buffers;
    private final Found.Large file;
    private final List<Part> parts;
    private final byte[] tail;

    FileBody(Offload offload, Loop loop, FileBuffers buffers, Found.Large file, List<Part> parts, byte[] tail) {
        this.offload = offload;
        this.loop = loop;
        this.buffers = buffers;
        this.file = file;
        this.parts = parts;
        this.tail = tail;
    }

    @Override
    public void writeTo(BodyOutput out) throws IOException {
        Reader reader = new Reader(file, parts);
        Buffer sent = buffers.take();
        Buffer read = buffers.take();
        Operation<Integer> reading = fill(reader, read);
        boolean complete = false;
        try {
            for (Part part : parts) {
                out.write(part.head);
                long left = part.range.length();
                while (left > 0) {
                    int count = reading.await();
                    left -= count;
                    Buffer full = read;
                    read = sent;
                    sent = full;
                    if (reader.hasMore()) {
                        reading = fill(reader, read);
                    }
                    out.write(sent, 0, count);
                }
            }
            out.write(tail);
            complete = true;
        } finally {
            settle(reading);
            reader.close();
            buffers.giveBack(sent, complete);
            buffers.giveBack(read, true);
        }
    }

    private Operation<Integer> fill(Reader reader, Buffer buffer) {
        return offload.submit(loop, () -> reader.fill(buffer));
    }

    /** Waits until the pool has let go of the reader and its buffer. */
    private static void settle(Operation<?> reading) {
        try {
            reading.await();
        } catch (IOException | RuntimeException known) {
            // Thrown where its result was needed, or of no interest any more.
        }
    }

    /**
     * Reads the parts, piece by piece. Used by a thread of the pool and by the one that sends, in turns: each has seen the
     * other's operation begin or end.
     */
    private static final class Reader {

        private final Found.Large file;
        private final List<Part> parts;
        private @Nullable FileChannel channel;
        private int part;
        private long done;

        Reader(Found.Large file, List<Part> parts) {
            this.file = file;
            this.parts = parts;
        }

        boolean hasMore() {
            return part < parts.size();
        }

        /** Reads the next piece, of one part, and closes the file behind the last one. */
        int fill(Buffer buffer) throws IOException {
            FileChannel open = channel;
            if (open == null) {
                open = open();
                channel = open;
            }
            ByteRange range = parts.get(part).range;
            int count = (int) Math.min(buffer.capacity(), range.length() - done);
            ByteBuffer view = buffer.view();
            if (!FileTree.fill(open, view.limit(count).position(0), range.from() + done)) {
                throw new IOException(file.path() + " has become shorter while it was sent");
            }
            done += count;
            if (done == range.length()) {
                part++;
                done = 0;
            }
            if (!hasMore()) {
                close();
            }
            return count;
        }

        /** What is open is what was announced if, afterwards, that file is still at that path, and no shorter. */
        private FileChannel open() throws IOException {
            FileChannel opened = FileTree.open(file.path());
            try {
                FileVersion now = FileVersion.of(FileTree.attributes(file.path()));
                if (Objects.equals(now.key(), file.version().key())
                        && now.sizeBytes() >= file.version().sizeBytes()) {
                    return opened;
                }
            } catch (IOException | RuntimeException failure) {
                opened.close();
                throw failure;
            }
            opened.close();
            throw new IOException(file.path() + " was replaced after its size had been announced");
        }

        void close() throws IOException {
            if (channel != null) {
                channel.close();
            }
        }
    }
}
