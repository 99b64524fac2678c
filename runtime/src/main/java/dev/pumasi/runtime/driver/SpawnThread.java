package dev.pumasi.runtime.driver;

import java.util.concurrent.LinkedTransferQueue;

/**
 * Where a driver's programs are started: a thread of its own, made when the first one is, gone with the driver.
 * Starting one blocks whoever does it until the program is loaded: within a millisecond usually, and as long as a disk
 * or a file server takes when it is not in memory. A loop cannot wait for that; two switches of threads, some ten
 * microseconds, are the price.
 *
 * <p>The queue has no lock: a green thread that met one would be woken by a foreign thread.
 */
final class SpawnThread {

    private final LinkedTransferQueue<Runnable> queue = new LinkedTransferQueue<>();
    private final Thread thread =
            Thread.ofPlatform().name("pumasi-spawn").daemon().unstarted(this::serve);
    private boolean ended;

    SpawnThread() {
        thread.start();
    }

    /** False if too many wait already. */
    boolean offer(Runnable work) {
        return queue.size() < ProcessOperations.WAITING_MAX && queue.offer(work);
    }

    /** Does what was asked for, and returns when it is done. */
    void close() {
        queue.offer(() -> ended = true);
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException stop) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void serve() {
        while (!ended) {
            try {
                queue.take().run();
            } catch (InterruptedException stray) {
                // Nobody has this thread to interrupt it.
                continue;
            }
        }
    }
}
