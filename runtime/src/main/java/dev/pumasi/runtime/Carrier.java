package dev.pumasi.runtime;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;

/** {@code Thread.currentCarrierThread()}, an intrinsic of the JDK that {@code --add-opens java.base/java.lang} lets us call. */
final class Carrier {

    private static final @Nullable MethodHandle CURRENT = find();

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

    private static @Nullable MethodHandle find() {
        try {
            return MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup())
                    .findStatic(Thread.class, "currentCarrierThread", MethodType.methodType(Thread.class));
        } catch (ReflectiveOperationException | RuntimeException closed) {
            return null;
        }
    }
}
