package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One driver's way to the {@link FileThreads} and back. Tasks go there through their queue, and come back through a list
 * of this driver's own, which its next poll takes as a whole. Only the thread that finds the list empty wakes the driver:
 * one system call, however many tasks end before the driver looks.
 *
 * <p>At most {@link FileOperations#WAITING_MAX} tasks are on their way at once, and that many objects are kept for reuse.
 *
 * <p>Belongs to its driver's thread, but for {@link #run}.
 */
final class FilePool {

    /** What one fetch for a socket reads at most. */
    static final int FETCH_BYTES = 64 * 1024;

    /** In case the file is one for direct access. */
    static final int FETCH_ALIGNMENT = 4096;

    /** How many buffers for fetching are kept while they are not in use. */
    private static final int FETCH_BUFFERS_KEPT_MAX = 16;

    /** How long {@link #close} waits for calls that have begun, since they may be writing into somebody's memory. */
    private static final long CLOSE_NANOS_MAX = 5_000_000_000L;

    private static final long CLOSE_STEP_NANOS = 1_000_000;
    private static final VarHandle FINISHED;

    static {
        try {
            FINISHED = MethodHandles.lookup().findVarHandle(FilePool.class, "finished", FileTask.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private final FileCalls calls;
    private final Runnable wake;
    private final ArrayDeque<FileTask> unused = new ArrayDeque<>();

    /** Threads take from it, and make what is missing; the driver puts back. */
    private final ConcurrentLinkedQueue<Buffer> fetchBuffers = new ConcurrentLinkedQueue<>();

    private final AtomicInteger fetchBuffersKept = new AtomicInteger();
    private boolean hasEntered;
    private int inProgress;

    /**
     * The tasks that are over, the last one first. Threads push with compare-and-set, which releases what they wrote; the
     * driver takes all with get-and-set, which acquires it.
     */
    @SuppressWarnings("unused") // through FINISHED
    private volatile @Nullable FileTask finished;

    /** @param wake ends the driver's wait; any thread calls it */
    FilePool(FileCalls calls, Runnable wake) {
        this.calls = calls;
        this.wake = wake;
    }

    /** A task to fill in; null if too many are on their way. */
    @Nullable
    FileTask take(FileTask.Kind kind, long token) {
        return inProgress < FileOperations.WAITING_MAX ? takeAnyway(kind, token) : null;
    }

    /** A task to fill in, for what is limited in another way. */
    FileTask takeAnyway(FileTask.Kind kind, long token) {
        inProgress++;
        FileTask task = unused.isEmpty() ? new FileTask(this) : unused.pop();
        task.kind = kind;
        task.token = token;
        return task;
    }

    void submit(FileTask task) {
        if (!hasEntered) {
            hasEntered = true;
            FileThreads.SHARED.enter();
        }
        OpenFile file = task.file;
        if (file != null) {
            file.calls++;
        }
        OpenFile target = task.targetFolder;
        if (target != null) {
            target.calls++;
        }
        task.isSubmitted = true;
        task.waits();
        FileThreads.SHARED.submit(task);
    }

    /** A task whose end the driver has dealt with, or which was never submitted. */
    void giveBack(FileTask task) {
        inProgress--;
        OpenFile file = task.file;
        if (file != null && task.isSubmitted) {
            file.calls--;
        }
        OpenFile target = task.targetFolder;
        if (target != null && task.isSubmitted) {
            target.calls--;
        }
        Buffer fetched = task.kind == FileTask.Kind.FETCH ? task.buffer : null;
        if (fetched != null && fetchBuffersKept.get() < FETCH_BUFFERS_KEPT_MAX) {
            fetchBuffersKept.incrementAndGet();
            fetchBuffers.offer(fetched);
        }
        task.clear();
        if (unused.size() < FileOperations.WAITING_MAX) {
            unused.push(task);
        }
    }

    /** On a thread of the pool. */
    void run(FileTask task, FileThread thread) {
        if (task.begins()) {
            try {
                if (task.kind == FileTask.Kind.FETCH) {
                    task.buffer = fetchBuffer();
                }
                task.result = calls.make(task, thread);
            } catch (RuntimeException | Error bug) {
                // The operation must end, and the thread goes on for others.
                System.getLogger("dev.pumasi.runtime.driver")
                        .log(System.Logger.Level.ERROR, "a call on a file threw: " + task.kind, bug);
                task.result = -Errno.EIO;
            }
        }
        FileTask before;
        do {
            before = finished;
            task.next = before;
        } while (!FINISHED.compareAndSet(this, before, task));
        if (before == null) {
            wake.run();
        }
    }

    private Buffer fetchBuffer() {
        Buffer kept = fetchBuffers.poll();
        if (kept == null) {
            return Buffer.allocate(FETCH_BYTES, FETCH_ALIGNMENT);
        }
        fetchBuffersKept.decrementAndGet();
        return kept;
    }

    /** The tasks that are over, linked by {@link FileTask#next} in the order in which they ended; null if there are none. */
    @Nullable
    FileTask takeFinished() {
        FileTask last = finished == null ? null : (FileTask) FINISHED.getAndSet(this, (FileTask) null);
        FileTask first = null;
        while (last != null) {
            FileTask before = last.next;
            last.next = first;
            first = last;
            last = before;
        }
        return first;
    }

    /**
     * Waits for the calls that have begun; the caller has cancelled the others.
     *
     * @param dispose what is to be done with each task that ends
     */
    void close(Consumer<FileTask> dispose) {
        long deadlineNanos = System.nanoTime() + CLOSE_NANOS_MAX;
        while (inProgress > 0 && System.nanoTime() - deadlineNanos < 0) {
            FileTask task = takeFinished();
            if (task == null) {
                LockSupport.parkNanos(CLOSE_STEP_NANOS);
            }
            while (task != null) {
                FileTask next = task.next;
                dispose.accept(task);
                giveBack(task);
                task = next;
            }
        }
        if (hasEntered) {
            hasEntered = false;
            FileThreads.SHARED.leave();
        }
    }
}
