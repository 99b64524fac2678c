package dev.pumasi.runtime.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** The operations on files, each started and awaited. */
class EachDriversFiles extends EachDriver {

    static final FileAccess CREATE =
            new FileAccess(true, true, false, true, true, false, false, false, true, FileAccess.MODE_DEFAULT);
    static final FileAccess WRITE =
            new FileAccess(true, true, false, false, false, false, false, false, true, FileAccess.MODE_DEFAULT);

    /** Closing waits for them, but not for a machine that stands still. */
    private static final long LEAVE_NANOS_MAX = 8_000_000_000L; // they would leave without work as well, later

    @TempDir
    Path folder;

    FileOperations files;
    final Buffer control = Buffer.allocate(FileOperations.CONTROL_BYTES);

    @BeforeEach
    final void openFiles() {
        files = driver.files();
    }

    @AfterEach
    final void noThreadIsLeft() {
        rig.close();
        long begin = System.nanoTime();
        while (isAThreadLeft() && System.nanoTime() - begin < LEAVE_NANOS_MAX) {
            LockSupport.parkNanos(1_000_000);
        }
        assertFalse(isAThreadLeft(), "a thread is left");
    }

    private static boolean isAThreadLeft() {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().startsWith(FileThreads.THREAD_NAME));
    }

    final Path at(String name) {
        return folder.resolve(name);
    }

    final int open(Path path, FileAccess access) {
        long token = rig.token();
        files.open(path, access, control, token);
        return rig.result(token);
    }

    /** A new file that is open for reading and writing. */
    final int create(String name) {
        return good(open(at(name), CREATE));
    }

    final int openBeneath(int at, String path, FileAccess access) {
        long token = rig.token();
        files.openBeneath(at, Path.of(path), access, control, token);
        return rig.result(token);
    }

    static int good(int result) {
        assertTrue(result >= 0, () -> "error " + -result);
        return result;
    }

    final int write(int file, long position, String text) {
        return write(file, position, Buffer.of(text));
    }

    final int write(int file, long position, Buffer bytes) {
        long token = rig.token();
        files.write(file, position, bytes, 0, bytes.capacity(), token);
        return rig.result(token);
    }

    final int write(int file, long position, Gather pieces) {
        long token = rig.token();
        files.write(file, position, pieces, token);
        return rig.result(token);
    }

    final int writeAndSync(int file, long position, Gather pieces) {
        long token = rig.token();
        files.writeAndSync(file, position, pieces, token);
        return rig.result(token);
    }

    final int read(int file, long position, Buffer into) {
        long token = rig.token();
        files.read(file, position, into, 0, into.capacity(), token);
        return rig.result(token);
    }

    final int read(int file, long position, Gather pieces) {
        long token = rig.token();
        files.read(file, position, pieces, token);
        return rig.result(token);
    }

    final String text(int file, long position, int length) {
        Buffer into = Buffer.allocate(length);
        return into.utf8(0, good(read(file, position, into)));
    }

    final int sync(int file, boolean attributesToo) {
        long token = rig.token();
        files.sync(file, attributesToo, token);
        return rig.result(token);
    }

    final int truncate(int file, long length) {
        long token = rig.token();
        files.truncate(file, length, token);
        return rig.result(token);
    }

    final int allocate(int file, long position, long length) {
        long token = rig.token();
        files.allocate(file, position, length, token);
        return rig.result(token);
    }

    final int status(Path path, boolean follow) {
        long token = rig.token();
        files.status(path, follow, control, token);
        return rig.result(token);
    }

    final FileAttributes attributes(int file) {
        long token = rig.token();
        files.status(file, control, token);
        assertEquals(0, rig.result(token));
        return files.attributes(control);
    }

    final FileAttributes attributes(Path path, boolean follow) {
        assertEquals(0, status(path, follow));
        return files.attributes(control);
    }

    final int rename(Path from, Path to, boolean replace) {
        long token = rig.token();
        files.rename(from, to, replace, control, token);
        return rig.result(token);
    }

    final int delete(Path path, boolean asFolder) {
        long token = rig.token();
        files.delete(path, asFolder, control, token);
        return rig.result(token);
    }

    final int makeFolder(Path path, int mode) {
        long token = rig.token();
        files.makeFolder(path, mode, control, token);
        return rig.result(token);
    }

    final int list(int opened, Listing into) {
        long token = rig.token();
        files.list(opened, into, token);
        return rig.result(token);
    }

    /** All that is left to list. */
    final Listing listing(int opened) {
        Listing all = new Listing();
        while (good(list(opened, all)) > 0) {
            assertTrue(!all.entries().isEmpty());
        }
        return all;
    }

    final long transfer(int file, long position, int socket, int length) {
        long token = rig.token();
        files.transfer(file, position, socket, length, token);
        return token;
    }
}
