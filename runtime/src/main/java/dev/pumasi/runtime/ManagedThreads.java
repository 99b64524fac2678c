package dev.pumasi.runtime;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import org.jspecify.annotations.Nullable;

/** What {@code java.management} knows of threads. Loaded only where that module is present. */
final class ManagedThreads {

    private ManagedThreads() {}

    /** Who holds the lock that {@code waiter}, a platform thread, waits for; green threads are found if they run on a loop. */
    static @Nullable Thread lockOwner(Thread waiter) {
        ThreadInfo info = ManagementFactory.getThreadMXBean().getThreadInfo(waiter.threadId());
        if (info == null || info.getLockOwnerId() < 0) {
            return null;
        }
        long owner = info.getLockOwnerId();
        if (waiter instanceof LoopThread loopThread && loopThread.loop != null) {
            for (Thread green : loopThread.loop.greenThreadList().all()) {
                if (green.threadId() == owner) {
                    return green;
                }
            }
        }
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.threadId() == owner)
                .findFirst()
                .orElse(null);
    }
}
