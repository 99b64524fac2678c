package dev.pumasi.runtime.driver;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The threads that wait for disks, one set for the whole process: what they wait for is shared by all loops anyway, and a
 * set for each loop would be many that are idle. They are started one by one, when there is more to do than there are
 * threads, up to {@value #THREADS_PER_PROCESSOR} for each processor and at least 16; they end after a while without work,
 * and at once when the last driver that used them is closed.
 *
 * <p>Nothing here takes a lock, for a loop's thread may be carrying a green one: whoever submits offers to a queue and,
 * now and then, starts a thread. <b>No task stays behind:</b> who submits counts the task, then looks at the number of
 * threads; a thread that leaves counts itself off, then looks for tasks. Both are sequentially consistent, so one of the
 * two sees the other.
 */
final class FileThreads {

    static final int THREADS_PER_PROCESSOR = 4;

    /** Disks answer in parallel, however few processors there are; beyond this, threads only queue up in the kernel. */
    static final int THREADS_MAX =
            Math.clamp((long) THREADS_PER_PROCESSOR * Runtime.getRuntime().availableProcessors(), 16, 64);

    static final String THREAD_NAME = "pumasi-files-";

    private static final long IDLE_SECONDS_MAX = 10;

    /** How long the end of the last driver waits for threads that a disk keeps. */
    private static final Duration LEAVE_PATIENCE = Duration.ofSeconds(2);

    static final FileThreads SHARED = new FileThreads();

    private final LinkedTransferQueue<Object> queue = new LinkedTransferQueue<>();
    private final AtomicInteger users = new AtomicInteger();
    private final AtomicInteger unfinished = new AtomicInteger();
    private final AtomicInteger count = new AtomicInteger();
    private final AtomicInteger numbers = new AtomicInteger();
    /** Not a concurrent map: that has monitors, and whoever submits may be a green thread, which then hops. */
    private final Queue<Thread> threads = new ConcurrentLinkedQueue<>();

    private FileThreads() {}

    /** A driver will submit tasks, until it says {@link #leave}. */
    void enter() {
        users.incrementAndGet();
    }

    /** The last one to leave sends the threads away, and waits for them. Blocks; the loop that calls this is over. */
    void leave() {
        if (users.decrementAndGet() > 0) {
            return;
        }
        Thread[] leaving = threads.toArray(Thread[]::new);
        for (Thread ignored : leaving) {
            queue.offer(Leave.NOW);
        }
        long deadlineNanos = System.nanoTime() + LEAVE_PATIENCE.toNanos();
        boolean interrupted = false;
        for (Thread thread : leaving) {
            try {
                thread.join(Duration.ofNanos(Math.max(1, deadlineNanos - System.nanoTime())));
            } catch (InterruptedException hurry) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** How many tasks have not ended: for tests. */
    int unfinished() {
        return unfinished.get();
    }

    /** Never blocks. */
    void submit(FileTask task) {
        int unfinishedNow = unfinished.incrementAndGet();
        queue.offer(task);
        startIfFewerThan(Math.min(unfinishedNow, THREADS_MAX));
    }

    private void startIfFewerThan(int wanted) {
        int now = count.get();
        while (now < wanted) {
            if (count.compareAndSet(now, now + 1)) {
                Thread thread = Thread.ofPlatform()
                        .name(THREAD_NAME + numbers.incrementAndGet())
                        .daemon()
                        .inheritInheritableThreadLocals(false)
                        .unstarted(this::serve);
                threads.add(thread);
                thread.start();
                return;
            }
            now = count.get();
        }
    }

    private void serve() {
        FileThread own = new FileThread();
        try {
            boolean stays = true;
            while (stays) {
                Object next = next();
                if (next instanceof FileTask task) {
                    task.pool.run(task, own);
                    unfinished.decrementAndGet();
                } else {
                    stays = remains();
                }
            }
        } finally {
            threads.remove(Thread.currentThread());
        }
    }

    /** Nobody interrupts these threads; should it happen, it means nothing. */
    private @Nullable Object next() {
        while (true) {
            try {
                return queue.poll(IDLE_SECONDS_MAX, TimeUnit.SECONDS);
            } catch (InterruptedException stray) {
                // Looks again.
            }
        }
    }

    /** Counts this thread off; unless something was submitted meanwhile by somebody who thought that it is still there. */
    private boolean remains() {
        int left = count.decrementAndGet();
        if (unfinished.get() <= left) {
            return false;
        }
        while (left < THREADS_MAX) {
            if (count.compareAndSet(left, left + 1)) {
                return true;
            }
            left = count.get();
        }
        return false;
    }

    private enum Leave {
        NOW
    }
}
