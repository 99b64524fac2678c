package dev.pumasi.web;

import dev.pumasi.http.BodyOutput;
import dev.pumasi.http.BodyWriter;
import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.Offload;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * Compresses a body on its way (RFC 1952). What takes long is computed on the threads of an {@link Offload}, so that the loop goes on with
 * others; if too much waits there it is computed in place.
 */
final class GzipOutput extends BodyOutput {

    /** The magic number, deflate, no flags, no time, no system. */
    static final byte[] HEADER = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, (byte) 0xff};

    /** More at a time is read of a file by nobody. */
    private static final int PIECE_BYTES = 64 * 1024;

    /** Less than this is not worth the way to another thread: it takes some ten microseconds. */
    private static final int OFFLOADED_BYTES_MIN = 4 * 1024;

    /** Those who compress, and how many streams may be compressed at a time. */
    static final class Workers {

        /** Each stream holds a deflater of some 260 KiB. */
        static final int STREAMS_MAX = 256;

        private final Offload offload;
        private final AtomicInteger streams = new AtomicInteger();

        Workers(Offload offload) {
            this.offload = offload;
        }

        /** Whether another body may be compressed; a stream must {@link #end}. */
        boolean begin(boolean stream) {
            if (stream && streams.incrementAndGet() > STREAMS_MAX) {
                streams.decrementAndGet();
                return false;
            }
            return true;
        }

        void end() {
            streams.decrementAndGet();
        }
    }

    /** Writes what another writer writes, compressed. */
    static final class Writer implements BodyWriter {

        private final BodyWriter plain;
        private final int level;
        private final Workers workers;

        Writer(BodyWriter plain, int level, Workers workers) {
            this.plain = plain;
            this.level = level;
            this.workers = workers;
        }

        @Override
        public void writeTo(BodyOutput out) throws Exception {
            GzipOutput compressed = new GzipOutput(out, level, workers.offload);
            try {
                plain.writeTo(compressed);
                compressed.finish();
            } finally {
                compressed.deflater.end();
                workers.end();
            }
        }

        @Override
        public void discard() {
            workers.end();
            plain.discard();
        }
    }

    private final BodyOutput out;
    private final Offload offload;
    private final Deflater deflater;
    private final CRC32 sum = new CRC32();
    private final byte[] made = new byte[PIECE_BYTES];
    private long length;
    private boolean begun;

    private GzipOutput(BodyOutput out, int level, Offload offload) {
        this.out = out;
        this.offload = offload;
        deflater = new Deflater(level, true);
    }

    @Override
    public void write(byte[] bytes, int offset, int count) throws IOException {
        begin();
        sum.update(bytes, offset, count);
        length += count;
        deflater.setInput(bytes, offset, count);
        while (!deflater.needsInput()) {
            step(count, Deflater.NO_FLUSH);
        }
    }

    @Override
    public void write(Buffer bytes, int offset, int count) throws IOException {
        write(bytes.bytes(offset, count), 0, count);
    }

    @Override
    public void write(AsyncFile file, long position, long count) throws IOException {
        byte[] piece = new byte[(int) Math.min(PIECE_BYTES, Math.max(1, count))];
        long at = position;
        long end = position + count;
        while (at < end) {
            int read = file.read(at, piece, 0, (int) Math.min(piece.length, end - at));
            if (read <= 0) {
                throw new IOException(file.path() + " has become shorter while it was sent");
            }
            write(piece, 0, read);
            at += read;
        }
    }

    @Override
    public void flush() throws IOException {
        begin();
        int count;
        do {
            count = deflater.deflate(made, 0, made.length, Deflater.SYNC_FLUSH);
            out.write(made, 0, count);
        } while (count == made.length);
        out.flush();
    }

    private void begin() throws IOException {
        if (!begun) {
            begun = true;
            out.write(HEADER);
        }
    }

    private void finish() throws IOException {
        begin();
        deflater.finish();
        while (!deflater.finished()) {
            step(0, Deflater.NO_FLUSH);
        }
        out.write(Compression.trailer(sum.getValue(), length));
    }

    private void step(int size, int flush) throws IOException {
        int count;
        if (size >= OFFLOADED_BYTES_MIN) {
            count = elsewhere(flush);
        } else {
            count = deflater.deflate(made, 0, made.length, flush);
        }
        out.write(made, 0, count);
    }

    private int elsewhere(int flush) throws IOException {
        Integer done = null;
        if (Thread.currentThread().isVirtual() && offload.status().waiting() < offload.waitingMax() / 2) {
            done = offload.call(() -> deflater.deflate(made, 0, made.length, flush));
        }
        return done == null ? deflater.deflate(made, 0, made.length, flush) : done;
    }
}
