package dev.pumasi.examples;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * A call that blocks in the kernel, where the JDK cannot help: the C library's {@code usleep}. Reading a file or a
 * process's pipe, a DNS look-up and most native libraries are of this kind. ({@code Thread.sleep} is not: it parks a
 * green thread.)
 */
final class BlockingCall {

    private static final MethodHandle USLEEP = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("usleep"),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

    private BlockingCall() {}

    /** Takes that long, and the calling platform thread with it. Below a second. */
    static void millis(int millis) {
        try {
            int ignored = (int) USLEEP.invokeExact(millis * 1000);
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
    }
}
