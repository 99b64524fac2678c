package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.runtime.memory.Memory;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Pieces of memory that are sent as one ({@code writev(2)}). Holds the kernel's table of them in native memory, so it
 * must stay reachable, and unchanged, until the operation completes. Confined to one thread.
 */
public final class Gather {

    /** As many as every kernel takes in one call ({@code UIO_FASTIOV} is 8, {@code IOV_MAX} 1024). */
    public static final int PIECES_MAX = 64;

    /** {@code struct msghdr} precedes the table: 56 bytes, kept aligned. */
    static final int HEADER_BYTES = 64;

    private static final int ENTRY_BYTES = 16;

    private final @Nullable Buffer[] pieces;
    private final int[] offsets;
    private final int[] lengths;
    private final Buffer table;
    private int size;

    /** @param capacity the number of pieces, at most {@link #PIECES_MAX} */
    public Gather(int capacity) {
        if (capacity < 1 || capacity > PIECES_MAX) {
            throw new IllegalArgumentException("a gathered send takes 1 to " + PIECES_MAX + " pieces, not " + capacity);
        }
        pieces = new @Nullable Buffer[capacity];
        offsets = new int[capacity];
        lengths = new int[capacity];
        table = Buffer.allocate(HEADER_BYTES + capacity * ENTRY_BYTES);
    }

    public Gather add(Buffer piece, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, piece.capacity());
        if (size == pieces.length) {
            throw new IllegalStateException("all " + size + " pieces are taken");
        }
        pieces[size] = piece;
        offsets[size] = offset;
        lengths[size] = length;
        long entry = tableAddress() + (long) size * ENTRY_BYTES;
        Memory.putLong(entry, piece.address() + offset);
        Memory.putLong(entry + Long.BYTES, length);
        size++;
        return this;
    }

    /** Takes all pieces out, so that it can be used again. */
    public Gather clear() {
        Arrays.fill(pieces, 0, size, null);
        size = 0;
        return this;
    }

    public int size() {
        return size;
    }

    /** The sum of the pieces, in bytes. */
    public long length() {
        long sum = 0;
        for (int i = 0; i < size; i++) {
            sum += lengths[i];
        }
        return sum;
    }

    public Buffer piece(int index) {
        return Objects.requireNonNull(pieces[Objects.checkIndex(index, size)]);
    }

    public int offset(int index) {
        return offsets[Objects.checkIndex(index, size)];
    }

    public int length(int index) {
        return lengths[Objects.checkIndex(index, size)];
    }

    /** Where the kernel's table of pieces ({@code struct iovec[]}) begins. */
    long tableAddress() {
        return table.address() + HEADER_BYTES;
    }

    /** The address of a {@code struct msghdr} that names the table. */
    long messageAddress() {
        long header = table.address();
        Memory.fill(header, HEADER_BYTES, (byte) 0);
        Memory.putLong(header + 16, tableAddress());
        Memory.putLong(header + 24, size);
        return header;
    }
}
