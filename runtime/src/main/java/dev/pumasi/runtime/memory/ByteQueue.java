package dev.pumasi.runtime.memory;

import org.jspecify.annotations.Nullable;

/**
 * Bytes that have arrived and wait to be taken, in one contiguous piece. It takes its memory from the pool when the first
 * byte comes and gives it back with the last, so that an idle connection holds none; beyond one size of the pool's it goes over to the
 * next, and beyond the last it grows by doubling. Whoever fills it keeps it bounded by ceasing to receive. Belongs to one loop's thread.
 */
public final class ByteQueue {

    /** Far above what a paused receiver can still be handed; reaching it is a bug, not a peer. */
    public static final int BYTES_MAX = 16 * 1024 * 1024;

    private @Nullable Buffer buffer;
    private int start;
    private int end;

    public boolean isEmpty() {
        return start == end;
    }

    /** How many bytes wait. */
    public int size() {
        return end - start;
    }

    /** The memory they lie in; asked only when not empty. Appending may move them. */
    public Buffer buffer() {
        if (buffer == null) {
            throw new IllegalStateException("the queue is empty");
        }
        return buffer;
    }

    /** Where the first waiting byte is. */
    public int start() {
        return start;
    }

    /** Where the last one ends. */
    public int end() {
        return end;
    }

    /** Adds {@code length} bytes of {@code from}, beginning at {@code offset}. */
    public void append(BufferPool pool, Buffer from, int offset, int length) {
        Buffer room = makeRoom(pool, length);
        room.put(end, from, offset, length);
        end += length;
    }

    /** Takes the first {@code count} bytes away. */
    public void consume(BufferPool pool, int count) {
        if (count < 0 || count > size()) {
            throw new IllegalArgumentException(count + " of " + size() + " bytes");
        }
        start += count;
        if (start == end) {
            clear(pool);
        }
    }

    /** Copies up to {@code length} bytes out and takes them away; returns how many. */
    public int take(BufferPool pool, byte[] to, int offset, int length) {
        int count = Math.min(length, size());
        if (count > 0) {
            buffer().get(start, to, offset, count);
            consume(pool, count);
        }
        return count;
    }

    /** Takes everything away. */
    public void clear(BufferPool pool) {
        Buffer held = buffer;
        if (held != null) {
            pool.giveBack(held);
        }
        buffer = null;
        start = 0;
        end = 0;
    }

    private Buffer makeRoom(BufferPool pool, int length) {
        Buffer held = buffer;
        if (held == null) {
            held = pool.take(length);
            buffer = held;
            return held;
        }
        if (end + length <= held.capacity()) {
            return held;
        }
        int size = size();
        if (size + length <= held.capacity()) {
            held.put(0, held, start, size);
        } else {
            if ((long) size + length > BYTES_MAX) {
                throw new IllegalStateException("a queue holds " + BYTES_MAX + " bytes at most");
            }
            Buffer larger = size + length <= BufferPool.LARGE_BYTES
                    ? pool.take(size + length)
                    : Buffer.allocate(Math.max(2 * held.capacity(), Integer.highestOneBit(size + length) * 2));
            larger.put(0, held, start, size);
            clear(pool);
            buffer = larger;
            held = larger;
        }
        start = 0;
        end = size;
        return held;
    }
}
