package dev.pumasi.runtime.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.List;

/**
 * Raw native memory by address, for the drivers' bindings only: one segment that spans the whole address space, so that
 * an access costs what it costs in C. Nothing is checked here; a wrong address ends the process. Everyone above the
 * drivers uses {@link Buffer}, which checks.
 *
 * <p>Plain accesses have no ordering. The ordered ones are named so, and whoever calls them says what they pair with.
 */
public final class Memory {

    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    static {
        // The JDK makes a layout's handle at its first use, under a monitor: where two loops came to that at once, a
        // green
        // thread of one would wait, and be woken by a thread of the JDK's. So they are made here, before there are any.
        List.of(JAVA_BYTE, JAVA_SHORT_UNALIGNED, JAVA_INT_UNALIGNED, JAVA_LONG_UNALIGNED)
                .forEach(ValueLayout::varHandle);
    }

    /** Only rings that are shared with the kernel need these; whoever has none does not wait for them to be made. */
    private static final class Ordered {

        static final VarHandle INT = JAVA_INT.varHandle();
        static final VarHandle SHORT = JAVA_SHORT.varHandle();

        private Ordered() {}
    }

    private Memory() {}

    public static byte getByte(long address) {
        return ALL.get(JAVA_BYTE, address);
    }

    public static void putByte(long address, byte value) {
        ALL.set(JAVA_BYTE, address, value);
    }

    /** The two bytes at {@code address}, in native order, aligned or not. */
    public static short getShort(long address) {
        return ALL.get(JAVA_SHORT_UNALIGNED, address);
    }

    public static void putShort(long address, short value) {
        ALL.set(JAVA_SHORT_UNALIGNED, address, value);
    }

    /** The four bytes at {@code address}, in native order, aligned or not. */
    public static int getInt(long address) {
        return ALL.get(JAVA_INT_UNALIGNED, address);
    }

    public static void putInt(long address, int value) {
        ALL.set(JAVA_INT_UNALIGNED, address, value);
    }

    /** The eight bytes at {@code address}, in native order, aligned or not. */
    public static long getLong(long address) {
        return ALL.get(JAVA_LONG_UNALIGNED, address);
    }

    public static void putLong(long address, long value) {
        ALL.set(JAVA_LONG_UNALIGNED, address, value);
    }

    /** An aligned load with acquire ordering. */
    public static int getIntAcquire(long address) {
        return (int) Ordered.INT.getAcquire(ALL, address);
    }

    /** An aligned store with release ordering. */
    public static void putIntRelease(long address, int value) {
        Ordered.INT.setRelease(ALL, address, value);
    }

    /** An aligned store with release ordering. */
    public static void putShortRelease(long address, short value) {
        Ordered.SHORT.setRelease(ALL, address, value);
    }

    /** Copies {@code length} bytes; the two ranges may overlap. */
    public static void copy(long from, long to, long length) {
        MemorySegment.copy(ALL, from, ALL, to, length);
    }

    public static void copy(byte[] from, int offset, long to, int length) {
        MemorySegment.copy(from, offset, ALL, JAVA_BYTE, to, length);
    }

    public static void copy(long from, byte[] to, int offset, int length) {
        MemorySegment.copy(ALL, JAVA_BYTE, from, to, offset, length);
    }

    public static void fill(long address, long length, byte value) {
        ALL.asSlice(address, length).fill(value);
    }

    /** Zeroed memory that lives as long as the process: for a driver's few structures, never per connection. */
    public static long allocateForever(long bytes, long alignment) {
        return Arena.global().allocate(bytes, alignment).address();
    }
}
