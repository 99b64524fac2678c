package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.runtime.memory.Memory;

/**
 * The buffers that io_uring receives into, in the order in which they are published: a ring shared with the kernel
 * ({@code io_uring_register_buf_ring(3)}).
 *
 * <p>Entries are written plain, then the ring's tail is stored with release; the kernel's acquire load pairs with it. The
 * tail lies in the last two bytes of entry 0, so an entry is never written as a whole 16 bytes. Published once per turn.
 */
final class ProvidedBuffers {

    private static final int IORING_REGISTER_PBUF_RING = 22;
    private static final int ENTRY_BYTES = 16;
    private static final int TAIL_OFFSET = 14;
    private static final int PAGE_BYTES = 4096;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_PRIVATE_ANONYMOUS = 0x22;

    private final Libc libc;
    private final long ring;
    private final long ringBytes;
    private final Buffer[] buffers;
    private final int bufferBytes;
    private int tail;
    private int published;

    /** @param count how many, a power of two up to 32768 */
    ProvidedBuffers(Libc libc, Ring owner, int group, int count, int bufferBytes) throws Ring.RefusedException {
        this.libc = libc;
        this.bufferBytes = bufferBytes;
        buffers = new Buffer[count];
        ringBytes = Math.ceilDiv((long) count * ENTRY_BYTES, PAGE_BYTES) * PAGE_BYTES;
        ring = libc.call(SystemCall.MMAP, 0, ringBytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
        if (ring < 0 && ring > -PAGE_BYTES) {
            throw new Ring.RefusedException("mmap of the provided buffers", ring);
        }
        long registration = Memory.allocateForever(40, Long.BYTES);
        Memory.putLong(registration, ring);
        Memory.putInt(registration + 8, count);
        Memory.putShort(registration + 12, (short) group);
        long registered = owner.register(IORING_REGISTER_PBUF_RING, registration, 1);
        if (registered < 0) {
            libc.call(SystemCall.MUNMAP, ring, ringBytes);
            throw new Ring.RefusedException("registration of provided buffers", registered);
        }
        Buffer slab = slab(count * bufferBytes);
        for (int id = 0; id < count; id++) {
            buffers[id] = slab.slice(id * bufferBytes, bufferBytes);
            release(id);
        }
        publish();
    }

    /** Mapped rather than allocated, so that only what traffic has touched takes memory. */
    private Buffer slab(int bytes) throws Ring.RefusedException {
        long address = libc.call(SystemCall.MMAP, 0, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
        if (address < 0 && address > -PAGE_BYTES) {
            throw new Ring.RefusedException("mmap of the provided buffers", address);
        }
        return Buffer.mapped(address, bytes, () -> new Libc().call(SystemCall.MUNMAP, address, bytes));
    }

    Buffer get(int id) {
        return buffers[id];
    }

    void release(int id) {
        long entry = ring + (long) (tail++ & buffers.length - 1) * ENTRY_BYTES;
        Memory.putLong(entry, buffers[id].address());
        Memory.putInt(entry + 8, bufferBytes);
        Memory.putShort(entry + 12, (short) id);
    }

    void publish() {
        if (tail != published) {
            Memory.putShortRelease(ring + TAIL_OFFSET, (short) tail);
            published = tail;
        }
    }

    /** After the ring is closed: the kernel no longer reads it. */
    void close() {
        libc.call(SystemCall.MUNMAP, ring, ringBytes);
    }
}
