package dev.pumasi.runtime;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/**
 * Runs each test a few times beforehand, with loops that do not count. The first time code runs, the JDK loads classes and links
 * lambdas; where two loops do so at once, a green thread waits for the other's lock and comes back by the JDK's own thread.
 * That is a hop, but none of ours.
 */
final class Rehearsal implements InvocationInterceptor {

    /** A test class that can begin anew. */
    interface Play {
        void start();
    }

    private static final int TIMES = 3;

    private static final Set<Method> REHEARSED = ConcurrentHashMap.newKeySet();

    @Override
    public void interceptTestMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        Method test = method.getExecutable();
        if (REHEARSED.add(test)) {
            test.setAccessible(true);
            Object play = method.getTarget().orElseThrow();
            for (int i = 0; i < TIMES; i++) {
                try {
                    test.invoke(play);
                } catch (InvocationTargetException failed) {
                    throw failed.getCause();
                }
                ((Play) play).start();
            }
        }
        invocation.proceed();
    }
}
