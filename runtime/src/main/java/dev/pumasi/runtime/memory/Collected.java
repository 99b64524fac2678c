package dev.pumasi.runtime.memory;

import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;

/**
 * Arenas whose memory the garbage collector frees, opened so that a green thread does not hop over it.
 *
 * <p>The JDK keeps a list of all that is to be freed, under a monitor, and its own {@code Common-Cleaner} thread takes that monitor for
 * each thing it frees (JDK 25, {@code CleanerImpl.CleanableList}). A green thread that meets it there would be unmounted and
 * woken by the JDK's {@code VirtualThread-unblocker}: a hop, which costs more than the whole allocation, lets others run in its
 * middle, and is decided by the garbage collector, so that a simulated world would not repeat. So the green thread stays on its
 * carrier meanwhile, as the JDK's own do around their locks. Then the carrier waits, for the few instructions for which the
 * monitor is held.
 *
 * <p>Where the JDK is not open to us it hops; but there green threads hop at every wait.
 */
final class Collected {

    private Collected() {}

    /** So that it is not a green thread that waits for {@link Handles}. */
    static void prepare() {
        Handles.ready();
    }

    /** Any thread. */
    static Arena arena() {
        Thread caller = Thread.currentThread();
        if (!caller.isVirtual()) {
            return Arena.ofAuto();
        }
        MethodHandle stay = Handles.STAY;
        MethodHandle stayNoLonger = Handles.STAY_NO_LONGER;
        if (stay == null || stayNoLonger == null) {
            return Arena.ofAuto();
        }
        call(stay, caller);
        try {
            return Arena.ofAuto();
        } finally {
            call(stayNoLonger, caller);
        }
    }

    private static void call(MethodHandle method, Thread caller) {
        try {
            method.invokeExact(caller);
        } catch (RuntimeException | Error failure) {
            throw failure;
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** Looked up for the first green threads: a process that has none, and serves a single client, does not wait for it. */
    private static final class Handles {

        static final @Nullable MethodHandle STAY = find("disableSuspendAndPreempt");
        static final @Nullable MethodHandle STAY_NO_LONGER = find("enableSuspendAndPreempt");

        private Handles() {}

        /** Has been done when this class is there. */
        static void ready() {}
    }

    /** Internal to JDK 24 and later; opened by {@code --add-opens java.base/java.lang}. Null if it is not there. */
    private static @Nullable MethodHandle find(String name) {
        try {
            Class<?> virtual = Class.forName("java.lang.VirtualThread");
            return MethodHandles.privateLookupIn(virtual, MethodHandles.lookup())
                    .findVirtual(virtual, name, MethodType.methodType(void.class))
                    .asType(MethodType.methodType(void.class, Thread.class));
        } catch (ReflectiveOperationException | RuntimeException closed) {
            return null;
        }
    }
}
