package dev.pumasi.runtime;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * All {@link ScopedValue}s that are bound where a thread is, to be handed to the threads it starts.
 *
 * <p>The JDK has no public way to do that except its own {@code StructuredTaskScope}, a preview whose threads are the
 * default scheduler's. What that class does inside is to read {@code ScopedValue.scopedValueBindings()} and to write the
 * result, which is immutable, into the field {@code Thread.scopedValueBindings} of the thread that is about to start. The same is
 * done here, behind the flag that green threads need anyway ({@code --add-opens java.base/java.lang=ALL-UNNAMED}). Without it
 * nothing is inherited, and what is given to a scope explicitly is all that its tasks see.
 */
final class Bindings {

    private record Access(MethodHandle current, VarHandle ofThread) {}

    private static final @Nullable Access ACCESS = find();

    private Bindings() {}

    /** Whether they can be handed on. */
    static boolean areInherited() {
        return ACCESS != null;
    }

    /** Those of the caller; comparable by identity. Null if they cannot be known. */
    static @Nullable Object current() {
        if (ACCESS == null) {
            return null;
        }
        try {
            return ACCESS.current.invokeExact();
        } catch (RuntimeException | Error failure) {
            throw failure;
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** Gives them to a thread that has not been started. */
    static void give(Thread unstarted, @Nullable Object bindings) {
        if (ACCESS != null && bindings != null) {
            ACCESS.ofThread.set(unstarted, bindings); // starting the thread publishes it
        }
    }

    private static @Nullable Access find() {
        try {
            Class<?> snapshot = Class.forName("java.lang.ScopedValue$Snapshot");
            MethodHandle current = MethodHandles.privateLookupIn(ScopedValue.class, MethodHandles.lookup())
                    .findStatic(ScopedValue.class, "scopedValueBindings", MethodType.methodType(snapshot))
                    .asType(MethodType.methodType(Object.class));
            VarHandle ofThread = MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup())
                    .findVarHandle(Thread.class, "scopedValueBindings", Object.class);
            return new Access(current, ofThread);
        } catch (ReflectiveOperationException | RuntimeException closed) {
            return null;
        }
    }
}
