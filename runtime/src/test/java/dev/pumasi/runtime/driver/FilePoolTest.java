package dev.pumasi.runtime.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The pool with calls that take as long as the test wants. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class FilePoolTest {

    private static final long LEAVE_NANOS_MAX = 8_000_000_000L;

    /** Each call waits for a permit. */
    private static final class SlowCalls implements FileCalls {

        final Semaphore begun = new Semaphore(0);
        final Semaphore mayEnd = new Semaphore(0);

        @Override
        public int prepare(FileTask task) {
            return 0;
        }

        @Override
        public int make(FileTask task, FileThread thread) {
            begun.release();
            mayEnd.acquireUninterruptibly();
            if (task.detail < 0) {
                throw new IllegalStateException("asked for");
            }
            return task.detail;
        }

        @Override
        public int statusNow(OpenFile file, Buffer control) {
            return LATER;
        }

        @Override
        public void close(OpenFile file) {}
    }

    private final SlowCalls calls = new SlowCalls();
    private final AtomicInteger wakes = new AtomicInteger();
    private final FilePool pool = new FilePool(calls, wakes::incrementAndGet);

    @AfterEach
    void nothingIsLeft() {
        calls.mayEnd.release(100_000);
        pool.close(_ -> {});
        assertNoThreads();
    }

    /** Soon: closing waits for them, but not for a machine that stands still. They would leave without work as well, later. */
    private static void assertNoThreads() {
        long begin = System.nanoTime();
        while (!threads().isEmpty() && System.nanoTime() - begin < LEAVE_NANOS_MAX) {
            LockSupport.parkNanos(1_000_000);
        }
        assertEquals(List.of(), threads());
    }

    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith(FileThreads.THREAD_NAME))
                .toList();
    }

    private FileTask submit(int detail) {
        FileTask task = pool.take(FileTask.Kind.SYNC, 1);
        assertNotNull(task);
        task.detail = detail;
        pool.submit(task);
        return task;
    }

    /** What has ended, when so many have. */
    private List<FileTask> finished(int count) {
        List<FileTask> all = new ArrayList<>();
        while (all.size() < count) {
            FileTask task = pool.takeFinished();
            if (task == null) {
                Thread.onSpinWait();
            }
            while (task != null) {
                FileTask next = task.next;
                all.add(task);
                pool.giveBack(task);
                task = next;
            }
        }
        return all;
    }

    @Test
    void noThreadIsStartedBeforeThereIsWork() {
        assertNotNull(pool);
        assertEquals(List.of(), threads());
        submit(0);
        assertEquals(1, threads().size());
        calls.mayEnd.release();
        finished(1);
        submit(0);
        calls.mayEnd.release();
        finished(1);
    }

    @Test
    void thereAreAsManyThreadsAsWorkButNotMoreThanAllowed() {
        int count = FileThreads.THREADS_MAX + 20;
        for (int i = 0; i < count; i++) {
            submit(i);
        }
        calls.begun.acquireUninterruptibly(FileThreads.THREADS_MAX);
        assertEquals(FileThreads.THREADS_MAX, threads().size());
        assertFalse(calls.begun.tryAcquire(), "more calls than threads");
        calls.mayEnd.release(count);
        assertEquals(
                count,
                finished(count).stream().map(task -> task.result).distinct().count());
    }

    @Test
    void whatEndsBeforeTheDriverLooksWakesItOnce() {
        for (int i = 0; i < 100; i++) {
            submit(i);
        }
        calls.mayEnd.release(100);
        calls.begun.acquireUninterruptibly(100);
        // Whoever ends first wakes; the test, as the driver, does not look before all have.
        while (unfinished() > 0) {
            Thread.onSpinWait();
        }
        assertEquals(1, wakes.get());
        finished(100);
        assertEquals(1, wakes.get());
        submit(0);
        calls.mayEnd.release();
        finished(1);
        // The wake comes after the task can be seen.
        while (wakes.get() < 2) {
            Thread.onSpinWait();
        }
    }

    private static int unfinished() {
        return FileThreads.SHARED.unfinished();
    }

    @Test
    void whatHasNotBegunIsCancelled() {
        for (int i = 0; i < FileThreads.THREADS_MAX; i++) {
            submit(i);
        }
        calls.begun.acquireUninterruptibly(FileThreads.THREADS_MAX);
        FileTask waiting = submit(7);

        assertTrue(waiting.cancels());
        assertFalse(waiting.cancels(), "once");
        calls.mayEnd.release(FileThreads.THREADS_MAX);
        List<FileTask> all = finished(FileThreads.THREADS_MAX + 1);
        assertTrue(all.contains(waiting));
        assertFalse(calls.begun.tryAcquire(), "the cancelled call was made");
    }

    @Test
    void whatHasBegunIsNotCancelled() {
        FileTask begun = submit(5);
        calls.begun.acquireUninterruptibly();

        assertFalse(begun.cancels());
        calls.mayEnd.release();
        finished(1);
        assertEquals(5, begun.result);
    }

    @Test
    void thereIsALimit() {
        for (int i = 0; i < FileOperations.WAITING_MAX; i++) {
            submit(i);
        }
        assertNull(pool.take(FileTask.Kind.SYNC, 1));
        calls.mayEnd.release(FileOperations.WAITING_MAX);
        finished(FileOperations.WAITING_MAX);
        assertNotNull(pool.take(FileTask.Kind.SYNC, 1));
    }

    @Test
    void aCallThatThrowsEndsWithAnErrorAndTheThreadGoesOn() {
        Logger log = Logger.getLogger("dev.pumasi.runtime.driver");
        List<String> said = Collections.synchronizedList(new ArrayList<>());
        log.setFilter(record -> {
            said.add(record.getMessage());
            return false;
        });
        try {
            submit(-1);
            submit(3);
            calls.mayEnd.release(2);

            List<Integer> results =
                    finished(2).stream().map(task -> task.result).sorted().toList();

            assertEquals(List.of(-Errno.EIO, 3), results);
            assertEquals(List.of("a call on a file threw: SYNC"), said);
        } finally {
            log.setFilter(null);
        }
    }

    @Test
    void closingWaitsForWhatHasBegun() {
        submit(1);
        calls.begun.acquireUninterruptibly();
        Thread.ofPlatform().start(() -> calls.mayEnd.release());

        List<Integer> results = new ArrayList<>();
        pool.close(task -> results.add(task.result));

        assertEquals(List.of(1), results);
        assertNoThreads();
    }

    @Test
    void anotherDriverKeepsTheThreads() {
        FilePool other = new FilePool(calls, () -> {});
        submit(0);
        FileTask theirs = other.take(FileTask.Kind.SYNC, 1);
        assertNotNull(theirs);
        other.submit(theirs);
        calls.mayEnd.release(2);
        finished(1);

        other.close(_ -> {});
        assertFalse(threads().isEmpty());
        submit(0);
        calls.mayEnd.release();
        finished(1);
    }
}
