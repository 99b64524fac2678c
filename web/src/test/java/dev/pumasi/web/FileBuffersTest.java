package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.pumasi.runtime.memory.Buffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FileBuffersTest {

    @Test
    void manySlowDownloadsGetSmallOnes() {
        FileBuffers buffers = new FileBuffers();
        List<Buffer> lent = new ArrayList<>();
        for (int i = 0; i < FileBuffers.LARGE_MAX; i++) {
            lent.add(buffers.take());
            assertEquals(FileBuffers.LARGE_BYTES, lent.getLast().capacity());
        }
        Buffer small = buffers.take();
        assertEquals(FileBuffers.SMALL_BYTES, small.capacity());
        buffers.giveBack(small, true);
        assertEquals(FileBuffers.SMALL_BYTES, buffers.take().capacity());
        buffers.giveBack(lent.removeLast(), true);
        assertEquals(FileBuffers.LARGE_BYTES, buffers.take().capacity());
    }

    @Test
    void whatTheKernelMayStillReadIsNotUsedAgain() {
        FileBuffers buffers = new FileBuffers();
        Buffer first = buffers.take();
        buffers.giveBack(first, true);
        assertSame(first, buffers.take());
        buffers.giveBack(first, false);
        assertNotSame(first, buffers.take());
    }
}
