package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.runtime.memory.Memory;
import java.lang.ref.Reference;

/**
 * The kernel's {@code struct statfs}, as x86-64 and aarch64 have it, in a control buffer where attributes would lie. Whatever
 * driver has filled it, it is read in the same way.
 */
final class Statfs {

    /** Of so many bytes each are the blocks: {@code f_frsize}, for which the kernel puts {@code f_bsize} where there is none. */
    private static final int BLOCK_BYTES = 72;

    private static final int BLOCKS = 16;
    private static final int FREE = 24;
    private static final int USABLE = 32;

    private Statfs() {}

    /** Where the kernel is to write it. */
    static long address(Buffer control) {
        return Statx.address(control);
    }

    static FileSpace decode(Buffer control) {
        long at = address(control);
        long block = Memory.getLong(at + BLOCK_BYTES);
        FileSpace space = new FileSpace(
                bytes(Memory.getLong(at + BLOCKS), block),
                bytes(Memory.getLong(at + FREE), block),
                bytes(Memory.getLong(at + USABLE), block));
        Reference.reachabilityFence(control);
        return space;
    }

    static void encode(FileSpace space, Buffer control) {
        long at = address(control);
        Memory.putLong(at + BLOCK_BYTES, 1);
        Memory.putLong(at + BLOCKS, space.totalBytes());
        Memory.putLong(at + FREE, space.freeBytes());
        Memory.putLong(at + USABLE, space.usableBytes());
        Reference.reachabilityFence(control);
    }

    /** File servers may say anything. */
    private static long bytes(long blocks, long blockBytes) {
        long bytes = blocks * blockBytes;
        boolean fits = blocks >= 0 && blockBytes >= 0 && Math.multiplyHigh(blocks, blockBytes) == 0 && bytes >= 0;
        return fits ? bytes : Long.MAX_VALUE;
    }
}
