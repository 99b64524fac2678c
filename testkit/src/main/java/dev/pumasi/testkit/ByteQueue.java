package dev.pumasi.testkit;

/** Bytes in the order in which they came; grows as needed, for those who use it bound it. */
final class ByteQueue {

    private static final int BYTES_AT_FIRST = 256;

    private byte[] bytes = new byte[BYTES_AT_FIRST];
    private int first;
    private int size;

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    void add(byte[] from, int offset, int length) {
        if (first + size + length > bytes.length) {
            byte[] target = size + length > bytes.length ? new byte[Math.max(bytes.length * 2, size + length)] : bytes;
            System.arraycopy(bytes, first, target, 0, size);
            bytes = target;
            first = 0;
        }
        System.arraycopy(from, offset, bytes, first + size, length);
        size += length;
    }

    byte[] take(int length) {
        byte[] taken = new byte[length];
        System.arraycopy(bytes, first, taken, 0, length);
        first += length;
        size -= length;
        return taken;
    }

    void clear() {
        first = 0;
        size = 0;
    }
}
