package dev.pumasi.runtime;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Who holds a lock: what a JVM knows and {@code java.base} does not tell. Three sources, each taken where it is to be had:
 *
 * <ol>
 *   <li>the owner field of {@code java.util.concurrent}'s locks, behind {@code --add-opens
 *       java.base/java.util.concurrent.locks=ALL-UNNAMED};
 *   <li>{@code java.management}, where that module is present: it knows the owner of such a lock if the one who waits is a
 *       platform thread, as a loop's own is;
 *   <li>{@code jdk.internal.vm.ThreadSnapshot} of JDK 25, behind {@code --add-opens java.base/jdk.internal.vm=ALL-UNNAMED}: the
 *       only source that knows the monitors ({@code synchronized}) of green threads.
 * </ol>
 *
 * The launcher sets both flags. Asked only once a loop is stuck, so nothing here is in a hurry.
 */
final class LockOwners {

    /** How many threads are asked for the monitors they hold. */
    private static final int ASKED_MAX = 10_000;

    /** How deep in a stack monitors are looked for. */
    private static final int DEPTH_MAX = 1024;

    private static final @Nullable VarHandle OWNER = ownerField();
    private static final @Nullable Snapshots SNAPSHOTS = Snapshots.find();

    private LockOwners() {}

    /** Who holds the lock whose synchronizer {@code waiter} waits for; null if nobody does or it cannot be known. */
    static @Nullable Thread ofLock(Object synchronizer, Thread waiter) {
        if (OWNER != null) {
            return (Thread) OWNER.getVolatile(synchronizer);
        }
        if (!waiter.isVirtual()
                && ModuleLayer.boot().findModule("java.management").isPresent()) {
            return ManagedThreads.lockOwner(waiter);
        }
        return null;
    }

    /** The monitor that {@code waiter} wants to enter; null if it cannot be known. */
    static @Nullable Object monitorWantedBy(Thread waiter) {
        return SNAPSHOTS == null ? null : SNAPSHOTS.blockedOn(waiter);
    }

    /** Who of {@code candidates} holds that monitor; null if none does, as far as it can be known. */
    @SuppressWarnings("ReferenceEquality") // a monitor is an object's own
    static @Nullable Thread ofMonitor(Object monitor, List<Thread> candidates) {
        if (SNAPSHOTS == null) {
            return null;
        }
        int asked = 0;
        for (Thread candidate : candidates) {
            if (asked++ == ASKED_MAX) {
                return null;
            }
            if (SNAPSHOTS.monitorsOf(candidate).anyMatch(owned -> owned == monitor)) {
                return candidate;
            }
        }
        return null;
    }

    private static @Nullable VarHandle ownerField() {
        try {
            Class<?> synchronizer = Class.forName("java.util.concurrent.locks.AbstractOwnableSynchronizer");
            return MethodHandles.privateLookupIn(synchronizer, MethodHandles.lookup())
                    .findVarHandle(synchronizer, "exclusiveOwnerThread", Thread.class)
                    .withInvokeBehavior();
        } catch (ReflectiveOperationException | RuntimeException closed) {
            return null;
        }
    }

    /** {@code ThreadSnapshot}, which takes a thread's state, stack and monitors at one moment. */
    private record Snapshots(Method of, Method ownsMonitors, Method ownedMonitorsAt, Method blockedOn) {

        static @Nullable Snapshots find() {
            try {
                Class<?> snapshot = Class.forName("jdk.internal.vm.ThreadSnapshot");
                return new Snapshots(
                        open(snapshot.getDeclaredMethod("of", Thread.class)),
                        open(snapshot.getDeclaredMethod("ownsMonitors")),
                        open(snapshot.getDeclaredMethod("ownedMonitorsAt", int.class)),
                        open(snapshot.getDeclaredMethod("blockedOn")));
            } catch (ReflectiveOperationException | RuntimeException closed) {
                return null;
            }
        }

        private static Method open(Method method) {
            method.setAccessible(true);
            return method;
        }

        @Nullable
        Object blockedOn(Thread thread) {
            try {
                Object snapshot = of.invoke(null, thread);
                return snapshot == null ? null : blockedOn.invoke(snapshot);
            } catch (InvocationTargetException notBlockedAnyMore) {
                return null;
            } catch (IllegalAccessException impossible) {
                throw new AssertionError(impossible);
            }
        }

        Stream<?> monitorsOf(Thread thread) {
            try {
                Object snapshot = of.invoke(null, thread);
                if (snapshot == null || !(Boolean) ownsMonitors.invoke(snapshot)) {
                    return Stream.empty();
                }
                Stream<?> all = Stream.empty();
                int depth = Math.min(Loop.stackOf(thread).length, DEPTH_MAX);
                for (int i = 0; i < depth; i++) {
                    all = Stream.concat(all, (Stream<?>) ownedMonitorsAt.invoke(snapshot, i));
                }
                return all;
            } catch (InvocationTargetException refused) {
                return Stream.empty();
            } catch (IllegalAccessException impossible) {
                throw new AssertionError(impossible);
            }
        }
    }
}
