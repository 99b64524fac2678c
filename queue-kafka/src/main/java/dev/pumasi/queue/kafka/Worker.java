package dev.pumasi.queue.kafka;

import java.time.Duration;
import java.util.concurrent.LinkedTransferQueue;

/**
 * A thread that may block, for calls of Kafka's client: does what it is told, in order. Its queue has no lock, so who tells it may be a
 * loop or a green thread. It holds no more than what the queue's other limits let through.
 */
final class Worker {

    private static final Runnable LAST = () -> {};

    private final LinkedTransferQueue<Runnable> tasks = new LinkedTransferQueue<>();
    private final Thread thread;

    Worker(String name) {
        thread = Thread.ofPlatform()
                .name("pumasi-kafka-" + name)
                .daemon()
                .inheritInheritableThreadLocals(false)
                .start(this::work);
    }

    /** Any thread; does not wait. What comes after the end is not done. */
    void post(Runnable task) {
        tasks.offer(task);
    }

    /** Ends when all has been done that came before. */
    void end() {
        tasks.offer(LAST);
    }

    /** Waits until it has ended; after {@code patience} it is interrupted. Not for a loop. */
    void join(Duration patience) {
        try {
            if (!thread.join(patience)) {
                thread.interrupt();
            }
        } catch (InterruptedException hurry) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
    }

    private void work() {
        boolean more = true;
        while (more) {
            try {
                Runnable next = tasks.take();
                more = next != LAST;
                next.run();
            } catch (InterruptedException hurry) {
                more = false;
            }
        }
    }
}
