package dev.pumasi.queue;

import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.AsyncFolder;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One file of a {@link Log}: a header, records one behind the other, zeros up to its end. It has its full length from the
 * beginning, allocated and written, so that a commit changes nothing but the bytes of its records: that is faster (no
 * journal of the file system's), and cannot fail for want of room.
 *
 * <p>It is made under a temporary name, filled and synced, and renamed when it is ready; so a segment's file is always whole. All
 * of that happens in the background before the segment is needed.
 */
final class Segment {

    static final String SUFFIX = ".log";
    static final String UNFINISHED = ".new";

    /** The first record's position. */
    static final int HEADER_BYTES = 64;

    static final int SALT_BYTES = 8;
    static final int BYTES_LEAST = 4 * 1024;
    static final int BYTES_MOST = 1 << 30;

    private static final long MAGIC = 0x31_67_6f_4c_61_6d_75_50L; // "PumaLog1"
    private static final int VERSION = 1;
    private static final int VERSION_AT = 8;
    private static final int NUMBER_AT = 16;
    private static final int BYTES_AT = 24;
    private static final int SALT_AT = 32;
    private static final int CRC_AT = 60;

    /** Only ever read, so that all may share it. */
    private static final Buffer ZEROS = Buffer.allocate(256 * 1024);

    /** From 1, without gaps. */
    final long number;

    final Path path;
    final AsyncFile file;
    final byte[] salt;

    /** Its whole length. */
    final long bytes;

    // What follows belongs to the loop, once the log is open.

    /** Of its first record; of the next to come, if it has none. */
    long firstSequence;

    /** When its first record was stored; meaningless if it has none. */
    long firstMillis;

    /** Behind the last record that has its place. In a segment that is full: about. */
    long end = HEADER_BYTES;

    final SparseIndex index = new SparseIndex();

    /** If it is written past the page cache. Its file is closed when the segment is full. */
    @Nullable
    WholeBlocks blocks;

    Segment(long number, Path path, AsyncFile file, byte[] salt, long bytes) {
        this.number = number;
        this.path = path;
        this.file = file;
        this.salt = salt;
        this.bytes = bytes;
    }

    static Path path(Path folder, long number) {
        return folder.resolve("%012d%s".formatted(number, SUFFIX));
    }

    /**
     * Makes one, durably, ready to be written. Direct style.
     *
     * @param direct whether it is to be written past the page cache, where that can be
     */
    static Segment create(Loop loop, Path folder, long number, long bytes, boolean direct) throws IOException {
        Path path = path(folder, number);
        Path unfinished = path.resolveSibling(path.getFileName() + UNFINISHED);
        AsyncFile file = loop.files()
                .open(
                        unfinished,
                        AsyncFile.Option.READ,
                        AsyncFile.Option.WRITE,
                        AsyncFile.Option.CREATE,
                        AsyncFile.Option.TRUNCATE);
        try {
            byte[] salt = new byte[SALT_BYTES];
            ThreadLocalRandom.current().nextBytes(salt);
            fill(file, bytes);
            Buffer header = header(number, bytes, salt);
            file.write(0, header, 0, HEADER_BYTES);
            file.syncAll();
            loop.files().replace(unfinished, path);
            try (AsyncFolder names = loop.files().openFolder(folder)) {
                names.sync();
            }
            Segment segment = new Segment(number, path, file, salt, bytes);
            if (direct) {
                segment.writeDirectly(loop);
            }
            return segment;
        } catch (IOException | RuntimeException failure) {
            file.close();
            try {
                loop.files().delete(unfinished);
            } catch (IOException left) {
                failure.addSuppressed(left);
            }
            throw failure;
        }
    }

    /** From now on commits go past the page cache, where that can be. Direct style. */
    void writeDirectly(Loop loop) throws IOException {
        blocks = WholeBlocks.open(loop, path, bytes, end);
    }

    /** What commits are written to. */
    AsyncFile target() {
        return blocks == null ? file : blocks.file;
    }

    /** It is full, and everything in it durable: it will only be read. */
    void finish() {
        if (blocks != null) {
            blocks.close();
        }
    }

    void close() {
        finish();
        file.close();
    }

    private static void fill(AsyncFile file, long bytes) throws IOException {
        try {
            file.allocate(0, bytes);
        } catch (OperationException refused) {
            if (refused.failure() != Failure.NOT_SUPPORTED) {
                throw refused;
            }
        }
        // Written, not only allocated: what was never written costs each sync a change of the file's map.
        for (long done = 0; done < bytes; done += ZEROS.capacity()) {
            file.write(done, ZEROS, 0, (int) Math.min(ZEROS.capacity(), bytes - done));
        }
    }

    private static Buffer header(long number, long bytes, byte[] salt) {
        Buffer header = Buffer.allocate(HEADER_BYTES);
        header.putLong(0, MAGIC);
        header.putInt(VERSION_AT, VERSION);
        header.putLong(NUMBER_AT, number);
        header.putLong(BYTES_AT, bytes);
        header.put(SALT_AT, salt, 0, SALT_BYTES);
        header.putInt(CRC_AT, crc(header));
        return header;
    }

    private static int crc(Buffer header) {
        CRC32C crc = new CRC32C();
        crc.update(header.bytes(0, CRC_AT));
        return (int) crc.getValue();
    }

    /**
     * Opens one that is there. Direct style.
     *
     * @throws QueueException {@link QueueFailure#DAMAGED} if its header is not what was written
     */
    static Segment open(Loop loop, Path folder, long number) throws IOException {
        Path path = path(folder, number);
        AsyncFile file = loop.files().open(path, AsyncFile.Option.READ, AsyncFile.Option.WRITE);
        try {
            Buffer header = Buffer.allocate(HEADER_BYTES);
            int read = file.read(0, header, 0, HEADER_BYTES);
            if (read < HEADER_BYTES || header.getLong(0) != MAGIC || header.getInt(CRC_AT) != crc(header)) {
                throw damaged(path, "its header is not what was written");
            }
            if (header.getInt(VERSION_AT) != VERSION) {
                throw new QueueException(
                        "open " + path,
                        QueueFailure.INVALID,
                        "its format is version " + header.getInt(VERSION_AT) + ", and this program knows " + VERSION);
            }
            long bytes = header.getLong(BYTES_AT);
            if (header.getLong(NUMBER_AT) != number || file.size() < bytes) {
                throw damaged(path, "it has another name or length than when it was made");
            }
            return new Segment(number, path, file, header.bytes(SALT_AT, SALT_BYTES), bytes);
        } catch (IOException | RuntimeException failure) {
            file.close();
            throw failure;
        }
    }

    /** Overwrites everything from {@code from} on that is not zero, durably. Direct style. Answers up to how far there was any. */
    long wipe(long from, Buffer chunk) throws IOException {
        byte[] zeros = new byte[chunk.capacity()];
        long wiped = 0;
        for (long at = from; at < bytes; at += chunk.capacity()) {
            int count = (int) Math.min(chunk.capacity(), bytes - at);
            file.read(at, chunk, 0, count);
            byte[] found = chunk.bytes(0, count);
            if (!Arrays.equals(found, 0, count, zeros, 0, count)) {
                chunk.put(0, zeros, 0, count);
                file.write(at, chunk, 0, count);
                int last = count;
                while (found[last - 1] == 0) {
                    last--;
                }
                wiped = at + last - from;
            }
        }
        if (wiped > 0) {
            file.sync();
        }
        return wiped;
    }

    static QueueException damaged(Path path, String details) {
        return new QueueException("read " + path, QueueFailure.DAMAGED, details);
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
