package dev.pumasi.runtime;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Which platform thread executes a virtual one: {@code Thread.currentCarrierThread()}, an intrinsic of the JDK, for the
 * caller, and {@code VirtualThread.carrierThread} for others. {@code --add-opens java.base/java.lang} lets us ask.
 */
final class Carrier {

    private static final @Nullable MethodHandle CURRENT = find();
    private static final @Nullable VarHandle OF_OTHER = field("carrierThread", Thread.class);

    private Carrier() {}

    static boolean isKnown() {
        return CURRENT != null;
    }

    /** Asked only when {@link #isKnown}. */
    @SuppressWarnings("NullAway")
    static Thread current() {
        try {
            return (Thread) CURRENT.invokeExact();
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** Who executes {@code green} just now; null if nobody does, or if it cannot be known here. Any thread. */
    static @Nullable Thread of(Thread green) {
        return OF_OTHER == null || !green.isVirtual() ? null : (Thread) OF_OTHER.getVolatile(green);
    }

    /** A field of the JDK's virtual threads; null where it does not exist or is not open to us. */
    static @Nullable VarHandle field(String name, Class<?> type) {
        try {
            Class<?> virtual = Class.forName("java.lang.VirtualThread");
            return MethodHandles.privateLookupIn(virtual, MethodHandles.lookup())
                    .findVarHandle(virtual, name, type)
                    .withInvokeBehavior();
        } catch (ReflectiveOperationException | RuntimeException closed) {
            return null;
        }
    }

    private static @Nullable MethodHandle find() {
        try {
            return MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup())
                    .findStatic(Thread.class, "currentCarrierThread", MethodType.methodType(Thread.class));
        } catch (ReflectiveOperationException | RuntimeException closed) {
            return null;
        }
    }
}
