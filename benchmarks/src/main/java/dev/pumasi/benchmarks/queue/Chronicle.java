package dev.pumasi.benchmarks.queue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.bytes.SyncMode;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;

/**
 * Chronicle Queue, told to sync, which is not what it was built for: it hands records over through memory that is mapped to a file.
 * One publisher appends and syncs itself. It has no sync that many share, so of many each hands its record to one thread, which appends
 * all that wait, syncs once ({@code msync}) and tells them. Its analytics are neither on the class path nor switched on.
 */
record Chronicle(Thread.Builder threads) implements Contender {

    @Override
    public String name() {
        return "Chronicle Queue 5.27ea5, `sync()` after each record, or all that wait";
    }

    @Override
    public long run(Path folder, int publishers, int bytes, long nanos) throws Exception {
        byte[] body = new byte[bytes];
        try (ChronicleQueue queue = SingleChronicleQueueBuilder.single(
                        folder.resolve("chronicle").toString())
                .syncMode(SyncMode.SYNC)
                .build()) {
            if (publishers == 1) {
                return Publishers.run(threads, publishers, nanos, () -> {
                    ExcerptAppender appender = queue.createAppender();
                    Bytes<?> record = Bytes.wrapForRead(body);
                    return () -> {
                        appender.writeBytes(record);
                        appender.sync();
                    };
                });
            }
            BlockingQueue<Handed> all = new LinkedBlockingQueue<>();
            Thread writer = Thread.ofPlatform().name("writer").start(() -> write(queue, all, publishers));
            try {
                return Publishers.run(threads, publishers, nanos, () -> () -> {
                    Handed mine = new Handed(Bytes.wrapForRead(body), new CompletableFuture<>());
                    all.add(mine);
                    mine.durable.get();
                });
            } finally {
                writer.interrupt();
                writer.join();
            }
        }
    }

    private record Handed(Bytes<?> record, CompletableFuture<Boolean> durable) {}

    /** Until it is interrupted. */
    private static void write(ChronicleQueue queue, BlockingQueue<Handed> all, int atOnce) {
        List<Handed> batch = new ArrayList<>();
        try {
            ExcerptAppender appender = queue.createAppender();
            while (true) {
                batch.add(all.take());
                all.drainTo(batch, atOnce - 1);
                for (Handed each : batch) {
                    appender.writeBytes(each.record);
                }
                appender.sync();
                batch.forEach(each -> each.durable.complete(true));
                batch.clear();
            }
        } catch (InterruptedException over) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException failed) {
            batch.forEach(each -> each.durable.completeExceptionally(failed));
        }
    }
}
