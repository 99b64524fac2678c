package dev.pumasi.runtime.driver;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * System calls through {@code java.lang.foreign}: one downcall shape, {@code long syscall(long × 7)} with errno captured,
 * for everything. Linking a shape costs up to 100 ms when cold and a call 7 ns when warm, so there is exactly one.
 *
 * <p>An instance holds the memory into which errno is captured and belongs to one thread; foreign threads that ignore
 * errors may share one. Calls may block: the JVM treats them as native code, a safepoint does not wait for them.
 */
final class Libc {

    /** Whether the one shape can be linked here: Linux, with native access allowed. */
    static boolean isSupported() {
        return Linked.FAILURE == null && SystemCall.isSupported();
    }

    /** Why {@link #isSupported} is false, as half a sentence. */
    static String unsupportedReason() {
        String failure = Linked.FAILURE;
        return failure != null ? failure : SystemCall.unsupportedReason();
    }

    private final MemorySegment captured;

    Libc() {
        captured = Arena.ofAuto().allocate(Linked.CAPTURE_BYTES, Long.BYTES);
    }

    /** The call's result, or its negated errno. */
    @SuppressWarnings("NullAway") // nobody has an instance where nothing is linked
    long call(long number, long a, long b, long c, long d, long e, long f) {
        try {
            long result = (long) Linked.SYSCALL.invokeExact(captured, number, a, b, c, d, e, f);
            return result == -1 ? -captured.get(JAVA_INT, Linked.ERRNO_OFFSET) : result;
        } catch (Throwable impossible) {
            throw new AssertionError("a downcall threw", impossible);
        }
    }

    long call(long number, long a) {
        return call(number, a, 0, 0, 0, 0, 0);
    }

    long call(long number, long a, long b) {
        return call(number, a, b, 0, 0, 0, 0);
    }

    long call(long number, long a, long b, long c) {
        return call(number, a, b, c, 0, 0, 0);
    }

    long call(long number, long a, long b, long c, long d) {
        return call(number, a, b, c, d, 0, 0);
    }

    /** In a class of its own, so that a platform without it can still ask. */
    private static final class Linked {

        static final @Nullable MethodHandle SYSCALL;
        static final long CAPTURE_BYTES;
        static final long ERRNO_OFFSET;
        static final @Nullable String FAILURE;

        static {
            @Nullable MethodHandle linked = null;
            String failure = null;
            long bytes = Long.BYTES;
            long offset = 0;
            try {
                StructLayout capture = Linker.Option.captureStateLayout();
                bytes = capture.byteSize();
                offset = capture.byteOffset(PathElement.groupElement("errno"));
                Linker linker = Linker.nativeLinker();
                linked = linker.downcallHandle(
                        linker.defaultLookup().findOrThrow("syscall"),
                        FunctionDescriptor.of(
                                JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
                        Linker.Option.captureCallState("errno"));
            } catch (RuntimeException | LinkageError refused) {
                failure = "no system calls through java.lang.foreign here (" + refused.getMessage() + ")";
            }
            SYSCALL = linked;
            FAILURE = failure;
            CAPTURE_BYTES = bytes;
            ERRNO_OFFSET = offset;
        }
    }
}
