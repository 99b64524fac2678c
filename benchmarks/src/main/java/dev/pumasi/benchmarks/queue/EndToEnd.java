package dev.pumasi.benchmarks.queue;

import dev.pumasi.queue.Consumer;
import dev.pumasi.queue.Handling;
import dev.pumasi.queue.Message;
import dev.pumasi.queue.Publisher;
import dev.pumasi.queue.Queue;
import dev.pumasi.queue.Topic;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import org.HdrHistogram.Histogram;

/**
 * From the moment at which a message was to be published, to the moment at which the handler has it, at a given rate: in between it
 * became durable. A message that could not be sent in time counts from when it should have been (no coordinated omission).
 */
final class EndToEnd {

    static final long MICROS_MAX = 60_000_000;
    private static final Duration STEP = Duration.ofMillis(1);

    private EndToEnd() {}

    /** Latencies in microseconds, of what was to be published after the warm-up. */
    static Histogram measure(String write, Path folder, int perSecond, int bytes, long warmupNanos, long nanos)
            throws Exception {
        Histogram latencies = new Histogram(MICROS_MAX, 3);
        try (LoopGroup loops = LoopGroup.start("queue", 1, "auto")) {
            Loop loop = loops.next();
            try (Queue queue = Queue.open(loop, "log:" + folder.resolve("end-to-end") + "?write=" + write)) {
                Topic topic = queue.topic("t");
                Publisher publisher = topic.publisher();
                Consumer consumer = topic.consumer("g");
                long begin = System.nanoTime();
                Handling handling = consumer.handle(loop, 64, delivery -> {
                    long due = ByteBuffer.wrap(delivery.message().body()).getLong();
                    if (due - begin > warmupNanos) {
                        latencies.recordValue((System.nanoTime() - due) / 1000);
                    }
                });
                Thread clock = loop.spawn(() -> {
                    long sent = 0;
                    for (long now = 0; now < warmupNanos + nanos; now = System.nanoTime() - begin) {
                        while (sent < now * perSecond / 1_000_000_000L) {
                            long due = begin + sent * 1_000_000_000L / perSecond;
                            byte[] body = new byte[bytes];
                            ByteBuffer.wrap(body).putLong(due);
                            publisher.startPublish(Message.of(body));
                            sent++;
                        }
                        loop.sleep(STEP).await();
                    }
                });
                clock.join();
                while (topic.status().groups().getFirst().settledBefore()
                        < topic.status().nextSequence()) {
                    loop.sleep(STEP).await();
                }
                handling.close();
                handling.join();
            }
        }
        return latencies;
    }
}
