package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Driver;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Unix signals as events: what the operating system, or another process, has to say arrives on a loop like everything
 * else. While somebody listens, the signal does nothing else (TERM does not end the JVM); when the last listener
 * leaves, whatever was there before is there again.
 *
 * <p><b>The way.</b> The kernel interrupts some thread of the JVM, which notes the signal; a thread of the JVM's own
 * starts a fresh thread for it; that one counts it here and hands a task to the loop. No green thread is woken from
 * there: who awaits {@link #next} is resumed by its own loop.
 *
 * <p><b>Coalescing.</b> A signal is no message: the kernel forgets a second one of a kind that comes before the first
 * was noted. What the JVM has noted is counted; the handler learns how many have come since it was last called, and is
 * called once for them. So at most one task per listener waits in a loop's queue, however many signals come.
 *
 * <p><b>Which.</b> Those the JVM leaves free; docs/processes-and-signals.md has the table. The others are refused, with
 * the reason, by {@link SignalRefusedException}.
 *
 * <p>A listener ends with its loop. Any thread may call any method.
 */
public final class SignalListener implements AutoCloseable {

    private final UnixSignal signal;
    private final Executor executor;
    private final @Nullable Loop loop;
    private final @Nullable IntConsumer handler;
    private final Deque<Arrival<Integer>> waiting = new ArrayDeque<>();

    /** How many came and were not yet told of. Who raises it from 0 posts the task that takes them. */
    private final AtomicInteger arrived = new AtomicInteger();

    /** Of those, what the loop has been told of and nobody has awaited yet. On the loop. */
    private int unclaimed;

    private volatile boolean closed;

    private SignalListener(UnixSignal signal, Executor executor, @Nullable Loop loop, @Nullable IntConsumer handler) {
        this.signal = signal;
        this.executor = executor;
        this.loop = loop;
        this.handler = handler;
    }

    /**
     * Calls {@code handler} on the loop when the signal has come, with how many have come since it was called last.
     *
     * @throws SignalRefusedException if it cannot be listened to
     */
    public static SignalListener open(Loop loop, UnixSignal signal, IntConsumer handler) throws SignalRefusedException {
        return new SignalListener(signal, loop, loop, handler).opened();
    }

    /** Listens on the loop; who wants to know of a signal awaits {@link #next}. */
    public static SignalListener open(Loop loop, UnixSignal signal) throws SignalRefusedException {
        return new SignalListener(signal, loop, loop, null).opened();
    }

    /** For programs that have no loop, yet: calls {@code handler} wherever {@code executor} runs it. */
    public static SignalListener openOn(Executor executor, UnixSignal signal, IntConsumer handler)
            throws SignalRefusedException {
        return new SignalListener(signal, executor, null, handler).opened();
    }

    private SignalListener opened() throws SignalRefusedException {
        SignalSource.add(signal, this);
        Loop itsLoop = loop;
        if (itsLoop != null) {
            itsLoop.run(() -> {
                if (!closed) {
                    itsLoop.enter(entry);
                }
            });
            if (itsLoop.isOver()) {
                close();
            }
        }
        return this;
    }

    public UnixSignal signal() {
        return signal;
    }

    /**
     * The next signal: yields how many have come since the last one that was awaited, at least 1; at once if there are
     * any. Those who wait are served in turn.
     *
     * @throws IllegalStateException if this listener has a handler
     */
    public Operation<Integer> next() {
        Loop itsLoop = loop;
        if (itsLoop == null || handler != null) {
            throw new IllegalStateException(this + " has a handler, which is told of every signal");
        }
        return new Arrival<>(itsLoop, "await " + signal, waiting, () -> closed, this::serve).started();
    }

    /** Listens no more; who still waits is told so. */
    @Override
    public void close() {
        closed = true;
        SignalSource.remove(signal, this);
        Loop itsLoop = loop;
        if (itsLoop != null) {
            itsLoop.run(() -> {
                if (entry.isInProgress()) {
                    itsLoop.leave(entry);
                }
                while (!waiting.isEmpty()) {
                    waiting.remove().refuse();
                }
            });
        }
    }

    /** On a thread of the JVM's. */
    void heard() {
        if (arrived.getAndIncrement() == 0) {
            executor.execute(this::deliver);
        }
    }

    private void deliver() {
        int count = arrived.getAndSet(0);
        if (closed) {
            return;
        }
        if (handler != null) {
            handler.accept(count);
            return;
        }
        unclaimed += count;
        serve();
    }

    private void serve() {
        if (unclaimed > 0 && !waiting.isEmpty()) {
            int count = unclaimed;
            unclaimed = 0;
            waiting.remove().arrive(count);
        }
    }

    @Override
    public String toString() {
        return "listener to " + signal + (closed ? " (closed)" : "");
    }

    /** In the loop's list of interests, to be seen there, and to end when the loop stops. */
    private final Pending entry = new Pending() {

        @Override
        void completed(int result, int flags) {
            throw new IllegalStateException("no driver works on this: " + describe());
        }

        @Override
        void stop(Driver driver) {
            close();
        }

        @Override
        String describe() {
            return "listen to " + signal;
        }
    };
}
