package dev.pumasi.runtime;

import java.io.IOException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Where one thread, and no second, waits for something that its loop will bring about: bytes to read, room to write. The loop
 * opens the gate; the thread looks again.
 *
 * <p>What it waits for is a step that runs on the loop: directly when the caller is a green thread of it, which is the
 * rule, else by asking the loop, which is what platform threads do, and green threads on the JDK's default scheduler.
 */
public final class Gate {

    /** What a step answers when it must be tried again after the gate was opened. */
    public static final int WOULD_WAIT = -2;

    /** Tries once, on the loop, and answers {@link #WOULD_WAIT} or anything else. */
    @FunctionalInterface
    public interface Step {
        int attempt() throws IOException;
    }

    private final Loop loop;
    private final String verb;
    private final Object subject;
    private @Nullable Thread waiter;

    /** The loop of a waiter that waits from another one. */
    private @Nullable Loop home;

    private @Nullable Timer timer;
    private long timeoutNanos;
    private long waitingSinceNanos;
    private boolean timedOut;

    /**
     * Written by the loop, read by the waiter. Not the unpark's permit alone: a caller off the loop has parked for the
     * answer in between, and may have used it up.
     */
    private volatile boolean open;

    /** What is done here, and to what, is for messages: {@code "read from"} and a socket. */
    public Gate(Loop loop, String verb, Object subject) {
        this.loop = loop;
        this.verb = verb;
        this.subject = subject;
    }

    /** How long {@link #pass} waits at most, in nanoseconds; 0 without limit. On the loop, or before the first pass. */
    public void setTimeout(long nanos) {
        timeoutNanos = nanos;
    }

    /**
     * Runs {@code step} on the loop until it answers something else than {@link #WOULD_WAIT}, and answers that. Parks a
     * green thread, blocks a platform thread.
     *
     * @throws OperationException if the time limit or the deadline of a {@link Scope} passed, or the thread was interrupted
     * @throws IllegalStateException if it would have to wait on the loop's own thread, outside a green one, or where another
     *     thread waits already
     */
    public int pass(Step step) throws IOException {
        Thread caller = Thread.currentThread();
        Loop callersHome = loop.homeOfCaller();
        boolean first = true;
        while (true) {
            boolean begins = first;
            int answer = loop.isCurrent()
                    ? attempt(step, caller, callersHome, begins)
                    : new Call<>(loop, what(), () -> attempt(step, caller, callersHome, begins))
                            .started()
                            .await();
            if (answer != WOULD_WAIT) {
                return answer;
            }
            first = false;
            while (!open) {
                LoopRecording notes = loop.recordingOfGreenCaller();
                if (notes == null) {
                    LockSupport.park(this);
                } else {
                    notes.now(RecordedKind.GREEN_PARKED, Labels.of(verb), caller.threadId());
                    LockSupport.park(this);
                    notes.now(RecordedKind.GREEN_WOKEN, 0, caller.threadId());
                }
                if (Thread.interrupted()) {
                    Failure why = Scope.whyInterrupted();
                    caller.interrupt();
                    loop.run(() -> leave(caller));
                    throw new OperationException(
                            why == Failure.CANCELLED ? what() + " on an interrupted thread" : what(), why);
                }
            }
        }
    }

    /** Lets the waiting thread look again. On the loop. */
    public void open() {
        Thread waiting = waiter;
        if (waiting != null) {
            waiter = null;
            open = true;
            loop.wake(waiting, home);
        }
    }

    @SuppressWarnings("ReferenceEquality") // a thread is itself
    private int attempt(Step step, Thread caller, @Nullable Loop callersHome, boolean begins) throws IOException {
        int answer;
        try {
            answer = step.attempt();
        } catch (IOException | RuntimeException over) {
            if (waiter == null || waiter == caller) {
                stopTimer(); // nobody waits any more
            }
            throw over;
        }
        if (waiter != null && waiter != caller) {
            if (answer != WOULD_WAIT) {
                return answer;
            }
            throw new IllegalStateException("cannot " + what() + ": another thread waits for that already");
        }
        if (answer != WOULD_WAIT) {
            stopTimer();
            return answer;
        }
        if (begins) {
            stopTimer(); // of a wait that was broken off
        }
        if (timedOut) {
            stopTimer();
            throw new OperationException(what(), Failure.TIMED_OUT);
        }
        if (loop.isCurrent() && !caller.isVirtual() && caller == Thread.currentThread()) {
            throw new IllegalStateException("the loop's own thread cannot wait: " + what() + " on a green thread");
        }
        open = false;
        waiter = caller;
        home = callersHome;
        waitingSinceNanos = loop.nowNanos();
        startTimer();
        return WOULD_WAIT;
    }

    @SuppressWarnings("ReferenceEquality") // a thread is itself
    private void leave(Thread caller) {
        if (waiter == caller) {
            waiter = null;
            stopTimer();
        }
    }

    /** In words. */
    String what() {
        return verb + " " + subject;
    }

    Loop loop() {
        return loop;
    }

    /** Since when its thread waits, in the loop's time. Any thread; a long is read whole. */
    long waitingSinceNanos() {
        return waitingSinceNanos;
    }

    private void startTimer() {
        if (timeoutNanos > 0) {
            if (timer == null) {
                timer = Timer.of(() -> {
                    timedOut = true;
                    open();
                });
            }
            if (!timer.isRunning()) {
                loop.start(timer, timeoutNanos);
            }
        }
    }

    private void stopTimer() {
        timedOut = false;
        if (timer != null) {
            loop.cancel(timer);
        }
    }
}
