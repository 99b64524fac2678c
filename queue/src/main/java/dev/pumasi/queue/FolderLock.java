package dev.pumasi.queue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The right to a queue's folder. The operating system holds it for the process and gives it back when that ends, however
 * it ends; the file itself stays. In it stands who holds it, for people.
 *
 * <p>These are a few system calls that wait for no one, on a file of a few bytes; but they are blocking ones, and are made where
 * the queue is opened and closed only. A green thread may hop there once, if another thread is just then where the JDK keeps what is to be
 * cleaned up after channels, behind a monitor.
 */
interface FolderLock extends AutoCloseable {

    @Override
    void close() throws IOException;

    /** Takes it. */
    @FunctionalInterface
    interface Kind {
        FolderLock take(Path folder) throws IOException;
    }

    /** None: for disks that only this program knows. */
    Kind NONE = _ -> () -> {};

    /** By {@code fcntl(2)}, in a file called {@code lock}. */
    Kind FILE = FolderLock::takeFile;

    private static FolderLock takeFile(Path folder) throws IOException {
        FileChannel file = FileChannel.open(
                folder.resolve("lock"), StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
        try {
            FileLock lock = file.tryLock();
            if (lock != null) {
                file.truncate(0);
                String me = "process " + ProcessHandle.current().pid() + "\n";
                file.write(ByteBuffer.wrap(me.getBytes(StandardCharsets.UTF_8)), 0);
                return file::close; // which gives up the lock, too
            }
        } catch (OverlappingFileLockException mine) {
            file.close();
            throw new QueueException(
                    "open the queue in " + folder, QueueFailure.IN_USE, "this process has it open already");
        } catch (IOException | RuntimeException failure) {
            file.close();
            throw failure;
        }
        String owner = owner(file);
        file.close();
        throw new QueueException("open the queue in " + folder, QueueFailure.IN_USE, owner + " has it open");
    }

    private static String owner(FileChannel file) throws IOException {
        ByteBuffer text = ByteBuffer.allocate(64);
        file.read(text, 0);
        String owner = new String(text.array(), 0, text.position(), StandardCharsets.UTF_8).strip();
        return owner.isEmpty() ? "another process" : owner;
    }
}
