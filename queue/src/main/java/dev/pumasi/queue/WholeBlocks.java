package dev.pumasi.queue;

import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The writing end of a {@link Segment}, past the page cache ({@code O_DIRECT}): whole blocks of {@value #BYTES} bytes, and the block
 * in which the last record ends once more with the next commit.
 *
 * <p><b>Why.</b> Where every commit is synced, the page cache only stands between: it copies the records, and the sync has
 * to find the page, write it, and wait for it. Directly written, the block is on its way at once. docs/queue.md has the figures.
 *
 * <p><b>Why a block that holds acknowledged records may be written again.</b> What is written there differs from what stands
 * there only behind the last acknowledged record: zeros have become records. A disk writes each of its sectors whole or not
 * at all; that is all this log has ever relied on, and 4 KiB need not arrive together. Whatever mixture of old and new sectors a power
 * failure leaves, then, every acknowledged byte has its value in both, and the check sums of the records behind tell what
 * has not arrived. The page cache does no better: it writes whole pages, so the records that share a page with new ones are written
 * again there, too, as in every log that appends to a file. Only a disk that destroys a sector while it writes it could take an
 * acknowledged record along, with this way as with the other; such disks break their promise (ATA, SCSI and NVMe all make it for
 * one logical block). To never write a sector twice would need a sector for each commit, and a lone publisher's log four times
 * the room.
 *
 * <p><b>What it asks for.</b> At most one write is on its way, which {@link Log} keeps to: two of the same block could arrive in
 * either order. Nobody writes the same range through the page cache while this is open, {@link Recovery} does so before. Readers go
 * through the page cache: the kernel drops the pages that a direct write has passed by.
 *
 * <p>Where the file system cannot do this, or the segment is no whole number of blocks, there is none, and the page cache is used.
 */
final class WholeBlocks {

    /** Enough for every device in use, and what a page of the page cache has. */
    static final int BYTES = AsyncFile.DIRECT_BYTES;

    /** Only ever read, so that all may share it. */
    private static final Buffer ZEROS = Buffer.allocate(BYTES);

    final AsyncFile file;

    /** The block that the next commit begins in, as it has been written. */
    private final Buffer begun = AsyncFile.directBuffer(BYTES);

    private WholeBlocks(AsyncFile file) {
        this.file = file;
    }

    /** Opens a segment that is {@code end} bytes full; null if it cannot be written that way. Direct style. */
    static @Nullable WholeBlocks open(Loop loop, Path path, long bytes, long end) throws IOException {
        if (bytes % BYTES != 0) {
            return null;
        }
        AsyncFile file = null;
        try {
            file = loop.files().open(path, AsyncFile.Option.READ, AsyncFile.Option.WRITE, AsyncFile.Option.DIRECT);
            WholeBlocks blocks = new WholeBlocks(file);
            if (end < bytes && file.read(end - within(end), blocks.begun, 0, BYTES) < BYTES) {
                throw Segment.damaged(path, "it is shorter than " + bytes + " bytes");
            }
            return blocks;
        } catch (IOException failure) {
            if (file != null) {
                file.close();
            }
            if (failure instanceof OperationException refused
                    && (refused.failure() == Failure.INVALID || refused.failure() == Failure.NOT_SUPPORTED)) {
                return null;
            }
            throw failure;
        }
    }

    /** How far that position is into its block. */
    static int within(long position) {
        return (int) (position & BYTES - 1);
    }

    /** What it takes in whole blocks. */
    static int rounded(int bytes) {
        return (bytes + BYTES - 1) & -BYTES;
    }

    /**
     * Puts before and behind the records of a batch what belongs to their first and last block. The batches of a segment in
     * their order.
     *
     * @param last whether it is the last of its commit: if not, the next one writes the block in which it ends
     * @return how many bytes of its buffer are to be written
     */
    int complete(Batch batch, boolean last) {
        Buffer buffer = batch.buffer;
        buffer.put(0, begun, 0, batch.lead);
        int end = batch.lead + batch.length;
        int within = within(end);
        int whole = end - within;
        if (within == 0) {
            return end;
        }
        buffer.put(end, ZEROS, 0, BYTES - within);
        begun.put(0, buffer, whole, BYTES);
        return last ? whole + BYTES : whole;
    }

    void close() {
        file.close();
    }
}
