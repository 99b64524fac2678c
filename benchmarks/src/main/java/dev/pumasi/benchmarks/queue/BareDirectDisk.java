package dev.pumasi.benchmarks.queue;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * As {@link BareDisk}, past the page cache: {@code pwrite} with {@code O_DIRECT} of the whole blocks that the records lie in, the
 * last one again with the next write, and {@code fdatasync}. What our log does, without the log.
 */
record BareDirectDisk() implements Contender {

    private static final int FILE_BYTES = 64 << 20;
    private static final int CHUNK_BYTES = 1 << 20;
    private static final int BLOCK_BYTES = 4096;

    @Override
    public String name() {
        return "bare direct write of whole blocks + sync";
    }

    @Override
    public long run(Path folder, int publishers, int bytes, long nanos) throws IOException {
        int batch = publishers * bytes;
        ByteBuffer blocks = ByteBuffer.allocateDirect(batch + 3 * BLOCK_BYTES).alignedSlice(BLOCK_BYTES);
        try (FileChannel file = FileChannel.open(
                folder.resolve("direct"),
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.WRITE,
                ExtendedOpenOption.DIRECT)) {
            ByteBuffer zeros =
                    ByteBuffer.allocateDirect(CHUNK_BYTES + BLOCK_BYTES).alignedSlice(BLOCK_BYTES);
            for (int at = 0; at < FILE_BYTES; at += CHUNK_BYTES) {
                file.write(zeros.clear().limit(CHUNK_BYTES), at);
            }
            file.force(true);
            long begin = System.nanoTime();
            long done = 0;
            long at = 0;
            while (System.nanoTime() - begin < nanos) {
                long from = at - at % BLOCK_BYTES;
                long to = (at + batch + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
                file.write(blocks.clear().limit((int) (to - from)), from);
                file.force(false);
                at += batch;
                if (at + batch + BLOCK_BYTES > FILE_BYTES) {
                    at = 0;
                }
                done += publishers;
            }
            return done;
        }
    }
}
