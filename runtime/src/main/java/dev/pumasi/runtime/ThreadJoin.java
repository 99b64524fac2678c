package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Errno;
import org.jspecify.annotations.Nullable;

/**
 * The end of a thread as an operation: {@code Thread.join} without a blocked thread.
 *
 * <p>The JDK tells of a thread's end in one way, {@code join}, and that waits. So somebody must wait: a virtual thread
 * of the JDK's default scheduler, which costs about a kilobyte and no platform thread, whatever kind of thread it waits
 * for (a platform thread's end is a monitor's notification, at which virtual threads let go of their carriers since JDK
 * 24). It then hands the end to the loop as a task, so that a green thread which awaits it is woken by its own loop.
 *
 * <p>It is not a green thread of this loop that waits, because whoever ends would wake it across threads: a hop. And it
 * says nothing while the default scheduler's carriers are all held, by file reads of other virtual threads for
 * instance: then the end is learnt late, never lost.
 */
final class ThreadJoin extends Operation<Thread> {

    private final Thread thread;
    private @Nullable Thread watcher;

    ThreadJoin(Loop loop, Thread thread) {
        super(loop);
        this.thread = thread;
    }

    @Override
    void start() {
        switch (thread.getState()) {
            case NEW -> fail(new IllegalStateException("not started yet: " + thread));
            case TERMINATED -> succeed(thread);
            default -> {
                loop().enter(this);
                // Not from here: this may be a green thread, and a virtual thread has its parent's scheduler.
                loop().execute(this::watch);
            }
        }
    }

    private void watch() {
        if (isDone()) {
            return;
        }
        watcher = Thread.ofVirtual()
                .name("pumasi-join")
                .inheritInheritableThreadLocals(false)
                .start(() -> {
                    try {
                        thread.join();
                        loop().execute(this::ended);
                    } catch (InterruptedException cancelled) {
                        // The operation has ended already.
                        Thread.currentThread().interrupt();
                    }
                });
    }

    private void ended() {
        if (!isDone()) {
            loop().leave(this);
            succeed(thread);
        }
    }

    @Override
    void requestCancel() {
        loop().leave(this);
        failWith(-Errno.ECANCELED);
        if (watcher != null) {
            watcher.interrupt();
        }
    }

    @Override
    String describe() {
        return "join " + thread;
    }
}
