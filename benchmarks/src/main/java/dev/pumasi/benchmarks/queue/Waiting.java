package dev.pumasi.benchmarks.queue;

import dev.pumasi.queue.Consumer;
import dev.pumasi.queue.Message;
import dev.pumasi.queue.Position;
import dev.pumasi.queue.Publisher;
import dev.pumasi.queue.Queue;
import dev.pumasi.queue.Topic;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Operation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How much memory a queue takes with many messages that nobody has read yet: heap in use after a collection. */
final class Waiting {

    private static final int AT_ONCE = 10_000;

    private Waiting() {}

    /** Heap in bytes, by how many messages wait. */
    static Map<Long, Long> measure(Path folder, int bytes, long... counts) throws Exception {
        Map<Long, Long> heaps = new LinkedHashMap<>();
        try (LoopGroup loops = LoopGroup.start("queue", 1, "auto")) {
            Loop loop = loops.next();
            try (Queue queue = Queue.open(loop, "log:" + folder.resolve("waiting"))) {
                Topic topic = queue.topic("t");
                Consumer consumer = topic.consumer("g");
                Publisher publisher = topic.publisher();
                byte[] body = new byte[bytes];
                long published = 0;
                for (long count : counts) {
                    while (published < count) {
                        int more = (int) Math.min(AT_ONCE, count - published);
                        List<Operation<Position>> operations = new ArrayList<>(more);
                        for (int i = 0; i < more; i++) {
                            operations.add(publisher.startPublish(Message.of(body)));
                        }
                        for (Operation<Position> operation : operations) {
                            operation.await();
                        }
                        published += more;
                    }
                    consumer.take().reject("only to look", java.time.Duration.ZERO);
                    heaps.put(count, heapBytes());
                }
            }
        }
        return heaps;
    }

    private static long heapBytes() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            System.gc();
            least = Math.min(
                    least,
                    Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
        }
        return least;
    }
}
