package dev.pumasi.runtime;

import java.lang.reflect.Method;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Through {@code Thread.Builder.OfVirtual.scheduler(…)} of a later JDK, if it takes an {@link Executor}. JDK 25 has no
 * such method, so there this is never chosen; it is looked up by name, since it cannot be compiled against.
 */
final class OfficialGreenThreads implements GreenThreads.BackEnd {

    private final Method scheduler;

    private OfficialGreenThreads(Method scheduler) {
        this.scheduler = scheduler;
    }

    static GreenThreads.@Nullable BackEnd find() {
        try {
            Method found = Thread.Builder.OfVirtual.class.getMethod("scheduler", Executor.class);
            return Carrier.isKnown() ? new OfficialGreenThreads(found) : null;
        } catch (NoSuchMethodException absent) {
            return null;
        }
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
    public Thread unstarted(Executor executor, Runnable body) {
        try {
            Thread.Builder.OfVirtual builder = Thread.ofVirtual().inheritInheritableThreadLocals(false);
            return ((Thread.Builder.OfVirtual) scheduler.invoke(builder, executor)).unstarted(body);
        } catch (ReflectiveOperationException refused) {
            throw new IllegalStateException("the JDK refuses a scheduler for virtual threads", refused);
        }
    }

    @Override
    public Thread carrier() {
        return Carrier.current();
    }
}
