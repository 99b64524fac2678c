package dev.pumasi.runtime;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** Through {@code java.lang.ThreadBuilders.newVirtualThread}, internal to JDK 21–25 and opened by a flag. */
final class OpenedGreenThreads implements GreenThreads.BackEnd {

    /** {@code Thread.NO_INHERIT_THREAD_LOCALS}: what the loop's thread inherited is none of a request's business. */
    private static final int NO_INHERIT_THREAD_LOCALS = 1 << 2;

    private static final @Nullable MethodHandle NEW_VIRTUAL_THREAD = constructor();

    private OpenedGreenThreads() {}

    static GreenThreads.@Nullable BackEnd find() {
        return NEW_VIRTUAL_THREAD != null && Carrier.isKnown() ? new OpenedGreenThreads() : null;
    }

    @Override
    public String describe() {
        return "virtual threads on the loop";
    }

    @Override
    public boolean runsOnLoop() {
        return true;
    }

    @Override
    @SuppressWarnings("NullAway") // there is an instance only if it was found
    public Thread unstarted(Executor scheduler, Runnable body) {
        try {
            return (Thread) NEW_VIRTUAL_THREAD.invokeExact(scheduler, (String) null, NO_INHERIT_THREAD_LOCALS, body);
        } catch (RuntimeException | Error failure) {
            throw failure;
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
    }

    @Override
    public Thread carrier() {
        return Carrier.current();
    }

    private static @Nullable MethodHandle constructor() {
        try {
            Class<?> builders = Class.forName("java.lang.ThreadBuilders");
            return MethodHandles.privateLookupIn(builders, MethodHandles.lookup())
                    .findStatic(
                            builders,
                            "newVirtualThread",
                            MethodType.methodType(
                                    Thread.class, Executor.class, String.class, int.class, Runnable.class));
        } catch (ReflectiveOperationException | RuntimeException closed) {
            return null;
        }
    }
}
