package dev.pumasi.runtime;

import java.util.List;
import java.util.concurrent.locks.AbstractOwnableSynchronizer;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What a thread waits for, as far as it can be known from outside.
 *
 * @param what in words; empty if it does not wait
 * @param loop the loop that ends the wait, if it is one
 * @param owner who holds the lock, if it is one and the owner can be known
 * @param sinceNanos since when, in the time of the loop that the wait belongs to; {@link #UNKNOWN} for a stock lock
 */
record Wait(String what, @Nullable Loop loop, @Nullable Thread owner, long sinceNanos) {

    static final long UNKNOWN = Long.MIN_VALUE;

    private static final Wait NONE = new Wait("", null, null, UNKNOWN);

    /** What {@code thread} waits for; if a monitor, its owner is looked for among {@code suspects}. Any thread. */
    static Wait of(Thread thread, List<Thread> suspects) {
        return switch (thread.getState()) {
            case BLOCKED -> monitor(thread, suspects);
            case WAITING, TIMED_WAITING -> parked(thread);
            case NEW, RUNNABLE, TERMINATED -> NONE;
        };
    }

    /** Whether it is known since when. */
    boolean isDated() {
        return sinceNanos != UNKNOWN;
    }

    /** An object by its class and identity: its own {@code toString} might wait for the very lock. */
    static String identity(Object object) {
        return object.getClass().getName() + "@" + Integer.toHexString(System.identityHashCode(object));
    }

    private static Wait monitor(Thread thread, List<Thread> suspects) {
        Object monitor = LockOwners.monitorWantedBy(thread);
        return monitor == null
                ? of("a monitor (synchronized)")
                : new Wait(
                        "the monitor of " + identity(monitor), null, LockOwners.ofMonitor(monitor, suspects), UNKNOWN);
    }

    private static Wait parked(Thread thread) {
        return switch (LockSupport.getBlocker(thread)) {
            case null -> of("Object.wait, Thread.sleep or a park that names nothing");
            case Operation<?> operation ->
                new Wait(operation.describe(), operation.loop(), null, operation.waitingSinceNanos(thread));
            case Pause pause -> new Wait(pause.describe(), pause.loop(), null, pause.waitingSinceNanos());
            case Gate gate -> new Wait(gate.what(), gate.loop(), null, gate.waitingSinceNanos());
            case AbstractOwnableSynchronizer lock ->
                new Wait(identity(lock), null, LockOwners.ofLock(lock, thread), UNKNOWN);
            case Thread other -> of("the end of " + StallReport.name(other));
            case Object other -> of(identity(other));
        };
    }

    private static Wait of(String what) {
        return new Wait(what, null, null, UNKNOWN);
    }
}
