package dev.pumasi.benchmarks.queue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.activemq.artemis.core.io.nio.NIOSequentialFileFactory;
import org.apache.activemq.artemis.core.journal.impl.JournalImpl;

/**
 * The journal of ActiveMQ Artemis, without the broker around it: what it makes messages durable with. Type NIO, files filled
 * before, {@code fdatasync}. Several publishers share a sync through its timed buffer. Its installer sets the buffer's timeout to what a
 * synced write takes on the disk; so does this, for a disk with some 8,000 of them a second. One publisher alone needs no buffer.
 * Not tried: its other type, libaio with direct writes, which needs a native library beside the jar.
 */
record ArtemisJournal(Thread.Builder threads) implements Contender {

    private static final int FILE_BYTES = 64 << 20;
    private static final int FILES = 8;
    private static final int BUFFER_BYTES = 490 * 1024;
    private static final int BUFFER_TIMEOUT_NANOS = 120_000;
    private static final byte RECORD_TYPE = 1;

    @Override
    public String name() {
        return "ActiveMQ Artemis 2.42, journal alone (NIO), sync";
    }

    @Override
    public long run(Path folder, int publishers, int bytes, long nanos) throws Exception {
        File data = Files.createDirectories(folder.resolve("artemis")).toFile();
        NIOSequentialFileFactory files =
                new NIOSequentialFileFactory(data, publishers > 1, BUFFER_BYTES, BUFFER_TIMEOUT_NANOS, 1, false);
        JournalImpl journal = new JournalImpl(FILE_BYTES, FILES, FILES, 0, 0, files, "journal", "amq", 1);
        journal.start();
        journal.loadInternalOnly();
        try {
            AtomicLong ids = new AtomicLong();
            byte[] body = new byte[bytes];
            return Publishers.run(
                    threads,
                    publishers,
                    nanos,
                    () -> () -> journal.appendAddRecord(ids.incrementAndGet(), RECORD_TYPE, body, true));
        } finally {
            journal.stop();
        }
    }
}
