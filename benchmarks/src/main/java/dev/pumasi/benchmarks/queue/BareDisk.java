package dev.pumasi.benchmarks.queue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Nothing but {@code pwrite} and {@code fdatasync} in turn, into a file that was filled with zeros before: what the disk can do.
 * With several publishers, the records of all of them as one write.
 */
record BareDisk() implements Contender {

    private static final int FILE_BYTES = 64 << 20;
    private static final int CHUNK_BYTES = 1 << 20;

    @Override
    public String name() {
        return "bare write + sync";
    }

    @Override
    public long run(Path folder, int publishers, int bytes, long nanos) throws IOException {
        ByteBuffer batch = ByteBuffer.allocateDirect(publishers * bytes);
        try (FileChannel file =
                FileChannel.open(folder.resolve("bare"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer zeros = ByteBuffer.allocateDirect(CHUNK_BYTES);
            for (int at = 0; at < FILE_BYTES; at += CHUNK_BYTES) {
                file.write(zeros.clear(), at);
            }
            file.force(true);
            long begin = System.nanoTime();
            long done = 0;
            long at = 0;
            while (System.nanoTime() - begin < nanos) {
                file.write(batch.clear(), at);
                file.force(false);
                at += batch.capacity();
                if (at + batch.capacity() > FILE_BYTES) {
                    at = 0;
                }
                done += publishers;
            }
            return done;
        }
    }
}
