package dev.pumasi.benchmarks.queue;

import dev.pumasi.queue.Message;
import dev.pumasi.queue.Publisher;
import dev.pumasi.queue.Queue;
import dev.pumasi.queue.Retention;
import dev.pumasi.queue.TopicSettings;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The embedded log; each publisher a green thread of the queue's loop that waits for each of its messages.
 *
 * @param write past the page cache ({@code direct}, as it comes) or through it ({@code cached})
 */
record PumasiQueue(String write) implements Contender {

    @Override
    public String name() {
        return write.equals("direct") ? "Pumasi, embedded log" : "Pumasi, embedded log, write=" + write;
    }

    @Override
    public long run(Path folder, int publishers, int bytes, long nanos) throws Exception {
        AtomicLong done = new AtomicLong();
        try (LoopGroup loops = LoopGroup.start("queue", 1, "auto")) {
            Loop loop = loops.next();
            try (Queue queue = Queue.open(loop, "log:" + folder.resolve("pumasi") + "?write=" + write)) {
                Publisher publisher = queue.topic(
                                "t", TopicSettings.DEFAULT.withRetention(Retention.DEFAULT.withBytesMax(512 << 20)))
                        .publisher();
                byte[] body = new byte[bytes];
                publisher.publish(Message.of(body));
                long begin = System.nanoTime();
                List<Thread> threads = new ArrayList<>();
                for (int i = 0; i < publishers; i++) {
                    threads.add(loop.spawn(() -> {
                        long count = 0;
                        for (publisher.publish(Message.of(body));
                                System.nanoTime() - begin < nanos;
                                publisher.publish(Message.of(body))) {
                            count++;
                        }
                        done.addAndGet(count);
                    }));
                }
                for (Thread thread : threads) {
                    thread.join();
                }
                if (loop.status().hops() > 0) {
                    throw new IllegalStateException(loop.status().hops() + " hops");
                }
            }
        }
        return done.get();
    }
}
