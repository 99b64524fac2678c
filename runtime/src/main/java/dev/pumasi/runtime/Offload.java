package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Errno;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Threads that block so that loops need not: a small pool for what the kernel offers no other way, files above all.
 *
 * <p><b>The way there and back.</b> {@link #submit} gives an operation of the caller's loop. Its work runs on one of the
 * pool's threads; the outcome is posted to the loop, and the loop ends the operation. So a green thread that awaits it is
 * woken by its own loop and never hops.
 *
 * <p><b>Locks.</b> The queue has none: a green thread that met a lock would park, and the thread that released the lock
 * would wake it, which is a hop. Workers sleep inside the queue, and who offers wakes one.
 *
 * <p><b>Limits.</b> At most {@link #waitingMax} pieces of work wait for a thread; more are refused at once with {@link
 * Failure#REJECTED}, so a slow disk makes callers fail instead of memory grow. What has not begun can be cancelled. What
 * has begun runs to its end, for it may be writing into a buffer of the operation's; the operation ends with it.
 *
 * <p><b>What it will not do.</b> It has no priorities and no deadlines of its own ({@link Operation#within} cancels what
 * has not begun), and its threads are no place to compute: they are as few as a disk can keep busy.
 *
 * <p>Any thread may call any method.
 */
public final class Offload implements AutoCloseable {

    /** How many pieces of work may wait unless another limit is given. */
    public static final int WAITING_DEFAULT = 4096;

    public static final int THREADS_MAX = 256;

    /** As many as are blocked at once without harm: disks answer in parallel, and processors must be kept busy as well. */
    public static final int THREADS_DEFAULT =
            Math.clamp(2L * Runtime.getRuntime().availableProcessors(), 4, THREADS_MAX);

    /** How long {@link #close} lets what has begun take before it interrupts it. */
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(5);

    private final LinkedTransferQueue<Runnable> queue = new LinkedTransferQueue<>();
    private final int waitingMax;
    private final AtomicInteger waiting = new AtomicInteger();
    private final LongAdder done = new LongAdder();
    private final LongAdder rejected = new LongAdder();
    private final List<Thread> threads;
    private volatile boolean closed;

    private Offload(int threadCount, int waitingMax) {
        if (threadCount < 1 || threadCount > THREADS_MAX) {
            throw new IllegalArgumentException("between 1 and " + THREADS_MAX + " threads, not " + threadCount);
        }
        if (waitingMax < 1) {
            throw new IllegalArgumentException("at least one must be able to wait, not " + waitingMax);
        }
        this.waitingMax = waitingMax;
        threads = IntStream.range(0, threadCount)
                .mapToObj(i -> Thread.ofPlatform()
                        .name("pumasi-offload-" + i)
                        .daemon()
                        .inheritInheritableThreadLocals(false)
                        .unstarted(this::serve))
                .toList();
        threads.forEach(Thread::start);
    }

    /** Opens a pool of {@link #THREADS_DEFAULT} threads. */
    public static Offload open() {
        return open(THREADS_DEFAULT, WAITING_DEFAULT);
    }

    /** Opens a pool of {@code threads} daemon threads, for which at most {@code waitingMax} pieces of work may wait. */
    public static Offload open(int threads, int waitingMax) {
        return new Offload(threads, waitingMax);
    }

    /**
     * Runs {@code work} on one of the threads. Never blocks.
     *
     * @param loop where the operation ends, and those who wait for it are told
     * @return fails with what {@code work} throws; with {@link Failure#REJECTED} if too much is waiting, {@link
     *     Failure#CANCELLED} if it was cancelled before it began, {@link Failure#CLOSED} if the pool was closed before
     */
    public <T extends @Nullable Object> Operation<T> submit(Loop loop, Callable<T> work) {
        return new Work<>(loop, work).started();
    }

    /** How many pieces of work may wait. */
    public int waitingMax() {
        return waitingMax;
    }

    /** Figures, as of about now. */
    public OffloadStatus status() {
        return new OffloadStatus(threads.size(), waiting.get(), done.sum(), rejected.sum());
    }

    /**
     * Takes no more, fails what has not begun, and waits for what has; after 5 s that is interrupted. Blocks; not for a loop's thread.
     */
    @Override
    public void close() {
        closed = true;
        for (Runnable left = queue.poll(); left != null; left = queue.poll()) {
            if (left instanceof Work<?> work) {
                work.refuse(Failure.CLOSED);
            }
        }
        threads.forEach(_ -> queue.offer(Last.WORK));
        long deadlineNanos = System.nanoTime() + CLOSE_PATIENCE.toNanos();
        boolean interrupted = false;
        for (Thread thread : threads) {
            try {
                if (!thread.join(Duration.ofNanos(Math.max(1, deadlineNanos - System.nanoTime())))) {
                    thread.interrupt();
                }
            } catch (InterruptedException hurry) {
                interrupted = true;
                thread.interrupt();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** What each thread does until it finds {@link Last#WORK}. */
    private void serve() {
        boolean more = true;
        while (more) {
            try {
                Runnable next = queue.take();
                more = next != Last.WORK;
                next.run();
            } catch (InterruptedException stray) {
                // Work that was interrupted, or interrupted itself, has left this behind; nobody else interrupts us.
                more = !closed;
            }
        }
    }

    /** Tells a thread to leave. */
    private enum Last implements Runnable {
        WORK;

        @Override
        public void run() {}
    }

    /** One piece of work: in the queue, then with a thread, then posted to its loop. */
    private final class Work<T extends @Nullable Object> extends Operation<T> implements Runnable {

        private final Callable<T> body;

        Work(Loop loop, Callable<T> body) {
            super(loop);
            this.body = body;
        }

        @Override
        void start() {
            if (waiting.incrementAndGet() > waitingMax) {
                waiting.decrementAndGet();
                rejected.increment();
                fail(new OperationException(describe(), Failure.REJECTED));
                return;
            }
            loop().enter(this); // so that a loop which stops cancels it, or waits for it
            queue.offer(this);
            // Looked at after the offer, as close() drains after it has set it: one of the two finds what came between.
            if (closed && queue.remove(this)) {
                refuse(Failure.CLOSED);
            }
        }

        /** On a thread of the pool. The loop's queue orders what was done here before what the loop does with it. */
        @Override
        public void run() {
            waiting.decrementAndGet();
            try {
                T value = body.call();
                done.increment();
                loop().execute(() -> {
                    loop().leave(this);
                    succeed(value);
                });
            } catch (Throwable failure) {
                done.increment();
                loop().execute(() -> {
                    loop().leave(this);
                    fail(failure);
                });
            }
        }

        @Override
        void requestCancel() {
            if (queue.remove(this)) {
                waiting.decrementAndGet();
                loop().leave(this);
                failWith(-Errno.ECANCELED);
            }
        }

        /** It was taken out of the queue, and will not run. */
        void refuse(Failure why) {
            waiting.decrementAndGet();
            loop().run(() -> {
                loop().leave(this);
                fail(new OperationException(describe(), why));
            });
        }

        @Override
        String describe() {
            return "run a task on the offload pool";
        }
    }
}
