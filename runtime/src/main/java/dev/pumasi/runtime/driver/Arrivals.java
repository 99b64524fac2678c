package dev.pumasi.runtime.driver;

import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * What other threads have done for a driver, on its way to the driver's thread. Its length is bounded by what was asked
 * of them. The queue orders what a thread did before {@link #add} before what the driver does with it.
 */
final class Arrivals {

    private final ConcurrentLinkedQueue<Runnable> queue = new ConcurrentLinkedQueue<>();

    /** Any thread; who adds then wakes the driver. */
    void add(Runnable task) {
        queue.add(task);
    }

    /** In each poll, before the driver looks whether it may wait: what is added later ends the wait. */
    void run() {
        for (Runnable task = queue.poll(); task != null; task = queue.poll()) {
            task.run();
        }
    }
}
