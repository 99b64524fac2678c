package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Errno;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
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
 * Failure#REJECTED}, so a slow disk makes callers fail instead of memory grow.
 *
 * <p><b>Cancelling and deadlines</b> ({@link Operation#within}). What has not begun is taken back. What has begun runs to its
 * end, for it may be writing into memory of its caller's, and the operation ends with it. Work that shares no memory with
 * its caller says so ({@link #submitAbandonable}); it is left behind, and the operation ends at once.
 *
 * <p><b>What it will not do.</b> It has no priorities, it starts no thread for one that hangs, and its threads are no place
 * to compute: they are as few as a disk can keep busy.
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

    private static final AtomicInteger NAMES = new AtomicInteger();

    private final LinkedTransferQueue<Runnable> queue = new LinkedTransferQueue<>();
    private final int waitingMax;
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicInteger abandoned = new AtomicInteger();
    private final LongAdder done = new LongAdder();
    private final LongAdder rejected = new LongAdder();
    private final List<Thread> threads;
    private final String name;
    private final Figures.Offer figures;
    private volatile boolean closed;

    private Offload(String name, int threadCount, int waitingMax) {
        if (threadCount < 1 || threadCount > THREADS_MAX) {
            throw new IllegalArgumentException("between 1 and " + THREADS_MAX + " threads, not " + threadCount);
        }
        if (waitingMax < 1) {
            throw new IllegalArgumentException("at least one must be able to wait, not " + waitingMax);
        }
        this.name = name;
        this.waitingMax = waitingMax;
        threads = IntStream.range(0, threadCount)
                .mapToObj(i -> Thread.ofPlatform()
                        .name("pumasi-offload-" + i)
                        .daemon()
                        .inheritInheritableThreadLocals(false)
                        .unstarted(this::serve))
                .toList();
        try {
            threads.forEach(Thread::start);
        } catch (OutOfMemoryError noThread) { // what the JVM throws when the system has none left
            closed = true;
            threads.forEach(_ -> queue.offer(Last.WORK)); // those that have begun leave
            throw noThread;
        }
        figures = Figures.offer(this, pool -> List.of(pool.row()));
    }

    /** Opens a pool of {@link #THREADS_DEFAULT} threads. */
    public static Offload open() {
        return open(THREADS_DEFAULT, WAITING_DEFAULT);
    }

    /** Opens a pool of {@code threads} daemon threads, for which at most {@code waitingMax} pieces of work may wait. */
    public static Offload open(int threads, int waitingMax) {
        return open("offload-" + NAMES.incrementAndGet(), threads, waitingMax);
    }

    /** The same, with a name by which its {@linkplain Figures figures} are known; others may have the same. */
    public static Offload open(String name, int threads, int waitingMax) {
        return new Offload(name, threads, waitingMax);
    }

    /**
     * Runs {@code work} on one of the threads. Never blocks.
     *
     * @param loop where the operation ends, and those who wait for it are told
     * @return fails with what {@code work} throws; with {@link Failure#REJECTED} if too much is waiting, {@link
     *     Failure#CANCELLED} if it was cancelled before it began, {@link Failure#CLOSED} if the pool was closed before
     */
    public <T extends @Nullable Object> Operation<T> submit(Loop loop, Callable<T> work) {
        return new Work<>(loop, work, false).started();
    }

    /**
     * As {@link #submit}, for work all of whose memory is its own. Cancelled or out of time, the operation ends at once, also
     * when the work has begun: its thread is interrupted, and what it comes to all the same is dropped, and closed if it is
     * {@link AutoCloseable}. A thread that hears no interrupt stays occupied until the work ends.
     */
    public <T extends @Nullable Object> Operation<T> submitAbandonable(Loop loop, Callable<T> work) {
        return new Work<>(loop, work, true).started();
    }

    /**
     * Direct style: runs {@code work} on one of the threads, and parks the calling green thread meanwhile. A thread that no
     * loop carries may block itself: there the work runs inside this call.
     *
     * @throws IOException what {@code work} throws, or with which {@link #submit} fails
     * @throws IllegalStateException on a loop's own thread, outside a green one
     */
    public <T extends @Nullable Object> T call(Callable<T> work) throws IOException {
        Loop here = Loop.current().orElse(null);
        if (here != null) {
            return submit(here, work).await();
        }
        try {
            return work.call();
        } catch (Exception failure) {
            throw Operation.rethrown(failure);
        }
    }

    /** How many pieces of work may wait. */
    public int waitingMax() {
        return waitingMax;
    }

    /** Figures, as of about now. */
    public OffloadStatus status() {
        return new OffloadStatus(threads.size(), waiting.get(), done.sum(), rejected.sum(), abandoned.get());
    }

    private Figures.Row row() {
        OffloadStatus now = status();
        return new Figures.Row(
                "offload",
                name,
                List.of(
                        Figures.Figure.level("threads", now.threads()),
                        Figures.Figure.level("waiting", now.waiting()),
                        Figures.Figure.level("waiting_max", waitingMax),
                        Figures.Figure.count("done", now.done()),
                        Figures.Figure.count("rejected", now.rejected()),
                        Figures.Figure.level("abandoned", now.abandoned())));
    }

    /**
     * Takes no more, fails what has not begun, and waits for what has; after 5 s that is interrupted. Blocks; not for a loop's thread.
     */
    @Override
    public void close() {
        figures.close();
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

    /** How far a piece of work has come; each step is taken by compare-and-set, by its thread or by its loop. */
    private enum Phase {
        /** In the queue, or just taken out of it. */
        WAITING,
        RUNNING,
        /** Given up; its loop is about to interrupt the thread, which must not go on to other work before. */
        INTERRUPTING,
        ABANDONED,
        /** Its outcome is on the way to its loop. */
        OVER
    }

    /** One piece of work: in the queue, then with a thread, then posted to its loop. */
    private final class Work<T extends @Nullable Object> extends Operation<T> implements Runnable {

        private final Callable<T> body;
        private final boolean abandonable;
        private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.WAITING);

        /** Who runs it. Written before the phase becomes RUNNING, read by who has seen that. */
        private @Nullable Thread runner;

        /** Its number in its loop's recording; 0 if nobody records. Written before it is queued. */
        private long recorded;

        /** When the thread began and ended, if it is recorded; the loop's queue orders them before it reads them. */
        private long begunNanos;

        private long doneNanos;

        Work(Loop loop, Callable<T> body, boolean abandonable) {
            super(loop);
            this.body = body;
            this.abandonable = abandonable;
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
            LoopRecording notes = loop().recording();
            if (notes != null) {
                recorded = notes.number();
                notes.then(RecordedKind.OFFLOAD_HANDED_OVER, 0, recorded);
            }
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
            runner = Thread.currentThread();
            if (!phase.compareAndSet(Phase.WAITING, Phase.RUNNING)) {
                return;
            }
            if (recorded != 0) {
                begunNanos = loop().driver().clock().nanoTime();
            }
            Outcome<T> outcome;
            try {
                outcome = new Success<>(body.call());
            } catch (Throwable failure) {
                outcome = new Failed<>(failure);
            }
            if (recorded != 0) {
                doneNanos = loop().driver().clock().nanoTime();
            }
            done.increment();
            if (phase.compareAndSet(Phase.RUNNING, Phase.OVER)) {
                report(outcome);
            } else {
                drop(outcome);
            }
        }

        private void report(Outcome<T> outcome) {
            loop().execute(() -> {
                loop().leave(this);
                noteReturn();
                switch (outcome) {
                    case Success<T>(T value) -> succeed(value);
                    case Failed<T>(Throwable failure) -> fail(failure);
                }
            });
        }

        private void noteReturn() {
            LoopRecording notes = loop().recording();
            Thread ranOn = runner;
            if (notes != null && recorded != 0 && ranOn != null) {
                int label = Labels.of(ranOn.getName());
                notes.at(begunNanos, RecordedKind.OFFLOAD_BEGUN, label, recorded);
                notes.at(doneNanos, RecordedKind.OFFLOAD_DONE, label, recorded);
                notes.then(RecordedKind.OFFLOAD_RETURNED, 0, recorded);
            }
        }

        /** Nobody waits for it any more. The interrupt must be over before the thread takes on something else. */
        private void drop(Outcome<T> outcome) {
            while (phase.get() == Phase.INTERRUPTING) {
                Thread.onSpinWait();
            }
            Thread.interrupted();
            if (outcome instanceof Success<T>(T value) && value instanceof AutoCloseable left) {
                try {
                    left.close();
                } catch (Exception failure) {
                    loop().report("closing what came too late", failure);
                }
            }
            abandoned.decrementAndGet();
        }

        @Override
        void requestCancel() {
            boolean takenBack = queue.remove(this);
            if (takenBack) {
                waiting.decrementAndGet();
            }
            if (takenBack || abandonable && abandon()) {
                loop().leave(this);
                failWith(-Errno.ECANCELED);
            }
        }

        /** False if its outcome is on the way. */
        private boolean abandon() {
            if (phase.compareAndSet(Phase.WAITING, Phase.ABANDONED)) {
                return true; // a thread has taken it, and finds that it need not begin
            }
            Thread running = runner;
            if (running == null || !phase.compareAndSet(Phase.RUNNING, Phase.INTERRUPTING)) {
                return false;
            }
            abandoned.incrementAndGet();
            running.interrupt();
            phase.set(Phase.ABANDONED);
            return true;
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
