package dev.pumasi.runtime.memory;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A fixed stretch of native memory with checked access by index: what is received into and sent from. It has no
 * position and no limit of its own; whoever passes one says which bytes are meant. Multi-byte values are little-endian.
 *
 * <p>Not thread-safe. While an operation runs on a buffer it belongs to that operation: writing to the bytes it sends, or
 * reading those it receives, gives undefined contents (but never touches other memory). The memory is freed when the
 * buffer, or the slab it is a slice of, is no longer reachable; an operation in progress keeps its buffer reachable.
 *
 * <p>Errors: an index outside {@code [0, capacity)} is an {@link IndexOutOfBoundsException}.
 */
public final class Buffer {

    private static final boolean BIG_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN;

    private static final int ALIGNMENT_BYTES = 64;

    private final long address;
    private final int capacity;

    /** What keeps the memory alive; every access fences it, which costs nothing once compiled. */
    private final MemorySegment owner;

    /** For the drivers whose kernel interface is {@code java.nio}; made when first asked for. */
    private @Nullable ByteBuffer view;

    private Buffer(long address, int capacity, MemorySegment owner) {
        this.address = address;
        this.capacity = capacity;
        this.owner = owner;
    }

    /** Looks up what green threads need to allocate without a hop, so that none of them has to wait for that. Any thread. */
    public static void prepareForGreenThreads() {
        Collected.prepare();
    }

    /** Zeroed memory of {@code capacity} bytes, aligned for any use. */
    public static Buffer allocate(int capacity) {
        return allocate(capacity, ALIGNMENT_BYTES);
    }

    /** As {@link #allocate(int)}, beginning at a multiple of {@code alignment}: what direct access to files asks for. */
    public static Buffer allocate(int capacity, int alignment) {
        if (capacity < 0) {
            throw new IllegalArgumentException("capacity " + capacity + " is negative");
        }
        MemorySegment memory = Collected.arena().allocate(Math.max(capacity, 1), alignment);
        return new Buffer(memory.address(), capacity, memory);
    }

    /**
     * Memory that the caller has mapped, as a buffer; {@code unmap} runs when neither it nor a slice of it is reachable any
     * more. For the drivers: pages that are never touched cost nothing, which allocated memory cannot promise.
     */
    public static Buffer mapped(long address, int capacity, Runnable unmap) {
        MemorySegment memory =
                MemorySegment.ofAddress(address).reinterpret(capacity, Collected.arena(), ignored -> unmap.run());
        return new Buffer(address, capacity, memory);
    }

    /** A buffer with these bytes. */
    public static Buffer of(byte... bytes) {
        Buffer buffer = allocate(bytes.length);
        buffer.put(0, bytes, 0, bytes.length);
        return buffer;
    }

    /** A buffer with the UTF-8 bytes of {@code text}. */
    public static Buffer of(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** A part of this buffer as a buffer of its own; both see the same memory. */
    public Buffer slice(int offset, int length) {
        Objects.checkFromIndexSize(offset, length, capacity);
        return new Buffer(address + offset, length, owner);
    }

    /** In bytes. */
    public int capacity() {
        return capacity;
    }

    /** Where the memory begins, for the drivers. Valid as long as this object is reachable. */
    public long address() {
        return address;
    }

    public byte get(int index) {
        Objects.checkIndex(index, capacity);
        byte value = Memory.getByte(address + index);
        Reference.reachabilityFence(owner);
        return value;
    }

    public short getShort(int index) {
        Objects.checkIndex(index, capacity - Short.BYTES + 1);
        short value = Memory.getShort(address + index);
        Reference.reachabilityFence(owner);
        return BIG_ENDIAN ? Short.reverseBytes(value) : value;
    }

    public int getInt(int index) {
        Objects.checkIndex(index, capacity - Integer.BYTES + 1);
        int value = Memory.getInt(address + index);
        Reference.reachabilityFence(owner);
        return BIG_ENDIAN ? Integer.reverseBytes(value) : value;
    }

    public long getLong(int index) {
        Objects.checkIndex(index, capacity - Long.BYTES + 1);
        long value = Memory.getLong(address + index);
        Reference.reachabilityFence(owner);
        return BIG_ENDIAN ? Long.reverseBytes(value) : value;
    }

    public void put(int index, byte value) {
        Objects.checkIndex(index, capacity);
        Memory.putByte(address + index, value);
        Reference.reachabilityFence(owner);
    }

    public void putShort(int index, short value) {
        Objects.checkIndex(index, capacity - Short.BYTES + 1);
        Memory.putShort(address + index, BIG_ENDIAN ? Short.reverseBytes(value) : value);
        Reference.reachabilityFence(owner);
    }

    public void putInt(int index, int value) {
        Objects.checkIndex(index, capacity - Integer.BYTES + 1);
        Memory.putInt(address + index, BIG_ENDIAN ? Integer.reverseBytes(value) : value);
        Reference.reachabilityFence(owner);
    }

    public void putLong(int index, long value) {
        Objects.checkIndex(index, capacity - Long.BYTES + 1);
        Memory.putLong(address + index, BIG_ENDIAN ? Long.reverseBytes(value) : value);
        Reference.reachabilityFence(owner);
    }

    /** Copies {@code length} bytes of {@code from}, beginning at {@code offset}, to {@code index}. */
    public void put(int index, byte[] from, int offset, int length) {
        Objects.checkFromIndexSize(index, length, capacity);
        Objects.checkFromIndexSize(offset, length, from.length);
        Memory.copy(from, offset, address + index, length);
        Reference.reachabilityFence(owner);
    }

    /** As {@link #put(int, byte[], int, int)}; the two ranges may overlap. */
    public void put(int index, Buffer from, int offset, int length) {
        Objects.checkFromIndexSize(index, length, capacity);
        Objects.checkFromIndexSize(offset, length, from.capacity);
        Memory.copy(from.address + offset, address + index, length);
        Reference.reachabilityFence(owner);
        Reference.reachabilityFence(from.owner);
    }

    /** Copies {@code length} bytes, beginning at {@code index}, into {@code to}. */
    public void get(int index, byte[] to, int offset, int length) {
        Objects.checkFromIndexSize(index, length, capacity);
        Objects.checkFromIndexSize(offset, length, to.length);
        Memory.copy(address + index, to, offset, length);
        Reference.reachabilityFence(owner);
    }

    /** The bytes of the range, copied. */
    public byte[] bytes(int index, int length) {
        Objects.checkFromIndexSize(index, length, capacity);
        byte[] bytes = new byte[length];
        get(index, bytes, 0, length);
        return bytes;
    }

    /** The range as text, one character for each byte: the only reading of bytes that cannot fail. */
    public String latin1(int index, int length) {
        return new String(bytes(index, length), StandardCharsets.ISO_8859_1);
    }

    /** The range as UTF-8 text; malformed input becomes U+FFFD. */
    public String utf8(int index, int length) {
        return new String(bytes(index, length), StandardCharsets.UTF_8);
    }

    /**
     * The whole of this buffer as a direct {@link ByteBuffer}, the same one each time: set its position and limit before
     * each use. For drivers and for file channels.
     */
    public ByteBuffer view() {
        ByteBuffer made = view;
        if (made == null) {
            // Through the owner's own segment, so that the view alone keeps the memory alive too.
            made = owner.asSlice(address - owner.address(), capacity).asByteBuffer();
            view = made;
        }
        return made;
    }

    @Override
    public String toString() {
        return "Buffer[" + capacity + " bytes]";
    }
}
