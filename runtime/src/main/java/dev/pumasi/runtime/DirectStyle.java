package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Errno;
import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.runtime.memory.ByteQueue;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The direct style of a stream socket: a thread that reads or writes waits here until the loop has what it wants.
 *
 * <p>What arrives while nobody reads is copied out of the shared buffers and waits in a queue; with {@value
 * #WAITING_BYTES_MAX} bytes waiting, receiving is paused, so that a slow reader makes its peer wait. One thread may read
 * and one may write at a time.
 *
 * <p>Every step runs on the loop: directly when the caller is a green thread of it, which is the rule, else by asking the
 * loop, which is what green threads on the JDK's default scheduler and platform threads do.
 */
final class DirectStyle implements Receiver {

    /** What a step answers when it must be tried again after the loop has woken the caller. */
    static final int WOULD_WAIT = -2;

    /** Two provided buffers' worth. */
    private static final int WAITING_BYTES_MAX = 4096;

    private final StreamSocket socket;
    private final ByteQueue waiting = new ByteQueue();
    private boolean receiving;
    private boolean ended;
    private @Nullable OperationException failure;
    private final Side reading = new Side();
    private final Side writing = new Side();
    private long timeoutNanos;

    DirectStyle(StreamSocket socket) {
        this.socket = socket;
    }

    void setTimeout(long nanos) {
        timeoutNanos = nanos;
    }

    int read(byte[] to, int offset, int length) throws IOException {
        return waitUntil(reading, () -> take(to, offset, length));
    }

    int write(Callable<Integer> step) throws IOException {
        return waitUntil(writing, step);
    }

    /** Runs {@code step} on the loop until it answers something else than {@link #WOULD_WAIT}, waiting in between. */
    private int waitUntil(Side side, Callable<Integer> step) throws IOException {
        Thread caller = Thread.currentThread();
        while (true) {
            int answer = attempt(side, step, caller);
            if (answer != WOULD_WAIT) {
                return answer;
            }
            while (!side.woken) {
                LockSupport.park(this);
                if (Thread.interrupted()) {
                    caller.interrupt();
                    throw new OperationException("wait for " + socket + " on an interrupted thread", Failure.CANCELLED);
                }
            }
        }
    }

    private int attempt(Side side, Callable<Integer> step, Thread caller) throws IOException {
        if (!socket.loop().isCurrent()) {
            return new Call<>(socket.loop(), "use " + socket, () -> attemptOnLoop(side, step, caller))
                    .started()
                    .await();
        }
        if (!caller.isVirtual()) {
            throw new IllegalStateException("the direct style is for green threads, not for the loop's own thread");
        }
        return attemptOnLoop(side, step, caller);
    }

    private int attemptOnLoop(Side side, Callable<Integer> step, Thread caller) throws IOException {
        int answer = callStep(step);
        if (answer != WOULD_WAIT) {
            side.stop();
            return answer;
        }
        if (side.timedOut) {
            side.stop();
            throw new OperationException("use " + socket, Failure.TIMED_OUT);
        }
        side.wait(caller);
        if (side == writing) {
            socket.output().whenDrained(writing::wake);
        }
        return WOULD_WAIT;
    }

    private static int callStep(Callable<Integer> step) throws IOException {
        try {
            return step.call();
        } catch (IOException | RuntimeException known) {
            throw known;
        } catch (Exception impossible) {
            throw new IOException(impossible);
        }
    }

    private int take(byte[] to, int offset, int length) throws IOException {
        if (!receiving) {
            receiving = true;
            socket.onReceive(this);
        }
        if (!waiting.isEmpty()) {
            int count = waiting.take(socket.loop().buffers(), to, offset, length);
            if (waiting.size() < WAITING_BYTES_MAX) {
                socket.resume();
            }
            return count;
        }
        if (failure != null) {
            throw failure.here();
        }
        if (socket.isClosed()) {
            throw OperationException.of("read from " + socket, -Errno.EBADF);
        }
        return ended ? -1 : WOULD_WAIT;
    }

    @Override
    public void received(Buffer data, int length) {
        waiting.append(socket.loop().buffers(), data, 0, length);
        if (waiting.size() >= WAITING_BYTES_MAX) {
            socket.pause();
        }
        reading.wake();
    }

    @Override
    public void ended() {
        ended = true;
        reading.wake();
    }

    @Override
    public void failed(OperationException failure) {
        this.failure = failure;
        reading.wake();
    }

    /** The socket has been closed. */
    void stop() {
        waiting.clear(socket.loop().buffers());
        reading.wake();
        writing.wake();
    }

    /** The thread that reads, or the one that writes. */
    private final class Side {

        private @Nullable Thread waiter;
        private @Nullable Timer timer;
        private boolean timedOut;

        /**
         * Written by the loop, read by the waiter. Not the unpark's permit alone: a caller off the loop has parked for the
         * answer in between, and may have used it up.
         */
        private volatile boolean woken;

        void wait(Thread caller) {
            woken = false;
            waiter = caller;
            if (timeoutNanos > 0) {
                if (timer == null) {
                    timer = Timer.of(() -> {
                        timedOut = true;
                        wake();
                    });
                }
                if (!timer.isRunning()) {
                    socket.loop().start(timer, timeoutNanos);
                }
            }
        }

        void wake() {
            Thread waiting = waiter;
            if (waiting != null) {
                waiter = null;
                woken = true;
                socket.loop().wake(waiting);
            }
        }

        void stop() {
            timedOut = false;
            if (timer != null) {
                socket.loop().cancel(timer);
            }
        }
    }
}
