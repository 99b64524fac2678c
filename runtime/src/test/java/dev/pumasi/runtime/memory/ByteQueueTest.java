package dev.pumasi.runtime.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Bytes that wait, in the pool's two sizes and beyond. */
final class ByteQueueTest {

    private static final Buffer ENDLESS = Buffer.allocate(64 * 1024);

    static {
        for (int i = 0; i < ENDLESS.capacity(); i++) {
            ENDLESS.put(i, (byte) (i * 31 >> 3));
        }
    }

    @Test
    void eachSizeIsLentAndComesBack() {
        BufferPool pool = new BufferPool();
        Buffer small = pool.take(1);
        Buffer large = pool.take(BufferPool.SMALL_BYTES + 1);
        assertEquals(BufferPool.SMALL_BYTES, small.capacity());
        assertEquals(BufferPool.BUFFER_BYTES, large.capacity());
        assertNotSame(small, pool.take(BufferPool.SMALL_BYTES), "it is lent already");
        pool.giveBack(small);
        pool.giveBack(large);
        assertSame(small, pool.take(BufferPool.SMALL_BYTES));
        assertSame(large, pool.take());
        Buffer largest = pool.take(BufferPool.BUFFER_BYTES + 1);
        assertEquals(BufferPool.LARGE_BYTES, largest.capacity());
        pool.giveBack(largest);
        assertSame(largest, pool.take(BufferPool.LARGE_BYTES));
        Buffer own = pool.take(BufferPool.LARGE_BYTES + 1);
        assertEquals(BufferPool.LARGE_BYTES + 1, own.capacity());
        pool.giveBack(own);
        assertEquals(
                BufferPool.LARGE_BYTES,
                pool.take(BufferPool.LARGE_BYTES).capacity(),
                "what is not of the pool does not get into it");
    }

    @Test
    void aFewBytesHoldASmallBufferOnly() {
        BufferPool pool = new BufferPool();
        ByteQueue queue = new ByteQueue();
        queue.append(pool, ENDLESS, 0, 300);
        Buffer small = queue.buffer();
        assertEquals(BufferPool.SMALL_BYTES, small.capacity());
        queue.append(pool, ENDLESS, 300, 800);
        assertEquals(BufferPool.BUFFER_BYTES, queue.buffer().capacity());
        assertSame(small, pool.take(1), "the small one was given back");
        queue.append(pool, ENDLESS, 1_100, 20_000);
        assertTrue(queue.buffer().capacity() >= 21_100);
        queue.consume(pool, 21_100);
        assertTrue(queue.isEmpty());
    }

    @Test
    void whatGoesInComesOutInItsOrder() {
        long seed = Long.getLong("pumasi.seed", System.nanoTime());
        Random random = new Random(seed);
        BufferPool pool = new BufferPool();
        ByteQueue queue = new ByteQueue();
        ByteArrayOutputStream in = new ByteArrayOutputStream();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < 2_000; i++) {
            int length = random.nextInt(3) == 0 ? random.nextInt(12_000) : random.nextInt(600);
            int from = random.nextInt(ENDLESS.capacity() - length);
            queue.append(pool, ENDLESS, from, length);
            in.writeBytes(ENDLESS.bytes(from, length));
            byte[] taken = new byte[random.nextInt(9_000)];
            out.write(taken, 0, queue.take(pool, taken, 0, taken.length));
        }
        byte[] rest = new byte[queue.size()];
        out.write(rest, 0, queue.take(pool, rest, 0, rest.length));
        assertArrayEquals(in.toByteArray(), out.toByteArray(), () -> "seed " + seed);
    }
}
